/* Chooses the implementation by the URL, checks arguments, and what follows from other functions
 * of the contract. */
#include "store/store.h"

#include <stdatomic.h>
#include <string.h>

#include "host/log.h"
#include "store/driver.h"

static const struct pawl_store_driver *const drivers[] = {&pawl_sqlite_driver};

/* The driver of a URL, and the place that it names; NULL, and it was logged, when there is none. */
static const struct pawl_store_driver *driver_find(const char *url, const char **place)
{
    for (size_t i = 0; i < sizeof drivers / sizeof *drivers; i++) {
        size_t size = strlen(drivers[i]->scheme);
        *place = url + size;
        if (strncmp(url, drivers[i]->scheme, size) == 0)
            return drivers[i];
    }
    pawl_log(PAWL_LOG_ERROR, "database: no such kind of URL: %s", url);
    return NULL;
}

enum pawl_result pawl_store_open(const char *url, bool create, struct pawl_store **store)
{
    const char *place;
    const struct pawl_store_driver *driver = driver_find(url, &place);
    return driver == NULL ? PAWL_UNSUPPORTED : driver->open(place, create, store);
}

enum pawl_result pawl_store_look(const char *url, struct pawl_store **store)
{
    const char *place;
    const struct pawl_store_driver *driver = driver_find(url, &place);
    return driver == NULL ? PAWL_UNSUPPORTED : driver->look(place, store);
}

void pawl_store_close(struct pawl_store *store)
{
    if (store != NULL)
        store->driver->close(store);
}

enum pawl_result pawl_reader_open(struct pawl_store *store, struct pawl_reader **reader)
{
    return store->driver->reader_open(store, reader);
}

void pawl_reader_close(struct pawl_reader *reader)
{
    if (reader != NULL)
        reader->driver->reader_close(reader);
}

enum pawl_result pawl_store_audit_append(struct pawl_store *store, const struct pawl_event *events,
                                         size_t count)
{
    return store->driver->audit_append(store, events, count);
}

enum pawl_result pawl_store_audit_list(struct pawl_reader *reader, uint64_t after, size_t limit,
                                       pawl_audit_fn visit, void *context)
{
    const struct pawl_audit_filter all = {.after = after};
    return pawl_store_audit_find(reader, &all, limit, visit, context);
}

struct pawl_audit_entry pawl_audit_row_entry(const struct pawl_audit_row *row)
{
    return (struct pawl_audit_entry){
        .id = row->id,
        .time = row->time,
        .actor = row->actor,
        .action = row->action,
        .device_id = row->has_device ? row->device_id : NULL,
        .detail = row->detail,
    };
}

enum pawl_result pawl_store_audit_find(struct pawl_reader *reader,
                                       const struct pawl_audit_filter *filter, size_t limit,
                                       pawl_audit_fn visit, void *context)
{
    return reader->driver->audit_find(reader, filter, limit, visit, context);
}

enum pawl_result pawl_store_audit_head(struct pawl_reader *reader, uint64_t *id,
                                       uint8_t hash[PAWL_AUDIT_HASH_SIZE])
{
    return reader->driver->audit_head(reader, id, hash);
}

enum pawl_result pawl_store_checkpoint_add(struct pawl_store *store,
                                           const struct pawl_checkpoint_row *row)
{
    return store->driver->checkpoint_add(store, row);
}

enum pawl_result pawl_store_checkpoint_list(struct pawl_reader *reader, uint64_t after,
                                            size_t limit, pawl_checkpoint_fn visit, void *context)
{
    return reader->driver->checkpoint_list(reader, after, limit, visit, context);
}

enum pawl_result pawl_store_checkpoint_newest(struct pawl_reader *reader,
                                              struct pawl_checkpoint_row *row)
{
    return reader->driver->checkpoint_newest(reader, row);
}

enum pawl_result pawl_store_server_id_get(struct pawl_reader *reader,
                                          uint8_t server_id[PAWL_ID_SIZE])
{
    return reader->driver->server_id_get(reader, server_id);
}

struct pawl_subject pawl_device_subject(const struct pawl_device *device)
{
    return (struct pawl_subject){
        .device_id = device->device_id,
        .class_id = device->class_id,
        .group = device->group,
        .number = device->number,
    };
}

enum pawl_result pawl_store_device_get(struct pawl_reader *reader,
                                       const uint8_t device_id[PAWL_ID_SIZE],
                                       struct pawl_device *device)
{
    return reader->driver->device_get(reader, device_id, device);
}

enum pawl_result pawl_store_device_numbered(struct pawl_reader *reader, uint64_t number,
                                            struct pawl_device *device)
{
    return reader->driver->device_numbered(reader, number, device);
}

enum pawl_result pawl_store_seen_get(struct pawl_reader *reader, uint64_t number, int64_t *time)
{
    return reader->driver->seen_get(reader, number, time);
}

enum pawl_result pawl_store_device_list(struct pawl_reader *reader,
                                        const struct pawl_device_filter *filter, uint64_t after,
                                        size_t limit, pawl_device_fn visit, void *context)
{
    return reader->driver->device_list(reader, filter, after, limit, visit, context);
}

/* A visit reads this many rows at a time; between them a checkpoint can pass. */
#define VISIT_STEP 4096u

struct visit {
    pawl_device_fn visit;
    void *context;
    uint64_t last;
    size_t count; /* in this step */
};

static enum pawl_result visit_pass(void *context, const struct pawl_device *device,
                                   int64_t last_seen)
{
    struct visit *step = context;
    step->last = device->number;
    step->count++;
    if (device->record.standing == PAWL_STANDING_DECOMMISSIONED)
        return PAWL_OK;
    return step->visit(step->context, device, last_seen);
}

