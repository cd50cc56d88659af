/*
 * pawl-processor: the secure processor on Linux.
 *
 * The order below is what its confinement rests on: everything inherited is closed, launcher and
 * TPM relay are forked while there is no secret to inherit, the PUD is read and its file closed,
 * every file and socket is opened; then network, capabilities and system calls are given up, and
 * only then is anything from flash or link looked at.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "device.h"
#include "filter.h"
#include "host/log.h"
#include "host/secret.h"
#include "host/service.h"
#include "isolation.h"
#include "journal.h"
#include "launcher.h"
#include "launcher_service.h"
#include "link_stream.h"
#include "pawl/crypto.h"
#include "serve.h"
#include "settings.h"
#include "state_directory.h"

/* What main holds from start to end. */
struct program {
    struct pawl_settings settings;
    int in, out; /* the link, when it is a stream that exists */
    int service;
    int signals;
    struct pawl_device device;
    struct pawl_link_stream link;
    struct pawl_processor *processor;
};

/* Descriptors 0, 1 and 2 exist, whatever we were started with: no file of ours may become one. */
static enum pawl_result standard_descriptors_fill(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd < 0)
        return pawl_error(PAWL_IO, "/dev/null: %s", strerror(errno));
    close(fd);
    return PAWL_OK;
}

/* Finds the link among what was inherited, closes the rest and frees stdin and stdout. */
static enum pawl_result descriptors_take(struct program *program)
{
    const struct pawl_link_address *link = &program->settings.link;
    int first = STDERR_FILENO + 1;

    program->in = program->out = -1;
    if (link->kind == PAWL_LINK_FD) {
        program->in = program->out = dup2(link->fd, first);
        first++;
    } else if (link->kind == PAWL_LINK_STDIO) {
        program->in = dup2(STDIN_FILENO, first);
        program->out = dup2(STDOUT_FILENO, first + 1);
        first += 2;
    }
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
        close_range((unsigned)first, ~0u, 0) != 0)
        return pawl_error(PAWL_IO, "descriptors: %s", strerror(errno));
    if (link->kind != PAWL_LINK_UNIX && (fcntl(program->in, F_SETFD, FD_CLOEXEC) != 0 ||
                                         fcntl(program->out, F_SETFD, FD_CLOEXEC) != 0))
        return pawl_error(PAWL_IO, "link: %s", strerror(errno));
    return PAWL_OK;
}

static enum pawl_result launcher_start(const struct program *program, int *socket)
{
    const struct pawl_settings *settings = &program->settings;
    char state[PATH_MAX], pud[PATH_MAX];
    struct pawl_launcher_settings launcher = {
        .isolation = {.uid = geteuid(), .gid = getegid(), .network = settings->network},
        .handler = settings->handler,
        .watchdog = settings->watchdog,
    };

    if (settings->launcher != NULL)
        return pawl_launcher_connect(settings->launcher, socket);
    launcher.isolation.hidden[0] = realpath(settings->state, state);
    launcher.isolation.hidden[1] = realpath(settings->pud, pud);
    if (launcher.isolation.hidden[0] == NULL)
        return pawl_error(PAWL_IO, "%s: %s", settings->state, strerror(errno));
    if (settings->has_user) {
        launcher.isolation.uid = settings->uid;
        launcher.isolation.gid = settings->gid;
    } else if (geteuid() == 0) {
        launcher.isolation.uid = pawl_isolation_user_choose(state);
        launcher.isolation.gid = (gid_t)launcher.isolation.uid;
    }
    return pawl_launcher_start(&launcher, socket);
}

/* A lock on all memory, also what is yet to come, makes every allocation fail that goes beyond the
 * limit: where there is no room to spare, secrets alone are locked. */
