/* The contract of storage for commands (SPEC 19.2): some rows for few devices, ended when they were
 * taken. Threads, durability and errors are those of store/store.h. */
#ifndef PAWL_STORE_COMMANDS_H
#define PAWL_STORE_COMMANDS_H

#include "headend/command.h"
#include "store/store.h"

/* Queues `command` (its number and device do not matter) for each of `count` devices, by their
 * numbers, in one transaction; of a poll interval the device's own is set at once. Devices whose
 * queue is full and numbers that are no device's are left out: `*added` is how many were not,
 * `*first` the lowest number of a command. The event's detail is told the numbers. */
enum pawl_result pawl_store_commands_add(struct pawl_store *store,
                                         const struct pawl_command *command,
                                         const uint64_t *devices, size_t count,
                                         const struct pawl_event *event, uint64_t *first,
                                         size_t *added);

struct pawl_command_filter {
    uint64_t device; /* number; 0: all devices' */
    int64_t now;     /* those that have expired by then are left out */
    bool expired;    /* of all devices those that have, and no others, by when they did */
};

/* Lists commands by ascending number above `after`, at most `limit`. */
typedef enum pawl_result (*pawl_command_fn)(void *context, const struct pawl_command *command);
enum pawl_result pawl_store_command_list(struct pawl_reader *reader,
                                         const struct pawl_command_filter *filter, uint64_t after,
                                         size_t limit, pawl_command_fn visit, void *context);

/* The oldest of a device that has not expired. PAWL_STATE when there is none. */
enum pawl_result pawl_store_command_first(struct pawl_reader *reader, uint64_t device, int64_t now,
                                          struct pawl_command *command);

/* Deletes one; `device_id` tells whose it was, and so does the event. PAWL_STATE when there is
 * none. */
enum pawl_result pawl_store_command_cancel(struct pawl_store *store, uint64_t number,
                                           struct pawl_event *event,
                                           uint8_t device_id[PAWL_ID_SIZE]);

/* A command that ends, because it was taken or has expired. */
struct pawl_command_end {
    uint64_t device; /* number */
    uint64_t number;
    const struct pawl_event *event; /* NULL: nothing to audit */
    enum pawl_result result;        /* set: PAWL_OK, or PAWL_STATE: it was no longer there */
};

/* Ends many in one transaction. */
enum pawl_result pawl_store_commands_end(struct pawl_store *store, struct pawl_command_end *ends,
                                         size_t count);

#endif
