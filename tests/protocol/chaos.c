/* What befalls devices and servers, and what operators do about it. */
#include <stdlib.h>
#include <string.h>

#include "protocol/fleet.h"

static struct fleet_node *node_draw(struct fleet *fleet)
{
    return fleet->nodes[fleet_draw(fleet, fleet->node_count)];
}

static struct fleet_unit *unit_of(struct fleet *fleet, const struct fleet_node *node)
{
    return &fleet->units[node->unit];
}

void fleet_unit_add(struct fleet *fleet, uint64_t counter)
{
    struct fleet_unit *unit = &fleet->units[fleet->unit_count];

    if (fleet->unit_count == FLEET_UNITS_MAX)
        abort();
    *unit = (struct fleet_unit){.honest = true};
    pawl_test_pud_make(1000 + fleet->unit_count, &unit->pud);
    pawl_test_pud_trust(&unit->pud, 3);
    unit->pud.has_maximum = fleet_draw(fleet, 12) == 0;
    unit->pud.maximum = unit->pud.has_maximum ? counter + 1 + fleet_draw(fleet, 3) : 0;
    control_import(&unit->pud);
    fleet->unit_count++;
}

void fleet_release_assign(struct fleet *fleet)
{
    const struct pawl_test_issue *issue = &fleet_issues[fleet->release_count];

    fleet->assignments[fleet->release_count++] =
        control_assign(&issue->package, issue->release.security_version);
}

/* The memory that somebody could read and write: flash, and where the counter is not protected,
 * all. */
static void memory_keep(struct fleet_node *node)
{
    if (node->is_away) /* it is what will come back */
        return;
    if (!node->has_kept)
        pawl_ram_port_init(&node->kept, &fleet_geometry);
    node->has_kept = true;
    pawl_ram_port_copy(&node->kept, &node->device.ram);
    node->kept_committed = node->committed;
}

/* Its record is gone for this sequence number, or is one that the cell does not vouch for: with it
 * floor and mask (SPEC 13.6). */
static void record_lost(struct fleet *fleet, struct fleet_node *node)
{
    node->witness.commits[node->device.ram.counter] =
        (struct pawl_test_commit){.anchor_mask = (1u << node->device.pud.anchor_count) - 1};
    node->witness.attempted = NULL;
    unit_of(fleet, node)->uncertain = true;
}

static void flash_lose(struct fleet *fleet, struct fleet_node *node)
{
    struct pawl_ram_port *ram = &node->device.ram;

    fleet_node_power_cut(fleet, fleet_node_index(fleet, node));
    memset(ram->flash, ram->port.flash.erased, ram->flash_size);
    memset(ram->written, 0, ram->flash_size / ram->port.flash.write_size);
    record_lost(fleet, node);
    fleet_count(fleet, FLEET_FLASH_LOST);
}

/* Old flash under the newer counter. */
static void flash_restore(struct fleet *fleet, struct fleet_node *node)
{
    struct pawl_ram_port *ram = &node->device.ram;
    uint64_t counter = ram->counter;
    uint8_t cells[2][PAWL_CELL_SIZE];

    if (!node->has_kept || node->kept.counter == counter)
        return;
    fleet_node_power_cut(fleet, fleet_node_index(fleet, node));
    memcpy(cells, ram->cells, sizeof cells);
    pawl_ram_port_copy(ram, &node->kept);
    ram->counter = counter;
    memcpy(ram->cells, cells, sizeof cells);
    record_lost(fleet, node);
    fleet_count(fleet, FLEET_FLASH_RESTORED);
}

void fleet_flash_away(struct fleet *fleet, unsigned index)
{
    struct fleet_node *node = fleet->nodes[index];
    const struct fleet_event back = {.kind = FLEET_FLASH_BACK, .node = index};

    if (node->is_away)
        return;
    memory_keep(node);
    node->is_away = true;
    node->away = node->witness.commits[node->device.ram.counter];
    flash_lose(fleet, node);
    fleet_plan(fleet, &back, 1 + (int64_t)fleet_draw(fleet, 1500000));
}

/* The same flash under the same counter, if nothing was committed meanwhile. */
void fleet_flash_back(struct fleet *fleet, unsigned index)
{
    struct fleet_node *node = fleet->nodes[index];
    struct pawl_ram_port *ram = &node->device.ram;

    node->is_away = false;
    if (node->kept.counter != ram->counter || node->kept_committed != node->committed ||
        memcmp(node->kept.cells, ram->cells, sizeof ram->cells) != 0 ||
        node->personal == ram->counter)
        return;
    fleet_node_power_cut(fleet, index);
    pawl_ram_port_copy(ram, &node->kept);
    node->witness.commits[ram->counter] = node->away;
    node->witness.attempted = NULL;
    fleet_count(fleet, FLEET_FLASH_AWAY);
}

/* All of it, on a device whose counter is not protected. */
static void memory_restore(struct fleet *fleet, struct fleet_node *node)
{
    struct fleet_unit *unit = unit_of(fleet, node);

    if (!node->has_kept || node->kept.counter == node->device.ram.counter || !unit->honest)
        return;
    fleet_node_power_cut(fleet, fleet_node_index(fleet, node));
    pawl_ram_port_copy(&node->device.ram, &node->kept);
    node->committed = node->kept_committed;
    node->watched = false;
    unit->honest = false;
    unit->must_be_found = control_record(&unit->pud).sequence > node->kept.counter;
    fleet_count(fleet, FLEET_MEMORY_RESTORED);
}

