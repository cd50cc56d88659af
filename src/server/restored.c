#include "server/restored.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "headend/audit_check.h"
#include "host/file.h"
#include "host/log.h"

#define NOTE_SECONDS 60

enum pawl_result pawl_history_gather(struct pawl_reader *reader, struct pawl_history *history)
{
    struct pawl_totals totals;
    enum pawl_result result = pawl_store_server_id_get(reader, history->server_id);
    if (result == PAWL_OK)
        result = pawl_store_audit_head(reader, &history->entry, history->hash);
    if (result == PAWL_OK)
        result = pawl_store_totals_get(reader, &totals);
    if (result == PAWL_OK)
        history->confirmations = totals.confirmations;
    return result;
}

/* The note; all zeros when there is none, or it was torn. */
static void note_read(const struct pawl_data *data, struct pawl_history *note)
{
    char path[PATH_MAX];
    struct pawl_buffer text;
    memset(note, 0, sizeof *note);
    if (pawl_file_read(pawl_data_path(data, "history", path), PAWL_HISTORY_TEXT_SIZE, &text) !=
        PAWL_OK)
        return;
    pawl_history_read(text.bytes == NULL ? "" : (const char *)text.bytes, note);
    pawl_buffer_release(&text);
}

static void note_write(struct pawl_restored *restored, int64_t now)
{
    struct pawl_reader *reader = NULL;
    struct pawl_history history;
    char path[PATH_MAX], text[PAWL_HISTORY_TEXT_SIZE];
    memset(&history, 0, sizeof history);
    enum pawl_result result = pawl_reader_borrow(restored->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_history_gather(reader, &history);
    pawl_reader_return(restored->readers, reader);
    restored->noted_at = now;
    if (result == PAWL_OK && memcmp(&history, &restored->noted, sizeof history) == 0)
        return;
    if (result == PAWL_OK)
        result = pawl_file_write(pawl_data_path(restored->data, "history", path), 0600, true, text,
                                 pawl_history_write(&history, text));
    if (result == PAWL_OK)
        restored->noted = history;
    else
        pawl_log(PAWL_LOG_WARNING, "event=history-not-noted class=%s", pawl_result_name(result));
}

struct entry_hash {
    uint64_t entry;
    bool found;
    uint8_t hash[PAWL_AUDIT_HASH_SIZE];
};

static enum pawl_result entry_hash_take(void *context, const struct pawl_audit_row *row)
{
    struct entry_hash *wanted = context;
    wanted->found = row->id == wanted->entry;
    memcpy(wanted->hash, row->hash, sizeof wanted->hash);
    return PAWL_OK;
}

/* Whether this database is one that was put back. `mark` is that of a backup, when it has one. */
static enum pawl_result recognise(struct pawl_restored *restored, struct pawl_history *database,
                                  struct pawl_backup_mark *mark, bool *found)
{
    bool fit = false;
    struct pawl_reader *reader = NULL;
    struct entry_hash at_note = {.entry = restored->noted.entry};
    enum pawl_result marked = PAWL_STATE;
    enum pawl_result result = pawl_reader_borrow(restored->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_history_gather(reader, database);
    if (result == PAWL_OK)
        marked = pawl_store_backup_mark_get(reader, mark);
    if (result == PAWL_OK && marked != PAWL_OK && marked != PAWL_STATE)
        result = marked;
    if (result == PAWL_OK && at_note.entry > 0)
        result = pawl_store_audit_list(reader, at_note.entry - 1, 1, entry_hash_take, &at_note);
    if (result == PAWL_OK)
        result = pawl_checkpoints_compare(restored->checkpoints, reader, &fit);
    if (result == PAWL_OK)
        result = pawl_store_restoration_get(reader, &restored->last);
    restored->open = result == PAWL_OK && restored->last.settled == 0;
    pawl_reader_return(restored->readers, reader);
    if (result != PAWL_OK && result != PAWL_STATE)
        return result;
    /* A trail that is not what its own checkpoint signed was changed, which no restore explains. */
    *found =
        fit && (marked == PAWL_OK || pawl_history_is_behind(database, &restored->noted,
                                                            at_note.found ? at_note.hash : NULL));
    return PAWL_OK;
}

static void restored_warn(const struct pawl_history *database, const struct pawl_history *note)
{
    pawl_log(PAWL_LOG_WARNING,
             "event=restored entry=%" PRIu64 " known_entry=%" PRIu64 " confirmations=%" PRIu64
             " known_confirmations=%" PRIu64,
             database->entry, note->entry, database->confirmations, note->confirmations);
    pawl_log(PAWL_LOG_WARNING,
             "an older database was put back. Devices resynchronise by themselves. What operators "
             "did since it was made is gone: assignments, campaigns, releases from quarantine; "
             "units imported since are unknown, and tokens revoked since are good again: revoke "
             "them anew");
}

/* Writes down that this database was put back. */
static enum pawl_result restored_audit(struct pawl_restored *restored,
                                       const struct pawl_history *database,
                                       const struct pawl_backup_mark *mark)
{
    const struct pawl_history *note = &restored->noted;
    char detail[320], known[96] = "null,\"known_confirmations\":null";
    bool noted = memcmp(note->server_id, database->server_id, PAWL_ID_SIZE) == 0;
    if (noted)
        snprintf(known, sizeof known, "%" PRIu64 ",\"known_confirmations\":%" PRIu64, note->entry,
                 note->confirmations);
    snprintf(detail, sizeof detail,
             "{\"backup\":%s,\"backup_time\":%" PRId64 ",\"last_entry\":%" PRIu64
             ",\"confirmations\":%" PRIu64 ",\"known_entry\":%s}",
             mark->time != 0 ? "true" : "false", mark->time, database->entry,
             database->confirmations, known);
    const struct pawl_event event = {
        .time = (int64_t)time(NULL),
        .actor = "pawld",
        .action = PAWL_AUDIT_RESTORED,
        .detail = detail,
    };
    enum pawl_result result = pawl_store_restoration_begin(restored->store, mark->time, &event);
    if (result == PAWL_OK)
        restored_warn(database, note);
    restored->open = true;
    return result;
}

enum pawl_result pawl_restored_open(struct pawl_restored *restored, const struct pawl_data *data,
                                    struct pawl_store *store, struct pawl_readers *readers,
                                    struct pawl_checkpoints *checkpoints, uint32_t poll_after)
{
    struct pawl_history database;
    struct pawl_backup_mark mark = {0, 0};
    bool found = false;
    memset(restored, 0, sizeof *restored);
    memset(&database, 0, sizeof database);
    restored->data = data;
    restored->store = store;
    restored->readers = readers;
    restored->checkpoints = checkpoints;
    restored->quiet_after = PAWL_RESTORED_QUIET_POLLS * (int64_t)poll_after;
    restored->changed_at = (int64_t)time(NULL);
    note_read(data, &restored->noted);
    enum pawl_result result = recognise(restored, &database, &mark, &found);
    if (result == PAWL_OK && found)
        result = restored_audit(restored, &database, &mark);
    if (result != PAWL_OK)
        return pawl_error(result, "%s: cannot tell whether a backup was put back", data->path);
    struct pawl_checkpoint_row row;
    if (restored->open) /* signed, it explains a history that was replaced (SPEC 21.9) */
        pawl_checkpoint_make(checkpoints, restored->changed_at, &row);
    note_write(restored, restored->changed_at);
    return PAWL_OK;
}

static enum pawl_result settle(struct pawl_restored *restored, int64_t now)
{
    const struct pawl_restoration *last = &restored->last;
    char detail[160];
    snprintf(detail, sizeof detail,
             "{\"restored\":%" PRIu64 ",\"caught_up\":%" PRIu64 ",\"downloads_learnt\":%" PRIu64
             ",\"unattributed\":%" PRIu64 "}",
             last->entry, last->caught_up, last->learnt, last->unattributed);
    const struct pawl_event event = {
        .time = now,
        .actor = "pawld",
        .action = "restore-settled",
        .detail = detail,
    };
    pawl_log(PAWL_LOG_NOTICE,
             "event=restore-settled caught_up=%" PRIu64 " downloads_learnt=%" PRIu64
             " unattributed=%" PRIu64,
             last->caught_up, last->learnt, last->unattributed);
    return pawl_store_restoration_settle(restored->store, last->entry, &event);
}

/* Settles a restoration from which nothing was learnt for a while. */
static enum pawl_result settle_if_quiet(struct pawl_restored *restored, int64_t now)
{
    struct pawl_reader *reader = NULL;
    struct pawl_restoration present;
    enum pawl_result result = pawl_reader_borrow(restored->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_restoration_get(reader, &present);
    pawl_reader_return(restored->readers, reader);
    if (result != PAWL_OK)
        return result;
    bool changed = present.entry != restored->last.entry ||
                   present.caught_up != restored->last.caught_up ||
                   present.unattributed != restored->last.unattributed;
    restored->last = present;
    if (changed)
        restored->changed_at = now;
    if (now - restored->changed_at < restored->quiet_after)
        return PAWL_OK;
    result = settle(restored, now);
    restored->open = result != PAWL_OK;
    return result;
}

void pawl_restored_tick(struct pawl_restored *restored, int64_t now)
{
    if (restored->open && settle_if_quiet(restored, now) != PAWL_OK)
        pawl_log(PAWL_LOG_WARNING, "event=restore-not-settled");
    if (now - restored->noted_at >= NOTE_SECONDS || now < restored->noted_at)
        note_write(restored, now);
}

void pawl_restored_close(struct pawl_restored *restored)
{
    note_write(restored, (int64_t)time(NULL));
}
