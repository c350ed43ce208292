//! The audit trail: reads what [`events`](crate::platform::events) wrote.

pub mod api;
pub mod pages;
mod store;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;

/// Which events to show; what is absent does not restrict.
#[derive(Clone, Debug, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct Filter {
    /// The event's name, such as `member.invited`, or the part before the dot.
    pub name: Option<String>,
    /// `success`, `refused` or `failed`.
    pub outcome: Option<String>,
    /// The person who acted.
    pub actor_id: Option<Uuid>,
    /// What it happened to.
    pub subject_id: Option<Uuid>,
    /// Not before this moment.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub until: Option<DateTime<Utc>>,
}
