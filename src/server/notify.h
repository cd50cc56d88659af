/* Telling the service manager how we are (sd_notify(3)'s protocol). */
#ifndef PAWL_SERVER_NOTIFY_H
#define PAWL_SERVER_NOTIFY_H

/* Sends "READY=1", "STOPPING=1", ... to $NOTIFY_SOCKET; does nothing without one. */
void pawl_notify(const char *state);

#endif
