#include "cli/audit_trail.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli/cli.h"
#include "host/file.h"
#include "host/hex.h"

#define LINE_MOST (1024u * 1024u)
#define KEYS_MOST 16u
#define TEXT_MOST (64u * 1024u * 1024u) /* of a file with checkpoints */

struct pawl_audit_trail {
    const struct pawl_option_list *checkpoints;
    struct pawl_anchor keys[KEYS_MOST];
    size_t key_count;
    struct pawl_audit_check *check; /* NULL before the first line */
    uint8_t server_id[PAWL_ID_SIZE];
    struct pawl_audit_trail_facts facts;
    bool judged; /* more lines cannot change the verdict */
    char *line;  /* begun, not ended yet */
    size_t size, capacity;
};

static enum pawl_result malformed(const char *what)
{
    return pawl_error(PAWL_MALFORMED, "this is no export of an audit trail: %s", what);
}

/* A number of the line; false when it is none. */
static bool number_get(json_t *line, const char *name, uint64_t *number)
{
    json_t *value = json_object_get(line, name);
    json_int_t got = json_integer_value(value);
    if (!json_is_integer(value) || got < 0)
        return false;
    *number = (uint64_t)got;
    return true;
}

static bool bytes_get(json_t *line, const char *name, uint8_t *bytes, size_t size)
{
    const char *text = json_string_value(json_object_get(line, name));
    return text != NULL && pawl_hex_decode(text, bytes, size) == PAWL_OK;
}

/* Verifies a checkpoint and holds the trail to it. */
static enum pawl_result checkpoint_take(struct pawl_audit_trail *trail, const uint8_t *bytes,
                                        size_t size, const char *from)
{
    struct pawl_checkpoint checkpoint;
    enum pawl_result result =
        pawl_checkpoint_open(bytes, size, trail->keys, trail->key_count, &checkpoint);
    if (result == PAWL_UNTRUSTED)
        return pawl_error(result, "%s: a checkpoint is not signed by the server's audit key", from);
    if (result != PAWL_OK)
        return pawl_error(result, "%s: a checkpoint cannot be read", from);
    if (memcmp(checkpoint.server_id, trail->server_id, PAWL_ID_SIZE) != 0)
        return pawl_error(PAWL_UNTRUSTED, "%s: a checkpoint is of another server", from);
    trail->facts.passed_over += checkpoint.entry < trail->facts.after;
    result = pawl_audit_check_hold_to(trail->check, &checkpoint);
    if (result == PAWL_CORRUPT)
        trail->judged = true;
    return result == PAWL_EXHAUSTED ? pawl_error(result, "no memory") : PAWL_OK;
}

/* Takes each checkpoint in a file, which may be a log, a list, an export, or the message itself. */
static enum pawl_result file_take(struct pawl_audit_trail *trail, const char *path)
{
    struct pawl_buffer text;
    uint8_t message[PAWL_CHECKPOINT_SIZE_MAX];
    size_t size, found = 0;
    enum pawl_result result = pawl_file_read(path, TEXT_MOST, &text);
    if (result != PAWL_OK)
        return pawl_file_error(result, path, "a file with checkpoints");
    if (text.size > 0 && text.bytes[0] == 0xd2) {
        result = checkpoint_take(trail, text.bytes, text.size, path);
        found = 1;
    }
    for (size_t i = 0; result == PAWL_OK && found != 1 && i < text.size; i++) {
        size_t digits = pawl_checkpoint_text_read((const char *)text.bytes + i, message, &size);
        if (digits == 0)
            continue;
        result = checkpoint_take(trail, message, size, path);
        found += 2;
        i += digits - 1;
    }
    pawl_buffer_release(&text);
    if (result == PAWL_OK && found == 0)
        return pawl_error(PAWL_MALFORMED, "%s: there is no checkpoint in it", path);
    return result;
}

/* A key out of an export, which verifies what an honest server signed, and proves nothing about
 * one that is not. */
static enum pawl_result own_key_take(struct pawl_audit_trail *trail, const char *pem)
{
    if (pem == NULL || pawl_anchor_read(pem, &trail->keys[0]) != PAWL_OK)
        return malformed("its key is none");
    trail->key_count = 1;
    trail->facts.own_key = true;
    return PAWL_OK;
}

