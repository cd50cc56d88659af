#include "server/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "headend/audit_check.h"
#include "host/file.h"
#include "host/log.h"
#include "server/restore_check.h"
#include "server/restore_packages.h"
#include "server/restored.h"

#define CANDIDATE "restore.db" /* the backup, until it has its place */

/* What one restore has in hand. */
struct work {
    const struct pawl_restore *restore;
    struct pawl_data data;
    char candidate[PATH_MAX], place[PATH_MAX], kept[PATH_MAX];
    struct pawl_store *store; /* the candidate */
    struct pawl_reader *reader;
    struct pawl_backup_facts facts;
    json_t *gone; /* what the present database has and the backup has not, by action */
    bool has_present, is_readable; /* what is in the place, and of the present schema */
};

/* Copies the backup into the data directory: what is opened may be changed by that. */
static enum pawl_result candidate_make(struct work *work)
{
    const char *file = work->restore->file;
    int from = open(file, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return pawl_error(PAWL_IO, "%s: %s", file, strerror(errno));
    pawl_store_unlink(work->candidate);
    int to = open(work->candidate, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    enum pawl_result result = to < 0 ? PAWL_IO : pawl_fd_copy(from, to);
    if (result == PAWL_OK && fsync(to) != 0)
        result = PAWL_IO;
    if (result != PAWL_OK)
        pawl_error(errno == ENOSPC ? PAWL_EXHAUSTED : result, "%s: %s", work->candidate,
                   strerror(errno));
    if (to >= 0)
        close(to);
    close(from);
    return result;
}

/* `looks`: changes nothing of it, not even to bring it to the present schema. */
static enum pawl_result database_open(const char *path, bool looks, struct pawl_store **store,
                                      struct pawl_reader **reader)
{
    char url[PATH_MAX + 8];
    snprintf(url, sizeof url, "sqlite:%s", path);
    enum pawl_result result =
        looks ? pawl_store_look(url, store) : pawl_store_open(url, false, store);
    if (result == PAWL_OK)
        result = pawl_reader_open(*store, reader);
    return result;
}

static void database_close(struct pawl_store **store, struct pawl_reader **reader)
{
    pawl_reader_close(*reader);
    pawl_store_close(*store);
    *reader = NULL;
    *store = NULL;
}

static enum pawl_result candidate_check(struct work *work)
{
    const struct pawl_restore *restore = work->restore;
    enum pawl_result result = database_open(work->candidate, false, &work->store, &work->reader);
    if (result != PAWL_OK)
        return pawl_error(result, "%s: %s", restore->file,
                          result == PAWL_UNSUPPORTED ? "it is of a newer pawld"
                                                     : "it is no backup of pawld's, or damaged");
    return pawl_backup_check(&work->data, &restore->hsm, restore->file, work->reader, &work->facts);
}

/* Compares with the database that is there. One that cannot be read hinders nothing: it may be why
 * a backup is needed. */
static enum pawl_result present_compare(struct work *work)
{
    struct pawl_store *store = NULL;
    struct pawl_reader *reader = NULL;
    struct pawl_history present;
    memset(&present, 0, sizeof present);
    if (access(work->place, F_OK) != 0)
        return PAWL_OK;
    work->has_present = true;
    enum pawl_result result = database_open(work->place, true, &store, &reader);
    work->is_readable = result == PAWL_OK;
    if (result == PAWL_OK)
        result = pawl_history_gather(reader, &present);
    if (result != PAWL_OK) {
        pawl_log(PAWL_LOG_WARNING, "%s: it cannot be read (%s): what it holds is not compared",
                 work->place, pawl_result_name(result));
    } else if (memcmp(present.server_id, work->facts.history.server_id, PAWL_ID_SIZE) != 0) {
        result =
            pawl_error(PAWL_UNTRUSTED, "%s: it is a backup of another server", work->restore->file);
    } else {
        work->gone =
            pawl_actions_count(reader, work->facts.history.entry, work->facts.history.hash);
    }
    database_close(&store, &reader);
    return result == PAWL_UNTRUSTED ? result : PAWL_OK;
}

static void actor_make(char *actor, size_t size)
{
    const struct passwd *entry = getpwuid(geteuid());
    snprintf(actor, size, "%u%s%s", (unsigned)geteuid(), entry != NULL ? "/" : "",
             entry != NULL ? entry->pw_name : "");
}

/* Writes into the candidate that it is put back, and by whom. */
static enum pawl_result restored_note(struct work *work)
{
    char actor[PAWL_ACTOR_SIZE];
    const char *kept = strrchr(work->kept, '/');
    json_t *detail = json_pack(
        "{s:b, s:I, s:I, s:I, s:s?, s:O?}", "backup", work->facts.mark.time != 0, "backup_time",
        (json_int_t)work->facts.mark.time, "last_entry", (json_int_t)work->facts.history.entry,
        "confirmations", (json_int_t)work->facts.history.confirmations, "kept",
        work->has_present && kept != NULL ? kept + 1 : NULL, "gone", work->gone);
    char *text = detail == NULL ? NULL : json_dumps(detail, JSON_COMPACT);
    json_decref(detail);
    if (text == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    actor_make(actor, sizeof actor);
    const struct pawl_event event = {
        .time = (int64_t)time(NULL),
        .actor = actor,
        .action = PAWL_AUDIT_RESTORED,
        .detail = text,
    };
    enum pawl_result result =
        pawl_store_restoration_begin(work->store, work->facts.mark.time, &event);
    free(text);
    if (result == PAWL_OK)
        result = pawl_history_gather(work->reader, &work->facts.history);
    return result == PAWL_OK ? PAWL_OK
                             : pawl_error(result, "%s: cannot be written", work->candidate);
}

/* The name under which what is there is kept. */
static void kept_name_make(struct work *work)
{
    time_t now = time(NULL);
    struct tm parts;
    char stamp[32] = "";
    if (gmtime_r(&now, &parts) != NULL)
        strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &parts);
    snprintf(work->kept, sizeof work->kept, "%.*s.before-%s", (int)sizeof work->kept - 64,
             work->place, stamp);
}

/* Writes the present database's log into it, so that what is kept is one file; of another schema it
 * stays two, for to open it would change it. Nothing is lost if it fails. */
static void present_fold(const struct work *work)
{
    struct pawl_store *store = NULL;
    struct pawl_reader *reader = NULL;
    if (work->is_readable)
        (void)database_open(work->place, false, &store, &reader);
    database_close(&store, &reader);
}

/* Gives the present database another name. Its log goes along, which would be taken for the
 * backup's. The database keeps its own name too, until the backup takes it in one step; it is
 * linked first, since without its log it must not be left alone when that fails. */
static bool present_keep(const struct work *work)
{
    static const char *const suffixes[] = {"-wal", "-shm"};
    char from[PATH_MAX + 8], to[PATH_MAX + 8];
    if (!work->has_present)
        return true;
    if (link(work->place, work->kept) != 0)
        return false;
    for (size_t i = 0; i < 2; i++) {
        snprintf(from, sizeof from, "%s%s", work->place, suffixes[i]);
        snprintf(to, sizeof to, "%s%s", work->kept, suffixes[i]);
        if (rename(from, to) != 0 && errno != ENOENT)
            return false;
    }
    return true;
}

static enum pawl_result place_take(struct work *work)
{
    char history[PATH_MAX], text[PAWL_HISTORY_TEXT_SIZE];
    /* The file alone gets the name: what is in its log only would be lost, or it half of both. */
    enum pawl_result result = pawl_store_scrub(work->store);
    if (result != PAWL_OK)
        return pawl_error(result, "%s: its log cannot be written into it", work->candidate);
    database_close(&work->store, &work->reader);
    present_fold(work);
    if (!present_keep(work) || rename(work->candidate, work->place) != 0 ||
        pawl_directory_sync(work->data.path) != PAWL_OK)
        return pawl_error(PAWL_IO, "%s: %s", work->place, strerror(errno));
    size_t size = pawl_history_write(&work->facts.history, text);
    if (pawl_file_write(pawl_data_path(&work->data, "history", history), 0600, true, text, size) !=
        PAWL_OK)
        pawl_log(PAWL_LOG_WARNING, "%s: %s", history, strerror(errno));
    return PAWL_OK;
}

static void facts_tell(const struct work *work)
{
    const struct pawl_backup_facts *facts = &work->facts;
    time_t made = (time_t)facts->mark.time;
    struct tm parts;
    char date[32] = "unknown";
    if (made != 0 && gmtime_r(&made, &parts) != NULL)
        strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S UTC", &parts);
    printf("backup of      %s\n", date);
    printf("devices        %" PRIu64 "\n", facts->devices);
    printf("confirmations  %" PRIu64 "\n", facts->history.confirmations);
    printf("audit trail    sound, %" PRIu64 " entries\n", facts->history.entry);
}

/* What is gone, and what to do about it. */
static void gone_tell(const struct work *work)
{
    static const struct {
        const char *action, *advice;
    } advices[] = {
        {"token-revoked", "tokens revoked since are good again: revoke them anew"},
        {"units-imported", "units imported since are unknown: import them anew"},
        {"package-published", "packages published since are unknown: publish them anew"},
        {"released", "devices released since may be quarantined again: release them anew"},
        {"quarantined", "copies found since are not known as such"},
    };
    const char *action;
    json_t *count;
    if (work->gone == NULL) {
        puts("what was done since the backup is not known");
        for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
            printf("  %s\n", advices[i].advice);
        return;
    }
    if (json_object_size(work->gone) == 0)
        return;
    puts("gone, of the database that was there:");
    json_object_foreach(work->gone, action, count)
        printf("  %6" JSON_INTEGER_FORMAT " %s\n", json_integer_value(count), action);
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
        if (json_object_get(work->gone, advices[i].action) != NULL)
            printf("  %s\n", advices[i].advice);
}

static enum pawl_result restore_run(struct work *work)
{
    enum pawl_result result = candidate_make(work);
    if (result == PAWL_OK)
        result = candidate_check(work);
    if (result == PAWL_OK)
        result = present_compare(work);
    if (result == PAWL_OK)
        facts_tell(work);
    if (result != PAWL_OK || work->restore->check)
        return result;
    kept_name_make(work);
    result = pawl_packages_restore(&work->data, work->restore->packages, work->reader);
    if (result == PAWL_OK)
        result = restored_note(work);
    if (result == PAWL_OK)
        result = place_take(work);
    if (result != PAWL_OK)
        return result;
    if (work->has_present)
        printf("kept           %s\n", work->kept);
    gone_tell(work);
    return PAWL_OK;
}

/* A new machine has the keys, and nothing else yet. */
static void packages_place_make(const char *data)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/master.key", data);
    if (access(path, F_OK) != 0)
        return;
    snprintf(path, sizeof path, "%s/packages", data);
    mkdir(path, 0700); /* what is wrong is said when it is opened */
}

enum pawl_result pawl_restore(const struct pawl_restore *restore)
{
    struct work work = {.restore = restore};
    packages_place_make(restore->data);
    enum pawl_result result = pawl_data_open(&work.data, restore->data, false);
    if (result != PAWL_OK)
        return result;
    pawl_data_path(&work.data, CANDIDATE, work.candidate);
    pawl_data_path(&work.data, "pawl.db", work.place);
    result = restore_run(&work);
    database_close(&work.store, &work.reader);
    pawl_store_unlink(work.candidate);
    json_decref(work.gone);
    pawl_data_close(&work.data);
    return result;
}
