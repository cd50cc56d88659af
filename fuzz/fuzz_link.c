/* SPEC 13, 14: a device in memory, driven over its link by whatever the input says: frames, noise,
 * directives of the real server, package bytes whole or damaged, events, reboots, power cuts, and
 * somebody who writes to flash. Whatever happens, what runs is what was committed or is in trial.
 */
#include <string.h>

#include "fuzz.h"
#include "pawl/link.h"
#include "sim/device.h"

#define PAYLOAD_MAX 1400u

enum {
    RUNS_ON_IT, /* the two packages that the device may run */
    RUNS_ON_IT_TOO,
    DIRECT,     /* sealed for its first download */
    BAD_SIGNER, /* and those that it must not */
    BAD_CLASS,
    BAD_IMAGE,
    PACKAGE_COUNT
};

static struct pawl_test_package packages[PACKAGE_COUNT];
static struct pawl_test_device device;
static const struct pawl_test_package *committed; /* what the counter stands for */

/* What is left of the input. */
struct input {
    const uint8_t *next;
    size_t left;
};

static uint8_t byte_take(struct input *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->next++;
}

static const uint8_t *bytes_take(struct input *input, size_t *size)
{
    const uint8_t *bytes = input->next;

    *size = *size < input->left ? *size : input->left;
    input->next += *size;
    input->left -= *size;
    return bytes;
}

static const struct pawl_test_package *package_take(struct input *input)
{
    return &packages[byte_take(input) % PACKAGE_COUNT];
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
    FUZZ_EXPECT(frame.size >= 2 && frame.payload[0] < PAWL_RESULT_COUNT);
    (void)pawl_link_answer_read(&frame, &state, &body, &body_size);
    FUZZ_EXPECT(state <= PAWL_STATE_UPDATED);
}

static void request_serve(const struct pawl_link_frame *request)
{
    uint8_t answer[PAWL_LINK_OVERHEAD + PAWL_LINK_PAYLOAD_MIN];
    size_t size = 0;

    FUZZ_EXPECT(pawl_link_serve(device.engine, &device.pud, PAYLOAD_MAX, request, answer,
                                sizeof answer, &size) == PAWL_OK);
    answer_check(answer, size, request);
}

/* Received bytes as a receiver goes through them. */
static void noise(struct input *input)
{
    size_t size = (size_t)byte_take(input) * 4;
    const uint8_t *bytes = bytes_take(input, &size);

    while (size > 0) {
        struct pawl_link_frame frame;
        size_t used = 0;
        enum pawl_result result = pawl_link_frame_read(bytes, size, PAYLOAD_MAX, &frame, &used);
        FUZZ_EXPECT(used <= size && (used > 0) == (result != PAWL_EXHAUSTED));
        if (result == PAWL_EXHAUSTED)
            break;
        if (result == PAWL_OK)
            request_serve(&frame);
        bytes += used;
        size -= used;
    }
}

static void request(struct input *input)
{
    struct pawl_link_frame frame = {.type = byte_take(input), .id = 1};
    size_t size = (size_t)byte_take(input) * 4;

    frame.payload = bytes_take(input, &size);
    frame.size = (uint32_t)size;
    request_serve(&frame);
}

static void offer(struct input *input)
{
    const struct pawl_test_package *package = package_take(input);
    uint64_t sequence = device.ram.counter - byte_take(input) % 3;
    struct pawl_directive directive;
    struct pawl_work work;

    if (pawl_test_device_report(&device) != PAWL_OK)
        return;
    pawl_test_directive_fill(&device, package, sequence, &directive);
    directive.package_size += byte_take(input) % 2;
    (void)pawl_test_device_direct(&device, &directive, &work);
}

static void exchange(struct input *input)
{
    struct pawl_work work;

    (void)input;
    (void)pawl_test_device_exchange(&device, NULL, 0, &work);
}

/* Package bytes from where the engine wants them, one of them flipped if the input says so. */
static void bring(struct input *input)
{
    const struct pawl_test_package *package = package_take(input);
    size_t size = (size_t)byte_take(input) * 64;
    uint8_t flip = byte_take(input);
    struct pawl_processor_status status;
    uint64_t next = 0;

    pawl_processor_status_get(device.engine, &status);
    if (status.offset >= package->size)
        return;
    uint8_t *bytes = package->bytes + status.offset;
    size = size < package->size - status.offset ? size : (size_t)(package->size - status.offset);
    size_t at = size > 0 ? flip * 37u % size : 0;
    bytes[at] ^= flip ? 1 : 0;
    (void)pawl_processor_write(device.engine, status.offset, bytes, size, &next);
    bytes[at] ^= flip ? 1 : 0;
}

static void install(struct input *input)
{
    (void)input;
    (void)pawl_processor_install(device.engine);
}

static void ran(struct input *input)
{
    (void)pawl_processor_ran(device.engine, (enum pawl_run_event)(byte_take(input) % 6));
}

static void cancel(struct input *input)
{
    (void)input;
    (void)pawl_processor_cancel(device.engine);
}

static void reboot(struct input *input)
{
    (void)input;
    pawl_test_device_stop(&device);
    (void)pawl_test_device_start(&device);
    FUZZ_EXPECT(device.engine != NULL);
}

