/* The listening Unix socket of the link. */
#ifndef PAWL_LINUX_LINK_SOCKET_H
#define PAWL_LINUX_LINK_SOCKET_H

#include <sys/types.h>

#include "pawl/result.h"

/* Listens at `path`, mode 0600, or 0660 for `*group` when that is given. A socket that nobody
 * listens on any more is replaced. `*directory` is the folder's descriptor and `*name` the name in
 * it, for the removal at the end. PAWL_IO, or PAWL_STATE when somebody listens there; the error was
 * printed. */
enum pawl_result pawl_link_socket_listen(const char *path, const gid_t *group, int *listener,
                                         int *directory, const char **name);

#endif
