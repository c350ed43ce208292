//! Who may do what: roles, actions, and the one table that relates them.

use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// What a member is in an organisation; each role may do all that the ones
/// before it may.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    sqlx::Type,
)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Role {
    Viewer,
    Member,
    Admin,
    Owner,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Member, Self::Admin, Self::Owner];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

/// Declares [`Scope`] with the name and the meaning of each.
macro_rules! scopes {
    ($($scope:ident $name:literal $meaning:literal,)+) => {
        /// What a key may be allowed to do, within the role of its owner.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Scope {
            $(#[doc = $meaning] #[serde(rename = $name)] $scope,)+
        }

        impl Scope {
            pub const ALL: &[Self] = &[$(Self::$scope,)+];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$scope => $name,)+
                }
            }

            /// What it allows, in words for people.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$scope => $meaning,)+
                }
            }
        }
    };
}

scopes! {
    SessionsRead "sessions:read" "See design sessions and their analyses",
    SessionsWrite "sessions:write" "Start and change sessions, analyse, generate files",
    SessionsShare "sessions:share" "Give people outside a link to a session",
    ArtifactsRead "artifacts:read" "Download generated files",
    WebhooksRead "webhooks:read" "See webhooks and what was delivered",
    WebhooksWrite "webhooks:write" "Create, change and delete webhooks",
    OrgRead "org:read" "See the organisation, its workspaces and its people",
    OrgAdmin "org:admin" "Change the settings of the organisation",
    WorkspacesWrite "workspaces:write" "Create, rename and delete workspaces",
    MembersWrite "members:write" "Invite and remove people, change their roles",
    AuditRead "audit:read" "Read the audit trail",
    KeysRead "keys:read" "See API keys",
    KeysWrite "keys:write" "Create, rotate and revoke API keys that may do no more than this one",
    UsageRead "usage:read" "See how much keys are used",
}

// The derive does not see names that a macro hands on.
impl PartialSchema for Scope {
    fn schema() -> RefOr<Schema> {
        let names = Self::ALL.iter().map(|it| it.as_str());
        let meanings = Self::ALL.iter().map(|it| format!("- `{}`: {}", it.as_str(), it.meaning()));
        let description = meanings.collect::<Vec<_>>().join("\n");
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(names))
            .description(Some(format!(
                "What a key may be allowed to do, within the role of its owner.\n\n{description}"
            )))
            .into()
    }
}

impl ToSchema for Scope {}

impl Scope {
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.as_str() == name)
    }

    /// Whether it makes sense for a key that is confined to one workspace: such
    /// a key has no say in what concerns the others.
    pub fn fits_workspace(self) -> bool {
        matches!(
            self,
            Self::SessionsRead
                | Self::SessionsWrite
                | Self::SessionsShare
                | Self::ArtifactsRead
                | Self::OrgRead
        )
    }
}

/// Declares [`Action`] together with the least role each needs, and the scope
/// that a key needs besides. What has none is for people who are signed in.
macro_rules! actions {
    ($($(#[doc = $doc:literal])+ $action:ident: $role:ident [$($scope:ident)?],)+) => {
        /// Something a caller may or may not do in an organisation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Action {
            $($(#[doc = $doc])+ $action,)+
        }

        impl Action {
            pub const ALL: &[Self] = &[$(Self::$action,)+];

            pub fn requires(self) -> Role {
                match self {
                    $(Self::$action => Role::$role,)+
                }
            }

            /// What a key needs; `None` for what no key may do.
            pub fn scope(self) -> Option<Scope> {
                let scopes: &[Scope] = match self {
                    $(Self::$action => &[$(Scope::$scope)?],)+
                };
                scopes.first().copied()
            }
        }
    };
}

actions! {
    /// See the organisation, its workspaces and its people.
    ViewOrg: Viewer [OrgRead],
    /// Change the organisation's name, address and sign-in rules.
    ManageOrg: Admin [OrgAdmin],
    /// Delete the organisation, or take that back.
    DeleteOrg: Owner [],
    /// Create, rename and delete workspaces.
    ManageWorkspaces: Admin [WorkspacesWrite],
    /// Leave the organisation.
    Leave: Viewer [],
    /// Invite people, change their roles, remove them.
    ManageMembers: Admin [MembersWrite],
    /// Hand the organisation to another owner.
    TransferOrg: Owner [],
    /// Read the audit trail.
    ViewEvents: Admin [AuditRead],
    /// See design sessions and their analyses.
    ViewSessions: Viewer [SessionsRead],
    /// Start sessions, take part in their conversation, generate files.
    EditSessions: Member [SessionsWrite],
    /// Give a session's link to people outside.
    ShareSessions: Member [SessionsShare],
    /// Download generated files.
    ViewArtifacts: Viewer [ArtifactsRead],
    /// Change what the organisation wants of every design.
    ManageDefaults: Admin [OrgAdmin],
    /// See webhooks and what was delivered to them.
    ViewWebhooks: Admin [WebhooksRead],
    /// Create, change and delete webhooks.
    ManageWebhooks: Admin [WebhooksWrite],
    /// See one's own API keys.
    ViewKeys: Viewer [KeysRead],
    /// Create, change, rotate and revoke one's own API keys.
    EditKeys: Viewer [KeysWrite],
    /// See, change and revoke the keys of others.
    ManageKeys: Admin [KeysWrite],
    /// See how much one's own keys are used.
    ViewUsage: Viewer [UsageRead],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_grow() {
        assert!(Role::ALL.is_sorted());
        assert!(Role::Viewer < Role::Member && Role::Admin < Role::Owner);
    }

    #[test]
    fn every_scope_allows_something_and_is_called_after_it() {
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()), Some(*scope));
            assert!(Action::ALL.iter().any(|it| it.scope() == Some(*scope)), "{scope:?}");
        }
        assert_eq!(Scope::parse("org:*"), None);
    }
}
