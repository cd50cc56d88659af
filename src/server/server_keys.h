/* The server's own keys (SPEC 22, DESIGN 8): kept wrapped in the store, opened at start. */
#ifndef PAWL_SERVER_SERVER_KEYS_H
#define PAWL_SERVER_SERVER_KEYS_H

#include "headend/master.h"
#include "server/server.h"

/* Makes data key, fingerprint key and challenge secret if the store has none. An error was printed
 * on failure. */
enum pawl_result pawl_server_keys_create(const struct pawl_data *data,
                                         const struct pawl_hsm_access *access,
                                         struct pawl_store *store);

/* Opens vault, challenge secrets, fingerprint key and the decoy. PAWL_UNTRUSTED when the master key
 * is not this database's; an error was printed. */
enum pawl_result pawl_server_keys_load(struct pawl_server *server);
void pawl_server_keys_wipe(struct pawl_server *server);

/* Whether the master key here opens a database's keys; nothing is kept. PAWL_UNTRUSTED when it does
 * not; an error was printed, naming `name`. */
enum pawl_result pawl_server_keys_check(const struct pawl_data *data,
                                        const struct pawl_hsm_access *access,
                                        struct pawl_reader *reader, const char *name);

/* Reads a server key and unwraps it. PAWL_STATE when there is none; errors of store and vault. Wipe
 * `key`. */
enum pawl_result pawl_server_key_read(const struct pawl_vault *vault, struct pawl_reader *reader,
                                      enum pawl_key_slot slot, struct pawl_key_row *row,
                                      uint8_t key[PAWL_VAULT_KEY_SIZE]);

/* Makes the next data key and begins to move everything under it; the store has it before anything
 * is wrapped under it. PAWL_STATE while one is being rotated already. */
enum pawl_result pawl_data_key_rotate(struct pawl_server *server, const char *actor,
                                      struct pawl_trouble *trouble);

/* Wraps the data keys under the next master key (SPEC 22): PAWL_STATE when there is none. */
enum pawl_result pawl_master_key_rotate(struct pawl_server *server, const char *actor,
                                        struct pawl_trouble *trouble);

#endif
