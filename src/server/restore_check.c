#include "server/restore_check.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "headend/audit_check.h"
#include "host/log.h"
#include "server/restored.h"
#include "server/server_keys.h"

#define BATCH 1000u

/* The trail while it is checked, and the checkpoints beside it. */
struct trail {
    struct pawl_audit_check *check;
    struct pawl_anchor key;
    bool has_key;
    const uint8_t *server_id;
    uint64_t last;
    size_t count;
};

static enum pawl_result entry_take(void *context, const struct pawl_audit_row *row)
{
    struct trail *trail = context;
    const struct pawl_audit_entry entry = pawl_audit_row_entry(row);
    trail->last = row->id;
    trail->count++;
    return pawl_audit_check_take(trail->check, &entry, row->hash);
}

static enum pawl_result checkpoint_take(void *context, const struct pawl_checkpoint_row *row)
{
    struct trail *trail = context;
    struct pawl_checkpoint checkpoint;
    enum pawl_result result =
        pawl_checkpoint_open(row->message, row->size, &trail->key, 1, &checkpoint);
    if (result == PAWL_UNTRUSTED) /* of an audit key before this one */
        return PAWL_OK;
    if (result != PAWL_OK || memcmp(checkpoint.server_id, trail->server_id, PAWL_ID_SIZE) != 0)
        return PAWL_CORRUPT;
    return pawl_audit_check_hold_to(trail->check, &checkpoint);
}

/* The key of this data directory; a new machine may not have it. */
static void key_load(const struct pawl_data *data, struct trail *trail)
{
    char path[PATH_MAX];
    trail->has_key =
        pawl_anchor_load(pawl_data_path(data, "audit.pub.pem", path), &trail->key) == PAWL_OK;
}

static enum pawl_result trail_read(struct pawl_reader *reader, struct trail *trail)
{
    enum pawl_result result = PAWL_OK;
    if (trail->has_key)
        result = pawl_store_checkpoint_list(reader, 0, SIZE_MAX >> 1, checkpoint_take, trail);
    do {
        trail->count = 0;
        if (result == PAWL_OK)
            result = pawl_store_audit_list(reader, trail->last, BATCH, entry_take, trail);
    } while (result == PAWL_OK && trail->count == BATCH);
    return result;
}

static enum pawl_result trail_check(const struct pawl_data *data, const char *file,
                                    struct pawl_reader *reader, const uint8_t *server_id)
{
    static const uint8_t zeros[PAWL_AUDIT_HASH_SIZE];
    struct trail trail = {.server_id = server_id};
    struct pawl_audit_verdict verdict;
    key_load(data, &trail);
    trail.check = pawl_audit_check_begin(0, zeros);
    if (trail.check == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    enum pawl_result result = trail_read(reader, &trail);
    enum pawl_result end = pawl_audit_check_end(trail.check, &verdict);
    pawl_audit_check_free(trail.check);
    if (result == PAWL_OK || result == PAWL_CORRUPT)
        result = end == PAWL_ROLLBACK ? PAWL_CORRUPT : end == PAWL_OK ? result : end;
    if (result == PAWL_CORRUPT)
        return pawl_error(result, "%s: its audit trail does not hold: entry %" PRIu64 " %s", file,
                          verdict.entry, pawl_audit_fault_name(verdict.fault));
    return result == PAWL_OK ? PAWL_OK : pawl_error(result, "%s: cannot read the trail", file);
}

static enum pawl_result facts_read(const char *file, struct pawl_reader *reader,
                                   struct pawl_backup_facts *facts)
{
    struct pawl_totals totals;
    memset(facts, 0, sizeof *facts);
    enum pawl_result result = pawl_history_gather(reader, &facts->history);
    if (result == PAWL_OK)
        result = pawl_store_totals_get(reader, &totals);
    if (result != PAWL_OK)
        return pawl_error(result, "%s: cannot be read", file);
    facts->devices = totals.devices;
    if (pawl_store_backup_mark_get(reader, &facts->mark) == PAWL_OK &&
        facts->mark.entry != facts->history.entry)
        return pawl_error(PAWL_CORRUPT,
                          "%s: its audit trail ended with entry %" PRIu64
                          " when it was made, and now with %" PRIu64,
                          file, facts->mark.entry, facts->history.entry);
    return PAWL_OK;
}

enum pawl_result pawl_backup_check(const struct pawl_data *data,
                                   const struct pawl_hsm_access *access, const char *file,
                                   struct pawl_reader *reader, struct pawl_backup_facts *facts)
{
    enum pawl_result result = pawl_store_check(reader);
    if (result != PAWL_OK)
        return pawl_error(result, "%s: it is damaged", file);
    result = facts_read(file, reader, facts);
    if (result == PAWL_OK)
        result = pawl_server_keys_check(data, access, reader, file);
    return result == PAWL_OK ? trail_check(data, file, reader, facts->history.server_id) : result;
}

struct tally {
    json_t *counts;
    uint64_t after, last;
    const uint8_t *hash;
    bool same; /* the entry that is common to both has the same hash */
    size_t count;
};

static enum pawl_result action_count(void *context, const struct pawl_audit_row *row)
{
    struct tally *tally = context;
    tally->last = row->id;
    tally->count++;
    if (row->id <= tally->after) {
        tally->same = memcmp(row->hash, tally->hash, PAWL_AUDIT_HASH_SIZE) == 0;
        return PAWL_OK;
    }
    json_int_t before = json_integer_value(json_object_get(tally->counts, row->action));
    return json_object_set_new(tally->counts, row->action, json_integer(before + 1)) == 0
               ? PAWL_OK
               : PAWL_EXHAUSTED;
}

json_t *pawl_actions_count(struct pawl_reader *reader, uint64_t after,
                           const uint8_t hash[PAWL_AUDIT_HASH_SIZE])
{
    struct tally tally = {json_object(), after, after > 0 ? after - 1 : 0, hash, after == 0, 0};
    enum pawl_result result = PAWL_OK;
    do {
        tally.count = 0;
        result = pawl_store_audit_list(reader, tally.last, BATCH, action_count, &tally);
    } while (result == PAWL_OK && tally.count == BATCH && tally.same);
    if (result != PAWL_OK || !tally.same)
        json_object_clear(tally.counts);
    return tally.counts;
}
