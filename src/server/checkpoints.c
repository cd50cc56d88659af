#include "server/checkpoints.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "headend/audit_check.h"
#include "host/file.h"
#include "host/hex.h"
#include "host/log.h"

enum pawl_result pawl_audit_key_create(const struct pawl_data *data, bool *made)
{
    char path[PATH_MAX], public_path[PATH_MAX];
    struct pawl_signer *key = NULL;
    *made = false;
    pawl_data_path(data, "audit.key", path);
    if (access(path, F_OK) == 0)
        return PAWL_OK;
    /* The public half first: with the private one the key is complete. */
    enum pawl_result result = pawl_signer_generate(&key);
    if (result == PAWL_OK)
        result =
            pawl_signer_save_public(key, pawl_data_path(data, "audit.pub.pem", public_path), true);
    if (result == PAWL_OK)
        result = pawl_signer_save(key, path, false);
    pawl_signer_free(key);
    if (result != PAWL_OK)
        return pawl_error(result, "%s: cannot make the audit key", path);
    *made = true;
    return PAWL_OK;
}

static enum pawl_result made_audit(struct pawl_checkpoints *checkpoints)
{
    char kid[PAWL_HEX_SIZE(PAWL_KID_SIZE)], detail[64];
    pawl_hex_encode(checkpoints->signer.kid, PAWL_KID_SIZE, kid);
    snprintf(detail, sizeof detail, "{\"kid\":\"%s\"}", kid);
    const struct pawl_event event = {
        .time = (int64_t)time(NULL),
        .actor = "pawld",
        .action = "audit-key-made",
        .detail = detail,
    };
    return pawl_store_audit_append(checkpoints->store, &event, 1);
}

static enum pawl_result key_load(struct pawl_checkpoints *checkpoints, const struct pawl_data *data)
{
    char path[PATH_MAX], public_path[PATH_MAX];
    struct pawl_buffer pem = {NULL, 0};
    pawl_data_path(data, "audit.key", path);
    enum pawl_result result = pawl_signer_load(path, &checkpoints->key);
    if (result == PAWL_OK)
        result = pawl_checkpoint_signer_init(&checkpoints->signer, checkpoints->key);
    if (result != PAWL_OK)
        return pawl_error(result, "%s: %s", path,
                          result == PAWL_IO ? strerror(errno) : "no P-256 private key");
    pawl_data_path(data, "audit.pub.pem", public_path);
    if (access(public_path, F_OK) != 0)
        pawl_signer_save_public(checkpoints->key, public_path, true);
    result = pawl_file_read(public_path, PAWL_AUDIT_KEY_PEM_SIZE - 1, &pem);
    if (result != PAWL_OK)
        return pawl_error(result, "%s: %s", public_path, strerror(errno));
    memcpy(checkpoints->public_key, pem.bytes, pem.size);
    checkpoints->public_key[pem.size] = '\0';
    pawl_buffer_release(&pem);
    return PAWL_OK;
}

