/*
 * Whether a file with a secret is kept as it must be. Beside files of mode 0600 or less these are
 * the credentials that a service manager hands to a service ($CREDENTIALS_DIRECTORY,
 * systemd.exec(5)): they belong to root, and an access control list, which shows as a right of
 * root's group, lets the service's user read them.
 */
#ifndef PAWL_HOST_CREDENTIAL_H
#define PAWL_HOST_CREDENTIAL_H

#include <stdbool.h>
#include <sys/stat.h>

/* `status` is that of the file that was opened as `path`. */
bool pawl_status_is_private(const char *path, const struct stat *status);

#endif
