/* The contract of devices (device_store.h): names, and the way to the implementation. */
#include "store/device_store.h"

#include "store/driver.h"

const char *pawl_act_event_name(enum pawl_act_kind kind)
{
    static const char *const names[PAWL_ACT_KIND_COUNT] = {
        [PAWL_ACT_GROUP] = "group-set",
        [PAWL_ACT_LABEL] = "label-set",
        [PAWL_ACT_RELEASE] = "released",
        [PAWL_ACT_RETRY] = "retry-asked",
        [PAWL_ACT_DECOMMISSION] = "decommissioned",
    };
    return kind > 0 && kind < PAWL_ACT_KIND_COUNT ? names[kind] : "unknown";
}

const char *pawl_act_outcome_words(enum pawl_act_outcome outcome)
{
    static const char *const words[PAWL_ACT_OUTCOME_COUNT] = {
        [PAWL_ACT_UNKNOWN] = "no such device",
        [PAWL_ACT_NOT_QUARANTINED] = "the device is not in quarantine",
        [PAWL_ACT_NO_FAILURE] = "no failed attempt is noted for the device",
        [PAWL_ACT_LABELS_FULL] = "the device has as many labels as it may have",
        [PAWL_ACT_GONE] = "the device is decommissioned",
    };
    return (size_t)outcome < PAWL_ACT_OUTCOME_COUNT ? words[outcome] : NULL;
}

enum pawl_result pawl_store_device_search(struct pawl_reader *reader,
                                          const struct pawl_query *query, uint64_t after,
                                          size_t limit, pawl_device_fn visit, void *context,
                                          uint64_t *next)
{
    return reader->driver->device_search(reader, query, after, limit, visit, context, next);
}

enum pawl_result pawl_store_labels_get(struct pawl_reader *reader, uint64_t number,
                                       struct pawl_label *labels, size_t *count)
{
    return reader->driver->labels_get(reader, number, labels, count);
}

enum pawl_result pawl_store_devices_act(struct pawl_store *store, const struct pawl_act *act,
                                        struct pawl_act_row *rows, size_t count, bool dry_run)
{
    return count == 0 ? PAWL_OK : store->driver->devices_act(store, act, rows, count, dry_run);
}

enum pawl_result pawl_store_history_get(struct pawl_reader *reader, uint64_t number,
                                        struct pawl_history_entry *entries, size_t *count)
{
    return reader->driver->history_get(reader, number, entries, count);
}

enum pawl_result pawl_store_evidence_get(struct pawl_reader *reader, uint64_t number,
                                         struct pawl_evidence *evidence)
{
    return reader->driver->evidence_get(reader, number, evidence);
}

enum pawl_result pawl_store_group_list(struct pawl_reader *reader, uint64_t after, size_t limit,
                                       pawl_group_fn visit, void *context)
{
    return reader->driver->group_list(reader, after, limit, visit, context);
}

enum pawl_result pawl_store_group_edit(struct pawl_store *store, const char *name,
                                       const char *new_name, const struct pawl_event *event,
                                       enum pawl_group_outcome *outcome)
{
    return store->driver->group_edit(store, name, new_name, event, outcome);
}
