#include "server/device_api.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/hex.h"
#include "host/log.h"
#include "server/command.h"
#include "server/content_api.h"
#include "server/evidence.h"
#include "server/exchange.h"
#include "server/health_api.h"
#include "server/media.h"
#include "server/metrics.h"
#include "server/packages_api.h"

/* How a request goes on when what it had to write is written. */
enum sequel {
    SEQUEL_OFFER = 0,  /* with a directive as assignments say */
    SEQUEL_HOLD = 1,   /* with hold */
    SEQUEL_ANSWER = 2, /* as was decided already: with `entry`, or idle */
};

/* A request that waits for a write. Allocated only then: an idle poll has none. */
struct waiting {
    struct pawl_commit commit;
    enum sequel sequel;
    bool offered;
    struct pawl_plan_entry entry;
};

/* Values of request->step. */
enum {
    STEP_FIRST = 0,
    STEP_WRITTEN = 1, /* resumed by the committer */
};

/* The wait that the request has already, or a new one. NULL: the request was failed. */
static struct waiting *waiting_get(struct pawl_exchange *exchange)
{
    struct pawl_request *request = exchange->request;
    if (request->state == NULL)
        request->state = calloc(1, sizeof(struct waiting));
    struct waiting *waiting = request->state;
    if (waiting == NULL) {
        pawl_request_fail(request, MHD_HTTP_SERVICE_UNAVAILABLE, PAWL_EXHAUSTED, "no memory");
        return NULL;
    }
    waiting->commit.request = request;
    memcpy(waiting->commit.device_id, exchange->device.device_id, PAWL_ID_SIZE);
    return waiting;
}

/* Hands the commit in and suspends; the request is answered when it is called again. */
static enum MHD_Result waiting_submit(struct pawl_exchange *exchange, struct waiting *waiting,
                                      enum pawl_commit_kind kind, enum sequel sequel)
{
    struct pawl_request *request = exchange->request;
    waiting->sequel = sequel;
    waiting->commit.kind = kind;
    request->step = STEP_WRITTEN;
    if (!pawl_commit_submit(exchange->server->committer, &waiting->commit))
        pawl_request_fail(request, MHD_HTTP_SERVICE_UNAVAILABLE, PAWL_STATE,
                          "the server is stopping");
    return MHD_YES;
}

/* Fills the commit's event; its detail is set by the caller. */
static void event_begin(const struct pawl_exchange *exchange, struct pawl_commit *commit,
                        const char *action)
{
    commit->event = (struct pawl_event){
        .time = exchange->now,
        .actor = "device",
        .action = action,
        .device_id = commit->device_id,
        .detail = commit->detail,
    };
}

/* The event of a finding, with both sequence numbers, in the log too. */
static void event_make(const struct pawl_exchange *exchange, struct pawl_commit *commit,
                       const char *action, enum pawl_log_level level)
{
    uint64_t recorded = exchange->device.record.sequence, reported = exchange->report.sequence;
    char name[PAWL_HEX_SIZE(PAWL_ID_SIZE)];
    snprintf(commit->detail, sizeof commit->detail,
             "{\"recorded\":%" PRIu64 ",\"reported\":%" PRIu64 "}", recorded, reported);
    event_begin(exchange, commit, action);
    pawl_log(level, "event=%s device=%s recorded=%" PRIu64 " reported=%" PRIu64, action,
             pawl_hex_encode(commit->device_id, PAWL_ID_SIZE, name), recorded, reported);
}

/* Puts all that was recorded and reported into the event. */
static void evidence_add(const struct pawl_exchange *exchange, struct pawl_commit *commit)
{
    pawl_evidence_make(exchange, &commit->evidence);
    pawl_evidence_write(&commit->evidence, commit->detail, sizeof commit->detail);
}

/* The event of a failed attempt; it is counted, too. */
static void attempt_event_make(const struct pawl_exchange *exchange, struct pawl_commit *commit)
{
    const struct pawl_report *report = &exchange->report;
    char name[PAWL_HEX_SIZE(PAWL_ID_SIZE)], package[PAWL_HEX_SIZE(PAWL_PACKAGE_ID_SIZE)];
    pawl_hex_encode(report->failed_package_id, PAWL_PACKAGE_ID_SIZE, package);
    snprintf(commit->detail, sizeof commit->detail, "{\"package_id\":\"%s\",\"code\":%" PRIu64 "}",
             package, report->failure);
    event_begin(exchange, commit, "attempt-failed");
    pawl_count_failure(report->failure);
    pawl_log(PAWL_LOG_NOTICE, "event=attempt-failed device=%s package=%s code=%" PRIu64,
             pawl_hex_encode(commit->device_id, PAWL_ID_SIZE, name), package, report->failure);
}

