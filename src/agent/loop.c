#include "agent/loop.h"

#include <string.h>

#include "agent/agent.h"
#include "agent/outcome.h"
#include "host/hex.h"
#include "host/service.h"

#define BACKOFF_CAP_MS (5u * 60u * 1000u)
#define SHORT_ID 8u /* bytes of a package_id that are enough to know it by in a log */

/* A download or a trial that the processor is in the middle of. */
static bool is_under_way(enum pawl_state state)
{
    return state == PAWL_STATE_WRITING || state == PAWL_STATE_CANDIDATE ||
           state == PAWL_STATE_STAGED || state == PAWL_STATE_TRIAL;
}

enum pawl_phase pawl_agent_pause(struct pawl_agent *agent, int64_t time, enum pawl_phase phase)
{
    agent->pause_end = time;
    agent->after_pause = phase;
    return PAWL_PHASE_PAUSE;
}

/* --once gives up after so many failures in a row, but never while an image is on trial. */
static bool is_enough(const struct pawl_agent *agent, const struct pawl_backoff *backoff)
{
    return agent->settings->once && agent->status.state != PAWL_STATE_TRIAL &&
           backoff->failures >= agent->settings->max_retries;
}

enum pawl_phase pawl_agent_retry(struct pawl_agent *agent, enum pawl_trouble trouble,
                                 enum pawl_result result, const char *problem, uint32_t least,
                                 enum pawl_phase phase)
{
    static const char *const hints[PAWL_TROUBLE_COUNT] = {
        [PAWL_TROUBLE_LINK] = "is pawl-processor running, and --processor right?",
        [PAWL_TROUBLE_EXCHANGE] = "is pawld running, and --server right?",
        [PAWL_TROUBLE_FETCH] = "run it again: the download goes on where it stopped",
        [PAWL_TROUBLE_ATTEMPT] = "",
    };
    struct pawl_backoff *backoff = &agent->backoffs[trouble];

    if (agent->wake->is_stopped)
        return PAWL_PHASE_DONE;
    if (is_enough(agent, backoff)) {
        agent->exit_code = pawl_exit_code(pawl_error(result, "%s", problem));
        pawl_hint("%s", trouble == PAWL_TROUBLE_EXCHANGE && result == PAWL_UNTRUSTED
                            ? "has the server imported this unit, and does --ca fit the server?"
                            : hints[trouble]);
        return PAWL_PHASE_DONE;
    }
    uint64_t wait = pawl_backoff_next(backoff, pawl_random_draw());
    if (wait < least)
        wait = pawl_jitter_add(least, pawl_random_draw());
    pawl_log(PAWL_LOG_WARNING, "%s: %s; next attempt in %llu.%llu s", pawl_result_name(result),
             problem, (unsigned long long)wait / 1000, (unsigned long long)wait / 100 % 10);
    return pawl_agent_pause(agent, pawl_clock_now() + (int64_t)wait, phase);
}

enum pawl_phase pawl_agent_unlink(struct pawl_agent *agent, enum pawl_result result)
{
    pawl_link_client_close(&agent->link);
    return pawl_agent_retry(agent, PAWL_TROUBLE_LINK, result, agent->link.problem, 0,
                            PAWL_PHASE_CONNECT);
}

static void success_tell(struct pawl_agent *agent)
{
    char id[PAWL_HEX_SIZE(SHORT_ID)];
    pawl_log(PAWL_LOG_NOTICE, "installed package %s: its trial succeeded, sequence number %llu",
             pawl_hex_encode(agent->status.package_id, SHORT_ID, id),
             (unsigned long long)agent->status.sequence);
    agent->under_way = false;
    agent->unconfirmed = true;
    agent->exit_code = PAWL_EXIT_DONE;
    agent->attempt_at = 0;
    pawl_backoff_reset(&agent->backoffs[PAWL_TROUBLE_ATTEMPT]);
}

/* What was to run once has run; nothing else changed. */
static void diagnostic_tell(struct pawl_agent *agent)
{
    char id[PAWL_HEX_SIZE(SHORT_ID)];
    pawl_log(PAWL_LOG_NOTICE, "diagnostic package %s: %s; the software from before runs on",
             pawl_hex_encode(agent->status.failed_package_id, SHORT_ID, id),
             pawl_failure_text(PAWL_FAILURE_DONE));
    agent->under_way = false;
    agent->unconfirmed = true;
    agent->exit_code = PAWL_EXIT_DONE;
}

