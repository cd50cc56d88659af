/* How an attempt ended, in words and as an exit code. Pure. */
#ifndef PAWL_AGENT_OUTCOME_H
#define PAWL_AGENT_OUTCOME_H

#include <stdint.h>

/* What the failure code of a report (SPEC 9: enum pawl_failure or a result class) means to a user.
 * Static memory. */
const char *pawl_failure_text(uint64_t failure);

/* The exit code of --once for it (SPEC 17): a result class has its own, an image that failed its
 * trial is PAWL_EXIT_FAILURE. */
int pawl_failure_exit_code(uint64_t failure);

#endif
