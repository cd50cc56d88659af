/*
 * What of the AN505 image (MPS2+ board, Cortex-M33 with TrustZone) this port uses: addresses of the
 * secure side, and registers by their offsets. Bit 28 of an address says which side it is on.
 */
#ifndef PAWL_AN505_H
#define PAWL_AN505_H

#include <stdint.h>

#define AN505_CLOCK 20000000u /* Hz, of the processor and its SysTick */

#define AN505_UART0 0x50200000u    /* the log */
#define AN505_UART1 0x50201000u    /* the link, over a serial line */
#define AN505_WATCHDOG 0x5002e000u /* of the 32768 Hz clock; its second timeout is a reset */
#define AN505_ETHERNET 0x52000000u /* LAN9118 */
#define AN505_ETHERNET_IRQ 48u
#define AN505_SECURITY 0x50080000u /* secure privilege control */
#define AN505_NVM 0x80000000u      /* PSRAM, which takes the place of flash and fuses */
#define AN505_NVM_SIZE 0x01000000u

/* Memory protection controllers, in the order of what they guard: SSRAM1 (code), 2 (our data) and 3
 * (the image). */
#define AN505_MPC_IMAGE 0x58009000u

/* SSRAM3: where an image lives, by its non-secure address. */
#define AN505_IMAGE_START 0x28200000u
#define AN505_IMAGE_END 0x28400000u

static inline volatile uint32_t *an505_register(uint32_t base, uint32_t offset)
{
    return (volatile uint32_t *)(uintptr_t)(base + offset);
}

#endif
