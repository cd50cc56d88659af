/* Backups: to the driver. */
#include "store/driver.h"

enum pawl_result pawl_store_backup(struct pawl_reader *reader, const char *path, int64_t time)
{
    return reader->driver->backup(reader, path, time);
}

enum pawl_result pawl_store_check(struct pawl_reader *reader)
{
    return reader->driver->check(reader);
}

enum pawl_result pawl_store_backup_mark_get(struct pawl_reader *reader,
                                            struct pawl_backup_mark *mark)
{
    return reader->driver->backup_mark_get(reader, mark);
}

enum pawl_result pawl_store_restoration_begin(struct pawl_store *store, int64_t backup_time,
                                              const struct pawl_event *event)
{
    return store->driver->restoration_begin(store, backup_time, event);
}

enum pawl_result pawl_store_restoration_get(struct pawl_reader *reader,
                                            struct pawl_restoration *restoration)
{
    return reader->driver->restoration_get(reader, restoration);
}

enum pawl_result pawl_store_restoration_settle(struct pawl_store *store, uint64_t entry,
                                               const struct pawl_event *event)
{
    return store->driver->restoration_settle(store, entry, event);
}
