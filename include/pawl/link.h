/*
 * The link protocol between agent and secure processor (SPEC 14), the same over a pipe, a socket, a
 * serial line or raw Ethernet.
 *
 * Frame: "PL" | type u8 | id u8 | u32be payload length | payload | u32be CRC-32 (IEEE 802.3) over
 * all before it. The agent sends requests, the processor answers each with one frame of the same id
 * and type | 0x80. Integers in payloads are big-endian. A frame that is damaged is dropped; the
 * agent asks again, which is harmless for every request.
 *
 * Every answer's payload begins with u8 result class, u8 state (enum pawl_state); after an error
 * nothing follows, but for WRITE. Request payload, then what follows class and state in the answer:
 *
 * HELLO 1      -
 *              u8 version (1), u32 largest payload it takes, device_id (16), u64 sequence
 * REPORT 2     - or up to four content key ids (16 each) that are wanted
 *              the report (COSE_Mac0)
 * DIRECTIVE 3  the directive (COSE_Mac0)
 *              u8 action, u32 poll_after, u8 flags (1 fetch, 2 install, 4 command),
 *              package_id (32), u64 package_size, u64 offset; then with flag 4 u64 number and
 *              message (the rest), else url (the rest)
 * WRITE 4      u64 offset, package bytes
 *              u64 next offset (also after an error)
 * INSTALL 5    -
 *              -
 * STATUS 6     -
 *              u8 flags (1 has_package, 2 running, 4 has_failure), u64 sequence, package_id (32),
 *              failed_package_id (32), u64 failure, u64 offset, u64 package_size
 * CANCEL 7     -
 *              -
 * TAKEN 8      u64 number of the command that was carried out
 *              -
 * PROVISION 9  the PUD, in the factory; only a device that has none takes it
 *              -
 * CONTENT_KEY 10   salt (16), wrapped key (24)
 *              the key (16)
 */
#ifndef PAWL_LINK_H
#define PAWL_LINK_H

#include <stddef.h>
#include <stdint.h>

#include "pawl/processor.h"
#include "pawl/result.h"

#define PAWL_LINK_VERSION 1u
#define PAWL_LINK_HEADER_SIZE 8u
#define PAWL_LINK_OVERHEAD 12u         /* header and CRC */
#define PAWL_LINK_PAYLOAD_MIN 1400u    /* every processor takes at least this much */
#define PAWL_LINK_PAYLOAD_MAX 1048600u /* no frame is longer */
#define PAWL_LINK_ANSWER 0x80u

enum pawl_link_type {
    PAWL_LINK_HELLO = 1,
    PAWL_LINK_REPORT = 2,
    PAWL_LINK_DIRECTIVE = 3,
    PAWL_LINK_WRITE = 4,
    PAWL_LINK_INSTALL = 5,
    PAWL_LINK_STATUS = 6,
    PAWL_LINK_CANCEL = 7,
    PAWL_LINK_TAKEN = 8,
    PAWL_LINK_PROVISION = 9,
    PAWL_LINK_CONTENT_KEY = 10
};

/* Flags in DIRECTIVE's answer and in STATUS's. */
enum pawl_link_work_flag {
    PAWL_LINK_WORK_FETCH = 1,
    PAWL_LINK_WORK_INSTALL = 2,
    PAWL_LINK_WORK_COMMAND = 4
};
enum pawl_link_status_flag {
    PAWL_LINK_STATUS_PACKAGE = 1,
    PAWL_LINK_STATUS_RUNNING = 2,
    PAWL_LINK_STATUS_FAILURE = 4
};

/* A frame taken apart; the payload points into the receiver's buffer. */
struct pawl_link_frame {
    uint8_t type;
    uint8_t id;
    const uint8_t *payload;
    uint32_t size;
};

/* Puts a frame together; `payload` may already lie at bytes + PAWL_LINK_HEADER_SIZE.
 * PAWL_EXHAUSTED. */
enum pawl_result pawl_link_frame_write(uint8_t type, uint8_t id, const uint8_t *payload,
                                       uint32_t size, uint8_t *bytes, size_t capacity,
                                       size_t *written);

/* Looks for one frame at the start of `size` received bytes. PAWL_OK: `frame` is set and `used`
 * bytes belong to it. PAWL_EXHAUSTED: more bytes are needed (`used` is 0). PAWL_MALFORMED or
 * PAWL_CORRUPT: not a frame; drop `used` bytes (at least 1) and look again. A length above
 * `payload_max` is malformed. */
enum pawl_result pawl_link_frame_read(const uint8_t *bytes, size_t size, uint32_t payload_max,
                                      struct pawl_link_frame *frame, size_t *used);

/* Agent side: decodes answers. PAWL_MALFORMED for a wrong length; otherwise the answer's own result
 * class. `state` is set whenever the answer has one. */
struct pawl_link_hello {
    uint8_t version;
    uint32_t payload_max;
    uint8_t device_id[PAWL_ID_SIZE];
    uint64_t sequence;
};
enum pawl_result pawl_link_hello_read(const struct pawl_link_frame *answer, enum pawl_state *state,
                                      struct pawl_link_hello *hello);
enum pawl_result pawl_link_work_read(const struct pawl_link_frame *answer, enum pawl_state *state,
                                     struct pawl_work *work);
enum pawl_result pawl_link_write_read(const struct pawl_link_frame *answer, enum pawl_state *state,
                                      uint64_t *next);
enum pawl_result pawl_link_status_read(const struct pawl_link_frame *answer,
                                       struct pawl_processor_status *status);
/* REPORT's answer (`body` points at the report), CONTENT_KEY's (at the key), and INSTALL's,
 * CANCEL's and TAKEN's (empty body). */
enum pawl_result pawl_link_answer_read(const struct pawl_link_frame *answer, enum pawl_state *state,
                                       const uint8_t **body, uint32_t *size);

/* Processor side: carries out one request and writes the whole answer frame (in src/processor). An
 * unknown type is answered PAWL_UNSUPPORTED. `payload_max` is what HELLO tells. `answer` needs room
 * for PAWL_LINK_OVERHEAD + PAWL_LINK_PAYLOAD_MIN bytes. */
enum pawl_result pawl_link_serve(struct pawl_processor *processor, const struct pawl_pud *pud,
                                 uint32_t payload_max, const struct pawl_link_frame *request,
                                 uint8_t *answer, size_t capacity, size_t *size);

#endif
