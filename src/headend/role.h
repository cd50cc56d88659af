/* What somebody who speaks to the operator API may do (SPEC 16.8). */
#ifndef PAWL_HEADEND_ROLE_H
#define PAWL_HEADEND_ROLE_H

#include "pawl/result.h"

/* One bit each, so that a route can name all that may use it. Values are stored. */
enum pawl_role {
    PAWL_ROLE_VIEWER = 1,   /* sees everything that is no secret */
    PAWL_ROLE_OPERATOR = 2, /* sees it, and decides what devices run */
    PAWL_ROLE_ADMIN = 4,    /* all of it, and who else may; the local socket's users */
    PAWL_ROLE_FACTORY = 8,  /* hands in units, and nothing else */
};

/* Who may use a route. */
#define PAWL_MAY_VIEW ((unsigned)(PAWL_ROLE_VIEWER | PAWL_ROLE_OPERATOR | PAWL_ROLE_ADMIN))
#define PAWL_MAY_OPERATE ((unsigned)(PAWL_ROLE_OPERATOR | PAWL_ROLE_ADMIN))
#define PAWL_MAY_ADMINISTER ((unsigned)PAWL_ROLE_ADMIN)
#define PAWL_MAY_IMPORT ((unsigned)(PAWL_ROLE_FACTORY | PAWL_ROLE_ADMIN))

/* "viewer", "operator", "admin" or "factory"; static memory. */
const char *pawl_role_name(enum pawl_role role);

/* The reverse. PAWL_MALFORMED for anything else. */
enum pawl_result pawl_role_parse(const char *name, enum pawl_role *role);

#define PAWL_ROLES_TEXT_SIZE 40u

/* The names of a set of roles ("operator, admin"); returns `text`. */
const char *pawl_roles_print(unsigned set, char text[PAWL_ROLES_TEXT_SIZE]);

#endif
