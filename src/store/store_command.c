/* Commands in the contract: store.c for the rest. */
#include "store/driver.h"

enum pawl_result pawl_store_commands_add(struct pawl_store *store,
                                         const struct pawl_command *command,
                                         const uint64_t *devices, size_t count,
                                         const struct pawl_event *event, uint64_t *first,
                                         size_t *added)
{
    return store->driver->commands_add(store, command, devices, count, event, first, added);
}

enum pawl_result pawl_store_command_list(struct pawl_reader *reader,
                                         const struct pawl_command_filter *filter, uint64_t after,
                                         size_t limit, pawl_command_fn visit, void *context)
{
    return reader->driver->command_list(reader, filter, after, limit, visit, context);
}

struct first_command {
    struct pawl_command *command;
    bool found;
};

static enum pawl_result first_command_take(void *context, const struct pawl_command *command)
{
    struct first_command *first = context;
    *first->command = *command;
    first->found = true;
    return PAWL_OK;
}

enum pawl_result pawl_store_command_first(struct pawl_reader *reader, uint64_t device, int64_t now,
                                          struct pawl_command *command)
{
    const struct pawl_command_filter filter = {.device = device, .now = now};
    struct first_command first = {.command = command};
    enum pawl_result result =
        pawl_store_command_list(reader, &filter, 0, 1, first_command_take, &first);
    return result == PAWL_OK && !first.found ? PAWL_STATE : result;
}

enum pawl_result pawl_store_command_cancel(struct pawl_store *store, uint64_t number,
                                           struct pawl_event *event,
                                           uint8_t device_id[PAWL_ID_SIZE])
{
    return store->driver->command_cancel(store, number, event, device_id);
}

enum pawl_result pawl_store_commands_end(struct pawl_store *store, struct pawl_command_end *ends,
                                         size_t count)
{
    return count == 0 ? PAWL_OK : store->driver->commands_end(store, ends, count);
}