/* What of an entry may outlive its plan. */
static struct pawl_plan_entry entry_copy(const struct pawl_plan_entry *entry)
{
    struct pawl_plan_entry copy = *entry;
    copy.campaign = NULL;
    return copy;
}

/* Notes that the device has taken a command, then goes on with the next. */
static enum MHD_Result command_end(struct pawl_exchange *exchange,
                                   const struct pawl_command *command)
{
    struct waiting *waiting = waiting_get(exchange);
    if (waiting == NULL)
        return MHD_YES;
    struct pawl_commit *commit = &waiting->commit;
    pawl_command_detail(command, &exchange->report, commit->detail, sizeof commit->detail);
    event_begin(exchange, commit, "command-taken");
    commit->command = (struct pawl_command_end){
        .device = command->device, .number = command->number, .event = &commit->event};
    return waiting_submit(exchange, waiting, PAWL_COMMIT_COMMAND, SEQUEL_OFFER);
}

/* Answers with the offer that was decided (NULL: none), or with the command whose turn it is. */
static enum MHD_Result answer(struct pawl_exchange *exchange, const struct pawl_plan_entry *entry)
{
    struct pawl_command command;
    if (exchange->device.commands == 0)
        return pawl_exchange_offer(exchange, entry);
    switch (pawl_exchange_command_find(exchange, entry != NULL, &command)) {
    case PAWL_COMMAND_TAKEN:
        return command_end(exchange, &command);
    case PAWL_COMMAND_SENT:
    case PAWL_COMMAND_OFFERED:
        return pawl_exchange_command(exchange, &command);
    case PAWL_COMMAND_AGAIN:
        return pawl_exchange_answer(exchange, PAWL_ACTION_REPEAT);
    case PAWL_COMMAND_WAITS:
        break;
    }
    return pawl_exchange_offer(exchange, entry);
}

/* Offers what assignments and campaigns say; a changed note of a failure is written first. */
static enum MHD_Result offer(struct pawl_exchange *exchange)
{
    const struct pawl_device *device = &exchange->device;
    const struct pawl_subject subject = pawl_device_subject(device);
    const struct pawl_offer_terms terms = {.now = exchange->now,
                                           .may_begin = pawl_campaigns_may_begin,
                                           .context = exchange->server->campaigns};
    struct pawl_plan_entry entry;
    struct pawl_offer decided;
    pawl_offer_decide(pawl_plan_acquire(&exchange->server->plans), &subject, &device->record,
                      &device->failure, &exchange->report, &terms, &decided);
    pawl_count(PAWL_COUNT_OFFERS + (unsigned)decided.reason);
    bool offered = decided.reason == PAWL_OFFER_PACKAGE;
    uint64_t campaign = decided.failed ? decided.entry->assignment : 0;
    if (decided.entry != NULL && decided.entry->campaign != NULL)
        exchange->campaign = decided.entry->assignment;
    if (offered)
        entry = entry_copy(decided.entry);
    pawl_plan_release(&exchange->server->plans);
    if (!decided.note_changed)
        return answer(exchange, offered ? &entry : NULL);

    struct waiting *waiting = waiting_get(exchange);
    if (waiting == NULL)
        return MHD_YES;
    waiting->offered = offered;
    if (offered)
        waiting->entry = entry;
    struct pawl_failure_change *failure = &waiting->commit.failure;
    *failure = (struct pawl_failure_change){
        .number = device->number,
        .record = device->record,
        .before = device->failure,
        .note = decided.note,
        .attempted = decided.attempted,
        .time = exchange->now,
        .sequence = device->record.sequence,
    };
    if (decided.failed) {
        failure->campaign = campaign;
        failure->stage = decided.stage;
    }
    if (decided.attempted &&
        pawl_alarm_attempt_is_due(&exchange->server->alarms, device->number, exchange->now)) {
        attempt_event_make(exchange, &waiting->commit);
        failure->event = &waiting->commit.event;
    }
    return waiting_submit(exchange, waiting, PAWL_COMMIT_FAILURE, SEQUEL_ANSWER);
}

