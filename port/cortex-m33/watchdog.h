/* The secure watchdog: a firmware that hangs is started anew, and so is an image with it. */
#ifndef PAWL_WATCHDOG_H
#define PAWL_WATCHDOG_H

void pawl_watchdog_open(void);
/* Within 16 seconds again, or the machine is reset. */
void pawl_watchdog_feed(void);

#endif
