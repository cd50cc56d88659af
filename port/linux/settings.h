/* What the command line asks for. */
#ifndef PAWL_LINUX_SETTINGS_H
#define PAWL_LINUX_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "counter.h"
#include "host/log.h"
#include "host/options.h"

enum pawl_link_kind {
    PAWL_LINK_UNIX = 0,  /* a socket with a path, for one agent after another */
    PAWL_LINK_STDIO = 1, /* stdin and stdout, for one agent */
    PAWL_LINK_FD = 2,    /* an inherited socket, for one agent */
};

struct pawl_link_address {
    enum pawl_link_kind kind;
    const char *path; /* PAWL_LINK_UNIX */
    int fd;           /* PAWL_LINK_FD */
};

struct pawl_settings {
    const char *pud;
    const char *state;
    const char *launcher; /* the socket of a launcher that is a service of its own; NULL */
    struct pawl_link_address link;
    bool has_link_group;
    gid_t link_group;
    const struct pawl_counter_kind *counter;
    const char *counter_argument; /* NULL for none */
    bool make_counter;
    bool network;   /* the owner lets images that ask for it use the network */
    char **handler; /* program and arguments, terminated; NULL for none. Owned */
    bool has_user;
    uid_t uid;
    gid_t gid;
    uint64_t slot_size; /* 0: what the state has, or the default */
    uint64_t image_max;
    uint64_t watchdog; /* seconds, 0 for none */
    enum pawl_log_level log_level;
};

/* Reads USER, UID or UID:GID, for images. False: the error was printed. */
bool pawl_run_as_read(const char *text, struct pawl_settings *settings);

/* Reads a handler and its arguments. False: the error was printed. */
bool pawl_handler_read(const char *handler, const struct pawl_option_list *arguments,
                       struct pawl_settings *settings);

/* Reads the command line; errors were printed. */
enum pawl_options_outcome pawl_settings_read(int argc, char **argv, struct pawl_settings *settings);
void pawl_settings_release(struct pawl_settings *settings);

#endif
