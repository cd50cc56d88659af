#include "push/broker.h"

#include <errno.h>
#include <linux/tcp.h>
#include <mosquitto.h>
#include <netinet/in.h>

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "host/log.h"

#define KEEP_ALIVE 60    /* seconds */
#define CONNECT_MS 15000 /* until a session is open, or given up */
#define POLL_MS 1000
#define STOP_SECONDS 3
#define IN_FLIGHT 200       /* messages that are not acknowledged yet */
#define RECEIVE_BUFFER 4096 /* bytes, with a budget: what can come between two looks at it */
#define BUDGET_BURST 64u    /* seconds */
#define BACKOFF_BASE_MS 1000u

struct pawl_broker {
    struct pawl_broker_settings settings;
    struct mosquitto *client;
    pthread_t thread;
    int wake; /* eventfd */
    atomic_bool stopping, open;
    bool fresh;         /* opened since `tend` was called last */
    bool refused;       /* it closed the door: its reason was logged */
    unsigned failures;  /* sessions in a row that did not come about, or ended badly */
    unsigned in_flight; /* published and not acknowledged */
    int64_t opened;     /* milliseconds */
    char ca[4096], user[256], password[1024];
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void connected(struct mosquitto *client, void *context, int code)
{
    struct pawl_broker *broker = context;
    (void)client;
    if (code != 0) {
        pawl_log(PAWL_LOG_WARNING, "push: the broker refuses: %s", mosquitto_connack_string(code));
        broker->refused = true;
        return;
    }
    pawl_log(PAWL_LOG_INFO, "push: connected to %s port %u", broker->settings.address.host,
             (unsigned)broker->settings.address.port);
    broker->fresh = true;
    broker->in_flight = 0;
    broker->opened = now_ms();
    atomic_store(&broker->open, true);
}

static void published(struct mosquitto *client, void *context, int id)
{
    struct pawl_broker *broker = context;
    (void)client;
    (void)id;
    if (broker->in_flight > 0)
        broker->in_flight--;
}

static void received(struct mosquitto *client, void *context,
                     const struct mosquitto_message *message)
{
    struct pawl_broker *broker = context;
    (void)client;
    if (broker->settings.take != NULL && message->topic != NULL && message->payloadlen >= 0)
        broker->settings.take(broker->settings.context, message->topic, message->payload,
                              (size_t)message->payloadlen, message->retain);
}

/* Waits on the wake descriptor, and on the client's if there is one. */
static void wait_for(struct pawl_broker *broker, int fd, bool writes, int milliseconds)
{
    struct pollfd fds[] = {
        {.fd = broker->wake, .events = POLLIN},
        {.fd = fd, .events = (short)(POLLIN | (writes ? POLLOUT : 0))},
    };
    uint64_t count;
    if (poll(fds, 2, milliseconds) > 0 && fds[0].revents != 0 &&
        read(broker->wake, &count, sizeof count) < 0 && errno != EAGAIN)
        atomic_store(&broker->stopping, true);
}

/* Full jitter: a fleet that lost its broker must not come back in step. */
static void pause_make(struct pawl_broker *broker)
{
    uint64_t cap = (uint64_t)broker->settings.backoff_cap * 1000u;
    uint64_t window = BACKOFF_BASE_MS;
    uint32_t random = 0;
    for (unsigned i = 1; i < broker->failures && window < cap; i++)
        window *= 2;
    window = window < cap ? window : cap;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
        random = (uint32_t)now_ms() * 2654435761u;
    int64_t end = now_ms() + BACKOFF_BASE_MS / 8 + (int64_t)(window * random >> 32);
    pawl_log(PAWL_LOG_DEBUG, "push: next attempt in %lld ms", (long long)(end - now_ms()));
    for (int64_t left = end - now_ms(); left > 0 && !atomic_load(&broker->stopping);
         left = end - now_ms())
        wait_for(broker, -1, false, (int)left);
}

/* Whether the session has brought more than it may; TLS and acknowledgements count too. */
static bool is_flooded(const struct pawl_broker *broker, int fd, int64_t began)
{
    struct tcp_info info;
    socklen_t size = sizeof info;
    uint64_t budget = broker->settings.budget;
    if (budget == 0 || getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
        size < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received)
        return false;
    uint64_t seconds = (uint64_t)(now_ms() - began) / 1000u;
    return info.tcpi_bytes_received > budget * (BUDGET_BURST + seconds);
}

/* One turn of a session: false when it is over, for a reason that is told. */
static bool turn(struct pawl_broker *broker, int64_t began)
{
    struct mosquitto *client = broker->client;
    int fd = mosquitto_socket(client);
    if (fd < 0)
        return false;
    wait_for(broker, fd, mosquitto_want_write(client), POLL_MS);
    int code = mosquitto_loop_read(client, 1);
    if (code == MOSQ_ERR_SUCCESS && is_flooded(broker, fd, began)) {
        pawl_log(PAWL_LOG_WARNING, "push: the broker sends more than it may");
        return false;
    }
    if (code == MOSQ_ERR_SUCCESS && mosquitto_want_write(client))
        code = mosquitto_loop_write(client, 1);
    if (code == MOSQ_ERR_SUCCESS)
        code = mosquitto_loop_misc(client);
    if (code == MOSQ_ERR_SUCCESS && atomic_load(&broker->open)) {
        bool fresh = broker->fresh;
        broker->fresh = false;
        broker->settings.tend(broker->settings.context, broker, fresh);
        return true;
    }
    if (code != MOSQ_ERR_SUCCESS && !broker->refused)
        pawl_log(PAWL_LOG_WARNING, "push: the session ended: %s",
                 code == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(code));
    if (code == MOSQ_ERR_SUCCESS && now_ms() - began > CONNECT_MS) {
        pawl_log(PAWL_LOG_WARNING, "push: the broker does not answer");
        return false;
    }
    return code == MOSQ_ERR_SUCCESS && !broker->refused;
}

static void session(struct pawl_broker *broker)
{
    const struct pawl_broker_address *address = &broker->settings.address;
    int64_t began = now_ms();
    static const int buffer = RECEIVE_BUFFER;

    broker->refused = false;
    int code = mosquitto_connect_async(broker->client, address->host, address->port, KEEP_ALIVE);
    if (code != MOSQ_ERR_SUCCESS) {
        pawl_log(PAWL_LOG_WARNING, "push: cannot connect to %s port %u: %s", address->host,
                 (unsigned)address->port,
                 code == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(code));
        return;
    }
    if (broker->settings.budget != 0)
        setsockopt(mosquitto_socket(broker->client), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    while (!atomic_load(&broker->stopping) && turn(broker, began))
        ;
    mosquitto_disconnect(broker->client);
    mosquitto_loop_write(broker->client, 1);
}

static void *broker_run(void *context)
{
    struct pawl_broker *broker = context;
    while (!atomic_load(&broker->stopping)) {
        session(broker);
        /* What lasted for a while was a session; what did not is a failure. */
        bool lasted = atomic_exchange(&broker->open, false) &&
                      now_ms() - broker->opened > (int64_t)BACKOFF_BASE_MS * 10;
        broker->failures = lasted ? 1 : broker->failures + 1;
        if (!atomic_load(&broker->stopping))
            pause_make(broker);
    }
    return NULL;
}

static void broker_free(struct pawl_broker *broker)
{
    if (broker->client != NULL)
        mosquitto_destroy(broker->client);
    if (broker->wake >= 0)
        close(broker->wake);
    explicit_bzero(broker, sizeof *broker);
    free(broker);
    mosquitto_lib_cleanup();
}

static bool text_copy(char *to, size_t capacity, const char **text)
{
    if (*text == NULL)
        return true;
    size_t size = strlen(*text);
    if (size >= capacity)
        return false;
    memcpy(to, *text, size + 1);
    *text = to;
    return true;
}

static enum pawl_result client_make(struct pawl_broker *broker)
{
    const struct pawl_broker_settings *settings = &broker->settings;
    broker->client = mosquitto_new(NULL, true, broker);
    if (broker->client == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory for the broker's connection");
    mosquitto_connect_callback_set(broker->client, connected);
    mosquitto_publish_callback_set(broker->client, published);
    mosquitto_message_callback_set(broker->client, received);
    mosquitto_max_inflight_messages_set(broker->client, IN_FLIGHT);
    int code = mosquitto_username_pw_set(broker->client, settings->user, settings->password);
    if (code == MOSQ_ERR_SUCCESS && settings->address.tls)
        code = settings->ca != NULL
                   ? mosquitto_tls_set(broker->client, settings->ca, NULL, NULL, NULL, NULL)
                   : mosquitto_int_option(broker->client, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
    if (code != MOSQ_ERR_SUCCESS)
        return pawl_error(PAWL_IO, "broker: %s: %s", settings->ca != NULL ? settings->ca : "TLS",
                          mosquitto_strerror(code));
    return PAWL_OK;
}

enum pawl_result pawl_broker_start(const struct pawl_broker_settings *settings,
                                   struct pawl_broker **started)
{
    struct pawl_broker *broker = calloc(1, sizeof *broker);
    if (broker == NULL || mosquitto_lib_init() != MOSQ_ERR_SUCCESS) {
        free(broker);
        return pawl_error(PAWL_EXHAUSTED, "no memory for the broker's connection");
    }
    broker->settings = *settings;
    broker->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    enum pawl_result result = PAWL_OK;
    if (!text_copy(broker->ca, sizeof broker->ca, &broker->settings.ca) ||
        !text_copy(broker->user, sizeof broker->user, &broker->settings.user) ||
        !text_copy(broker->password, sizeof broker->password, &broker->settings.password))
        result = pawl_error(PAWL_MALFORMED, "broker: a setting is too long");
    if (result == PAWL_OK)
        result = client_make(broker);
    if (result == PAWL_OK &&
        (broker->wake < 0 || pthread_create(&broker->thread, NULL, broker_run, broker) != 0))
        result = pawl_error(PAWL_EXHAUSTED, "no thread for the broker's connection");
    if (result != PAWL_OK) {
        broker_free(broker);
        return result;
    }
    *started = broker;
    return PAWL_OK;
}

bool pawl_broker_stop(struct pawl_broker *broker)
{
    struct timespec until;
    if (broker == NULL)
        return true;
    atomic_store(&broker->stopping, true);
    pawl_broker_wake(broker);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STOP_SECONDS;
    bool ended = pthread_timedjoin_np(broker->thread, NULL, &until) == 0;
    if (ended)
        broker_free(broker);
    else
        pthread_detach(broker->thread);
    return ended;
}

void pawl_broker_wake(struct pawl_broker *broker)
{
    static const uint64_t one = 1;
    ssize_t written = write(broker->wake, &one, sizeof one);
    (void)written; /* full: it is awake anyway */
}

bool pawl_broker_is_open(const struct pawl_broker *broker)
{
    return atomic_load(&broker->open);
}

bool pawl_broker_publish(struct pawl_broker *broker, const char *topic, const void *payload,
                         size_t size, bool retained)
{
    if (broker->in_flight >= IN_FLIGHT ||
        mosquitto_publish(broker->client, NULL, topic, (int)size, payload, 1, retained) !=
            MOSQ_ERR_SUCCESS)
        return false;
    broker->in_flight++;
    return true;
}

bool pawl_broker_subscribe(struct pawl_broker *broker, const char *topic)
{
    return mosquitto_subscribe(broker->client, NULL, topic, 0) == MOSQ_ERR_SUCCESS;
}

bool pawl_broker_unsubscribe(struct pawl_broker *broker, const char *topic)
{
    return mosquitto_unsubscribe(broker->client, NULL, topic) == MOSQ_ERR_SUCCESS;
}
