/* Commands for devices (SPEC 19.4): POST, GET and DELETE of /v1/commands. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "headend/command.h"
#include "host/hex.h"
#include "host/options.h"
#include "pawl/package.h"
#include "server/once.h"
#include "server/operator_api.h"
#include "server/operator_json.h"
#include "store/commands.h"

/* The devices of a target: their numbers for the store, their ids for the cache. */
struct addressees {
    size_t count;
    uint64_t numbers[PAWL_COMMAND_DEVICES_MAX];
    uint8_t ids[PAWL_COMMAND_DEVICES_MAX][PAWL_ID_SIZE];
};

static enum pawl_result addressee_add(void *context, const struct pawl_device *device,
                                      int64_t last_seen)
{
    struct addressees *addressees = context;
    (void)last_seen;
    if (addressees->count == PAWL_COMMAND_DEVICES_MAX)
        return PAWL_EXHAUSTED;
    memcpy(addressees->ids[addressees->count], device->device_id, PAWL_ID_SIZE);
    addressees->numbers[addressees->count++] = device->number;
    return PAWL_OK;
}

/* A diagnostic's package must be there and be the devices' own: a direct one is for its device. */
static bool package_check(struct pawl_request *request, struct pawl_reader *reader,
                          const struct pawl_target *target, const struct pawl_command *command)
{
    struct pawl_package_row package;
    enum pawl_result result = pawl_store_package_get(reader, command->package_id, &package);
    if (result == PAWL_STATE || (result == PAWL_OK && !package.ready))
        pawl_request_refuse(request, PAWL_STATE,
                            "the package is not published here, or has no content key yet");
    else if (result != PAWL_OK)
        pawl_request_refuse(request, result, "cannot read the packages");
    else if (package.mode == PAWL_MODE_DIRECT && target->kind != PAWL_TARGET_DEVICE)
        pawl_request_refuse(request, PAWL_UNSUPPORTED,
                            "a package of direct mode is for its one device");
    else
        return true;
    return false;
}

static enum pawl_result addressees_read(struct pawl_reader *reader,
                                        const struct pawl_target *target,
                                        struct addressees *addressees)
{
    struct pawl_device device;
    if (target->kind != PAWL_TARGET_DEVICE)
        return pawl_store_device_visit(reader, target, addressee_add, addressees);
    enum pawl_result result = pawl_store_device_get(reader, target->id, &device);
    return result == PAWL_OK ? addressee_add(addressees, &device, 0) : result;
}

/* What is wrong is answered. */
static bool addressees_find(struct pawl_request *request, const struct pawl_target *target,
                            const struct pawl_command *command, struct addressees *addressees)
{
    struct pawl_server *server = request->server;
    struct pawl_reader *reader = NULL;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    bool good = result == PAWL_OK && (command->kind != PAWL_COMMAND_DIAGNOSTIC ||
                                      package_check(request, reader, target, command));
    if (good)
        result = addressees_read(reader, target, addressees);
    pawl_reader_return(&server->readers, reader);
    if (result == PAWL_EXHAUSTED)
        pawl_request_refuse(request, result, "one order is for at most %u devices",
                            PAWL_COMMAND_DEVICES_MAX);
    else if (result == PAWL_STATE)
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, result, "no such device");
    else if (result != PAWL_OK)
        pawl_request_refuse(request, result, "cannot read the devices");
    return good && result == PAWL_OK;
}

/* The argument that the kind takes, and no other. */
static bool argument_read(struct pawl_request *request, const json_t *body,
                          struct pawl_command *command)
{
    const json_t *message = json_object_get(body, "message");
    const json_t *seconds = json_object_get(body, "seconds");
    const json_t *package = json_object_get(body, "package_id");
    if ((message != NULL) != (command->kind == PAWL_COMMAND_MESSAGE) ||
        (seconds != NULL) != (command->kind == PAWL_COMMAND_POLL_INTERVAL) ||
        (package != NULL) != (command->kind == PAWL_COMMAND_DIAGNOSTIC)) {
        pawl_request_refuse(request, PAWL_MALFORMED,
                            "message takes \"message\", poll-interval \"seconds\", diagnostic "
                            "\"package_id\", and no other member");
        return false;
    }
    if (package != NULL)
        return pawl_member_id_read(request, package, "package_id", command->package_id,
                                   PAWL_PACKAGE_ID_SIZE);
    json_int_t number = json_integer_value(seconds);
    size_t size = json_string_length(message);
    if (seconds != NULL &&
        (number < (json_int_t)PAWL_COMMAND_POLL_MIN || number > (json_int_t)PAWL_POLL_AFTER_MAX)) {
        pawl_request_refuse(request, PAWL_MALFORMED, "seconds must be %u to %u",
                            PAWL_COMMAND_POLL_MIN, PAWL_POLL_AFTER_MAX);
        return false;
    }
    if (message != NULL && (size < 1 || size > PAWL_MESSAGE_SIZE_MAX ||
                            memchr(json_string_value(message), '\0', size) != NULL)) {
        pawl_request_refuse(request, PAWL_MALFORMED, "a message has 1 to %u bytes",
                            PAWL_MESSAGE_SIZE_MAX);
        return false;
    }
    command->seconds = (uint32_t)number;
    command->message_size = (uint32_t)size;
    if (message != NULL)
        memcpy(command->message, json_string_value(message), size);
    return true;
}

