#include "warden.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/file.h"
#include "image_process.h"
#include "sandbox.h"

#define FEED_PART 65536u

/* The image's process, for the signal handler. */
static volatile sig_atomic_t image_pid;
static volatile sig_atomic_t owns_processes;

/* The launcher asks for an end: every process of the run is told. */
static void end_pass_on(int number)
{
    int cause = errno;

    if (owns_processes)
        kill(-1, number);
    else if (image_pid > 0)
        kill(-(pid_t)image_pid, number);
    errno = cause;
}

static void note_write(const struct pawl_ward *ward, uint32_t type, int value, const char *step)
{
    struct pawl_launch_note note = {.type = type, .run = ward->request->run, .value = value};

    if (step != NULL)
        snprintf(note.step, sizeof note.step, "%s", step);
    (void)pawl_write_full(ward->report, &note, sizeof note);
}

_Noreturn static void give_up(const struct pawl_ward *ward, const char *step)
{
    note_write(ward, PAWL_LAUNCH_FAILED, errno, step);
    _exit(1);
}

/* Only this run's processes are seen in /proc. Without the right to mount, ids of others show;
 * where mounts cannot be kept from spreading, there is none. */
static void proc_mount(const struct pawl_isolation *isolation)
{
    const int needed = CLONE_NEWPID | CLONE_NEWNS;

    if ((isolation->run_flags & needed) == needed &&
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
        (void)mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

static void signals_prepare(void)
{
    struct sigaction action = {.sa_handler = end_pass_on};
    sigset_t set;

    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
}

/* A launcher that died before the death signal was set will not be noticed by it. */
static bool launcher_is_gone(const struct pawl_ward *ward)
{
    struct pollfd report = {.fd = ward->report, .events = 0};

    return poll(&report, 1, 0) == 1 && (report.revents & POLLERR) != 0;
}

/* Starts the image's process; `*failure` is the pipe on which it tells why it could not execute,
 * `*feed` the one to a handler's stdin, or -1. */
static pid_t image_fork(const struct pawl_ward *ward, int *failure, int *feed)
{
    int failures[2], feeds[2] = {-1, -1};

    if (pipe2(failures, O_CLOEXEC) != 0)
        give_up(ward, "pipe");
    if (ward->request->kind == PAWL_KIND_OPAQUE && pipe2(feeds, O_CLOEXEC) != 0)
        give_up(ward, "pipe");

    pid_t pid = fork();
    if (pid < 0)
        give_up(ward, "fork");
    if (pid == 0)
        pawl_image_process_run(ward, feeds[0], failures[1]);
    close(failures[1]);
    close(ward->output);
    if (feeds[0] >= 0)
        close(feeds[0]);
    if (feeds[1] >= 0)
        (void)fcntl(feeds[1], F_SETFL, O_NONBLOCK);
    *failure = failures[0];
    *feed = feeds[1];
    return pid;
}

/* The pipe closes by itself when the image executes. */
static bool image_executes(const struct pawl_ward *ward, int failure)
{
    struct pawl_launch_note note;
    size_t got = 0;
    enum pawl_result result = pawl_read_most(failure, &note, sizeof note, &got);

    close(failure);
    if (result == PAWL_OK && got == 0)
        return true;
    errno = got == sizeof note ? note.value : EIO;
    note_write(ward, PAWL_LAUNCH_FAILED, errno, got == sizeof note ? note.step : "start");
    return false;
}

/* Writes a part of the image to a handler. False when all is written or nobody reads any more. */
static bool feed_part(int image, int feed, uint64_t size, off_t *offset)
{
    ssize_t sent;

    if ((uint64_t)*offset >= size)
        return false;
    sent = sendfile(feed, image, offset, FEED_PART);
    return sent > 0 || (sent < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Waits for the end of the image's process, feeding it meanwhile. */
static int image_wait(const struct pawl_ward *ward, pid_t pid, int feed)
{
    struct pollfd events[2] = {
        {.fd = pidfd_open(pid, 0), .events = POLLIN},
        {.fd = feed, .events = POLLOUT},
    };
    off_t offset = 0;
    int status = 0;

    while (feed >= 0 && events[0].fd >= 0) {
        int count = poll(events, 2, -1);
        if (count < 0 && errno != EINTR)
            break;
        if (count > 0 && (events[0].revents & POLLIN) != 0)
            break;
        if (count > 0 && !feed_part(ward->image, feed, ward->request->image_size, &offset))
            break;
    }
    if (feed >= 0)
        close(feed);
    while (waitpid(-1, &status, 0) != pid) { /* orphans of the run come here too */
        if (errno == ECHILD)
            return SIGKILL;
    }
    return status;
}

/* Without a process namespace: what the image left behind in its group goes with it. */
static void leftovers_end(pid_t pid)
{
    if (!owns_processes)
        kill(-pid, SIGKILL);
}

_Noreturn void pawl_warden_run(const struct pawl_ward *ward)
{
    int failure, feed;

    (void)prctl(PR_SET_NAME, "pawl-warden", 0, 0, 0);
    owns_processes = (ward->isolation->run_flags & CLONE_NEWPID) != 0;
    proc_mount(ward->isolation);
    const char *step = pawl_sandbox_user_enter(ward->isolation);
    if (step != NULL)
        give_up(ward, step);
    if (launcher_is_gone(ward))
        _exit(1);
    signals_prepare();

    pid_t pid = image_fork(ward, &failure, &feed);
    image_pid = pid;
    if (!image_executes(ward, failure))
        _exit(1);
    note_write(ward, PAWL_LAUNCH_STARTED, pid, NULL);
    int status = image_wait(ward, pid, feed);
    leftovers_end(pid);
    note_write(ward, PAWL_LAUNCH_ENDED, status, NULL);
    _exit(0);
}
