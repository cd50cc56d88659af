#include "server/operator_api.h"

#include <pwd.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/content_api.h"
#include "server/health_api.h"
#include "server/packages_api.h"
#include "server/server.h"

const struct pawl_route pawl_operator_routes[] = {
    {MHD_HTTP_METHOD_GET, "/healthz", &pawl_health_handler, 0},
    {MHD_HTTP_METHOD_GET, "/readyz", &pawl_ready_handler, 0},
    {MHD_HTTP_METHOD_GET, "/metrics", &pawl_metrics_handler, PAWL_MAY_VIEW},
    {MHD_HTTP_METHOD_GET, "/v1/status", &pawl_status_handler, PAWL_MAY_VIEW},
    {MHD_HTTP_METHOD_GET, "/v1/audit", &pawl_audit_handler, PAWL_MAY_VIEW},
    {MHD_HTTP_METHOD_GET, "/v1/audit/export", &pawl_audit_export_handler, PAWL_MAY_VIEW},
    {MHD_HTTP_METHOD_GET, "/v1/audit/checkpoints", &pawl_checkpoint_list_handler, PAWL_MAY_VIEW},
    {MHD_HTTP_METHOD_POST, "/v1/audit/checkpoints", &pawl_checkpoint_make_handler,
     PAWL_MAY_ADMINISTER},
    {MHD_HTTP_METHOD_POST, "/v1/backup", &pawl_backup_handler, PAWL_MAY_ADMINISTER},
    {MHD_HTTP_METHOD_GET, "/v1/backup/packages/*", &pawl_package_fetch_handler,
     PAWL_MAY_ADMINISTER},
    {MHD_HTTP_METHOD_POST, "/v1/units", &pawl_import_handler, PAWL_MAY_IMPORT},
    {MHD_HTTP_METHOD_GET, "/v1/packages", &pawl_package_list_handler, PAWL_MAY_VIEW},
    {MHD_HTTP_METHOD_PUT, "/v1/packages/*", &pawl_publish_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_PUT, "/v1/packages/*/content-key", &pawl_content_key_handler,
     PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_GET, "/v1/assignments", &pawl_assignment_list_handler, PAWL_MAY_VIEW},
    {MHD_HTTP_METHOD_PUT, "/v1/assignments", &pawl_assignment_add_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_DELETE, "/v1/assignments/*", &pawl_assignment_delete_handler,
     PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_GET, "/v1/campaigns", &pawl_campaign_list_handler, PAWL_MAY_VIEW},
    {MHD_HTTP_METHOD_POST, "/v1/campaigns", &pawl_campaign_create_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_GET, "/v1/campaigns/*", &pawl_campaign_show_handler, PAWL_MAY_VIEW},
    {MHD_HTTP_METHOD_DELETE, "/v1/campaigns/*", &pawl_campaign_delete_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_PUT, "/v1/campaigns/*/devices", &pawl_campaign_devices_handler,
     PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_POST, "/v1/campaigns/*/approve", &pawl_campaign_approve_handler,
     PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_POST, "/v1/campaigns/*/start", &pawl_campaign_start_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_POST, "/v1/campaigns/*/pause", &pawl_campaign_pause_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_POST, "/v1/campaigns/*/resume", &pawl_campaign_resume_handler,
     PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_POST, "/v1/campaigns/*/abort", &pawl_campaign_abort_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_POST, "/v1/campaigns/*/retry", &pawl_campaign_retry_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_POST, "/v1/campaigns/*/next", &pawl_campaign_next_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_GET, "/v1/devices", &pawl_device_list_handler, PAWL_MAY_VIEW},
    {MHD_HTTP_METHOD_GET, "/v1/devices/*", &pawl_device_show_handler, PAWL_MAY_VIEW},
    {MHD_HTTP_METHOD_PUT, "/v1/devices/*/group", &pawl_device_group_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_POST, "/v1/devices/*/release", &pawl_device_release_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_POST, "/v1/devices/*/retry", &pawl_device_retry_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_PUT, "/v1/devices/*/labels", &pawl_device_label_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_POST, "/v1/devices/*/decommission", &pawl_device_decommission_handler,
     PAWL_MAY_ADMINISTER},
    {MHD_HTTP_METHOD_GET, "/v1/devices/*/history", &pawl_device_history_handler, PAWL_MAY_VIEW},
    {MHD_HTTP_METHOD_GET, "/v1/devices/*/why", &pawl_device_why_handler, PAWL_MAY_VIEW},
    {MHD_HTTP_METHOD_GET, "/v1/quarantine", &pawl_quarantine_handler, PAWL_MAY_VIEW},
    {MHD_HTTP_METHOD_POST, "/v1/bulk/group", &pawl_bulk_group_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_POST, "/v1/bulk/label", &pawl_bulk_label_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_POST, "/v1/bulk/release", &pawl_bulk_release_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_POST, "/v1/bulk/retry", &pawl_bulk_retry_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_POST, "/v1/bulk/decommission", &pawl_bulk_decommission_handler,
     PAWL_MAY_ADMINISTER},
    {MHD_HTTP_METHOD_GET, "/v1/groups", &pawl_group_list_handler, PAWL_MAY_VIEW},
    {MHD_HTTP_METHOD_PUT, "/v1/groups", &pawl_group_rename_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_DELETE, "/v1/groups", &pawl_group_delete_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_GET, "/v1/tokens", &pawl_token_list_handler, PAWL_MAY_ADMINISTER},
    {MHD_HTTP_METHOD_POST, "/v1/tokens", &pawl_token_add_handler, PAWL_MAY_ADMINISTER},
    {MHD_HTTP_METHOD_DELETE, "/v1/tokens/*", &pawl_token_revoke_handler, PAWL_MAY_ADMINISTER},
    {MHD_HTTP_METHOD_GET, "/v1/contents", &pawl_content_list_handler, PAWL_MAY_VIEW},
    {MHD_HTTP_METHOD_GET, "/v1/contents/*", &pawl_content_show_handler, PAWL_MAY_VIEW},
    {MHD_HTTP_METHOD_PUT, "/v1/contents/*", &pawl_content_publish_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_DELETE, "/v1/contents/*", &pawl_content_remove_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_PUT, "/v1/contents/*/keys", &pawl_content_keys_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_POST, "/v1/notify", &pawl_notify_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_GET, "/v1/commands", &pawl_command_list_handler, PAWL_MAY_VIEW},
    {MHD_HTTP_METHOD_POST, "/v1/commands", &pawl_command_add_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_DELETE, "/v1/commands/*", &pawl_command_cancel_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_POST, "/v1/entitlements", &pawl_entitle_handler, PAWL_MAY_OPERATE},
    {MHD_HTTP_METHOD_GET, "/v1/keys", &pawl_key_status_handler, PAWL_MAY_ADMINISTER},
    {MHD_HTTP_METHOD_POST, "/v1/keys/*/rotate", &pawl_key_rotate_handler, PAWL_MAY_ADMINISTER},
};

const size_t pawl_operator_route_count =
    sizeof pawl_operator_routes / sizeof pawl_operator_routes[0];

static bool user_may_operate(const struct pawl_server_settings *settings, uid_t user)
{
    if (user == 0 || user == geteuid())
        return true;
    for (size_t i = 0; i < settings->operator_count; i++)
        if (settings->operators[i] == user)
            return true;
    return false;
}

void pawl_operator_identify(struct pawl_request *request, int fd)
{
    const struct pawl_server *server = request->server;
    struct ucred peer;
    socklen_t size = sizeof peer;
    request->refused = true;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return;
    request->refused = !user_may_operate(&server->settings, peer.uid);
    request->role = PAWL_ROLE_ADMIN;

    struct passwd entry, *found = NULL;
    char text[1024];
    const char *name = "";
    if (getpwuid_r(peer.uid, &entry, text, sizeof text, &found) == 0 && found != NULL)
        name = found->pw_name;
    snprintf(request->actor, sizeof request->actor, "%u%s%s", (unsigned)peer.uid,
             name[0] != '\0' ? "/" : "", name);
}