static bool command_read(struct pawl_request *request, const json_t *body,
                         struct pawl_command *command)
{
    const char *kind = json_string_value(json_object_get(body, "kind"));
    const json_t *life = json_object_get(body, "expires_in");
    json_int_t seconds = life != NULL ? json_integer_value(life) : PAWL_COMMAND_LIFE_DEFAULT;
    *command = (struct pawl_command){.created = (int64_t)time(NULL)};
    if (kind == NULL || !pawl_command_kind_find(kind, &command->kind)) {
        pawl_request_refuse(request, PAWL_MALFORMED,
                            "kind must be check-in, message, poll-interval or diagnostic");
        return false;
    }
    if (seconds < PAWL_COMMAND_LIFE_MIN || seconds > PAWL_COMMAND_LIFE_MAX) {
        pawl_request_refuse(request, PAWL_MALFORMED, "expires_in must be %d to %d seconds",
                            PAWL_COMMAND_LIFE_MIN, PAWL_COMMAND_LIFE_MAX);
        return false;
    }
    command->expires = command->created + seconds;
    memcpy(command->actor, request->actor, strnlen(request->actor, sizeof command->actor - 1));
    return argument_read(request, body, command);
}

/* What a command is, for lists and the audit. */
static json_t *command_json(const struct pawl_command *command)
{
    json_t *value = json_object();
    pawl_json_put(&value, "kind", json_string(pawl_command_kind_name(command->kind)));
    if (command->kind == PAWL_COMMAND_MESSAGE)
        pawl_json_put(&value, "message", json_stringn(command->message, command->message_size));
    if (command->kind == PAWL_COMMAND_POLL_INTERVAL)
        pawl_json_put(&value, "seconds", json_integer(command->seconds));
    if (command->kind == PAWL_COMMAND_DIAGNOSTIC)
        pawl_json_put(&value, "package_id",
                      pawl_hex_json(command->package_id, PAWL_PACKAGE_ID_SIZE));
    return value;
}

static enum MHD_Result command_queue(struct pawl_request *request, const struct pawl_target *target,
                                     const struct pawl_command *command,
                                     const struct addressees *addressees)
{
    struct pawl_server *server = request->server;
    bool single = target->kind == PAWL_TARGET_DEVICE;
    uint64_t first = 0;
    size_t added = 0;
    json_t *about = command_json(command);
    if (!single)
        pawl_json_put(&about, "target", pawl_target_json(target));
    char *detail = pawl_json_dump(about);
    const struct pawl_event event =
        pawl_operator_event(request, "command-given", single ? target->id : NULL, detail);
    enum pawl_result result = pawl_store_commands_add(server->store, command, addressees->numbers,
                                                      addressees->count, &event, &first, &added);
    free(detail);
    for (size_t i = 0; i < addressees->count; i++)
        pawl_device_cache_drop(server->devices, addressees->ids[i]);
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot write the command");
    pawl_push_target(server->push, target);
    if (single && added == 0)
        return pawl_request_refuse(request, PAWL_EXHAUSTED,
                                   "%u commands wait for the device already", PAWL_COMMANDS_MAX);
    return pawl_json_answer(request, MHD_HTTP_CREATED,
                            json_pack("{s:o, s:I}", "number",
                                      added == 1 ? pawl_number_json(first) : json_null(), "devices",
                                      (json_int_t)added));
}

