//! What each operation of the API is checked for, so that its description can
//! tell the scope and the role it needs. That it is true is held by tests/it/access.rs.

use crate::platform::access::Action::{self, *};

/// The actions of the operations that are done in an organisation. What is not
/// here concerns the caller's account, or needs no caller at all.
const ACTIONS: &[(&str, Action)] = &[
    ("analyze", EditSessions),
    ("list_artifacts", ViewArtifacts),
    ("download_artifacts", ViewArtifacts),
    ("find_artifact", ViewArtifacts),
    ("list_event_types", ViewWebhooks),
    ("list_events", ViewEvents),
    ("implement", EditSessions),
    ("list_invitations", ManageMembers),
    ("create_invitation", ManageMembers),
    ("find_invitation", ManageMembers),
    ("delete_invitation", ManageMembers),
    ("resend_invitation", ManageMembers),
    ("list_keys", ViewKeys),
    ("create_key", EditKeys),
    ("find_key", ViewKeys),
    ("delete_key", EditKeys),
    ("update_key", EditKeys),
    ("rotate_key", EditKeys),
    ("list_members", ViewOrg),
    ("find_member", ViewOrg),
    ("delete_member", ManageMembers),
    ("update_member", ManageMembers),
    ("find_operation", ViewSessions),
    ("cancel_operation", EditSessions),
    ("find_org", ViewOrg),
    ("delete_org", DeleteOrg),
    ("update_org", ManageOrg),
    ("find_defaults", ViewSessions),
    ("replace_defaults", ManageDefaults),
    ("leave_org", Leave),
    ("restore_org", DeleteOrg),
    ("transfer_org", TransferOrg),
    ("list_sessions", ViewSessions),
    ("create_session", EditSessions),
    ("find_session", ViewSessions),
    ("delete_session", EditSessions),
    ("update_session", EditSessions),
    ("list_analyses", ViewSessions),
    ("find_analysis", ViewSessions),
    ("compare_analyses", ViewSessions),
    ("find_option", ViewSessions),
    ("find_component", ViewSessions),
    ("find_costs", ViewSessions),
    ("export_costs", ViewSessions),
    ("duplicate_session", EditSessions),
    ("watch_session", ViewSessions),
    ("list_messages", ViewSessions),
    ("create_message", EditSessions),
    ("retry_message", EditSessions),
    ("stop_message", EditSessions),
    ("restore_session", EditSessions),
    ("find_usage", ViewUsage),
    ("list_webhooks", ViewWebhooks),
    ("create_webhook", ManageWebhooks),
    ("find_webhook", ViewWebhooks),
    ("delete_webhook", ManageWebhooks),
    ("update_webhook", ManageWebhooks),
    ("list_deliveries", ViewWebhooks),
    ("find_delivery", ViewWebhooks),
    ("replay_delivery", ManageWebhooks),
    ("replay_webhook", ManageWebhooks),
    ("rotate_webhook", ManageWebhooks),
    ("test_webhook", ManageWebhooks),
    ("list_workspaces", ViewOrg),
    ("create_workspace", ManageWorkspaces),
    ("find_workspace", ViewOrg),
    ("delete_workspace", ManageWorkspaces),
    ("update_workspace", ManageWorkspaces),
    ("sign_out_member", ManageMembers),
    ("list_diagrams", ViewSessions),
    ("find_diagram", ViewSessions),
    ("list_shares", ShareSessions),
    ("create_share", ShareSessions),
    ("revoke_share", ShareSessions),
];

/// What an operation is checked for.
pub fn action(operation_id: &str) -> Option<Action> {
    ACTIONS.iter().find(|(id, _)| *id == operation_id).map(|(_, action)| *action)
}

/// The operations that a key cannot be used for, although they are done in no
/// organisation.
pub const ABOUT_THE_CALLER: &[&str] = &["find_me"];
