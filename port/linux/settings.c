#include "settings.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GIB (UINT64_C(1) << 30)
#define SLOT_SIZE_MAX (1024 * GIB)
#define IMAGE_MAX_BASE (UINT64_C(256) << 20)
#define DAY 86400u

static const struct pawl_usage usage = {
    .command = "pawl-processor",
    .operands = "",
    .summary =
        "The secure processor on Linux: alone holds the unit's secrets, checks, opens and runs "
        "its software.",
    .details =
        "LINK is unix:PATH (a socket for one agent after another), stdio, or fd:N (an inherited\n"
        "socket); with the last two the processor ends with its link.\n"
        "Images run as --run-as, by default as a user that nobody else has; not started as root,\n"
        "as the processor's own. A counter in a file is for development; in a TPM it is\n"
        "tpm[:device:PATH|:swtpm:path=PATH|:swtpm:host=ADDRESS,port=N][,index=N][,platform]\n"
        "[,auth-file=PATH], by default tpm:device:/dev/tpmrm0.",
};

/* The texts of options that need more reading. */
struct texts {
    const char *link, *link_group, *counter, *handler, *user, *level;
    struct pawl_option_list handler_arguments;
};

static bool link_read(const char *text, struct pawl_link_address *link)
{
    uint64_t number;

    if (strncmp(text, "unix:", 5) == 0 && text[5] != '\0') {
        *link = (struct pawl_link_address){.kind = PAWL_LINK_UNIX, .path = text + 5};
        return true;
    }
    if (strcmp(text, "stdio") == 0) {
        *link = (struct pawl_link_address){.kind = PAWL_LINK_STDIO};
        return true;
    }
    if (strncmp(text, "fd:", 3) == 0 && pawl_number_parse(text + 3, &number) == PAWL_OK &&
        number > STDERR_FILENO && number < 65536 && fcntl((int)number, F_GETFD) >= 0) {
        *link = (struct pawl_link_address){.kind = PAWL_LINK_FD, .fd = (int)number};
        return true;
    }
    pawl_usage_error("--link: '%s' is not unix:PATH, stdio or fd:N of an open descriptor", text);
    return false;
}

static bool id_read(const char *text, size_t length, uint32_t *id)
{
    char digits[11];
    uint64_t number;

    if (length == 0 || length >= sizeof digits)
        return false;
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (digits[strspn(digits, "0123456789")] != '\0' ||
        pawl_number_parse(digits, &number) != PAWL_OK || number >= UINT32_MAX)
        return false;
    *id = (uint32_t)number;
    return true;
}

bool pawl_run_as_read(const char *text, struct pawl_settings *settings)
{
    size_t length = strcspn(text, ":");
    const struct passwd *entry = getpwnam(text);

    if (entry != NULL) {
        settings->uid = entry->pw_uid;
        settings->gid = entry->pw_gid;
    } else if (!id_read(text, length, &settings->uid)) {
        pawl_usage_error("--run-as: there is no user '%s'", text);
        return false;
    } else if (text[length] == '\0') {
        settings->gid = (gid_t)settings->uid;
    } else if (!id_read(text + length + 1, strlen(text + length + 1), &settings->gid)) {
        pawl_usage_error("--run-as: '%s' is not UID:GID", text);
        return false;
    }
    if (settings->uid == 0 || settings->gid == 0) {
        pawl_usage_error("--run-as: images do not run as root");
        return false;
    }
    if (geteuid() != 0 && settings->uid != geteuid()) {
        pawl_usage_error("--run-as: only root can run images as another user");
        return false;
    }
    settings->has_user = true;
    return true;
}

static bool group_read(const char *text, struct pawl_settings *settings)
{
    const struct group *entry = getgrnam(text);

    settings->has_link_group = true;
    if (entry != NULL) {
        settings->link_group = entry->gr_gid;
        return true;
    }
    if (id_read(text, strlen(text), &settings->link_group))
        return true;
    pawl_usage_error("--link-group: there is no group '%s'", text);
    return false;
}

static bool level_read(const char *text, enum pawl_log_level *level)
{
    if (pawl_log_level_parse(text, level) == PAWL_OK)
        return true;
    pawl_usage_error("--log-level: '%s' is not error, warning, notice, info or debug", text);
    return false;
}

bool pawl_handler_read(const char *handler, const struct pawl_option_list *arguments,
                       struct pawl_settings *settings)
{
    size_t count = arguments->count;

