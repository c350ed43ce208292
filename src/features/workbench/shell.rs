//! What every page of a session shows: its name, the conversation, and which
//! analyses there are.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::conversation::{self, Step, Turn};
use super::settings::{self, Field, Question};
use crate::features::orgs::plans;
use crate::features::sessions::{self, Session};
use crate::features::{analyses, orgs};
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::db::TenantTx;
use crate::platform::error::{ErrorBody, Result};
use crate::platform::live;

/// Turns of a long conversation that are shown at first.
const SHOWN: usize = 24;

/// Analyses that can be chosen from a list.
const LISTED: usize = 100;

/// Whether script asks for the parts of a page, rather than a browser for all of it.
#[derive(Clone, Copy, Debug)]
pub struct Part(pub bool);

impl<S: Send + Sync> FromRequestParts<S> for Part {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.contains_key("x-part")))
    }
}

/// What the address says besides its path.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wish {
    /// Set to see the whole of a long conversation.
    pub all: Option<String>,
    /// The message that is being rewritten.
    pub edit: Option<Uuid>,
}

#[derive(Serialize)]
pub struct Shell {
    pub session: Session,
    pub workspace: String,
    /// The address of the session.
    pub base: String,
    pub part: bool,
    pub can_edit: bool,
    pub turns: Vec<Turn>,
    /// How many turns before these are not shown.
    pub earlier: usize,
    pub edit: Option<Uuid>,
    /// The answer that is being given, and how far it is.
    pub running: Option<Uuid>,
    pub steps: Vec<Step>,
    /// The analysis that is shown, and the newest on this branch.
    pub number: Option<i32>,
    pub newest: Option<i32>,
    pub previous: Option<i32>,
    pub analyses: Vec<Numbered>,
    /// What the newest analysis assumes, and asks.
    pub assumptions: Vec<Field>,
    pub questions: Vec<Question>,
    /// Notices after this number are news to the page.
    pub seq: i64,
    pub message_limit: i64,
    pub draft: String,
    pub problem: Option<ErrorBody>,
    pub title: String,
}

/// An analysis in the list of all.
#[derive(Serialize)]
pub struct Numbered {
    pub number: i32,
    pub at: chrono::DateTime<chrono::Utc>,
    /// What the recommended option costs.
    pub monthly: Option<f64>,
    /// Whether it was made on the branch that is shown.
    pub here: bool,
}

/// A page on its way: the shell, and the report of the analysis that is shown.
pub struct Loaded {
    pub shell: Shell,
    pub report: Option<Value>,
}

/// The monthly cost of the option that a headline recommends.
pub fn recommended_cost(headline: &Value) -> Option<f64> {
    let options = headline["options"].as_array()?;
    let tier = &headline["recommended"];
    options.iter().find(|it| it["tier"] == *tier)?["monthly"].as_f64()
}

/// Gathers what the page of a session shows; `number` is the analysis in the
/// address.
pub async fn load(
    ctx: &Ctx,
    tx: &mut TenantTx,
    Part(part): Part,
    (id, number): (Uuid, Option<i32>),
    wish: &Wish,
) -> Result<Loaded> {
    // Before everything else: what happens meanwhile is told again.
    let seq = live::position(tx, id).await?;
    let session = sessions::find(tx, id).await?;
    let workspace = orgs::find_workspace(tx, session.workspace_id).await?;
    let path = sessions::path(tx, id, session.head_id).await?;
    let forks = sessions::forks(tx, id).await?;
    let here: Vec<i32> = path.iter().filter_map(|it| it.analysis).collect();
    let newest = here.last().copied();
    let shown = number.or(newest);

    let understood = match newest {
        Some(newest) => {
            let brief = analyses::brief(tx, id, newest).await?;
            Some((brief, analyses::report(tx, id, newest).await?))
        }
        None => None,
    };
    let (assumptions, questions) = match &understood {
        Some((brief, report)) => {
            (settings::assumptions(brief, report), settings::questions(brief, report))
        }
        None => Default::default(),
    };
    let running = path.last().filter(|it| it.state == "running").map(|it| it.id);
    let mut turns = conversation::turns(
        path,
        &forks,
        understood.as_ref().map(|(brief, report)| (brief, report)),
    );
    let earlier = match wish.all {
        Some(_) => 0,
        None => turns.len().saturating_sub(SHOWN),
    };
    turns.drain(..earlier);
    let steps = match running {
        Some(answer) => steps_so_far(tx, id, answer).await?,
        None => Vec::new(),
    };

    let mut previous = None;
    let report = match (shown, understood) {
        (Some(shown), Some((_, report))) if newest == Some(shown) => {
            previous = analyses::find(tx, id, shown).await?.previous;
            Some(report)
        }
        (Some(shown), _) => {
            previous = analyses::find(tx, id, shown).await?.previous;
            Some(analyses::report(tx, id, shown).await?)
        }
        (None, _) => None,
    };
    let analyses = analyses::list(tx, id, None, LISTED)
        .await?
        .into_iter()
        .map(|it| Numbered {
            number: it.number,
            at: it.created_at,
            monthly: recommended_cost(&it.headline),
            here: here.contains(&it.number),
        })
        .collect();
    let limits = plans::limits(&ctx.org.plan);
    let shell = Shell {
        base: format!("/sessions/{id}"),
        part,
        can_edit: ctx.may(Action::EditSessions) && session.archived_at.is_none(),
        title: session.title.clone(),
        workspace: workspace.name,
        turns,
        earlier,
        edit: wish.edit,
        running,
        steps,
        number: shown,
        newest,
        previous,
        analyses,
        assumptions,
        questions,
        seq,
        message_limit: limits.message_bytes.unwrap_or(100_000),
        draft: String::new(),
        problem: None,
        session,
    };
    Ok(Loaded { shell, report })
}

/// The steps of an answer that is still being given.
async fn steps_so_far(tx: &mut TenantTx, id: Uuid, answer: Uuid) -> Result<Vec<Step>> {
    let told = live::told(tx, id, "step", answer).await?;
    let step = |mut it: Value| serde_json::from_value(it["step"].take()).unwrap_or_default();
    Ok(told.into_iter().map(step).collect())
}
