/* What of the AN385 image (MPS2 board, Cortex-M3) this port uses. */
#ifndef PAWL_AN385_BOARD_H
#define PAWL_AN385_BOARD_H

#include <stdint.h>

#define AN385_CLOCK 25000000u
#define AN385_UART0 0x40004000u
#define AN385_NVM 0x21000000u /* PSRAM, which takes the place of flash */
#define AN385_NVM_SIZE 0x00100000u

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))
#define SYST_CSR REGISTER(0xe000e010)
#define SYST_RVR REGISTER(0xe000e014)
#define SYST_CVR REGISTER(0xe000e018)

/* "conformance: " lines and nothing else. */
void board_open(void);
void board_print(const char *text);

#endif
