/* One line on the log's UART for each thing that happened. Never a secret. */
#ifndef PAWL_DEVICE_LOG_H
#define PAWL_DEVICE_LOG_H

#include <stddef.h>
#include <stdint.h>

void pawl_log_open(void);
/* "pawl: WHAT", then " NAME VALUE" in hexadecimal for each of `count` values, and a line's end. */
struct pawl_log_value {
    const char *name;
    uint32_t value;
};
void pawl_log_line(const char *what, const struct pawl_log_value *values, unsigned count);
/* A text of the image's: shown as one line, whatever is in it. */
void pawl_log_image(const uint8_t *text, size_t size);

#endif
