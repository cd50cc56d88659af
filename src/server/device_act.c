#include "server/device_act.h"

#include <string.h>
#include <time.h>

#define REASON_MAX 256u /* bytes */
#define STEP 1000u      /* devices of one transaction */

struct pawl_act pawl_act_begin(const struct pawl_request *request, enum pawl_act_kind kind)
{
    return (struct pawl_act){.kind = kind,
                             .actor = request->actor,
                             .request = request->id[0] != '\0' ? request->id : NULL,
                             .time = (int64_t)time(NULL)};
}

bool pawl_reason_text_read(struct pawl_request *request, const char *text, bool needed,
                           struct pawl_act *act)
{
    if (text == NULL && !needed)
        return true;
    if (text == NULL || text[0] == '\0' || strlen(text) > REASON_MAX) {
        pawl_request_refuse(request, PAWL_MALFORMED, "a reason of 1 to %u bytes is needed",
                            REASON_MAX);
        return false;
    }
    act->reason = text;
    return true;
}

bool pawl_reason_read(struct pawl_request *request, const json_t *value, bool needed,
                      struct pawl_act *act)
{
    const char *text = json_string_value(value);
    if (value != NULL && text == NULL)
        text = ""; /* no text at all */
    return pawl_reason_text_read(request, text, needed, act);
}

bool pawl_label_read(struct pawl_request *request, const char *key, const char *value,
                     struct pawl_label *label)
{
    size_t key_size = key != NULL ? strlen(key) : 0, value_size = value != NULL ? strlen(value) : 0;
    memset(label, 0, sizeof *label);
    if (key == NULL || !pawl_label_key_is_good(key, key_size)) {
        pawl_request_refuse(request, PAWL_MALFORMED,
                            "a label's key has 1 to %u of A-Z a-z 0-9 . _ - and begins with none "
                            "of the last three",
                            PAWL_LABEL_KEY_SIZE - 1u);
        return false;
    }
    if (value == NULL || (value_size > 0 && !pawl_label_value_is_good(value, value_size))) {
        pawl_request_refuse(request, PAWL_MALFORMED,
                            "a label's value has 1 to %u bytes of UTF-8 text",
                            PAWL_LABEL_VALUE_SIZE - 1u);
        return false;
    }
    memcpy(label->key, key, key_size);
    memcpy(label->value, value, value_size);
    return true;
}

/* The threads that answer reports are to know of it, and the device if it changes what it runs. */
static void change_tell(struct pawl_server *server, const struct pawl_act *act,
                        const uint8_t device_id[PAWL_ID_SIZE])
{
    pawl_device_cache_drop(server->devices, device_id);
    if (act->kind == PAWL_ACT_GROUP || act->kind == PAWL_ACT_RELEASE || act->kind == PAWL_ACT_RETRY)
        pawl_push_notify(server->push, PAWL_TOPIC_DEVICE, device_id, PAWL_ID_SIZE);
}

enum pawl_result pawl_devices_act(struct pawl_server *server, const struct pawl_act *act,
                                  struct pawl_act_row *rows, size_t count, bool dry_run)
{
    enum pawl_result result = PAWL_OK;
    for (size_t at = 0; result == PAWL_OK && at < count; at += STEP) {
        size_t step = count - at < STEP ? count - at : STEP;
        result = pawl_store_devices_act(server->store, act, rows + at, step, dry_run);
        for (size_t i = 0; result == PAWL_OK && !dry_run && i < step; i++)
            if (rows[at + i].outcome == PAWL_ACT_CHANGED)
                change_tell(server, act, rows[at + i].device_id);
    }
    return result;
}
