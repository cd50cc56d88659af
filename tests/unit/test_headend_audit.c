/* The audit trail verified (SPEC 21): each way to change one is found and named; checkpoints. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "headend/audit_check.h"
#include "headend/history.h"
#include "pawl_test.h"

#define COUNT 12u

struct link {
    struct pawl_audit_entry entry;
    uint8_t hash[PAWL_AUDIT_HASH_SIZE];
};

struct chain {
    struct link links[COUNT + 1];
    size_t count;
};

static char details[COUNT][32];

/* A sound trail; entry 8 tells of a restore when asked for. */
static struct chain chain_make(bool restored)
{
    struct chain chain = {.count = COUNT};
    uint8_t hash[PAWL_AUDIT_HASH_SIZE] = {0};
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(details[i], sizeof details[i], "{\"n\":%zu}", i);
        chain.links[i].entry = (struct pawl_audit_entry){
            .id = i + 1,
            .time = 1000 + (int64_t)i,
            .actor = "uid:0",
            .action = restored && i == 7 ? PAWL_AUDIT_RESTORED : "group-set",
            .detail = details[i],
        };
        pawl_audit_hash_make(hash, &chain.links[i].entry, hash);
        memcpy(chain.links[i].hash, hash, sizeof hash);
    }
    return chain;
}

static struct pawl_checkpoint checkpoint_of(const struct chain *chain, uint64_t entry)
{
    struct pawl_checkpoint made = {.entry = entry, .time = 1000 + entry - 1};
    memcpy(made.hash, chain->links[entry - 1].hash, sizeof made.hash);
    return made;
}

/* Checks a chain against checkpoints given in any order. */
static struct pawl_audit_verdict verdict_of(const struct chain *chain,
                                            const struct pawl_checkpoint *checkpoints, size_t count)
{
    static const uint8_t zeros[PAWL_AUDIT_HASH_SIZE];
    struct pawl_audit_verdict verdict;
    struct pawl_audit_check *check = pawl_audit_check_begin(0, zeros);
    enum pawl_result result = PAWL_OK;
    assert_non_null(check);
    for (size_t i = 0; i < count; i++)
        assert_result(PAWL_OK, pawl_audit_check_hold_to(check, &checkpoints[i]));
    for (size_t i = 0; result == PAWL_OK && i < chain->count; i++)
        result = pawl_audit_check_take(check, &chain->links[i].entry, chain->links[i].hash);
    assert_true(result == PAWL_OK || result == PAWL_CORRUPT);
    enum pawl_result end = pawl_audit_check_end(check, &verdict);
    assert_result(verdict.fault == PAWL_AUDIT_SOUND      ? PAWL_OK
                  : verdict.fault == PAWL_AUDIT_REPLACED ? PAWL_ROLLBACK
                                                         : PAWL_CORRUPT,
                  end);
    pawl_audit_check_free(check);
    return verdict;
}

static void expect(enum pawl_audit_fault fault, uint64_t entry, const struct chain *chain)
{
    struct pawl_audit_verdict verdict = verdict_of(chain, NULL, 0);
    assert_string_equal(pawl_audit_fault_name(verdict.fault), pawl_audit_fault_name(fault));
    assert_int_equal(verdict.entry, entry);
    assert_int_equal(verdict.last, fault == PAWL_AUDIT_SOUND ? chain->count : entry - 1);
}

/* Takes the link at `at` out; `renumber` gives those behind it the ids that hide the gap. */
static void link_remove(struct chain *chain, size_t at, bool renumber)
{
    memmove(&chain->links[at], &chain->links[at + 1],
            (chain->count - at - 1) * sizeof *chain->links);
    chain->count--;
    for (size_t i = at; renumber && i < chain->count; i++)
        chain->links[i].entry.id--;
}

static void test_sound_trail_is_sound(void **state)
{
    (void)state;
    struct chain chain = chain_make(false);
    struct pawl_checkpoint checkpoints[] = {checkpoint_of(&chain, 9), checkpoint_of(&chain, 4)};
    struct pawl_audit_verdict verdict = verdict_of(&chain, checkpoints, 2);
    assert_int_equal(verdict.fault, PAWL_AUDIT_SOUND);
    assert_int_equal(verdict.last, COUNT);
    assert_int_equal(verdict.signed_to, 9);
    assert_memory_equal(verdict.hash, chain.links[COUNT - 1].hash, sizeof verdict.hash);
    chain.count = 0;
    assert_int_equal(verdict_of(&chain, NULL, 0).fault, PAWL_AUDIT_SOUND);
}

