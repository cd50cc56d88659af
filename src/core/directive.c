#include <string.h>

#include "core/cbor.h"
#include "core/mac0.h"
#include "core/map.h"
#include "pawl/secret.h"

#define CBOR_TRUE 21u

/* Places in directive_fields: those that come with PAWL_ACTION_DOWNLOAD alone. */
#define PACKAGE_FIELD 5u
#define URL_FIELD 6u
#define SIZE_FIELD 7u
#define ENTITLEMENT_FIELD 8u
#define DOWNLOAD_REQUIRED (1u << PACKAGE_FIELD | 1u << URL_FIELD | 1u << SIZE_FIELD)
/* Extensions (SPEC 19). */
#define COMMAND_FIELD 9u
#define DIAGNOSTIC_FIELD 10u
#define MESSAGE_FIELD 11u
#define SUMMONS_FIELD 12u
#define DOWNLOAD_ALL (DOWNLOAD_REQUIRED | 1u << ENTITLEMENT_FIELD | 1u << DIAGNOSTIC_FIELD)

/* A device keeps no time beyond the cap, so a longer one is cut here (SPEC 10). */
static void poll_after_read(struct pawl_reader *reader, void *target)
{
    struct pawl_directive *directive = target;
    uint64_t seconds = pawl_cbor_uint_read(reader);

    directive->poll_after = seconds < PAWL_POLL_AFTER_MAX ? (uint32_t)seconds : PAWL_POLL_AFTER_MAX;
}

static void poll_after_write(struct pawl_writer *writer, const void *target)
{
    const struct pawl_directive *directive = target;

    pawl_cbor_head_write(writer, PAWL_CBOR_UINT, directive->poll_after);
}

static void challenge_read(struct pawl_reader *reader, void *target)
{
    struct pawl_directive *directive = target;

    pawl_challenge_read(reader, directive->challenge, &directive->challenge_size);
}

static void challenge_write(struct pawl_writer *writer, const void *target)
{
    const struct pawl_directive *directive = target;

    pawl_challenge_write(writer, directive->challenge, directive->challenge_size);
}

static void url_read(struct pawl_reader *reader, void *target)
{
    struct pawl_directive *directive = target;
    struct pawl_text url = pawl_cbor_text_read(reader);

    if (url.size > sizeof directive->url)
        pawl_reader_fail(reader, PAWL_MALFORMED);
    if (reader->error != PAWL_OK)
        return;
    memcpy(directive->url, url.bytes, url.size);
    directive->url_size = url.size;
}

static void url_write(struct pawl_writer *writer, const void *target)
{
    const struct pawl_directive *directive = target;

    if (directive->url_size > sizeof directive->url)
        pawl_writer_fail(writer, PAWL_MALFORMED);
    else
        pawl_cbor_text_write(writer, (struct pawl_text){directive->url, directive->url_size});
}

/* true, the only value that is written. */
static void diagnostic_read(struct pawl_reader *reader, void *target)
{
    struct pawl_directive *directive = target;
    struct pawl_cbor_head head = pawl_cbor_head_read(reader);

    if (head.major != PAWL_CBOR_SIMPLE || head.info != CBOR_TRUE)
        pawl_reader_fail(reader, PAWL_MALFORMED);
    directive->diagnostic = true;
}

static void diagnostic_write(struct pawl_writer *writer, const void *target)
{
    (void)target;
    pawl_cbor_head_write(writer, PAWL_CBOR_SIMPLE, CBOR_TRUE);
}

static void message_read(struct pawl_reader *reader, void *target)
{
    struct pawl_directive *directive = target;
    struct pawl_text text = pawl_cbor_text_read(reader);

    if (text.size == 0 || text.size > sizeof directive->message)
        pawl_reader_fail(reader, PAWL_MALFORMED);
    if (reader->error != PAWL_OK)
        return;
    memcpy(directive->message, text.bytes, text.size);
    directive->message_size = text.size;
}