static void failure_tell(struct pawl_agent *agent)
{
    const struct pawl_processor_status *status = &agent->status;
    uint64_t failure = status->has_failure ? status->failure : (uint64_t)PAWL_OK;
    char id[PAWL_HEX_SIZE(SHORT_ID)];

    if (failure == PAWL_FAILURE_DONE) {
        diagnostic_tell(agent);
        return;
    }
    pawl_log(PAWL_LOG_ERROR, "package %s failed (%llu): %s; %s",
             pawl_hex_encode(status->failed_package_id, SHORT_ID, id), (unsigned long long)failure,
             pawl_failure_text(failure),
             status->has_package ? "the software from before runs on" : "no software is installed");
    agent->under_way = false;
    agent->unconfirmed = true;
    agent->exit_code = pawl_failure_exit_code(failure);
    agent->attempt_at = pawl_clock_now() + pawl_backoff_next(&agent->backoffs[PAWL_TROUBLE_ATTEMPT],
                                                             pawl_random_draw());
}

enum pawl_phase pawl_agent_follow(struct pawl_agent *agent)
{
    static const enum pawl_phase phases[] = {
        [PAWL_STATE_READY] = PAWL_PHASE_REPORT,      [PAWL_STATE_WRITING] = PAWL_PHASE_REPORT,
        [PAWL_STATE_CANDIDATE] = PAWL_PHASE_INSTALL, [PAWL_STATE_STAGED] = PAWL_PHASE_WATCH,
        [PAWL_STATE_FAILED] = PAWL_PHASE_REPORT,     [PAWL_STATE_TRIAL] = PAWL_PHASE_WATCH,
        [PAWL_STATE_REJECTED] = PAWL_PHASE_REPORT,   [PAWL_STATE_UPDATED] = PAWL_PHASE_REPORT,
    };
    const struct pawl_processor_status *status = &agent->status;

    if (agent->sequence_known && status->sequence > agent->sequence)
        success_tell(agent);
    else if (agent->under_way && !is_under_way(status->state))
        failure_tell(agent);
    agent->under_way = is_under_way(status->state);
    agent->sequence = status->sequence;
    agent->sequence_known = true;
    if ((unsigned)status->state >= sizeof phases / sizeof phases[0])
        return PAWL_PHASE_REPORT;
    return phases[status->state];
}

enum pawl_phase pawl_agent_look(struct pawl_agent *agent)
{
    struct pawl_link_answer answer;
    enum pawl_result result = pawl_link_client_status(&agent->link, &answer, &agent->status);
    return result == PAWL_OK ? pawl_agent_follow(agent) : pawl_agent_unlink(agent, result);
}

static enum pawl_phase connect_processor(struct pawl_agent *agent)
{
    char id[PAWL_HEX_SIZE(PAWL_ID_SIZE)];
    const struct pawl_link_hello *hello = &agent->link.hello;
    enum pawl_result result =
        pawl_link_client_open(&agent->link, agent->wake, agent->settings->processor);

    if (result != PAWL_OK)
        return pawl_agent_unlink(agent, result);
    pawl_log(agent->sequence_known && agent->sequence == hello->sequence ? PAWL_LOG_DEBUG
                                                                         : PAWL_LOG_INFO,
             "secure processor of device %s, sequence number %llu",
             pawl_hex_encode(hello->device_id, PAWL_ID_SIZE, id),
             (unsigned long long)hello->sequence);
    agent->watch = 0;
    return pawl_agent_look(agent);
}

/* A push is heeded while nothing else is the matter: no server that is down is asked more often. */
static void push_heed(struct pawl_agent *agent)
{
    uint32_t window;
    bool own;

    agent->wake->push_asked = false;
    if (!agent->resting || !pawl_agent_push_take(agent->push, &own, &window))
        return;
    int64_t due = pawl_summoned_due(&agent->summoned, pawl_clock_now(), agent->last_poll, own,
                                    window, agent->push_random);
    if (due >= agent->pause_end)
        return;
    pawl_log(PAWL_LOG_DEBUG, "push: polling in %lld ms", (long long)(due - pawl_clock_now()));
    agent->pause_end = due;
    agent->pushed = true;
}

