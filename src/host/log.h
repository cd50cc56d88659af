/*
 * What programs say on stderr: log lines of daemons, and errors of commands.
 *
 * What is said is logfmt, event=NAME and further KEY=VALUE, or a sentence. A log line carries the
 * time in UTC (on a terminal only that of the day), or a priority ("<6>") when the journal reads it
 * (JOURNAL_STREAM), which keeps its own time. As JSON (SPEC 23) every line is an object, the keys
 * its members. Control characters in what is printed become '?', so bytes from outside cannot forge
 * a line. Never give a secret to any of these. Each line is one write: lines of several threads do
 * not mix. A line of text is cut at 1024 bytes.
 */
#ifndef PAWL_HOST_LOG_H
#define PAWL_HOST_LOG_H

#include <stddef.h>

#include "pawl/result.h"

/* The values are those of syslog(3). */
enum pawl_log_level {
    PAWL_LOG_ERROR = 3,
    PAWL_LOG_WARNING = 4,
    PAWL_LOG_NOTICE = 5,
    PAWL_LOG_INFO = 6,
    PAWL_LOG_DEBUG = 7,
};

/* Names the program ("pawld"), and the most talkative level that is still printed. To be called
 * before threads start; `program` is kept by reference. */
void pawl_log_init(const char *program, enum pawl_log_level most);

/* Reads "error", "warning", "notice", "info" or "debug". PAWL_MALFORMED for anything else. */
enum pawl_result pawl_log_level_parse(const char *name, enum pawl_log_level *level);

enum pawl_log_format {
    PAWL_LOG_TEXT = 0,
    PAWL_LOG_JSON = 1, /* errors and hints too */
};

/* Reads "text" or "json". PAWL_MALFORMED for anything else. */
enum pawl_result pawl_log_format_parse(const char *name, enum pawl_log_format *format);

/* To be called before threads start; text is the default. */
void pawl_log_set_format(enum pawl_log_format format);

/* From now on lines of this thread end with request=NAME, which `name` is asked for with each line;
 * NULL ends that. NAME has at most 64 characters and needs no quotes. */
void pawl_log_context_set(const char *(*name)(void *context), void *context);

#define PAWL_LOG_VALUE_SIZE 256u

/* Makes a VALUE of any text in `value`, which is returned: in quotes where it could pass for
 * another key or for a number without, and cut to `room` bytes (at least 4). */
const char *pawl_log_value(const char *text, char *value, size_t room);

/* Names the verb for errors ("keygen"); NULL when there is none. Kept by reference. */
void pawl_log_set_verb(const char *verb);

/* Prints one log line. Leaves errno as it was. */
void pawl_log(enum pawl_log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints "PROGRAM: [VERB:] CLASS: what" and returns `class`, so that a caller can write
 * `return pawl_error(PAWL_IO, "%s: %s", path, strerror(errno));`. Leaves errno as it was. */
enum pawl_result pawl_error(enum pawl_result class, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints "hint: what to do" below an error. */
void pawl_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints "PROGRAM: [VERB:] usage: what" and where help is found; returns the exit code for it. */
int pawl_usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Exit codes of all programs (SPEC 17). */
enum pawl_exit {
    PAWL_EXIT_DONE = 0,
    PAWL_EXIT_FAILURE = 1, /* a failure that is none of the result classes */
    PAWL_EXIT_USAGE = 2,
    PAWL_EXIT_NOTHING = 3, /* nothing to do */
    PAWL_EXIT_CLASS = 9,   /* + the value of the result class */
};

/* The exit code of a result class: 0 for PAWL_OK, else 9 + its value. */
int pawl_exit_code(enum pawl_result result);

#endif
