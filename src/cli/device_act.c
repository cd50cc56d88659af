#include "cli/device_act.h"

#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/device_bulk.h"
#include "cli/target.h"

/* What an act takes behind the device. */
enum operand { NOTHING = 0, GROUP = 1, LABEL = 2 };

static const struct act {
    const char *name;
    const char *method;
    const char *resource; /* behind the device's own */
    enum operand operand;
    bool needs_reason;
} acts[] = {
    {"group", "PUT", "/group", GROUP, false},
    {"label", "PUT", "/labels", LABEL, false},
    {"release", "POST", "/release", NOTHING, true},
    {"retry", "POST", "/retry", NOTHING, false},
    {"decommission", "POST", "/decommission", NOTHING, true},
};

/* An act with all that it needs. */
struct order {
    const struct act *act;
    const struct pawl_device_act_options *options;
    const char *device; /* NULL: those of a list */
    const char *group;  /* NULL: none */
    char key[64];
    const char *value; /* of a label; NULL: it is taken away */
};

static const struct act *act_find(const char *word)
{
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
        if (strcmp(acts[i].name, word) == 0)
            return &acts[i];
    return NULL;
}

bool pawl_device_act_is(const char *word)
{
    return act_find(word) != NULL;
}

/* KEY=VALUE; KEY= takes the key away. False after a usage error. */
static bool label_read(const char *text, struct order *order)
{
    const char *sign = text != NULL ? strchr(text, '=') : NULL;
    size_t size = sign != NULL ? (size_t)(sign - text) : 0;

    if (size == 0 || size >= sizeof order->key) {
        pawl_usage_error("label takes KEY=VALUE, or KEY= to take the key away");
        return false;
    }
    memcpy(order->key, text, size);
    order->value = sign[1] != '\0' ? sign + 1 : NULL;
    return true;
}

/* Judges operands and options together. False after a usage error. */
static bool order_read(const struct pawl_option_list *operands, struct order *order)
{
    const struct pawl_device_act_options *options = order->options;
    const struct act *act = order->act;
    size_t at = 1;
    const char *more = NULL;

    if (options->devices == NULL && operands->count > at)
        order->device = operands->items[at++];
    if (operands->count > at && act->operand != NOTHING)
        more = operands->items[at++];
    if (options->devices == NULL && order->device == NULL) {
        pawl_usage_error("%s takes a DEVICE_ID, or --devices FILE", act->name);
        return false;
    }
    if (order->device != NULL && !pawl_device_id_check(order->device))
        return false;
    if (operands->count > at) {
        pawl_usage_error("'%s': too many operands", operands->items[at]);
        return false;
    }
    if ((act->needs_reason && options->reason == NULL) ||
        (options->devices == NULL && (options->report != NULL || options->dry_run)) ||
        (options->reason != NULL && strcmp(act->name, "retry") == 0 && options->devices == NULL)) {
        pawl_usage_error(act->needs_reason && options->reason == NULL ? "%s needs a --reason"
                         : options->reason != NULL && options->devices == NULL &&
                                 strcmp(act->name, "retry") == 0
                             ? "%s of one device takes no --reason"
                             : "%s: --dry-run and --report belong to --devices",
                         act->name);
        return false;
    }
    if (act->operand == LABEL)
        return !options->none ? label_read(more, order) : label_read(NULL, order);
    if (options->none != (act->operand == GROUP && more == NULL)) {
        pawl_usage_error("group, and it alone, takes a GROUP or --none");
        return false;
    }
    order->group = more;
    return true;
}

static json_t *body_make(const struct order *order)
{
    const char *reason = order->options->reason;

    if (order->act->operand == GROUP)
        return json_pack("{s:s?, s:s*}", "group", order->group, "reason", reason);
    if (order->act->operand == LABEL)
        return json_pack("{s:s, s:s?, s:s*}", "key", order->key, "value", order->value, "reason",
                         reason);
    return json_pack("{s:s*}", "reason", reason);
}

static int one_do(const struct order *order)
{
    struct pawl_client *client = NULL;
    json_t *answer = NULL, *body = NULL;
    char path[96];
    bool is_retry = strcmp(order->act->name, "retry") == 0;

    if (!is_retry && (body = body_make(order)) == NULL)
        return pawl_exit_code(pawl_error(PAWL_MALFORMED, "that is not UTF-8 text"));
    snprintf(path, sizeof path, "/v1/devices/%s%s", order->device, order->act->resource);
    enum pawl_result result = pawl_client_open(&client);
    if (result != PAWL_OK) {
        json_decref(body);
        return pawl_exit_code(result);
    }
    result = pawl_client_json(client, order->act->method, path, body, &answer);
    pawl_client_close(client);
    bool changed = json_is_true(json_object_get(answer, "changed"));
    json_decref(answer);
    if (result != PAWL_OK)
        return pawl_exit_code(result);
    return changed ? PAWL_EXIT_DONE : pawl_nothing("the device is so already");
}

static int list_do(const struct order *order)
{
    const struct pawl_device_act_options *options = order->options;
    bool grouping = order->act->operand == GROUP, labelling = order->act->operand == LABEL;
    const char *const query[] = {"group",  grouping ? order->group : NULL,
                                 "none",   grouping && order->group == NULL ? "true" : NULL,
                                 "key",    labelling ? order->key : NULL,
                                 "value",  labelling ? order->value : NULL,
                                 "reason", options->reason,
                                 NULL};
    const struct pawl_device_bulk bulk = {
        .act = order->act->name,
        .query = query,
        .devices = options->devices,
        .report = options->report,
        .dry_run = options->dry_run,
    };

    return pawl_device_bulk_run(&bulk);
}

int pawl_device_act_run(const struct pawl_option_list *operands,
                        const struct pawl_device_act_options *options)
{
    struct order order = {.act = act_find(operands->items[0]), .options = options};

    if (!order_read(operands, &order))
        return PAWL_EXIT_USAGE;
    return order.device != NULL ? one_do(&order) : list_do(&order);
}
