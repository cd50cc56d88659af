#include "headend/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/hex.h"

#define FORMAT "pawl history 1\nserver %s\nentry %" PRIu64 "\nhash %s\nconfirmations %" PRIu64 "\n"

size_t pawl_history_write(const struct pawl_history *history, char text[PAWL_HISTORY_TEXT_SIZE])
{
    char server[PAWL_HEX_SIZE(PAWL_ID_SIZE)], hash[PAWL_HEX_SIZE(PAWL_AUDIT_HASH_SIZE)];
    int size = snprintf(text, PAWL_HISTORY_TEXT_SIZE, FORMAT,
                        pawl_hex_encode(history->server_id, PAWL_ID_SIZE, server), history->entry,
                        pawl_hex_encode(history->hash, PAWL_AUDIT_HASH_SIZE, hash),
                        history->confirmations);
    return (size_t)size;
}

enum pawl_result pawl_history_read(const char *text, struct pawl_history *history)
{
    char server[PAWL_HEX_SIZE(PAWL_ID_SIZE)], hash[PAWL_HEX_SIZE(PAWL_AUDIT_HASH_SIZE)];
    char again[PAWL_HISTORY_TEXT_SIZE];
    struct pawl_history found;
    if (sscanf(text,
               "pawl history 1 server %32s entry %" SCNu64 " hash %64s confirmations %" SCNu64,
               server, &found.entry, hash, &found.confirmations) != 4 ||
        pawl_hex_decode(server, found.server_id, PAWL_ID_SIZE) != PAWL_OK ||
        pawl_hex_decode(hash, found.hash, PAWL_AUDIT_HASH_SIZE) != PAWL_OK)
        return PAWL_MALFORMED;
    pawl_history_write(&found, again);
    if (strcmp(text, again) != 0)
        return PAWL_MALFORMED;
    *history = found;
    return PAWL_OK;
}

bool pawl_history_is_behind(const struct pawl_history *database, const struct pawl_history *note,
                            const uint8_t *at_note)
{
    if (memcmp(database->server_id, note->server_id, PAWL_ID_SIZE) != 0)
        return false;
    if (database->entry < note->entry || database->confirmations < note->confirmations)
        return true;
    return note->entry > 0 &&
           (at_note == NULL || memcmp(at_note, note->hash, PAWL_AUDIT_HASH_SIZE) != 0);
}
