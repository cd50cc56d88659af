#include "world.h"

#include <stddef.h>
#include <string.h>

#include "an505.h"
#include "cortex_m.h"
#include "gateway.h"

/* Secure privilege control. */
enum { NSC_CONFIG = 0x14 };
#define NSC_CODE 1u /* code memory may hold callable regions where the SAU says so */

/* Memory protection controller: one bit for each block of memory. */
enum { MPC_CTRL = 0x00, MPC_BLK_MAX = 0x10, MPC_BLK_IDX = 0x18, MPC_BLK_LUT = 0x1c };
#define MPC_CTRL_FAULT (1u << 4) /* a refused access is a fault, not a zero */

#define SAU_ENABLE 1u
#define SAU_REGION_ENABLE 1u
#define SAU_REGION_CALLABLE 2u

#define TICKS_PER_SECOND 1000u
#define PRIORITY_FAULT 0x00u
#define PRIORITY_TICK 0x20u

/* The image's callee-saved registers and EXC_RETURN while it does not run, r4 first. */
uint32_t pawl_world_image[9];
uint32_t pawl_world_secure_sp;

void pawl_world_tick_count(void);
void pawl_world_frame_came(void);

extern uint8_t gates_start[], gates_end[];

static volatile uint32_t now;

void pawl_world_tick_count(void)
{
    now++;
}

/* Level triggered: it stays quiet until the thread has emptied the controller. */
void pawl_world_frame_came(void)
{
    NVIC_ICER(AN505_ETHERNET_IRQ / 32) = 1u << AN505_ETHERNET_IRQ % 32;
}

uint32_t pawl_world_now(void)
{
    return now;
}

static void region_set(uint32_t number, uint32_t start, uint32_t end, uint32_t flags)
{
    SAU_RNR = number;
    SAU_RBAR = start & ~31u;
    SAU_RLAR = ((end - 1) & ~31u) | flags | SAU_REGION_ENABLE;
}

static void image_memory_open(void)
{
    uint32_t last = *an505_register(AN505_MPC_IMAGE, MPC_BLK_MAX);

    for (uint32_t i = 0; i <= last; i++) {
        *an505_register(AN505_MPC_IMAGE, MPC_BLK_IDX) = i;
        *an505_register(AN505_MPC_IMAGE, MPC_BLK_LUT) = UINT32_MAX;
    }
    *an505_register(AN505_MPC_IMAGE, MPC_CTRL) = MPC_CTRL_FAULT;
}

void pawl_world_open(void)
{
    /* What no region names is secure: memory that has no controller of its own too, such as flash.
     */
    region_set(0, AN505_IMAGE_START, AN505_IMAGE_END, 0);
    region_set(1, (uint32_t)(uintptr_t)gates_start, (uint32_t)(uintptr_t)gates_end,
               SAU_REGION_CALLABLE);
    SAU_CTRL = SAU_ENABLE;
    *an505_register(AN505_SECURITY, NSC_CONFIG) = NSC_CODE;
    image_memory_open();

    /* Faults of the image come here, and the image's interrupts rank below ours. */
    SCB_AIRCR = AIRCR_KEY | AIRCR_PRIS | AIRCR_SYSRESETREQS;
    SCB_SHCSR |= 1u << 16 | 1u << 17 | 1u << 18 | 1u << 19; /* memory, bus, usage, secure fault */
    SCB_SHPR2 = PRIORITY_TICK << 24;                        /* SVC */
    SCB_SHPR3 = PRIORITY_TICK << 24;                        /* SysTick */
    NVIC_IPR(AN505_ETHERNET_IRQ / 4) = PRIORITY_TICK << AN505_ETHERNET_IRQ % 4 * 8;
    SYST_RVR = AN505_CLOCK / TICKS_PER_SECOND - 1;
    SYST_CVR = 0;
    SYST_CSR = 7; /* processor clock, interrupt, enabled */
    __asm volatile("dsb\n isb" ::: "memory");
}

/* What an exception leaves on the stack of what it interrupted. */
struct frame {
    uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
};
#define XPSR_THUMB 0x01000000u
/* Return to a non-secure thread on its main stack, no floating point, from a secure exception. */
#define EXC_RETURN_IMAGE 0xffffffb9u

void pawl_world_start(uint32_t entry, uint32_t argument, uint32_t stack_top)
{
    struct frame *frame = (struct frame *)(uintptr_t)stack_top - 1;
    uint32_t sp = (uint32_t)(uintptr_t)frame;

    SCB_SHCSR_NS = 0; /* none of its exceptions is active any more */
    SCB_VTOR_NS = 0;
    MPU_CTRL_NS = 0;
    /* It starts with interrupts masked: a timer that the image before it left running waits until
     * this one has vectors. (The non-secure SysTick can't be stopped from here in QEMU 7.2, which
     * refuses its alias.) */
    __asm volatile("msr control_ns, %0\n msr basepri_ns, %0\n msr faultmask_ns, %0\n"
                   "msr msplim_ns, %0\n msr psplim_ns, %0\n msr psp_ns, %0\n"
                   "msr msp_ns, %1\n msr primask_ns, %2\n isb" ::"r"(0),
                   "r"(sp), "r"(1)
                   : "memory");
    *frame = (struct frame){.r0 = argument,
                            .lr = (uint32_t)(uintptr_t)pawl_gate_leave,
                            .pc = entry & ~1u,
                            .xpsr = XPSR_THUMB};
    memset(pawl_world_image, 0, sizeof pawl_world_image);
    pawl_world_image[8] = EXC_RETURN_IMAGE;
}

void pawl_world_rest(void)
{
    __asm volatile("wfi" ::: "memory");
}

_Noreturn void pawl_world_leave(void)
{
    for (;;)
        __asm volatile("svc 1" ::: "memory");
}

bool pawl_world_is_image(uint32_t exc_return)
{
    return (exc_return & 0x40) == 0;
}

bool pawl_world_owns(uintptr_t start, uint32_t size)
{
    return start >= AN505_IMAGE_START && start <= AN505_IMAGE_END &&
           size <= AN505_IMAGE_END - start;
}
