/*
 * The secure processor engine (SPEC 13): decides what is accepted, kept, run and committed.
 *
 * It does no I/O of its own. The caller brings bytes and events; the engine answers what it needs
 * next and calls the port for flash, counter, entropy and running. One engine per device, one
 * thread. Its memory is the caller's: struct pawl_processor and one chunk buffer.
 */
#ifndef PAWL_PROCESSOR_H
#define PAWL_PROCESSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pawl/package.h"
#include "pawl/port.h"
#include "pawl/pud.h"
#include "pawl/report.h"
#include "pawl/result.h"

/* How a started image fares, told by the port's owner. */
enum pawl_run_event {
    PAWL_RUN_EXITED_ZERO = 0,
    PAWL_RUN_EXITED_OTHER = 1,
    PAWL_RUN_CRASHED = 2,  /* ended by a fault or signal */
    PAWL_RUN_READY = 3,    /* reported that it is ready */
    PAWL_RUN_DEADLINE = 4, /* the trial's deadline passed without success */
    PAWL_RUN_EVENT_COUNT
};

/* What the caller should do after a directive. */
struct pawl_work {
    enum pawl_action action;
    uint32_t poll_after; /* seconds until the next report */
    bool fetch;          /* bring package bytes from `offset` on, with pawl_processor_write() */
    bool install;        /* the package is whole: call pawl_processor_install() */
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    uint64_t package_size;
    uint64_t offset;
    uint32_t url_size;
    char url[PAWL_URL_SIZE_MAX]; /* not terminated */
    /* A command to carry out, 0 for none; then call pawl_processor_taken(). Not with a download. */
    uint64_t command;
    uint32_t message_size;               /* bytes to show to somebody, 0 for none */
    char message[PAWL_MESSAGE_SIZE_MAX]; /* UTF-8, not terminated */
};

struct pawl_processor_status {
    enum pawl_state state;
    uint64_t sequence;
    bool has_package; /* a committed image that opened */
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    bool running; /* an image was started and has not ended */
    bool has_failure;
    uint8_t failed_package_id[PAWL_PACKAGE_ID_SIZE];
    uint64_t failure; /* as in struct pawl_report */
    uint64_t offset;  /* package bytes taken of the download under way */
    uint64_t package_size;
};

/* The engine. Its fields are private to src/processor; the size is public so that a port can place
 * it. Holds secrets: keep it out of swap and core files. */
struct pawl_processor;

/* Bytes a caller must provide for struct pawl_processor, and their alignment: the constant for
 * static allocation, the function for what this build really needs (never more). */
#define PAWL_PROCESSOR_SIZE 8192u
#define PAWL_PROCESSOR_ALIGNMENT 16u
size_t pawl_processor_size(void);

/* Starts the engine over `memory` (pawl_processor_size() bytes). `pud`, `port` and `chunk_buffer`
 * stay the caller's and outlive it; `chunk_capacity` is the largest chunk_size + 16 that this
 * device takes. Reads counter, cells and records, finds the committed record and an interrupted
 * trial. PAWL_STORAGE when the protected store cannot be read, PAWL_STATE for a port whose limits
 * make no sense, memory that is not aligned, or a buffer for less than the smallest chunk. */
enum pawl_result pawl_processor_init(void *memory, const struct pawl_port *port,
                                     const struct pawl_pud *pud, uint8_t *chunk_buffer,
                                     size_t chunk_capacity, struct pawl_processor **processor);

/* Wipes everything; the running image is stopped. */
void pawl_processor_release(struct pawl_processor *processor);

/* Loads and starts the committed image, after stopping what runs. PAWL_OK also when there is none
 * yet. An error says why it does not run; the device can take the next download all the same (I4).
 * PAWL_STATE during a trial. A download under way goes on afterwards where flash left it. */
enum pawl_result pawl_processor_boot(struct pawl_processor *processor);

