#include "uart.h"

#include "an505.h"

enum { DATA = 0x0, STATE = 0x4, CTRL = 0x8, BAUDDIV = 0x10 };
enum { STATE_TX_FULL = 1, STATE_RX_FULL = 2, CTRL_TX_RX = 3 };
#define BAUD 115200u

void pawl_uart_open(uint32_t base)
{
    *an505_register(base, BAUDDIV) = AN505_CLOCK / BAUD;
    *an505_register(base, CTRL) = CTRL_TX_RX;
}

void pawl_uart_write(uint32_t base, const void *bytes, size_t size)
{
    const uint8_t *next = bytes;

    for (; size > 0; size--) {
        while (*an505_register(base, STATE) & STATE_TX_FULL)
            ;
        *an505_register(base, DATA) = *next++;
    }
}

size_t pawl_uart_read(uint32_t base, uint8_t *bytes, size_t capacity)
{
    size_t size = 0;

    while (size < capacity && *an505_register(base, STATE) & STATE_RX_FULL)
        bytes[size++] = (uint8_t)*an505_register(base, DATA);
    return size;
}