/* Each field of each entry is under its hash. */
static void test_altered_entry_is_found_wherever_it_is(void **state)
{
    (void)state;
    static const uint8_t device[PAWL_ID_SIZE] = {1};
    for (size_t at = 0; at < COUNT; at++) {
        struct chain chain = chain_make(false);
        chain.links[at].entry.time++;
        expect(PAWL_AUDIT_ALTERED, at + 1, &chain);
        chain = chain_make(false);
        chain.links[at].entry.actor = "uid:1";
        expect(PAWL_AUDIT_ALTERED, at + 1, &chain);
        chain = chain_make(false);
        chain.links[at].entry.action = "group-se";
        expect(PAWL_AUDIT_ALTERED, at + 1, &chain);
        chain = chain_make(false);
        chain.links[at].entry.device_id = device;
        expect(PAWL_AUDIT_ALTERED, at + 1, &chain);
        chain = chain_make(false);
        chain.links[at].entry.detail = "{}";
        expect(PAWL_AUDIT_ALTERED, at + 1, &chain);
        chain = chain_make(false);
        chain.links[at].hash[31] ^= 1;
        expect(PAWL_AUDIT_ALTERED, at + 1, &chain);
    }
}

static void test_removed_entry_is_found(void **state)
{
    (void)state;
    for (size_t at = 0; at + 1 < COUNT; at++) {
        struct chain chain = chain_make(false);
        link_remove(&chain, at, false);
        expect(PAWL_AUDIT_REMOVED, at + 1, &chain);
    }
    for (size_t at = 0; at + 2 < COUNT; at++) {
        struct chain chain = chain_make(false);
        link_remove(&chain, at, true);
        expect(PAWL_AUDIT_REMOVED, at + 1, &chain);
    }
    struct chain chain = chain_make(false);
    link_remove(&chain, 3, false);
    link_remove(&chain, 3, false);
    assert_int_equal(verdict_of(&chain, NULL, 0).missing, 2);
}

static void test_inserted_entry_is_found(void **state)
{
    (void)state;
    for (size_t at = 0; at < COUNT; at++) {
        struct chain chain = chain_make(false);
        memmove(&chain.links[at + 1], &chain.links[at], (COUNT - at) * sizeof *chain.links);
        chain.count++;
        chain.links[at].entry.detail = "{\"forged\":true}";
        for (size_t i = at + 1; i < chain.count; i++)
            chain.links[i].entry.id++;
        expect(PAWL_AUDIT_INSERTED, at + 1, &chain);
        /* The same entry a second time. */
        chain = chain_make(false);
        memmove(&chain.links[at + 1], &chain.links[at], (COUNT - at) * sizeof *chain.links);
        chain.count++;
        struct pawl_audit_verdict verdict = verdict_of(&chain, NULL, 0);
        assert_int_equal(verdict.fault, PAWL_AUDIT_INSERTED);
        assert_int_equal(verdict.entry, at + 1);
    }
}

static void test_reordered_entries_are_found(void **state)
{
    (void)state;
    for (size_t at = 0; at + 1 < COUNT; at++) {
        struct chain chain = chain_make(false);
        struct link moved = chain.links[at];
        chain.links[at] = chain.links[at + 1];
        chain.links[at + 1] = moved;
        expect(PAWL_AUDIT_REORDERED, at + 1, &chain);
        /* With the ids of their new places. */
        chain.links[at].entry.id = at + 1;
        chain.links[at + 1].entry.id = at + 2;
        expect(PAWL_AUDIT_REORDERED, at + 1, &chain);
    }
}

static void test_cut_end_is_found_by_a_checkpoint(void **state)
{
    (void)state;
    struct chain chain = chain_make(false);
    struct pawl_checkpoint checkpoints[] = {checkpoint_of(&chain, 4), checkpoint_of(&chain, 11)};
    chain.count = 10;
    struct pawl_audit_verdict verdict = verdict_of(&chain, checkpoints, 2);
    assert_int_equal(verdict.fault, PAWL_AUDIT_TRUNCATED);
    assert_int_equal(verdict.entry, 10);
    assert_int_equal(verdict.checkpoint.entry, 11);
    assert_int_equal(verdict.signed_to, 4);
    chain.count = 0;
    assert_int_equal(verdict_of(&chain, checkpoints, 2).fault, PAWL_AUDIT_TRUNCATED);
}

