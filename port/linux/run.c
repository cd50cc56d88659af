#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/file.h"
#include "host/log.h"
#include "warden.h"

#define GRACE_MS 2000  /* between SIGTERM and SIGKILL */
#define NOTICES_MAX 64 /* in one turn; more than the kernel queues */
#define NEVER 0
#define MS_PER_SECOND 1000
#define OUTPUT_WAIT_MS 200 /* when the image printed more than it may in this second */

enum { CONTROL, REPORT, NOTIFY, OUTPUT, DESCRIPTORS };

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * MS_PER_SECOND + now.tv_nsec / 1000000;
}

static void engine_tell(const struct pawl_run *run, uint32_t type, int value, const char *step)
{
    struct pawl_launch_note note = {.type = type, .run = run->number, .value = value};

    if (step != NULL)
        snprintf(note.step, sizeof note.step, "%s", step);
    if (pawl_launch_note_send(run->control, &note) != PAWL_OK)
        _exit(0);
}

void pawl_run_init(struct pawl_run *run, const struct pawl_launcher_settings *settings, int control)
{
    *run = (struct pawl_run){
        .control = control,
        .settings = settings,
        .report = -1,
        .notify = {.fd = -1},
        .output = {.fd = -1},
        .peer = {.uid = settings->isolation.uid,
                 .any_session = settings->isolation.own_network || settings->isolation.other_user},
    };
}

/* Forks with the namespaces that were found to work. */
static pid_t run_fork(int flags)
{
    return (pid_t)syscall(SYS_clone, (unsigned long)(flags | SIGCHLD), 0, 0, 0, 0);
}

/* Makes what a run needs; `ward` gets the ends that are the warden's. */
static bool run_prepare(struct pawl_run *run, struct pawl_ward *ward)
{
    int report[2];

    if (pawl_notify_socket_open(&run->notify) != PAWL_OK ||
        pawl_output_open(&run->output, run->settings->isolation.uid, &ward->output) != PAWL_OK)
        return false;
    if (pipe2(report, O_CLOEXEC) != 0)
        return false;
    run->report = report[0];
    ward->report = report[1];
    ward->notify_address = run->notify.address;
    return true;
}

static void run_close(struct pawl_run *run)
{
    pawl_output_close(&run->output);
    pawl_notify_socket_close(&run->notify);
    if (run->report >= 0)
        close(run->report);
    run->report = -1;
}

/* Reads the warden's next note. False when it is gone without one. */
static bool report_read(const struct pawl_run *run, struct pawl_launch_note *note)
{
    return pawl_read_full(run->report, note, sizeof *note) == PAWL_OK;
}

/* The image's process, which leads its session, by our number: the warden tells its own namespace's
 * one. It is the warden's first child. -1 where that can't be found out: then nobody may speak. */
static pid_t image_session(const struct pawl_run *run, pid_t pid)
{
    char path[64], text[32] = "";
    size_t size = 0;

    if ((run->settings->isolation.run_flags & CLONE_NEWPID) == 0)
        return pid;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)run->warden, (int)run->warden);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (pawl_read_most(fd, text, sizeof text - 1, &size) != PAWL_OK)
        size = 0;
    close(fd);
    text[size] = '\0';
    pid_t found = (pid_t)strtol(text, NULL, 10);
    return found > 0 ? found : -1;
}

/* The warden tells at once whether the image executes. */
static void start_finish(struct pawl_run *run)
{
    struct pawl_launch_note note;

    if (!report_read(run, &note))
        note = (struct pawl_launch_note){.type = PAWL_LAUNCH_FAILED, .value = EIO, .step = "start"};
    if (note.type != PAWL_LAUNCH_STARTED) {
        note.step[sizeof note.step - 1] = '\0';
        kill(run->warden, SIGKILL);
        waitpid(run->warden, NULL, 0);
        run_close(run);
        engine_tell(run, PAWL_LAUNCH_FAILED, note.value, note.step);
        return;
    }
    run->active = true;
    run->peer.session = image_session(run, note.value);
    engine_tell(run, PAWL_LAUNCH_STARTED, 0, NULL);
}

static void ward_close(const struct pawl_ward *ward)
{
    if (ward->output >= 0)
        close(ward->output);
    if (ward->report >= 0)
        close(ward->report);
}

/* Makes what the run needs and forks its warden. What was made here belongs to the network that the
 * launcher is in: the name of the notify socket too. */
static const char *run_fork_in_place(struct pawl_run *run, struct pawl_ward *ward)
{
    if (!run_prepare(run, ward))
        return "prepare";
    run->warden = run_fork(run->settings->isolation.run_flags);
    if (run->warden == 0) {
        close(run->control);
        close(run->report);
        close(run->notify.fd);
        close(run->output.fd);
        for (size_t i = 0; i < 2; i++) {
            if (run->settings->isolation.networks[i] >= 0)
                close(run->settings->isolation.networks[i]);
        }
        pawl_warden_run(ward);
    }
    return run->warden > 0 ? NULL : "fork";
}

