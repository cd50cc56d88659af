/*
 * The contract of storage: what the control server needs of a database. One test suite
 * (tests/store) holds every implementation to it. The URL chooses one: "sqlite:PATH".
 *
 * Threads. A `struct pawl_store` is shared; its writing functions may be called by any thread and
 * run one after the other, each as one transaction. For throughput the server gives confirmations
 * of many requests to one writer thread, which applies them as one batch (group commit). Reading
 * goes through a `struct pawl_reader`, one for each thread, never shared; readers neither wait for
 * a writer nor hold one up, and see whatever was committed before their call. One process at a time
 * has an SQLite store open; another one waits a while, and then is told PAWL_STORAGE.
 *
 * Durability. A writing function that returned PAWL_OK survives kill -9 and power loss, except
 * pawl_store_seen_set, which may lose its last seconds. One that failed has changed nothing.
 *
 * Errors. PAWL_STORAGE: the database is unreadable, damaged, or of a schema this program does not
 * know. PAWL_EXHAUSTED: disk full or out of memory; nothing was lost, the call may be repeated.
 * PAWL_STATE: not possible as things are (said with each function). The database's own words for
 * the first two go to the log.
 *
 * Times are Unix seconds, 0 for never. Pointers handed to callbacks live until they return.
 */
#ifndef PAWL_STORE_STORE_H
#define PAWL_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headend/assign.h"
#include "headend/audit_chain.h"
#include "headend/checkpoint.h"
#include "headend/reconcile.h"
#include "headend/vault.h"
#include "pawl/identifier.h"
#include "pawl/result.h"

struct pawl_store;
struct pawl_reader;
struct pawl_evidence; /* store/device_store.h */

#define PAWL_STORE_SCHEMA 2u /* the schema version that this program writes */

/* Opens a store and brings its schema up to date; creates an empty one where `create` is set and
 * there is none. PAWL_STATE when there is none and `create` is not set; PAWL_UNSUPPORTED for an
 * unknown URL scheme or a schema newer than PAWL_STORE_SCHEMA; PAWL_STORAGE; PAWL_EXHAUSTED. */
enum pawl_result pawl_store_open(const char *url, bool create, struct pawl_store **store);

/* Opens to read only, and leaves every byte as it is: for readers; nothing can be written. Nobody
 * else may have it open. As above, but PAWL_UNSUPPORTED for an older schema too. */
enum pawl_result pawl_store_look(const char *url, struct pawl_store **store);

/* Closes; every reader must be closed before. Harmless on NULL. */
void pawl_store_close(struct pawl_store *store);

enum pawl_result pawl_reader_open(struct pawl_store *store, struct pawl_reader **reader);
void pawl_reader_close(struct pawl_reader *reader);

/* Audit trail: append only, each entry chained to the one before (SPEC 21.1). */

#define PAWL_ACTOR_SIZE 65u
#define PAWL_ACTION_SIZE 33u

/* What is appended with a change, in the same transaction. Text is cut to the sizes above. */
struct pawl_event {
    int64_t time;
    const char *actor;        /* "uid:1000", "device", "pawld" */
    const char *action;       /* "units-imported", or pawl_finding_name */
    const uint8_t *device_id; /* NULL: not about one device */
    const char *detail;       /* a JSON object, or NULL */
    const char *request;      /* the name of the request that did it (SPEC 23.6), which goes into
                                 detail as "request"; NULL: none */
};

struct pawl_audit_row {
    uint64_t id; /* from 1, ascending without gaps */
    int64_t time;
    char actor[PAWL_ACTOR_SIZE];
    char action[PAWL_ACTION_SIZE];
    bool has_device;
    uint8_t device_id[PAWL_ID_SIZE];
    const char *detail; /* JSON; "{}" when there was none */
    uint8_t hash[PAWL_AUDIT_HASH_SIZE];
};

/* What of a row is hashed; points into the row. */
struct pawl_audit_entry pawl_audit_row_entry(const struct pawl_audit_row *row);

enum pawl_result pawl_store_audit_append(struct pawl_store *store, const struct pawl_event *events,
                                         size_t count);

/* Lists entries with an id above `after`, ascending, at most `limit`. What the callback returns
 * other than PAWL_OK ends the list and is returned. */
typedef enum pawl_result (*pawl_audit_fn)(void *context, const struct pawl_audit_row *row);
enum pawl_result pawl_store_audit_list(struct pawl_reader *reader, uint64_t after, size_t limit,
                                       pawl_audit_fn visit, void *context);

/* Which entries. A zeroed filter is all of them, oldest first. Names may end with a "*": all that
 * begin so. */
