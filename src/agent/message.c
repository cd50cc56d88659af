#include "agent/message.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/log.h"
#include "pawl/report.h"

void pawl_message_end(struct pawl_message *message)
{
    if (message->program <= 0)
        return;
    if (waitpid(message->program, NULL, WNOHANG) == 0) {
        kill(message->program, SIGKILL);
        waitpid(message->program, NULL, 0);
    }
    message->program = 0;
}

/* In the child. Its time is measured by the kernel: nobody has to wait for it. */
_Noreturn static void child_exec(const char *path, int input)
{
    char *const arguments[] = {(char *)(uintptr_t)path, NULL};
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0);
    if (dup2(input, STDIN_FILENO) >= 0 && close_range(STDERR_FILENO + 1, ~0u, 0) == 0) {
        alarm(PAWL_MESSAGE_PATIENCE);
        execv(path, arguments);
    }
    _exit(127);
}

static enum pawl_result program_start(struct pawl_message *message, const char *path,
                                      const char *text, size_t size)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return PAWL_IO;
    /* A message is far shorter than what a pipe holds. */
    ssize_t written = write(ends[1], text, size);
    close(ends[1]);
    pid_t child = written == (ssize_t)size ? fork() : -1;
    if (child == 0)
        child_exec(path, ends[0]);
    close(ends[0]);
    if (child < 0)
        return PAWL_IO;
    message->program = child;
    return PAWL_OK;
}

enum pawl_result pawl_message_show(struct pawl_message *message, const char *path, const char *text,
                                   size_t size)
{
    char line[PAWL_MESSAGE_SIZE_MAX + 1];

    pawl_message_end(message);
    /* A line of the log stays one line, whatever it says. */
    size = size < PAWL_MESSAGE_SIZE_MAX ? size : PAWL_MESSAGE_SIZE_MAX;
    for (size_t i = 0; i < size; i++)
        line[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i];
    line[size] = '\0';
    pawl_log(PAWL_LOG_NOTICE, "message: %s", line);
    if (path == NULL)
        return PAWL_OK;
    enum pawl_result result = program_start(message, path, text, size);
    if (result != PAWL_OK)
        pawl_log(PAWL_LOG_WARNING, "io: cannot start %s: %s", path, strerror(errno));
    return result;
}