static enum pawl_result head_take(struct pawl_audit_trail *trail, json_t *line)
{
    uint8_t previous[PAWL_AUDIT_HASH_SIZE];
    uint64_t version;
    if (!number_get(line, "pawl_audit", &version))
        return malformed("its first line is another's");
    if (version != 1)
        return pawl_error(PAWL_UNSUPPORTED, "this export is of a newer version");
    if (!number_get(line, "after", &trail->facts.after) ||
        !bytes_get(line, "previous", previous, sizeof previous) ||
        !bytes_get(line, "server_id", trail->server_id, PAWL_ID_SIZE))
        return malformed("its first line is not whole");
    trail->check = pawl_audit_check_begin(trail->facts.after, previous);
    if (trail->check == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    enum pawl_result result = PAWL_OK;
    if (trail->key_count == 0)
        result = own_key_take(trail, json_string_value(json_object_get(line, "key")));
    for (size_t i = 0; result == PAWL_OK && i < trail->checkpoints->count; i++)
        result = file_take(trail, trail->checkpoints->items[i]);
    return result;
}

static enum pawl_result entry_take(struct pawl_audit_trail *trail, json_t *line)
{
    json_t *device = json_object_get(line, "device_id"), *time = json_object_get(line, "time");
    uint8_t device_id[PAWL_ID_SIZE], hash[PAWL_AUDIT_HASH_SIZE];
    struct pawl_audit_entry entry = {
        .time = json_integer_value(time),
        .actor = json_string_value(json_object_get(line, "actor")),
        .action = json_string_value(json_object_get(line, "action")),
        .device_id = json_is_null(device) ? NULL : device_id,
        .detail = json_string_value(json_object_get(line, "detail")),
    };
    if (!number_get(line, "id", &entry.id) || !json_is_integer(time) || entry.actor == NULL ||
        entry.action == NULL || entry.detail == NULL || device == NULL ||
        (entry.device_id != NULL && !bytes_get(line, "device_id", device_id, PAWL_ID_SIZE)) ||
        !bytes_get(line, "hash", hash, sizeof hash))
        return malformed("a line is no entry");
    enum pawl_result result = pawl_audit_check_take(trail->check, &entry, hash);
    if (result == PAWL_CORRUPT)
        trail->judged = true;
    return result == PAWL_EXHAUSTED ? pawl_error(result, "no memory") : PAWL_OK;
}

static enum pawl_result object_take(struct pawl_audit_trail *trail, json_t *line)
{
    const char *text = json_string_value(json_object_get(line, "checkpoint"));
    uint8_t message[PAWL_CHECKPOINT_SIZE_MAX];
    size_t size;
    if (trail->check == NULL)
        return head_take(trail, line);
    if (trail->facts.whole)
        return malformed("it goes on behind its end");
    if (json_object_get(line, "end") != NULL) {
        trail->facts.whole = true;
        return PAWL_OK;
    }
    if (text == NULL)
        return entry_take(trail, line);
    if (pawl_checkpoint_text_read(text, message, &size) == 0)
        return malformed("a line is no checkpoint");
    return checkpoint_take(trail, message, size, "the export");
}

static enum pawl_result line_take(struct pawl_audit_trail *trail, const char *text, size_t size)
{
    if (trail->judged || size == 0)
        return PAWL_OK;
    json_t *line = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    enum pawl_result result =
        json_is_object(line) ? object_take(trail, line) : malformed("a line is not JSON");
    json_decref(line);
    return result;
}

/* Keeps what has no line end yet. */
static enum pawl_result rest_keep(struct pawl_audit_trail *trail, const uint8_t *bytes, size_t size)
{
    if (size > LINE_MOST - trail->size)
        return malformed("a line is too long");
    if (trail->size + size > trail->capacity) {
        size_t capacity = 2 * (trail->size + size);
        char *longer = realloc(trail->line, capacity);
        if (longer == NULL)
            return pawl_error(PAWL_EXHAUSTED, "no memory");
        trail->line = longer;
        trail->capacity = capacity;
    }
    if (size > 0)
        memcpy(trail->line + trail->size, bytes, size);
    trail->size += size;
    return PAWL_OK;
}

enum pawl_result pawl_audit_trail_take(void *context, const uint8_t *bytes, size_t size)
{
    struct pawl_audit_trail *trail = context;
    enum pawl_result result = PAWL_OK;
    const uint8_t *end;
    while (result == PAWL_OK && size > 0 && (end = memchr(bytes, '\n', size)) != NULL) {
        size_t length = (size_t)(end - bytes);
        if (trail->size > 0) {
            result = rest_keep(trail, bytes, length);
            if (result == PAWL_OK)
                result = line_take(trail, trail->line, trail->size);
            trail->size = 0;
        } else {
            result = line_take(trail, (const char *)bytes, length);
        }
        bytes += length + 1;
        size -= length + 1;
    }
    return result == PAWL_OK ? rest_keep(trail, bytes, size) : result;
}

enum pawl_result pawl_audit_trail_begin(const struct pawl_option_list *keys,
                                        const struct pawl_option_list *checkpoints,
                                        struct pawl_audit_trail **out)
{
    struct pawl_audit_trail *trail = calloc(1, sizeof *trail);
    if (trail == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    trail->checkpoints = checkpoints;
    enum pawl_result result = PAWL_OK;
    if (keys->count > KEYS_MOST)
        result = pawl_error(PAWL_EXHAUSTED, "at most %u keys", KEYS_MOST);
    for (size_t i = 0; result == PAWL_OK && i < keys->count; i++) {
        result = pawl_anchor_load(keys->items[i], &trail->keys[i]);
        if (result != PAWL_OK)
            pawl_file_error(result, keys->items[i], "a P-256 public key in PEM");
        trail->key_count = i + 1;
    }
    if (result == PAWL_OK)
        *out = trail;
    else
        pawl_audit_trail_free(trail);
    return result;
}

enum pawl_result pawl_audit_trail_end(struct pawl_audit_trail *trail,
                                      struct pawl_audit_verdict *verdict,
                                      struct pawl_audit_trail_facts *facts)
{
    if (trail->check == NULL)
        return malformed("it is empty");
    *facts = trail->facts;
    if (!trail->judged && !trail->facts.whole)
        return pawl_error(PAWL_CORRUPT, "the export breaks off before its end");
    pawl_audit_check_end(trail->check, verdict);
    return PAWL_OK;
}

void pawl_audit_trail_free(struct pawl_audit_trail *trail)
{
    if (trail == NULL)
        return;
    pawl_audit_check_free(trail->check);
    free(trail->line);
    free(trail);
}
