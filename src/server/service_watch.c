#include "server/service_watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/options.h"
#include "host/service.h"
#include "server/metrics.h"
#include "server/server.h"

#define PATIENCE_MOST 20u

/* The watchdog's time in microseconds; 0: there is none for this process. */
static uint64_t watchdog_read(void)
{
    const char *time = getenv("WATCHDOG_USEC"), *process = getenv("WATCHDOG_PID");
    uint64_t number, pid;
    if (time == NULL || pawl_number_parse(time, &number) != PAWL_OK)
        return 0;
    if (process != NULL &&
        (pawl_number_parse(process, &pid) != PAWL_OK || pid != (uint64_t)getpid()))
        return 0;
    return number;
}

void pawl_service_watch_open(struct pawl_service_watch *watch)
{
    watch->fd = pawl_service_open();
    watch->has_watchdog = watchdog_read() > 0;
    watch->told = ~0u;
}

void pawl_service_watch_close(struct pawl_service_watch *watch)
{
    if (watch->fd >= 0)
        close(watch->fd);
    watch->fd = -1;
}

unsigned pawl_service_patience(void)
{
    uint64_t seconds = watchdog_read() / 3000000u;
    if (watchdog_read() == 0)
        return 0;
    if (seconds < 1)
        return 1;
    return seconds < PATIENCE_MOST ? (unsigned)seconds : PATIENCE_MOST;
}

void pawl_service_watch_ready(struct pawl_service_watch *watch)
{
    pawl_service_tell(watch->fd, "READY=1");
}

void pawl_service_watch_reloading(struct pawl_service_watch *watch)
{
    char text[64];
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, pawl_clock_ns() / 1000u);
    pawl_service_tell(watch->fd, text);
}

void pawl_service_watch_stopping(struct pawl_service_watch *watch)
{
    pawl_service_tell(watch->fd, "STOPPING=1\nSTATUS=finishing the work in hand");
}

static void status_tell(struct pawl_service_watch *watch, unsigned found)
{
    char text[512];
    int size = snprintf(text, sizeof text, "STATUS=%s", found == 0 ? "ready" : "not ready:");
    for (unsigned i = 0; i < PAWL_COMPLAINT_COUNT; i++)
        if ((found & (1u << i)) != 0)
            size +=
                snprintf(text + size, sizeof text - (size_t)size, " %s;", pawl_complaint_text(i));
    pawl_service_tell(watch->fd, text);
}

void pawl_service_watch_tick(struct pawl_service_watch *watch, const struct pawl_server *server)
{
    unsigned found = pawl_health_complaints(server);
    if (watch->has_watchdog && (found & PAWL_COMPLAINTS_DEADLY) == 0)
        pawl_service_tell(watch->fd, "WATCHDOG=1");
    if (found != watch->told)
        status_tell(watch, found);
    watch->told = found;
}
