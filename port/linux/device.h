/* The device as a whole: what the engine's port stands on, and the struct pawl_port over it. */
#ifndef PAWL_LINUX_DEVICE_H
#define PAWL_LINUX_DEVICE_H

#include "counter.h"
#include "executor.h"
#include "flash_file.h"
#include "pawl/port.h"
#include "pawl/pud.h"
#include "settings.h"

/* The largest chunk this device takes, sealed. */
#define PAWL_DEVICE_CHUNK_CAPACITY (PAWL_CHUNK_SIZE_MAX + PAWL_CHUNK_OVERHEAD)

struct pawl_device {
    int directory; /* the state, locked */
    struct pawl_flash_file flash;
    struct pawl_counter counter;
    struct pawl_executor_linux executor;
    struct pawl_pud *pud; /* secret memory, as the next two */
    void *memory;         /* of the engine */
    uint8_t *chunk;
    struct pawl_port port;
};

/* Reads the PUD and opens the state. `launcher` is the socket to the launcher, `counter_helper`
 * that of pawl_counter_helper_start. Errors were printed; whatever the result, pawl_device_close is
 * to be called. */
enum pawl_result pawl_device_open(struct pawl_device *device, const struct pawl_settings *settings,
                                  int launcher, int counter_helper);

/* Stops the image, makes the state durable, wipes. */
void pawl_device_close(struct pawl_device *device);

#endif