/* Hashes made anew hide a change from the chain, not from a checkpoint. */
static void rechain(struct chain *chain, size_t from)
{
    uint8_t hash[PAWL_AUDIT_HASH_SIZE] = {0};
    if (from > 0)
        memcpy(hash, chain->links[from - 1].hash, sizeof hash);
    for (size_t i = from; i < chain->count; i++) {
        pawl_audit_hash_make(hash, &chain->links[i].entry, hash);
        memcpy(chain->links[i].hash, hash, sizeof hash);
    }
}

static void test_rewritten_trail_is_found_by_a_checkpoint(void **state)
{
    (void)state;
    struct chain chain = chain_make(false);
    struct pawl_checkpoint checkpoints[] = {checkpoint_of(&chain, 4), checkpoint_of(&chain, 11)};
    chain.links[6].entry.actor = "uid:9";
    rechain(&chain, 6);
    assert_int_equal(verdict_of(&chain, NULL, 0).fault, PAWL_AUDIT_SOUND);
    struct pawl_audit_verdict verdict = verdict_of(&chain, checkpoints, 2);
    assert_int_equal(verdict.fault, PAWL_AUDIT_REWRITTEN);
    assert_int_equal(verdict.entry, 5);
    assert_int_equal(verdict.checkpoint.entry, 11);
}

static void test_restore_explains_checkpoints_when_it_is_signed(void **state)
{
    (void)state;
    struct chain before = chain_make(false), after = chain_make(true); /* they part at entry 8 */
    struct pawl_checkpoint checkpoints[] = {checkpoint_of(&before, 4), checkpoint_of(&before, 9),
                                            checkpoint_of(&after, 12)};
    checkpoints[1].time = 1005; /* before the restore, whose time is 1007 */
    struct pawl_audit_verdict verdict = verdict_of(&after, checkpoints, 3);
    assert_int_equal(verdict.fault, PAWL_AUDIT_REPLACED);
    assert_int_equal(verdict.entry, 8);
    assert_int_equal(verdict.checkpoint.entry, 9);
    assert_int_equal(verdict.restores, 1);
    /* One that goes further than the trail since got. */
    after.count = 8;
    checkpoints[2] = checkpoint_of(&after, 8);
    assert_int_equal(verdict_of(&after, checkpoints, 3).fault, PAWL_AUDIT_REPLACED);
    /* Nobody signed that there was a restore: anybody may have written so. */
    assert_int_equal(verdict_of(&after, checkpoints, 2).fault, PAWL_AUDIT_REWRITTEN);
    /* It was made after the restore: no restore explains it. */
    checkpoints[1].time = 1008;
    assert_int_equal(verdict_of(&after, checkpoints, 3).fault, PAWL_AUDIT_TRUNCATED);
}

/* A trail is verified from where it was verified to before. */
static void test_check_goes_on_from_any_entry(void **state)
{
    (void)state;
    struct chain chain = chain_make(false);
    struct pawl_checkpoint checkpoint = checkpoint_of(&chain, 5);
    struct pawl_audit_verdict verdict;
    for (int wrong = 0; wrong < 2; wrong++) {
        uint8_t previous[PAWL_AUDIT_HASH_SIZE];
        memcpy(previous, chain.links[4].hash, sizeof previous);
        previous[0] ^= (uint8_t)wrong;
        struct pawl_audit_check *check = pawl_audit_check_begin(5, previous);
        assert_result(wrong ? PAWL_CORRUPT : PAWL_OK, pawl_audit_check_hold_to(check, &checkpoint));
        for (size_t i = 5; i < COUNT; i++)
            assert_result(wrong ? PAWL_CORRUPT : PAWL_OK,
                          pawl_audit_check_take(check, &chain.links[i].entry, chain.links[i].hash));
        assert_result(wrong ? PAWL_CORRUPT : PAWL_OK, pawl_audit_check_end(check, &verdict));
        assert_int_equal(verdict.last, wrong ? 5 : COUNT);
        pawl_audit_check_free(check);
    }
}

