/* A device and its agent: reports, directives, downloads, trials, power. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "processor/engine.h"
#include "protocol/fleet.h"

#define SECOND 1000
#define POLL_AFTER (500 * SECOND)

const struct pawl_ram_geometry fleet_geometry = {
    .page_size = 512, .write_size = 8, .erased = 0xff, .slot_size = {4096, 4096}};

unsigned fleet_node_index(const struct fleet *fleet, const struct fleet_node *node)
{
    unsigned index = 0;

    while (fleet->nodes[index] != node)
        index++;
    return index;
}

struct fleet_node *fleet_node_add(struct fleet *fleet, unsigned unit)
{
    struct fleet_node *node = calloc(1, sizeof *node);

    if (node == NULL || fleet->node_count == FLEET_NODES_MAX)
        abort();
    pawl_test_device_init(&node->device, 1, &fleet_geometry);
    node->device.pud = fleet->units[unit].pud;
    node->device.ram.random = fleet_draw(fleet, UINT64_MAX);
    node->unit = unit;
    node->watched = true;
    pawl_test_witness_init(&node->witness, &node->device, fleet_issues, FLEET_RELEASES);
    fleet->nodes[fleet->node_count++] = node;
    return node;
}

void fleet_node_free(struct fleet_node *node)
{
    pawl_test_device_release(&node->device);
    if (node->has_kept)
        pawl_ram_port_release(&node->kept);
    free(node);
}

void fleet_node_poll_soon(struct fleet *fleet, unsigned index, int64_t delay)
{
    const struct fleet_event poll = {
        .kind = FLEET_POLL, .node = index, .mark = ++fleet->nodes[index]->timer};

    fleet_plan(fleet, &poll, delay);
}

/* What the device is, judged where it is in no trial; and whether anything went wrong before. */
static void judge(struct fleet *fleet, struct fleet_node *node)
{
    const char *wrong = NULL;

    if (!node->watched)
        return;
    if (node->on && pawl_test_device_state(&node->device) != PAWL_STATE_TRIAL)
        wrong = pawl_test_witness_judge(&node->witness);
    fleet_wrong(fleet, node->unit, wrong != NULL ? wrong : node->witness.wrong);
}

void fleet_node_power_cut(struct fleet *fleet, unsigned index)
{
    struct fleet_node *node = fleet->nodes[index];
    const struct fleet_event on = {.kind = FLEET_POWER_ON, .node = index, .mark = ++node->power};

    fleet_trace(fleet, index, "power is cut at %lu", (unsigned long)node->device.ram.counter);
    pawl_test_device_stop(&node->device);
    node->on = false;
    fleet_plan(fleet, &on, fleet->quiet ? 1 : 1 + (int64_t)fleet_draw(fleet, 120 * SECOND));
}

static void power_on(struct fleet *fleet, const struct fleet_event *event)
{
    struct fleet_node *node = fleet->nodes[event->node];

    if (event->mark != node->power)
        return;
    if (pawl_test_device_start(&node->device) != PAWL_OK && node->device.engine == NULL)
        fleet_wrong(fleet, node->unit, "the device does not start");
    node->on = node->device.engine != NULL;
    judge(fleet, node);
    fleet_node_poll_soon(fleet, event->node, 10 + (int64_t)fleet_draw(fleet, 20 * SECOND));
}

