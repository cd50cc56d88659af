/* Where players' threads and the agent's loop meet (SPEC 20.5), and which addresses players may
 * have. */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/content_address.h"
#include "agent/content_desk.h"
#include "pawl_test.h"

/* 0: all zeros. */
static void id_make(uint8_t *id, unsigned number)
{
    memset(id, 0, PAWL_CONTENT_KEY_ID_SIZE);
    id[0] = (uint8_t)number;
    id[15] = number != 0;
}

static struct pawl_grant grant_make(unsigned number)
{
    struct pawl_grant grant = {.salt = {(uint8_t)number}};
    id_make(grant.key_id, number);
    return grant;
}

struct player {
    struct pawl_desk *desk;
    unsigned number;
    enum pawl_result result;
    uint8_t key[PAWL_CONTENT_KEY_SIZE];
    pthread_t thread;
};

static void *player_run(void *context)
{
    struct player *player = context;
    uint8_t id[PAWL_CONTENT_KEY_ID_SIZE];
    id_make(id, player->number);
    player->result = pawl_desk_key_get(player->desk, id, 20000, player->key);
    return NULL;
}

/* Starts a player and waits until it waits. */
static void player_start(struct player *player, struct pawl_desk *desk, unsigned number)
{
    struct pollfd asked = {.fd = pawl_desk_fd(desk), .events = POLLIN};
    uint64_t count;
    *player = (struct player){.desk = desk, .number = number};
    assert_int_equal(pthread_create(&player->thread, NULL, player_run, player), 0);
    assert_int_equal(poll(&asked, 1, 20000), 1);
    assert_int_equal(read(asked.fd, &count, sizeof count), sizeof count);
}

static enum pawl_result player_end(struct player *player)
{
    assert_int_equal(pthread_join(player->thread, NULL), 0);
    return player->result;
}

static void playlist_note(struct pawl_desk *desk, unsigned first, unsigned last)
{
    char text[4096];
    size_t size = 0;
    for (unsigned i = first; i <= last; i++) {
        char hex[33];
        uint8_t id[PAWL_CONTENT_KEY_ID_SIZE];
        id_make(id, i);
        for (unsigned k = 0; k < sizeof id; k++)
            snprintf(hex + 2 * k, 3, "%02x", id[k]);
        size += (size_t)snprintf(text + size, sizeof text - size, "URI=\"key/%s\"\n", hex);
    }
    pawl_desk_playlist_note(desk, text, size);
}

/* Which keys the next report would ask for, as the first bytes of their ids. */
static const char *wanted(struct pawl_desk *desk, uint8_t *ids)
{
    static char text[16];
    uint32_t count = pawl_desk_wanted(desk, ids);
    for (uint32_t i = 0; i < count; i++)
        text[i] = (char)('0' + ids[i * PAWL_CONTENT_KEY_ID_SIZE]);
    text[count] = '\0';
    return text;
}

static void a_key_goes_to_who_waits_for_it(void **state)
{
    const uint8_t key[PAWL_CONTENT_KEY_SIZE] = {9, 8, 7};
    uint8_t ids[PAWL_CONTENT_WANTED_MAX * PAWL_CONTENT_KEY_ID_SIZE];
    struct pawl_grant granted = grant_make(1), next;
    struct player one, same, other;
    struct pawl_desk *desk = NULL;

    (void)state;
    assert_result(PAWL_OK, pawl_desk_create(&desk));
    assert_false(pawl_desk_waits(desk));
    player_start(&one, desk, 1);
    player_start(&same, desk, 1);
    player_start(&other, desk, 2);
    assert_true(pawl_desk_waits(desk));
    assert_string_equal(wanted(desk, ids), "12");
    assert_false(pawl_desk_grant_next(desk, &next));
    pawl_desk_grants_take(desk, ids, 2, &granted, 1);
    assert_result(PAWL_NOT_ENTITLED, player_end(&other));
    assert_true(pawl_desk_grant_next(desk, &next));
    assert_memory_equal(&next, &granted, sizeof next);
    pawl_desk_answer(desk, next.key_id, PAWL_OK, key);
    assert_result(PAWL_OK, player_end(&one));
    assert_result(PAWL_OK, player_end(&same));
    assert_memory_equal(one.key, key, sizeof key);
    assert_memory_equal(same.key, key, sizeof key);
    assert_false(pawl_desk_waits(desk) || pawl_desk_grant_next(desk, &next));
    pawl_desk_free(desk);
}

