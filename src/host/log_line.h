/* A line of the log being put together; for log.c and log_json.c. */
#ifndef PAWL_HOST_LOG_LINE_H
#define PAWL_HOST_LOG_LINE_H

#include <stdarg.h>
#include <stddef.h>

#define PAWL_LOG_TEXT_SIZE 976u  /* of what is said */
#define PAWL_LOG_LINE_SIZE 4096u /* of all of it, as JSON too */

/* What does not fit is cut; a newline always fits. */
struct pawl_log_line {
    char text[PAWL_LOG_LINE_SIZE];
    size_t size;
};

void pawl_log_line_vadd(struct pawl_log_line *line, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
void pawl_log_line_add(struct pawl_log_line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds the members that `said` stands for: of "event=stopped reason=\"a b\"" one each, of any other
 * text "message". Each begins with a comma. */
void pawl_log_json_add(struct pawl_log_line *line, const char *said);

/* Adds ,"name":"value". */
void pawl_log_json_member(struct pawl_log_line *line, const char *name, const char *value);

#endif