static void poll(struct fleet *fleet, const struct fleet_event *event)
{
    struct fleet_node *node = fleet->nodes[event->node];
    uint8_t bytes[PAWL_REPORT_SIZE_MAX];
    size_t size = 0;

    if (event->mark != node->timer || !node->on || fleet->units[node->unit].decommissioned)
        return;
    enum pawl_result result =
        pawl_processor_report(node->device.engine, bytes, sizeof bytes, &size);
    if (result != PAWL_OK) {
        fleet_wrong(fleet, node->unit, "the device makes no report");
        return;
    }
    if (pawl_test_device_state(&node->device) == PAWL_STATE_TRIAL)
        fleet_count(fleet, FLEET_TRIAL_POLL);
    if (!node->device.engine->has_challenge)
        fleet_count(fleet, FLEET_FIRST_CONTACT);
    memcpy(&node->nonce, node->device.engine->nonce, sizeof node->nonce);
    fleet_trace(fleet, event->node, "reports %lu, state %u",
                (unsigned long)node->device.ram.counter,
                (unsigned)pawl_test_device_state(&node->device));
    const struct fleet_event like = {.node = event->node,
                                     .replica = (unsigned)fleet_draw(fleet, CONTROL_REPLICAS),
                                     .mark = node->nonce};
    fleet_send(fleet, FLEET_REPORT, &like, bytes, size);
    fleet_node_poll_soon(fleet, event->node,
                         POLL_AFTER + (int64_t)fleet_draw(fleet, POLL_AFTER / 4));
}

/* Plans a cut in one of the next changes of the device's memory. */
static void cut_plan(struct fleet *fleet, struct fleet_node *node, uint64_t percent, uint64_t among)
{
    struct pawl_ram_port *ram = &node->device.ram;

    if (fleet->quiet || fleet_draw(fleet, 100) >= percent)
        return;
    ram->cut_at = ram->operations + 1 + fleet_draw(fleet, among);
    ram->tear = fleet_draw(fleet, 3);
    ram->cut_after = fleet_draw(fleet, 3) == 0;
}

static bool cut_came(struct fleet *fleet, unsigned index)
{
    struct pawl_ram_port *ram = &fleet->nodes[index]->device.ram;

    if (!ram->dead) {
        ram->cut_at = 0; /* it came too late */
        ram->tear = 0;
        return false;
    }
    fleet_count(fleet, FLEET_FLASH_CUT);
    fleet_node_power_cut(fleet, index);
    return true;
}

static const struct pawl_test_package *package_find(const uint8_t package_id[PAWL_PACKAGE_ID_SIZE])
{
    for (unsigned i = 0; i < FLEET_RELEASES; i++) {
        if (memcmp(fleet_issues[i].package.package_id, package_id, PAWL_PACKAGE_ID_SIZE) == 0)
            return &fleet_issues[i].package;
    }
    return NULL;
}

/* Downloads what a directive offers and starts its trial. */
static void download(struct fleet *fleet, unsigned index, const struct pawl_work *work)
{
    struct fleet_node *node = fleet->nodes[index];
    const struct pawl_test_package *package = package_find(work->package_id);

    if (package == NULL) {
        fleet_wrong(fleet, node->unit, "a package is offered that nobody released");
        return;
    }
    cut_plan(fleet, node, 6, 30);
    enum pawl_result result = PAWL_OK;
    if (work->fetch)
        result = pawl_test_device_fetch(&node->device, package, work->offset, 1024, UINT64_MAX);
    if (result == PAWL_OK)
        result = pawl_processor_install(node->device.engine);
    fleet_trace(fleet, index, "downloads: %s", pawl_result_name(result));
    if (cut_came(fleet, index))
        return;
    if (result != PAWL_OK) {
        fleet_node_poll_soon(fleet, index, SECOND);
        return;
    }
    const struct fleet_event ends = {
        .kind = FLEET_TRIAL_ENDS, .node = index, .mark = ++node->trial};
    fleet_plan(fleet, &ends, 1 + (int64_t)fleet_draw(fleet, 600 * SECOND));
    fleet_node_poll_soon(fleet, index, 1 + (int64_t)fleet_draw(fleet, 300 * SECOND));
}

/* Whether it committed since its counter stood at `before`; counts that. */
static bool has_committed(struct fleet *fleet, struct fleet_node *node, uint64_t before)
{
    const struct pawl_test_issue *issue;
    uint64_t counter = node->device.ram.counter;

    if (counter == before)
        return false;
    issue = node->witness.commits[counter].issue;
    node->committed = ++fleet->commits;
    if (issue != NULL && issue->release.revoked != 0)
        fleet_count(fleet, FLEET_REVOKED);
    if (node->device.pud.has_maximum && counter == node->device.pud.maximum)
        fleet_count(fleet, FLEET_MAXIMUM);
    return true;
}