/* I2: after a commit a grant is of no use; it is asked for anew, but not for ever. */
static void a_grant_that_does_not_open_is_asked_for_once_more(void **state)
{
    uint8_t ids[PAWL_CONTENT_WANTED_MAX * PAWL_CONTENT_KEY_ID_SIZE];
    struct pawl_grant granted = grant_make(1), next;
    struct pawl_desk *desk = NULL;
    struct player player;

    (void)state;
    assert_result(PAWL_OK, pawl_desk_create(&desk));
    pawl_desk_grants_take(desk, ids, 0, &granted, 1);
    player_start(&player, desk, 1);
    assert_true(pawl_desk_grant_next(desk, &next));
    pawl_desk_grant_drop(desk, next.key_id);
    assert_false(pawl_desk_grant_next(desk, &next));
    assert_string_equal(wanted(desk, ids), "1");
    pawl_desk_grants_take(desk, ids, 1, &granted, 1);
    assert_true(pawl_desk_grant_next(desk, &next));
    pawl_desk_grant_drop(desk, next.key_id);
    assert_result(PAWL_NOT_ENTITLED, player_end(&player));
    pawl_desk_free(desk);
}

/* I9: whatever a player asks for, what is left of a dropped grant is no grant: the agent would try
 * to open it for as long as the player waits, and do nothing else. */
static void no_id_finds_a_dropped_grant(void **state)
{
    uint8_t ids[PAWL_CONTENT_WANTED_MAX * PAWL_CONTENT_KEY_ID_SIZE];
    struct pawl_grant granted[] = {grant_make(1), grant_make(2)}, next;
    struct pawl_desk *desk = NULL;
    struct player player, other;

    (void)state;
    assert_result(PAWL_OK, pawl_desk_create(&desk));
    pawl_desk_grants_take(desk, ids, 0, granted, 2);
    pawl_desk_grant_drop(desk, granted[0].key_id);
    player_start(&player, desk, 0);
    assert_false(pawl_desk_grant_next(desk, &next));
    assert_string_equal(wanted(desk, ids), "0");
    player_start(&other, desk, 2);
    assert_true(pawl_desk_grant_next(desk, &next));
    assert_memory_equal(&next, &granted[1], sizeof next);
    pawl_desk_refuse(desk, PAWL_IO);
    assert_result(PAWL_IO, player_end(&player));
    assert_result(PAWL_IO, player_end(&other));
    pawl_desk_free(desk);
}