/* Makes a report with a fresh nonce; directives that answer an earlier one are refused from now on.
 * PAWL_EXHAUSTED for no room (PAWL_REPORT_SIZE_MAX suffices), PAWL_STORAGE while the counter can't
 * be read, or what the port's entropy returned. */
enum pawl_result pawl_processor_report(struct pawl_processor *processor, uint8_t *bytes,
                                       size_t capacity, size_t *size);

/* The same, asking for the content keys whose ids of PAWL_CONTENT_KEY_ID_SIZE bytes stand one after
 * another at `wanted` (SPEC 20.3); at most PAWL_CONTENT_WANTED_MAX. */
enum pawl_result pawl_processor_report_wanting(struct pawl_processor *processor,
                                               const uint8_t *wanted, uint32_t wanted_count,
                                               uint8_t *bytes, size_t capacity, size_t *size);

/* Opens a grant (SPEC 20.5) with what is committed now. PAWL_NOT_ENTITLED when it was made for
 * another device, package or sequence number, and when no committed image opened; PAWL_STATE in a
 * trial, while another image runs; PAWL_STORAGE when the counter cannot be read or has moved.
 * Nothing is kept. Wipe `key`. */
enum pawl_result pawl_processor_content_key(struct pawl_processor *processor,
                                            const uint8_t salt[PAWL_SALT_SIZE],
                                            const uint8_t wrapped[PAWL_CONTENT_KEY_WRAPPED_SIZE],
                                            uint8_t key[PAWL_CONTENT_KEY_SIZE]);

/* Takes the directive that answers the newest report. A refused one changes nothing: PAWL_STATE
 * without such a report, else the classes of SPEC 10. The nonce is used up by an accepted one.
 * PAWL_EXHAUSTED and PAWL_MALFORMED with the state REJECTED: authentic, but what it offers does not
 * fit the slot or the unit's maximum sequence number, or is no package; the next report says so.
 * PAWL_STORAGE: it was the contact that a trial waited for, and the commit could not be made. After
 * an error `work` says idle or is as it was. */
enum pawl_result pawl_processor_directive(struct pawl_processor *processor, const uint8_t *bytes,
                                          size_t size, struct pawl_work *work);

/* The command with this number, of the newest directive, was carried out: reports say so from now
 * on, until the device is started anew. May be repeated; PAWL_STATE for another number. */
enum pawl_result pawl_processor_taken(struct pawl_processor *processor, uint64_t command);

/* Takes package bytes at `offset`, which must be what the engine asked for; others are ignored
 * (PAWL_STATE) and `next` tells what is wanted. An error class of the protocol ends the attempt:
 * the next report says why. `next` is always set: the offset wanted next, equal to the package's
 * size when it is whole (the state is then CANDIDATE). It may go back: after an interruption, and
 * once after chunk 0 of a direct package, of which nothing is kept before it opened. */
enum pawl_result pawl_processor_write(struct pawl_processor *processor, uint64_t offset,
                                      const uint8_t *bytes, size_t size, uint64_t *next);

/* Verifies the whole image, loads it and starts its trial, after stopping the old image. PAWL_STATE
 * without a candidate. On any other error the old image runs again; REJECTED when the image was
 * refused, FAILED when it could not be started. */
enum pawl_result pawl_processor_install(struct pawl_processor *processor);

/* Gives up a download or a candidate; the slot's record is erased. PAWL_STATE in a trial and after
 * its end; PAWL_OK when there is nothing to give up. */
enum pawl_result pawl_processor_cancel(struct pawl_processor *processor);

/* Tells how the started image fares. During a trial this commits (I2) or falls back; outside one it
 * only updates the status. PAWL_STORAGE when the commit could not be made: the old image runs
 * again, or nothing while the counter can't be read. PAWL_STATE when nothing was started. */
enum pawl_result pawl_processor_ran(struct pawl_processor *processor, enum pawl_run_event event);

void pawl_processor_status_get(const struct pawl_processor *processor,
                               struct pawl_processor_status *status);

#endif
