/* pawl audit verify. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/audit.h"
#include "cli/audit_trail.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "host/file.h"

#define READ_SIZE (256u * 1024u)

static enum pawl_result file_read(const char *path, struct pawl_audit_trail *trail)
{
    static uint8_t bytes[READ_SIZE];
    size_t got = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return pawl_file_error(PAWL_IO, path, "an export");
    enum pawl_result result = PAWL_OK;
    while (result == PAWL_OK && got > 0) {
        if (pawl_read_most(fd, bytes, sizeof bytes, &got) != PAWL_OK)
            result = pawl_file_error(PAWL_IO, path, "an export");
        else
            result = pawl_audit_trail_take(trail, bytes, got);
    }
    close(fd);
    return result;
}

static enum pawl_result server_read(const struct pawl_audit_options *options,
                                    struct pawl_audit_trail *trail)
{
    struct pawl_client *client = NULL;
    char path[64];
    enum pawl_result result = pawl_client_open(&client);

    if (result != PAWL_OK)
        return result;
    pawl_audit_export_path(options, path);
    result = pawl_client_fetch(client, path, pawl_audit_trail_take, trail);
    pawl_client_close(client);
    return result;
}

/* Says what is wrong; the class that it is. */
static enum pawl_result fault_tell(const struct pawl_audit_verdict *verdict)
{
    char date[32];

    pawl_audit_time_format((int64_t)verdict->checkpoint.time, date);
    switch (verdict->fault) {
    case PAWL_AUDIT_SOUND:
        return PAWL_OK;
    case PAWL_AUDIT_REMOVED:
        if (verdict->missing > 1)
            return pawl_error(PAWL_CORRUPT, "entries were removed: %" PRIu64 " from entry %" PRIu64,
                              verdict->missing, verdict->entry);
        return pawl_error(PAWL_CORRUPT, "entry %" PRIu64 " was removed", verdict->entry);
    case PAWL_AUDIT_TRUNCATED:
        return pawl_error(PAWL_CORRUPT,
                          "the trail was truncated: it ends with entry %" PRIu64
                          ", and a checkpoint of %s UTC signed entry %" PRIu64,
                          verdict->entry, date, verdict->checkpoint.entry);
    case PAWL_AUDIT_REWRITTEN:
        return pawl_error(PAWL_CORRUPT,
                          "the trail was rewritten between entries %" PRIu64 " and %" PRIu64
                          ": it is not what a checkpoint of %s UTC signed",
                          verdict->entry, verdict->checkpoint.entry, date);
    case PAWL_AUDIT_REPLACED:
        pawl_error(PAWL_ROLLBACK,
                   "history after entry %" PRIu64 " was replaced by a restore (entry %" PRIu64
                   "): a checkpoint of %s UTC signed entry %" PRIu64 " of the history before",
                   verdict->entry - 1, verdict->entry, date, verdict->checkpoint.entry);
        pawl_hint("the trail is whole by itself; what was done between the backup and the restore "
                  "is known to the old database alone");
        return PAWL_ROLLBACK;
    default:
        return pawl_error(PAWL_CORRUPT, "entry %" PRIu64 " was %s", verdict->entry,
                          pawl_audit_fault_name(verdict->fault));
    }
}

static enum pawl_result json_tell(const struct pawl_audit_verdict *verdict)
{
    bool sound = verdict->fault == PAWL_AUDIT_SOUND;
    bool by_checkpoint = verdict->fault >= PAWL_AUDIT_TRUNCATED;

    return pawl_print(json_pack(
        "{s:s, s:o, s:o, s:I, s:o, s:I, s:I}", "result", pawl_audit_fault_name(verdict->fault),
        "entry", sound ? json_null() : pawl_json_number(verdict->entry), "checkpoint",
        by_checkpoint ? pawl_json_number(verdict->checkpoint.entry) : json_null(), "last",
        (json_int_t)verdict->last, "hash", pawl_json_hex(verdict->hash, sizeof verdict->hash),
        "signed_to", (json_int_t)verdict->signed_to, "restores", (json_int_t)verdict->restores));
}

static void sound_tell(const struct pawl_audit_verdict *verdict,
                       const struct pawl_audit_trail_facts *facts)
{
    printf("sound: entries %" PRIu64 " to %" PRIu64 "\n", facts->after + 1, verdict->last);
    if (verdict->signed_to > 0)
        printf("signed up to entry %" PRIu64 "\n", verdict->signed_to);
    else
        puts("no checkpoint signs it");
    if (verdict->restores > 0)
        printf("it tells of %" PRIu64 " restored backup%s (--action restored)\n", verdict->restores,
               verdict->restores == 1 ? "" : "s");
    if (facts->own_key)
        pawl_hint("checkpoints were verified with the key that came along; --key takes one that "
                  "you kept, --checkpoint what left the server before");
}

/* Nobody shall believe that what was handed in was compared. */
static void passed_over_tell(const struct pawl_audit_trail_facts *facts)
{
    if (facts->passed_over > 0)
        pawl_hint("%" PRIu64 " checkpoint%s of entries before %" PRIu64 " not compared: the trail "
                  "was read from there on (--after)",
                  facts->passed_over, facts->passed_over == 1 ? " is" : "s are", facts->after + 1);
}

int pawl_audit_verify(const struct pawl_audit_options *options)
{
    struct pawl_audit_trail *trail = NULL;
    struct pawl_audit_trail_facts facts;
    struct pawl_audit_verdict verdict;
    enum pawl_result result = pawl_audit_trail_begin(&options->keys, &options->checkpoints, &trail);

    if (result != PAWL_OK)
        return pawl_exit_code(result);
    result = options->file != NULL ? file_read(options->file, trail) : server_read(options, trail);
    if (result == PAWL_OK)
        result = pawl_audit_trail_end(trail, &verdict, &facts);
    pawl_audit_trail_free(trail);
    if (result != PAWL_OK)
        return pawl_exit_code(result);
    if (pawl_cli.json)
        result = json_tell(&verdict);
    else if (verdict.fault == PAWL_AUDIT_SOUND)
        sound_tell(&verdict, &facts);
    passed_over_tell(&facts);
    enum pawl_result fault = fault_tell(&verdict);
    return pawl_exit_code(result == PAWL_OK ? fault : result);
}
