/*
 * The data directory: what pawld keeps, and where (SPEC 15).
 *
 *   pawl.db                    the database
 *   master.key                 the master key, or where it is; .next, .old: master_place.h
 *   server.key, server.crt     to which units and content keys are encrypted: server_identity.h
 *   audit.key, audit.pub.pem   which signs checkpoints of the audit trail
 *   history                    how far the database went; see server/restored.h
 *   backup.*                   a copy of the database being made; removed at start
 *   packages/ID.pawl           packages that devices may fetch
 *   packages/ID.pending        packages whose content key is still awaited
 *   packages/upload.*          arriving; removed at start
 *   contents/ID/               content objects: playlist and segments
 *   contents/ID.pending        those whose keys are still awaited; removed at start
 *   contents/upload.*          arriving, or being removed; removed at start
 *   lock                       held by the pawld that runs
 */
#ifndef PAWL_SERVER_DATA_H
#define PAWL_SERVER_DATA_H

#include <limits.h>
#include <stdbool.h>

#include "headend/master.h"
#include "pawl/result.h"

#define PAWL_UPLOAD_PREFIX "upload."
#define PAWL_BACKUP_PREFIX "backup."

struct pawl_data {
    char path[PATH_MAX - 128]; /* as it was given */
    int lock;                  /* descriptor */
    int packages;              /* descriptors of the directories */
    int contents;
};

/* Opens and locks. `create` makes the directories where they are missing. PAWL_STATE when another
 * pawld has it or it was never initialised, PAWL_IO; an error was printed. Close it. */
enum pawl_result pawl_data_open(struct pawl_data *data, const char *path, bool create);
void pawl_data_close(struct pawl_data *data);

/* Makes master key, server key and certificate where they are missing, in the HSM when `hsm` names
 * a key there; never overwrites. PAWL_STATE
 * when there is a database whose master key is gone; PAWL_IO, PAWL_CRYPTO; an error was printed. */
enum pawl_result pawl_data_keys_create(const struct pawl_data *data, const char *hsm,
                                       const struct pawl_hsm_access *access);

/* The path of one of the names above, in `text`, which is returned. */
char *pawl_data_path(const struct pawl_data *data, const char *name, char text[PATH_MAX]);

#endif
