#include "cli/job.h"

static void progress_show(void *context, uint64_t done, uint64_t total)
{
    (void)total;
    pawl_progress_update(context, done);
}

void pawl_job_start(struct pawl_job *job, const char *what, uint64_t total)
{
    pawl_cli_progress_bytes(&job->progress, what, total);
    job->job = (struct pawl_package_job){
        .threads = (unsigned)pawl_cli.threads,
        .progress = progress_show,
        .progress_context = &job->progress,
    };
}
