#include "sim/shaky.h"

#include <assert.h>
#include <string.h>

#include "sim/ram_fault.h"

/* What is under way is kept as a range; it stays one if it was torn. */
static struct pawl_shaky_range *range_open(struct pawl_shaky *shaky)
{
    assert(shaky->count < PAWL_SHAKY_MAX);
    return &shaky->ranges[shaky->count];
}

static bool torn(const struct pawl_ram_port *ram)
{
    return ram->durable == NULL && ram->dead && ram->tear != 0 && ram->operations == ram->cut_at;
}

static enum pawl_result program(void *context, uint64_t offset, const void *bytes, size_t size)
{
    struct pawl_shaky *shaky = context;
    struct pawl_shaky_range *range = range_open(shaky);
    uint32_t unit = shaky->sound.write_size;

    enum pawl_result result = shaky->sound.program(context, offset, bytes, size);
    if (!torn(&shaky->ram))
        return result;
    size_t done = (size_t)(shaky->ram.tear_part - 1) * unit;
    range->offset = offset + done;
    range->size = unit;
    memset(range->before, shaky->sound.erased, unit);
    memcpy(range->after, (const uint8_t *)bytes + done, unit);
    for (range->shows = 0; range->shows < unit; range->shows++) {
        if (range->after[range->shows] != shaky->sound.erased)
            break;
    }
    shaky->count++;
    return result;
}

/* Pages that are erased shake no more. */
static void ranges_drop(struct pawl_shaky *shaky, uint64_t offset, uint64_t size)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < shaky->count; i++) {
        const struct pawl_shaky_range *range = &shaky->ranges[i];
        if (range->offset < offset || range->offset >= offset + size)
            shaky->ranges[kept++] = *range;
    }
    shaky->count = kept;
}

static enum pawl_result erase(void *context, uint64_t offset, uint64_t size)
{
    struct pawl_shaky *shaky = context;
    struct pawl_shaky_range *range = range_open(shaky);
    uint32_t page = shaky->sound.page_size;

    assert(page <= PAWL_SHAKY_SIZE_MAX);
    if (shaky->ram.operations + 1 == shaky->ram.cut_at && shaky->ram.tear != 0) {
        range->offset = offset + (shaky->ram.tear_part - 1) * page;
        memcpy(range->before, shaky->ram.flash + range->offset, page);
    }
    enum pawl_result result = shaky->sound.erase(context, offset, size);
    if (result == PAWL_OK)
        ranges_drop(shaky, offset, size);
    if (!torn(&shaky->ram))
        return result;
    range->size = page;
    range->shows = page;
    memset(range->after, shaky->sound.erased, page);
    shaky->count++;
    return result;
}

/* Before each read: as before, as after, or mixed. */
static void shake(struct pawl_shaky *shaky, const struct pawl_shaky_range *range)
{
    uint8_t *bytes = shaky->ram.flash + range->offset;
    uint64_t way = pawl_ram_draw(&shaky->random) % 4;

    memcpy(bytes, way == 0 ? range->before : range->after, range->size);
    for (size_t i = 0; way > 1 && i < range->size; i++) {
        uint8_t mask = (uint8_t)(pawl_ram_draw(&shaky->random) & 0xff);
        bytes[i] = (uint8_t)((range->before[i] & mask) | (range->after[i] & ~mask));
    }
    if (range->shows < range->size)
        bytes[range->shows] = range->after[range->shows];
}

static enum pawl_result read(void *context, uint64_t offset, void *bytes, size_t size)
{
    struct pawl_shaky *shaky = context;

    for (unsigned i = 0; i < shaky->count && !shaky->ram.dead; i++) {
        const struct pawl_shaky_range *range = &shaky->ranges[i];
        if (range->offset < offset + size && offset < range->offset + range->size) {
            shake(shaky, range);
            shaky->shaken++;
        }
    }
    return shaky->sound.read(context, offset, bytes, size);
}

void pawl_shaky_init(struct pawl_shaky *shaky, const struct pawl_ram_geometry *geometry)
{
    memset(shaky, 0, sizeof *shaky);
    pawl_ram_port_init(&shaky->ram, geometry);
    shaky->sound = shaky->ram.port.flash;
    shaky->ram.port.flash.read = read;
    shaky->ram.port.flash.program = program;
    shaky->ram.port.flash.erase = erase;
}

void pawl_shaky_release(struct pawl_shaky *shaky)
{
    pawl_ram_port_release(&shaky->ram);
}