/* Reads which server this is, and how far the trail is signed. */
static enum pawl_result progress_read(struct pawl_checkpoints *checkpoints)
{
    struct pawl_reader *reader = NULL;
    struct pawl_checkpoint_row row;
    struct pawl_anchor anchor;
    enum pawl_result result = pawl_reader_borrow(checkpoints->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_server_id_get(reader, checkpoints->server_id);
    if (result == PAWL_OK)
        result = pawl_store_checkpoint_newest(reader, &row);
    pawl_reader_return(checkpoints->readers, reader);
    if (result != PAWL_OK)
        return result == PAWL_STATE ? PAWL_OK : result;
    result = pawl_signer_anchor_get(checkpoints->key, &anchor);
    if (result == PAWL_OK &&
        pawl_checkpoint_open(row.message, row.size, &anchor, 1, &checkpoints->newest) != PAWL_OK)
        pawl_log(PAWL_LOG_WARNING,
                 "event=audit-key-changed the newest checkpoint is not of audit.key");
    return result;
}

enum pawl_result pawl_checkpoints_open(struct pawl_checkpoints *checkpoints,
                                       const struct pawl_data *data, struct pawl_store *store,
                                       struct pawl_readers *readers)
{
    bool made;
    memset(checkpoints, 0, sizeof *checkpoints);
    checkpoints->store = store;
    checkpoints->readers = readers;
    enum pawl_result result = pawl_audit_key_create(data, &made);
    if (result == PAWL_OK)
        result = key_load(checkpoints, data);
    if (result == PAWL_OK) {
        result = progress_read(checkpoints);
        if (result == PAWL_OK && made)
            result = made_audit(checkpoints);
        if (result != PAWL_OK)
            pawl_error(result, "%s: cannot read the checkpoints", data->path);
    }
    if (result != PAWL_OK)
        pawl_signer_free(checkpoints->key);
    else
        pthread_mutex_init(&checkpoints->lock, NULL);
    return result;
}

/* Signs, stores and logs. */
static enum pawl_result checkpoint_write(struct pawl_checkpoints *checkpoints,
                                         const struct pawl_checkpoint *checkpoint)
{
    struct pawl_checkpoint_row row = {.entry = checkpoint->entry,
                                      .time = (int64_t)checkpoint->time};
    char text[PAWL_HEX_SIZE(PAWL_CHECKPOINT_SIZE_MAX)];
    enum pawl_result result = pawl_checkpoint_sign(&checkpoints->signer, checkpoint, row.message,
                                                   sizeof row.message, &row.size);
    if (result == PAWL_OK)
        result = pawl_store_checkpoint_add(checkpoints->store, &row);
    if (result != PAWL_OK)
        return result;
    checkpoints->newest = *checkpoint;
    pawl_log(PAWL_LOG_NOTICE, "event=audit-checkpoint entry=%" PRIu64 " checkpoint=%s", row.entry,
             pawl_hex_encode(row.message, row.size, text));
    return PAWL_OK;
}

/* The trail from the newest checkpoint on. */
struct segment {
    struct pawl_checkpoints *checkpoints;
    struct pawl_audit_check *check;
    bool linked; /* the entry of the newest checkpoint is as it was signed */
};

static enum pawl_result segment_take(void *context, const struct pawl_audit_row *row)
{
    struct segment *segment = context;
    const struct pawl_checkpoint *newest = &segment->checkpoints->newest;
    if (row->id == newest->entry) {
        segment->linked = memcmp(row->hash, newest->hash, PAWL_AUDIT_HASH_SIZE) == 0;
        return PAWL_OK;
    }
    const struct pawl_audit_entry entry = pawl_audit_row_entry(row);
    enum pawl_result result = pawl_audit_check_take(segment->check, &entry, row->hash);
    return result == PAWL_CORRUPT ? PAWL_OK : result; /* the end tells */
}

/* Checks what is about to be signed: a trail that somebody changed must not get our name under it.
 * PAWL_CORRUPT when it does not hold; then `checkpoint` is untouched. */
static enum pawl_result segment_check(struct pawl_checkpoints *checkpoints,
                                      struct pawl_reader *reader,
                                      struct pawl_checkpoint *checkpoint)
{
    uint64_t from = checkpoints->newest.entry;
    struct pawl_audit_verdict verdict;
    struct segment segment = {checkpoints, pawl_audit_check_begin(from, checkpoints->newest.hash),
                              from == 0};
    if (segment.check == NULL)
        return PAWL_EXHAUSTED;
    enum pawl_result result = pawl_store_audit_list(reader, from > 0 ? from - 1 : 0, SIZE_MAX >> 1,
                                                    segment_take, &segment);
    if (result == PAWL_OK)
        result = pawl_audit_check_end(segment.check, &verdict);
    if (result == PAWL_OK && !segment.linked)
        result = PAWL_CORRUPT;
    pawl_audit_check_free(segment.check);
    if (result != PAWL_OK)
        return result;
    checkpoint->entry = verdict.last;
    memcpy(checkpoint->hash, verdict.hash, PAWL_AUDIT_HASH_SIZE);
    return PAWL_OK;
}

/* Told once: the trail stays as it is, and so does what is wrong with it. */
static enum pawl_result broken_tell(struct pawl_checkpoints *checkpoints)
{
    if (!checkpoints->broken)
        pawl_log(PAWL_LOG_ERROR,
                 "event=audit-broken signed_to=%" PRIu64
                 " the audit trail is not what was signed: pawl audit verify tells more",
                 checkpoints->newest.entry);
    checkpoints->broken = true;
    return PAWL_CORRUPT;
}

static enum pawl_result signed_entry_take(void *context, const struct pawl_audit_row *row)
{
    struct segment *segment = context;
    return row->id == segment->checkpoints->newest.entry ? segment_take(context, row) : PAWL_OK;
}

enum pawl_result pawl_checkpoints_compare(struct pawl_checkpoints *checkpoints,
                                          struct pawl_reader *reader, bool *fit)
{
    struct segment segment = {checkpoints, NULL, checkpoints->newest.entry == 0};
    enum pawl_result result = PAWL_OK;
    if (checkpoints->newest.entry > 0)
        result = pawl_store_audit_list(reader, checkpoints->newest.entry - 1, 1, signed_entry_take,
                                       &segment);
    if (result != PAWL_OK)
        return result;
    *fit = segment.linked;
    if (!segment.linked)
        broken_tell(checkpoints);
    return PAWL_OK;
}

/* Makes one when there are at least `entries` new ones, or any and `seconds` have passed. */
static enum pawl_result make_if(struct pawl_checkpoints *checkpoints, struct pawl_reader *reader,
                                int64_t now, uint64_t entries, int64_t seconds)
{
    struct pawl_checkpoint checkpoint = {.time = now > 0 ? (uint64_t)now : 0};
    uint64_t signed_to = checkpoints->newest.entry;
    uint64_t newest;
    enum pawl_result result = pawl_store_audit_head(reader, &newest, checkpoint.hash);
    if (result != PAWL_OK || newest == signed_to)
        return result;
    if (newest < signed_to || checkpoints->broken)
        return broken_tell(checkpoints);
    if (newest - signed_to < entries && now - (int64_t)checkpoints->newest.time < seconds)
        return PAWL_OK;
    memcpy(checkpoint.server_id, checkpoints->server_id, PAWL_ID_SIZE);
    result = segment_check(checkpoints, reader, &checkpoint);
    if (result == PAWL_CORRUPT)
        return broken_tell(checkpoints);
    return result == PAWL_OK ? checkpoint_write(checkpoints, &checkpoint) : result;
}

static enum pawl_result locked_make_if(struct pawl_checkpoints *checkpoints, int64_t now,
                                       uint64_t entries, int64_t seconds)
{
    struct pawl_reader *reader = NULL;
    pthread_mutex_lock(&checkpoints->lock);
    enum pawl_result result = pawl_reader_borrow(checkpoints->readers, &reader);
    if (result == PAWL_OK)
        result = make_if(checkpoints, reader, now, entries, seconds);
    pawl_reader_return(checkpoints->readers, reader);
    pthread_mutex_unlock(&checkpoints->lock);
    return result;
}

static void failure_tell(enum pawl_result result)
{
    if (result != PAWL_OK && result != PAWL_CORRUPT)
        pawl_log(PAWL_LOG_WARNING, "event=audit-not-signed class=%s", pawl_result_name(result));
}

void pawl_checkpoints_tick(struct pawl_checkpoints *checkpoints, int64_t now)
{
    failure_tell(
        locked_make_if(checkpoints, now, PAWL_CHECKPOINT_ENTRIES, PAWL_CHECKPOINT_SECONDS));
}

enum pawl_result pawl_checkpoint_make(struct pawl_checkpoints *checkpoints, int64_t now,
                                      struct pawl_checkpoint_row *row)
{
    struct pawl_reader *reader = NULL;
    enum pawl_result result = locked_make_if(checkpoints, now, 1, 0);
    if (result == PAWL_OK)
        result = pawl_reader_borrow(checkpoints->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_checkpoint_newest(reader, row);
    pawl_reader_return(checkpoints->readers, reader);
    return result;
}

void pawl_checkpoints_close(struct pawl_checkpoints *checkpoints)
{
    failure_tell(locked_make_if(checkpoints, (int64_t)time(NULL), 1, 0));
    pthread_mutex_destroy(&checkpoints->lock);
    pawl_signer_free(checkpoints->key);
}