static enum MHD_Result command_add_do(struct pawl_request *request)
{
    static const char *const members[] = {"target",     "kind",       "message", "seconds",
                                          "package_id", "expires_in", NULL};
    struct pawl_command command;
    struct pawl_target target;
    json_t *body = pawl_json_body_read(request, members);
    if (body == NULL)
        return MHD_YES;
    bool good = pawl_target_read(request, json_object_get(body, "target"), &target) &&
                command_read(request, body, &command);
    json_decref(body);
    if (!good)
        return MHD_YES;
    struct addressees *addressees = malloc(sizeof *addressees);
    if (addressees == NULL)
        return pawl_request_refuse(request, PAWL_EXHAUSTED, "no memory");
    addressees->count = 0;
    enum MHD_Result answered = MHD_YES;
    if (addressees_find(request, &target, &command, addressees))
        answered = command_queue(request, &target, &command, addressees);
    free(addressees);
    return answered;
}

static enum MHD_Result command_add_answer(struct pawl_request *request)
{
    return pawl_once_answer(request, command_add_do);
}

const struct pawl_handler pawl_command_add_handler = {
    .body_max = PAWL_SMALL_BODY_MAX,
    .answer = command_add_answer,
};

static enum pawl_result item_add(void *context, const struct pawl_command *command)
{
    struct pawl_numbered_list *list = context;
    json_t *item = command_json(command);
    pawl_json_put(&item, "number", pawl_number_json(command->number));
    pawl_json_put(&item, "device_id", pawl_hex_json(command->device_id, PAWL_ID_SIZE));
    pawl_json_put(&item, "actor", json_string(command->actor));
    pawl_json_put(&item, "created", json_integer((json_int_t)command->created));
    pawl_json_put(&item, "expires", json_integer((json_int_t)command->expires));
    list->last = command->number;
    return json_array_append_new(list->items, item) == 0 ? PAWL_OK : PAWL_EXHAUSTED;
}

/* ?device=ID, whose commands are listed; without it all are. */
static bool device_read(struct pawl_request *request, struct pawl_reader *reader, uint64_t *number)
{
    const char *text = pawl_request_argument(request, "device");
    struct pawl_device device;
    uint8_t id[PAWL_ID_SIZE];
    *number = 0;
    if (text == NULL)
        return true;
    if (pawl_hex_decode(text, id, sizeof id) != PAWL_OK) {
        pawl_request_refuse(request, PAWL_MALFORMED, "device must be %u hex digits",
                            2 * PAWL_ID_SIZE);
        return false;
    }
    enum pawl_result result = pawl_store_device_get(reader, id, &device);
    if (result == PAWL_STATE)
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE, "no such device");
    else if (result != PAWL_OK)
        pawl_request_refuse(request, result, "cannot read the device");
    else
        *number = device.number;
    return result == PAWL_OK;
}

static enum MHD_Result command_list_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    struct pawl_reader *reader = NULL;
    struct pawl_command_filter filter = {.now = (int64_t)time(NULL)};
    struct pawl_numbered_list list = {NULL, 0};
    uint64_t after;
    size_t limit;
    if (!pawl_limit_read(request, &limit) || !pawl_after_read(request, &after))
        return MHD_YES;
    enum pawl_result result = pawl_reader_borrow(&server->readers, &reader);
    bool good = result == PAWL_OK && device_read(request, reader, &filter.device);
    list.items = json_array();
    if (good)
        result = pawl_store_command_list(reader, &filter, after, limit, item_add, &list);
    pawl_reader_return(&server->readers, reader);
    if (result == PAWL_OK && !good) {
        json_decref(list.items);
        return MHD_YES;
    }
    return pawl_page_answer(request, result, list.items, limit, pawl_number_json(list.last),
                            "cannot read the commands");
}

const struct pawl_handler pawl_command_list_handler = {.answer = command_list_answer};

static enum MHD_Result command_cancel_answer(struct pawl_request *request)
{
    struct pawl_server *server = request->server;
    uint8_t device_id[PAWL_ID_SIZE];
    uint64_t number;
    if (pawl_number_parse(request->part, &number) != PAWL_OK || number > INT64_MAX)
        return pawl_request_refuse(request, PAWL_MALFORMED, "a command has a number");
    json_t *about = json_pack("{s:I}", "number", (json_int_t)number);
    char *detail = pawl_json_dump(about);
    struct pawl_event event = pawl_operator_event(request, "command-cancelled", NULL, detail);
    enum pawl_result result = pawl_store_command_cancel(server->store, number, &event, device_id);
    free(detail);
    if (result == PAWL_STATE)
        pawl_request_fail(request, MHD_HTTP_NOT_FOUND, PAWL_STATE, "no such command waits");
    if (result != PAWL_OK)
        return pawl_request_refuse(request, result, "cannot delete the command");
    pawl_device_cache_drop(server->devices, device_id);
    return pawl_json_answer(request, MHD_HTTP_OK, json_object());
}

const struct pawl_handler pawl_command_cancel_handler = {.answer = command_cancel_answer};
