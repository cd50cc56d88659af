/*
 * What an implementation of store.h provides: one table, chosen by the scheme of the URL. Each
 * function is that of store.h or contents.h with the same name, and finds its arguments checked as
 * far as store.c can check them without a database.
 */
#ifndef PAWL_STORE_DRIVER_H
#define PAWL_STORE_DRIVER_H

#include "store/commands.h"
#include "store/contents.h"
#include "store/device_store.h"
#include "store/once.h"
#include "store/store.h"
#include "store/store_campaign.h"
#include "store/token.h"

struct pawl_store_driver {
    const char *scheme; /* "sqlite:" */

    /* `place` is the URL after the scheme. */
    enum pawl_result (*open)(const char *place, bool create, struct pawl_store **store);
    enum pawl_result (*look)(const char *place, struct pawl_store **store);
    void (*close)(struct pawl_store *store);
    enum pawl_result (*reader_open)(struct pawl_store *store, struct pawl_reader **reader);
    void (*reader_close)(struct pawl_reader *reader);

    enum pawl_result (*audit_append)(struct pawl_store *store, const struct pawl_event *events,
                                     size_t count);
    enum pawl_result (*audit_find)(struct pawl_reader *reader,
                                   const struct pawl_audit_filter *filter, size_t limit,
                                   pawl_audit_fn visit, void *context);
    enum pawl_result (*audit_head)(struct pawl_reader *reader, uint64_t *id, uint8_t *hash);

    enum pawl_result (*checkpoint_add)(struct pawl_store *store,
                                       const struct pawl_checkpoint_row *row);
    enum pawl_result (*checkpoint_list)(struct pawl_reader *reader, uint64_t after, size_t limit,
                                        pawl_checkpoint_fn visit, void *context);
    enum pawl_result (*checkpoint_newest)(struct pawl_reader *reader,
                                          struct pawl_checkpoint_row *row);
    enum pawl_result (*server_id_get)(struct pawl_reader *reader, uint8_t *server_id);

    enum pawl_result (*backup)(struct pawl_reader *reader, const char *path, int64_t time);
    enum pawl_result (*check)(struct pawl_reader *reader);
    enum pawl_result (*backup_mark_get)(struct pawl_reader *reader, struct pawl_backup_mark *mark);
    enum pawl_result (*restoration_begin)(struct pawl_store *store, int64_t backup_time,
                                          const struct pawl_event *event);
    enum pawl_result (*restoration_get)(struct pawl_reader *reader,
                                        struct pawl_restoration *restoration);
    enum pawl_result (*restoration_settle)(struct pawl_store *store, uint64_t entry,
                                           const struct pawl_event *event);

    enum pawl_result (*device_numbered)(struct pawl_reader *reader, uint64_t number,
                                        struct pawl_device *device);
    enum pawl_result (*device_get)(struct pawl_reader *reader, const uint8_t *device_id,
                                   struct pawl_device *device);
    enum pawl_result (*seen_get)(struct pawl_reader *reader, uint64_t number, int64_t *time);
    enum pawl_result (*device_list)(struct pawl_reader *reader,
                                    const struct pawl_device_filter *filter, uint64_t after,
                                    size_t limit, pawl_device_fn visit, void *context);
    enum pawl_result (*device_count)(struct pawl_reader *reader, const struct pawl_target *target,
                                     uint64_t *count);
    enum pawl_result (*device_import)(struct pawl_store *store, struct pawl_import *imports,
                                      size_t count, const char *group,
                                      const struct pawl_event *event);
    enum pawl_result (*device_search)(struct pawl_reader *reader, const struct pawl_query *query,
                                      uint64_t after, size_t limit, pawl_device_fn visit,
                                      void *context, uint64_t *next);
    enum pawl_result (*labels_get)(struct pawl_reader *reader, uint64_t number,
                                   struct pawl_label *labels, size_t *count);
    enum pawl_result (*devices_act)(struct pawl_store *store, const struct pawl_act *act,
                                    struct pawl_act_row *rows, size_t count, bool dry_run);
    enum pawl_result (*history_get)(struct pawl_reader *reader, uint64_t number,
                                    struct pawl_history_entry *entries, size_t *count);
    enum pawl_result (*evidence_get)(struct pawl_reader *reader, uint64_t number,
                                     struct pawl_evidence *evidence);
    enum pawl_result (*group_list)(struct pawl_reader *reader, uint64_t after, size_t limit,
                                   pawl_group_fn visit, void *context);
    enum pawl_result (*group_edit)(struct pawl_store *store, const char *name, const char *new_name,
                                   const struct pawl_event *event,
                                   enum pawl_group_outcome *outcome);

