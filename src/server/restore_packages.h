/* Package files of a database that is put back. */
#ifndef PAWL_SERVER_RESTORE_PACKAGES_H
#define PAWL_SERVER_RESTORE_PACKAGES_H

#include "server/data.h"
#include "store/store.h"

/* Sees that each package of the store that is ready has its file; what is missing comes from the
 * directory `from` (NULL: from nowhere), and what still is, is told as a warning: devices could not
 * fetch it. An error was printed. */
enum pawl_result pawl_packages_restore(const struct pawl_data *data, const char *from,
                                       struct pawl_reader *reader);

#endif
