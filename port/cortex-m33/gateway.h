/* The secure ends of pawl/gateway.h. */
#ifndef PAWL_PORT_GATEWAY_H
#define PAWL_PORT_GATEWAY_H

#include <stdint.h>

#include "executor.h"
#include "pawl/gateway.h"
#include "pawl/processor.h"

/* Whom the gateways speak for: set once; both outlive every image. */
void pawl_gateway_open(struct pawl_image *image, struct pawl_processor *processor);

/* Puts the table where the image finds it, and forgets the handles of the image before. */
void pawl_gateway_begin(struct pawl_gateways *table);

/* The gate that ends the image (gates.S). An entry function that returns comes to it, too. */
void pawl_gate_leave(uint32_t status);

#endif
