/* The server's own keys (SPEC 15, DESIGN 6): made once, kept wrapped in the store, opened at start.
 */
#ifndef PAWL_SERVER_SERVER_KEYS_H
#define PAWL_SERVER_SERVER_KEYS_H

#include "server/server.h"

/* Makes data key, fingerprint key and challenge secret if the store has none. An error was printed
 * on failure. */
enum pawl_result pawl_server_keys_create(const struct pawl_data *data, struct pawl_store *store);

/* Opens vault, challenge key, fingerprint key and the decoy. PAWL_UNTRUSTED when the master key is
 * not this database's; an error was printed. */
enum pawl_result pawl_server_keys_load(struct pawl_server *server);
void pawl_server_keys_wipe(struct pawl_server *server);

#endif
