/* Work on whole images, with threads and progress as the command line says. */
#ifndef PAWL_CLI_JOB_H
#define PAWL_CLI_JOB_H

#include "cli/cli.h"
#include "headend/package_file.h"

/* `job` points to `progress`: do not copy. */
struct pawl_job {
    struct pawl_package_job job;
    struct pawl_progress progress;
};

/* Prepares work on `total` bytes; `what` ("sealing") is kept by reference. When it is done, call
 * pawl_progress_finish. */
void pawl_job_start(struct pawl_job *job, const char *what, uint64_t total);

#endif
