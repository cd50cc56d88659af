/* Grants of content keys, for one report that asks for some (SPEC 20.6). */
#ifndef PAWL_SERVER_GRANTS_H
#define PAWL_SERVER_GRANTS_H

#include "pawl/content.h"
#include "server/server.h"

struct pawl_grants {
    bool made;      /* the rest is set */
    size_t count;   /* of `items` */
    size_t refused; /* keys that the device may not have, or that there are not */
    struct pawl_grant items[PAWL_CONTENT_WANTED_MAX];
};

/* Makes the grants that `report`, authentic and fresh, may have; `device` is what is held. An error
 * of the store or of the vault. */
enum pawl_result pawl_grants_make(const struct pawl_server *server, struct pawl_reader *reader,
                                  const struct pawl_device *device,
                                  const struct pawl_report *report, struct pawl_grants *grants);

#endif
