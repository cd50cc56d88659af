#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

/* What to do about the usual causes. */
static const struct {
    int cause;
    const char *hint;
} hints[] = {
    {EEXIST, "choose another name, or give --force to replace it"},
    {ENOENT, "check the path; directories are not made for you"},
    {EACCES, "check the permissions of the file and of its directory"},
    {EPERM, "check the permissions of the file and of its directory"},
    {EROFS, "choose a directory that can be written"},
    {ENOSPC, "free some space; nothing was left behind"},
    {EDQUOT, "free some space; nothing was left behind"},
    {EFBIG, "raise the limit on file sizes (ulimit -f); nothing was left behind"},
};

static void hint_cause(int cause)
{
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
        if (hints[i].cause == cause)
            pawl_hint("%s", hints[i].hint);
}

enum pawl_result pawl_file_error(enum pawl_result result, const char *path, const char *expected)
{
    int cause = errno;

    switch (result) {
    case PAWL_MALFORMED:
        pawl_error(result, "%s is not %s", path, expected);
        pawl_hint("'pawl inspect %s' tells what it is", path);
        break;
    case PAWL_UNSUPPORTED:
        pawl_error(result, "%s is of a kind or version that this program does not know", path);
        break;
    case PAWL_IO:
    case PAWL_STATE:
        pawl_error(result, "%s: %s", path, strerror(cause));
        hint_cause(cause);
        break;
    case PAWL_CORRUPT:
        pawl_error(result, "%s ends too early, or changed while it was read", path);
        break;
    case PAWL_EXHAUSTED:
        pawl_error(result, "%s: there is not enough memory", path);
        break;
    case PAWL_CRYPTO:
        pawl_error(result, "%s: the cryptographic library failed", path);
        break;
    default:
        pawl_error(result, "%s cannot be used as %s", path, expected);
        break;
    }
    errno = cause;
    return result;
}

/* One line on stderr, control characters made harmless. */
static void line_print(const char *kind, const char *format, va_list arguments)
{
    char text[768];

    vsnprintf(text, sizeof text, format, arguments);
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    fprintf(stderr, "pawl: %s: %s: %s\n", pawl_cli.verb, kind, text);
}

const char *pawl_cli_action(const struct pawl_option_list *operands)
{
    return operands->count > 0 ? operands->items[0] : "list";
}

int pawl_nothing(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    line_print("nothing", format, arguments);
    va_end(arguments);
    return PAWL_EXIT_NOTHING;
}

void pawl_warning(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    line_print("warning", format, arguments);
    va_end(arguments);
}

enum pawl_progress_style pawl_cli_progress_style(void)
{
    return pawl_cli.quiet ? PAWL_PROGRESS_QUIET : PAWL_PROGRESS_AUTO;
}

#define BYTES_WORTH_A_BAR (16u * 1024u * 1024u)

void pawl_cli_progress_bytes(struct pawl_progress *progress, const char *what, uint64_t total)
{
    pawl_progress_start(progress, what, 0, total, PAWL_PROGRESS_BYTES,
                        total < BYTES_WORTH_A_BAR ? PAWL_PROGRESS_QUIET
                                                  : pawl_cli_progress_style());
}
