/* The links of the board: raw Ethernet, and a serial line. */
#ifndef PAWL_BOARD_LINK_H
#define PAWL_BOARD_LINK_H

#include <stdbool.h>

#include "common/link_device.h"

/* Opens both; a board without the Ethernet controller has the serial line. */
void pawl_board_link_open(const struct pawl_pud *pud);

/* Serves one request, if one has come. True when it did something. */
bool pawl_board_link_work(struct pawl_link_device *link);

#endif
