#include "runner.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "host/log.h"
#include "launch.h"

/* Waits for the answer to a request; events of the same run that come before it are out of date. */
static enum pawl_result answer_wait(struct pawl_runner *runner, uint32_t first, uint32_t second,
                                    struct pawl_launch_note *note)
{
    enum pawl_result result;

    do {
        result = pawl_launch_note_receive(runner->socket, note);
        if (result != PAWL_OK)
            return result;
    } while (note->run != runner->run || (note->type != first && note->type != second));
    return PAWL_OK;
}

/* A memfd has no name that a script's interpreter or a missing loader could be told. */
static const char *start_failure_text(const struct pawl_launch_note *note)
{
    if (strcmp(note->step, "exec") != 0)
        return strerror(note->value);
    switch (note->value) {
    case ENOENT:
        return "a script, or a dynamic executable whose loader is not on this device";
    case ENOEXEC:
        return "not an executable of this machine";
    default:
        return strerror(note->value);
    }
}

enum pawl_result pawl_runner_start(struct pawl_runner *runner, const struct pawl_manifest *manifest,
                                   int image)
{
    static struct pawl_launch_request request; /* large, and there is one runner */
    struct pawl_launch_note note;

    pawl_runner_stop(runner);
    runner->run++;
    enum pawl_result result = pawl_launch_request_make(manifest, runner->run, &request);
    if (result == PAWL_OK)
        result = pawl_launch_request_send(runner->socket, &request, image);
    if (result == PAWL_OK)
        result = answer_wait(runner, PAWL_LAUNCH_STARTED, PAWL_LAUNCH_FAILED, &note);
    if (result != PAWL_OK)
        return result;
    if (note.type == PAWL_LAUNCH_FAILED) {
        pawl_log(PAWL_LOG_ERROR, "the image cannot be started: %s: %s", note.step,
                 start_failure_text(&note));
        return PAWL_STATE;
    }
    runner->running = true;
    return PAWL_OK;
}

void pawl_runner_stop(struct pawl_runner *runner)
{
    struct pawl_launch_request request = {.type = PAWL_LAUNCH_STOP, .run = runner->run};
    struct pawl_launch_note note;

    if (!runner->running)
        return;
    runner->running = false;
    if (pawl_launch_request_send(runner->socket, &request, -1) == PAWL_OK)
        (void)answer_wait(runner, PAWL_LAUNCH_STOPPED, PAWL_LAUNCH_STOPPED, &note);
}

static enum pawl_run_event ending_event(int status)
{
    if (WIFSIGNALED(status)) {
        pawl_log(PAWL_LOG_NOTICE, "the image was ended by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
        return PAWL_RUN_CRASHED;
    }
    pawl_log(PAWL_LOG_NOTICE, "the image exited with status %d", WEXITSTATUS(status));
    return WEXITSTATUS(status) == 0 ? PAWL_RUN_EXITED_ZERO : PAWL_RUN_EXITED_OTHER;
}

enum pawl_result pawl_runner_event_take(struct pawl_runner *runner, bool *has_event,
                                        enum pawl_run_event *event)
{
    struct pawl_launch_note note;
    enum pawl_result result = pawl_launch_note_receive(runner->socket, &note);

    *has_event = false;
    if (result != PAWL_OK)
        return result;
    if (!runner->running || note.run != runner->run)
        return PAWL_OK;
    if (note.type == PAWL_LAUNCH_READY) {
        pawl_log(PAWL_LOG_INFO, "the image reports that it is ready");
        *event = PAWL_RUN_READY;
        *has_event = true;
    } else if (note.type == PAWL_LAUNCH_ENDED) {
        runner->running = false;
        *event = ending_event(note.value);
        *has_event = true;
    }
    return PAWL_OK;
}