void pawl_run_start(struct pawl_run *run, const struct pawl_launch_request *request, int image)
{
    struct pawl_ward ward = {
        .request = request,
        .isolation = &run->settings->isolation,
        .handler = run->settings->handler,
        .watchdog = run->settings->watchdog,
        .image = image,
        .output = -1,
        .report = -1,
    };

    if (run->active) /* the engine stops one before it starts another */
        _exit(1);
    run->number = request->run;
    run->stopping = run->ready = false;
    run->kill_at = run->watchdog_at = NEVER;
    const char *failed = "network";
    const struct pawl_isolation *isolation = &run->settings->isolation;
    if (pawl_isolation_network_choose(isolation, request->network != 0))
        failed = run_fork_in_place(run, &ward);
    else
        errno = EACCES;
    int cause = errno;
    ward_close(&ward);
    /* Where it does not come back it must not go on: the next image would be in the wrong one. */
    if (!pawl_isolation_network_choose(isolation, false))
        _exit(1);
    if (failed != NULL) {
        run_close(run);
        engine_tell(run, PAWL_LAUNCH_FAILED, cause, failed);
        return;
    }
    start_finish(run);
}

void pawl_run_stop(struct pawl_run *run, uint32_t number)
{
    if (!run->active || run->number != number) {
        run->number = number;
        engine_tell(run, PAWL_LAUNCH_STOPPED, 0, NULL);
        return;
    }
    run->stopping = true;
    run->kill_at = now_ms() + GRACE_MS;
    kill(run->warden, SIGTERM);
}

/* A few at a time: an image that chatters is not to keep us from ending it. */
static void notices_take(struct pawl_run *run)
{
    struct pawl_notice notice;
    int64_t silence = (int64_t)run->settings->watchdog * MS_PER_SECOND;

    for (int i = 0; i < NOTICES_MAX; i++) {
        if (pawl_notify_socket_take(&run->notify, &run->peer, &notice) != PAWL_OK)
            break;
        if (notice.ready && !run->ready)
            engine_tell(run, PAWL_LAUNCH_READY, 0, NULL);
        run->ready |= notice.ready;
        if (silence > 0 && (notice.ready || notice.watchdog))
            run->watchdog_at = now_ms() + silence;
    }
}

/* The warden told how the image ended, or was killed with it. What was said before that counts. */
static void run_finish(struct pawl_run *run)
{
    struct pawl_launch_note note = {.value = SIGKILL};

    if (!report_read(run, &note) || note.type != PAWL_LAUNCH_ENDED)
        note.value = SIGKILL;
    kill(run->warden, SIGKILL);
    waitpid(run->warden, NULL, 0);
    notices_take(run);
    run_close(run);
    run->active = false;
    engine_tell(run, run->stopping ? PAWL_LAUNCH_STOPPED : PAWL_LAUNCH_ENDED, note.value, NULL);
}

static int wait_ms(const struct pawl_run *run, bool wants_output)
{
    int64_t now = now_ms(), least = wants_output ? INT_MAX : OUTPUT_WAIT_MS;
    const int64_t times[] = {run->kill_at, run->watchdog_at};

    if (!run->active)
        return -1;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        if (times[i] != NEVER && times[i] - now < least)
            least = times[i] > now ? times[i] - now : 0;
    }
    return least == INT_MAX ? -1 : (int)least;
}

/* The end by force: with the warden goes all that it started. */
static void times_check(struct pawl_run *run)
{
    int64_t now = now_ms();

    if (run->kill_at != NEVER && now >= run->kill_at) {
        run->kill_at = NEVER;
        kill(run->warden, SIGKILL);
    }
    if (run->watchdog_at != NEVER && now >= run->watchdog_at) {
        run->watchdog_at = NEVER;
        pawl_log(PAWL_LOG_WARNING, "the image was silent for longer than its watchdog allows");
        kill(run->warden, SIGKILL);
    }
}

bool pawl_run_wait(struct pawl_run *run)
{
    bool wants_output = run->active && pawl_output_wants(&run->output, now_ms() / MS_PER_SECOND);
    struct pollfd events[DESCRIPTORS] = {
        [CONTROL] = {.fd = run->control, .events = POLLIN},
        [REPORT] = {.fd = run->active ? run->report : -1, .events = POLLIN},
        [NOTIFY] = {.fd = run->active ? run->notify.fd : -1, .events = POLLIN},
        [OUTPUT] = {.fd = wants_output ? run->output.fd : -1, .events = POLLIN},
    };

    if (poll(events, DESCRIPTORS, wait_ms(run, wants_output)) < 0)
        return false;
    if (run->active) {
        if ((events[NOTIFY].revents & POLLIN) != 0)
            notices_take(run);
        if ((events[OUTPUT].revents & POLLIN) != 0)
            (void)pawl_output_take(&run->output);
        else if (events[OUTPUT].revents != 0) /* closed by all: nothing more to wait for */
            pawl_output_close(&run->output);
        if (events[REPORT].revents != 0)
            run_finish(run);
        else
            times_check(run);
    }
    return events[CONTROL].revents != 0;
}
