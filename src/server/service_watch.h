/*
 * What pawld tells the service manager (sd_notify(3)): that it is ready, reloads or stops, in a
 * sentence how it is, and, where the manager has a watchdog, that it is alive. It is silent when
 * main thread, committer or a listener's thread is stuck, and is then restarted (SPEC 23).
 */
#ifndef PAWL_SERVER_SERVICE_WATCH_H
#define PAWL_SERVER_SERVICE_WATCH_H

#include <stdbool.h>

struct pawl_server;

struct pawl_service_watch {
    int fd;            /* -1: there is no manager */
    bool has_watchdog; /* $WATCHDOG_USEC is set, and meant for this process */
    unsigned told;     /* complaints that were told last; ~0: nothing yet */
};

void pawl_service_watch_open(struct pawl_service_watch *watch);
void pawl_service_watch_close(struct pawl_service_watch *watch);

/* Seconds after which something counts as stuck, so that it is noticed within the watchdog's time;
 * 0 where there is no watchdog. */
unsigned pawl_service_patience(void);

void pawl_service_watch_ready(struct pawl_service_watch *watch);
void pawl_service_watch_reloading(struct pawl_service_watch *watch);
void pawl_service_watch_stopping(struct pawl_service_watch *watch);

/* For the main thread, each second. */
void pawl_service_watch_tick(struct pawl_service_watch *watch, const struct pawl_server *server);

#endif