static void test_checkpoint_opens_under_its_key_alone(void **state)
{
    (void)state;
    struct chain chain = chain_make(false);
    struct pawl_checkpoint checkpoint = checkpoint_of(&chain, 7), opened;
    struct pawl_signer *keys[2];
    struct pawl_anchor anchors[2];
    struct pawl_checkpoint_signer signer;
    uint8_t bytes[PAWL_CHECKPOINT_SIZE_MAX], read[PAWL_CHECKPOINT_SIZE_MAX];
    size_t size, got;
    memset(checkpoint.server_id, 7, PAWL_ID_SIZE);
    for (int i = 0; i < 2; i++) {
        assert_result(PAWL_OK, pawl_signer_generate(&keys[i]));
        assert_result(PAWL_OK, pawl_signer_anchor_get(keys[i], &anchors[i]));
    }
    assert_result(PAWL_OK, pawl_checkpoint_signer_init(&signer, keys[0]));
    assert_result(PAWL_OK, pawl_checkpoint_sign(&signer, &checkpoint, bytes, sizeof bytes, &size));
    assert_result(PAWL_OK, pawl_checkpoint_open(bytes, size, anchors, 2, &opened));
    assert_memory_equal(&opened, &checkpoint, sizeof opened);
    assert_result(PAWL_UNTRUSTED, pawl_checkpoint_open(bytes, size, anchors + 1, 1, &opened));
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= 1;
        assert_true(pawl_checkpoint_open(bytes, size, anchors, 2, &opened) != PAWL_OK);
        bytes[i] ^= 1;
        assert_true(pawl_checkpoint_open(bytes, i, anchors, 2, &opened) != PAWL_OK);
    }
    /* As text, among other text. */
    char text[2 * PAWL_CHECKPOINT_SIZE_MAX + 8];
    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    strcat(text, "\n");
    assert_int_equal(pawl_checkpoint_text_read(text, read, &got), 2 * size);
    assert_int_equal(got, size);
    assert_memory_equal(read, bytes, size);
    assert_int_equal(pawl_checkpoint_text_read(text + 1, read, &got), 0);
    assert_int_equal(pawl_checkpoint_text_read("d2", read, &got), 0);
    pawl_signer_free(keys[0]);
    pawl_signer_free(keys[1]);
}

/* SPEC 21.9: what counts as an older database, and that a note that is not ours says nothing. */
static void test_history_tells_an_older_database(void **state)
{
    (void)state;
    struct pawl_history note = {.entry = 10, .confirmations = 5}, database, read;
    uint8_t other[PAWL_AUDIT_HASH_SIZE];
    char text[PAWL_HISTORY_TEXT_SIZE];
    memset(note.server_id, 3, PAWL_ID_SIZE);
    memset(note.hash, 4, sizeof note.hash);
    memset(other, 5, sizeof other);
    database = note;
    assert_false(pawl_history_is_behind(&database, &note, note.hash));
    database.entry = 20;
    database.confirmations = 50;
    assert_false(pawl_history_is_behind(&database, &note, note.hash));
    assert_true(pawl_history_is_behind(&database, &note, other));
    assert_true(pawl_history_is_behind(&database, &note, NULL));
    database.entry = 9;
    assert_true(pawl_history_is_behind(&database, &note, NULL));
    database.entry = 10;
    database.confirmations = 4;
    assert_true(pawl_history_is_behind(&database, &note, note.hash));
    database.server_id[0] ^= 1;
    assert_false(pawl_history_is_behind(&database, &note, note.hash));

    size_t size = pawl_history_write(&note, text);
    assert_int_equal(size, strlen(text));
    assert_result(PAWL_OK, pawl_history_read(text, &read));
    assert_memory_equal(&read, &note, sizeof note);
    for (size_t i = 0; i < size; i++) {
        char torn[PAWL_HISTORY_TEXT_SIZE];
        memcpy(torn, text, size + 1);
        torn[i] = '\0';
        assert_result(PAWL_MALFORMED, pawl_history_read(torn, &read));
        torn[i] = '!';
        assert_result(PAWL_MALFORMED, pawl_history_read(torn, &read));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound_trail_is_sound),
        cmocka_unit_test(test_altered_entry_is_found_wherever_it_is),
        cmocka_unit_test(test_removed_entry_is_found),
        cmocka_unit_test(test_inserted_entry_is_found),
        cmocka_unit_test(test_reordered_entries_are_found),
        cmocka_unit_test(test_cut_end_is_found_by_a_checkpoint),
        cmocka_unit_test(test_rewritten_trail_is_found_by_a_checkpoint),
        cmocka_unit_test(test_restore_explains_checkpoints_when_it_is_signed),
        cmocka_unit_test(test_check_goes_on_from_any_entry),
        cmocka_unit_test(test_checkpoint_opens_under_its_key_alone),
        cmocka_unit_test(test_history_tells_an_older_database),
    };
    return cmocka_run_group_tests_name("headend: audit", tests, NULL, NULL);
}
