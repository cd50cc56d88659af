/* System call filters, each from a table of names (libseccomp). */
#ifndef PAWL_LINUX_FILTER_H
#define PAWL_LINUX_FILTER_H

#include <stdbool.h>

#include "pawl/result.h"

/* Each confines the calling process and all that it starts, for good; they add up. PAWL_IO. */

/* For the launcher and all images: what no part of a device's software ever does. With `network`
 * there are sockets of the Internet, for the images that may have them. */
enum pawl_result pawl_filter_launcher_load(bool network);

/* For the engine: what it needs once everything is open, and nothing else. */
enum pawl_result pawl_filter_engine_load(void);

/* For the relay between engine and TPM: sockets, and what is open. */
enum pawl_result pawl_filter_relay_load(void);

/* For images: what ordinary programs need, without the network, tracing, mounting, or changing the
 * system. Sockets are Unix datagrams only, enough for sd_notify and syslog; with `network` TCP and
 * UDP too, and nothing else: neither raw nor packet sockets, nor the kernel's own. */
enum pawl_result pawl_filter_image_load(bool network);

#endif
