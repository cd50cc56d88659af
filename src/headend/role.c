#include "headend/role.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct {
    enum pawl_role role;
    const char *name;
} roles[] = {
    {PAWL_ROLE_VIEWER, "viewer"},
    {PAWL_ROLE_OPERATOR, "operator"},
    {PAWL_ROLE_ADMIN, "admin"},
    {PAWL_ROLE_FACTORY, "factory"},
};

#define COUNT (sizeof roles / sizeof roles[0])

const char *pawl_role_name(enum pawl_role role)
{
    for (size_t i = 0; i < COUNT; i++)
        if (roles[i].role == role)
            return roles[i].name;
    return "none";
}

enum pawl_result pawl_role_parse(const char *name, enum pawl_role *role)
{
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(roles[i].name, name) == 0) {
            *role = roles[i].role;
            return PAWL_OK;
        }
    return PAWL_MALFORMED;
}

const char *pawl_roles_print(unsigned set, char text[PAWL_ROLES_TEXT_SIZE])
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < COUNT; i++)
        if ((set & (unsigned)roles[i].role) != 0)
            used += (size_t)snprintf(text + used, PAWL_ROLES_TEXT_SIZE - used, "%s%s",
                                     used > 0 ? ", " : "", roles[i].name);
    return text;
}
