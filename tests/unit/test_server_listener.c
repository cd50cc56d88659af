/* What connections may cost (I9; docs/control-server.md, limits): an address has its share however
 * many threads there are, and a stranger its time however busily it sends. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pawl_test.h"
#include "server/http.h"
#include "server/listen.h"

#define SHARE 10u
#define CLIENTS 200u

static enum MHD_Result done_answer(struct pawl_request *request)
{
    return pawl_request_answer(request, MHD_HTTP_OK,
                               MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
}

static const struct pawl_handler done = {.answer = done_answer};
static const struct pawl_route routes[] = {{"GET", "/open", &done, 0},
                                           {"GET", "/known", &done, PAWL_MAY_VIEW}};

static struct pawl_listener *start(struct pawl_listener_settings settings, uint16_t *port)
{
    struct pawl_listener *listener = NULL;
    settings.routes = routes;
    settings.route_count = sizeof routes / sizeof routes[0];
    if (settings.connections == 0)
        settings.connections = 2 * CLIENTS;
    settings.timeout = 120;
    settings.connection_memory = 8192;
    assert_result(PAWL_OK, pawl_tcp_listen("127.0.0.1:0", &settings.fd, port));
    assert_result(PAWL_OK, pawl_listener_start(&settings, &listener));
    return listener;
}

static int connect_to(uint16_t port)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(port),
                                        .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static bool say(int fd, const char *text)
{
    return send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

/* Asks, and tells whether it was answered; if not, the connection is at its end. */
static bool ask(int fd, const char *path)
{
    char answer[512] = "";
    struct pollfd came = {.fd = fd, .events = POLLIN};
    (void)(say(fd, "GET ") && say(fd, path) && say(fd, " HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(poll(&came, 1, 20000), 1);
    ssize_t size = recv(fd, answer, sizeof answer - 1, 0);
    return size > 0 && strstr(answer, " 200 ") != NULL;
}

static void address_has_one_share_of_all_threads(void **state)
{
    (void)state;
    uint16_t port = 0;
    int fds[CLIENTS];
    unsigned served = 0;
    struct pawl_listener *listener =
        start((struct pawl_listener_settings){.threads = 4, .peer_connections = SHARE}, &port);
    for (unsigned i = 0; i < CLIENTS; i++)
        fds[i] = connect_to(port);
    for (unsigned i = 0; i < CLIENTS; i++)
        served += ask(fds[i], "/open");
    assert_int_equal(served, SHARE);
    for (unsigned i = 0; i < CLIENTS; i++)
        close(fds[i]);
    for (bool again = false; !again;) { /* its places are free again, as soon as that is seen */
        int fd = connect_to(port);
        again = ask(fd, "/open");
        close(fd);
    }
    pawl_listener_stop(listener);
}

/* At its limit a daemon listens no more. It has to begin again when its last connection ends, for
 * then nothing else will wake it. */
static void full_listener_listens_again(void **state)
{
    (void)state;
    uint16_t port = 0;
    struct pawl_listener *listener =
        start((struct pawl_listener_settings){.threads = 1, .connections = 1}, &port);
    for (unsigned i = 0; i < 3; i++) {
        int fd = connect_to(port);
        assert_true(ask(fd, "/open"));
        close(fd);
    }
    pawl_listener_stop(listener);
}

static void know(struct pawl_request *request)
{
    request->role = PAWL_ROLE_VIEWER;
    pawl_request_know(request);
}

/* Whether the server has hung up. */
static bool is_over(int fd)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN);
}

static void busy_stranger_has_its_time_once(void **state)
{
    (void)state;
    uint16_t port = 0;
    struct pawl_listener *listener =
        start((struct pawl_listener_settings){.stranger_timeout = 1, .authorize = know}, &port);
    int known = connect_to(port), slow = connect_to(port), polite = connect_to(port);
    assert_true(ask(known, "/known"));
    assert_true(say(slow, "GET /known HTTP/1.1\r\nX: "));
    bool slow_over = false, polite_over = false;
    for (unsigned i = 0; i < 1000 && !(slow_over && polite_over); i++) {
        poll(NULL, 0, 20);
        slow_over = slow_over || !say(slow, "a") || is_over(slow);
        polite_over = polite_over || !ask(polite, "/open"); /* a good request, but who is it? */
        (void)say(known, i == 0 ? "GET /known HTTP/1.1\r\nX: " : "a");
        pawl_listener_sweep(listener);
    }
    assert_true(slow_over && polite_over);
    assert_false(is_over(known));
    close(known);
    close(slow);
    close(polite);
    pawl_listener_stop(listener);
}

static atomic_bool refuses;

static void refuse(struct pawl_request *request, int fd)
{
    (void)fd;
    request->refused = refuses;
}

/* Those who may not speak to us cannot take the places of those who may (SPEC 16). */
static void refused_peers_leave_room(void **state)
{
    (void)state;
    enum { PLACES = 8, REFUSED = 2, STRANGERS = 20 };
    uint16_t port = 0;
    int fds[STRANGERS];
    bool over[STRANGERS] = {false};
    unsigned gone = 0;
    refuses = true;
    struct pawl_listener *listener = start(
        (struct pawl_listener_settings){
            .connections = PLACES, .refused_connections = REFUSED, .identify = refuse},
        &port);
    for (unsigned i = 0; i < STRANGERS; i++)
        fds[i] = connect_to(port); /* and says nothing */
    for (unsigned n = 0; n < 500 && gone < STRANGERS - REFUSED; n++) {
        poll(NULL, 0, 20);
        for (unsigned i = 0; i < STRANGERS; i++)
            if (!over[i] && is_over(fds[i])) {
                over[i] = true;
                gone++;
            }
    }
    assert_int_equal(gone, STRANGERS - REFUSED);
    for (unsigned i = 0; i < STRANGERS; i++)
        if (!over[i]) { /* is told why, and hung up on */
            assert_false(ask(fds[i], "/open"));
            struct pollfd end = {.fd = fds[i], .events = POLLIN};
            assert_int_equal(poll(&end, 1, 20000), 1);
            while (!is_over(fds[i]))
                poll(&end, 1, 20000);
        }
    refuses = false;
    int good[PLACES - REFUSED];
    for (unsigned i = 0; i < PLACES - REFUSED; i++) {
        good[i] = connect_to(port);
        assert_true(ask(good[i], "/open"));
    }
    for (unsigned i = 0; i < PLACES - REFUSED; i++)
        close(good[i]);
    for (unsigned i = 0; i < STRANGERS; i++)
        close(fds[i]);
    pawl_listener_stop(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address_has_one_share_of_all_threads),
        cmocka_unit_test(full_listener_listens_again),
        cmocka_unit_test(busy_stranger_has_its_time_once),
        cmocka_unit_test(refused_peers_leave_room),
    };
    return cmocka_run_group_tests_name("server: what connections may cost", tests, NULL, NULL);
}
