/* Measuring an image: its size and digest (SPEC 6). */
#include <string.h>
#include <sys/stat.h>

#include "headend/package_file.h"
#include "headend/package_unit.h"
#include "headend/pipeline.h"
#include "headend/window.h"

struct measure {
    const struct pawl_package_job *job;
    struct pawl_units units;
    struct pawl_verity verity;
    int fd;
};

static enum pawl_result worker_start(void *context, void *worker)
{
    (void)context;
    (void)worker;
    return PAWL_OK;
}

static void worker_stop(void *context, void *worker)
{
    (void)context;
    (void)worker;
}

static enum pawl_result unit_work(void *context, void *worker, size_t unit)
{
    struct measure *measure = context;
    struct pawl_window window = {0};
    enum pawl_result result = pawl_window_open(measure->fd, pawl_unit_offset(&measure->units, unit),
                                               pawl_unit_length(&measure->units, unit), &window);
    if (result == PAWL_OK)
        pawl_unit_hash(&measure->units, unit, window.bytes, worker);
    pawl_window_close(&window);
    return result;
}

static enum pawl_result unit_finish(void *context, void *worker, size_t unit)
{
    struct measure *measure = context;
    const struct pawl_package_job *job = measure->job;
    pawl_unit_hashes_add(&measure->units, unit, worker, &measure->verity);
    if (job->progress != NULL)
        job->progress(job->progress_context,
                      pawl_unit_offset(&measure->units, unit) +
                          pawl_unit_length(&measure->units, unit),
                      measure->units.image_size);
    return PAWL_OK;
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

enum pawl_result pawl_image_check(const struct pawl_image *image)
{
    struct stat status;
    if (fstat(image->fd, &status) != 0)
        return PAWL_IO;
    bool same = (uint64_t)status.st_size == image->size &&
                same_time(status.st_mtim, image->modified) &&
                same_time(status.st_ctim, image->changed);
    return same ? PAWL_OK : PAWL_CORRUPT;
}

enum pawl_result pawl_image_measure(const struct pawl_package_job *job, int fd,
                                    struct pawl_image *image)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return PAWL_IO;
    if (!S_ISREG(status.st_mode))
        return PAWL_UNSUPPORTED;
    if (status.st_size <= 0)
        return PAWL_MALFORMED;
    size_t size = (size_t)status.st_size;
    if (size != (uintmax_t)status.st_size)
        return PAWL_EXHAUSTED;

    struct pawl_image found = {
        .fd = fd, .size = size, .modified = status.st_mtim, .changed = status.st_ctim};
    struct measure measure = {.job = job, .fd = fd};
    pawl_units_init(&measure.units, size, PAWL_VERITY_SPAN_SIZE, 0);
    unsigned threads =
        pawl_pipeline_threads(job->threads, measure.units.count, measure.units.unit_size);
    /* 2 MiB at once are mapped at a quarter of the cost; several threads share that memory. */
    if (threads == 1)
        pawl_units_init(&measure.units, size, PAWL_UNIT_SPANS_MAX * PAWL_VERITY_SPAN_SIZE, 0);
    pawl_verity_init(&measure.verity);

    const struct pawl_pipeline pipeline = {.threads = threads,
                                           .units = measure.units.count,
                                           .context = &measure,
                                           .worker_size = sizeof(struct pawl_unit_hashes),
                                           .start = worker_start,
                                           .stop = worker_stop,
                                           .work = unit_work,
                                           .finish = unit_finish};
    enum pawl_result result = pawl_pipeline_run(&pipeline);
    if (result != PAWL_OK)
        return result;
    pawl_verity_final(&measure.verity, found.digest);
    result = pawl_image_check(&found);
    if (result == PAWL_OK)
        *image = found;
    return result;
}