static void keys_that_come_next_are_asked_for_ahead(void **state)
{
    uint8_t ids[PAWL_CONTENT_WANTED_MAX * PAWL_CONTENT_KEY_ID_SIZE];
    const uint8_t key[PAWL_CONTENT_KEY_SIZE] = {1};
    struct pawl_grant granted[4];
    struct pawl_desk *desk = NULL;
    struct player player;

    (void)state;
    assert_result(PAWL_OK, pawl_desk_create(&desk));
    playlist_note(desk, 1, 7);
    assert_string_equal(wanted(desk, ids), ""); /* nobody plays yet */
    player_start(&player, desk, 1);
    assert_string_equal(wanted(desk, ids), "1234");
    for (unsigned i = 0; i < 4; i++)
        granted[i] = grant_make(i + 1);
    pawl_desk_grants_take(desk, ids, 4, granted, 4);
    pawl_desk_answer(desk, granted[0].key_id, PAWL_OK, key);
    assert_result(PAWL_OK, player_end(&player));
    assert_string_equal(wanted(desk, ids), "");

    player_start(&player, desk, 2); /* 3 and 4 are granted: enough ahead */
    assert_string_equal(wanted(desk, ids), "");
    pawl_desk_answer(desk, granted[1].key_id, PAWL_OK, key);
    assert_result(PAWL_OK, player_end(&player));
    player_start(&player, desk, 3); /* 4 alone is not */
    assert_string_equal(wanted(desk, ids), "567");
    pawl_desk_grants_take(desk, ids, 3, NULL, 0);
    assert_string_equal(wanted(desk, ids), ""); /* refused ahead: not asked again and again */
    pawl_desk_answer(desk, granted[2].key_id, PAWL_STATE, NULL);
    assert_result(PAWL_STATE, player_end(&player));
    pawl_desk_grants_forget(desk);
    player_start(&player, desk, 4);
    assert_string_equal(wanted(desk, ids), "4567");
    pawl_desk_refuse(desk, PAWL_IO);
    assert_result(PAWL_IO, player_end(&player));
    pawl_desk_free(desk);
}

static void nobody_waits_for_ever(void **state)
{
    uint8_t key[PAWL_CONTENT_KEY_SIZE], id[PAWL_CONTENT_KEY_ID_SIZE];
    struct player players[PAWL_DESK_REQUESTS_MAX];
    struct pawl_desk *desk = NULL;
    uint64_t asked;

    (void)state;
    assert_result(PAWL_OK, pawl_desk_create(&desk));
    id_make(id, 99);
    assert_result(PAWL_EXHAUSTED, pawl_desk_key_get(desk, id, 1, key));
    assert_int_equal(read(pawl_desk_fd(desk), &asked, sizeof asked), sizeof asked);
    for (unsigned i = 0; i < PAWL_DESK_REQUESTS_MAX; i++)
        player_start(&players[i], desk, i);
    assert_result(PAWL_EXHAUSTED, pawl_desk_key_get(desk, id, 20000, key)); /* no room: at once */
    pawl_desk_close(desk);
    for (unsigned i = 0; i < PAWL_DESK_REQUESTS_MAX; i++)
        assert_result(PAWL_IO, player_end(&players[i]));
    assert_result(PAWL_EXHAUSTED, pawl_desk_key_get(desk, id, 20000, key));
    pawl_desk_free(desk);
}

static void players_are_served_on_this_machine_alone(void **state)
{
    static const char *const good[] = {"127.0.0.1:80", "127.1.2.3:0", "[::1]:65535", "unix:/run/x"};
    static const char *const bad[] = {
        "0.0.0.0:80", "10.0.0.1:80",     ":80",         "127.0.0.1", "[::]:80", "localhost:80",
        "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", "unix:",     "",        "128.0.0.1:80"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(pawl_content_address_is_valid(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(pawl_content_address_is_valid(bad[i]));
    assert_true(pawl_content_host_is_local("127.0.0.1:8080"));
    assert_true(pawl_content_host_is_local("localhost"));
    assert_true(pawl_content_host_is_local("[::1]:80"));
    assert_true(pawl_content_host_is_local("[::1]"));
    assert_false(pawl_content_host_is_local("evil.example"));
    assert_false(pawl_content_host_is_local("127.0.0.1.evil.example:80"));
    assert_false(pawl_content_host_is_local("localhost.evil.example"));
    assert_false(pawl_content_host_is_local(""));
    assert_false(pawl_content_host_is_local(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_goes_to_who_waits_for_it),
        cmocka_unit_test(a_grant_that_does_not_open_is_asked_for_once_more),
        cmocka_unit_test(no_id_finds_a_dropped_grant),
        cmocka_unit_test(keys_that_come_next_are_asked_for_ahead),
        cmocka_unit_test(nobody_waits_for_ever),
        cmocka_unit_test(players_are_served_on_this_machine_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
