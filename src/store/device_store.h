/*
 * The contract of storage, of what operators do with devices: searching, changing many, labels,
 * groups, quarantine, history. Threads, durability and errors are those of store.h.
 */
#ifndef PAWL_STORE_DEVICE_STORE_H
#define PAWL_STORE_DEVICE_STORE_H

#include "headend/attempt.h"
#include "headend/label.h"
#include "headend/query.h"
#include "store/store.h"

/* Searching. */

/* Devices that are looked at for one page: what bounds its time. */
#define PAWL_SEARCH_WORK 16384u

/*
 * Visits devices that a query finds, in the order in which they were imported, from the one after
 * number `after`, at most `limit`. One call looks at a bounded number of devices and may therefore
 * visit fewer than there are, or none: `*next` is where to go on, 0 when there is nothing more.
 * What the callback returns other than PAWL_OK ends the search and is returned.
 */
enum pawl_result pawl_store_device_search(struct pawl_reader *reader,
                                          const struct pawl_query *query, uint64_t after,
                                          size_t limit, pawl_device_fn visit, void *context,
                                          uint64_t *next);

/* The labels of the device with this number, by ascending key, into room for PAWL_LABELS_MAX. */
enum pawl_result pawl_store_labels_get(struct pawl_reader *reader, uint64_t number,
                                       struct pawl_label *labels, size_t *count);

/* Changing devices. */

enum pawl_act_kind {
    PAWL_ACT_GROUP = 1,        /* into a group, or out of its group */
    PAWL_ACT_LABEL = 2,        /* sets a label, or takes it away */
    PAWL_ACT_RELEASE = 3,      /* from quarantine: the next report is adopted */
    PAWL_ACT_RETRY = 4,        /* a package that failed is offered once more */
    PAWL_ACT_DECOMMISSION = 5, /* for ever: its secret is destroyed, it is nobody from now on */
    PAWL_ACT_KIND_COUNT
};

/* The action's name in the audit trail: "group-set", "label-set", "released", ...; static memory.
 */
const char *pawl_act_event_name(enum pawl_act_kind kind);

struct pawl_act {
    enum pawl_act_kind kind;
    const char *group;       /* GROUP: NULL for none */
    struct pawl_label label; /* LABEL: an empty value takes the key away */
    const char *reason;      /* for the audit; NULL: none */
    const char *actor;       /* NULL: nothing is audited */
    const char *request;     /* the name of its request, or NULL (struct pawl_event) */
    int64_t time;
};

enum pawl_act_outcome {
    PAWL_ACT_CHANGED = 0,
    PAWL_ACT_UNCHANGED = 1, /* it is so already */
    PAWL_ACT_UNKNOWN = 2,   /* no such device: this and all below are refused */
    PAWL_ACT_NOT_QUARANTINED = 3,
    PAWL_ACT_NO_FAILURE = 4,  /* no failed attempt is noted */
    PAWL_ACT_LABELS_FULL = 5, /* it has PAWL_LABELS_MAX labels */
    PAWL_ACT_GONE = 6,        /* it is decommissioned */
    PAWL_ACT_OUTCOME_COUNT
};

/* Why a device was refused: a sentence without its end; NULL for the first two. Static memory. */
const char *pawl_act_outcome_words(enum pawl_act_outcome outcome);

struct pawl_act_row {
    uint8_t device_id[PAWL_ID_SIZE];
    enum pawl_act_outcome outcome; /* set */
};

/* Does the same to each device, as one transaction (best a thousand at a time), and sets each row's
 * outcome: one that is refused hinders no other. Each changed device has its entry in the audit,
 * with reason, before and after. Repeating it changes nothing. `dry_run`: sets the outcomes as if,
 * and changes nothing. */
enum pawl_result pawl_store_devices_act(struct pawl_store *store, const struct pawl_act *act,
                                        struct pawl_act_row *rows, size_t count, bool dry_run);

/* History. */

struct pawl_history_entry {
    struct pawl_attempt attempt;
    bool has_package;
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
};

/* The newest attempts of the device with this number, the newest first, into room for
 * PAWL_HISTORY_MAX. */
enum pawl_result pawl_store_history_get(struct pawl_reader *reader, uint64_t number,
                                        struct pawl_history_entry *entries, size_t *count);

/* Quarantine. */

/* What a report said, and what was held. */
struct pawl_evidence_side {
    uint64_t sequence;
    bool has_instance, has_package;
    uint8_t instance[PAWL_INSTANCE_SIZE];
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
};

#define PAWL_SOURCE_SIZE 64u /* an address as text, with its terminator */

struct pawl_evidence {
    int64_t time;
    struct pawl_evidence_side recorded, reported;
    char source[PAWL_SOURCE_SIZE];
};

/* The evidence of a device's last quarantine; PAWL_STATE when there is none. */
enum pawl_result pawl_store_evidence_get(struct pawl_reader *reader, uint64_t number,
                                         struct pawl_evidence *evidence);

/* Groups. */

struct pawl_group_row {
    uint64_t number;
    char name[PAWL_GROUP_SIZE];
    uint64_t devices;
    uint64_t assignments; /* whose target it is, as of these */
    uint64_t campaigns;
};

/* Lists groups by ascending number above `after`, at most `limit`. */
typedef enum pawl_result (*pawl_group_fn)(void *context, const struct pawl_group_row *group);
enum pawl_result pawl_store_group_list(struct pawl_reader *reader, uint64_t after, size_t limit,
                                       pawl_group_fn visit, void *context);

enum pawl_group_outcome {
    PAWL_GROUP_DONE = 0,
    PAWL_GROUP_MISSING = 1, /* there is no such group */
    PAWL_GROUP_TAKEN = 2,   /* there is one of the new name already */
    PAWL_GROUP_IN_USE = 3,  /* it has devices: it is not deleted */
};

/* Gives a group another name, which its assignments and campaigns follow; with a NULL `new_name`
 * deletes one that has no devices. Nothing is written unless the outcome is PAWL_GROUP_DONE. */
enum pawl_result pawl_store_group_edit(struct pawl_store *store, const char *name,
                                       const char *new_name, const struct pawl_event *event,
                                       enum pawl_group_outcome *outcome);

#endif
