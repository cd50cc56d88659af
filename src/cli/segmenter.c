#include "cli/segmenter.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "headend/content_bundle.h"
#include "host/file.h"

#define COMPLAINT_FILE "complaint"

static volatile sig_atomic_t stopped;
static volatile sig_atomic_t running; /* the child's process id, 0 for none */

/* The child is told here: a signal that came just before the wait would not interrupt it. */
static void stop_note(int signal_number)
{
    int saved = errno;
    stopped = signal_number;
    if (running > 0)
        kill(running, SIGTERM);
    errno = saved;
}

/* While there is something to remove, signals only end the work. */
static void signals_take(bool taken)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = taken ? stop_note : SIG_DFL};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaction(numbers[i], &action, NULL);
}

static char *path_make(const struct pawl_segments *segments, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", segments->directory, name) < 0 ? NULL : path;
}

static enum pawl_result directory_make(struct pawl_segments *segments)
{
    const char *place = getenv("TMPDIR");
    if (asprintf(&segments->directory, "%s/pawl-content-XXXXXX",
                 place != NULL && place[0] != '\0' ? place : "/tmp") < 0) {
        segments->directory = NULL;
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    }
    signals_take(true);
    if (mkdtemp(segments->directory) != NULL)
        return PAWL_OK;
    pawl_error(PAWL_IO, "%s: %s", segments->directory, strerror(errno));
    free(segments->directory);
    segments->directory = NULL;
    return PAWL_IO;
}

/* Starts ffmpeg with its standard error in `complaint`. Returns errno of the failure, or 0. */
static int child_start(const char *const *arguments, const char *complaint, pid_t *child)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGXFSZ);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, complaint, O_WRONLY | O_CREAT, 0600);
    int code =
        posix_spawnp(child, arguments[0], &actions, &attributes, (char *const *)arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return code;
}

/* Waits for the child; it keeps its process id until no signal is passed on any more. */
static int child_wait(pid_t child)
{
    int status = 0;
    siginfo_t ended;
    running = child;
    if (stopped != 0) /* before the handler knew whom to tell */
        kill(child, SIGTERM);
    while (waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT) < 0 && errno == EINTR)
        continue;
    running = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

/* The first line of what ffmpeg said, in the error. */
static enum pawl_result complain(const char *path, const char *complaint)
{
    struct pawl_buffer said = {.bytes = NULL};
    if (pawl_file_read(complaint, 1u << 20, &said) == PAWL_OK && said.size > 0)
        said.bytes[strcspn((char *)said.bytes, "\n")] = '\0';
    pawl_error(PAWL_MALFORMED, "%s: ffmpeg makes no segments of it%s%.200s", path,
               said.bytes != NULL ? ": " : "", said.bytes != NULL ? (char *)said.bytes : "");
    pawl_hint("it takes media whose streams fit MPEG-TS, such as H.264 or H.265 with AAC; "
              "others are to be encoded anew first");
    pawl_buffer_release(&said);
    return PAWL_MALFORMED;
}

static enum pawl_result child_run(const char *path, const char *const *arguments,
                                  const char *complaint)
{
    pid_t child;
    int code = child_start(arguments, complaint, &child);
    if (code != 0) {
        pawl_error(PAWL_IO, "ffmpeg cannot be run: %s", strerror(code));
        if (code == ENOENT)
            pawl_hint("install the package ffmpeg");
        return PAWL_IO;
    }
    int status = child_wait(child);
    if (stopped != 0)
        return pawl_error(PAWL_STATE, "stopped by signal %d", (int)stopped);
    return status == 0 ? PAWL_OK : complain(path, complaint);
}

/* Runs ffmpeg over `path`. Streams are copied as they are; "file:" keeps it from taking a name for
 * an address. */
static enum pawl_result cut(const char *path, uint32_t seconds,
                            const struct pawl_segments *segments, const char *list)
{
    char *input = NULL, length[16];
    char *names = path_make(segments, "%06d.ts"), *complaint = path_make(segments, COMPLAINT_FILE);
    if (asprintf(&input, "file:%s", path) < 0)
        input = NULL;
    snprintf(length, sizeof length, "%u", (unsigned)seconds);
    const char *const arguments[] = {"ffmpeg",
                                     "-nostdin",
                                     "-v",
                                     "error",
                                     "-protocol_whitelist",
                                     "file",
                                     "-i",
                                     input,
                                     "-map",
                                     "0:v:0?",
                                     "-map",
                                     "0:a?",
                                     "-sn",
                                     "-dn",
                                     "-map_metadata",
                                     "-1",
                                     "-c",
                                     "copy",
                                     "-f",
                                     "hls",
                                     "-hls_time",
                                     length,
                                     "-hls_playlist_type",
                                     "vod",
                                     "-hls_list_size",
                                     "0",
                                     "-hls_segment_type",
                                     "mpegts",
                                     "-hls_segment_filename",
                                     names,
                                     list,
                                     NULL};
    enum pawl_result result = input == NULL || names == NULL || complaint == NULL
                                  ? pawl_error(PAWL_EXHAUSTED, "no memory")
                                  : child_run(path, arguments, complaint);
    free(complaint);
    free(names);
    free(input);
    return result;
}

static enum pawl_result playlist_take(const char *path, const char *list,
                                      struct pawl_playlist *playlist)
{
    struct pawl_buffer text = {.bytes = NULL};
    enum pawl_result result = pawl_file_read(list, PAWL_BUNDLE_PLAYLIST_MAX, &text);
    if (result == PAWL_OK)
        result = pawl_playlist_import((char *)text.bytes, text.size, playlist);
    pawl_buffer_release(&text);
    if (result == PAWL_OK)
        return PAWL_OK;
    pawl_error(PAWL_MALFORMED, "%s: ffmpeg's playlist is not understood", path);
    pawl_hint("more than %u segments are too many: make them longer with --segment-seconds",
              PAWL_SEGMENTS_MAX);
    return PAWL_MALFORMED;
}

enum pawl_result pawl_segments_make(const char *path, uint32_t seconds,
                                    struct pawl_segments *segments)
{
    *segments = (struct pawl_segments){.directory = NULL};
    if (access(path, R_OK) != 0)
        return pawl_error(PAWL_IO, "%s: %s", path, strerror(errno));
    enum pawl_result result = directory_make(segments);
    if (result != PAWL_OK)
        return result;
    char *list = path_make(segments, "list.m3u8");
    if (list == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    result = cut(path, seconds, segments, list);
    if (result == PAWL_OK)
        result = playlist_take(path, list, &segments->playlist);
    free(list);
    return result;
}

int pawl_segments_take(const struct pawl_segments *segments, uint32_t number)
{
    char name[PAWL_SEGMENT_NAME_SIZE];
    char *path = path_make(segments, pawl_segment_name_make(number, name));
    int fd = -1;
    if (stopped != 0)
        errno = EINTR;
    else if (path != NULL)
        fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    free(path);
    return fd;
}

void pawl_segments_close(struct pawl_segments *segments)
{
    pawl_playlist_release(&segments->playlist);
    if (segments->directory == NULL)
        return;
    DIR *directory = opendir(segments->directory);
    const struct dirent *entry;
    while (directory != NULL && (entry = readdir(directory)) != NULL)
        unlinkat(dirfd(directory), entry->d_name, 0);
    if (directory != NULL)
        closedir(directory);
    rmdir(segments->directory);
    free(segments->directory);
    segments->directory = NULL;
    signals_take(false);
    if (stopped != 0)
        raise(stopped);
}
