/* From reset to main: memory as C expects it, the stack painted so that its depth can be read. */
#include "startup.h"

#include <stdint.h>

#include "cortex_m.h"

extern uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[];
extern uint32_t stack_bottom[], stack_top[];

int main(void);

_Noreturn void pawl_reset(void)
{
    uint32_t *here;

    /* A stack that grows into the data is a fault from the first call on. */
    __asm volatile("msr msplim, %0" ::"r"(stack_bottom));
    const uint32_t *from = data_load;
    for (uint32_t *to = data_start; to < data_end;)
        *to++ = *from++;
    for (uint32_t *to = bss_start; to < bss_end;)
        *to++ = 0;
    __asm volatile("mov %0, sp" : "=r"(here));
    for (uint32_t *to = stack_bottom; to < here - 8;)
        *to++ = PAWL_STACK_PAINT;
    (void)main();
    pawl_reset_request();
}

uint32_t pawl_stack_depth(void)
{
    const volatile uint32_t *word = stack_bottom;

    while (word < stack_top && *word == PAWL_STACK_PAINT)
        word++;
    return (uint32_t)((const volatile uint8_t *)stack_top - (const volatile uint8_t *)word);
}

_Noreturn void pawl_reset_request(void)
{
    SCB_AIRCR = AIRCR_KEY | AIRCR_PRIS | AIRCR_SYSRESETREQS | AIRCR_SYSRESETREQ;
    for (;;)
        ;
}
