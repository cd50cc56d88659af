/*
 * Agent and control server in one, for tests of the processor alone: speaks the link, checks the
 * report with the unit's own data, and answers it with directives.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/file.h"
#include "host/hex.h"
#include "host/log.h"
#include "host/options.h"
#include "pawl/link.h"
#include "pawl/package.h"
#include "pawl/secret.h"

#define ANSWER_MAX (PAWL_LINK_OVERHEAD + 4096u)
#define TRIAL_ROUNDS 3000 /* of 10 ms */

static const char *path, *command, *pud_path;
static uint64_t part = 65536, victim, kill_at, kill_delay;
static const struct pawl_option options[] = {
    {"connect", 0, "PATH", "of the processor's socket", .text = &path},
    {"exec", 0, "COMMAND", "a processor to start on a socket pair (stdio)", .text = &command},
    {"pud", 0, "FILE", "what the server knows of the unit", .text = &pud_path, .required = true},
    {"part", 0, "BYTES", "package bytes in a frame", .number = &part, .least = 1, .most = 1 << 20},
    {"kill", 0, "PID", "the processor to kill while it is at work", .number = &victim},
    {"kill-at", 0, "BYTES", "with the frame that reaches this; without, at install",
     .number = &kill_at},
    {"kill-delay", 0, "MICROSECONDS", "after the request was sent", .number = &kill_delay},
    {0},
};

static int in = -1, out = -1;
static bool kill_armed; /* with the next request */
static struct pawl_pud pud;
static uint8_t auth_key[PAWL_KEY_SIZE];

static enum pawl_result connect_to_path(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    in = out = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (in < 0 || connect(in, (const struct sockaddr *)&address, sizeof address) != 0)
        return PAWL_IO;
    return PAWL_OK;
}

static enum pawl_result start_command(void)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return PAWL_IO;
    if (fork() == 0) {
        dup2(ends[1], STDIN_FILENO);
        dup2(ends[1], STDOUT_FILENO);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    in = out = ends[0];
    return PAWL_OK;
}

/* kill -9 of the processor while it serves the request that was just sent. */
static enum pawl_result victim_kill(enum pawl_link_type type)
{
    struct timespec delay = {.tv_nsec = (long)kill_delay * 1000};

    nanosleep(&delay, NULL);
    if (kill((pid_t)victim, SIGKILL) != 0)
        return PAWL_STATE;
    printf("killed=%s\n", type == PAWL_LINK_WRITE ? "write" : "install");
    return PAWL_IO;
}

/* One request and its answer, which lies in a static buffer. */
static enum pawl_result ask(enum pawl_link_type type, const uint8_t *payload, uint32_t size,
                            struct pawl_link_frame *answer)
{
    static uint8_t request[PAWL_LINK_OVERHEAD + PAWL_LINK_PAYLOAD_MAX], bytes[ANSWER_MAX];
    static uint8_t id;
    size_t written = 0, have = 0, used = 0;
    enum pawl_result result = pawl_link_frame_write((uint8_t)type, ++id, payload, size, request,
                                                    sizeof request, &written);

    if (result == PAWL_OK)
        result = pawl_write_full(out, request, written);
    if (result == PAWL_OK && kill_armed && victim != 0)
        return victim_kill(type);
    while (result == PAWL_OK) {
        ssize_t got = read(in, bytes + have, sizeof bytes - have);
        if (got <= 0)
            return PAWL_IO;
        have += (size_t)got;
        result = pawl_link_frame_read(bytes, have, ANSWER_MAX, answer, &used);
        if (result == PAWL_OK)
            return answer->type == ((uint8_t)type | PAWL_LINK_ANSWER) && answer->id == id
                       ? PAWL_OK
                       : PAWL_MALFORMED;
        if (result == PAWL_EXHAUSTED && have < sizeof bytes)
            result = PAWL_OK;
    }
    return result;
}

static enum pawl_result status_get(struct pawl_processor_status *status)
{
    struct pawl_link_frame answer;
    enum pawl_result result = ask(PAWL_LINK_STATUS, NULL, 0, &answer);

    return result == PAWL_OK ? pawl_link_status_read(&answer, status) : result;
}

