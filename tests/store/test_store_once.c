/* The store contract: requests that are to be done once (SPEC 16.14). */
#include <stdio.h>
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

/* Sends so many requests, a second apart. */
static void many_send(struct store_fixture *fixture, const char *actor, unsigned count,
                      int64_t since)
{
    struct pawl_once_answer answer = {.text = NULL};
    char key[PAWL_ONCE_KEY_SIZE];
    for (unsigned i = 0; i < count; i++) {
        snprintf(key, sizeof key, "k%u", i);
        struct pawl_once_request request = request_make(actor, key, i);
        assert_result(PAWL_OK, pawl_store_once_begin(fixture->store, &request, since + i, &answer));
    }
}

static void nobody_crowds_another_out_16_14(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_once_request oldest = request_make("quiet", "k", 1);
    struct pawl_once_request own = request_make("busy", "k0", 0),
                             kept = request_make("b1", "k1", 1);
    struct pawl_once_answer answer = {.text = NULL};
    char actor[16];
    assert_result(PAWL_OK, pawl_store_once_begin(fixture->store, &oldest, 1, &answer));
    many_send(fixture, "busy", PAWL_ONCE_ACTOR_MAX + 1, 100);
    assert_result(PAWL_STATE, pawl_store_once_begin(fixture->store, &oldest, 2000, &answer));
    assert_result(PAWL_OK, pawl_store_once_begin(fixture->store, &own, 2000, &answer));
    for (unsigned i = 1; i <= PAWL_ONCE_MAX / PAWL_ONCE_ACTOR_MAX; i++) {
        snprintf(actor, sizeof actor, "b%u", i);
        many_send(fixture, actor, PAWL_ONCE_ACTOR_MAX, 3000);
    }
    /* All are more than may be kept: those who have the most lose some, the quiet one does not. */
    assert_result(PAWL_STATE, pawl_store_once_begin(fixture->store, &oldest, 5000, &answer));
    kept.key = "k999";
    assert_result(PAWL_STATE, pawl_store_once_begin(fixture->store, &kept, 5000, &answer));
}

/* Of a second with more than its share, the request that is under way is not forgotten. */
static void newest_is_kept_of_a_burst_16_14(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_once_answer answer = {.text = NULL};
    char key[PAWL_ONCE_KEY_SIZE];
    for (unsigned i = PAWL_ONCE_ACTOR_MAX + 50; i > 0; i--) {
        snprintf(key, sizeof key, "k%05u", i);
        struct pawl_once_request request = request_make("a", key, i);
        assert_result(PAWL_OK, pawl_store_once_begin(fixture->store, &request, 100, &answer));
        assert_result(PAWL_STATE, pawl_store_once_begin(fixture->store, &request, 100, &answer));
    }
}

int main(void)
{
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
    const struct CMUnitTest tests[] = {
        STORE_TEST(answer_is_given_again_16_14),
        STORE_TEST(keys_are_each_actors_own_16_14),
        STORE_TEST(keys_are_forgotten_after_a_day_16_14),
        STORE_TEST(nobody_crowds_another_out_16_14),
        STORE_TEST(newest_is_kept_of_a_burst_16_14),
    };
    return cmocka_run_group_tests_name("store: once", tests, NULL, NULL);
}
