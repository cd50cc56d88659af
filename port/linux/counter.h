/*
 * Where the sequence number and the two cells are kept: one table of kinds, chosen by
 * `--counter KIND[:ARGUMENT]`. A kind that comes later adds a line to the table in counter.c.
 */
#ifndef PAWL_LINUX_COUNTER_H
#define PAWL_LINUX_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

#include "pawl/port.h"
#include "pawl/pud.h"
#include "pawl/result.h"

struct pawl_counter_kind;

/* An open protected store. Its operations are those of struct pawl_protected. */
struct pawl_counter {
    const struct pawl_counter_kind *kind;
    void *store; /* the kind's own; NULL when closed */
    int helper;  /* hangs up when the store's process ends; -1 for none */
};

/* What opening may need. */
struct pawl_counter_place {
    int directory;              /* the state directory */
    const char *argument;       /* what follows the kind's name, or NULL */
    const struct pawl_pud *pud; /* of the device */
    int helper;                 /* of helper_start, or -1; the store's from now on */
    bool fresh;                 /* the device has no flash yet: a store may be made */
    bool make;                  /* --make-counter */
};

struct pawl_counter_kind {
    const char *name;
    const char *warning;  /* printed at start, or NULL */
    bool made_on_request; /* with --make-counter alone; others are made with a fresh state */
    /* Whether the argument can be read; prints its usage error. NULL: anything can. */
    bool (*check)(const char *argument);
    /* Forks a process that the store needs, before there is a secret and before anything is given
     * up; `socket` leads to it. NULL: none. Prints its error. */
    enum pawl_result (*helper_start)(const char *argument, int *socket);
    /* Prints its error. PAWL_IO, PAWL_STORAGE. */
    enum pawl_result (*open)(const struct pawl_counter_place *place, void **store);
    void (*close)(void *store);
    enum pawl_result (*read)(void *store, uint64_t *value);
    enum pawl_result (*increment)(void *store);
    enum pawl_result (*cell_read)(void *store, unsigned index, uint8_t cell[PAWL_CELL_SIZE]);
    enum pawl_result (*cell_write)(void *store, unsigned index, const uint8_t cell[PAWL_CELL_SIZE]);
};

extern const struct pawl_counter_kind pawl_counter_file, pawl_counter_tpm;

/* The kind that "KIND[:ARGUMENT]" names, and the argument (NULL when there is none). NULL for an
 * unknown one. */
const struct pawl_counter_kind *pawl_counter_kind_find(const char *text, const char **argument);

/* The names of all kinds, for an error message. */
const char *pawl_counter_kinds_text(void);

/* `socket` becomes -1 where the kind needs no process. */
enum pawl_result pawl_counter_helper_start(const struct pawl_counter_kind *kind,
                                           const char *argument, int *socket);
/* Takes over place->helper, also when it fails. */
enum pawl_result pawl_counter_open(struct pawl_counter *counter,
                                   const struct pawl_counter_kind *kind,
                                   const struct pawl_counter_place *place);
void pawl_counter_close(struct pawl_counter *counter);

#endif
