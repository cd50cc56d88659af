/* Which handler serves a method and path. */
#ifndef PAWL_SERVER_ROUTE_H
#define PAWL_SERVER_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

struct pawl_handler;
struct pawl_route;

struct pawl_route_match {
    bool path_known;                    /* some route has this path */
    const struct pawl_handler *handler; /* NULL when none takes the method */
    unsigned roles;                     /* who may use it (struct pawl_route) */
    const struct pawl_route *route;     /* the one that has the handler */
    char part[80];                      /* what stands for "*", terminated */
    char allow[64];                     /* the methods that the path takes */
};

/* Looks `method` and `path` up in a table. Every field of `match` is set. */
void pawl_route_find(const struct pawl_route *routes, size_t count, const char *method,
                     const char *path, struct pawl_route_match *match);

#endif
