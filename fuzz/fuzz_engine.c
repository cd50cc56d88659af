/*
 * I1 to I4, I9; SPEC 13, 14: a device in memory, in any state, driven over its link by whatever a
 * story says: frames, noise, directives of the real server and of none, package bytes whole or
 * damaged, events, reboots, power cuts and faults, and somebody who writes to flash. Whatever
 * happens, what runs is what was committed or is on trial, with the floor and the mask that belong
 * to it, as a witness knows it; and in the end the device still takes an honest download.
 */
#include <string.h>

#include "engine_world.h"
#include "pawl/link.h"

#define PAYLOAD_MAX 1400u

static const struct pawl_test_package *package_of(uint8_t argument)
{
    return &issues[argument % PACKAGE_COUNT].package;
}

static void answer_check(const uint8_t *answer, size_t size, const struct pawl_link_frame *request)
{
    struct pawl_link_frame frame;
    enum pawl_state state;
    const uint8_t *body;
    uint32_t body_size;
    size_t used = 0;

    FUZZ_EXPECT(pawl_link_frame_read(answer, size, PAWL_LINK_PAYLOAD_MIN, &frame, &used) ==
                PAWL_OK);
    FUZZ_EXPECT(used == size && frame.id == request->id);
    FUZZ_EXPECT(frame.type == (request->type | PAWL_LINK_ANSWER));
    FUZZ_EXPECT(frame.size >= 2 && frame.payload[0] < PAWL_RESULT_COUNT);
    (void)pawl_link_answer_read(&frame, &state, &body, &body_size);
    FUZZ_EXPECT(state <= PAWL_STATE_UPDATED && state == pawl_test_device_state(&device));
}

/* Gives the class of the answer; its body, if wished, in `body` of PAWL_LINK_PAYLOAD_MIN bytes. */
static enum pawl_result request_serve(const struct pawl_link_frame *request, uint8_t *body)
{
    uint8_t answer[PAWL_LINK_OVERHEAD + PAWL_LINK_PAYLOAD_MIN];
    size_t size = 0;

    FUZZ_EXPECT(pawl_link_serve(device.engine, &device.pud, PAYLOAD_MAX, request, answer,
                                sizeof answer, &size) == PAWL_OK);
    answer_check(answer, size, request);
    if (body != NULL)
        memcpy(body, answer + PAWL_LINK_HEADER_SIZE + 2, size - PAWL_LINK_OVERHEAD - 2);
    return (enum pawl_result)answer[PAWL_LINK_HEADER_SIZE];
}

/* Received bytes as a receiver goes through them. */
static void bytes_receive(const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        struct pawl_link_frame frame;
        size_t used = 0;
        enum pawl_result result = pawl_link_frame_read(bytes, size, PAYLOAD_MAX, &frame, &used);
        FUZZ_EXPECT(used <= size && (used > 0) == (result != PAWL_EXHAUSTED));
        if (result == PAWL_EXHAUSTED)
            break;
        if (result == PAWL_OK)
            (void)request_serve(&frame, NULL);
        bytes += used;
        size -= used;
    }
}

static void request(enum pawl_link_type type, const uint8_t *payload, size_t size)
{
    const struct pawl_link_frame frame = {
        .type = (uint8_t)type, .id = 3, .payload = payload, .size = (uint32_t)size};

    (void)request_serve(&frame, NULL);
}

static void frame_act(const struct story_part *part)
{
    uint8_t bytes[PAWL_LINK_OVERHEAD + 255];
    size_t size = 0;

    FUZZ_EXPECT(pawl_link_frame_write(part->arguments[0], part->arguments[1], part->bytes,
                                      (uint32_t)part->size, bytes, sizeof bytes, &size) == PAWL_OK);
    bytes_receive(bytes, size);
}

static void noise_act(const struct story_part *part)
{
    bytes_receive(part->bytes, part->size);
}

/* Sends a directive with a right MAC, for the newest report unless `tricks` say otherwise. */
static void directive_send(const struct pawl_directive *directive, uint8_t tricks)
{
    uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX], auth_key[PAWL_KEY_SIZE];
    size_t size = 0;

    pawl_auth_key_make(device.pud.unit_secret, auth_key);
    if (pawl_directive_write(directive, auth_key, bytes, sizeof bytes, &size) != PAWL_OK)
        return;
    if (tricks & 1)
        bytes[(tricks >> 2) * 7u % size] ^= 1;
    if (tricks & 2) /* twice */
        request(PAWL_LINK_DIRECTIVE, bytes, size);
    request(PAWL_LINK_DIRECTIVE, bytes, size);
}

