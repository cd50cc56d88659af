/*
 * Settings that a program takes when a flag does not give them: from the environment (the setting
 * "server-cert" as PAWL_SERVER_CERT), then from an ini file, section [PROGRAM] or, before any
 * section, for all programs. The file is $PAWL_CONFIG, else ~/.config/pawl.conf, else
 * /etc/pawl/pawl.conf; the first that exists is the only one read.
 */
#ifndef PAWL_HOST_CONFIG_H
#define PAWL_HOST_CONFIG_H

#include <stddef.h>

#include "pawl/result.h"

enum pawl_config_source {
    PAWL_CONFIG_NONE = 0,
    PAWL_CONFIG_FLAG = 1,
    PAWL_CONFIG_ENVIRONMENT = 2,
    PAWL_CONFIG_FILE = 3,
};

struct pawl_config_entry;

/* What a file said. Zero it before the first use. */
struct pawl_config {
    char *path; /* the file that was read; NULL when there was none */
    struct pawl_config_entry *entries;
    size_t count;
};

/* Reads the file. No file is PAWL_OK; one that cannot be read or parsed is PAWL_IO or
 * PAWL_MALFORMED and an error is printed that names the line. */
enum pawl_result pawl_config_load(struct pawl_config *config, const char *program);

void pawl_config_release(struct pawl_config *config);

/* The value of setting `name`, or NULL. It lives as long as `config` and the environment. `source`
 * (may be NULL) tells where it comes from. */
const char *pawl_config_find(const struct pawl_config *config, const char *name,
                             enum pawl_config_source *source);

#endif
