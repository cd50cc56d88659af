/* CRC-32 of IEEE 802.3, as in zlib and Ethernet (SPEC 14.1). */
#ifndef PAWL_CORE_CRC32_H
#define PAWL_CORE_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t pawl_crc32_make(const void *bytes, size_t size);

#endif
