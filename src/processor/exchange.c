/* Reports and directives (SPEC 9, 10): what the device tells the control server, and is told. */
#include <string.h>

#include "processor/engine.h"

static void report_fill(const struct pawl_processor *engine, struct pawl_report *report)
{
    const struct pawl_record *committed = &engine->committed;

    report->sequence = engine->sequence;
    report->state = engine->state;
    report->has_instance = engine->has_committed;
    report->has_package = engine->has_committed;
    memcpy(report->instance, committed->instance, sizeof report->instance);
    memcpy(report->package_id, committed->package_id, sizeof report->package_id);
    report->has_failure = engine->has_failure;
    report->failure = engine->failure;
    memcpy(report->failed_package_id, engine->failed_package_id, sizeof report->failed_package_id);
    memcpy(report->nonce, engine->nonce, sizeof report->nonce);
    report->has_challenge = engine->has_challenge;
    report->challenge_size = engine->challenge_size;
    memcpy(report->challenge, engine->challenge, sizeof report->challenge);
    report->has_command = true;
    report->command = engine->command;
}

enum pawl_result pawl_processor_report(struct pawl_processor *engine, uint8_t *bytes,
                                       size_t capacity, size_t *size)
{
    return pawl_processor_report_wanting(engine, NULL, 0, bytes, capacity, size);
}

enum pawl_result pawl_processor_report_wanting(struct pawl_processor *engine, const uint8_t *wanted,
                                               uint32_t wanted_count, uint8_t *bytes,
                                               size_t capacity, size_t *size)
{
    const struct pawl_port *port = engine->port;
    uint8_t auth_key[PAWL_KEY_SIZE];
    struct pawl_report report;

    enum pawl_result result = pawl_ledger_settle(engine);
    if (result != PAWL_OK)
        return result;
    /* Only the newest report's nonce is good, also when making this report fails below. */
    engine->has_nonce = false;
    result = port->entropy(port->context, engine->nonce, sizeof engine->nonce);
    if (result != PAWL_OK)
        return result;
    report_fill(engine, &report);
    report.wanted_count = wanted_count;
    if (wanted_count > 0)
        memcpy(report.wanted, wanted, wanted_count * sizeof report.wanted[0]);
    pawl_auth_key_make(engine->pud->unit_secret, auth_key);
    result = pawl_report_write(&report, engine->pud->device_id, auth_key, bytes, capacity, size);
    pawl_wipe(auth_key, sizeof auth_key);
    engine->has_nonce = result == PAWL_OK;
    return result;
}

/* Checks a directive against the newest report's nonce, which an accepted one uses up. */
static enum pawl_result directive_accept(struct pawl_processor *engine, const uint8_t *bytes,
                                         size_t size, struct pawl_directive *directive)
{
    uint8_t auth_key[PAWL_KEY_SIZE];

    if (!engine->has_nonce)
        return PAWL_STATE;
    pawl_auth_key_make(engine->pud->unit_secret, auth_key);
    enum pawl_result result = pawl_directive_read(bytes, size, auth_key, engine->nonce, directive);
    pawl_wipe(auth_key, sizeof auth_key);
    if (result != PAWL_OK)
        return result;
    engine->has_nonce = false;
    engine->has_challenge = true;
    engine->challenge_size = directive->challenge_size;
    memcpy(engine->challenge, directive->challenge, sizeof engine->challenge);
    return PAWL_OK;
}

static bool package_is_under_way(const struct pawl_processor *engine,
                                 const struct pawl_directive *directive)
{
    return (engine->state == PAWL_STATE_WRITING || engine->state == PAWL_STATE_CANDIDATE ||
            engine->state == PAWL_STATE_TRIAL) &&
           memcmp(engine->trial.package_id, directive->package_id, PAWL_PACKAGE_ID_SIZE) == 0 &&
           engine->trial.package_size == directive->package_size &&
           engine->download.diagnostic == directive->command;
}

static enum pawl_event event_choose(const struct pawl_processor *engine,
                                    const struct pawl_directive *directive)
{
    if (directive->action != PAWL_ACTION_DOWNLOAD)
        return PAWL_EVENT_DIRECTIVE;
    return package_is_under_way(engine, directive) ? PAWL_EVENT_AGAIN : PAWL_EVENT_OFFER;
}

/* What the directive says, before it is gone; offset and what to do next are known afterwards. */
static void work_start(const struct pawl_processor *engine, const struct pawl_directive *directive,
                       struct pawl_work *work)
{
    memset(work, 0, sizeof *work);
    work->action = directive->action;
    work->poll_after = directive->poll_after;
    if (directive->action != PAWL_ACTION_DOWNLOAD) {
        /* One that was taken already is brought again when a report was lost. */
        if (directive->command == 0 || directive->command == engine->command)
            return;
        work->command = directive->command;
        work->message_size = directive->message_size;
        memcpy(work->message, directive->message, directive->message_size);
        return;
    }
    memcpy(work->package_id, directive->package_id, sizeof work->package_id);
    work->package_size = directive->package_size;
    work->url_size = directive->url_size;
    memcpy(work->url, directive->url, directive->url_size);
}

/* The download that was offered is under way, or there is nothing to do. */
static void work_finish(const struct pawl_processor *engine, enum pawl_result result,
                        struct pawl_work *work)
{
    uint32_t poll_after = work->poll_after;

    if (result == PAWL_OK && work->action != PAWL_ACTION_DOWNLOAD)
        return; /* a command never comes with a download */
    work->fetch = engine->state == PAWL_STATE_WRITING;
    work->install = engine->state == PAWL_STATE_CANDIDATE;
    work->offset = engine->download.offset;
    if (result == PAWL_OK && (work->fetch || work->install))
        return;
    memset(work, 0, sizeof *work);
    work->poll_after = poll_after;
}

static bool contact_is_success(const struct pawl_processor *engine)
{
    return engine->state == PAWL_STATE_TRIAL && engine->trial_success == PAWL_SUCCESS_CONTACT;
}

enum pawl_result pawl_processor_directive(struct pawl_processor *engine, const uint8_t *bytes,
                                          size_t size, struct pawl_work *work)
{
    struct pawl_directive *directive = &engine->directive;
    const struct pawl_input input = {.directive = directive};

    enum pawl_result result = pawl_ledger_settle(engine);
    if (result == PAWL_OK)
        result = directive_accept(engine, bytes, size, directive);
    if (result != PAWL_OK)
        return result;
    work_start(engine, directive, work);
    if (contact_is_success(engine)) {
        /* What it offers was decided for the sequence number before this commit. */
        result = pawl_trial_succeed(engine);
    } else {
        result = pawl_engine_handle(engine, event_choose(engine, directive), &input);
        if (result == PAWL_OK)
            result = pawl_download_complete(engine);
    }
    work_finish(engine, result, work);
    engine->command_waiting = work->command;
    pawl_wipe(directive, sizeof *directive);
    return result;
}

enum pawl_result pawl_processor_taken(struct pawl_processor *engine, uint64_t command)
{
    if (command == 0 || (command != engine->command_waiting && command != engine->command))
        return PAWL_STATE;
    engine->command = command;
    engine->command_waiting = 0;
    return PAWL_OK;
}
