/*
 * Commands for devices: what they are, and which turn the next one takes when a device reports
 * (SPEC 19.2). A pure decision: the server reads the oldest command, asks here, and sends or ends
 * it.
 */
#ifndef PAWL_HEADEND_COMMAND_H
#define PAWL_HEADEND_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "pawl/identifier.h"
#include "pawl/report.h"

#define PAWL_COMMAND_ACTOR_SIZE 65u
#define PAWL_COMMANDS_MAX 16u            /* that wait for one device */
#define PAWL_COMMAND_DEVICES_MAX 10000u  /* that one order may name */
#define PAWL_COMMAND_LIFE_DEFAULT 604800 /* seconds */
#define PAWL_COMMAND_LIFE_MIN 60
#define PAWL_COMMAND_LIFE_MAX 31536000
#define PAWL_COMMAND_POLL_MIN 1u /* seconds of a poll interval; at most PAWL_POLL_AFTER_MAX */

/* Values are stored. */
enum pawl_command_kind {
    PAWL_COMMAND_CHECK_IN = 1,
    PAWL_COMMAND_MESSAGE = 2,
    PAWL_COMMAND_POLL_INTERVAL = 3,
    PAWL_COMMAND_DIAGNOSTIC = 4,
    PAWL_COMMAND_KIND_END
};

/* "check-in", "message", "poll-interval", "diagnostic"; static memory. */
const char *pawl_command_kind_name(enum pawl_command_kind kind);
/* False for another name. */
bool pawl_command_kind_find(const char *name, enum pawl_command_kind *kind);

struct pawl_command {
    uint64_t number; /* from 1, never used twice */
    enum pawl_command_kind kind;
    uint64_t device; /* the store's number of it */
    uint8_t device_id[PAWL_ID_SIZE];
    uint32_t message_size; /* MESSAGE: 1 to PAWL_MESSAGE_SIZE_MAX bytes of UTF-8 */
    char message[PAWL_MESSAGE_SIZE_MAX];
    uint32_t seconds;                         /* POLL_INTERVAL */
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE]; /* DIAGNOSTIC */
    char actor[PAWL_COMMAND_ACTOR_SIZE];
    int64_t created, expires; /* Unix seconds */
};

enum pawl_command_turn {
    PAWL_COMMAND_WAITS = 0,   /* nothing now: it comes with a later poll, or expires */
    PAWL_COMMAND_SENT = 1,    /* goes with this directive, which then offers nothing */
    PAWL_COMMAND_OFFERED = 2, /* this directive offers its package, to run once */
    PAWL_COMMAND_TAKEN = 3,   /* ends: the device has carried it out */
    PAWL_COMMAND_AGAIN = 4,   /* the report may be older than the command: another one is wanted */
};

/* The oldest command's turn. `offers` says that assignments offer the device a package now: a
 * diagnostic waits for it, and so does everything else while the device is at work on it.
 * `challenged` is when the report's challenge was made: one from before a check-in was asked for
 * may be a recording. */
enum pawl_command_turn pawl_command_decide(const struct pawl_command *command,
                                           const struct pawl_report *report, int64_t challenged,
                                           bool offers);

#endif