struct pawl_audit_filter {
    const char *actor, *action; /* NULL: any */
    const uint8_t *device_id;   /* NULL: any */
    int64_t since, until;       /* from, and before; 0: no bound */
    bool newest_first;
    uint64_t after; /* the entry that the list goes on behind, in its order; 0: from its start */
};

/* Lists those entries, otherwise as above. */
enum pawl_result pawl_store_audit_find(struct pawl_reader *reader,
                                       const struct pawl_audit_filter *filter, size_t limit,
                                       pawl_audit_fn visit, void *context);

/* The newest entry's id and hash; 0 and zeros when there is none. */
enum pawl_result pawl_store_audit_head(struct pawl_reader *reader, uint64_t *id,
                                       uint8_t hash[PAWL_AUDIT_HASH_SIZE]);

/* Signed checkpoints of the trail (SPEC 21.3). */
struct pawl_checkpoint_row {
    uint64_t entry;
    int64_t time;
    uint8_t message[PAWL_CHECKPOINT_SIZE_MAX];
    size_t size;
};

/* Adds one, in the place of one of the same entry. */
enum pawl_result pawl_store_checkpoint_add(struct pawl_store *store,
                                           const struct pawl_checkpoint_row *row);

/* Lists those of entries above `after`, ascending, at most `limit`. What the callback returns other
 * than PAWL_OK ends the list and is returned. */
typedef enum pawl_result (*pawl_checkpoint_fn)(void *context,
                                               const struct pawl_checkpoint_row *row);
enum pawl_result pawl_store_checkpoint_list(struct pawl_reader *reader, uint64_t after,
                                            size_t limit, pawl_checkpoint_fn visit, void *context);

/* PAWL_STATE when there is none. */
enum pawl_result pawl_store_checkpoint_newest(struct pawl_reader *reader,
                                              struct pawl_checkpoint_row *row);

/* Which server this is: drawn with the database, and the same ever after. */
enum pawl_result pawl_store_server_id_get(struct pawl_reader *reader,
                                          uint8_t server_id[PAWL_ID_SIZE]);

/* Devices. */

struct pawl_device {
    uint64_t number; /* the store's own, dense from 1, never reused */
    uint8_t device_id[PAWL_ID_SIZE];
    uint8_t vendor_id[PAWL_ID_SIZE];
    uint8_t class_id[PAWL_ID_SIZE];
    char group[PAWL_GROUP_SIZE]; /* empty: none */
    uint8_t wrapped_secret[PAWL_VAULT_WRAPPED_SIZE];
    uint32_t chain_length;
    struct pawl_device_record record;
    enum pawl_finding quarantine; /* the reason while quarantined, else PAWL_FINDING_NONE */
    struct pawl_failure_note failure;
    uint32_t commands;   /* that wait for it, at most PAWL_COMMANDS_MAX (store/commands.h) */
    uint32_t poll_after; /* seconds between its polls, set by a command; 0: as all others */
};

/* As much of it as decides what it is assigned; points into `device`. */
struct pawl_subject pawl_device_subject(const struct pawl_device *device);

/* The device with an id, as last committed: the hot path of a poll. PAWL_STATE when there is
 * none. */
enum pawl_result pawl_store_device_get(struct pawl_reader *reader,
                                       const uint8_t device_id[PAWL_ID_SIZE],
                                       struct pawl_device *device);

/* The same by its number. */
enum pawl_result pawl_store_device_numbered(struct pawl_reader *reader, uint64_t number,
                                            struct pawl_device *device);

/* When a device was last seen, as far as written; 0 for never. */
enum pawl_result pawl_store_seen_get(struct pawl_reader *reader, uint64_t number, int64_t *time);

/* Which devices. A zeroed filter is all of them. */
struct pawl_device_filter {
    const uint8_t *vendor_id; /* NULL: any */
    const uint8_t *class_id;  /* NULL: any */
    const char *group;        /* NULL: any */
    bool has_standing;
    enum pawl_standing standing;
};

typedef enum pawl_result (*pawl_device_fn)(void *context, const struct pawl_device *device,
                                           int64_t last_seen);

/* Lists devices in the order in which they were imported, from the one after number `after` (0:
 * from the first), at most `limit`. What the callback returns other than PAWL_OK ends the list and
 * is returned. */
enum pawl_result pawl_store_device_list(struct pawl_reader *reader,
                                        const struct pawl_device_filter *filter, uint64_t after,
                                        size_t limit, pawl_device_fn visit, void *context);

/* Visits each device of a target once, in the same order, however many there are, but none that is
 * decommissioned: it reads in short steps, so that writers go on and are not held up. For
 * entitlements in bulk. */
