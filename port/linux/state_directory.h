/* The directory that holds what the device keeps: flash.bin, counter, cells, unit. */
#ifndef PAWL_LINUX_STATE_DIRECTORY_H
#define PAWL_LINUX_STATE_DIRECTORY_H

#include <stdint.h>

#include "pawl/identifier.h"
#include "pawl/result.h"

/* Makes the directory (mode 0700) when it is not there. PAWL_IO; the error was printed. */
enum pawl_result pawl_state_directory_make(const char *path);

/* Opens and locks it. The lock lasts as long as the descriptor is open. PAWL_IO, PAWL_UNTRUSTED
 * when group or others have a right to it, PAWL_STATE when another processor holds it; the error
 * was printed. */
enum pawl_result pawl_state_directory_open(const char *path, int *directory);

/* Makes sure that the state is this device's: the file `unit` says whose it is, and is written
 * where it is missing or says nothing. A guard against mistakes, not against attackers, so not
 * being able to write it is only warned of. PAWL_STATE when it is another's; printed. */
enum pawl_result pawl_state_directory_claim(int directory, const char *path,
                                            const uint8_t device_id[PAWL_ID_SIZE]);

#endif
