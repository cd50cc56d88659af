/* What `pawl audit` does, one file for each. All return exit codes or print their errors. */
#ifndef PAWL_CLI_AUDIT_H
#define PAWL_CLI_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/client.h"
#include "host/options.h"
#include "pawl/result.h"

struct pawl_audit_options {
    uint64_t after, limit;
    const char *actor, *action, *device; /* NULL: any */
    const char *since, *until;           /* as given; NULL: no bound */
    bool newest;
    const char *out, *file;
    struct pawl_option_list checkpoints, keys; /* files */
};

/* audit_list.c: shows entries, or checkpoints; `make` has one made before. */
int pawl_audit_list(const struct pawl_audit_options *options);
int pawl_audit_checkpoints(const struct pawl_audit_options *options, bool make);

/* audit_export.c: writes the trail to --out, or to standard output. */
int pawl_audit_export(const struct pawl_audit_options *options);

/* audit_verify.c: verifies an export, or the trail of the server. */
int pawl_audit_verify(const struct pawl_audit_options *options);

/* The path of an export behind entry --after. */
void pawl_audit_export_path(const struct pawl_audit_options *options, char path[64]);

/* "2026-01-31 12:00:05", in UTC. */
void pawl_audit_time_format(int64_t time, char text[32]);

#endif
