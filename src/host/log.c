#include "host/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE 1024

static const char *log_program = "pawl";
static const char *log_verb;
static enum pawl_log_level log_most = PAWL_LOG_INFO;
static bool log_journal;
static bool log_terminal;

static const char *const level_names[] = {
    [PAWL_LOG_ERROR] = "error", [PAWL_LOG_WARNING] = "warning", [PAWL_LOG_NOTICE] = "notice",
    [PAWL_LOG_INFO] = "info",   [PAWL_LOG_DEBUG] = "debug",
};

/* A line being put together; what does not fit is cut. */
struct line {
    char text[LINE_SIZE];
    size_t size;
};

__attribute__((format(printf, 2, 0))) static void line_vadd(struct line *line, const char *format,
                                                            va_list arguments)
{
    size_t room = LINE_SIZE - 1 - line->size; /* one for the newline */
    int wanted = vsnprintf(line->text + line->size, room, format, arguments);

    if (wanted > 0)
        line->size += (size_t)wanted < room ? (size_t)wanted : room - 1;
}

__attribute__((format(printf, 2, 3))) static void line_add(struct line *line, const char *format,
                                                           ...)
{
    va_list arguments;

    va_start(arguments, format);
    line_vadd(line, format, arguments);
    va_end(arguments);
}

/* Nothing can be done about an stderr that does not take the line. */
static void line_print(struct line *line)
{
    for (size_t i = 0; i < line->size; i++)
        if ((unsigned char)line->text[i] < ' ' || line->text[i] == 0x7f)
            line->text[i] = '?';
    line->text[line->size++] = '\n';

    ssize_t written = write(STDERR_FILENO, line->text, line->size);
    (void)written;
}

void pawl_log_init(const char *program, enum pawl_log_level most)
{
    log_program = program;
    log_most = most;
    log_terminal = isatty(STDERR_FILENO) != 0;
    log_journal = getenv("JOURNAL_STREAM") != NULL && !log_terminal;
}

enum pawl_result pawl_log_level_parse(const char *name, enum pawl_log_level *level)
{
    for (unsigned i = PAWL_LOG_ERROR; i <= PAWL_LOG_DEBUG; i++)
        if (strcmp(level_names[i], name) == 0) {
            *level = (enum pawl_log_level)i;
            return PAWL_OK;
        }
    return PAWL_MALFORMED;
}

void pawl_log_set_verb(const char *verb)
{
    log_verb = verb;
}

/* The journal knows program and time; everybody else is told. */
static void line_begin_log(struct line *line, enum pawl_log_level level)
{
    if (log_journal) {
        line_add(line, "<%d>", (int)level);
        return;
    }
    struct timespec now;
    struct tm parts;
    char date[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    if (log_terminal) {
        strftime(date, sizeof date, "%H:%M:%S", &parts);
        line_add(line, "%s %s %s: ", date, log_program, level_names[level]);
        return;
    }
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    line_add(line, "%s.%03ldZ %s %s: ", date, now.tv_nsec / 1000000, log_program,
             level_names[level]);
}

void pawl_log(enum pawl_log_level level, const char *format, ...)
{
    if (level > log_most)
        return;

    int cause = errno;
    struct line line = {.size = 0};
    va_list arguments;
    line_begin_log(&line, level);
    va_start(arguments, format);
    line_vadd(&line, format, arguments);
    va_end(arguments);
    line_print(&line);
    errno = cause;
}

static void line_begin_error(struct line *line, const char *class)
{
    if (log_journal)
        line_add(line, "<%d>", (int)PAWL_LOG_ERROR);
    line_add(line, "%s: ", log_program);
    if (log_verb != NULL)
        line_add(line, "%s: ", log_verb);
    line_add(line, "%s: ", class);
}

enum pawl_result pawl_error(enum pawl_result class, const char *format, ...)
{
    int cause = errno;
    struct line line = {.size = 0};
    va_list arguments;

    line_begin_error(&line, pawl_result_name(class));
    va_start(arguments, format);
    line_vadd(&line, format, arguments);
    va_end(arguments);
    line_print(&line);
    errno = cause;
    return class;
}

void pawl_hint(const char *format, ...)
{
    struct line line = {.size = 0};
    va_list arguments;

    line_add(&line, "hint: ");
    va_start(arguments, format);
    line_vadd(&line, format, arguments);
    va_end(arguments);
    line_print(&line);
}

int pawl_usage_error(const char *format, ...)
{
    struct line line = {.size = 0};
    va_list arguments;

    line_begin_error(&line, "usage");
    va_start(arguments, format);
    line_vadd(&line, format, arguments);
    va_end(arguments);
    line_print(&line);
    pawl_hint("see '%s%s%s --help'", log_program, log_verb != NULL ? " " : "",
              log_verb != NULL ? log_verb : "");
    return PAWL_EXIT_USAGE;
}

int pawl_exit_code(enum pawl_result result)
{
    return result == PAWL_OK ? PAWL_EXIT_DONE : (int)PAWL_EXIT_CLASS + (int)result;
}
