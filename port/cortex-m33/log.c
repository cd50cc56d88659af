#include "log.h"

#include "an505.h"
#include "core/bytes.h"
#include "uart.h"

void pawl_log_open(void)
{
    pawl_uart_open(AN505_UART0);
}

static void text_put(const char *text)
{
    pawl_uart_write(AN505_UART0, text, pawl_string_size(text));
}

static void value_put(uint32_t value)
{
    char digits[8];
    unsigned count = 0;

    do {
        digits[sizeof digits - ++count] = "0123456789abcdef"[value % 16];
        value /= 16;
    } while (value > 0);
    text_put("0x");
    pawl_uart_write(AN505_UART0, digits + sizeof digits - count, count);
}

void pawl_log_line(const char *what, const struct pawl_log_value *values, unsigned count)
{
    text_put("pawl: ");
    text_put(what);
    for (unsigned i = 0; i < count; i++) {
        text_put(" ");
        text_put(values[i].name);
        text_put(" ");
        value_put(values[i].value);
    }
    text_put("\r\n");
}

void pawl_log_image(const uint8_t *text, size_t size)
{
    text_put("image: ");
    for (size_t i = 0; i < size; i++) {
        char shown = text[i] >= 0x20 && text[i] < 0x7f ? (char)text[i] : '?';
        pawl_uart_write(AN505_UART0, &shown, 1);
    }
    text_put("\r\n");
}
