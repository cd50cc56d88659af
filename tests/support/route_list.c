/* Prints pawld's routes, one a line: listener, method, path, and the roles that may use it. */
#include <stdio.h>

#include "server/device_api.h"
#include "server/health_api.h"
#include "server/operator_api.h"

static const struct {
    enum pawl_role role;
    const char *name;
} roles[] = {
    {PAWL_ROLE_VIEWER, "viewer"},
    {PAWL_ROLE_OPERATOR, "operator"},
    {PAWL_ROLE_ADMIN, "admin"},
    {PAWL_ROLE_FACTORY, "factory"},
};

static void routes_print(const char *listener, const struct pawl_route *routes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        printf("%s %s %s", listener, routes[i].method, routes[i].path);
        for (size_t j = 0; j < sizeof roles / sizeof roles[0]; j++)
            if ((routes[i].roles & (unsigned)roles[j].role) != 0)
                printf(" %s", roles[j].name);
        puts("");
    }
}

int main(void)
{
    routes_print("device", pawl_device_routes, pawl_device_route_count);
    routes_print("metrics", pawl_metrics_routes, pawl_metrics_route_count);
    routes_print("operator", pawl_operator_routes, pawl_operator_route_count);
    return 0;
}
