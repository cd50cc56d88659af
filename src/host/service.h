/* What a program tells its service manager, where there is one (sd_notify(3)). */
#ifndef PAWL_HOST_SERVICE_H
#define PAWL_HOST_SERVICE_H

/* Connects to $NOTIFY_SOCKET, for a process that gives up its network afterwards. -1 when there is
 * none. The caller closes it. */
int pawl_service_open(void);

/* Sends a line such as "READY=1"; harmless with -1. Nothing depends on whether it arrives. */
void pawl_service_tell(int service, const char *line);

/* Both at once, and closes. */
void pawl_service_notify(const char *line);

#endif
