/* How often an address may fail (SPEC 16.15), and which addresses are this machine's own (16.11).
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "pawl_test.h"
#include "server/listen.h"
#include "server/refusals.h"

#define SECOND UINT64_C(1000000)

/* Notes a failure of an address in text. */
static uint32_t note(struct pawl_refusals *refusals, const char *text, uint64_t now)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return pawl_refusals_note(refusals, (const struct sockaddr *)&v4, now);
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return pawl_refusals_note(refusals, (const struct sockaddr *)&v6, now);
}

static void address_may_fail_twenty_times_then_ten_a_minute_16_15(void **state)
{
    (void)state;
    struct pawl_refusals refusals;
    assert_result(PAWL_OK, pawl_refusals_init(&refusals));
    for (int i = 0; i < 20; i++)
        assert_int_equal(note(&refusals, "192.0.2.1", SECOND), 0);
    assert_int_equal(note(&refusals, "192.0.2.1", SECOND), 6);
    assert_int_equal(note(&refusals, "192.0.2.2", SECOND), 0);
    assert_int_equal(note(&refusals, "192.0.2.1", 4 * SECOND), 3);
    assert_int_equal(note(&refusals, "192.0.2.1", 7 * SECOND), 0);
    assert_int_equal(note(&refusals, "192.0.2.1", 7 * SECOND), 6);
    pawl_refusals_release(&refusals);
}

static void network_of_ipv6_hosts_is_one_address_16_15(void **state)
{
    (void)state;
    struct pawl_refusals refusals;
    assert_result(PAWL_OK, pawl_refusals_init(&refusals));
    for (int i = 0; i < 20; i++)
        assert_int_equal(note(&refusals, i % 2 ? "2001:db8::1" : "2001:db8::ffff:1", SECOND), 0);
    assert_int_not_equal(note(&refusals, "2001:db8::7", SECOND), 0);
    assert_int_equal(note(&refusals, "2001:db8:0:1::7", SECOND), 0);
    /* An IPv4 address is the same one however it comes. */
    for (int i = 0; i < 20; i++)
        assert_int_equal(note(&refusals, i % 2 ? "192.0.2.9" : "::ffff:192.0.2.9", SECOND), 0);
    assert_int_not_equal(note(&refusals, "192.0.2.9", SECOND), 0);
    assert_int_not_equal(note(&refusals, "::ffff:192.0.2.9", SECOND), 0);
    pawl_refusals_release(&refusals);
}

static void crowd_of_addresses_does_not_wash_out_a_busy_one_i9(void **state)
{
    (void)state;
    struct pawl_refusals refusals;
    char text[16];
    assert_result(PAWL_OK, pawl_refusals_init(&refusals));
    for (int i = 0; i < 20; i++)
        assert_int_equal(note(&refusals, "192.0.2.1", SECOND), 0);
    for (unsigned i = 0; i < 20000; i++) { /* each fails once: the places of such are taken first */
        snprintf(text, sizeof text, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
        note(&refusals, text, SECOND);
    }
    assert_int_not_equal(note(&refusals, "192.0.2.1", SECOND), 0);
    pawl_refusals_release(&refusals);
}

static void unknown_kinds_of_address_are_bounded_too_i9(void **state)
{
    (void)state;
    struct pawl_refusals refusals;
    assert_result(PAWL_OK, pawl_refusals_init(&refusals));
    for (int i = 0; i < 20; i++)
        assert_int_equal(pawl_refusals_note(&refusals, NULL, SECOND), 0);
    assert_int_not_equal(pawl_refusals_note(&refusals, NULL, SECOND), 0);
    pawl_refusals_release(&refusals);
}

static void loopback_addresses_16_11(void **state)
{
    (void)state;
    static const char *const own[] = {"127.0.0.1:80", "127.1.2.3:0", "[::1]:443"};
    static const char *const others[] = {"0.0.0.0:80", ":80",          "[::]:80",  "192.0.2.1:80",
                                         "127.0.0.1",  "localhost:80", "[::2]:80", ""};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        assert_true(pawl_address_is_loopback(own[i]));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(pawl_address_is_loopback(others[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address_may_fail_twenty_times_then_ten_a_minute_16_15),
        cmocka_unit_test(network_of_ipv6_hosts_is_one_address_16_15),
        cmocka_unit_test(crowd_of_addresses_does_not_wash_out_a_busy_one_i9),
        cmocka_unit_test(unknown_kinds_of_address_are_bounded_too_i9),
        cmocka_unit_test(loopback_addresses_16_11),
    };
    return cmocka_run_group_tests_name("server: who may not ask", tests, NULL, NULL);
}
