/* Registers of the Armv8-M core itself, as addresses: system control, SAU, NVIC, SysTick. */
#ifndef PAWL_CORTEX_M_H
#define PAWL_CORTEX_M_H

#include <stdint.h>

#define CORTEX_REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

#define SYST_CSR CORTEX_REGISTER(0xe000e010)
#define SYST_RVR CORTEX_REGISTER(0xe000e014)
#define SYST_CVR CORTEX_REGISTER(0xe000e018)
#define NVIC_ISER(n) CORTEX_REGISTER(0xe000e100u + 4u * (n))
#define NVIC_ICER(n) CORTEX_REGISTER(0xe000e180u + 4u * (n))
#define NVIC_IPR(n) CORTEX_REGISTER(0xe000e400u + 4u * (n))
#define SCB_VTOR CORTEX_REGISTER(0xe000ed08)
#define SCB_AIRCR CORTEX_REGISTER(0xe000ed0c)
#define SCB_SHPR2 CORTEX_REGISTER(0xe000ed1c)
#define SCB_SHPR3 CORTEX_REGISTER(0xe000ed20)
#define SCB_SHCSR CORTEX_REGISTER(0xe000ed24)
#define SCB_CFSR CORTEX_REGISTER(0xe000ed28)
#define SCB_HFSR CORTEX_REGISTER(0xe000ed2c)
#define SAU_CTRL CORTEX_REGISTER(0xe000edd0)
#define SAU_RNR CORTEX_REGISTER(0xe000edd8)
#define SAU_RBAR CORTEX_REGISTER(0xe000eddc)
#define SAU_RLAR CORTEX_REGISTER(0xe000ede0)
#define SAU_SFSR CORTEX_REGISTER(0xe000ede4)

/* The same of the non-secure side, as the secure side sees them. */
#define NS(address) CORTEX_REGISTER((address) + 0x20000u)
#define SCB_VTOR_NS NS(0xe000ed08)
#define SCB_SHCSR_NS NS(0xe000ed24)
#define MPU_CTRL_NS NS(0xe000ed94)

#define AIRCR_KEY 0x05fa0000u
#define AIRCR_PRIS (1u << 14)        /* non-secure priorities rank below secure ones */
#define AIRCR_SYSRESETREQS (1u << 3) /* the secure side alone can reset */
#define AIRCR_SYSRESETREQ (1u << 2)

#endif
