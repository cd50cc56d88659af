/* The PUD as a file: the stand-in for one-time-programmable memory (SPEC 3). */
#ifndef PAWL_LINUX_PUD_FILE_H
#define PAWL_LINUX_PUD_FILE_H

#include "pawl/pud.h"
#include "pawl/result.h"

/* Reads the PUD into `pud`, which should be secret memory, and closes the file. Refuses what is no
 * regular file, what group or others may access, and what belongs to another user than root or us.
 * PAWL_IO, PAWL_UNTRUSTED, PAWL_MALFORMED, PAWL_UNSUPPORTED; the error was printed. */
enum pawl_result pawl_pud_file_read(const char *path, struct pawl_pud *pud);

#endif
