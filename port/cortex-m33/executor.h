/*
 * Executable memory and the image in it (include/pawl/port.h): loads into the non-secure world's
 * memory, runs it there, and turns what becomes of it into events for the engine.
 */
#ifndef PAWL_EXECUTOR_H
#define PAWL_EXECUTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "pawl/gateway.h"
#include "pawl/manifest.h"
#include "pawl/port.h"
#include "pawl/processor.h"

struct pawl_image {
    bool running;
    bool on_trial;
    uint32_t started;  /* milliseconds, pawl_world_now() */
    uint32_t deadline; /* milliseconds after that, when it is on trial */
    bool said_ready, told_ready;
    uint32_t exit_status;
    struct pawl_gateway_release release; /* what the manifest says of it */
    uint64_t load_address, size;
};

/* The callbacks' table; their context's first member is a struct pawl_image. */
void pawl_executor_describe(struct pawl_executor *executor);

/* Gives the image a slice, if one runs, else rests. True when `event` tells something. */
bool pawl_executor_work(struct pawl_image *image, enum pawl_run_event *event);

#endif
