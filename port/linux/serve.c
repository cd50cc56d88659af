#include "serve.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "host/log.h"
#include "journal.h"
#include "pawl/link.h"

enum { SIGNALS, LAUNCHER, TIMER, COUNTER, LINK, DESCRIPTORS = LINK + PAWL_LINK_POLLS };

enum pawl_result pawl_serve_signals_open(int *signals)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    *signals = -1;
    if (sigprocmask(SIG_BLOCK, &set, NULL) == 0)
        *signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return *signals >= 0 ? PAWL_OK : pawl_error(PAWL_IO, "signals: %s", strerror(errno));
}

static bool stop_asked(const struct pawl_serving *serving)
{
    struct signalfd_siginfo info;

    if (read(serving->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return false;
    pawl_log(PAWL_LOG_INFO, "asked to stop (%s)", strsignal((int)info.ssi_signo));
    return true;
}

/* Hands an event to the engine and tells what came of it. */
static void event_pass(struct pawl_serving *serving, enum pawl_run_event event)
{
    struct pawl_processor_status before, after;

    pawl_processor_status_get(serving->processor, &before);
    enum pawl_result result = pawl_processor_ran(serving->processor, event);
    pawl_processor_status_get(serving->processor, &after);
    pawl_journal_step(&before, &after);
    if (result != PAWL_OK)
        pawl_log(PAWL_LOG_ERROR, "after the image's run: %s", pawl_result_name(result));
}

static enum pawl_result launcher_serve(struct pawl_serving *serving)
{
    bool has_event = false;
    enum pawl_run_event event = PAWL_RUN_CRASHED;
    enum pawl_result result =
        pawl_executor_event_take(&serving->device->executor, &has_event, &event);

    if (result == PAWL_OK && has_event)
        event_pass(serving, event);
    if (result != PAWL_OK)
        pawl_error(PAWL_IO, "the launcher is gone");
    return result;
}

/* Success may have come in the same moment: then the deadline means nothing any more. */
static void deadline_serve(struct pawl_serving *serving)
{
    struct pawl_processor_status status;

    if (!pawl_executor_deadline_take(&serving->device->executor))
        return;
    pawl_processor_status_get(serving->processor, &status);
    if (status.state == PAWL_STATE_TRIAL)
        event_pass(serving, PAWL_RUN_DEADLINE);
}

static void request_serve(struct pawl_serving *serving)
{
    struct pawl_link_frame request;
    struct pawl_processor_status before, after;
    size_t size = 0;

    if (!pawl_link_stream_next(serving->link, &request))
        return;
    pawl_processor_status_get(serving->processor, &before);
    enum pawl_result result =
        pawl_link_serve(serving->processor, serving->device->pud, PAWL_LINK_PAYLOAD_MAX, &request,
                        pawl_link_stream_answer(serving->link), PAWL_LINK_ANSWER_MAX, &size);
    if (result == PAWL_OK)
        pawl_link_stream_send(serving->link, size);
    pawl_processor_status_get(serving->processor, &after);
    pawl_journal_step(&before, &after);
}

enum pawl_result pawl_serve(struct pawl_serving *serving)
{
    struct pawl_executor_linux *executor = &serving->device->executor;
    struct pollfd polls[DESCRIPTORS];
    enum pawl_result result = PAWL_OK;

    while (result == PAWL_OK && !pawl_link_stream_ended(serving->link)) {
        polls[SIGNALS] = (struct pollfd){.fd = serving->signals, .events = POLLIN};
        polls[LAUNCHER] = (struct pollfd){.fd = executor->runner.socket, .events = POLLIN};
        polls[TIMER] = (struct pollfd){.fd = executor->timer, .events = POLLIN};
        polls[COUNTER] = (struct pollfd){.fd = serving->device->counter.helper};
        pawl_link_stream_watch(serving->link, polls + LINK);
        if (poll(polls, DESCRIPTORS, pawl_link_stream_is_busy(serving->link) ? 0 : -1) < 0)
            continue;
        if (polls[SIGNALS].revents != 0 && stop_asked(serving))
            break;
        if (polls[LAUNCHER].revents != 0)
            result = launcher_serve(serving);
        if (polls[COUNTER].revents != 0) /* only a new start can make another */
            result = pawl_error(PAWL_IO, "the counter's relay is gone");
        if (polls[TIMER].revents != 0)
            deadline_serve(serving);
        pawl_link_stream_work(serving->link, polls + LINK);
        request_serve(serving);
    }
    return result;
}
