/* What hostile images try (guest.c is their program). */
#ifndef PAWL_TESTS_GUEST_HOSTILE_H
#define PAWL_TESTS_GUEST_HOSTILE_H

#include <stdbool.h>

/* Tries what no image may do: the processor's pid and user, then files. 1 when anything worked. */
int guest_hostile(char **arguments);

/* Has the network, and nothing else more than others. 1 when it has, or can't do what it may. */
int guest_networked(int port);

/* Says a word to who listens there, and waits for one. */
bool guest_reach(const char *address, int port);

#endif
