/*
 * The two worlds. The secure processor is a thread of the secure one; an image runs in the
 * non-secure one in slices of a millisecond, which end early when a frame comes. So neither can an
 * image keep the processor from its work, whatever it masks, nor needs it to do anything for it.
 *
 * What an image can reach is its own memory, SSRAM3, and the gateway functions. The SAU and the
 * memory's protection controller say so; everything else raises a SecureFault.
 */
#ifndef PAWL_WORLD_H
#define PAWL_WORLD_H

#include <stdbool.h>
#include <stdint.h>

/* How a slice ended. */
enum pawl_slice { PAWL_SLICE_TIME = 0, PAWL_SLICE_FAULT = 1, PAWL_SLICE_EXIT = 2 };

/* Divides memory and starts the millisecond's clock. */
void pawl_world_open(void);

/* Milliseconds since pawl_world_open(). */
uint32_t pawl_world_now(void);

/* Makes the non-secure side's state new, as after a reset, and what the next slice starts: `entry`
 * with `argument` in r0 and a stack that ends at `stack_top`; its return is an exit. */
void pawl_world_start(uint32_t entry, uint32_t argument, uint32_t stack_top);

/* Runs the image until the slice's end. */
enum pawl_slice pawl_world_slice(void);

/* Nothing to run: sleeps until the next millisecond or frame. */
void pawl_world_rest(void);

/* Vectors, in world_switch.S. */
void pawl_world_svc(void);
void pawl_world_tick(void);
void pawl_world_ethernet(void);

/* Ends the image from inside a gateway; does not return to it. */
_Noreturn void pawl_world_leave(void);

/* Whether the fault being handled came from the image; if so ends its slice. `exc_return` is the
 * handler's link register. */
bool pawl_world_is_image(uint32_t exc_return);

/* Whether these bytes are wholly in the image's memory. */
bool pawl_world_owns(uintptr_t start, uint32_t size);

#endif
