/* The two ways of entitling: from units at hand, or by the control server. */
#ifndef PAWL_CLI_ENTITLE_H
#define PAWL_CLI_ENTITLE_H

#include <stdint.h>

#include "host/options.h"
#include "pawl/result.h"

struct pawl_entitle_request {
    const char *package; /* a package file, or its id */
    const char *out;
    /* offline */
    const char *content_key;
    const struct pawl_option_list *puds;
    const char *units;
    uint64_t first, last; /* sequence numbers: a row for each */
    /* by the server: one of the first three */
    const char *class_name, *group, *devices;
    const char *vendor;
};

/* Both print the error, or what was made, and return the exit code. */
int pawl_entitle_offline(const struct pawl_entitle_request *request);
int pawl_entitle_online(const struct pawl_entitle_request *request);

#endif
