/*
 * What a platform gives to the secure processor: one struct of limits and callbacks (SPEC 13).
 *
 * Callbacks return when their work is done, except `run`, which only starts. Every error they
 * return is treated as if power had failed there: the engine changes nothing more and reports it.
 */
#ifndef PAWL_PORT_H
#define PAWL_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pawl/manifest.h"
#include "pawl/result.h"

#define PAWL_SLOT_COUNT 2u
#define PAWL_CELL_SIZE 32u
#define PAWL_WRITE_SIZE_MAX 512u

/* A range of flash, in bytes; both values are multiples of the page size. A device counts in words
 * of its own (SPEC 13.7). */
struct pawl_area {
    size_t offset;
    size_t size;
};

struct pawl_flash {
    uint32_t page_size; /* what one erase clears, bytes: a power of two, at least 256 */
    /* Unit and alignment of a program: a power of two, 1..PAWL_WRITE_SIZE_MAX. */
    uint32_t write_size;
    uint8_t erased;                          /* what an erased byte reads as: 0xff or 0x00 */
    struct pawl_area slots[PAWL_SLOT_COUNT]; /* where packages are kept, still encrypted */
    /* Where a slot's records are kept: two halves of whole pages, one for the trial record with its
     * marks, one for the committed record. */
    struct pawl_area records[PAWL_SLOT_COUNT];

    /* An error may mean that these bytes can't be read, as after a torn write on flash with error
     * correction; the engine then takes them for damaged until it has erased them. */
    enum pawl_result (*read)(void *context, size_t offset, void *bytes, size_t size);
    /* `offset` and `size` are multiples of write_size; the range was erased since it was last
     * programmed. */
    enum pawl_result (*program)(void *context, size_t offset, const void *bytes, size_t size);
    /* PAWL_STORAGE unless flash holds these bytes. NULL: the engine reads them back in small
     * pieces, which suits flash that is mapped into memory. */
    enum pawl_result (*verify)(void *context, size_t offset, const void *bytes, size_t size);
    /* `offset` and `size` are multiples of page_size. */
    enum pawl_result (*erase)(void *context, size_t offset, size_t size);
    /* Everything programmed and erased so far survives a power cut when this returns. NULL where
     * program and erase are durable by themselves. */
    enum pawl_result (*sync)(void *context);
};

/* Protected non-volatile store: a monotonic counter and two cells. No one but the secure processor
 * can write it. An increment is atomic; a cell write may tear (the engine reads back). A device
 * without protected cells keeps them in flash and documents that restored flash is then told apart
 * by the counter alone. */
struct pawl_protected {
    enum pawl_result (*counter_read)(void *context, uint64_t *value);
    enum pawl_result (*counter_increment)(void *context);
    enum pawl_result (*cell_read)(void *context, unsigned index, uint8_t cell[PAWL_CELL_SIZE]);
    enum pawl_result (*cell_write)(void *context, unsigned index,
                                   const uint8_t cell[PAWL_CELL_SIZE]);
};

/* Executable memory. The engine calls load_begin once, load for each decrypted part in ascending
 * order, then verifies the whole image's digest, then run. When a part, the digest or run fails it
 * calls load_abort; a failed load_begin has left nothing. A manifest and the texts in it are valid
 * during the call only. */
struct pawl_executor {
    bool kinds[4]; /* kinds[k]: images of enum pawl_kind k can be run here */
    bool network;  /* so can those of PAWL_PROFILE_NETWORK; run and load_begin see to the rest */
    size_t image_size_max;
    uintptr_t window_start, window_end; /* PAWL_KIND_RAW: the image must lie inside */

    enum pawl_result (*load_begin)(void *context, const struct pawl_manifest *manifest);
    enum pawl_result (*load)(void *context, size_t offset, const uint8_t *bytes, size_t size);
    void (*load_abort)(void *context); /* wipes what was loaded */
    /* Starts the loaded image without privilege. For a trial the port enforces the manifest's
     * deadline itself. How the run goes comes later through pawl_processor_ran(). */
    enum pawl_result (*run)(void *context, const struct pawl_manifest *manifest, bool trial);
    /* Ends the running image, if any; its executable memory is wiped or given back. */
    void (*stop)(void *context);
};

struct pawl_port {
    void *context; /* handed to every callback */
    struct pawl_flash flash;
    struct pawl_protected protected_store;
    struct pawl_executor executor;
    /* Unpredictable bytes for nonces and instances. */
    enum pawl_result (*entropy)(void *context, void *bytes, size_t size);
};

#endif
