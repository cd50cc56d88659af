/* How the processor reaches its TPM (SPEC 13.10): what the command line may say, and a relay that
 * passes on whole commands and answers and nothing else (I9). The rest is tried on a software TPM
 * by tests/e2e/processor_tpm*.sh. */
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <tss2/tss2_common.h>
#include <tss2/tss2_tpm2_types.h>
#include <unistd.h>

#include "host/log.h"
#include "pawl_test.h"
#include "tpm_address.h"
#include "tpm_link.h"
#include "tpm_relay.h"
#include "tpm_trouble.h"

static char path[] = "/tmp/pawl-tpm-XXXXXX";
static struct sockaddr_un name = {.sun_family = AF_UNIX};
static int listener = -1, relay = -1;
static struct pawl_tpm_link link_;
static const uint8_t command[12] = {0x80, 0x01, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 8};

static void test_addresses(void **state)
{
    struct pawl_tpm_address address;

    (void)state;
    assert_true(pawl_tpm_address_read(NULL, &address));
    assert_string_equal(address.device, "/dev/tpmrm0");
    assert_int_equal(address.index, PAWL_TPM_INDEX_BASE);
    assert_true(pawl_tpm_address_read("index=0x01800200,platform", &address));
    assert_string_equal(address.device, "/dev/tpmrm0");
    assert_int_equal(address.index, 0x01800200);
    assert_true(address.platform);
    assert_true(pawl_tpm_address_read("device:/dev/tpm3,auth-file=/etc/owner", &address));
    assert_string_equal(address.device, "/dev/tpm3");
    assert_string_equal(address.authorization, "/etc/owner");
    assert_false(address.platform);
    assert_true(pawl_tpm_address_read("swtpm:path=/run/x.sock", &address));
    assert_string_equal(address.device, "");
    assert_string_equal(((struct sockaddr_un *)&address.socket)->sun_path, "/run/x.sock");
    assert_true(pawl_tpm_address_read("swtpm:host=127.0.0.1,port=2345", &address));
    assert_int_equal(((struct sockaddr_in *)&address.socket)->sin_port, htons(2345));
    assert_true(pawl_tpm_address_read("swtpm:host=::1", &address));
    assert_int_equal(address.socket.ss_family, AF_INET6);
}

static void test_wrong_addresses(void **state)
{
    static const char *const wrong[] = {
        "x", "device:", "device:tpm0", "swtpm:", "swtpm:host=a.example", "swtpm:path=/x,host=::1",
        "device:/dev/tpm0,swtpm:path=/x", "index=", "index=1", "index=0x01bffffd",
        "index=0x018001zz", "index=-1", "swtpm:host=::1,port=0", "swtpm:host=::1,port=65536",
        "platform,", ",,",
        /* longer than a socket's path */
        "swtpm:path=/"
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678"
        "90123456789012345678901234567890"};
    struct pawl_tpm_address address;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (pawl_tpm_address_read(wrong[i], &address))
            fail_msg("taken: %s", wrong[i]);
}

static void test_troubles(void **state)
{
    (void)state;
    /* With the number of a handle, a session or a parameter, and from a resource manager. */
    assert_int_equal(pawl_tpm_code(0x18b), TPM2_RC_HANDLE);
    assert_int_equal(pawl_tpm_code(0x98e), TPM2_RC_AUTH_FAIL);
    assert_int_equal(pawl_tpm_code(0xb0903), TPM2_RC_SESSION_MEMORY);
    assert_int_equal(pawl_tpm_trouble_of(TPM2_RC_NV_SPACE)->result, PAWL_EXHAUSTED);
    assert_int_equal(pawl_tpm_trouble_of(0x9a2)->result, PAWL_STORAGE);
    assert_non_null(strstr(pawl_tpm_trouble_of(TSS2_ESYS_RC_RSP_AUTH_FAILED)->text, "altered"));
    assert_non_null(strstr(pawl_tpm_trouble_of(TSS2_TCTI_RC_IO_ERROR)->text, "does not answer"));
    assert_non_null(pawl_tpm_trouble_of(0x1ff));
}

