#include "executor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "host/file.h"
#include "host/log.h"

/* Since Linux 6.3; older headers and kernels do not have them. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008u
#define MFD_EXEC 0x0010u
#endif

#define IMAGE_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* Execute-only: who runs as the image's user can neither read the image through /proc nor trace it.
 */
#define IMAGE_MODE_EXEC (S_IXUSR | S_IXGRP | S_IXOTH)
#define IMAGE_MODE_OPAQUE 0

enum pawl_result pawl_executor_open(struct pawl_executor_linux *executor, int socket,
                                    uint64_t image_max)
{
    *executor = (struct pawl_executor_linux){
        .runner = {.socket = socket},
        .image_max = image_max,
        .timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK),
        .image = -1,
    };
    return executor->timer >= 0 ? PAWL_OK : pawl_error(PAWL_IO, "timer: %s", strerror(errno));
}

void pawl_executor_close(struct pawl_executor_linux *executor)
{
    pawl_executor_stop(executor);
    if (executor->timer >= 0)
        close(executor->timer);
    executor->timer = -1;
}

static int image_create(enum pawl_kind kind)
{
    unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd =
        memfd_create("pawl-image", flags | (kind == PAWL_KIND_EXEC ? MFD_EXEC : MFD_NOEXEC_SEAL));

    if (fd < 0 && errno == EINVAL)
        fd = memfd_create("pawl-image", flags);
    return fd;
}

static void image_unlock(struct pawl_executor_linux *executor)
{
    if (executor->locked != NULL)
        munmap(executor->locked, executor->locked_size);
    executor->locked = NULL;
}

/* Keeps the image out of swap, from before its first byte is written until its run is over. A
 * private mapping holds the same pages and does not stand in the way of sealing. */
static void image_lock(struct pawl_executor_linux *executor, size_t size)
{
    void *address = mmap(NULL, size, PROT_READ, MAP_PRIVATE, executor->image, 0);

    image_unlock(executor);
    if (address != MAP_FAILED && mlock(address, size) == 0) {
        executor->locked = address;
        executor->locked_size = size;
        return;
    }
    if (address != MAP_FAILED)
        munmap(address, size);
    if (!executor->warned)
        pawl_log(PAWL_LOG_WARNING, "the memory of images cannot be locked and may be swapped");
    executor->warned = true;
}

enum pawl_result pawl_executor_load_begin(struct pawl_executor_linux *executor,
                                          const struct pawl_manifest *manifest)
{
    pawl_executor_load_abort(executor);
    if (manifest->image_size > executor->image_max) {
        pawl_log(PAWL_LOG_ERROR, "an image of %llu bytes is more than this device takes (%llu)",
                 (unsigned long long)manifest->image_size, (unsigned long long)executor->image_max);
        return PAWL_EXHAUSTED;
    }
    executor->image = image_create(manifest->kind);
    if (executor->image < 0 || ftruncate(executor->image, (off_t)manifest->image_size) != 0) {
        pawl_log(PAWL_LOG_ERROR, "memory for the image: %s", strerror(errno));
        pawl_executor_load_abort(executor);
        return PAWL_EXHAUSTED;
    }
    executor->loaded = 0;
    image_lock(executor, (size_t)manifest->image_size);
    return PAWL_OK;
}

enum pawl_result pawl_executor_load(struct pawl_executor_linux *executor, size_t offset,
                                    const uint8_t *bytes, size_t size)
{
    if (executor->image < 0 || offset != executor->loaded)
        return PAWL_STATE;
    if (pawl_pwrite_full(executor->image, bytes, size, offset) != PAWL_OK)
        return PAWL_EXHAUSTED;
    executor->loaded += size;
    return PAWL_OK;
}

/* The kernel clears freed memory when it gives it away; until then it would stay in RAM. */
static void image_wipe(struct pawl_executor_linux *executor)
{
    static const uint8_t zeros[65536];
    uint64_t offset = 0;

    while (offset < executor->loaded) { /* a sealed one can only be given back */
        uint64_t left = executor->loaded - offset;
        size_t part = left < sizeof zeros ? (size_t)left : sizeof zeros;
        if (pawl_pwrite_full(executor->image, zeros, part, offset) != PAWL_OK)
            return;
        offset += part;
    }
}

static void image_close(struct pawl_executor_linux *executor)
{
    if (executor->image >= 0)
        close(executor->image);
    executor->image = -1;
    executor->loaded = 0;
}

void pawl_executor_load_abort(struct pawl_executor_linux *executor)
{
    if (executor->image >= 0)
        image_wipe(executor);
    image_close(executor);
    if (!executor->runner.running)
        image_unlock(executor);
}

static enum pawl_result image_seal(struct pawl_executor_linux *executor,
                                   const struct pawl_manifest *manifest)
{
    mode_t mode = manifest->kind == PAWL_KIND_EXEC ? IMAGE_MODE_EXEC : IMAGE_MODE_OPAQUE;

    if (executor->image < 0 || executor->loaded != manifest->image_size)
        return PAWL_STATE;
    if (fchmod(executor->image, mode) != 0 ||
        fcntl(executor->image, F_ADD_SEALS, IMAGE_SEALS) != 0) {
        pawl_log(PAWL_LOG_ERROR, "the image cannot be sealed: %s", strerror(errno));
        return PAWL_IO;
    }
    return PAWL_OK;
}

/* Arms the deadline, or disarms it when `seconds` is NULL. */
static void deadline_set(struct pawl_executor_linux *executor, const uint32_t *seconds)
{
    struct itimerspec when = {.it_value = {0, 0}};

    if (seconds != NULL) {
        when.it_value.tv_sec = (time_t)*seconds;
        when.it_value.tv_nsec = *seconds == 0 ? 1 : 0;
    }
    (void)timerfd_settime(executor->timer, 0, &when, NULL);
}

enum pawl_result pawl_executor_run(struct pawl_executor_linux *executor,
                                   const struct pawl_manifest *manifest, bool trial)
{
    pawl_runner_stop(&executor->runner);
    enum pawl_result result = image_seal(executor, manifest);
    if (result == PAWL_OK) {
        pawl_log(PAWL_LOG_NOTICE, "running %.*s %.*s%s", (int)manifest->name.size,
                 manifest->name.bytes, (int)manifest->version.size, manifest->version.bytes,
                 trial ? " on trial" : "");
        result = pawl_runner_start(&executor->runner, manifest, executor->image);
    }
    image_close(executor); /* from here on the run holds it, or nobody */
    if (result != PAWL_OK) {
        image_unlock(executor);
        return result;
    }
    deadline_set(executor, trial ? &manifest->deadline : NULL);
    return PAWL_OK;
}

void pawl_executor_stop(struct pawl_executor_linux *executor)
{
    deadline_set(executor, NULL);
    pawl_runner_stop(&executor->runner);
    pawl_executor_load_abort(executor);
}

bool pawl_executor_deadline_take(struct pawl_executor_linux *executor)
{
    uint64_t expirations;

    return read(executor->timer, &expirations, sizeof expirations) == sizeof expirations;
}

enum pawl_result pawl_executor_event_take(struct pawl_executor_linux *executor, bool *has_event,
                                          enum pawl_run_event *event)
{
    enum pawl_result result = pawl_runner_event_take(&executor->runner, has_event, event);

    if (!executor->runner.running)
        image_unlock(executor);
    return result;
}
