/* How the tables of the filters become rules. Private to filter_*.c. */
#ifndef PAWL_LINUX_FILTER_RULES_H
#define PAWL_LINUX_FILTER_RULES_H

#include <seccomp.h>
#include <stdint.h>

#include "pawl/result.h"

/* A filter being put together; the first failure sticks. */
struct pawl_filter {
    scmp_filter_ctx context;
    int error;
};

/* Begins a filter; `action` is for every call without a rule. */
void pawl_filter_begin(struct pawl_filter *filter, uint32_t action);

/* Gives `action` to every name of a NULL-terminated list. Names that this machine's architecture
 * does not have are passed over. */
void pawl_filter_add(struct pawl_filter *filter, uint32_t action, const char *const *names);

/* Gives `action` to calls of `name` for which all `count` conditions on arguments hold. */
void pawl_filter_add_if(struct pawl_filter *filter, uint32_t action, const char *name,
                        unsigned count, const struct scmp_arg_cmp *conditions);

/* The usual condition: argument `index`, under `mask`, equals `value`. */
void pawl_filter_add_masked(struct pawl_filter *filter, uint32_t action, const char *name,
                            unsigned index, uint64_t mask, uint64_t value);

/* Gives `action` to sockets of every domain but AF_UNIX, AF_INET and AF_INET6. */
void pawl_filter_add_domains(struct pawl_filter *filter, uint32_t action);

/* Loads and releases it. */
enum pawl_result pawl_filter_load(struct pawl_filter *filter);

#endif
