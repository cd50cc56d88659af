/* Tokens in memory (SPEC 16.10): what was revoked stays revoked, whoever reads them meanwhile. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pawl_test.h"
#include "server/tokens.h"

#define ROUNDS 40u
#define READERS 6u
#define OTHERS 400u /* tokens that make reading take its time */

static const struct pawl_rate rate = {1, 1000000};

struct fixture {
    char directory[64];
    struct pawl_store *store;
    struct pawl_readers readers;
    struct pawl_tokens *tokens;
    atomic_bool ended;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    char url[128];
    strcpy(fixture->directory, "/tmp/pawl-tokens-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    snprintf(url, sizeof url, "sqlite:%s/pawl.db", fixture->directory);
    assert_result(PAWL_OK, pawl_store_open(url, true, &fixture->store));
    pawl_readers_init(&fixture->readers, fixture->store);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    char path[128];
    pawl_tokens_free(fixture->tokens);
    pawl_readers_release(&fixture->readers);
    pawl_store_close(fixture->store);
    snprintf(path, sizeof path, "%s/pawl.db", fixture->directory);
    unlink(path);
    rmdir(fixture->directory);
    free(fixture);
    return 0;
}

static void name_make(const char *kind, unsigned number, char name[PAWL_TOKEN_NAME_SIZE])
{
    snprintf(name, PAWL_TOKEN_NAME_SIZE, "%s%u", kind, number);
}

static void digest_make(const char *name, uint8_t digest[PAWL_TOKEN_DIGEST_SIZE])
{
    memset(digest, 0, PAWL_TOKEN_DIGEST_SIZE);
    memcpy(digest, name, strlen(name));
}

static void token_add(struct fixture *fixture, const char *kind, unsigned number)
{
    struct pawl_token_row row = {.role = PAWL_ROLE_ADMIN, .created = 1};
    uint64_t id;
    name_make(kind, number, row.name);
    digest_make(row.name, row.digest);
    assert_result(PAWL_OK, pawl_store_token_add(fixture->store, &row, NULL, &id));
}

/* Another operator, whose changes make the tokens be read anew. */
static void *others_run(void *context)
{
    struct fixture *fixture = context;
    while (!atomic_load(&fixture->ended))
        pawl_tokens_reload(fixture->tokens, &fixture->readers);
    return NULL;
}

static void a_revoked_token_does_not_come_back_16_10(void **state)
{
    struct fixture *fixture = *state;
    pthread_t threads[READERS];
    unsigned good = 0;
    for (unsigned i = 0; i < OTHERS; i++)
        token_add(fixture, "other", i);
    for (unsigned i = 0; i < ROUNDS; i++)
        token_add(fixture, "revoked", i);
    assert_result(PAWL_OK, pawl_tokens_create(&fixture->readers, &rate, &fixture->tokens));
    for (unsigned i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, others_run, fixture), 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        char name[PAWL_TOKEN_NAME_SIZE];
        uint8_t digest[PAWL_TOKEN_DIGEST_SIZE];
        struct pawl_token_grant grant;
        name_make("revoked", i, name);
        digest_make(name, digest);
        assert_int_equal(pawl_tokens_judge(fixture->tokens, digest, 2, &grant), PAWL_TOKEN_GOOD);
        assert_result(PAWL_OK, pawl_store_token_revoke(fixture->store, name, 2, NULL));
        assert_result(PAWL_OK, pawl_tokens_reload(fixture->tokens, &fixture->readers));
        for (unsigned asked = 0; asked < 2000; asked++)
            good += pawl_tokens_judge(fixture->tokens, digest, 2, &grant) == PAWL_TOKEN_GOOD;
    }
    atomic_store(&fixture->ended, true);
    for (unsigned i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(good, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_revoked_token_does_not_come_back_16_10, setup, teardown),
    };
    return cmocka_run_group_tests_name("tokens", tests, NULL, NULL);
}
