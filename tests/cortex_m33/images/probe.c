/*
 * An image that tries what no image may, for tests: the words behind "PROBE001" in the binary say
 * what. Exit status 0 means that it came through; those that a fault must end never return.
 */
#include "pawl/gateway.h"

uint32_t entry(const struct pawl_gateways *gateways);

enum act {
    BE_READY,
    EXIT,         /* with status `value` */
    RETURN,       /* from the entry function, `value` */
    READ,         /* the word at `value` */
    WRITE,        /* to the word at `value` */
    CALL,         /* the address `value` */
    UNDEFINED,    /* instruction */
    MASKED_LOOP,  /* with everything masked that it can mask */
    HANDLER_LOOP, /* in an exception handler of its own */
    STACK,        /* let its stack lie at `value`, and push */
    GATEWAY_LOG,  /* give gateways `value` for a pointer: exits with what they answer */
    GATEWAY_RELEASE,
    GATEWAY_KEY,
    GATEWAY_OPEN,
    WRAP,      /* a length that wraps around the end of memory */
    RESET,     /* the machine, by its own means; 0 when still there */
    SAU,       /* switch the attribution of memory off; 0 when it had no effect */
    GRANT,     /* a grant of zeros: exits with the gateway's answer */
    ODD_KNOCK, /* enter a gateway behind its first instruction: `value` halfwords */
    CONTENT,   /* be ready, then open the grants and content that the test puts into the mailbox */
};

/* Patched by the test. */
__attribute__((section(".data"))) static volatile const struct {
    char magic[8];
    uint32_t act, value;
} order = {.magic = "PROBE001"};

/* Written and read by the test, through a debugger. `turn` is 1 when there is something to do. */
__attribute__((section(".data"))) static volatile struct {
    char magic[8];
    uint32_t turn, key_result, open_result;
    uint8_t salt[PAWL_GATEWAY_SALT_SIZE], wrapped[PAWL_GATEWAY_WRAPPED_SIZE];
    uint8_t iv[16], content[32];
} mailbox = {.magic = "MAILBOX1"};

static uint32_t own[64];
static volatile uint32_t seen;

static void handler_loop(void)
{
    for (;;)
        ;
}

__attribute__((aligned(128))) static void (*vectors[16])(void) = {[11] = handler_loop};

static void masked_loop(void)
{
    __asm volatile("cpsid i\n cpsid f\n"
                   "1: b 1b\n");
}

static void own_handler(void)
{
    *(volatile uint32_t *)0xe000ed08u = (uint32_t)(uintptr_t)vectors;
    __asm volatile("svc 0");
}

static uint32_t reset_try(void)
{
    *(volatile uint32_t *)0xe000ed0cu = 0x05fa0004u;
    for (volatile uint32_t i = 0; i < 100000; i++)
        ;
    return 0;
}

static uint32_t sau_try(void)
{
    volatile uint32_t *control = (volatile uint32_t *)0xe000edd0u;

    *control = 2;
    return *control;
}

static void mailbox_serve(const struct pawl_gateways *gateways)
{
    uint32_t handle = 0;

    if (mailbox.turn != 1)
        return;
    mailbox.key_result = gateways->content_key((const uint8_t *)mailbox.salt,
                                               (const uint8_t *)mailbox.wrapped, &handle);
    mailbox.open_result = gateways->content_open(
        handle, (uint8_t *)mailbox.iv, (uint8_t *)mailbox.content, sizeof mailbox.content);
    mailbox.turn = 2;
}

static uint32_t gateway_try(const struct pawl_gateways *gateways, uint32_t act, uint32_t value)
{
    void *there = (void *)(uintptr_t)value;

    switch (act) {
    case GATEWAY_LOG:
        return gateways->log(there, 16);
    case GATEWAY_RELEASE:
        return gateways->release(there);
    case GATEWAY_KEY:
        return gateways->content_key(there, (uint8_t *)own, own);
    case GATEWAY_OPEN:
        return gateways->content_open(0, there, (uint8_t *)own, 16);
    case WRAP:
        return gateways->content_open(0, (uint8_t *)own, (uint8_t *)own, 0xfffffff0u);
    default:
        return gateways->content_key((uint8_t *)own, (uint8_t *)own, own);
    }
}

static void address_try(const struct pawl_gateways *gateways, uint32_t act, uint32_t value)
{
    volatile uint32_t *there = (volatile uint32_t *)(uintptr_t)value;

    if (act == READ)
        seen = *there;
    if (act == WRITE)
        *there = 0;
    if (act == CALL)
        ((void (*)(void))(uintptr_t)value)();
    if (act == STACK)
        __asm volatile("msr msp, %0\n push {r0-r3}" ::"r"(value));
    if (act == ODD_KNOCK)
        ((void (*)(void))(uintptr_t)((uint32_t)(uintptr_t)gateways->ready + 2 * value))();
}

__attribute__((section(".text.entry"))) uint32_t entry(const struct pawl_gateways *gateways)
{
    uint32_t act = order.act, value = order.value;

    __asm volatile("cpsie i"); /* an image starts masked, and a masked fault is a HardFault */

    switch (act) {
    case BE_READY:
        (void)gateways->ready();
        for (;;)
            __asm volatile("wfi");
    case CONTENT:
        (void)gateways->ready();
        for (;;)
            mailbox_serve(gateways);
    case EXIT:
        gateways->leave(value);
        return 99;
    case RETURN:
        return value;
    case UNDEFINED:
        __asm volatile("udf #0");
        return 0;
    case MASKED_LOOP:
        masked_loop();
        return 0;
    case HANDLER_LOOP:
        own_handler();
        return 0;
    case RESET:
        return reset_try();
    case SAU:
        return sau_try();
    default:
        break;
    }
    if (act >= GATEWAY_LOG && act != ODD_KNOCK)
        return gateway_try(gateways, act, value);
    address_try(gateways, act, value);
    return 0;
}