static void offer_act(const struct story_part *part)
{
    const uint8_t *arguments = part->arguments;
    uint8_t tricks = arguments[3];
    uint64_t sequence = device.ram.counter + arguments[1] % 4 - (arguments[1] % 4 == 3 ? 4 : 0);
    struct pawl_directive directive;
    struct pawl_pud pud = device.pud;

    if (!(tricks & 64) && pawl_test_device_report(&device) != PAWL_OK)
        return;
    device.diagnostic = arguments[2] % 4 == 1 ? DIAGNOSTIC : 0;
    pawl_test_directive_fill(&device, package_of(arguments[0]), sequence, &directive);
    if (tricks & 32) { /* what another unit is entitled to */
        pawl_test_pud_make(2, &pud);
        pawl_test_entitle(&pud, sequence, package_of(arguments[0]), directive.entitlement);
    }
    directive.package_size += tricks & 128 ? 1 : 0;
    directive_send(&directive, tricks & 31);
}

static void tell_act(const struct story_part *part)
{
    static const enum pawl_action actions[] = {PAWL_ACTION_IDLE, PAWL_ACTION_HOLD,
                                               PAWL_ACTION_REPEAT};
    struct pawl_directive directive;

    if (pawl_test_device_report(&device) != PAWL_OK)
        return;
    pawl_test_directive_fill(&device, NULL, 0, &directive);
    directive.action = actions[part->arguments[0] % 3];
    directive.command = part->arguments[1] % 4;
    directive.diagnostic = false;
    directive_send(&directive, part->arguments[2]);
}

/* Package bytes from where the engine wants them, or not; one of them flipped if so wished. */
static void bring_act(const struct story_part *part)
{
    const struct pawl_test_package *package = package_of(part->arguments[0]);
    uint8_t payload[8 + PAYLOAD_MAX];
    size_t left = (size_t)part->arguments[1] * 64;
    struct pawl_processor_status status;

    while (left > 0) {
        pawl_processor_status_get(device.engine, &status);
        uint64_t offset = status.offset + part->arguments[2] * 3u;
        if (offset >= package->size)
            return;
        size_t size = (size_t)(package->size - offset);
        size = size < left ? size : left;
        size = size < PAYLOAD_MAX - 8 ? size : PAYLOAD_MAX - 8;
        for (unsigned i = 0; i < 8; i++)
            payload[i] = (uint8_t)(offset >> (56 - 8 * i));
        memcpy(payload + 8, package->bytes + offset, size);
        if (part->arguments[3] != 0)
            payload[8 + part->arguments[3] * 37u % size] ^= 1;
        request(PAWL_LINK_WRITE, payload, 8 + size);
        left -= size;
        struct pawl_processor_status after;
        pawl_processor_status_get(device.engine, &after);
        if (after.offset == status.offset || after.state != PAWL_STATE_WRITING)
            return;
    }
}

static void install_act(const struct story_part *part)
{
    (void)part;
    request(PAWL_LINK_INSTALL, NULL, 0);
}

static void ran_act(const struct story_part *part)
{
    (void)pawl_processor_ran(device.engine, (enum pawl_run_event)(part->arguments[0] % 6));
}

static void cancel_act(const struct story_part *part)
{
    (void)part;
    request(PAWL_LINK_CANCEL, NULL, 0);
}

static void cut_act(const struct story_part *part)
{
    device.ram.cut_at = device.ram.operations + part->arguments[0] % 32 + 1;
    device.ram.tear = part->arguments[1];
    device.ram.cut_after = part->arguments[2] & 1;
}

static void fault_act(const struct story_part *part)
{
    if (part->arguments[0] & 1)
        device.ram.change_fails_at = device.ram.operations + part->arguments[1] % 32 + 1;
    else
        device.ram.read_fails_at = device.ram.reads + part->arguments[1] % 64 + 1;
    device.ram.tear = part->arguments[2];
    device.ram.cut_after = part->arguments[3] % 4 == 1;
    device.ram.change_lies = part->arguments[3] % 4 == 2;
}

