//! What each plan has room for: the one table of limits.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::error::{Error, Result};

/// What a plan has room for; `null` means no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Limits {
    pub members: Option<i64>,
    pub workspaces: Option<i64>,
    /// Design sessions in all workspaces.
    pub sessions: Option<i64>,
    /// Design sessions of keys in test mode, besides those.
    pub test_sessions: Option<i64>,
    /// Days that generated files of superseded analyses are kept.
    pub artifact_days: Option<i64>,
    /// Days that the audit trail can be looked at.
    pub audit_days: Option<i64>,
    /// API keys that work.
    pub api_keys: Option<i64>,
    /// Units of the API within a minute, for each key. Most calls cost one.
    pub api_units_per_minute: i64,
    /// The same for keys in test mode.
    pub test_units_per_minute: i64,
    /// Days that the use of keys is kept.
    pub usage_days: Option<i64>,
    /// Bytes of text in one message.
    pub message_bytes: Option<i64>,
    /// Webhook endpoints.
    pub webhooks: Option<i64>,
}

const TABLE: &[(&str, Limits)] = &[
    (
        "free",
        Limits {
            members: Some(5),
            workspaces: Some(3),
            sessions: Some(50),
            test_sessions: Some(20),
            artifact_days: Some(30),
            audit_days: Some(90),
            api_keys: Some(5),
            api_units_per_minute: 60,
            test_units_per_minute: 30,
            usage_days: Some(30),
            message_bytes: Some(20_000),
            webhooks: Some(2),
        },
    ),
    (
        "pro",
        Limits {
            members: Some(50),
            workspaces: Some(30),
            sessions: Some(2_000),
            test_sessions: Some(200),
            artifact_days: Some(365),
            audit_days: Some(365),
            api_keys: Some(50),
            api_units_per_minute: 600,
            test_units_per_minute: 60,
            usage_days: Some(365),
            message_bytes: Some(100_000),
            webhooks: Some(20),
        },
    ),
    (
        "enterprise",
        Limits {
            members: None,
            workspaces: None,
            sessions: None,
            test_sessions: Some(2_000),
            artifact_days: None,
            audit_days: None,
            api_keys: None,
            api_units_per_minute: 6_000,
            test_units_per_minute: 120,
            usage_days: None,
            message_bytes: Some(100_000),
            webhooks: Some(200),
        },
    ),
];

/// The limits of a plan. A plan that is not known has those of the smallest.
pub fn limits(plan: &str) -> Limits {
    let (_, least) = TABLE[0];
    TABLE.iter().find(|(name, _)| *name == plan).map_or(least, |(_, limits)| *limits)
}

/// Each plan with its limits, the smallest first.
pub fn all() -> &'static [(&'static str, Limits)] {
    TABLE
}

/// The next larger plan.
pub fn larger(plan: &str) -> Option<&'static str> {
    let nth = TABLE.iter().position(|it| it.0 == plan).unwrap_or(0);
    TABLE.get(nth + 1).map(|it| it.0)
}

/// Something that a plan limits the number of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    Members,
    Workspaces,
    Sessions,
    TestSessions,
    Webhooks,
    ApiKeys,
}

impl Resource {
    /// How many there may be; absent: any number.
    pub fn limit(self, limits: Limits) -> Option<i64> {
        match self {
            Self::Members => limits.members,
            Self::Workspaces => limits.workspaces,
            Self::Sessions => limits.sessions,
            Self::TestSessions => limits.test_sessions,
            Self::Webhooks => limits.webhooks,
            Self::ApiKeys => limits.api_keys,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Workspaces => "workspaces",
            Self::Sessions => "sessions",
            Self::TestSessions => "sessions in test mode",
            Self::Webhooks => "webhooks",
            Self::ApiKeys => "API keys",
        }
    }
}

/// How much of what a plan gives is in use, said before it bites.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Room {
    pub plan: String,
    /// What is counted: `sessions`.
    pub what: &'static str,
    pub count: i64,
    pub limit: Option<i64>,
    pub left: Option<i64>,
    /// `plenty`, `near` from four fifths on, or `full`.
    pub state: &'static str,
    /// The next plan with more of it, and how much.
    pub next: Option<(&'static str, Option<i64>)>,
}

pub fn room(plan: &str, resource: Resource, count: i64) -> Room {
    let limit = resource.limit(limits(plan));
    let state = match limit {
        Some(limit) if count >= limit => "full",
        Some(limit) if count * 5 >= limit * 4 => "near",
        _ => "plenty",
    };
    let more = |it: &&(&str, Limits)| match (resource.limit(it.1), limit) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(more), Some(limit)) => more > limit,
    };
    Room {
        plan: plan.to_owned(),
        what: resource.name(),
        count,
        limit,
        left: limit.map(|it| (it - count).max(0)),
        state,
        next: TABLE.iter().find(more).map(|it| (it.0, resource.limit(it.1))),
    }
}

/// Refuses one more when there are `count` already.
pub fn room_for(plan: &str, resource: Resource, count: i64) -> Result<()> {
    match resource.limit(limits(plan)) {
        Some(limit) if count >= limit => {
            let name = resource.name();
            let message = format!("the {plan} plan has room for {limit} {name}");
            Err(Error::Conflict { code: "plan_limit_reached", message: Cow::Owned(message) })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn larger_plans_have_more_room() {
        let more = |less: Option<i64>, more: Option<i64>| match (less, more) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(less), Some(more)) => less <= more,
        };
        for pair in TABLE.windows(2) {
            let (a, b) = (pair[0].1, pair[1].1);
            assert!(more(a.members, b.members) && more(a.workspaces, b.workspaces));
            assert!(more(a.sessions, b.sessions) && more(a.artifact_days, b.artifact_days));
            assert!(more(a.audit_days, b.audit_days));
            assert!(more(a.test_sessions, b.test_sessions));
            assert!(more(a.webhooks, b.webhooks));
            assert!(more(a.api_keys, b.api_keys) && more(a.usage_days, b.usage_days));
            assert!(a.api_units_per_minute < b.api_units_per_minute);
            assert!(a.test_units_per_minute < b.test_units_per_minute);
        }
    }

    #[test]
    fn a_limit_is_said_before_it_bites() {
        let state = |count| room("free", Resource::Sessions, count).state;
        assert_eq!(
            [0, 39, 40, 49, 50, 51].map(state),
            ["plenty", "plenty", "near", "near", "full", "full"]
        );
        let full = room("free", Resource::Sessions, 51);
        assert_eq!((full.left, full.next), (Some(0), Some(("pro", Some(2_000)))));
        let endless = room("enterprise", Resource::Sessions, 9_999_999);
        assert_eq!((endless.state, endless.next), ("plenty", None));
    }

    #[test]
    fn a_full_plan_says_how_much_it_has_room_for() {
        assert!(room_for("free", Resource::Members, 4).is_ok());
        let err = room_for("free", Resource::Members, 5).unwrap_err();
        assert_eq!(err.to_string(), "the free plan has room for 5 members");
        assert_eq!(err.body().code, "plan_limit_reached");
        assert!(room_for("enterprise", Resource::Members, 1_000_000).is_ok());
        assert!(room_for("unheard of", Resource::Members, 5).is_err());
    }
}
