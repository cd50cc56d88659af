#include "board.h"

#include "core/bytes.h"

enum { UART_DATA = 0x0, UART_STATE = 0x4, UART_CTRL = 0x8, UART_BAUDDIV = 0x10 };

extern uint32_t data_load[], data_start[], data_end[], bss_start[], bss_end[], stack_top[];

int main(void);
_Noreturn void board_reset(void);

_Noreturn void board_reset(void)
{
    const uint32_t *from = data_load;

    for (uint32_t *to = data_start; to < data_end;)
        *to++ = *from++;
    for (uint32_t *to = bss_start; to < bss_end;)
        *to++ = 0;
    (void)main();
    for (;;)
        __asm volatile("wfi");
}

static _Noreturn void board_fault(void)
{
    board_print("conformance: fault\r\n");
    for (;;)
        ;
}

__attribute__((section(".vectors"), used)) static const union {
    const uint32_t *stack;
    void (*handler)(void);
} vectors[] = {{.stack = stack_top},     {.handler = board_reset}, {.handler = board_fault},
               {.handler = board_fault}, {.handler = board_fault}, {.handler = board_fault},
               {.handler = board_fault}};

void board_open(void)
{
    REGISTER(AN385_UART0 + UART_BAUDDIV) = AN385_CLOCK / 115200;
    REGISTER(AN385_UART0 + UART_CTRL) = 1;
    SYST_RVR = 0x00ffffff;
    SYST_CVR = 0;
    SYST_CSR = 5; /* processor clock, enabled, no interrupt */
}

void board_print(const char *text)
{
    for (; *text != '\0'; text++) {
        while (REGISTER(AN385_UART0 + UART_STATE) & 1)
            ;
        REGISTER(AN385_UART0 + UART_DATA) = (uint8_t)*text;
    }
}
