#include "sim/ram_fault.h"

enum pawl_ram_fate pawl_ram_change(struct pawl_ram_port *ram, enum pawl_ram_operation operation,
                                   uint64_t parts)
{
    if (ram->operations < ram->parts_count)
        ram->parts[ram->operations] = (uint32_t)parts;
    ram->operations++;
    ram->counts[operation]++;
    if (ram->dead)
        return PAWL_RAM_NOT_DONE;
    bool cut = ram->operations == ram->cut_at;
    bool fails = ram->operations == ram->change_fails_at;
    ram->dead = cut;
    if (fails) {
        ram->failed = true;
        ram->failed_operation = operation;
    }
    if (!cut && !fails)
        return PAWL_RAM_DONE;
    if (ram->cut_after)
        return PAWL_RAM_DONE_UNHEARD;
    return ram->tear != 0 && parts > 0 ? PAWL_RAM_TORN : PAWL_RAM_NOT_DONE;
}

enum pawl_result pawl_ram_told(const struct pawl_ram_port *ram, enum pawl_ram_fate fate)
{
    bool lies = ram->change_lies && !ram->dead;
    return fate == PAWL_RAM_DONE || lies ? PAWL_OK : PAWL_IO;
}

bool pawl_ram_read(struct pawl_ram_port *ram)
{
    ram->reads++;
    if (ram->reads == ram->read_fails_at)
        ram->failed = true;
    return !ram->dead && ram->reads != ram->read_fails_at;
}

uint64_t pawl_ram_draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

uint64_t pawl_ram_torn_part(struct pawl_ram_port *ram, uint64_t parts)
{
    return ram->tear_part != 0 ? ram->tear_part - 1 : pawl_ram_draw(&ram->tear) % parts;
}

bool pawl_ram_part_is_sampled(uint64_t at, uint64_t parts, uint64_t part)
{
    return parts <= PAWL_RAM_PARTS_SAMPLED || part == 1 || part == parts ||
           part == 2 + at * 7919 % (parts - 2);
}

void pawl_ram_bits_mix(struct pawl_ram_port *ram, uint8_t *bytes, const uint8_t *others,
                       size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t mask = (uint8_t)(pawl_ram_draw(&ram->tear) & 0xff);
        bytes[i] = (uint8_t)((bytes[i] & mask) | (others[i] & ~mask));
    }
}
