/* pawl notify: wakes devices, so that they report now (SPEC 19.8). */
#include "cli/client.h"
#include "cli/print.h"
#include "cli/target.h"
#include "cli/verbs.h"

static const char *class_name, *vendor, *group, *device, *message;

static const struct pawl_option options[] = {
    {"class", 0, "CLASS", "all devices of a class (name or id)", .text = &class_name},
    {"vendor", 0, "DOMAIN", "whose class it is", .text = &vendor, .configurable = true},
    {"group", 0, "GROUP", "all devices of a group", .text = &group},
    {"device", 0, "ID", "one device", .text = &device},
    {"message", 0, "TEXT", "have them show this message", .text = &message},
    PAWL_OPTION_SOCKET,
    PAWL_OPTION_JSON,
    {.name = NULL},
};

static json_t *target_make(void)
{
    if (group != NULL)
        return json_pack("{s:s}", "group", group);
    if (device != NULL)
        return json_pack("{s:s}", "device", device);
    if (pawl_class_is_id(class_name))
        return json_pack("{s:s}", "class", class_name);
    return json_pack("{s:s, s:s}", "class", class_name, "vendor", vendor);
}

static enum pawl_result notify(struct pawl_client *client)
{
    json_t *target = target_make(), *answer = NULL;
    json_t *body = message == NULL ? json_pack("{s:o}", "target", target)
                                   : json_pack("{s:o, s:s, s:s}", "target", target, "kind",
                                               "message", "message", message);
    if (body == NULL)
        return pawl_error(PAWL_MALFORMED, "a name or the message is not UTF-8 text");
    enum pawl_result result = pawl_client_json(
        client, "POST", message == NULL ? "/v1/notify" : "/v1/commands", body, &answer);
    return result == PAWL_OK ? pawl_print(answer) : result;
}

static int run(const struct pawl_option_list *operands)
{
    struct pawl_client *client = NULL;

    (void)operands;
    if ((class_name != NULL) + (group != NULL) + (device != NULL) != 1)
        return pawl_usage_error("give one of --class, --group and --device");
    if (class_name != NULL && !pawl_class_is_id(class_name) && vendor == NULL)
        return pawl_usage_error("--class needs --vendor, unless it is an id");
    if (device != NULL && !pawl_device_id_check(device))
        return PAWL_EXIT_USAGE;
    enum pawl_result result = pawl_client_open(&client);
    if (result == PAWL_OK) {
        result = notify(client);
        pawl_client_close(client);
    }
    return pawl_exit_code(result);
}

const struct pawl_verb pawl_verb_notify = {
    .name = "notify",
    .usage = {.command = "pawl notify",
              .operands = "",
              .summary = "wake devices, so that they report now",
              .details = "It reaches those whose agents listen to the broker of pawld "
                         "(--push-broker). With --message each of\nthem, at most 10000, is given "
                         "a command to show it."},
    .options = options,
    .run = run,
};
