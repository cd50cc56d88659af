#include "processor/flash.h"

#include <string.h>

#define COMPARE_SIZE 256u

enum pawl_result pawl_flash_read(const struct pawl_port *port, size_t offset, void *bytes,
                                 size_t size)
{
    return size == 0 ? PAWL_OK : port->flash.read(port->context, offset, bytes, size);
}

static enum pawl_result compare(const struct pawl_port *port, size_t offset, const uint8_t *bytes,
                                size_t size)
{
    uint8_t held[COMPARE_SIZE];

    for (size_t done = 0; done < size;) {
        size_t part = size - done < sizeof held ? size - done : sizeof held;
        enum pawl_result result = pawl_flash_read(port, offset + done, held, part);
        if (result != PAWL_OK)
            return result;
        if (memcmp(held, bytes + done, part) != 0)
            return PAWL_STORAGE;
        done += part;
    }
    return PAWL_OK;
}

enum pawl_result pawl_flash_program(const struct pawl_port *port, size_t offset,
                                    const uint8_t *bytes, size_t size)
{
    const struct pawl_flash *flash = &port->flash;

    enum pawl_result result = flash->program(port->context, offset, bytes, size);
    if (result != PAWL_OK)
        return result;
    return flash->verify ? flash->verify(port->context, offset, bytes, size)
                         : compare(port, offset, bytes, size);
}

enum pawl_result pawl_flash_erase(const struct pawl_port *port, size_t offset, size_t size)
{
    return port->flash.erase(port->context, offset, size);
}

enum pawl_result pawl_flash_sync(const struct pawl_port *port)
{
    return port->flash.sync ? port->flash.sync(port->context) : PAWL_OK;
}
