#include "server/peer.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

uint64_t pawl_peer_of(const struct sockaddr *address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    uint64_t peer = 0;
    if (address != NULL && address->sa_family == AF_INET) {
        memcpy(&peer, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    } else if (address != NULL && address->sa_family == AF_INET6) {
        const uint8_t *bytes =
            ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr;
        bool is_mapped = memcmp(bytes, mapped, sizeof mapped) == 0;
        memcpy(&peer, is_mapped ? bytes + 12 : bytes, is_mapped ? 4 : 8);
    }
    return peer == 0 ? 1 : peer;
}
