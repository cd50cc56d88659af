/* Reset, and what the stack tells afterwards. */
#ifndef PAWL_STARTUP_H
#define PAWL_STARTUP_H

#include <stdint.h>

#define PAWL_STACK_PAINT 0x57ac57acu

_Noreturn void pawl_reset(void);

/* The deepest that the stack has been since reset, bytes. */
uint32_t pawl_stack_depth(void);

/* Starts the machine anew, both sides of it. */
_Noreturn void pawl_reset_request(void);

#endif