    enum pawl_result (*changes_apply)(struct pawl_store *store, struct pawl_change *changes,
                                      size_t count);
    enum pawl_result (*failures_set)(struct pawl_store *store, struct pawl_failure_change *changes,
                                     size_t count);
    enum pawl_result (*seen_set)(struct pawl_store *store, struct pawl_seen *seen, size_t count);

    enum pawl_result (*package_add)(struct pawl_store *store,
                                    const struct pawl_package_row *package,
                                    const struct pawl_event *event);
    enum pawl_result (*package_key_set)(struct pawl_store *store, const uint8_t *package_id,
                                        const uint8_t *wrapped, const struct pawl_event *event);
    enum pawl_result (*package_get)(struct pawl_reader *reader, const uint8_t *package_id,
                                    struct pawl_package_row *package);
    enum pawl_result (*package_list)(struct pawl_reader *reader,
                                     const struct pawl_package_filter *filter, const uint8_t *after,
                                     size_t limit, pawl_package_fn visit, void *context);

    enum pawl_result (*content_add)(struct pawl_store *store,
                                    const struct pawl_content_row *content,
                                    const struct pawl_content_key_row *keys,
                                    const struct pawl_event *event);
    enum pawl_result (*content_remove)(struct pawl_store *store, const uint8_t *content_id,
                                       const struct pawl_event *event);
    enum pawl_result (*content_get)(struct pawl_reader *reader, const uint8_t *content_id,
                                    struct pawl_content_row *content);
    enum pawl_result (*content_list)(struct pawl_reader *reader, const uint8_t *after, size_t limit,
                                     pawl_content_fn visit, void *context);
    enum pawl_result (*content_key_get)(struct pawl_reader *reader, const uint8_t *key_id,
                                        struct pawl_content_key_row *key, uint8_t *release_id);
    enum pawl_result (*release_find)(struct pawl_reader *reader, const uint8_t *release_id);

    enum pawl_result (*assignment_add)(struct pawl_store *store, const struct pawl_target *target,
                                       const uint8_t *package_id, int64_t created,
                                       const struct pawl_event *event, uint64_t *id);
    enum pawl_result (*assignment_delete)(struct pawl_store *store, uint64_t id,
                                          const struct pawl_event *event);
    enum pawl_result (*assignment_list)(struct pawl_reader *reader, uint64_t after, size_t limit,
                                        pawl_assignment_fn visit, void *context);
    enum pawl_result (*plan_version)(struct pawl_reader *reader, uint64_t *version);

    enum pawl_result (*campaign_add)(struct pawl_store *store, const struct pawl_campaign *campaign,
                                     const struct pawl_event *event, uint64_t *id);
    enum pawl_result (*campaign_get)(struct pawl_reader *reader, uint64_t id,
                                     struct pawl_campaign *campaign);
    enum pawl_result (*campaign_list)(struct pawl_reader *reader, enum pawl_campaign_state state,
                                      uint64_t after, size_t limit, pawl_campaign_fn visit,
                                      void *context);
    enum pawl_result (*campaign_set)(struct pawl_store *store, const struct pawl_campaign *campaign,
                                     const struct pawl_event *event);
    enum pawl_result (*campaign_devices_set)(struct pawl_store *store,
                                             const struct pawl_campaign *campaign,
                                             const uint8_t *bits, size_t size,
                                             const struct pawl_event *event);
    enum pawl_result (*campaign_devices_get)(struct pawl_reader *reader, uint64_t id,
                                             uint8_t **bits, size_t *size);
    enum pawl_result (*campaign_delete)(struct pawl_store *store, uint64_t id, uint64_t version,
                                        const struct pawl_event *event);
    enum pawl_result (*campaign_visit)(struct pawl_reader *reader,
                                       const struct pawl_campaign *campaign, uint64_t after,
                                       size_t limit, pawl_campaign_device_fn visit, void *context,
                                       uint64_t *last);
    enum pawl_result (*campaign_credit)(struct pawl_store *store, uint64_t id,
                                        const struct pawl_campaign_credit *credits, size_t count);
    enum pawl_result (*campaign_told_get)(struct pawl_reader *reader, uint64_t id, uint8_t **bits,
                                          size_t *size);
    enum pawl_result (*campaign_totals_set)(struct pawl_store *store,
                                            const struct pawl_campaign *campaign, uint64_t basis,
                                            const uint64_t *totals);

