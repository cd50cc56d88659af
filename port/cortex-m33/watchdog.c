#include "watchdog.h"

#include "an505.h"

enum { LOAD = 0x0, CONTROL = 0x8, INTCLR = 0xc, LOCK = 0xc00 };
enum { CONTROL_INTEN = 1, CONTROL_RESEN = 2 };
#define UNLOCK 0x1acce551u
#define HALF 8u /* seconds to the interrupt, and again to the reset */
#define SLOW_CLOCK 32768u

void pawl_watchdog_open(void)
{
    *an505_register(AN505_WATCHDOG, LOCK) = UNLOCK;
    *an505_register(AN505_WATCHDOG, LOAD) = HALF * SLOW_CLOCK;
    *an505_register(AN505_WATCHDOG, CONTROL) = CONTROL_INTEN | CONTROL_RESEN;
    *an505_register(AN505_WATCHDOG, LOCK) = 0;
}

void pawl_watchdog_feed(void)
{
    *an505_register(AN505_WATCHDOG, LOCK) = UNLOCK;
    *an505_register(AN505_WATCHDOG, INTCLR) = 1;
    *an505_register(AN505_WATCHDOG, LOCK) = 0;
}
