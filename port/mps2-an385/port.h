/* The port of one board. */
#ifndef PORT_H
#define PORT_H

#include "pawl/port.h"

/* Fills the engine's port in; `context` is handed to every callback. */
void port_make(struct pawl_port *port, void *context);

/* Two pages of flash that conformance may spoil. */
void port_scratch(struct pawl_area *area);

#endif
