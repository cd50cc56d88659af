#include "filter_rules.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "host/log.h"

void pawl_filter_begin(struct pawl_filter *filter, uint32_t action)
{
    filter->context = seccomp_init(action);
    filter->error = filter->context != NULL ? 0 : -ENOMEM;
    if (filter->error == 0)
        filter->error = seccomp_attr_set(filter->context, SCMP_FLTATR_CTL_NNP, 1);
    if (filter->error == 0) /* a search tree: the tables are long */
        filter->error = seccomp_attr_set(filter->context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
}

void pawl_filter_add(struct pawl_filter *filter, uint32_t action, const char *const *names)
{
    for (; *names != NULL && filter->error == 0; names++) {
        int number = seccomp_syscall_resolve_name(*names);
        if (number >= 0)
            filter->error = seccomp_rule_add(filter->context, action, number, 0);
    }
}

void pawl_filter_add_if(struct pawl_filter *filter, uint32_t action, const char *name,
                        unsigned count, const struct scmp_arg_cmp *conditions)
{
    int number = seccomp_syscall_resolve_name(name);

    if (number >= 0 && filter->error == 0)
        filter->error = seccomp_rule_add_array(filter->context, action, number, count, conditions);
}

void pawl_filter_add_masked(struct pawl_filter *filter, uint32_t action, const char *name,
                            unsigned index, uint64_t mask, uint64_t value)
{
    const struct scmp_arg_cmp condition = {
        .arg = index, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};

    pawl_filter_add_if(filter, action, name, 1, &condition);
}

/* One comparison of an argument is all that a rule may have, so they are named one by one. */
void pawl_filter_add_domains(struct pawl_filter *filter, uint32_t action)
{
    const struct scmp_arg_cmp above = {.arg = 0, .op = SCMP_CMP_GT, .datum_a = AF_INET6};

    for (unsigned domain = 0; domain < AF_INET6; domain++) {
        const struct scmp_arg_cmp this = {.arg = 0, .op = SCMP_CMP_EQ, .datum_a = domain};
        if (domain != AF_UNIX && domain != AF_INET)
            pawl_filter_add_if(filter, action, "socket", 1, &this);
    }
    pawl_filter_add_if(filter, action, "socket", 1, &above);
}

enum pawl_result pawl_filter_load(struct pawl_filter *filter)
{
    if (filter->error == 0)
        filter->error = seccomp_load(filter->context);
    if (filter->context != NULL)
        seccomp_release(filter->context);
    if (filter->error != 0)
        return pawl_error(PAWL_IO, "system call filter: %s", strerror(-filter->error));
    return PAWL_OK;
}
