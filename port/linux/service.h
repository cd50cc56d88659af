/* What this program tells its own service manager (sd_notify). */
#ifndef PAWL_LINUX_SERVICE_H
#define PAWL_LINUX_SERVICE_H

/* Connects to $NOTIFY_SOCKET, before the process gives up its network. -1 when there is none. */
int pawl_service_open(void);

/* Sends a line such as "READY=1"; harmless with -1. */
void pawl_service_tell(int service, const char *line);

#endif