static enum pawl_result visit_one(struct pawl_reader *reader, const uint8_t *device_id,
                                  pawl_device_fn visit, void *context)
{
    struct pawl_device device;
    int64_t seen = 0;
    enum pawl_result result = pawl_store_device_get(reader, device_id, &device);
    if (result == PAWL_STATE ||
        (result == PAWL_OK && device.record.standing == PAWL_STANDING_DECOMMISSIONED))
        return PAWL_OK;
    if (result == PAWL_OK)
        result = pawl_store_seen_get(reader, device.number, &seen);
    return result == PAWL_OK ? visit(context, &device, seen) : result;
}

enum pawl_result pawl_store_device_visit(struct pawl_reader *reader,
                                         const struct pawl_target *target, pawl_device_fn visit,
                                         void *context)
{
    if (target->kind == PAWL_TARGET_DEVICE)
        return visit_one(reader, target->id, visit, context);

    struct pawl_device_filter filter = {
        .class_id = target->kind == PAWL_TARGET_CLASS ? target->id : NULL,
        .group = target->kind == PAWL_TARGET_GROUP ? target->group : NULL,
    };
    struct visit step = {.visit = visit, .context = context};
    enum pawl_result result;
    do {
        step.count = 0;
        result = pawl_store_device_list(reader, &filter, step.last, VISIT_STEP, visit_pass, &step);
    } while (result == PAWL_OK && step.count == VISIT_STEP);
    return result;
}

enum pawl_result pawl_store_device_count(struct pawl_reader *reader,
                                         const struct pawl_target *target, uint64_t *count)
{
    return reader->driver->device_count(reader, target, count);
}

enum pawl_result pawl_store_device_import(struct pawl_store *store, struct pawl_import *imports,
                                          size_t count, const char *group,
                                          const struct pawl_event *event)
{
    return store->driver->device_import(store, imports, count, group, event);
}

enum pawl_result pawl_store_changes_apply(struct pawl_store *store, struct pawl_change *changes,
                                          size_t count)
{
    return count == 0 ? PAWL_OK : store->driver->changes_apply(store, changes, count);
}

enum pawl_result pawl_store_failures_set(struct pawl_store *store,
                                         struct pawl_failure_change *changes, size_t count)
{
    return count == 0 ? PAWL_OK : store->driver->failures_set(store, changes, count);
}

enum pawl_result pawl_store_seen_set(struct pawl_store *store, struct pawl_seen *seen, size_t count)
{
    return count == 0 ? PAWL_OK : store->driver->seen_set(store, seen, count);
}

enum pawl_result pawl_store_package_add(struct pawl_store *store,
                                        const struct pawl_package_row *package,
                                        const struct pawl_event *event)
{
    return store->driver->package_add(store, package, event);
}

enum pawl_result pawl_store_package_key_set(
    struct pawl_store *store, const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
    const uint8_t wrapped_content_key[PAWL_VAULT_WRAPPED_SIZE], const struct pawl_event *event)
{
    return store->driver->package_key_set(store, package_id, wrapped_content_key, event);
}

enum pawl_result pawl_store_package_get(struct pawl_reader *reader,
                                        const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                        struct pawl_package_row *package)
{
    return reader->driver->package_get(reader, package_id, package);
}

enum pawl_result pawl_store_package_list(struct pawl_reader *reader,
                                         const struct pawl_package_filter *filter,
                                         const uint8_t *after, size_t limit, pawl_package_fn visit,
                                         void *context)
{
    static const struct pawl_package_filter all;
    return reader->driver->package_list(reader, filter != NULL ? filter : &all, after, limit, visit,
                                        context);
}

enum pawl_result pawl_store_assignment_add(struct pawl_store *store,
                                           const struct pawl_target *target,
                                           const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                           int64_t created, const struct pawl_event *event,
                                           uint64_t *id)
{
    return store->driver->assignment_add(store, target, package_id, created, event, id);
}

enum pawl_result pawl_store_assignment_delete(struct pawl_store *store, uint64_t id,
                                              const struct pawl_event *event)
{
    return store->driver->assignment_delete(store, id, event);
}

enum pawl_result pawl_store_assignment_list(struct pawl_reader *reader, uint64_t after,
                                            size_t limit, pawl_assignment_fn visit, void *context)
{
    return reader->driver->assignment_list(reader, after, limit, visit, context);
}

enum pawl_result pawl_store_plan_version(struct pawl_reader *reader, uint64_t *version)
{
    return reader->driver->plan_version(reader, version);
}

enum pawl_result pawl_store_totals_get(struct pawl_reader *reader, struct pawl_totals *totals)
{
    return reader->driver->totals_get(reader, totals);
}

enum pawl_result pawl_store_class_list(struct pawl_reader *reader, pawl_class_fn visit,
                                       void *context)
{
    return reader->driver->class_list(reader, visit, context);
}

enum pawl_result pawl_store_trial(struct pawl_store *store)
{
    return store->driver->trial(store);
}

static atomic_uint_least64_t storage_errors, room_errors;

enum pawl_result pawl_store_error_note(enum pawl_result class)
{
    atomic_fetch_add_explicit(class == PAWL_EXHAUSTED ? &room_errors : &storage_errors, 1,
                              memory_order_relaxed);
    return class;
}

uint64_t pawl_store_error_count(enum pawl_result class)
{
    return atomic_load_explicit(class == PAWL_EXHAUSTED ? &room_errors : &storage_errors,
                                memory_order_relaxed);
}
