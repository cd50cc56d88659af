/*
 * Every pointer from the image is checked to be the image's memory, as a whole, and what it points
 * to is copied before it is looked at: the image can change it meanwhile only by an interrupt, but
 * a second processor would not ask.
 */
#include "gateway.h"

#include <arm_cmse.h>
#include <string.h>

#include "content.h"
#include "log.h"
#include "pawl/content.h"
#include "pawl/secret.h"
#include "world.h"

#define GATEWAY __attribute__((cmse_nonsecure_entry))
#define HANDLE_MAX 4u
#define CONTENT_SIZE_MAX 4096u

_Static_assert(PAWL_GATEWAY_SALT_SIZE == PAWL_SALT_SIZE &&
                   PAWL_GATEWAY_WRAPPED_SIZE == PAWL_CONTENT_KEY_WRAPPED_SIZE,
               "an image knows a grant's sizes by pawl/gateway.h alone");

/* Named by gates.S alone, whose gates have the names behind them. */
uint32_t pawl_gateway_ready(void);
void pawl_gateway_leave(uint32_t status);
uint32_t pawl_gateway_log(const char *text, uint32_t size);
uint32_t pawl_gateway_release(struct pawl_gateway_release *to);
uint32_t pawl_gateway_content_key(const uint8_t *salt, const uint8_t *wrapped, uint32_t *handle);
uint32_t pawl_gateway_content_open(uint32_t handle, uint8_t *iv, uint8_t *bytes, uint32_t size);

uint32_t pawl_gate_ready(void);
uint32_t pawl_gate_log(const char *text, uint32_t size);
uint32_t pawl_gate_release(struct pawl_gateway_release *to);
uint32_t pawl_gate_content_key(const uint8_t *salt, const uint8_t *wrapped, uint32_t *handle);
uint32_t pawl_gate_content_open(uint32_t handle, uint8_t *iv, uint8_t *bytes, uint32_t size);

static struct pawl_image *image;
static struct pawl_processor *processor;
static struct {
    bool taken;
    uint8_t key[PAWL_CONTENT_KEY_SIZE];
} handles[HANDLE_MAX];

void pawl_gateway_open(struct pawl_image *of, struct pawl_processor *engine)
{
    image = of;
    processor = engine;
}

/* The memory's attributes say whose it is, and the window that there is no wrap-around. */
static bool is_the_images(const void *pointer, uint32_t size, int access)
{
    return pawl_world_owns((uintptr_t)pointer, size) &&
           cmse_check_address_range((void *)(uintptr_t)pointer, size, CMSE_NONSECURE | access) !=
               NULL;
}

GATEWAY uint32_t pawl_gateway_ready(void)
{
    image->said_ready = true;
    return PAWL_OK;
}

GATEWAY void pawl_gateway_leave(uint32_t status)
{
    image->exit_status = status;
    pawl_world_leave();
}

GATEWAY uint32_t pawl_gateway_log(const char *text, uint32_t size)
{
    uint8_t copy[PAWL_GATEWAY_TEXT_MAX];

    if (size > sizeof copy)
        return PAWL_EXHAUSTED;
    if (!is_the_images(text, size, CMSE_MPU_READ))
        return PAWL_UNTRUSTED;
    memcpy(copy, text, size);
    pawl_log_image(copy, size);
    return PAWL_OK;
}

GATEWAY uint32_t pawl_gateway_release(struct pawl_gateway_release *to)
{
    struct pawl_gateway_release release = image->release; /* but for what changes */
    struct pawl_processor_status status;

    if (!is_the_images(to, sizeof *to, CMSE_MPU_READWRITE))
        return PAWL_UNTRUSTED;
    pawl_processor_status_get(processor, &status);
    release.sequence = status.sequence;
    release.trial = status.state == PAWL_STATE_TRIAL;
    memcpy(to, &release, sizeof release);
    return PAWL_OK;
}

GATEWAY uint32_t pawl_gateway_content_key(const uint8_t *salt, const uint8_t *wrapped,
                                          uint32_t *handle)
{
    uint8_t own_salt[PAWL_SALT_SIZE], own_wrapped[PAWL_CONTENT_KEY_WRAPPED_SIZE];
    uint32_t free = 0;

    if (!is_the_images(salt, sizeof own_salt, CMSE_MPU_READ) ||
        !is_the_images(wrapped, sizeof own_wrapped, CMSE_MPU_READ) ||
        !is_the_images(handle, sizeof *handle, CMSE_MPU_READWRITE))
        return PAWL_UNTRUSTED;
    while (free < HANDLE_MAX && handles[free].taken)
        free++;
    if (free == HANDLE_MAX)
        return PAWL_EXHAUSTED;
    memcpy(own_salt, salt, sizeof own_salt);
    memcpy(own_wrapped, wrapped, sizeof own_wrapped);
    enum pawl_result result =
        pawl_processor_content_key(processor, own_salt, own_wrapped, handles[free].key);
    handles[free].taken = result == PAWL_OK;
    if (result == PAWL_OK)
        memcpy(handle, &free, sizeof free);
    return result;
}

GATEWAY uint32_t pawl_gateway_content_open(uint32_t handle, uint8_t *iv, uint8_t *bytes,
                                           uint32_t size)
{
    if (size > CONTENT_SIZE_MAX || size % 16 != 0)
        return PAWL_MALFORMED;
    if (!is_the_images(iv, 16, CMSE_MPU_READWRITE) ||
        !is_the_images(bytes, size, CMSE_MPU_READWRITE))
        return PAWL_UNTRUSTED;
    if (handle >= HANDLE_MAX || !handles[handle].taken)
        return PAWL_NOT_ENTITLED;
    pawl_content_decrypt(handles[handle].key, iv, bytes, size);
    return PAWL_OK;
}

void pawl_gateway_begin(struct pawl_gateways *table)
{
    const struct pawl_gateways gates = {
        .version = PAWL_GATEWAY_VERSION,
        .ready = pawl_gate_ready,
        .leave = pawl_gate_leave,
        .log = pawl_gate_log,
        .release = pawl_gate_release,
        .content_key = pawl_gate_content_key,
        .content_open = pawl_gate_content_open,
    };

    pawl_wipe(handles, sizeof handles);
    *table = gates;
}
