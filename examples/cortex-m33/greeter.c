/*
 * A bare-metal program as an image of kind 2, started in the non-secure world beside the secure
 * processor: says what release it is, computes something, reports that it is ready, and goes on.
 *
 * Package it with: pawl package --kind raw --load-address 0x28200000 --entry-address 0x28200000
 * --success ready ...
 */
#include "pawl/gateway.h"

uint32_t entry(const struct pawl_gateways *gateways);

static uint32_t text_size(const char *text)
{
    uint32_t size = 0;

    while (text[size] != '\0')
        size++;
    return size;
}

static void say(const struct pawl_gateways *gateways, const char *text)
{
    (void)gateways->log(text, text_size(text));
}

/* The largest prime below a limit: some work that shows in the log that it was done. */
static uint32_t prime_below(uint32_t limit)
{
    for (uint32_t candidate = limit - 1; candidate > 2; candidate--) {
        uint32_t divisor = 2;
        while (divisor * divisor <= candidate && candidate % divisor != 0)
            divisor++;
        if (divisor * divisor > candidate)
            return candidate;
    }
    return 2;
}

static void number_say(const struct pawl_gateways *gateways, uint32_t number)
{
    char text[] = "the largest prime below 100000 is .....";

    for (uint32_t i = sizeof text - 2; number > 0; i--, number /= 10)
        text[i] = (char)('0' + number % 10);
    say(gateways, text);
}

__attribute__((section(".text.entry"))) uint32_t entry(const struct pawl_gateways *gateways)
{
    struct pawl_gateway_release release;

    if (gateways->version != PAWL_GATEWAY_VERSION || gateways->release(&release) != 0)
        return 1;
    say(gateways, release.name);
    say(gateways, release.version);
    number_say(gateways, prime_below(100000));
    if (gateways->ready() != 0)
        return 2;
    for (;;)
        __asm volatile("wfi");
}
