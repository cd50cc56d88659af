/* A pool of readers of the store: a request borrows one for as long as it needs it. */
#ifndef PAWL_SERVER_READERS_H
#define PAWL_SERVER_READERS_H

#include <pthread.h>
#include <stddef.h>

#include "store/store.h"

#define PAWL_READERS_MAX 128u

struct pawl_readers {
    pthread_mutex_t lock;
    struct pawl_store *store;
    struct pawl_reader *idle[PAWL_READERS_MAX]; /* the one used last comes first: it is warm */
    size_t count;
};

void pawl_readers_init(struct pawl_readers *readers, struct pawl_store *store);

/* Closes all; each borrowed one must be back. */
void pawl_readers_release(struct pawl_readers *readers);

/* Borrows a reader, opening one when none is idle. What pawl_reader_open returns. */
enum pawl_result pawl_reader_borrow(struct pawl_readers *readers, struct pawl_reader **reader);

/* Gives it back. Harmless on NULL. */
void pawl_reader_return(struct pawl_readers *readers, struct pawl_reader *reader);

#endif
