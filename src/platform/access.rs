//! Who may do what: roles, actions, and the one table that relates them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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

/// Declares [`Action`] together with the least role each needs.
macro_rules! actions {
    ($($(#[doc = $doc:literal])+ $action:ident: $role:ident,)+) => {
        /// Something a caller may or may not do in an organisation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Action {
            $($(#[doc = $doc])+ $action,)+
        }

        impl Action {
            pub fn requires(self) -> Role {
                match self {
                    $(Self::$action => Role::$role,)+
                }
            }
        }
    };
}

actions! {
    /// See the organisation, its workspaces and its people.
    ViewOrg: Viewer,
    /// Change the organisation's name, address and sign-in rules.
    ManageOrg: Admin,
    /// Delete the organisation, or take that back.
    DeleteOrg: Owner,
    /// Create, rename and delete workspaces.
    ManageWorkspaces: Admin,
    /// Leave the organisation.
    Leave: Viewer,
    /// Invite people, change their roles, remove them.
    ManageMembers: Admin,
    /// Hand the organisation to another owner.
    TransferOrg: Owner,
    /// Read the audit trail.
    ViewEvents: Admin,
    /// See design sessions, their analyses and their files.
    ViewSessions: Viewer,
    /// Start sessions, take part in their conversation, generate files.
    EditSessions: Member,
    /// Give a session's link to people outside.
    ShareSessions: Member,
    /// Change what the organisation wants of every design.
    ManageDefaults: Admin,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_grow() {
        assert!(Role::ALL.is_sorted());
        assert!(Role::Viewer < Role::Member && Role::Admin < Role::Owner);
    }
}
