#include "processor/flash.h"
#include "processor/record_slot.h"

#define PAGE_SIZE_MIN 256u
#define AREA_COUNT (2u * PAWL_SLOT_COUNT)

static bool power_of_two(uint32_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static bool callbacks_are_set(const struct pawl_port *port)
{
    const struct pawl_flash *flash = &port->flash;
    const struct pawl_protected *store = &port->protected_store;
    const struct pawl_executor *executor = &port->executor;

    return flash->read && flash->program && flash->erase && store->counter_read &&
           store->counter_increment && store->cell_read && store->cell_write &&
           executor->load_begin && executor->load && executor->load_abort && executor->run &&
           executor->stop && port->entropy;
}

/* Whether an area is made of 2^halvings parts of whole pages, with at least `size_min` bytes each.
 */
static bool area_fits(const struct pawl_area *area, uint32_t page_size, unsigned halvings,
                      size_t size_min)
{
    size_t part = area->size >> halvings;

    return part >= size_min && part << halvings == area->size &&
           ((area->offset | part) & (page_size - 1)) == 0 && area->size <= SIZE_MAX - area->offset;
}

static bool all_areas_are_apart(const struct pawl_flash *flash)
{
    const struct pawl_area *areas[AREA_COUNT] = {&flash->slots[0], &flash->slots[1],
                                                 &flash->records[0], &flash->records[1]};

    for (unsigned i = 0; i < AREA_COUNT; i++) {
        for (unsigned j = 0; j < i; j++) {
            if (!pawl_areas_are_apart(areas[i], areas[j]))
                return false;
        }
    }
    return true;
}

static bool flash_is_sound(const struct pawl_flash *flash)
{
    if (!power_of_two(flash->page_size) || flash->page_size < PAGE_SIZE_MIN ||
        !power_of_two(flash->write_size) || flash->write_size > PAWL_WRITE_SIZE_MAX ||
        flash->write_size > flash->page_size || (flash->erased != 0xff && flash->erased != 0))
        return false;
    size_t half_min = pawl_record_half_min(flash->write_size);
    for (unsigned slot = 0; slot < PAWL_SLOT_COUNT; slot++) {
        if (!area_fits(&flash->slots[slot], flash->page_size, 0, flash->page_size) ||
            !area_fits(&flash->records[slot], flash->page_size, 1, half_min))
            return false;
    }
    return all_areas_are_apart(flash);
}

enum pawl_result pawl_port_check(const struct pawl_port *port)
{
    return callbacks_are_set(port) && flash_is_sound(&port->flash) ? PAWL_OK : PAWL_STATE;
}
