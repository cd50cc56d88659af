/* What pawld gives up for good before it listens. */
#ifndef PAWL_SERVER_CONFINE_H
#define PAWL_SERVER_CONFINE_H

#include "pawl/result.h"

/* From now on neither this process nor a child can execute a program, gain privilege, look into
 * another process, or reach the kernel's larger interfaces (mounts, namespaces, modules, BPF, ...).
 * No service manager can give the first: it must execute the program itself. PAWL_IO; an error was
 * printed. In sanitized builds nothing is given up: their reports need it. */
enum pawl_result pawl_server_confine(void);

#endif
