#include "image_process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/close_range.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/file.h"
#include "sandbox.h"

#define PATH_DEFAULT "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define ENVIRONMENT_MOST 8u
#define VARIABLE_SIZE (PAWL_MANIFEST_SIZE_MAX + 64u)

/* All that an image is told: nothing of the processor's own environment. */
struct environment {
    char *entries[ENVIRONMENT_MOST];
    char texts[ENVIRONMENT_MOST][VARIABLE_SIZE];
    size_t count;
};

/* What the manifest says, as texts of the request. */
struct words {
    const char *name, *version;
    char *arguments[PAWL_ARGUMENT_MAX + 2];
};

static void words_read(const struct pawl_launch_request *request, struct words *words)
{
    size_t offset = 0;
    uint32_t count = 0;

    words->name = pawl_launch_text_next(request, &offset);
    words->version = pawl_launch_text_next(request, &offset);
    if (words->name == NULL || words->version == NULL)
        words->name = words->version = "";
    words->arguments[count++] = (char *)(uintptr_t)words->name;
    while (count <= request->argument_count) {
        const char *text = pawl_launch_text_next(request, &offset);
        if (text == NULL)
            break;
        words->arguments[count++] = (char *)(uintptr_t)text;
    }
    words->arguments[count] = NULL;
}

__attribute__((format(printf, 2, 3))) static void environment_add(struct environment *environment,
                                                                  const char *format, ...)
{
    char *text = environment->texts[environment->count];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, VARIABLE_SIZE, format, arguments);
    va_end(arguments);
    environment->entries[environment->count++] = text;
    environment->entries[environment->count] = NULL;
}

static void environment_make(const struct pawl_ward *ward, const struct words *words,
                             struct environment *environment)
{
    environment->count = 0;
    environment_add(environment, "%s", PATH_DEFAULT);
    environment_add(environment, "NOTIFY_SOCKET=%s", ward->notify_address);
    environment_add(environment, "PAWL_IMAGE_NAME=%s", words->name);
    environment_add(environment, "PAWL_IMAGE_VERSION=%s", words->version);
    environment_add(environment, "PAWL_IMAGE_SIZE=%" PRIu64, ward->request->image_size);
    if (ward->watchdog > 0)
        environment_add(environment, "WATCHDOG_USEC=%" PRIu64, ward->watchdog * 1000000u);
}

/* stdin, stdout and stderr; every other descriptor closes by itself at exec. */
static const char *descriptors_prepare(const struct pawl_ward *ward, int input)
{
    if (input < 0)
        input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (input < 0)
        return "/dev/null";
    if (dup2(input, STDIN_FILENO) < 0 || dup2(ward->output, STDOUT_FILENO) < 0 ||
        dup2(ward->output, STDERR_FILENO) < 0)
        return "dup2";
    if (close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC) != 0)
        return "close_range";
    return NULL;
}

static const char *image_execute(const struct pawl_ward *ward, struct words *words,
                                 char *const *environment)
{
    if (ward->request->kind == PAWL_KIND_OPAQUE) {
        execve(ward->handler[0], ward->handler, environment);
        return "handler";
    }
    fexecve(ward->image, words->arguments, environment);
    return "exec";
}

_Noreturn void pawl_image_process_run(const struct pawl_ward *ward, int input, int failure)
{
    static struct environment environment;
    struct words words;
    struct pawl_launch_note note = {.type = PAWL_LAUNCH_FAILED};

    words_read(ward->request, &words);
    environment_make(ward, &words, &environment);
    const char *step = descriptors_prepare(ward, input);
    if (step == NULL)
        step = pawl_sandbox_image_enter(ward->isolation, ward->request->network != 0);
    if (step == NULL)
        step = image_execute(ward, &words, environment.entries);
    note.value = errno;
    snprintf(note.step, sizeof note.step, "%s", step);
    (void)pawl_write_full(failure, &note, sizeof note);
    _exit(127);
}