    if (handler[0] != '/' || access(handler, X_OK) != 0) {
        pawl_usage_error("--handler: '%s' is not the absolute path of a program", handler);
        return false;
    }
    settings->handler = calloc(count + 2, sizeof *settings->handler);
    if (settings->handler == NULL) {
        pawl_error(PAWL_EXHAUSTED, "no memory");
        return false;
    }
    settings->handler[0] = (char *)(uintptr_t)handler;
    for (size_t i = 0; i < count; i++)
        settings->handler[i + 1] = (char *)(uintptr_t)arguments->items[i];
    return true;
}

static bool texts_read(const struct texts *texts, struct pawl_settings *settings)
{
    settings->counter = pawl_counter_kind_find(texts->counter, &settings->counter_argument);
    if (settings->counter == NULL) {
        pawl_usage_error("--counter: '%s' is none of: %s", texts->counter,
                         pawl_counter_kinds_text());
        return false;
    }
    if (settings->counter->check != NULL && !settings->counter->check(settings->counter_argument))
        return false;
    if (settings->make_counter && !settings->counter->made_on_request) {
        pawl_usage_error("--make-counter: a counter of kind %s is made with the state",
                         settings->counter->name);
        return false;
    }
    if (texts->handler == NULL && texts->handler_arguments.count > 0) {
        pawl_usage_error("--handler-arg without --handler");
        return false;
    }
    if (settings->launcher != NULL && (texts->user != NULL || texts->handler != NULL)) {
        pawl_usage_error("--run-as and --handler are the launcher's, where it is a service");
        return false;
    }
    return link_read(texts->link, &settings->link) &&
           level_read(texts->level, &settings->log_level) &&
           (texts->user == NULL || pawl_run_as_read(texts->user, settings)) &&
           (texts->link_group == NULL || group_read(texts->link_group, settings)) &&
           (texts->handler == NULL ||
            pawl_handler_read(texts->handler, &texts->handler_arguments, settings));
}

enum pawl_options_outcome pawl_settings_read(int argc, char **argv, struct pawl_settings *settings)
{
    struct texts texts = {.counter = "file", .level = "info"};
    struct pawl_option_list operands = {0};

    *settings = (struct pawl_settings){.image_max = IMAGE_MAX_BASE};
    const struct pawl_option options[] = {
        {"pud", 0, "FILE", "the unit's data, mode 0600", .text = &settings->pud, .required = true},
        {"state", 0, "DIR", "what the device keeps, mode 0700; made when missing",
         .text = &settings->state, .required = true},
        {"link", 0, "LINK", "where the agent is", .text = &texts.link, .required = true},
        {"link-group", 0, "GROUP", "may use the link too (mode 0660)", .text = &texts.link_group},
        {"counter", 0, "KIND[:PLACE]", "where the sequence number is kept: file (default) or tpm",
         .text = &texts.counter},
        {"make-counter", 0, NULL, "make a new device's indices in the TPM, at the factory",
         .flag = &settings->make_counter},
        {"run-as", 0, "USER|UID:GID", "the user of images", .text = &texts.user},
        {"network", 0, NULL, "images whose manifest asks for it may use the network",
         .flag = &settings->network},
        {"launcher", 0, "PATH", "the socket of 'pawl-processor launcher', which starts images",
         .text = &settings->launcher},
        {"handler", 0, "PROGRAM", "takes opaque images on its stdin", .text = &texts.handler},
        {"handler-arg", 0, "ARG", "its arguments", .list = &texts.handler_arguments},
        {"slot-size", 0, "BYTES", "room for one package; fixed when the state is made (256M)",
         .number = &settings->slot_size, .least = 65536, .most = SLOT_SIZE_MAX},
        {"image-max", 0, "BYTES", "largest image (256M)", .number = &settings->image_max,
         .least = 1, .most = SLOT_SIZE_MAX},
        {"watchdog", 0, "SECONDS", "an image that is ready must report this often",
         .number = &settings->watchdog, .least = 1, .most = DAY},
        {"log-level", 0, "LEVEL", "error, warning, notice, info (default) or debug",
         .text = &texts.level},
        {0},
    };
    enum pawl_options_outcome outcome =
        pawl_options_parse(&usage, options, argc, argv, NULL, &operands);

    if (outcome == PAWL_OPTIONS_PROCEED && !texts_read(&texts, settings))
        outcome = PAWL_OPTIONS_WRONG;
    pawl_option_list_release(&texts.handler_arguments);
    pawl_option_list_release(&operands);
    return outcome;
}

void pawl_settings_release(struct pawl_settings *settings)
{
    free(settings->handler);
    settings->handler = NULL;
}
