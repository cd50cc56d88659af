/*
 * The agent's end of the link (SPEC 14): requests to the secure processor and its answers.
 *
 * A function's own result tells whether an answer came: PAWL_OK, or the link is of no more use
 * (PAWL_IO, PAWL_MALFORMED, PAWL_UNSUPPORTED) and `problem` says why; close it then. What the
 * processor said is in the answer.
 */
#ifndef PAWL_AGENT_LINK_CLIENT_H
#define PAWL_AGENT_LINK_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/transport.h"
#include "agent/wake.h"
#include "pawl/link.h"

struct pawl_link_answer {
    enum pawl_result result; /* the processor's verdict */
    enum pawl_state state;   /* its state after the request */
};

struct pawl_link_client {
    struct pawl_channel channel;
    struct pawl_wake *wake;
    struct pawl_link_hello hello; /* what the processor said of itself */
    uint8_t *frame;               /* the request under way: room for the largest */
    uint8_t id;                   /* of the last request */
    bool was_reached;             /* something listens there */
    bool write_pending;           /* a WRITE was sent whose answer has not been taken */
    /* On a line that loses frames: the last request, to be sent again. */
    uint8_t sent[PAWL_LINK_OVERHEAD + PAWL_LINK_PAYLOAD_MIN];
    size_t sent_size;
    uint8_t received[PAWL_LINK_OVERHEAD + PAWL_LINK_PAYLOAD_MIN];
    size_t received_size;
    size_t used; /* bytes of `received` that belong to the last answer */
    char problem[160];
};

/* Connects and says hello. The client is closed when this fails. */
enum pawl_result pawl_link_client_open(struct pawl_link_client *client, struct pawl_wake *wake,
                                       const char *spec);

/* Gives a device its unit data, `size` encoded bytes, in the factory (SPEC 14.8). The link is used
 * for this alone; it is open afterwards when the result is PAWL_OK. */
enum pawl_result pawl_link_client_provision(struct pawl_link_client *client, struct pawl_wake *wake,
                                            const char *spec, const uint8_t *pud, size_t size,
                                            struct pawl_link_answer *answer);
void pawl_link_client_close(struct pawl_link_client *client);
bool pawl_link_client_is_open(const struct pawl_link_client *client);

/* `wanted` is `wanted_count` ids of content keys to ask for (SPEC 20.3), one after another. */
enum pawl_result pawl_link_client_report(struct pawl_link_client *client, const uint8_t *wanted,
                                         uint32_t wanted_count, struct pawl_link_answer *answer,
                                         uint8_t report[PAWL_REPORT_SIZE_MAX], size_t *size);
enum pawl_result pawl_link_client_direct(struct pawl_link_client *client, const uint8_t *directive,
                                         size_t size, struct pawl_link_answer *answer,
                                         struct pawl_work *work);
/* Tells that the command of the last directive was carried out. */
enum pawl_result pawl_link_client_taken(struct pawl_link_client *client, uint64_t command,
                                        struct pawl_link_answer *answer);
enum pawl_result pawl_link_client_install(struct pawl_link_client *client,
                                          struct pawl_link_answer *answer);
enum pawl_result pawl_link_client_status(struct pawl_link_client *client,
                                         struct pawl_link_answer *answer,
                                         struct pawl_processor_status *status);

/* Opens a grant; `key` is set when the processor's verdict is PAWL_OK. Wipe it. */
enum pawl_result pawl_link_client_content_key(struct pawl_link_client *client,
                                              const struct pawl_grant *grant,
                                              struct pawl_link_answer *answer,
                                              uint8_t key[PAWL_CONTENT_KEY_SIZE]);

/* Where to put package bytes for the next WRITE, and how many it takes. The place is free again
 * when the WRITE was sent. */
uint8_t *pawl_link_client_write_area(struct pawl_link_client *client, size_t *capacity);

/* Sends `size` bytes of the write area as the package's bytes from `offset` on. Its answer is taken
 * later, so that the agent fetches meanwhile; another request instead gives it up. */
enum pawl_result pawl_link_client_write_send(struct pawl_link_client *client, uint64_t offset,
                                             size_t size);
enum pawl_result pawl_link_client_write_finish(struct pawl_link_client *client,
                                               struct pawl_link_answer *answer, uint64_t *next);

#endif
