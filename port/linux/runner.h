/* The engine's hand on the launcher: starts and stops the one image, and learns how it fares. */
#ifndef PAWL_LINUX_RUNNER_H
#define PAWL_LINUX_RUNNER_H

#include <stdbool.h>
#include <stdint.h>

#include "pawl/manifest.h"
#include "pawl/processor.h"
#include "pawl/result.h"

struct pawl_runner {
    int socket; /* to the launcher; readable when there is an event */
    uint32_t run;
    bool running;
};

/* Starts `image`, a sealed memfd, and waits until it executes. PAWL_STATE when it cannot be started
 * (the log says why), PAWL_IO when the launcher is gone. */
enum pawl_result pawl_runner_start(struct pawl_runner *runner, const struct pawl_manifest *manifest,
                                   int image);

/* Ends the running image, if any: politely, then by force. All its processes are gone on return. */
void pawl_runner_stop(struct pawl_runner *runner);

/* Takes one event from the readable socket. `has_event` is false for one of a run that was stopped
 * meanwhile. PAWL_IO when the launcher is gone. */
enum pawl_result pawl_runner_event_take(struct pawl_runner *runner, bool *has_event,
                                        enum pawl_run_event *event);

#endif
