/* What engine, launcher and images tell each other: whole messages of the right form, and notices
 * only from whom they may come (I9, SPEC 13). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch.h"
#include "notify_socket.h"
#include "pawl_test.h"

static const struct pawl_manifest manifest = {
    .name = {"name", 4},
    .version = {"1.0", 3},
    .kind = PAWL_KIND_EXEC,
    .image_size = 77,
    .argument_count = 3,
    .arguments = {{"-c", 2}, {"", 0}, {"last", 4}},
};

static void ends_make(int ends[2])
{
    assert_return_code(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

static void test_request_travels(void **state)
{
    static struct pawl_launch_request sent, got;
    static const char *const texts[] = {"name", "1.0", "-c", "", "last"};
    int ends[2], image = -1, null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    size_t offset = 0;

    (void)state;
    ends_make(ends);
    assert_result(PAWL_OK, pawl_launch_request_make(&manifest, 9, &sent));
    assert_result(PAWL_OK, pawl_launch_request_send(ends[0], &sent, null));
    assert_result(PAWL_OK, pawl_launch_request_receive(ends[1], &got, &image));
    assert_int_equal(got.run, 9);
    assert_int_equal(got.image_size, 77);
    assert_true(image >= 0 && (fcntl(image, F_GETFD) & FD_CLOEXEC) != 0);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_string_equal(pawl_launch_text_next(&got, &offset), texts[i]);
    assert_null(pawl_launch_text_next(&got, &offset));
    close(image);
    close(null);
    close(ends[0]);
    assert_result(PAWL_IO, pawl_launch_request_receive(ends[1], &got, &image));
    close(ends[1]);
}

static void test_texts_have_a_bound(void **state)
{
    static struct pawl_launch_request request;
    static char long_text[PAWL_LAUNCH_TEXT_MAX];
    struct pawl_manifest large = manifest;

    (void)state;
    memset(long_text, 'x', sizeof long_text);
    large.arguments[2] = (struct pawl_text){long_text, sizeof long_text - 20};
    assert_result(PAWL_OK, pawl_launch_request_make(&large, 1, &request));
    large.arguments[2].size = sizeof long_text;
    assert_result(PAWL_EXHAUSTED, pawl_launch_request_make(&large, 1, &request));
    large.arguments[2].size = UINT32_MAX;
    assert_result(PAWL_EXHAUSTED, pawl_launch_request_make(&large, 1, &request));
}

static void test_wrong_messages_are_refused(void **state)
{
    static struct pawl_launch_request request, got;
    struct pawl_launch_note note;
    int ends[2], image = -1;

    (void)state;
    ends_make(ends);
    assert_result(PAWL_OK, pawl_launch_request_make(&manifest, 1, &request));
    size_t whole = offsetof(struct pawl_launch_request, text) + request.text_size;
    for (size_t size = 1; size < whole; size++) {
        assert_int_equal(send(ends[0], &request, size, 0), size);
        assert_result(PAWL_MALFORMED, pawl_launch_request_receive(ends[1], &got, &image));
    }
    request.argument_count = PAWL_ARGUMENT_MAX + 1;
    assert_result(PAWL_OK, pawl_launch_request_send(ends[0], &request, -1));
    assert_result(PAWL_MALFORMED, pawl_launch_request_receive(ends[1], &got, &image));
    assert_int_equal(send(ends[1], "short", 5, 0), 5);
    assert_result(PAWL_MALFORMED, pawl_launch_note_receive(ends[0], &note));
    close(ends[0]);
    close(ends[1]);
}

static void notice_send(const char *address, const char *text)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    size_t length = strlen(address);

    memcpy(name.sun_path + 1, address + 1, length - 1);
    if (sendto(fd, text, strlen(text), 0, (const struct sockaddr *)&name,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
        abort();
    close(fd);
}

static struct pawl_notice notice_take(const struct pawl_notify_socket *notify,
                                      const struct pawl_notify_peer *peer)
{
    struct pawl_notice notice = {0};

    assert_result(PAWL_OK, pawl_notify_socket_take(notify, peer, &notice));
    return notice;
}

static void test_notices_are_read(void **state)
{
    static const struct {
        const char *text;
        bool ready, watchdog;
    } cases[] = {
        {"READY=1", true, false},      {"STATUS=up\nREADY=1\nMAINPID=4", true, false},
        {"WATCHDOG=1\n", false, true}, {"READY=0", false, false},
        {"XREADY=1", false, false},    {"READY=1 ", false, false},
        {"\n\n\n", false, false},
    };
    const struct pawl_notify_peer peer = {.uid = geteuid(), .any_session = true};
    struct pawl_notify_socket notify;
    struct pawl_notice notice;

    (void)state;
    assert_result(PAWL_OK, pawl_notify_socket_open(&notify));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        notice_send(notify.address, cases[i].text);
        notice = notice_take(&notify, &peer);
        assert_int_equal(notice.ready, cases[i].ready);
        assert_int_equal(notice.watchdog, cases[i].watchdog);
    }
    assert_result(PAWL_STATE, pawl_notify_socket_take(&notify, &peer, &notice));
    pawl_notify_socket_close(&notify);
}

/* Nobody else's READY=1 commits an image: neither another user's nor another session's. */
static void test_notices_of_others_are_ignored(void **state)
{
    struct pawl_notify_peer peer = {.uid = geteuid() + 1, .any_session = true};
    struct pawl_notify_socket notify;

    (void)state;
    assert_result(PAWL_OK, pawl_notify_socket_open(&notify));
    notice_send(notify.address, "READY=1");
    assert_false(notice_take(&notify, &peer).ready);

    peer = (struct pawl_notify_peer){.uid = geteuid(), .session = getsid(0)};
    notice_send(notify.address, "READY=1");
    assert_true(notice_take(&notify, &peer).ready);
    int gate[2];
    assert_return_code(pipe(gate), 0);
    pid_t pid = fork();
    if (pid == 0) {
        char byte;
        setsid();
        notice_send(notify.address, "READY=1");
        close(gate[1]);
        _exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
    }
    struct pawl_notice notice = {0};
    while (pawl_notify_socket_take(&notify, &peer, &notice) == PAWL_STATE) {
    }
    assert_false(notice.ready);
    close(gate[0]);
    close(gate[1]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    pawl_notify_socket_close(&notify);
}

/* Descriptors that come along are not kept. */
static void test_notices_bring_no_descriptors(void **state)
{
    const struct pawl_notify_peer peer = {.uid = geteuid(), .any_session = true};
    struct pawl_notify_socket notify;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
    char text[] = "READY=1";
    struct iovec part = {text, sizeof text - 1};
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    struct msghdr message = {&name, 0, &part, 1, control.bytes, sizeof control.bytes, 0};
    int next, after, fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    (void)state;
    assert_result(PAWL_OK, pawl_notify_socket_open(&notify));
    memcpy(name.sun_path + 1, notify.address + 1, strlen(notify.address) - 1);
    message.msg_namelen =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(notify.address));
    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    next = dup(fd);
    close(next);
    assert_int_equal(sendmsg(fd, &message, 0), sizeof text - 1);
    assert_true(notice_take(&notify, &peer).ready);
    after = dup(fd);
    assert_int_equal(after, next);
    close(after);
    close(fd);
    pawl_notify_socket_close(&notify);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_travels),
        cmocka_unit_test(test_texts_have_a_bound),
        cmocka_unit_test(test_wrong_messages_are_refused),
        cmocka_unit_test(test_notices_are_read),
        cmocka_unit_test(test_notices_of_others_are_ignored),
        cmocka_unit_test(test_notices_bring_no_descriptors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
