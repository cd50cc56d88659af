/* The process that an image takes over. */
#ifndef PAWL_LINUX_IMAGE_PROCESS_H
#define PAWL_LINUX_IMAGE_PROCESS_H

#include "warden.h"

/* Never returns: executes the image, or the handler with `input` as its stdin (-1 for none). A
 * failure before that is written to `failure` as a struct pawl_launch_note. */
_Noreturn void pawl_image_process_run(const struct pawl_ward *ward, int input, int failure);

#endif