enum pawl_result pawl_store_device_visit(struct pawl_reader *reader,
                                         const struct pawl_target *target, pawl_device_fn visit,
                                         void *context);

/* How many devices a target names, without those that are decommissioned. */
enum pawl_result pawl_store_device_count(struct pawl_reader *reader,
                                         const struct pawl_target *target, uint64_t *count);

enum pawl_import_outcome {
    PAWL_IMPORTED = 0,
    PAWL_IMPORT_DEVICE_KNOWN = 1, /* its device_id is held already */
    PAWL_IMPORT_SECRET_KNOWN = 2, /* its unit secret is held already, for another device */
    PAWL_IMPORT_OTHER_VENDOR = 3, /* its class_id is held already, for another vendor_id */
};

struct pawl_import {
    uint8_t device_id[PAWL_ID_SIZE];
    uint8_t vendor_id[PAWL_ID_SIZE];
    uint8_t class_id[PAWL_ID_SIZE];
    uint8_t wrapped_secret[PAWL_VAULT_WRAPPED_SIZE];
    uint8_t secret_tag[PAWL_SECRET_TAG_SIZE];
    uint32_t chain_length;
    bool has_maximum;
    uint64_t maximum;
    enum pawl_import_outcome outcome; /* set by the import */
};

/* Imports a batch (best some ten thousand: it is inserted in the order of its keys) as one
 * transaction, and sets each row's outcome: a row that is refused hinders no other. `group` may be
 * NULL; `event` too, its detail is replaced by {"imported", "refused"}. */
enum pawl_result pawl_store_device_import(struct pawl_store *store, struct pawl_import *imports,
                                          size_t count, const char *group,
                                          const struct pawl_event *event);

/* Changes that reports bring. */

/* One decision of pawl_reconcile_decide that writes. */
struct pawl_change {
    uint64_t number;                  /* the device's */
    struct pawl_device_record before; /* as it was read */
    struct pawl_device_record after;
    enum pawl_finding quarantine;         /* the reason when `after` is quarantined */
    struct pawl_credit credit;            /* for what the report counts; zeros: for nothing */
    int64_t time;                         /* for the device's history */
    const struct pawl_evidence *evidence; /* with a quarantine; NULL: none is kept */
    const struct pawl_event *event;       /* NULL: nothing to audit */
    enum pawl_result result; /* set: PAWL_OK written; PAWL_STATE the row was no longer as read */
};

/*
 * Applies a batch as one durable transaction; best a thousand at a time. Each change is a compare
 * and set on standing, sequence and instance: where another request or replica was first, its
 * `result` is PAWL_STATE, nothing of it is written, and the caller reads and decides anew. With
 * a change the note of a failure is cleared. A confirmation counts once for each (assignment,
 * device), however often the device comes back to that package; a deleted assignment counts
 * nothing.
 */
enum pawl_result pawl_store_changes_apply(struct pawl_store *store, struct pawl_change *changes,
                                          size_t count);

/* Notes on failed attempts, written only when pawl_offer_decide says that they changed. */
struct pawl_failure_change {
    uint64_t number;
    struct pawl_device_record record; /* as it was read, like the next */
    struct pawl_failure_note before;
    struct pawl_failure_note note;
    uint64_t campaign; /* in which the device counts as failed now; 0: in none */
    unsigned stage;    /* its stage there, from 1 */
    bool attempted;    /* an attempt failed: it goes into the device's history, with these two */
    int64_t time;
    uint64_t sequence;              /* that the device had */
    const struct pawl_event *event; /* NULL: nothing to audit */
    enum pawl_result result; /* set: PAWL_OK written; PAWL_STATE the row was no longer as read */
};

/*
 * Applies a batch as one durable transaction. Each change is a compare and set on standing,
 * sequence, instance and the note, with `result` as above: an operator's retry that came in between
 * is not lost, and nothing is noted of a device that went on. A failure of a try that the campaign
 * has forgotten since (pawl_store_campaign_set), or of a deleted campaign, is noted and not
 * counted.
 */
enum pawl_result pawl_store_failures_set(struct pawl_store *store,
                                         struct pawl_failure_change *changes, size_t count);

/* Times at which devices were seen, gathered and written behind; a time never moves back. */
struct pawl_seen {
    uint64_t number;
    int64_t time;
};

enum pawl_result pawl_store_seen_set(struct pawl_store *store, struct pawl_seen *seen,
                                     size_t count);

/* Packages. */

#define PAWL_PACKAGE_TEXT_SIZE 256u