static void status_print(const struct pawl_processor_status *status)
{
    char id[PAWL_HEX_SIZE(PAWL_PACKAGE_ID_SIZE)];

    printf("state=%d sequence=%" PRIu64 " package=%s running=%d failure=%" PRIu64 "\n",
           (int)status->state, status->sequence,
           status->has_package ? pawl_hex_encode(status->package_id, 8, id) : "none",
           (int)status->running, status->has_failure ? status->failure : 0);
}

/* Asks for a report and verifies it as a server would. */
static enum pawl_result report_get(struct pawl_report *report)
{
    struct pawl_link_frame answer;
    struct pawl_mac0 mac0;
    enum pawl_state state;
    const uint8_t *body;
    uint32_t size;
    enum pawl_result result = ask(PAWL_LINK_REPORT, NULL, 0, &answer);

    if (result == PAWL_OK)
        result = pawl_link_answer_read(&answer, &state, &body, &size);
    if (result == PAWL_OK)
        result = pawl_report_split(body, size, &mac0);
    if (result == PAWL_OK)
        result = pawl_report_verify(&mac0, auth_key);
    if (result == PAWL_OK)
        result = pawl_report_decode(&mac0, report);
    return result;
}

static enum pawl_result directive_give(struct pawl_directive *directive, struct pawl_work *work)
{
    uint8_t bytes[PAWL_DIRECTIVE_SIZE_MAX];
    size_t size = 0;
    struct pawl_link_frame answer;
    enum pawl_state state;
    enum pawl_result result;

    directive->poll_after = 60;
    directive->challenge_size = 8;
    result = pawl_directive_write(directive, auth_key, bytes, sizeof bytes, &size);
    if (result == PAWL_OK)
        result = ask(PAWL_LINK_DIRECTIVE, bytes, (uint32_t)size, &answer);
    return result == PAWL_OK ? pawl_link_work_read(&answer, &state, work) : result;
}

/* An exchange that asks for nothing: contact. */
static enum pawl_result contact(void)
{
    struct pawl_report report;
    struct pawl_directive directive = {.action = PAWL_ACTION_IDLE};
    struct pawl_work work;
    enum pawl_result result = report_get(&report);

    memcpy(directive.nonce, report.nonce, sizeof directive.nonce);
    return result == PAWL_OK ? directive_give(&directive, &work) : result;
}

/* Offers `package` to the device, entitled at the sequence number it reports. */
static enum pawl_result offer(const struct pawl_buffer *package, const char *file,
                              struct pawl_work *work)
{
    static const char url[] = "/v1/packages/test";
    struct pawl_directive directive = {
        .action = PAWL_ACTION_DOWNLOAD,
        .package_size = package->size,
        .url_size = sizeof url - 1,
        .has_entitlement = true,
    };
    struct pawl_package parts;
    struct pawl_report report;
    uint8_t content_key[PAWL_KEY_SIZE], row[PAWL_ROW_SIZE];
    char key_path[4096];
    enum pawl_result result;

    snprintf(key_path, sizeof key_path, "%s.key", file);
    result = pawl_key_file_read(key_path, content_key, sizeof content_key);
    if (result == PAWL_OK)
        result = pawl_package_read(package->bytes, package->size, &parts);
    if (result == PAWL_OK)
        result = report_get(&report);
    if (result != PAWL_OK)
        return result;
    const struct pawl_unit unit = {pud.unit_secret, pud.device_id, pud.chain_length,
                                   report.sequence};
    result = pawl_entitlement_row_make(&unit, parts.package_id, content_key, row);
    memcpy(directive.nonce, report.nonce, sizeof directive.nonce);
    memcpy(directive.package_id, parts.package_id, sizeof directive.package_id);
    memcpy(directive.url, url, sizeof url - 1);
    memcpy(directive.entitlement, row + PAWL_TAG_SIZE, sizeof directive.entitlement);
    return result == PAWL_OK ? directive_give(&directive, work) : result;
}

static enum pawl_result bring(const struct pawl_buffer *package, uint64_t offset)
{
    static uint8_t payload[PAWL_LINK_PAYLOAD_MAX];
    struct pawl_link_frame answer;
    enum pawl_state state;
    enum pawl_result result = PAWL_OK;

