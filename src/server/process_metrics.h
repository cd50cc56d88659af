/* The process's own metrics, named as all Prometheus clients name them. */
#ifndef PAWL_SERVER_PROCESS_METRICS_H
#define PAWL_SERVER_PROCESS_METRICS_H

#include "server/metrics_text.h"

/* Writes what the kernel tells; what it does not tell is left out. */
void pawl_process_metrics_write(struct pawl_metrics_text *text);

#endif
