/*
 * The device: what lies where in non-volatile memory, and the port that the engine is given.
 *
 *     0x000000  one-time programmable: the unit data
 *     0x010000  the counter's log, 4 sectors of a page
 *     0x020000  records of slot 0, and of slot 1
 *     0x100000  slot 0
 *     0x500000  slot 1
 */
#ifndef PAWL_DEVICE_H
#define PAWL_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/link_device.h"
#include "common/nor_memory.h"
#include "common/otp.h"
#include "executor.h"
#include "pawl/counter_log.h"
#include "pawl/processor.h"

/* The largest chunk that is taken: that of packages by default. */
#define PAWL_DEVICE_CHUNK_CAPACITY (65536u + PAWL_CHUNK_OVERHEAD)

struct pawl_device {
    struct pawl_image image; /* first: the executor's callbacks take it for their context */
    struct pawl_nor_memory nor;
    struct pawl_otp otp;
    struct pawl_counter_log log;
    struct pawl_port port;
    struct pawl_pud pud;
    struct pawl_processor *processor; /* NULL without unit data */
    struct pawl_link_device link;
};

/* Sets the device up as non-volatile memory has it. PAWL_STATE: it has no unit data yet, and its
 * link takes only that. Any other error: it cannot run. */
enum pawl_result pawl_device_open(struct pawl_device *device);

#endif
