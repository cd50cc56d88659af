/*
 * Executable memory and the running image: the executor of struct pawl_port.
 *
 * An image is decrypted into a memfd, which is sealed against every change before it runs, so
 * plaintext has no name in any file system and what was checked is what runs (I3).
 */
#ifndef PAWL_LINUX_EXECUTOR_H
#define PAWL_LINUX_EXECUTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pawl/port.h"
#include "pawl/result.h"
#include "runner.h"

struct pawl_executor_linux {
    struct pawl_runner runner;
    uint64_t image_max; /* bytes */
    int timer;          /* timerfd of a trial's deadline */
    int image;          /* memfd while it is loaded, else -1 */
    uint64_t loaded;    /* bytes */
    void *locked;       /* the image's pages, kept from swap; NULL when they could not be */
    size_t locked_size;
    bool warned; /* told once that images may be swapped */
};

/* `socket` leads to the launcher. PAWL_IO. */
enum pawl_result pawl_executor_open(struct pawl_executor_linux *executor, int socket,
                                    uint64_t image_max);
void pawl_executor_close(struct pawl_executor_linux *executor);

/* The callbacks of struct pawl_executor. */
enum pawl_result pawl_executor_load_begin(struct pawl_executor_linux *executor,
                                          const struct pawl_manifest *manifest);
enum pawl_result pawl_executor_load(struct pawl_executor_linux *executor, size_t offset,
                                    const uint8_t *bytes, size_t size);
void pawl_executor_load_abort(struct pawl_executor_linux *executor);
enum pawl_result pawl_executor_run(struct pawl_executor_linux *executor,
                                   const struct pawl_manifest *manifest, bool trial);
void pawl_executor_stop(struct pawl_executor_linux *executor);

/* Takes the expiry of `timer` when it is readable. */
bool pawl_executor_deadline_take(struct pawl_executor_linux *executor);

/* Takes one event of the run, as pawl_runner_event_take does; the memory of an image that ended is
 * given back. */
enum pawl_result pawl_executor_event_take(struct pawl_executor_linux *executor, bool *has_event,
                                          enum pawl_run_event *event);

#endif
