/* The store contract: commands queued, listed, ended (SPEC 19). */
#include <stdlib.h>
#include <string.h>

#include "store/commands.h"
#include "store_fixture.h"

#define NOW 1000

static struct pawl_command message_make(const char *text)
{
    struct pawl_command command = {
        .kind = PAWL_COMMAND_MESSAGE, .created = NOW, .expires = NOW + 100, .actor = "0/root"};
    command.message_size = (uint32_t)strlen(text);
    memcpy(command.message, text, command.message_size);
    return command;
}

static uint64_t queue(struct store_fixture *fixture, uint64_t device,
                      const struct pawl_command *command)
{
    const uint64_t numbers[] = {device_read(fixture, device).number};
    uint64_t first = 0;
    size_t added = 0;
    assert_result(PAWL_OK, pawl_store_commands_add(fixture->store, command, numbers, 1, NULL,
                                                   &first, &added));
    assert_int_equal(added, 1);
    return first;
}

static void commands_read_back_oldest_first(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_command first = message_make("one"), read;
    struct pawl_command diagnostic = {
        .kind = PAWL_COMMAND_DIAGNOSTIC, .expires = NOW + 5, .package_id = {7}};
    struct pawl_command interval = {
        .kind = PAWL_COMMAND_POLL_INTERVAL, .expires = NOW + 5, .seconds = 60};
    devices_import(fixture, 1, 2, NULL);
    uint64_t device = device_read(fixture, 1).number;
    assert_result(PAWL_STATE, pawl_store_command_first(fixture->reader, device, NOW, &read));

    uint64_t number = queue(fixture, 1, &first);
    assert_true(queue(fixture, 1, &diagnostic) > number);
    queue(fixture, 2, &interval);
    assert_int_equal(device_read(fixture, 1).commands, 2);
    assert_int_equal(device_read(fixture, 1).poll_after, 0);
    assert_int_equal(device_read(fixture, 2).poll_after, 60);
    assert_result(PAWL_OK, pawl_store_command_first(fixture->reader, device, NOW, &read));
    assert_int_equal(read.number, number);
    assert_int_equal(read.device, device);
    assert_memory_equal(read.device_id, device_read(fixture, 1).device_id, PAWL_ID_SIZE);
    assert_int_equal(read.kind, PAWL_COMMAND_MESSAGE);
    assert_int_equal(read.message_size, 3);
    assert_memory_equal(read.message, "one", 3);
    assert_string_equal(read.actor, "0/root");
    assert_int_equal(read.expires, NOW + 100);
    /* Of those that are still good, the oldest. */
    assert_result(PAWL_STATE, pawl_store_command_first(fixture->reader, device, NOW + 100, &read));
}

static enum pawl_result count_add(void *context, const struct pawl_command *command)
{
    size_t *count = context;
    (void)command;
    (*count)++;
    return PAWL_OK;
}

static size_t listed(struct store_fixture *fixture, uint64_t device, int64_t now, bool expired)
{
    const struct pawl_command_filter filter = {.device = device, .now = now, .expired = expired};
    size_t count = 0;
    assert_result(PAWL_OK,
                  pawl_store_command_list(fixture->reader, &filter, 0, 100, count_add, &count));
    return count;
}

static void a_queue_has_an_end(void **state)
{
    struct store_fixture *fixture = *state;
    const struct pawl_command command = message_make("again");
    uint64_t numbers[3], first = 0;
    size_t added = 0;
    devices_import(fixture, 1, 2, NULL);
    for (unsigned i = 0; i < PAWL_COMMANDS_MAX; i++)
        queue(fixture, 1, &command);
    numbers[0] = device_read(fixture, 1).number;
    numbers[1] = device_read(fixture, 2).number;
    numbers[2] = 4711; /* nobody's */
    assert_result(PAWL_OK, pawl_store_commands_add(fixture->store, &command, numbers, 3, NULL,
                                                   &first, &added));
    assert_int_equal(added, 1);
    assert_int_equal(device_read(fixture, 1).commands, PAWL_COMMANDS_MAX);
    assert_int_equal(listed(fixture, numbers[1], NOW, false), 1);
    assert_int_equal(listed(fixture, 0, NOW, false), PAWL_COMMANDS_MAX + 1);
    assert_int_equal(listed(fixture, 0, NOW + 99, true), 0);
    assert_int_equal(listed(fixture, 0, NOW + 100, true), PAWL_COMMANDS_MAX + 1);
}

/* SPEC 19.2: a number is never used twice, whatever was deleted. */
static void ended_commands_are_gone_and_their_numbers_too(void **state)
{
    struct store_fixture *fixture = *state;
    const struct pawl_command command = message_make("x");
    uint8_t device_id[PAWL_ID_SIZE];
    devices_import(fixture, 1, 1, NULL);
    uint64_t device = device_read(fixture, 1).number;
    uint64_t a = queue(fixture, 1, &command), b = queue(fixture, 1, &command);

    struct pawl_command_end ends[] = {{.device = device, .number = a},
                                      {.device = device + 1, .number = b},
                                      {.device = device, .number = a}};
    assert_result(PAWL_OK, pawl_store_commands_end(fixture->store, ends, 3));
    assert_result(PAWL_OK, ends[0].result);
    assert_result(PAWL_STATE, ends[1].result); /* another device's */
    assert_result(PAWL_STATE, ends[2].result);
    assert_int_equal(device_read(fixture, 1).commands, 1);

    assert_result(PAWL_STATE, pawl_store_command_cancel(fixture->store, a, NULL, device_id));
    assert_result(PAWL_OK, pawl_store_command_cancel(fixture->store, b, NULL, device_id));
    assert_memory_equal(device_id, device_read(fixture, 1).device_id, PAWL_ID_SIZE);
    assert_int_equal(device_read(fixture, 1).commands, 0);
    store_restart(fixture);
    assert_true(queue(fixture, 1, &command) > b);
}

static enum pawl_result row_copy(void *context, const struct pawl_audit_row *row)
{
    char *text = context;
    strncat(text, row->action, 200);
    strncat(text, row->detail, 200);
    return PAWL_OK;
}

static void events_tell_the_numbers(void **state)
{
    struct store_fixture *fixture = *state;
    const struct pawl_command command = message_make("x");
    struct pawl_event event = {
        .time = NOW, .actor = "a", .action = "given", .detail = "{\"kind\":\"message\"}"};
    uint64_t numbers[2], first = 0;
    size_t added = 0;
    char text[1024] = "";
    devices_import(fixture, 1, 2, NULL);
    numbers[0] = device_read(fixture, 1).number;
    numbers[1] = device_read(fixture, 2).number;
    assert_result(PAWL_OK, pawl_store_commands_add(fixture->store, &command, numbers, 1, &event,
                                                   &first, &added));
    event.detail = NULL;
    assert_result(PAWL_OK, pawl_store_commands_add(fixture->store, &command, numbers, 2, &event,
                                                   &first, &added));
    assert_result(PAWL_OK, pawl_store_audit_list(fixture->reader, 0, 10, row_copy, text));
    assert_string_equal(text, "given{\"number\":1,\"kind\":\"message\"}"
                              "given{\"first\":2,\"count\":2}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commands_read_back_oldest_first, store_setup,
                                        store_teardown),
        cmocka_unit_test_setup_teardown(a_queue_has_an_end, store_setup, store_teardown),
        cmocka_unit_test_setup_teardown(ended_commands_are_gone_and_their_numbers_too, store_setup,
                                        store_teardown),
        cmocka_unit_test_setup_teardown(events_tell_the_numbers, store_setup, store_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
