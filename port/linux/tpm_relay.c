#include "tpm_relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/bytes.h"
#include "filter.h"
#include "helper.h"
#include "host/log.h"
#include "isolation.h"

#define HEADER_SIZE 10u /* of a TPM's answer: tag, size, code */
#define SIZE_AT 2u
#define IDLE_TIME 200 /* ms after which a software TPM, which serves one at a time, is left */
#define DEVICE_WAIT_STEPS 100
#define DEVICE_WAIT_STEP 100 /* ms */
#define DESCRIPTORS_MAX 16u

struct relay {
    const struct pawl_tpm_address *address;
    int engine;
    int tpm; /* -1 while not connected */
    uint8_t message[PAWL_TPM_NUMBER_SIZE + PAWL_TPM_MESSAGE_MAX];
};

static bool is_device(const struct relay *relay)
{
    return relay->address->device[0] != '\0';
}

static bool readable(int fd, int time)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    int count;

    do
        count = poll(&wait, 1, time);
    while (count < 0 && errno == EINTR);
    return count > 0;
}

static void tpm_leave(struct relay *relay)
{
    if (relay->tpm >= 0)
        close(relay->tpm);
    relay->tpm = -1;
}

/* A device is opened once, before the filter: nothing at its other end can be restarted. It may be
 * late, or in use by a program that ended just now. */
static void device_open(struct relay *relay)
{
    for (int i = 0; i < DEVICE_WAIT_STEPS; i++) {
        relay->tpm = open(relay->address->device, O_RDWR | O_CLOEXEC);
        if (relay->tpm >= 0)
            return;
        if (errno != ENOENT && errno != ENXIO && errno != ENODEV && errno != EBUSY)
            break;
        (void)poll(NULL, 0, DEVICE_WAIT_STEP);
    }
    pawl_log(PAWL_LOG_ERROR, "%s: %s", relay->address->device, strerror(errno));
    _exit(1);
}

/* Connected, with nothing unread: whoever has something to say unasked is not the TPM we left. */
static bool tpm_reach(struct relay *relay)
{
    static uint8_t late[PAWL_TPM_MESSAGE_MAX];

    if (is_device(relay)) { /* an answer that came too late would be in the way */
        if (readable(relay->tpm, 0))
            (void)!read(relay->tpm, late, sizeof late);
        return true;
    }
    if (relay->tpm >= 0 && readable(relay->tpm, 0))
        tpm_leave(relay);
    if (relay->tpm >= 0)
        return true;
    relay->tpm = socket(relay->address->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (relay->tpm >= 0 && connect(relay->tpm, (const struct sockaddr *)&relay->address->socket,
                                   relay->address->socket_size) != 0)
        tpm_leave(relay);
    return relay->tpm >= 0;
}

/* Sends the command in `bytes` and takes its answer there. 0 when there is none. */
static size_t command_pass(struct relay *relay, uint8_t *bytes, size_t size)
{
    size_t got = 0, due = HEADER_SIZE;

    if (!tpm_reach(relay))
        return 0;
    if (write(relay->tpm, bytes, size) != (ssize_t)size) {
        if (is_device(relay) && (errno == ENODEV || errno == EPIPE))
            _exit(1); /* its driver let go of it: only a new start opens it again */
        return 0;
    }
    while (got < due) {
        if (!readable(relay->tpm, PAWL_TPM_COMMAND_TIME))
            return 0;
        ssize_t count = read(relay->tpm, bytes + got, PAWL_TPM_MESSAGE_MAX - got);
        if (count <= 0)
            return 0;
        got += (size_t)count;
        if (got >= HEADER_SIZE)
            due = pawl_u32be_get(bytes + SIZE_AT);
        if (due < HEADER_SIZE || due > PAWL_TPM_MESSAGE_MAX)
            return 0;
    }
    return got == due ? got : 0;
}

static void command_serve(struct relay *relay)
{
    ssize_t size = recv(relay->engine, relay->message, sizeof relay->message, 0);

    if (size <= 0)
        _exit(0); /* the engine is gone */
    if ((size_t)size < PAWL_TPM_NUMBER_SIZE + HEADER_SIZE)
        return;
    size_t answer = command_pass(relay, relay->message + PAWL_TPM_NUMBER_SIZE,
                                 (size_t)size - PAWL_TPM_NUMBER_SIZE);
    if (answer == 0 && !is_device(relay))
        tpm_leave(relay);
    if (send(relay->engine, relay->message, PAWL_TPM_NUMBER_SIZE + answer, MSG_NOSIGNAL) < 0)
        _exit(0);
}

static enum pawl_result relay_confine(const struct relay *relay)
{
    const struct rlimit descriptors = {DESCRIPTORS_MAX, DESCRIPTORS_MAX}, none = {0, 0};

    if (relay->address->socket.ss_family == AF_UNIX || is_device(relay))
        (void)pawl_isolation_network_leave();
    pawl_capabilities_bound(0);
    if (pawl_capabilities_drop(0) != PAWL_OK || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        setrlimit(RLIMIT_NOFILE, &descriptors) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
        return PAWL_IO;
    /* Last, for a change of credentials undoes them. */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)prctl(PR_SET_NAME, "pawl-tpm-relay", 0, 0, 0);
    return pawl_filter_relay_load();
}

static void relay_run(const void *address, int engine)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT};
    static struct relay relay;
    const int own = STDERR_FILENO + 1;

    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signal(ignored[i], SIG_IGN); /* the engine decides when to end */
    /* Neither the link nor the launcher's socket is ours. */
    if (dup2(engine, own) != own || close_range((unsigned)own + 1, ~0u, 0) != 0)
        _exit(1);
    relay.address = address;
    relay.engine = own;
    relay.tpm = -1;
    if (is_device(&relay))
        device_open(&relay);
    if (relay_confine(&relay) != PAWL_OK) {
        pawl_log(PAWL_LOG_ERROR, "TPM relay: cannot confine itself: %s", strerror(errno));
        _exit(1);
    }
    for (;;) {
        if (!is_device(&relay) && relay.tpm >= 0 && !readable(relay.engine, IDLE_TIME))
            tpm_leave(&relay);
        command_serve(&relay);
    }
}

enum pawl_result pawl_tpm_relay_start(const struct pawl_tpm_address *address, int *socket)
{
    return pawl_helper_start(relay_run, address, socket);
}
