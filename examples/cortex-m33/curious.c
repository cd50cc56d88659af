/*
 * An image that looks where it must not: at the secure processor's memory. The hardware ends it
 * there, the release on trial fails, and what ran before runs again.
 */
#include "pawl/gateway.h"

#define SECURE_MEMORY 0x38000000u

uint32_t entry(const struct pawl_gateways *gateways);

__attribute__((section(".text.entry"))) uint32_t entry(const struct pawl_gateways *gateways)
{
    static const char text[] = "looking for secrets";

    (void)gateways->log(text, sizeof text - 1);
    return *(const volatile uint32_t *)SECURE_MEMORY;
}