    enum pawl_result (*commands_add)(struct pawl_store *store, const struct pawl_command *command,
                                     const uint64_t *devices, size_t count,
                                     const struct pawl_event *event, uint64_t *first,
                                     size_t *added);
    enum pawl_result (*command_list)(struct pawl_reader *reader,
                                     const struct pawl_command_filter *filter, uint64_t after,
                                     size_t limit, pawl_command_fn visit, void *context);
    enum pawl_result (*command_cancel)(struct pawl_store *store, uint64_t number,
                                       struct pawl_event *event, uint8_t *device_id);
    enum pawl_result (*commands_end)(struct pawl_store *store, struct pawl_command_end *ends,
                                     size_t count);

    enum pawl_result (*keys_add)(struct pawl_store *store, const struct pawl_key_row *keys,
                                 size_t count, const struct pawl_event *event);
    enum pawl_result (*key_get)(struct pawl_reader *reader, enum pawl_key_slot slot,
                                struct pawl_key_row *key);
    enum pawl_result (*challenge_rotate)(struct pawl_store *store, const uint8_t *wrapped,
                                         int64_t created, const struct pawl_event *event);
    enum pawl_result (*data_keys_get)(struct pawl_reader *reader, struct pawl_data_key_row *keys,
                                      size_t *count);
    enum pawl_result (*data_key_add)(struct pawl_store *store, const struct pawl_data_key_row *key,
                                     const struct pawl_event *event);
    enum pawl_result (*data_keys_rewrap)(struct pawl_store *store,
                                         const struct pawl_data_key_row *keys, size_t count,
                                         const struct pawl_event *event);
    enum pawl_result (*data_key_delete)(struct pawl_store *store, uint32_t generation,
                                        const struct pawl_event *event);
    enum pawl_result (*scrub)(struct pawl_store *store);
    enum pawl_result (*wrapped_list)(struct pawl_reader *reader, enum pawl_vault_kind kind,
                                     uint32_t generation, uint64_t after, size_t limit,
                                     pawl_wrapped_fn visit, void *context);
    enum pawl_result (*wrapped_count)(struct pawl_reader *reader, uint32_t generation,
                                      uint64_t *count);
    enum pawl_result (*wrapped_set)(struct pawl_store *store, struct pawl_wrapped_row *rows,
                                    size_t count);
    enum pawl_result (*once_begin)(struct pawl_store *store,
                                   const struct pawl_once_request *request, int64_t now,
                                   struct pawl_once_answer *answer);
    enum pawl_result (*once_finish)(struct pawl_store *store,
                                    const struct pawl_once_request *request, unsigned status,
                                    const char *text);
    enum pawl_result (*once_drop)(struct pawl_store *store,
                                  const struct pawl_once_request *request);
    enum pawl_result (*token_add)(struct pawl_store *store, const struct pawl_token_row *token,
                                  const struct pawl_event *event, uint64_t *id);
    enum pawl_result (*token_revoke)(struct pawl_store *store, const char *name, int64_t time,
                                     const struct pawl_event *event);
    enum pawl_result (*token_used_set)(struct pawl_store *store, const struct pawl_token_use *uses,
                                       size_t count);
    enum pawl_result (*token_list)(struct pawl_reader *reader, bool live, uint64_t after,
                                   size_t limit, pawl_token_fn visit, void *context);
    enum pawl_result (*totals_get)(struct pawl_reader *reader, struct pawl_totals *totals);

    enum pawl_result (*class_list)(struct pawl_reader *reader, pawl_class_fn visit, void *context);
    enum pawl_result (*trial)(struct pawl_store *store);
};

/* What every implementation's handles begin with. */
struct pawl_store {
    const struct pawl_store_driver *driver;
};

struct pawl_reader {
    const struct pawl_store_driver *driver;
};

/* For implementations: counts a failure that the database is to blame for, and returns it. */
enum pawl_result pawl_store_error_note(enum pawl_result class);

extern const struct pawl_store_driver pawl_sqlite_driver;

#endif