static void clone(struct fleet *fleet, struct fleet_node *node)
{
    struct fleet_unit *unit = unit_of(fleet, node);

    if (!unit->honest || unit->decommissioned || !node->watched ||
        fleet->node_count == FLEET_NODES_MAX)
        return;
    fleet_node_power_cut(fleet, fleet_node_index(fleet, node));
    struct fleet_node *copy = fleet_node_add(fleet, node->unit);
    pawl_ram_port_copy(&copy->device.ram, &node->device.ram);
    pawl_test_witness_copy(&copy->witness, &node->witness, &copy->device);
    copy->committed = node->committed;
    unit->honest = false;
    fleet_node_power_cut(fleet, fleet_node_index(fleet, copy));
    fleet_count(fleet, FLEET_CLONED);
}

/* SPEC 3.6: the factory gives the device a new identity; its counter stays where it is. */
static void repersonalize(struct fleet *fleet, struct fleet_node *node)
{
    struct fleet_unit *old = unit_of(fleet, node);

    if (!old->honest || old->decommissioned || fleet->unit_count == FLEET_UNITS_MAX)
        return;
    fleet_node_power_cut(fleet, fleet_node_index(fleet, node));
    control_decommission(&old->pud);
    old->decommissioned = true;
    fleet_unit_add(fleet, node->device.ram.counter);
    node->unit = fleet->unit_count - 1;
    node->device.pud = unit_of(fleet, node)->pud;
    node->personal = (unsigned)node->device.ram.counter;
    record_lost(fleet, node);
    fleet_count(fleet, FLEET_REPERSONALIZED);
}

/* An operator vouches for a device that was found, rightly or not. */
static void quarantine_end(struct fleet *fleet)
{
    unsigned first = (unsigned)fleet_draw(fleet, fleet->unit_count);

    for (unsigned i = 0; i < fleet->unit_count; i++) {
        struct fleet_unit *unit = &fleet->units[(first + i) % fleet->unit_count];
        if (unit->honest || unit->decommissioned ||
            control_record(&unit->pud).standing != PAWL_STANDING_QUARANTINED)
            continue;
        control_release(&unit->pud);
        unit->must_be_found = false;
        fleet_count(fleet, FLEET_RELEASED);
        return;
    }
}

static void backup(struct fleet *fleet)
{
    control_backup();
    fleet->has_backup = true;
    for (unsigned i = 0; i < fleet->unit_count; i++) {
        fleet->units[i].in_backup = true;
        fleet->units[i].gone_in_backup = fleet->units[i].decommissioned;
    }
    for (unsigned i = 0; i < fleet->release_count; i++)
        fleet->assigned_in_backup[i] = true;
}

/* The backup is put back, and the operator does again what was done since. */
static void restore(struct fleet *fleet)
{
    if (!fleet->has_backup)
        return;
    fleet->faults[FLEET_WRITE_LOST] += fleet_writes_drop(CONTROL_REPLICAS);
    control_restore();
    for (unsigned i = 0; i < fleet->unit_count; i++) {
        struct fleet_unit *unit = &fleet->units[i];
        unit->must_be_found = false;
        if (!unit->in_backup)
            control_import(&unit->pud);
        if (unit->decommissioned && !unit->gone_in_backup)
            control_decommission(&unit->pud);
    }
    for (unsigned i = 0; i < fleet->release_count; i++) {
        const struct pawl_test_issue *issue = &fleet_issues[i];
        if (!fleet->assigned_in_backup[i])
            fleet->assignments[i] =
                control_assign(&issue->package, issue->release.security_version);
    }
    fleet_count(fleet, FLEET_BACKUP_RESTORED);
    backup(fleet);
}

static void clock_jump(struct fleet *fleet)
{
    static const int64_t sizes[] = {10, 25, 600, 4000};
    int64_t size = sizes[fleet_draw(fleet, 4)];

    fleet->offsets[fleet_draw(fleet, CONTROL_REPLICAS)] =
        (int64_t)fleet_draw(fleet, (uint64_t)(2 * size)) - size;
    fleet_count(fleet, FLEET_CLOCK);
}

void fleet_chaos(struct fleet *fleet)
{
    uint64_t luck = fleet_draw(fleet, 1000);
    struct fleet_node *node = node_draw(fleet);
    unsigned index = fleet_node_index(fleet, node);

    if (luck < 300) {
        fleet_count(fleet, FLEET_POWER);
        fleet_node_power_cut(fleet, index);
    } else if (luck < 350) {
        fleet_replica_kill(fleet, (unsigned)fleet_draw(fleet, CONTROL_REPLICAS));
    } else if (luck < 400) {
        clock_jump(fleet);
    } else if (luck < 460) {
        memory_keep(node);
    } else if (luck < 490) {
        flash_lose(fleet, node);
    } else if (luck < 600) {
        flash_restore(fleet, node);
    } else if (luck < 620) {
        repersonalize(fleet, node);
    } else if (luck < 660 && fleet->clones) {
        clone(fleet, node);
    } else if (luck < 760 && fleet->clones) {
        memory_restore(fleet, node);
    } else if (luck < 780 && fleet->clones) {
        quarantine_end(fleet);
    } else if (luck < 800 && fleet->restores) {
        backup(fleet);
    } else if (luck < 815 && fleet->restores) {
        restore(fleet);
    }
}
