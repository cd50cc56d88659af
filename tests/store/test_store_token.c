/* The store contract: tokens and client certificates of the operator API (SPEC 16.10, 16.13). */
#include <stdio.h>
#include <string.h>

#include "store/token.h"
#include "store_fixture.h"

static struct pawl_token_row token_make(const char *name, uint64_t number)
{
    struct pawl_token_row row = {.role = PAWL_ROLE_OPERATOR, .created = 5, .expires = 50};
    snprintf(row.name, sizeof row.name, "%s", name);
    id_fill(row.digest, sizeof row.digest, number);
    return row;
}

struct tokens {
    struct pawl_token_row rows[8];
    size_t count;
};

static enum pawl_result gather(void *context, const struct pawl_token_row *row)
{
    struct tokens *tokens = context;
    tokens->rows[tokens->count++] = *row;
    return PAWL_OK;
}

static struct tokens tokens_read(struct store_fixture *fixture, bool live)
{
    struct tokens tokens = {.count = 0};
    assert_result(PAWL_OK, pawl_store_token_list(fixture->reader, live, 0, 8, gather, &tokens));
    return tokens;
}

static void token_reads_back_16_10(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_token_row row = token_make("ci", 1), other = token_make("station", 2);
    uint64_t id = 0;
    strcpy(other.subject, "CN=station,O=Example");
    other.role = PAWL_ROLE_FACTORY;
    other.expires = 0;
    assert_result(PAWL_OK, pawl_store_token_add(fixture->store, &row, NULL, &id));
    assert_int_equal(id, 1);
    assert_result(PAWL_OK, pawl_store_token_add(fixture->store, &other, NULL, &id));
    assert_int_equal(id, 2);
    store_restart(fixture);
    struct tokens tokens = tokens_read(fixture, true);
    assert_int_equal(tokens.count, 2);
    assert_string_equal(tokens.rows[0].name, "ci");
    assert_memory_equal(tokens.rows[0].digest, row.digest, sizeof row.digest);
    assert_int_equal(tokens.rows[0].role, PAWL_ROLE_OPERATOR);
    assert_string_equal(tokens.rows[0].subject, "");
    assert_true(tokens.rows[0].created == 5 && tokens.rows[0].expires == 50);
    assert_true(tokens.rows[0].last_used == 0 && tokens.rows[0].revoked == 0);
    assert_string_equal(tokens.rows[1].subject, other.subject);
    assert_int_equal(tokens.rows[1].role, PAWL_ROLE_FACTORY);
    assert_int_equal(tokens.rows[1].expires, 0);
}

static void names_and_digests_are_taken_once_16_10(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_token_row row = token_make("ci", 1), same_name = token_make("ci", 2);
    struct pawl_token_row same_digest = token_make("other", 1);
    uint64_t id = 0;
    assert_result(PAWL_OK, pawl_store_token_add(fixture->store, &row, NULL, &id));
    assert_result(PAWL_STATE, pawl_store_token_add(fixture->store, &same_name, NULL, &id));
    assert_result(PAWL_STATE, pawl_store_token_add(fixture->store, &same_digest, NULL, &id));
    assert_result(PAWL_OK, pawl_store_token_revoke(fixture->store, "ci", 9, NULL));
    assert_result(PAWL_STATE, pawl_store_token_revoke(fixture->store, "ci", 9, NULL));
    /* The name is free again; the secret is not: it may be in somebody's hands. */
    assert_result(PAWL_STATE, pawl_store_token_add(fixture->store, &same_digest, NULL, &id));
    assert_result(PAWL_OK, pawl_store_token_add(fixture->store, &same_name, NULL, &id));
    assert_int_equal(id, 2);
    struct tokens live = tokens_read(fixture, true), all = tokens_read(fixture, false);
    assert_int_equal(live.count, 1);
    assert_int_equal(live.rows[0].id, 2);
    assert_int_equal(all.count, 2);
    assert_int_equal(all.rows[0].revoked, 9);
}

static enum pawl_result entry_count(void *context, const struct pawl_audit_row *row)
{
    (void)row;
    ++*(size_t *)context;
    return PAWL_OK;
}

static void refused_token_leaves_no_event_16_7(void **state)
{
    struct store_fixture *fixture = *state;
    const struct pawl_event event = {.time = 1, .actor = "a", .action = "token-created"};
    struct pawl_token_row row = token_make("ci", 1);
    uint64_t id = 0;
    struct pawl_token_row same = token_make("ci", 2);
    assert_result(PAWL_OK, pawl_store_token_add(fixture->store, &row, &event, &id));
    assert_result(PAWL_STATE, pawl_store_token_add(fixture->store, &same, &event, &id));
    assert_result(PAWL_STATE, pawl_store_token_revoke(fixture->store, "none", 1, &event));
    assert_result(PAWL_OK, pawl_store_token_revoke(fixture->store, "ci", 1, &event));
    size_t entries = 0;
    assert_result(PAWL_OK, pawl_store_audit_list(fixture->reader, 0, 100, entry_count, &entries));
    assert_int_equal(entries, 2);
}

static void last_use_never_moves_back(void **state)
{
    struct store_fixture *fixture = *state;
    struct pawl_token_row row = token_make("ci", 1);
    uint64_t id = 0;
    assert_result(PAWL_OK, pawl_store_token_add(fixture->store, &row, NULL, &id));
    struct pawl_token_use uses[] = {{id, 100}, {id, 90}, {77, 5}};
    assert_result(PAWL_OK, pawl_store_token_used_set(fixture->store, uses, 3));
    assert_result(PAWL_OK, pawl_store_token_used_set(fixture->store, uses, 0));
    assert_int_equal(tokens_read(fixture, true).rows[0].last_used, 100);
}

static void tokens_are_bounded_i9(void **state)
{
    struct store_fixture *fixture = *state;
    uint64_t id = 0;
    char name[16];
    for (unsigned i = 0; i < PAWL_TOKENS_MAX; i++) {
        snprintf(name, sizeof name, "t%u", i);
        struct pawl_token_row row = token_make(name, i);
        assert_result(PAWL_OK, pawl_store_token_add(fixture->store, &row, NULL, &id));
    }
    struct pawl_token_row more = token_make("more", PAWL_TOKENS_MAX);
    assert_result(PAWL_EXHAUSTED, pawl_store_token_add(fixture->store, &more, NULL, &id));
    assert_result(PAWL_OK, pawl_store_token_revoke(fixture->store, "t7", 1, NULL));
    assert_result(PAWL_OK, pawl_store_token_add(fixture->store, &more, NULL, &id));
}

int main(void)
{
#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, store_setup, store_teardown)
    const struct CMUnitTest tests[] = {
        STORE_TEST(token_reads_back_16_10),
        STORE_TEST(names_and_digests_are_taken_once_16_10),
        STORE_TEST(refused_token_leaves_no_event_16_7),
        STORE_TEST(last_use_never_moves_back),
        STORE_TEST(tokens_are_bounded_i9),
    };
    return cmocka_run_group_tests_name("store: tokens", tests, NULL, NULL);
}
