//! What those who run a server do with its organisations.

use sqlx::FromRow;
use uuid::Uuid;

use super::{plans, set_plan};
use crate::platform::db::SystemTx;
use crate::platform::error::Result;
use crate::platform::events::Who;
use crate::platform::state::AppState;

/// An organisation with its plan and size.
#[derive(Clone, Debug, FromRow)]
pub struct Row {
    pub id: Uuid,
    pub name: String,
    pub plan: String,
    pub members: i64,
    pub sessions: i64,
}

/// The names of the plans, the smallest first.
pub fn plan_names() -> Vec<&'static str> {
    plans::all().iter().map(|(name, _)| *name).collect()
}

/// All organisations, by name.
pub async fn all(state: &AppState) -> Result<Vec<Row>> {
    let mut tx: SystemTx = state.db.system(Who::system()).await?;
    let rows = sqlx::query_as(
        "select o.id, o.name, o.plan,
                (select count(*) from member m where m.org_id = o.id) as members,
                (select count(*) from session s where s.org_id = o.id) as sessions
           from org o order by lower(o.name), o.id",
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(rows)
}

/// Gives an organisation another plan.
pub async fn change_plan(state: &AppState, org_id: Uuid, plan: &str) -> Result<()> {
    let mut tx = state.db.tenant(org_id, Who::system()).await?;
    set_plan(&mut tx, plan).await?;
    tx.commit().await
}