/* For what a report that is taken as the record counts. */
static void credit_find(struct pawl_exchange *exchange, struct pawl_credit *credit)
{
    const struct pawl_subject subject = pawl_device_subject(&exchange->device);
    *credit = (struct pawl_credit){0};
    if (!exchange->report.has_package)
        return;
    pawl_plan_credit(pawl_plan_acquire(&exchange->server->plans), &subject,
                     exchange->report.package_id, credit);
    pawl_plan_release(&exchange->server->plans);
}

/* Whether a confirmed package is one that this server never published. */
static bool package_is_unknown(struct pawl_exchange *exchange)
{
    struct pawl_package_row package;
    struct pawl_reader *reader = NULL;
    if (!exchange->report.has_package)
        return true;
    return pawl_exchange_reader_get(exchange, &reader) == PAWL_OK &&
           pawl_store_package_get(reader, exchange->report.package_id, &package) == PAWL_STATE;
}

/* Writes a decision that changes the record. */
static enum MHD_Result change(struct pawl_exchange *exchange, const struct pawl_decision *decision)
{
    struct waiting *waiting = waiting_get(exchange);
    if (waiting == NULL)
        return MHD_YES;
    struct pawl_commit *commit = &waiting->commit;
    commit->change = (struct pawl_change){
        .number = exchange->device.number,
        .before = exchange->device.record,
        .after = decision->record,
        .time = exchange->now,
    };
    bool quarantined = decision->record.standing == PAWL_STANDING_QUARANTINED;
    if (quarantined)
        commit->change.quarantine = decision->finding;
    else
        credit_find(exchange, &commit->change.credit);
    if (decision->verdict != PAWL_VERDICT_CONFIRM)
        commit->change.credit.assignment = 0; /* a campaign counts who runs its package */

    const char *action = NULL;
    if (decision->finding != PAWL_FINDING_NONE)
        action = pawl_finding_name(decision->finding);
    else if (commit->change.credit.assignment == 0 && commit->change.credit.campaign == 0 &&
             package_is_unknown(exchange))
        action = "unknown-package";
    if (action != NULL) {
        event_make(exchange, commit, action, quarantined ? PAWL_LOG_WARNING : PAWL_LOG_NOTICE);
        commit->change.event = &commit->event;
    }
    /* Catching up may be the whole fleet's, after a restore: its numbers are enough. */
    if (action != NULL && decision->verdict != PAWL_VERDICT_CATCH_UP)
        evidence_add(exchange, commit);
    if (quarantined)
        commit->change.evidence = &commit->evidence;
    return waiting_submit(exchange, waiting, PAWL_COMMIT_CHANGE,
                          quarantined ? SEQUEL_HOLD : SEQUEL_OFFER);
}

/* Goes on after a finding that changes nothing: audited first, when it is due. */
static enum MHD_Result finding_tell(struct pawl_exchange *exchange, enum pawl_finding finding,
                                    enum sequel sequel)
{
    struct pawl_server *server = exchange->server;
    if (!pawl_alarm_is_due(&server->alarms, exchange->device.number, finding, exchange->now)) {
        pawl_count(PAWL_COUNT_ALARMS_SUPPRESSED);
        return sequel == SEQUEL_HOLD ? pawl_exchange_answer(exchange, PAWL_ACTION_HOLD)
                                     : offer(exchange);
    }
    struct waiting *waiting = waiting_get(exchange);
    if (waiting == NULL)
        return MHD_YES;
    event_make(exchange, &waiting->commit, pawl_finding_name(finding),
               sequel == SEQUEL_HOLD ? PAWL_LOG_WARNING : PAWL_LOG_NOTICE);
    evidence_add(exchange, &waiting->commit);
    return waiting_submit(exchange, waiting, PAWL_COMMIT_EVENT, sequel);
}

/* Whether it asks for a content key that it may not have. */
static bool content_is_refused(struct pawl_exchange *exchange)
{
    return exchange->report.wanted_count > 0 && pawl_exchange_grants_make(exchange) == PAWL_OK &&
           exchange->grants.refused > 0;
}

