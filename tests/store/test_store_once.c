/* The store contract: requests that are to be done once (SPEC 16.14). */
#include <stdlib.h>
#include <string.h>

#include "store/once.h"
#include "store_fixture.h"

static struct pawl_once_request request_make(const char *actor, const char *key, uint64_t number)
{
    struct pawl_once_request request = {.actor = actor, .key = key};
    id_fill(request.digest, sizeof request.digest, number);
    return request;
}

static void answer_is_given_again_16_14(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_once_request request = request_make("a", "k", 1), other = request_make("a", "k", 2);
    struct pawl_once_answer answer = {.text = NULL};
    assert_result(PAWL_OK, pawl_store_once_begin(fixture->store, &request, 100, &answer));
    assert_result(PAWL_STATE, pawl_store_once_begin(fixture->store, &request, 101, &answer));
    assert_true(answer.same && answer.created == 100);
    assert_true(answer.status == 0 && answer.text == NULL);
    assert_result(PAWL_OK, pawl_store_once_finish(fixture->store, &request, 201, "{\"id\":7}"));
    store_restart(fixture);
    assert_result(PAWL_STATE, pawl_store_once_begin(fixture->store, &request, 102, &answer));
    assert_true(answer.same && answer.status == 201);
    assert_string_equal(answer.text, "{\"id\":7}");
    free(answer.text);
    assert_result(PAWL_STATE, pawl_store_once_begin(fixture->store, &other, 103, &answer));
    assert_false(answer.same);
    free(answer.text);
}

static void keys_are_each_actors_own_16_14(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_once_request one = request_make("a", "k", 1), two = request_make("b", "k", 2);
    struct pawl_once_answer answer = {.text = NULL};
    assert_result(PAWL_OK, pawl_store_once_begin(fixture->store, &one, 100, &answer));
    assert_result(PAWL_OK, pawl_store_once_begin(fixture->store, &two, 100, &answer));
    assert_result(PAWL_OK, pawl_store_once_drop(fixture->store, &one));
    assert_result(PAWL_OK, pawl_store_once_begin(fixture->store, &one, 100, &answer));
    assert_result(PAWL_STATE, pawl_store_once_begin(fixture->store, &two, 100, &answer));
}

static void keys_are_forgotten_after_a_day_16_14(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_once_request request = request_make("a", "k", 1);
    struct pawl_once_answer answer = {.text = NULL};
    assert_result(PAWL_OK, pawl_store_once_begin(fixture->store, &request, 100, &answer));
    assert_result(PAWL_STATE,
                  pawl_store_once_begin(fixture->store, &request, 99 + PAWL_ONCE_SECONDS, &answer));
    assert_result(
        PAWL_OK, pawl_store_once_begin(fixture->store, &request, 100 + PAWL_ONCE_SECONDS, &answer));
}

int main(void)
{
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
    const struct CMUnitTest tests[] = {
        STORE_TEST(answer_is_given_again_16_14),
        STORE_TEST(keys_are_each_actors_own_16_14),
        STORE_TEST(keys_are_forgotten_after_a_day_16_14),
    };
    return cmocka_run_group_tests_name("store: once", tests, NULL, NULL);
}