/* A signal wants a poll: soon, but neither too often nor all at once. */
static void signal_heed(struct pawl_agent *agent)
{
    uint32_t spread = agent->settings->min_poll;
    int64_t soonest = agent->last_poll + agent->settings->min_poll;
    int64_t now = pawl_clock_now();

    agent->wake->poll_asked = false;
    if (soonest < now)
        soonest = now;
    soonest += (int64_t)((uint64_t)spread * pawl_random_draw() >> 32);
    if (soonest < agent->pause_end)
        agent->pause_end = soonest;
}

static enum pawl_phase wait_out(struct pawl_agent *agent)
{
    struct pawl_link_answer answer;
    struct pawl_processor_status status;
    int fd = pawl_link_client_is_open(&agent->link) ? agent->link.channel.fd : -1;

    switch (pawl_wake_sleep(agent->wake, fd, agent->pause_end)) {
    case PAWL_WAKE_STOP:
        return PAWL_PHASE_DONE;
    case PAWL_WAKE_POLL:
        if (agent->wake->push_asked)
            push_heed(agent);
        if (agent->wake->poll_asked)
            signal_heed(agent);
        return PAWL_PHASE_PAUSE;
    case PAWL_WAKE_CONTENT:
        agent->content_back = PAWL_PHASE_PAUSE;
        return PAWL_PHASE_CONTENT;
    case PAWL_WAKE_READY: {
        /* The processor has ended, or a late answer came; asking tells which. */
        enum pawl_result result = pawl_link_client_status(&agent->link, &answer, &status);
        return result == PAWL_OK ? PAWL_PHASE_PAUSE : pawl_agent_unlink(agent, result);
    }
    case PAWL_WAKE_TIME:
        break;
    }
    return agent->after_pause;
}

static void agent_init(struct pawl_agent *agent, const struct pawl_agent_settings *settings,
                       struct pawl_wake *wake)
{
    memset(agent, 0, sizeof *agent);
    agent->settings = settings;
    agent->wake = wake;
    agent->link.channel.fd = -1;
    agent->exit_code = PAWL_EXIT_NOTHING;
    pawl_summoned_init(&agent->summoned, settings->min_poll);
    for (unsigned i = 0; i < PAWL_TROUBLE_COUNT; i++)
        pawl_backoff_init(&agent->backoffs[i], settings->min_poll, BACKOFF_CAP_MS);
}

int pawl_agent_run(const struct pawl_agent_settings *settings, struct pawl_wake *wake)
{
    static const pawl_phase_fn phases[PAWL_PHASE_COUNT] = {
        [PAWL_PHASE_CONNECT] = connect_processor,  [PAWL_PHASE_REPORT] = pawl_phase_report,
        [PAWL_PHASE_FETCH] = pawl_phase_fetch,     [PAWL_PHASE_INSTALL] = pawl_phase_install,
        [PAWL_PHASE_WATCH] = pawl_phase_watch,     [PAWL_PHASE_PAUSE] = wait_out,
        [PAWL_PHASE_CONTENT] = pawl_phase_content,
    };
    static struct pawl_agent agent;

    agent_init(&agent, settings, wake);
    if (pawl_http_open(&agent.http, wake, settings->ca, settings->stall) != PAWL_OK)
        return pawl_exit_code(pawl_error(PAWL_IO, "libcurl cannot be used"));
    enum pawl_result result = pawl_content_start(&agent);
    if (result == PAWL_OK && settings->push != NULL && !settings->once)
        result =
            pawl_agent_push_open(&settings->push_address, settings->push_ca, wake, &agent.push);
    if (result == PAWL_OK)
        pawl_service_notify("READY=1");

    enum pawl_phase phase = result == PAWL_OK ? PAWL_PHASE_CONNECT : PAWL_PHASE_DONE;
    while (phase != PAWL_PHASE_DONE && !wake->is_stopped)
        phase = phases[phase](&agent);

    pawl_service_notify("STOPPING=1");
    pawl_agent_push_close(agent.push);
    pawl_content_stop(&agent);
    pawl_message_end(&agent.message);
    pawl_link_client_close(&agent.link);
    pawl_http_close(&agent.http);
    if (result != PAWL_OK)
        return pawl_exit_code(result);
    if (wake->is_stopped)
        return settings->once ? PAWL_EXIT_FAILURE : PAWL_EXIT_DONE;
    return agent.exit_code;
}