static void message_write(struct pawl_writer *writer, const void *target)
{
    const struct pawl_directive *directive = target;

    if (directive->message_size > sizeof directive->message)
        pawl_writer_fail(writer, PAWL_MALFORMED);
    else
        pawl_cbor_text_write(writer,
                             (struct pawl_text){directive->message, directive->message_size});
}

/* A device only relays it: what it says is of use to nobody but the agent. */
static void summons_read(struct pawl_reader *reader, void *target)
{
    struct pawl_directive *directive = target;

    directive->summons = reader->next;
    pawl_cbor_item_skip(reader);
    directive->summons_size = (uint32_t)(reader->next - directive->summons);
}

static void summons_write(struct pawl_writer *writer, const void *target)
{
    const struct pawl_directive *directive = target;

    pawl_writer_put(writer, directive->summons, directive->summons_size);
}

enum { POLL_AFTER, CHALLENGE, URL, DIAGNOSTIC, MESSAGE, SUMMONS }; /* others */
static const pawl_field_reader readers[] = {
    [POLL_AFTER] = poll_after_read, [CHALLENGE] = challenge_read, [URL] = url_read,
    [DIAGNOSTIC] = diagnostic_read, [MESSAGE] = message_read,     [SUMMONS] = summons_read,
};
static const pawl_field_writer writers[] = {
    [POLL_AFTER] = poll_after_write, [CHALLENGE] = challenge_write, [URL] = url_write,
    [DIAGNOSTIC] = diagnostic_write, [MESSAGE] = message_write,     [SUMMONS] = summons_write,
};

static const struct pawl_field directive_fields[] = {
    {.key = 0, .type = PAWL_FIELD_FIXED, .fixed = 1},
    {.key = 1, .type = PAWL_FIELD_BYTES, PAWL_FIELD_MEMBER(struct pawl_directive, nonce)},
    {.key = 2,
     .type = PAWL_FIELD_CODE,
     PAWL_FIELD_MEMBER(struct pawl_directive, action),
     .most = PAWL_ACTION_REPEAT},
    {.key = 3, .type = PAWL_FIELD_OTHER, .other = POLL_AFTER},
    {.key = 4, .type = PAWL_FIELD_OTHER, .other = CHALLENGE},
    [PACKAGE_FIELD] = {.key = 5,
                       .type = PAWL_FIELD_BYTES | PAWL_FIELD_OPTIONAL,
                       PAWL_FIELD_MEMBER(struct pawl_directive, package_id)},
    [URL_FIELD] = {.key = 6, .type = PAWL_FIELD_OTHER | PAWL_FIELD_OPTIONAL, .other = URL},
    [SIZE_FIELD] = {.key = 7,
                    .type = PAWL_FIELD_UINT | PAWL_FIELD_OPTIONAL,
                    PAWL_FIELD_MEMBER(struct pawl_directive, package_size),
                    .bits = 64},
    [ENTITLEMENT_FIELD] = {.key = 8,
                           .type = PAWL_FIELD_BYTES | PAWL_FIELD_OPTIONAL,
                           PAWL_FIELD_MEMBER(struct pawl_directive, entitlement)},
    [COMMAND_FIELD] = {.key = 128,
                       .type = PAWL_FIELD_UINT | PAWL_FIELD_OPTIONAL,
                       PAWL_FIELD_MEMBER(struct pawl_directive, command),
                       .least = 1,
                       .bits = PAWL_COMMAND_BITS},
    [DIAGNOSTIC_FIELD] = {.key = 129,
                          .type = PAWL_FIELD_OTHER | PAWL_FIELD_OPTIONAL,
                          .other = DIAGNOSTIC},
    [MESSAGE_FIELD] = {.key = 130,
                       .type = PAWL_FIELD_OTHER | PAWL_FIELD_OPTIONAL,
                       .other = MESSAGE},
    [SUMMONS_FIELD] = {.key = 131,
                       .type = PAWL_FIELD_OTHER | PAWL_FIELD_OPTIONAL,
                       .other = SUMMONS},
};
static const struct pawl_map directive_map = PAWL_MAP(directive_fields, true);

