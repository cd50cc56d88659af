/*
 * The operator API (SPEC 16): its routes, and who may use it on the Unix-domain socket. Each
 * connection has a thread of its own, so that handlers may block.
 */
#ifndef PAWL_SERVER_OPERATOR_API_H
#define PAWL_SERVER_OPERATOR_API_H

#include "server/http.h"

extern const struct pawl_route pawl_operator_routes[];
extern const size_t pawl_operator_route_count;

/* Finds out by SO_PEERCRED who connected: root, the server's own user and those of --operator-uid
 * may operate; the audit names them "uid/name". */
void pawl_operator_identify(struct pawl_request *request, int fd);

/* The handlers, by the file that has them. */

/* operator_status.c */
extern const struct pawl_handler pawl_status_handler;

/* audit_api.c, audit_export.c */
extern const struct pawl_handler pawl_audit_handler;
extern const struct pawl_handler pawl_checkpoint_list_handler;
extern const struct pawl_handler pawl_checkpoint_make_handler;
extern const struct pawl_handler pawl_audit_export_handler;

/* backup_api.c */
extern const struct pawl_handler pawl_backup_handler;

/* import.c */
extern const struct pawl_handler pawl_import_handler;

/* publish.c, content_key.c, operator_packages.c */
extern const struct pawl_handler pawl_publish_handler;
extern const struct pawl_handler pawl_content_key_handler;
extern const struct pawl_handler pawl_package_list_handler;

/* operator_assignments.c */
extern const struct pawl_handler pawl_assignment_add_handler;
extern const struct pawl_handler pawl_assignment_list_handler;
extern const struct pawl_handler pawl_assignment_delete_handler;

/* operator_campaigns.c, campaign_devices.c */
extern const struct pawl_handler pawl_campaign_create_handler;
extern const struct pawl_handler pawl_campaign_list_handler;
extern const struct pawl_handler pawl_campaign_show_handler;
extern const struct pawl_handler pawl_campaign_delete_handler;
extern const struct pawl_handler pawl_campaign_devices_handler;
extern const struct pawl_handler pawl_campaign_approve_handler;
extern const struct pawl_handler pawl_campaign_start_handler;
extern const struct pawl_handler pawl_campaign_pause_handler;
extern const struct pawl_handler pawl_campaign_resume_handler;
extern const struct pawl_handler pawl_campaign_abort_handler;
extern const struct pawl_handler pawl_campaign_retry_handler;
extern const struct pawl_handler pawl_campaign_next_handler;

/* operator_devices.c, device_actions.c */
extern const struct pawl_handler pawl_device_list_handler;
extern const struct pawl_handler pawl_device_show_handler;
extern const struct pawl_handler pawl_device_group_handler;
extern const struct pawl_handler pawl_device_release_handler;
extern const struct pawl_handler pawl_device_retry_handler;
extern const struct pawl_handler pawl_device_label_handler;
extern const struct pawl_handler pawl_device_decommission_handler;

/* device_history.c, quarantine_api.c */
extern const struct pawl_handler pawl_device_history_handler;
extern const struct pawl_handler pawl_device_why_handler;
extern const struct pawl_handler pawl_quarantine_handler;

/* bulk_api.c */
extern const struct pawl_handler pawl_bulk_group_handler;
extern const struct pawl_handler pawl_bulk_label_handler;
extern const struct pawl_handler pawl_bulk_release_handler;
extern const struct pawl_handler pawl_bulk_retry_handler;
extern const struct pawl_handler pawl_bulk_decommission_handler;

/* operator_groups.c */
extern const struct pawl_handler pawl_group_list_handler;
extern const struct pawl_handler pawl_group_rename_handler;
extern const struct pawl_handler pawl_group_delete_handler;

/* key_api.c */
extern const struct pawl_handler pawl_key_status_handler;
extern const struct pawl_handler pawl_key_rotate_handler;
/* operator_tokens.c */
extern const struct pawl_handler pawl_token_list_handler;
extern const struct pawl_handler pawl_token_add_handler;
extern const struct pawl_handler pawl_token_revoke_handler;

/* push_api.c */
extern const struct pawl_handler pawl_notify_handler;

/* commands_api.c */
extern const struct pawl_handler pawl_command_add_handler;
extern const struct pawl_handler pawl_command_list_handler;
extern const struct pawl_handler pawl_command_cancel_handler;

/* entitle_api.c */
extern const struct pawl_handler pawl_entitle_handler;

#endif
