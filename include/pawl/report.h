/* Report and directive: the authenticated exchange between device and control server (SPEC 9, 10).
 */
#ifndef PAWL_REPORT_H
#define PAWL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pawl/content.h"
#include "pawl/entitlement.h"
#include "pawl/identifier.h"
#include "pawl/keys.h"
#include "pawl/result.h"

#define PAWL_REPORT_SIZE_MAX 512u
#define PAWL_DIRECTIVE_SIZE_MAX 1024u
#define PAWL_CHALLENGE_SIZE_MAX 128u /* longer ones, and longer URLs, are malformed */
#define PAWL_URL_SIZE_MAX 512u
#define PAWL_POLL_AFTER_MAX 604800u /* seconds; a device caps what it is told to 7 days */
#define PAWL_MESSAGE_SIZE_MAX 200u  /* of a command's text, bytes */
#define PAWL_COMMAND_MAX INT64_MAX  /* highest number of a command; the lowest is 1 */
#define PAWL_TOPIC_SIZE 8u
#define PAWL_TOPICS_MAX 8u
#define PAWL_WAKE_WINDOW_MAX 3600u /* seconds */

/* States of the PSA Firmware Update API, with its values. */
enum pawl_state {
    PAWL_STATE_READY = 0,
    PAWL_STATE_WRITING = 1,
    PAWL_STATE_CANDIDATE = 2,
    PAWL_STATE_STAGED = 3,
    PAWL_STATE_FAILED = 4,
    PAWL_STATE_TRIAL = 5,
    PAWL_STATE_REJECTED = 6,
    PAWL_STATE_UPDATED = 7
};

/* Causes of a failed attempt, report field 4. Below 64: the result class that refused the package.
 */
enum pawl_failure {
    PAWL_FAILURE_EXIT = 64,     /* the image ended without success */
    PAWL_FAILURE_SIGNAL = 65,   /* the image crashed */
    PAWL_FAILURE_DEADLINE = 66, /* success did not hold in time */
    PAWL_FAILURE_POWER = 67,    /* power was lost during the trial */
    PAWL_FAILURE_RUN = 68,      /* the image could not be started */
    PAWL_FAILURE_DONE = 69      /* none: a diagnostic image met its criterion, and is gone */
};

struct pawl_report {
    uint64_t sequence;
    bool has_instance; /* false before the first commit or when no record is readable */
    uint8_t instance[PAWL_INSTANCE_SIZE];
    bool has_package; /* package of the committed record */
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    bool has_failure; /* last failed attempt */
    uint8_t failed_package_id[PAWL_PACKAGE_ID_SIZE];
    uint64_t failure; /* enum pawl_failure or a result class */
    uint8_t nonce[PAWL_NONCE_SIZE];
    bool has_challenge;
    uint32_t challenge_size;
    uint8_t challenge[PAWL_CHALLENGE_SIZE_MAX]; /* last received */
    enum pawl_state state;
    uint32_t wanted_count; /* content keys that the device asks for (SPEC 20.3), 0 for none */
    uint8_t wanted[PAWL_CONTENT_WANTED_MAX][PAWL_CONTENT_KEY_ID_SIZE];
    bool has_command; /* the device knows commands (SPEC 19) */
    uint64_t command; /* number of the last one that it took; 0: of none since it was started */
};

enum pawl_action {
    PAWL_ACTION_IDLE = 0,
    PAWL_ACTION_DOWNLOAD = 1,
    PAWL_ACTION_HOLD = 2,
    PAWL_ACTION_REPEAT = 3 /* report again with the challenge of this directive */
};