/* What may befall a device just after its commit. */
static bool is_struck(struct fleet *fleet, unsigned index)
{
    if (fleet->quiet || fleet_draw(fleet, 100) >= 3)
        return false;
    fleet_flash_away(fleet, index);
    return true;
}

static void directive_arrives(struct fleet *fleet, const struct fleet_event *event)
{
    struct fleet_node *node = fleet->nodes[event->node];
    uint64_t before = node->device.ram.counter;
    struct pawl_work work;

    if (!node->on)
        return;
    cut_plan(fleet, node, 3, 8);
    enum pawl_result result =
        pawl_processor_directive(node->device.engine, event->bytes, event->size, &work);
    fleet_trace(fleet, event->node, "is told %u: %s", (unsigned)work.action,
                pawl_result_name(result));
    bool committed = has_committed(fleet, node, before);
    if (result == PAWL_OK && event->mark != node->nonce)
        fleet_wrong(fleet, node->unit, "a device took a directive that answers an older report");
    if (cut_came(fleet, event->node))
        return;
    judge(fleet, node);
    if (committed && is_struck(fleet, event->node))
        return;
    if (result == PAWL_UNTRUSTED || result == PAWL_STATE) {
        fleet_count(fleet, FLEET_OLD_DIRECTIVE);
        return;
    }
    if (result != PAWL_OK || committed)
        fleet_node_poll_soon(fleet, event->node, SECOND);
    else if (work.action == PAWL_ACTION_REPEAT)
        fleet_node_poll_soon(fleet, event->node, 10);
    else if (work.fetch || work.install)
        download(fleet, event->node, &work);
}

static void trial_ends(struct fleet *fleet, const struct fleet_event *event)
{
    static const enum pawl_run_event failures[] = {PAWL_RUN_EXITED_OTHER, PAWL_RUN_CRASHED,
                                                   PAWL_RUN_DEADLINE};
    struct fleet_node *node = fleet->nodes[event->node];
    uint64_t before = node->device.ram.counter;

    if (!node->on || event->mark != node->trial ||
        pawl_test_device_state(&node->device) != PAWL_STATE_TRIAL)
        return;
    /* An image whose criterion is contact runs until it has it. */
    bool fails = !fleet->quiet && fleet_draw(fleet, 100) < 12;
    if (!fails && node->device.engine->trial_success == PAWL_SUCCESS_CONTACT) {
        fleet_plan(fleet, event, 200 * SECOND);
        return;
    }
    cut_plan(fleet, node, 15, 6);
    enum pawl_result result = pawl_processor_ran(
        node->device.engine, fails ? failures[fleet_draw(fleet, 3)] : PAWL_RUN_EXITED_ZERO);
    fleet_trace(fleet, event->node, "trial ends, %s: %s", fails ? "fails" : "holds",
                pawl_result_name(result));
    bool committed = has_committed(fleet, node, before);
    if (cut_came(fleet, event->node))
        return;
    if (fails)
        fleet_count(fleet, FLEET_TRIAL_FAILED);
    else if (result != PAWL_OK)
        fleet_wrong(fleet, node->unit, "a proven image is not committed");
    judge(fleet, node);
    if (committed && is_struck(fleet, event->node))
        return;
    fleet_node_poll_soon(fleet, event->node, 10 + (int64_t)fleet_draw(fleet, 30 * SECOND));
}

void fleet_node_handle(struct fleet *fleet, const struct fleet_event *event)
{
    switch (event->kind) {
    case FLEET_POLL:
        poll(fleet, event);
        break;
    case FLEET_DIRECTIVE:
        directive_arrives(fleet, event);
        break;
    case FLEET_TRIAL_ENDS:
        trial_ends(fleet, event);
        break;
    case FLEET_POWER_ON:
        power_on(fleet, event);
        break;
    case FLEET_FLASH_BACK:
        fleet_flash_back(fleet, event->node);
        break;
    default:
        assert(false);
    }
}