/* Judges an authentic report: the table of SPEC 11. */
static enum MHD_Result judge(struct pawl_exchange *exchange)
{
    if (!exchange->fresh)
        return pawl_exchange_answer(exchange, PAWL_ACTION_REPEAT);
    struct pawl_decision decision;
    pawl_reconcile_decide(&exchange->device.record, &exchange->report, &decision);
    pawl_count(PAWL_COUNT_VERDICTS + (unsigned)decision.verdict);
    if (decision.finding != PAWL_FINDING_NONE)
        pawl_count(PAWL_COUNT_FINDINGS + (unsigned)decision.finding);
    pawl_sighting_note(exchange->server->sightings, exchange->device.number, exchange->now);
    if (decision.writes)
        return change(exchange, &decision);
    bool held =
        decision.verdict == PAWL_VERDICT_HELD || decision.verdict == PAWL_VERDICT_IMPOSSIBLE;
    enum pawl_finding finding = decision.finding;
    if (finding == PAWL_FINDING_NONE && !held && content_is_refused(exchange))
        finding = PAWL_FINDING_CONTENT_REFUSED;
    if (finding != PAWL_FINDING_NONE)
        return finding_tell(exchange, finding, held ? SEQUEL_HOLD : SEQUEL_OFFER);
    return held ? pawl_exchange_answer(exchange, PAWL_ACTION_HOLD) : offer(exchange);
}

/* Goes on when the write is done, from what is held now: another request may have come between. */
static enum MHD_Result resume(struct pawl_exchange *exchange)
{
    struct waiting *waiting = exchange->request->state;
    enum pawl_result written = waiting->commit.result;
    if (written == PAWL_STATE)
        return judge(exchange);
    if (written != PAWL_OK)
        return pawl_request_refuse(exchange->request, written, "the report could not be recorded");
    if (waiting->sequel == SEQUEL_HOLD ||
        exchange->device.record.standing == PAWL_STANDING_QUARANTINED)
        return pawl_exchange_answer(exchange, PAWL_ACTION_HOLD);
    if (waiting->sequel == SEQUEL_ANSWER)
        return waiting->offered ? pawl_exchange_offer(exchange, &waiting->entry)
                                : answer(exchange, NULL);
    return offer(exchange);
}

static void refusal_count(enum pawl_result class)
{
    unsigned outcome = PAWL_OUTCOME_FAILED;
    if (class == PAWL_MALFORMED || class == PAWL_UNSUPPORTED)
        outcome = PAWL_OUTCOME_MALFORMED;
    else if (class == PAWL_UNTRUSTED)
        outcome = PAWL_OUTCOME_UNTRUSTED;
    pawl_count(PAWL_COUNT_REPORTS + outcome);
}

static enum MHD_Result report_answer(struct pawl_request *request)
{
    struct pawl_exchange exchange;
    enum MHD_Result answered;
    enum pawl_result result = pawl_exchange_begin(&exchange, request);
    if (result != PAWL_OK)
        answered = pawl_request_refuse(request, result, "the report was refused");
    else if (request->step == STEP_WRITTEN)
        answered = resume(&exchange);
    else
        answered = judge(&exchange);
    pawl_exchange_end(&exchange);
    if (request->status != 0)
        refusal_count(request->class);
    return answered;
}

static void report_release(struct pawl_request *request)
{
    free(request->state);
    request->state = NULL;
}

const struct pawl_handler pawl_report_handler = {
    .body_max = PAWL_SMALL_BODY_MAX,
    .accepts = pawl_media_is_mac0,
    .answer = report_answer,
    .release = report_release,
};

const struct pawl_route pawl_device_routes[] = {
    {MHD_HTTP_METHOD_POST, "/v1/report", &pawl_report_handler, 0},
    {MHD_HTTP_METHOD_GET, "/v1/packages/*", &pawl_package_fetch_handler, 0},
    {MHD_HTTP_METHOD_GET, "/v1/content/*/*", &pawl_content_fetch_handler, 0},
    {MHD_HTTP_METHOD_GET, "/healthz", &pawl_health_handler, 0},
    {MHD_HTTP_METHOD_GET, "/readyz", &pawl_ready_handler, 0},
};

const size_t pawl_device_route_count = sizeof pawl_device_routes / sizeof pawl_device_routes[0];
