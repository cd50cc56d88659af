/* Addresses of brokers, notifications and topics (SPEC 19.6). */
#include <string.h>

#include "headend/topic.h"
#include "pawl_test.h"
#include "push/address.h"
#include "push/notification.h"

static void addresses_are_read(void **state)
{
    static const struct {
        const char *text, *host;
        uint16_t port;
        bool tls;
    } good[] = {
        {"mqtt://broker", "broker", 1883, false},
        {"mqtts://broker.example.com", "broker.example.com", 8883, true},
        {"mqtts://192.0.2.1:1", "192.0.2.1", 1, true},
        {"mqtt://[2001:db8::1]:65535", "2001:db8::1", 65535, false},
        {"mqtts://[::1]", "::1", 8883, true},
    };
    static const char *const bad[] = {
        "",           "broker",       "http://broker",   "mqtt://",       "mqtt:///",
        "mqtt://a:",  "mqtt://a:0",   "mqtt://a:65536",  "mqtt://a:1x",   "mqtt://a/topic",
        "mqtt://u@a", "mqtt://a b",   "mqtt://[::1",     "mqtt://[::1]x", "mqtt://[]",
        "MQTT://a",   "mqtt://a:1:2", "mqtt://a?tls=no", "mqtt://\x80",
    };
    struct pawl_broker_address address, untouched = {.port = 7};
    char name[400] = "mqtt://";

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_result(PAWL_OK, pawl_broker_address_read(good[i].text, &address));
        assert_string_equal(address.host, good[i].host);
        assert_int_equal(address.port, good[i].port);
        assert_int_equal(address.tls, good[i].tls);
    }
    address = untouched;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_result(PAWL_MALFORMED, pawl_broker_address_read(bad[i], &address));
    memset(name + 7, 'a', PAWL_PUSH_HOST_SIZE);
    assert_result(PAWL_MALFORMED, pawl_broker_address_read(name, &address));
    assert_memory_equal(&address, &untouched, sizeof address);
}

/* I9: what is no counter is none. */
static void notifications_are_read(void **state)
{
    char payload[PAWL_NOTIFICATION_SIZE + 1];
    uint64_t counter = 5;

    (void)state;
    pawl_notification_write(0x0123456789abcdef, payload);
    assert_string_equal(payload, "0123456789abcdef");
    assert_true(pawl_notification_read(payload, PAWL_NOTIFICATION_SIZE, &counter));
    assert_true(counter == 0x0123456789abcdef);
    counter = 5;
    assert_false(pawl_notification_read(payload, PAWL_NOTIFICATION_SIZE - 1, &counter));
    assert_false(pawl_notification_read("0123456789abcdeg", PAWL_NOTIFICATION_SIZE, &counter));
    assert_false(pawl_notification_read("0123456\0"
                                        "9abcdef",
                                        PAWL_NOTIFICATION_SIZE, &counter));
    assert_false(pawl_notification_read(NULL, 0, &counter));
    assert_int_equal(counter, 5);
}

static void spec19_6_topics_are_all_different_and_tell_nothing(void **state)
{
    static const uint8_t keys[2][32] = {{1}, {2}}, device[PAWL_ID_SIZE] = {'l', 'a', 'b'};
    const struct pawl_subject subject = {.device_id = device, .class_id = device, .group = "lab"};
    struct pawl_summons of[3] = {{.window = 0}};
    struct pawl_hmac secrets[2];

    (void)state;
    pawl_hmac_init(&secrets[0], keys[0], sizeof keys[0]);
    pawl_hmac_init(&secrets[1], keys[1], sizeof keys[1]);
    pawl_topics_of(&secrets[0], &subject, 3, &of[0]);
    pawl_topics_of(&secrets[0], &subject, 3, &of[1]);
    pawl_topics_of(&secrets[1], &subject, 3, &of[2]);
    assert_int_equal(of[0].topic_count, 4);
    assert_memory_equal(of[0].topics, of[1].topics, sizeof of[0].topics);
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned k = 0; k < 4; k++) {
            assert_memory_not_equal(of[0].topics[i], of[2].topics[k], PAWL_TOPIC_SIZE);
            if (k != i)
                assert_memory_not_equal(of[0].topics[i], of[0].topics[k], PAWL_TOPIC_SIZE);
        }
    }
    const struct pawl_subject alone = {.device_id = device, .class_id = device, .group = ""};
    pawl_topics_of(&secrets[0], &alone, 0, &of[1]);
    assert_int_equal(of[1].topic_count, 2);
    assert_memory_equal(of[1].topics[0], of[0].topics[0], PAWL_TOPIC_SIZE);
    assert_false(pawl_topic_is_retained(PAWL_TOPIC_DEVICE));
    assert_true(pawl_topic_is_retained(PAWL_TOPIC_CLASS));
}

static void the_window_grows_with_the_fleet(void **state)
{
    (void)state;
    assert_int_equal(pawl_wake_window(0, 100), 0);
    assert_int_equal(pawl_wake_window(99, 100), 0);
    assert_int_equal(pawl_wake_window(1000000, 10000), 100);
    assert_int_equal(pawl_wake_window(UINT64_MAX, 1), PAWL_WAKE_WINDOW_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(notifications_are_read),
        cmocka_unit_test(spec19_6_topics_are_all_different_and_tell_nothing),
        cmocka_unit_test(the_window_grows_with_the_fleet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
