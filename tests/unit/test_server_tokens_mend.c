/* Tokens that could not be read are read again (SPEC 16.10): none is honoured until then. The store
 * is played: its readers stand between server and store. */
#include "pawl_test.h"
#include "server/tokens.h"

static bool fails;

static const struct pawl_token_row row = {
    .id = 1, .name = "eve", .digest = {1, 2, 3}, .role = PAWL_ROLE_ADMIN};

enum pawl_result __wrap_pawl_reader_borrow(struct pawl_readers *readers,
                                           struct pawl_reader **reader);
void __wrap_pawl_reader_return(struct pawl_readers *readers, struct pawl_reader *reader);
enum pawl_result __wrap_pawl_store_token_list(struct pawl_reader *reader, bool live, uint64_t after,
                                              size_t limit, pawl_token_fn visit, void *context);

enum pawl_result __wrap_pawl_reader_borrow(struct pawl_readers *readers,
                                           struct pawl_reader **reader)
{
    (void)readers, (void)reader;
    return PAWL_OK;
}

void __wrap_pawl_reader_return(struct pawl_readers *readers, struct pawl_reader *reader)
{
    (void)readers, (void)reader;
}

enum pawl_result __wrap_pawl_store_token_list(struct pawl_reader *reader, bool live, uint64_t after,
                                              size_t limit, pawl_token_fn visit, void *context)
{
    (void)reader, (void)live, (void)after, (void)limit;
    return fails ? PAWL_STORAGE : visit(context, &row);
}

static struct pawl_readers readers;

static struct pawl_tokens *tokens_make(void)
{
    static const struct pawl_rate rate = {.interval = 1, .burst = 100};
    struct pawl_tokens *tokens = NULL;
    fails = false;
    assert_result(PAWL_OK, pawl_tokens_create(&readers, &rate, &tokens));
    return tokens;
}

static enum pawl_token_verdict judge(struct pawl_tokens *tokens)
{
    struct pawl_token_grant grant;
    return pawl_tokens_judge(tokens, row.digest, 1, &grant);
}

static void tokens_that_could_not_be_read_are_read_again(void **state)
{
    (void)state;
    struct pawl_tokens *tokens = tokens_make();
    fails = true;
    assert_result(PAWL_STORAGE, pawl_tokens_reload(tokens, &readers));
    assert_int_equal(judge(tokens), PAWL_TOKEN_UNKNOWN);
    assert_result(PAWL_STORAGE, pawl_tokens_mend(tokens, &readers));
    fails = false;
    assert_result(PAWL_OK, pawl_tokens_mend(tokens, &readers));
    assert_int_equal(judge(tokens), PAWL_TOKEN_GOOD);
    fails = true; /* nothing is read without need */
    assert_result(PAWL_OK, pawl_tokens_mend(tokens, &readers));
    assert_int_equal(judge(tokens), PAWL_TOKEN_GOOD);
    pawl_tokens_free(tokens);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_that_could_not_be_read_are_read_again),
    };
    return cmocka_run_group_tests_name("server: tokens read again", tests, NULL, NULL);
}