struct pawl_directive {
    uint8_t nonce[PAWL_NONCE_SIZE]; /* the report's */
    enum pawl_action action;
    uint32_t poll_after; /* seconds, at most PAWL_POLL_AFTER_MAX after reading */
    uint32_t challenge_size;
    uint8_t challenge[PAWL_CHALLENGE_SIZE_MAX];
    /* with PAWL_ACTION_DOWNLOAD alone: */
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    uint32_t url_size;
    union {
        char url[PAWL_URL_SIZE_MAX];         /* URL or absolute path; not terminated */
        char message[PAWL_MESSAGE_SIZE_MAX]; /* of a command, which never comes with a URL */
    };
    uint64_t package_size; /* bytes */
    bool has_entitlement;  /* wrapped mode */
    uint8_t entitlement[PAWL_ENTITLEMENT_SIZE];
    /* Extensions (SPEC 19): */
    uint64_t command;      /* number of the command that it brings; 0: none */
    bool diagnostic;       /* the package is to run once and not to be committed */
    uint32_t message_size; /* bytes; 0: none */
    /* What wakes the device, encoded as in pawl_summons_write, NULL for nothing; after reading it
     * points into the bytes that were read. */
    const uint8_t *summons;
    uint32_t summons_size;
};

/* What wakes a device between its polls (SPEC 19.3): for its agent, the processor skips it. */
struct pawl_summons {
    uint32_t window;  /* seconds over which woken devices spread their polls */
    uint64_t counter; /* notifications up to this one are no news to the directive's reader */
    uint32_t topic_count;
    uint8_t topics[PAWL_TOPICS_MAX][PAWL_TOPIC_SIZE];
};

#define PAWL_SUMMONS_SIZE_MAX (15u + PAWL_TOPICS_MAX * (PAWL_TOPIC_SIZE + 1u))

/* A COSE_Mac0 taken apart: pointers into the caller's bytes. `device_id` is set for a report only.
 */
struct pawl_mac0 {
    uint8_t device_id[PAWL_ID_SIZE];
    const uint8_t *payload;
    size_t payload_size;
    const uint8_t *mac; /* 32 bytes */
};

/* Reading has three steps, so that a server can look the device up in between: take apart
 * (PAWL_MALFORMED, PAWL_UNSUPPORTED), verify the MAC under auth_key (PAWL_UNTRUSTED), decode
 * (PAWL_MALFORMED, PAWL_UNSUPPORTED). */
enum pawl_result pawl_report_split(const uint8_t *bytes, size_t size, struct pawl_mac0 *out);
enum pawl_result pawl_report_verify(const struct pawl_mac0 *mac0,
                                    const uint8_t auth_key[PAWL_KEY_SIZE]);
enum pawl_result pawl_report_decode(const struct pawl_mac0 *mac0, struct pawl_report *report);

/* Encodes and MACs. PAWL_EXHAUSTED when `capacity` is less than needed; PAWL_REPORT_SIZE_MAX and
 * PAWL_DIRECTIVE_SIZE_MAX always suffice. */
enum pawl_result pawl_report_write(const struct pawl_report *report,
                                   const uint8_t device_id[PAWL_ID_SIZE],
                                   const uint8_t auth_key[PAWL_KEY_SIZE], uint8_t *bytes,
                                   size_t capacity, size_t *size);
enum pawl_result pawl_directive_write(const struct pawl_directive *directive,
                                      const uint8_t auth_key[PAWL_KEY_SIZE], uint8_t *bytes,
                                      size_t capacity, size_t *size);

/* Reads a directive that answers the report with `nonce`: PAWL_MALFORMED, PAWL_UNSUPPORTED,
 * PAWL_UNTRUSTED (bad MAC, or made for another report). After an error `directive` holds zeros. */
enum pawl_result pawl_directive_read(const uint8_t *bytes, size_t size,
                                     const uint8_t auth_key[PAWL_KEY_SIZE],
                                     const uint8_t nonce[PAWL_NONCE_SIZE],
                                     struct pawl_directive *directive);

/* Encodes the value of a directive's key 131, and decodes it. PAWL_MALFORMED. */
enum pawl_result pawl_summons_write(const struct pawl_summons *summons,
                                    uint8_t bytes[PAWL_SUMMONS_SIZE_MAX], size_t *size);
enum pawl_result pawl_summons_read(const uint8_t *bytes, size_t size, struct pawl_summons *summons);

/* Decodes a directive without its key, for a person to look at: nothing in it may be acted on.
 * PAWL_MALFORMED, PAWL_UNSUPPORTED. */
enum pawl_result pawl_directive_decode(const uint8_t *bytes, size_t size,
                                       struct pawl_directive *directive);

#endif
