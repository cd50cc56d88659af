#include "fault.h"

#include <stdint.h>

#include "cortex_m.h"
#include "log.h"
#include "startup.h"
#include "world.h"

_Noreturn void pawl_world_fault_back(void);
void pawl_fault_take(uint32_t exc_return, const uint32_t *image_stack);

/* The registers that say what went wrong, which are then cleared for the next time. */
static void fault_log(const char *what, uint32_t pc)
{
    uint32_t exception;
    __asm volatile("mrs %0, ipsr" : "=r"(exception));
    const struct pawl_log_value values[] = {{"exception", exception & 0x1ff},
                                            {"sfsr", SAU_SFSR},
                                            {"cfsr", SCB_CFSR},
                                            {"hfsr", SCB_HFSR},
                                            {"pc", pc}};

    pawl_log_line(what, values, sizeof values / sizeof values[0]);
    SAU_SFSR = UINT32_MAX;
    SCB_CFSR = UINT32_MAX;
    SCB_HFSR = UINT32_MAX;
}

/* The image's stack is read only where it surely is the image's memory. */
static uint32_t pc_of(const uint32_t *image_stack)
{
    uintptr_t at = (uintptr_t)image_stack;

    return at % 4 == 0 && pawl_world_owns(at, 32) ? image_stack[6] : 0;
}

void pawl_fault_take(uint32_t exc_return, const uint32_t *image_stack)
{
    if (pawl_world_is_image(exc_return)) {
        fault_log("the image faulted:", pc_of(image_stack));
        return;
    }
    fault_log("the secure processor faulted:", 0);
    pawl_reset_request();
}

/* Naked: the link register says where the fault came from. Only an image's comes back here. */
__attribute__((naked)) void pawl_fault_entry(void)
{
    __asm volatile("mov r0, lr\n"
                   "tst lr, #4\n"
                   "ite eq\n"
                   "mrseq r1, msp_ns\n"
                   "mrsne r1, psp_ns\n"
                   "bl pawl_fault_take\n"
                   "b pawl_world_fault_back\n");
}