static void cut(struct input *input)
{
    device.ram.cut_at = device.ram.operations + byte_take(input) + 1;
    device.ram.tear = byte_take(input);
}

static void flash_flip(struct input *input)
{
    uint64_t at = (uint64_t)byte_take(input) << 8;

    at = (at | byte_take(input)) % device.ram.flash_size;
    device.ram.flash[at] ^= (uint8_t)(1u << byte_take(input) % 8);
}

/* SPEC 20.5: a grant for this device, or for what it was or will be, opens only for what it is. */
static void content_key(struct input *input)
{
    const struct pawl_test_package *package = package_take(input);
    uint64_t sequence = device.ram.counter - byte_take(input) % 3;
    uint8_t flip = byte_take(input);
    uint8_t answer[PAWL_LINK_OVERHEAD + PAWL_LINK_PAYLOAD_MIN];
    const uint8_t key[PAWL_CONTENT_KEY_SIZE] = {1, 2, 3};
    struct pawl_grant grant = {.salt = {flip}};
    struct pawl_link_frame request = {.type = PAWL_LINK_CONTENT_KEY, .id = 1}, frame;
    size_t size = 0, used = 0;

    FUZZ_EXPECT(pawl_grant_wrap(device.pud.unit_secret, sequence, package->package_id, key,
                                &grant) == PAWL_OK);
    grant.wrapped[flip % sizeof grant.wrapped] ^= flip & 1;
    request.payload = grant.salt;
    request.size = sizeof grant.salt + sizeof grant.wrapped;
    FUZZ_EXPECT(pawl_link_serve(device.engine, &device.pud, PAYLOAD_MAX, &request, answer,
                                sizeof answer, &size) == PAWL_OK);
    answer_check(answer, size, &request);
    FUZZ_EXPECT(pawl_link_frame_read(answer, size, PAWL_LINK_PAYLOAD_MIN, &frame, &used) ==
                PAWL_OK);
    if (frame.payload[0] != PAWL_OK)
        return;
    FUZZ_EXPECT(!(flip & 1) && sequence == device.ram.counter && package == committed);
    FUZZ_EXPECT(frame.size == 2 + sizeof key && memcmp(frame.payload + 2, key, sizeof key) == 0);
}

static void (*const acts[])(struct input *input) = {
    noise, request, offer,  exchange, bring,      install,
    ran,   cancel,  reboot, cut,      flash_flip, content_key,
};

static bool image_is(const struct pawl_test_package *package)
{
    return package && pawl_test_device_runs(&device, package);
}

/* I1, I2, I3, I4. */
static void invariants_check(uint64_t counter_before, const struct pawl_test_package *tried_before)
{
    const struct pawl_test_package *tried = NULL;

    FUZZ_EXPECT(device.ram.counter == counter_before || device.ram.counter == counter_before + 1);
    if (device.ram.counter > counter_before) {
        FUZZ_EXPECT(tried_before != NULL);
        committed = tried_before;
    }
    for (unsigned i = RUNS_ON_IT; i <= DIRECT; i++)
        tried = image_is(&packages[i]) ? &packages[i] : tried;
    if (device.ram.running)
        FUZZ_EXPECT(device.ram.trial ? tried != NULL : image_is(committed));
}

static const struct pawl_test_package *trial_get(void)
{
    for (unsigned i = RUNS_ON_IT; i <= DIRECT; i++) {
        if (device.ram.running && device.ram.trial && image_is(&packages[i]))
            return &packages[i];
    }
    return NULL;
}

static void packages_make(void)
{
    struct pawl_pud pud;
    const struct pawl_test_release releases[PACKAGE_COUNT] = {
        [RUNS_ON_IT] = {.image_seed = 1, .image_size = 2500, .security_version = 1},
        [RUNS_ON_IT_TOO] = {.image_seed = 2,
                            .security_version = 1,
                            .success = PAWL_SUCCESS_CONTACT},
        [DIRECT] = {.image_seed = 3, .mode = PAWL_MODE_DIRECT, .pud = &pud},
        [BAD_SIGNER] = {.image_seed = 4, .signer = 1},
        [BAD_CLASS] = {.image_seed = 5, .class_name = "other"},
        [BAD_IMAGE] = {.image_seed = 6, .image_size = 1000, .other_image = true},
    };

    pawl_test_pud_make(1, &pud);
    for (unsigned i = 0; i < PACKAGE_COUNT; i++)
        pawl_test_package_make(&releases[i], &packages[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct pawl_ram_geometry geometry = {
        .page_size = 1024, .write_size = 8, .erased = 0xff, .slot_size = {8192, 8192}};
    struct input input = {bytes, size};

    if (!packages[0].bytes)
        packages_make();
    committed = NULL;
    pawl_test_device_init(&device, 1, &geometry);
    FUZZ_EXPECT(pawl_test_device_start(&device) == PAWL_OK);
    while (input.left > 0) {
        uint64_t counter = device.ram.counter;
        const struct pawl_test_package *tried = trial_get();
        acts[byte_take(&input) % (sizeof acts / sizeof acts[0])](&input);
        if (device.ram.dead)
            reboot(&input);
        invariants_check(counter, tried);
    }
    pawl_test_device_release(&device);
    return 0;
}
