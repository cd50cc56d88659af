/* The board's UARTs, polled: one is the log, one can be the link. */
#ifndef PAWL_UART_H
#define PAWL_UART_H

#include <stddef.h>
#include <stdint.h>

void pawl_uart_open(uint32_t base);
void pawl_uart_write(uint32_t base, const void *bytes, size_t size);
/* Takes what has come, at most `capacity` bytes; never waits. */
size_t pawl_uart_read(uint32_t base, uint8_t *bytes, size_t capacity);

#endif