    printf("from=%" PRIu64 "\n", offset);
    while (result == PAWL_OK && offset < package->size) {
        size_t size = package->size - offset < part ? package->size - offset : part;
        kill_armed = kill_at != 0 && offset + size > kill_at;
        for (unsigned i = 0; i < 8; i++)
            payload[i] = (uint8_t)(offset >> (56 - 8 * i));
        memcpy(payload + 8, package->bytes + offset, size);
        result = ask(PAWL_LINK_WRITE, payload, (uint32_t)size + 8, &answer);
        if (result == PAWL_OK)
            result = pawl_link_write_read(&answer, &state, &offset);
    }
    return result;
}

static enum pawl_result install(void)
{
    struct pawl_link_frame answer;
    enum pawl_state state;
    const uint8_t *body;
    uint32_t size;
    kill_armed = kill_at == 0;
    enum pawl_result result = ask(PAWL_LINK_INSTALL, NULL, 0, &answer);

    kill_armed = false;
    return result == PAWL_OK ? pawl_link_answer_read(&answer, &state, &body, &size) : result;
}

/* Waits until the trial is decided; a contact on the way decides one that waits for it. */
static enum pawl_result trial_wait(bool with_contact)
{
    struct pawl_processor_status status = {.state = PAWL_STATE_TRIAL};
    const struct timespec pause = {.tv_nsec = 10000000};
    enum pawl_result result = with_contact ? contact() : PAWL_OK;

    for (int i = 0; i < TRIAL_ROUNDS && result == PAWL_OK; i++) {
        result = status_get(&status);
        if (result != PAWL_OK || status.state != PAWL_STATE_TRIAL)
            return result;
        nanosleep(&pause, NULL);
    }
    return result == PAWL_OK ? PAWL_STATE : result;
}

static enum pawl_result download(const char *file, bool with_contact)
{
    struct pawl_buffer package = {0};
    struct pawl_work work = {0};
    enum pawl_result result = pawl_file_read(file, (size_t)1 << 30, &package);

    if (result == PAWL_OK)
        result = offer(&package, file, &work);
    if (result == PAWL_OK && work.fetch)
        result = bring(&package, work.offset);
    if (result == PAWL_OK && (work.fetch || work.install))
        result = install();
    if (result == PAWL_OK)
        result = trial_wait(with_contact);
    pawl_buffer_release(&package);
    return result;
}

static enum pawl_result verb_run(const struct pawl_option_list *operands)
{
    const char *verb = operands->items[0];
    const char *file = operands->count > 1 ? operands->items[1] : "";

    if (strcmp(verb, "download") == 0)
        return download(file, false);
    if (strcmp(verb, "download-contact") == 0)
        return download(file, true);
    if (strcmp(verb, "contact") == 0)
        return contact();
    return strcmp(verb, "status") == 0 ? PAWL_OK : PAWL_UNSUPPORTED;
}

static enum pawl_result pud_load(void)
{
    struct pawl_buffer bytes = {0};
    enum pawl_result result = pawl_file_read(pud_path, PAWL_PUD_SIZE_MAX, &bytes);

    if (result == PAWL_OK)
        result = pawl_pud_read(bytes.bytes, bytes.size, &pud);
    pawl_buffer_release(&bytes);
    pawl_auth_key_make(pud.unit_secret, auth_key);
    return result;
}

int main(int argc, char **argv)
{
    static const struct pawl_usage usage = {
        .command = "processor_client",
        .operands = "status|contact|download|download-contact [PACKAGE]",
        .summary = "Drives a processor and prints its status.",
        .least = 1,
        .most = 2,
    };
    struct pawl_option_list operands = {0};
    struct pawl_processor_status status;

    pawl_log_init("processor_client", PAWL_LOG_INFO);
    (void)signal(SIGPIPE, SIG_IGN);
    if (pawl_options_parse(&usage, options, argc, argv, NULL, &operands) != PAWL_OPTIONS_PROCEED)
        return PAWL_EXIT_USAGE;
    enum pawl_result result = pud_load();
    if (result == PAWL_OK)
        result = path != NULL ? connect_to_path() : start_command();
    if (result == PAWL_OK)
        result = verb_run(&operands);
    kill_armed = false;
    if (status_get(&status) == PAWL_OK)
        status_print(&status);
    if (result != PAWL_OK)
        pawl_error(result, "%s", operands.items[0]);
    pawl_option_list_release(&operands);
    if (out >= 0)
        close(out);
    while (command != NULL && wait(NULL) > 0) {
    }
    return pawl_exit_code(result);
}