static void flip_act(const struct story_part *part)
{
    uint64_t at = (uint64_t)part->arguments[0] << 8 | part->arguments[1];

    device.ram.flash[at % device.ram.flash_size] ^= (uint8_t)(1u << part->arguments[2] % 8);
}

/* All of flash as it was, or an area of it: in its own place or in the other slot's. */
static void restore_act(const struct story_part *part)
{
    const struct pawl_flash *flash = &device.ram.port.flash;
    unsigned from = part->arguments[1] & 1, to = from ^ (part->arguments[2] & 1);
    const struct pawl_area *source = &flash->records[from], *target = &flash->records[to];
    uint64_t half = source->size / 2, shift = part->arguments[3] & 1 ? half : 0;

    switch (part->arguments[0] % 3) {
    case 0:
        memcpy(device.ram.flash, kept.flash, device.ram.flash_size);
        break;
    case 1:
        source = &flash->slots[from];
        target = &flash->slots[to];
        memcpy(device.ram.flash + target->offset, kept.flash + source->offset, source->size);
        break;
    default:
        memcpy(device.ram.flash + target->offset + shift, kept.flash + source->offset + shift,
               half);
    }
}

/* SPEC 20.5: a grant for this device, or for what it was or will be, opens only for what it is. */
static void content_act(const struct story_part *part)
{
    const struct pawl_test_package *package = package_of(part->arguments[0]);
    uint64_t sequence = device.ram.counter - part->arguments[1] % 3;
    uint8_t damage = part->arguments[2], body[PAWL_LINK_PAYLOAD_MIN];
    const uint8_t key[PAWL_CONTENT_KEY_SIZE] = {1, 2, 3};
    struct pawl_grant grant = {.salt = {damage}};
    struct pawl_link_frame frame = {.type = PAWL_LINK_CONTENT_KEY, .id = 1};

    FUZZ_EXPECT(pawl_grant_wrap(device.pud.unit_secret, sequence, package->package_id, key,
                                &grant) == PAWL_OK);
    grant.wrapped[damage % sizeof grant.wrapped] ^= damage & 1;
    frame.payload = grant.salt;
    frame.size = sizeof grant.salt + sizeof grant.wrapped;
    if (request_serve(&frame, body) != PAWL_OK)
        return;
    const struct pawl_test_issue *issue = witness.commits[device.ram.counter].issue;
    FUZZ_EXPECT(!(damage & 1) && sequence == device.ram.counter);
    FUZZ_EXPECT(issue != NULL && package == &issue->package);
    FUZZ_EXPECT(memcmp(body, key, sizeof key) == 0);
}

static void want_act(const struct story_part *part)
{
    static const uint8_t ids[5 * PAWL_CONTENT_KEY_ID_SIZE];

    request(PAWL_LINK_REPORT, ids, (size_t)(part->arguments[0] % 6) * PAWL_CONTENT_KEY_ID_SIZE);
}

static void (*const acts[STORY_ACT_COUNT])(const struct story_part *part) = {
    [STORY_FRAME] = frame_act, [STORY_NOISE] = noise_act,     [STORY_OFFER] = offer_act,
    [STORY_TELL] = tell_act,   [STORY_BRING] = bring_act,     [STORY_INSTALL] = install_act,
    [STORY_RAN] = ran_act,     [STORY_CANCEL] = cancel_act,   [STORY_REBOOT] = reboot_act,
    [STORY_CUT] = cut_act,     [STORY_FAULT] = fault_act,     [STORY_FLIP] = flip_act,
    [STORY_KEEP] = keep_act,   [STORY_RESTORE] = restore_act, [STORY_CONTENT] = content_act,
    [STORY_WANT] = want_act,
};

int LLVMFuzzerTestOneInput(const uint8_t *story, size_t size)
{
    struct story_part part;

    world_begin(size > 0 ? story[0] : 0);
    for (size_t at = size > 0 ? 1 : 0; witness.commits[PAWL_TEST_COMMITS_MAX - 4].issue == NULL &&
                                       story_take(story + at, size - at, &part);
         at += part.whole) {
        /* Flash that somebody wrote to obeys no contract. */
        if (part.act == STORY_RESTORE || part.act == STORY_FLIP)
            memset(device.ram.written, 0, device.ram.flash_size / device.ram.port.flash.write_size);
        world_act(acts[part.act], &part);
    }
    world_end();
    return 0;
}