static void memory_lock(void)
{
    const size_t spare = 32u << 20;

    if (pawl_memory_lock() == PAWL_OK) {
        void *probe = mmap(NULL, spare, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (probe != MAP_FAILED) {
            munmap(probe, spare);
            return;
        }
        (void)munlockall();
    }
    pawl_log(PAWL_LOG_INFO, "only secrets are locked in memory (RLIMIT_MEMLOCK)");
}

/* Everything that is opened, in its order. */
static enum pawl_result program_open(struct program *program)
{
    const struct pawl_settings *settings = &program->settings;
    int launcher = -1, counter_helper = -1;
    enum pawl_result result = descriptors_take(program);

    if (result == PAWL_OK)
        result = pawl_state_directory_make(settings->state);
    if (result == PAWL_OK)
        result = launcher_start(program, &launcher);
    if (result == PAWL_OK) /* after the launcher, so that nothing it starts can have the socket */
        result = pawl_counter_helper_start(settings->counter, settings->counter_argument,
                                           &counter_helper);
    if (result == PAWL_OK)
        result = pawl_serve_signals_open(&program->signals);
    if (result != PAWL_OK)
        return result;
    memory_lock();
    program->service = pawl_service_open();
    result = pawl_device_open(&program->device, settings, launcher, counter_helper);
    if (result == PAWL_OK)
        result = pawl_link_stream_open(&program->link, settings, program->in, program->out);
    return result;
}

/* The crypto library reads its configuration when it is first used: that is now. */
static enum pawl_result crypto_prepare(void)
{
    static const uint8_t key[PAWL_AES256_KEY_SIZE] = {0};
    struct pawl_gcm gcm;
    enum pawl_result result = pawl_gcm_init(&gcm, key);

    if (result == PAWL_OK)
        pawl_gcm_release(&gcm);
    return result == PAWL_OK ? PAWL_OK : pawl_error(result, "the crypto library does not start");
}

/* From here on the process can use what it has open, and nothing else. */
static enum pawl_result program_confine(void)
{
    const uint64_t kept = UINT64_C(1) << CAP_IPC_LOCK; /* images are held in memory */

    if (!pawl_isolation_network_leave())
        pawl_log(PAWL_LOG_INFO, "no network namespace of its own; the system call filter stands");
    pawl_capabilities_bound(kept);
    if (pawl_capabilities_drop(kept) != PAWL_OK || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return pawl_error(PAWL_IO, "privileges: %s", strerror(errno));
    enum pawl_result result = pawl_process_harden(); /* a change of credentials may undo it */
    return result == PAWL_OK ? pawl_filter_engine_load() : result;
}

static enum pawl_result engine_start(struct program *program)
{
    struct pawl_device *device = &program->device;
    struct pawl_processor_status status;
    enum pawl_result result =
        pawl_processor_init(device->memory, &device->port, device->pud, device->chunk,
                            PAWL_DEVICE_CHUNK_CAPACITY, &program->processor);

    if (result != PAWL_OK)
        return pawl_error(result, "the engine does not start on this state");
    result = pawl_processor_boot(program->processor);
    if (result != PAWL_OK)
        pawl_log(PAWL_LOG_ERROR, "the committed image does not run: %s%s", pawl_result_name(result),
                 result == PAWL_UNSUPPORTED && !program->settings.network
                     ? " (one that asks for the network needs --network)"
                     : "");
    pawl_processor_status_get(program->processor, &status);
    pawl_journal_begin(&status);
    return PAWL_OK;
}

static enum pawl_result program_run(struct program *program)
{
    enum pawl_result result = program_open(program);

    if (result == PAWL_OK)
        result = crypto_prepare();
    if (result == PAWL_OK)
        result = program_confine();
    if (result == PAWL_OK)
        result = engine_start(program);
    if (result != PAWL_OK)
        return result;

    struct pawl_serving serving = {&program->device, program->processor, &program->link,
                                   program->signals};
    pawl_service_tell(program->service, "READY=1");
    result = pawl_serve(&serving);
    pawl_service_tell(program->service, "STOPPING=1");
    return result;
}

static void program_close(struct program *program)
{
    if (program->processor != NULL)
        pawl_processor_release(program->processor);
    pawl_link_stream_close(&program->link);
    pawl_device_close(&program->device);
    pawl_settings_release(&program->settings);
}

int main(int argc, char **argv)
{
    static struct program program = {
        .in = -1,
        .out = -1,
        .service = -1,
        .signals = -1,
        .link = {.listener = -1, .in = -1, .out = -1, .directory = -1},
    };

    pawl_log_init("pawl-processor", PAWL_LOG_INFO);
    if (standard_descriptors_fill() != PAWL_OK || pawl_process_harden() != PAWL_OK)
        return PAWL_EXIT_FAILURE;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* flash that is full is an error, not an end */

    if (argc > 1 && strcmp(argv[1], "launcher") == 0)
        return pawl_launcher_service_main(argc - 1, argv + 1);
    enum pawl_options_outcome outcome = pawl_settings_read(argc, argv, &program.settings);
    if (outcome != PAWL_OPTIONS_PROCEED) {
        pawl_settings_release(&program.settings);
        return outcome == PAWL_OPTIONS_HELPED ? PAWL_EXIT_DONE : PAWL_EXIT_USAGE;
    }
    pawl_log_init("pawl-processor", program.settings.log_level);
    enum pawl_result result = program_run(&program);
    program_close(&program);
    return pawl_exit_code(result);
}
