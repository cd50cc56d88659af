/*
 * What engine and launcher say to each other, over a socket that keeps message bounds.
 *
 * The launcher is forked before the PUD is read, so it holds no secret. It alone keeps the
 * privilege to change users and make namespaces, and never looks inside an image.
 */
#ifndef PAWL_LINUX_LAUNCH_H
#define PAWL_LINUX_LAUNCH_H

#include <stddef.h>
#include <stdint.h>

#include "pawl/manifest.h"
#include "pawl/result.h"

/* Name, version and arguments of a manifest, each with a terminator. */
#define PAWL_LAUNCH_TEXT_MAX (PAWL_MANIFEST_SIZE_MAX + PAWL_ARGUMENT_MAX + 2u)

enum pawl_launch_request_type {
    PAWL_LAUNCH_RUN = 1,  /* with the sealed memfd; answered STARTED or FAILED */
    PAWL_LAUNCH_STOP = 2, /* answered STOPPED */
};

struct pawl_launch_request {
    uint32_t type;
    uint32_t run;  /* number of the run, for the answers */
    uint32_t kind; /* enum pawl_kind */
    uint32_t argument_count;
    uint32_t network; /* 1: the signed profile asks for the machine's (SPEC 6.9) */
    uint64_t image_size;
    uint32_t text_size;
    char text[PAWL_LAUNCH_TEXT_MAX]; /* name, version, arguments; only text_size bytes are sent */
};

enum pawl_launch_note_type {
    PAWL_LAUNCH_STARTED = 1,
    PAWL_LAUNCH_FAILED = 2,  /* `value` is errno, `step` a word for what failed */
    PAWL_LAUNCH_STOPPED = 3, /* the run that STOP was for is over, or there was none */
    PAWL_LAUNCH_READY = 4,
    PAWL_LAUNCH_ENDED = 5, /* `value` is a wait status */
};

struct pawl_launch_note {
    uint32_t type;
    uint32_t run;
    int32_t value;
    char step[20];
};

/* Puts the texts of `manifest` into a RUN request. PAWL_EXHAUSTED. */
enum pawl_result pawl_launch_request_make(const struct pawl_manifest *manifest, uint32_t run,
                                          struct pawl_launch_request *request);

/* Sends and receives. `image` is the descriptor that goes with RUN, else -1; the receiver owns what
 * it gets. PAWL_IO when the other side is gone, PAWL_MALFORMED for a message of another form. */
enum pawl_result pawl_launch_request_send(int socket, const struct pawl_launch_request *request,
                                          int image);
enum pawl_result pawl_launch_request_receive(int socket, struct pawl_launch_request *request,
                                             int *image);
enum pawl_result pawl_launch_note_send(int socket, const struct pawl_launch_note *note);
enum pawl_result pawl_launch_note_receive(int socket, struct pawl_launch_note *note);

/* The next terminated text of a request, from `*offset` on; moves `*offset`. NULL at the end. */
const char *pawl_launch_text_next(const struct pawl_launch_request *request, size_t *offset);

#endif
