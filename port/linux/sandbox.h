/* The last steps of a process before an image takes it over: everything is given away. */
#ifndef PAWL_LINUX_SANDBOX_H
#define PAWL_LINUX_SANDBOX_H

#include "isolation.h"
#include "pawl/result.h"

/* Becomes the user of images, without groups and capabilities, and dies with its parent. Gives the
 * name of the step that failed, with errno set; NULL on success. */
const char *pawl_sandbox_user_enter(const struct pawl_isolation *isolation);

/* Limits, signals, session, and the system call filter of images. The same. */
const char *pawl_sandbox_image_enter(const struct pawl_isolation *isolation, bool network);

#endif
