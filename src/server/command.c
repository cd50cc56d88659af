#include "server/command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "server/directive.h"

enum pawl_command_turn pawl_exchange_command_find(struct pawl_exchange *exchange, bool offers,
                                                  struct pawl_command *command)
{
    struct pawl_reader *reader = NULL;
    enum pawl_result result = pawl_exchange_reader_get(exchange, &reader);
    if (result == PAWL_OK)
        result = pawl_store_command_first(reader, exchange->device.number, exchange->now, command);
    return result == PAWL_OK
               ? pawl_command_decide(command, &exchange->report, exchange->challenged, offers)
               : PAWL_COMMAND_WAITS;
}

static enum pawl_result diagnostic_fill(struct pawl_exchange *exchange,
                                        const struct pawl_command *command,
                                        struct pawl_directive *directive)
{
    struct pawl_plan_entry entry = {.assignment = 0};
    struct pawl_reader *reader = NULL;
    memcpy(entry.package_id, command->package_id, sizeof entry.package_id);
    enum pawl_result result = pawl_exchange_reader_get(exchange, &reader);
    if (result == PAWL_OK)
        result =
            pawl_directive_offer(exchange->server, reader, &exchange->device, &entry, directive);
    directive->diagnostic = result == PAWL_OK;
    return result;
}

enum MHD_Result pawl_exchange_command(struct pawl_exchange *exchange,
                                      const struct pawl_command *command)
{
    struct pawl_directive directive;
    if (!pawl_exchange_directive_begin(exchange, &directive))
        return MHD_YES;
    if (command->kind == PAWL_COMMAND_DIAGNOSTIC &&
        diagnostic_fill(exchange, command, &directive) != PAWL_OK)
        return pawl_exchange_send(exchange, &directive); /* its package has gone: it expires */
    directive.command = command->number;
    directive.message_size = command->message_size;
    memcpy(directive.message, command->message, command->message_size);
    return pawl_exchange_send(exchange, &directive);
}

void pawl_command_detail(const struct pawl_command *command, const struct pawl_report *report,
                         char *detail, size_t size)
{
    bool ended = command->kind == PAWL_COMMAND_DIAGNOSTIC && report->has_failure &&
                 memcmp(report->failed_package_id, command->package_id, PAWL_PACKAGE_ID_SIZE) == 0;
    int head = snprintf(detail, size, "{\"number\":%" PRIu64 ",\"kind\":\"%s\"", command->number,
                        pawl_command_kind_name(command->kind));
    if (ended)
        snprintf(detail + head, size - (size_t)head, ",\"code\":%" PRIu64 "}", report->failure);
    else
        snprintf(detail + head, size - (size_t)head, "}");
}

#define EXPIRE_MAX 64u /* in one go: the tick comes again */

struct expired {
    size_t count;
    struct pawl_command_end ends[EXPIRE_MAX];
    struct pawl_event events[EXPIRE_MAX];
    uint8_t ids[EXPIRE_MAX][PAWL_ID_SIZE];
    char details[EXPIRE_MAX][PAWL_COMMIT_DETAIL_SIZE];
    int64_t now;
};

static enum pawl_result expired_add(void *context, const struct pawl_command *command)
{
    static const struct pawl_report none = {.has_failure = false};
    struct expired *expired = context;
    size_t i = expired->count++;
    memcpy(expired->ids[i], command->device_id, PAWL_ID_SIZE);
    pawl_command_detail(command, &none, expired->details[i], sizeof expired->details[i]);
    expired->events[i] = (struct pawl_event){.time = expired->now,
                                             .actor = "pawld",
                                             .action = "command-expired",
                                             .device_id = expired->ids[i],
                                             .detail = expired->details[i]};
    expired->ends[i] = (struct pawl_command_end){
        .device = command->device, .number = command->number, .event = &expired->events[i]};
    return PAWL_OK;
}

enum pawl_result pawl_commands_expire(struct pawl_server *server, int64_t now)
{
    const struct pawl_command_filter filter = {.now = now, .expired = true};
    struct expired expired = {.now = now};
    struct pawl_reader *reader = NULL;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    if (result == PAWL_OK)
        result = pawl_store_command_list(reader, &filter, 0, EXPIRE_MAX, expired_add, &expired);
    pawl_reader_return(&server->readers, reader);
    if (result == PAWL_OK)
        result = pawl_store_commands_end(server->store, expired.ends, expired.count);
    for (size_t i = 0; i < expired.count; i++)
        pawl_device_cache_drop(server->devices, expired.ids[i]);
    return result;
}
