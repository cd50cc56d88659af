#include "server/route.h"

#include <string.h>

#include "server/http.h"

/* Matches `path` with a pattern; `part` takes what stands for "*", which is never empty, or for
 * "*" "/" "*" at a pattern's end. */
static bool path_match(const char *pattern, const char *path, char *part, size_t room)
{
    while (*pattern != '\0' && *pattern != '*') {
        if (*pattern++ != *path++)
            return false;
    }
    if (*pattern == '\0')
        return *path == '\0';
    size_t size = strcspn(path, "/");
    if (strcmp(pattern, "*/*") == 0 && path[size] == '/') {
        size_t second = strcspn(path + size + 1, "/");
        if (size == 0 || second == 0)
            return false;
        size += 1 + second;
        pattern += 2;
    }
    if (size == 0 || size >= room || strcmp(pattern + 1, path + size) != 0)
        return false;
    memcpy(part, path, size);
    part[size] = '\0';
    return true;
}

static void allow_add(struct pawl_route_match *match, const char *method)
{
    size_t used = strlen(match->allow);
    const char *parts[] = {used > 0 ? ", " : "", method,
                           strcmp(method, MHD_HTTP_METHOD_GET) == 0 ? ", HEAD" : ""};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        size_t size = strlen(parts[i]);
        if (used + size >= sizeof match->allow)
            return;
        memcpy(match->allow + used, parts[i], size + 1);
        used += size;
    }
}

void pawl_route_find(const struct pawl_route *routes, size_t count, const char *method,
                     const char *path, struct pawl_route_match *match)
{
    memset(match, 0, sizeof *match);
    if (strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)
        method = MHD_HTTP_METHOD_GET;
    for (size_t i = 0; i < count; i++) {
        if (!path_match(routes[i].path, path, match->part, sizeof match->part))
            continue;
        match->path_known = true;
        if (strcmp(routes[i].method, method) == 0) {
            match->handler = routes[i].handler;
            match->roles = routes[i].roles;
            match->route = &routes[i];
            return;
        }
        allow_add(match, routes[i].method);
    }
}