struct pawl_package_row {
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    uint8_t release_id[PAWL_RELEASE_ID_SIZE];
    uint8_t vendor_id[PAWL_ID_SIZE];
    uint8_t class_id[PAWL_ID_SIZE];
    char name[PAWL_PACKAGE_TEXT_SIZE];
    char version[PAWL_PACKAGE_TEXT_SIZE];
    uint64_t security_version;
    uint32_t mode; /* enum pawl_mode */
    uint32_t chunk_size;
    uint64_t image_size;   /* bytes */
    uint64_t package_size; /* bytes */
    int64_t created;       /* when it was published here */
    bool has_signer;       /* the next four are known; not of what an earlier version published */
    uint8_t signed_by[PAWL_KID_SIZE];
    uint32_t revoked_count;
    uint8_t revoked[PAWL_REVOKED_MAX][PAWL_KID_SIZE];
    uint32_t profile; /* enum pawl_profile */
    bool ready;       /* the content key is held, or none is needed: direct mode */
    bool has_content_key;
    uint8_t wrapped_content_key[PAWL_VAULT_WRAPPED_SIZE];
};

/* Adds a package, without its content key. PAWL_STATE when it is there already. */
enum pawl_result pawl_store_package_add(struct pawl_store *store,
                                        const struct pawl_package_row *package,
                                        const struct pawl_event *event);

/* Sets the content key: the package is ready. PAWL_STATE when there is no such package; setting it
 * again replaces it. */
enum pawl_result pawl_store_package_key_set(
    struct pawl_store *store, const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
    const uint8_t wrapped_content_key[PAWL_VAULT_WRAPPED_SIZE], const struct pawl_event *event);

/* PAWL_STATE when there is none. */
enum pawl_result pawl_store_package_get(struct pawl_reader *reader,
                                        const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                        struct pawl_package_row *package);

/* Which packages. A zeroed filter is all of them. */
struct pawl_package_filter {
    const uint8_t *class_id; /* NULL: any */
    const char *name;        /* of the release; NULL: any */
    bool has_state, ready;   /* ready ones, or such that are not, where `has_state` is set */
};

/* Lists packages by ascending id above `after` (NULL: from the first), at most `limit`. `filter`
 * NULL: all. */
typedef enum pawl_result (*pawl_package_fn)(void *context, const struct pawl_package_row *package);
enum pawl_result pawl_store_package_list(struct pawl_reader *reader,
                                         const struct pawl_package_filter *filter,
                                         const uint8_t *after, size_t limit, pawl_package_fn visit,
                                         void *context);

/* Assignments: one row each, whatever the number of devices. */

struct pawl_assignment_row {
    struct pawl_plan_entry entry;
    int64_t created;
    uint64_t confirmed; /* devices that confirmed it, each counted once */
};

/* Adds one; `*id` is its number. PAWL_STATE when the package is not there or not ready. */
enum pawl_result pawl_store_assignment_add(struct pawl_store *store,
                                           const struct pawl_target *target,
                                           const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                           int64_t created, const struct pawl_event *event,
                                           uint64_t *id);

/* Deletes one and its counts. PAWL_STATE when there is none. */
enum pawl_result pawl_store_assignment_delete(struct pawl_store *store, uint64_t id,
                                              const struct pawl_event *event);

/* Lists assignments by ascending id above `after`, at most `limit`. */
typedef enum pawl_result (*pawl_assignment_fn)(void *context,
                                               const struct pawl_assignment_row *assignment);
enum pawl_result pawl_store_assignment_list(struct pawl_reader *reader, uint64_t after,
                                            size_t limit, pawl_assignment_fn visit, void *context);

/* A number that grows with every change of packages or assignments, of this process or another:
 * when it is not the one that a plan was built at, build a new plan. As cheap as a look-up. */
enum pawl_result pawl_store_plan_version(struct pawl_reader *reader, uint64_t *version);

/* Totals. */

struct pawl_totals {
    uint64_t devices; /* without those that are decommissioned */
    uint64_t quarantined;
    uint64_t decommissioned;
    uint64_t packages;
    uint64_t assignments;
    uint64_t confirmations; /* reports that advanced a record by one */
    uint64_t sequence_total;
    uint64_t caught_up;    /* reports that were several downloads ahead, */
    uint64_t learnt;       /* and the downloads that they told of */
    uint64_t unattributed; /* confirmations that counted for no assignment */
};

/* Kept with every change, so that asking costs the same at any size. */
enum pawl_result pawl_store_totals_get(struct pawl_reader *reader, struct pawl_totals *totals);

/* The rest of the contract. */
#include "store/backup.h"
#include "store/keys.h"
#include "store/monitor.h"

#endif