/* A TPM's place, and a relay that leads there. */
static int relay_open(void **state)
{
    struct pawl_tpm_address address = {.socket_size = sizeof name};

    (void)state;
    pawl_log_init("test", PAWL_LOG_ERROR);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(name.sun_path, path, sizeof path);
    if (mkdtemp(name.sun_path) == NULL)
        return -1;
    strcat(name.sun_path, "/tpm");
    memcpy(&address.socket, &name, sizeof name);
    if (bind(listener, (struct sockaddr *)&name, sizeof name) != 0 || listen(listener, 4) != 0 ||
        pawl_tpm_relay_start(&address, &relay) != PAWL_OK)
        return -1;
    pawl_tpm_link_init(&link_, relay);
    return 0;
}

static int relay_close(void **state)
{
    (void)state;
    close(relay); /* its end */
    close(listener);
    unlink(name.sun_path);
    *strrchr(name.sun_path, '/') = '\0';
    return rmdir(name.sun_path) != 0 || wait(NULL) < 0;
}

static TSS2_TCTI_CONTEXT *tcti(void)
{
    return (TSS2_TCTI_CONTEXT *)(void *)&link_.tcti;
}

static void command_send(void)
{
    assert_int_equal(Tss2_Tcti_Transmit(tcti(), sizeof command, command), TSS2_RC_SUCCESS);
}

static TSS2_RC answer_get(uint8_t *answer, size_t *size)
{
    *size = PAWL_TPM_MESSAGE_MAX;
    return Tss2_Tcti_Receive(tcti(), size, answer, TSS2_TCTI_TIMEOUT_BLOCK);
}

/* The TPM's side: takes the command. */
static int command_take(void)
{
    struct pollfd wait_ = {.fd = listener, .events = POLLIN};
    uint8_t taken[64];

    assert_int_equal(poll(&wait_, 1, PAWL_TPM_COMMAND_TIME), 1);
    int fd = accept(listener, NULL, NULL);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, taken, sizeof taken), sizeof command);
    assert_memory_equal(taken, command, sizeof command);
    return fd;
}

static void test_relay_passes_whole_answers(void **state)
{
    static const uint8_t said[12] = {0x80, 0x01, 0, 0, 0, 12, 0, 0, 0, 0, 7, 9};
    uint8_t answer[PAWL_TPM_MESSAGE_MAX];
    size_t size = 0;

    (void)state;
    command_send();
    int fd = command_take();
    assert_int_equal(write(fd, said, 3), 3);
    assert_int_equal(write(fd, said + 3, 9), 9);
    assert_int_equal(Tss2_Tcti_Receive(tcti(), &size, NULL, TSS2_TCTI_TIMEOUT_BLOCK),
                     TSS2_RC_SUCCESS);
    assert_int_equal(size, sizeof said);
    size = 5;
    assert_int_equal(Tss2_Tcti_Receive(tcti(), &size, answer, TSS2_TCTI_TIMEOUT_BLOCK),
                     TSS2_TCTI_RC_INSUFFICIENT_BUFFER);
    assert_int_equal(answer_get(answer, &size), TSS2_RC_SUCCESS);
    assert_int_equal(size, sizeof said);
    assert_memory_equal(answer, said, sizeof said);
    close(fd);
}

/* Cut, longer than told, shorter than a header, or larger than any: no answer; then a good one. */
static void test_relay_refuses_other_answers(void **state)
{
    static const struct {
        uint8_t bytes[14];
        size_t size;
    } said[] = {{{0x80, 0x01, 0, 0, 0, 12, 0}, 7},
                {{0x80, 0x01, 0, 0, 0, 12, 0, 0, 0, 0, 1, 2, 3}, 13},
                {{0x80, 0x01, 0, 0, 0, 9, 0, 0, 0, 0}, 10},
                {{0x80, 0x01, 0, 0, 0x10, 1, 0, 0, 0, 0}, 10},
                {{0x80, 0x01, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, 10},
                {{0}, 0}};
    uint8_t answer[PAWL_TPM_MESSAGE_MAX];
    size_t size;

    (void)state;
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        command_send();
        int fd = command_take();
        assert_int_equal(write(fd, said[i].bytes, said[i].size), said[i].size);
        close(fd);
        assert_int_equal(answer_get(answer, &size), TSS2_TCTI_RC_IO_ERROR);
    }
    test_relay_passes_whole_answers(state);
}