/* With a download the only command is to run it once; a message comes with its command's number. */
static bool fields_fit(enum pawl_action action, uint32_t present)
{
    bool command = present >> COMMAND_FIELD & 1, diagnostic = present >> DIAGNOSTIC_FIELD & 1;
    bool message = present >> MESSAGE_FIELD & 1;

    if (action == PAWL_ACTION_DOWNLOAD)
        return (present & DOWNLOAD_REQUIRED) == DOWNLOAD_REQUIRED && command == diagnostic &&
               !message;
    return (present & DOWNLOAD_ALL) == 0 && (command || !message);
}

enum pawl_result pawl_directive_write(const struct pawl_directive *directive,
                                      const uint8_t auth_key[PAWL_KEY_SIZE], uint8_t *bytes,
                                      size_t capacity, size_t *size)
{
    uint8_t payload[PAWL_DIRECTIVE_SIZE_MAX];
    struct pawl_writer writer;
    uint32_t present = 0;

    if (directive->action == PAWL_ACTION_DOWNLOAD)
        present = DOWNLOAD_REQUIRED | (uint32_t)directive->has_entitlement << ENTITLEMENT_FIELD |
                  (uint32_t)directive->diagnostic << DIAGNOSTIC_FIELD;
    present |= (uint32_t)(directive->command != 0) << COMMAND_FIELD |
               (uint32_t)(directive->message_size != 0) << MESSAGE_FIELD |
               (uint32_t)(directive->summons != NULL) << SUMMONS_FIELD;
    pawl_writer_init(&writer, payload, sizeof payload);
    pawl_map_write(&writer, &directive_map, writers, directive, present);
    return pawl_mac0_write(&pawl_cose_directive, &writer, NULL, auth_key, bytes, capacity, size);
}

static enum pawl_result payload_decode(const struct pawl_cose *cose,
                                       struct pawl_directive *directive)
{
    uint32_t present = 0;

    memset(directive, 0, sizeof *directive);
    enum pawl_result result = pawl_map_decode(cose->payload, cose->payload_size, &directive_map,
                                              readers, directive, &present);
    if (result == PAWL_OK && !fields_fit(directive->action, present))
        result = PAWL_MALFORMED;
    directive->has_entitlement = present >> ENTITLEMENT_FIELD & 1;
    return result;
}

enum pawl_result pawl_directive_decode(const uint8_t *bytes, size_t size,
                                       struct pawl_directive *directive)
{
    struct pawl_cose cose;

    enum pawl_result result = pawl_cose_read(&pawl_cose_directive, bytes, size, &cose);
    return result == PAWL_OK ? payload_decode(&cose, directive) : result;
}

enum pawl_result pawl_directive_read(const uint8_t *bytes, size_t size,
                                     const uint8_t auth_key[PAWL_KEY_SIZE],
                                     const uint8_t nonce[PAWL_NONCE_SIZE],
                                     struct pawl_directive *directive)
{
    struct pawl_cose cose;

    enum pawl_result result = pawl_cose_read(&pawl_cose_directive, bytes, size, &cose);
    if (result == PAWL_OK)
        result = pawl_mac0_verify(&pawl_cose_directive, auth_key, cose.payload, cose.payload_size,
                                  cose.proof);
    if (result == PAWL_OK)
        result = payload_decode(&cose, directive);
    if (result == PAWL_OK && !pawl_equal(directive->nonce, nonce, PAWL_NONCE_SIZE))
        result = PAWL_UNTRUSTED; /* authentic, but an answer to another report */
    if (result != PAWL_OK)
        memset(directive, 0, sizeof *directive);
    return result;
}
