#include "host/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/log_line.h"

#define CONTEXT_SIZE 96 /* " request=" and a request's name */

static const char *log_program = "pawl";
static const char *log_verb;
static enum pawl_log_level log_most = PAWL_LOG_INFO;
static bool log_journal;
static bool log_terminal;
static bool log_json;

/* What this thread works for: see pawl_log_context_set. */
static _Thread_local const char *(*context_name)(void *context);
static _Thread_local void *context_of;

static const char *const level_names[] = {
    [PAWL_LOG_ERROR] = "error", [PAWL_LOG_WARNING] = "warning", [PAWL_LOG_NOTICE] = "notice",
    [PAWL_LOG_INFO] = "info",   [PAWL_LOG_DEBUG] = "debug",
};

void pawl_log_line_vadd(struct pawl_log_line *line, const char *format, va_list arguments)
{
    size_t room = sizeof line->text - 1 - line->size; /* one for the newline */
    int wanted = vsnprintf(line->text + line->size, room, format, arguments);

    if (wanted > 0)
        line->size += (size_t)wanted < room ? (size_t)wanted : room - 1;
}

void pawl_log_line_add(struct pawl_log_line *line, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    pawl_log_line_vadd(line, format, arguments);
    va_end(arguments);
}

/* Nothing can be done about an stderr that does not take the line. */
static void line_print(struct pawl_log_line *line)
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

enum pawl_result pawl_log_format_parse(const char *name, enum pawl_log_format *format)
{
    bool json = strcmp(name, "json") == 0;
    if (!json && strcmp(name, "text") != 0)
        return PAWL_MALFORMED;
    *format = json ? PAWL_LOG_JSON : PAWL_LOG_TEXT;
    return PAWL_OK;
}

void pawl_log_set_format(enum pawl_log_format format)
{
    log_json = format == PAWL_LOG_JSON;
}

void pawl_log_context_set(const char *(*name)(void *context), void *context)
{
    context_name = name;
    context_of = context;
}

const char *pawl_log_value(const char *text, char *value, size_t room)
{
    size_t size = 0;
    bool plain = text[strspn(text, "0123456789")] != '\0'; /* neither empty nor a number */
    for (const char *c = text; *c != '\0' && plain; c++)
        plain = (unsigned char)*c > ' ' && *c != 0x7f && strchr("\"\\=", *c) == NULL;
    if (plain) {
        snprintf(value, room, "%s", text);
        return value;
    }
    value[size++] = '"';
    for (; *text != '\0' && size + 4 <= room; text++) {
        if (*text == '"' || *text == '\\')
            value[size++] = '\\';
        value[size++] = *text;
    }
    value[size++] = '"';
    value[size] = '\0';
    return value;
}

void pawl_log_set_verb(const char *verb)
{
    log_verb = verb;
}

static void time_add(struct pawl_log_line *line, bool whole)
{
    struct timespec now;
    struct tm parts;
    char date[32];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    if (whole) {
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
        pawl_log_line_add(line, "%s.%03ldZ", date, now.tv_nsec / 1000000);
    } else {
        strftime(date, sizeof date, "%H:%M:%S", &parts);
        pawl_log_line_add(line, "%s", date);
    }
}

/* The journal knows program and time; everybody else is told. */
static void line_begin_log(struct pawl_log_line *line, enum pawl_log_level level)
{
    if (log_journal)
        return;
    time_add(line, !log_terminal);
    pawl_log_line_add(line, " %s %s: ", log_program, level_names[level]);
}

static void line_begin_json(struct pawl_log_line *line, enum pawl_log_level level)
{
    pawl_log_line_add(line, "{\"time\":\"");
    time_add(line, true);
    pawl_log_line_add(line, "\",\"level\":\"%s\"", level_names[level]);
    pawl_log_json_member(line, "program", log_program);
}

/* What is said, with the name of what this thread works for. */
static void said_make(char said[PAWL_LOG_TEXT_SIZE], const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void said_make(char said[PAWL_LOG_TEXT_SIZE], const char *format, va_list arguments)
{
    char context[CONTEXT_SIZE] = "";
    if (context_name != NULL)
        snprintf(context, sizeof context, log_json ? " request=\"%s\"" : " request=%s",
                 context_name(context_of));
    size_t room = PAWL_LOG_TEXT_SIZE - strlen(context);
    int wanted = vsnprintf(said, room, format, arguments);
    size_t size = wanted < 0 ? 0 : (size_t)wanted < room ? (size_t)wanted : room - 1;
    memcpy(said + size, context, strlen(context) + 1);
}

void pawl_log(enum pawl_log_level level, const char *format, ...)
{
    if (level > log_most)
        return;

    int cause = errno;
    char said[PAWL_LOG_TEXT_SIZE];
    struct pawl_log_line line = {.size = 0};
    va_list arguments;
    va_start(arguments, format);
    said_make(said, format, arguments);
    va_end(arguments);
    if (log_journal)
        pawl_log_line_add(&line, "<%d>", (int)level);
    if (log_json) {
        line_begin_json(&line, level);
        pawl_log_json_add(&line, said);
        pawl_log_line_add(&line, "}");
    } else {
        line_begin_log(&line, level);
        pawl_log_line_add(&line, "%s", said);
    }
    line_print(&line);
    errno = cause;
}

/* Prints what a command, or a daemon that cannot start, has to say. */
static void said_print(const char *class, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static void said_print(const char *class, const char *format, va_list arguments)
{
    char said[PAWL_LOG_TEXT_SIZE];
    struct pawl_log_line line = {.size = 0};

    vsnprintf(said, sizeof said, format, arguments);
    if (log_journal)
        pawl_log_line_add(&line, "<%d>", (int)PAWL_LOG_ERROR);
    if (log_json) {
        line_begin_json(&line, PAWL_LOG_ERROR);
        pawl_log_json_member(&line, "class", class);
        pawl_log_json_member(&line, "message", said);
        pawl_log_line_add(&line, "}");
    } else {
        pawl_log_line_add(&line, "%s: %s%s%s: %s", log_program, log_verb != NULL ? log_verb : "",
                          log_verb != NULL ? ": " : "", class, said);
    }
    line_print(&line);
}

enum pawl_result pawl_error(enum pawl_result class, const char *format, ...)
{
    int cause = errno;
    va_list arguments;

    va_start(arguments, format);
    said_print(pawl_result_name(class), format, arguments);
    va_end(arguments);
    errno = cause;
    return class;
}

void pawl_hint(const char *format, ...)
{
    char said[PAWL_LOG_TEXT_SIZE];
    struct pawl_log_line line = {.size = 0};
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(said, sizeof said, format, arguments);
    va_end(arguments);
    if (log_json) {
        line_begin_json(&line, PAWL_LOG_NOTICE);
        pawl_log_json_member(&line, "hint", said);
        pawl_log_line_add(&line, "}");
    } else {
        pawl_log_line_add(&line, "hint: %s", said);
    }
    line_print(&line);
}

int pawl_usage_error(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    said_print("usage", format, arguments);
    va_end(arguments);
    pawl_hint("see '%s%s%s --help'", log_program, log_verb != NULL ? " " : "",
              log_verb != NULL ? log_verb : "");
    return PAWL_EXIT_USAGE;
}

int pawl_exit_code(enum pawl_result result)
{
    return result == PAWL_OK ? PAWL_EXIT_DONE : (int)PAWL_EXIT_CLASS + (int)result;
}