/* What a TPM says unasked is not taken for the answer to the next command. */
static void test_relay_leaves_who_speaks_unasked(void **state)
{
    static const uint8_t said[12] = {0x80, 0x01, 0, 0, 0, 12, 0, 0, 0, 0, 1, 1};
    uint8_t answer[PAWL_TPM_MESSAGE_MAX];
    size_t size;

    (void)state;
    command_send();
    int fd = command_take();
    assert_int_equal(write(fd, said, sizeof said), sizeof said);
    assert_int_equal(answer_get(answer, &size), TSS2_RC_SUCCESS);
    assert_int_equal(write(fd, said, sizeof said), sizeof said);
    test_relay_passes_whole_answers(state);
    close(fd);
}

/* In place of the relay the test itself, at ends[1]. */
static struct pawl_tpm_link relays;

static void played_begin(int ends[2])
{
    relays = link_;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    pawl_tpm_link_init(&link_, ends[0]);
}

/* After a command without an answer, which costs its time once, a TPM that goes on has the whole
 * time again for the next command, and not the short one for a TPM that hangs. */
static void test_link_gives_time_again(void **state)
{
    uint8_t packet[PAWL_TPM_NUMBER_SIZE + 12] = {0}, answer[PAWL_TPM_MESSAGE_MAX];
    size_t size;
    int ends[2];

    (void)state;
    played_begin(ends);
    link_.unanswered = true;
    command_send();
    assert_int_equal(answer_get(answer, &size), TSS2_TCTI_RC_IO_ERROR); /* soon */
    assert_int_equal(read(ends[1], packet, sizeof packet), sizeof packet);
    command_send();
    assert_int_equal(write(ends[1], packet, sizeof packet), sizeof packet); /* the late answer */
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) { /* a slow TPM */
        (void)poll(NULL, 0, 400);
        (void)!read(ends[1], packet, sizeof packet);
        _exit(write(ends[1], packet, sizeof packet) != (ssize_t)sizeof packet);
    }
    assert_int_equal(answer_get(answer, &size), TSS2_RC_SUCCESS);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_false(link_.unanswered);
    close(ends[0]);
    close(ends[1]);
    link_ = relays;
}

/* An answer to another command, as after one that came too late, is not taken; nor is the relay's
 * end for one. */
static void test_link_takes_its_own_answer(void **state)
{
    uint8_t packet[PAWL_TPM_NUMBER_SIZE + 12] = {0}, answer[PAWL_TPM_MESSAGE_MAX];
    size_t size;
    int ends[2];

    (void)state;
    played_begin(ends);
    for (unsigned last = 0; last < 2; last++) {
        command_send();
        assert_int_equal(read(ends[1], packet, sizeof packet), sizeof packet);
        packet[0] ^= 0x40;
        assert_int_equal(write(ends[1], packet, sizeof packet), sizeof packet);
        packet[0] ^= 0x40;
        if (last == 0) {
            assert_int_equal(write(ends[1], packet, sizeof packet), sizeof packet);
            assert_int_equal(answer_get(answer, &size), TSS2_RC_SUCCESS);
            assert_memory_equal(answer, command, sizeof command);
        }
    }
    close(ends[1]);
    assert_int_equal(answer_get(answer, &size), TSS2_TCTI_RC_IO_ERROR);
    assert_int_equal(Tss2_Tcti_Transmit(tcti(), sizeof command, command), TSS2_TCTI_RC_IO_ERROR);
    close(ends[0]);
    link_ = relays;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_wrong_addresses),
        cmocka_unit_test(test_troubles),
        cmocka_unit_test(test_relay_passes_whole_answers),
        cmocka_unit_test(test_relay_refuses_other_answers),
        cmocka_unit_test(test_relay_leaves_who_speaks_unasked),
        cmocka_unit_test(test_link_takes_its_own_answer),
        cmocka_unit_test(test_link_gives_time_again),
    };

    return cmocka_run_group_tests_name("linux_tpm", tests, relay_open, relay_close);
}
