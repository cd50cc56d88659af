#include "server/readers.h"

void pawl_readers_init(struct pawl_readers *readers, struct pawl_store *store)
{
    pthread_mutex_init(&readers->lock, NULL);
    readers->store = store;
    readers->count = 0;
}

void pawl_readers_release(struct pawl_readers *readers)
{
    while (readers->count > 0)
        pawl_reader_close(readers->idle[--readers->count]);
    pthread_mutex_destroy(&readers->lock);
}

enum pawl_result pawl_reader_borrow(struct pawl_readers *readers, struct pawl_reader **reader)
{
    struct pawl_reader *found = NULL;
    pthread_mutex_lock(&readers->lock);
    if (readers->count > 0)
        found = readers->idle[--readers->count];
    pthread_mutex_unlock(&readers->lock);
    if (found == NULL)
        return pawl_reader_open(readers->store, reader);
    *reader = found;
    return PAWL_OK;
}

void pawl_reader_return(struct pawl_readers *readers, struct pawl_reader *reader)
{
    if (reader == NULL)
        return;
    pthread_mutex_lock(&readers->lock);
    if (readers->count < PAWL_READERS_MAX) {
        readers->idle[readers->count++] = reader;
        reader = NULL;
    }
    pthread_mutex_unlock(&readers->lock);
    if (reader != NULL)
        pawl_reader_close(reader);
}
