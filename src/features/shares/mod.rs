//! Public links: a read-only look at one analysis for whoever has the link.
//!
//! What holds: a link is made on purpose, ends by itself, and can be revoked;
//! its token is kept as a hash. What it hides is left out before anything is
//! made of the design ([`Veil`]), and a link that
//! could not keep its promise is not made. What is said in the session after the
//! link was made is not part of it. An organisation that does not allow public
//! links has none that work.

pub mod api;
pub mod pages;

mod public;
mod store;
mod view;

pub use public::routes as public_routes;

use std::collections::BTreeSet;

use chrono::Duration;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::engine::analysis::Format;
use crate::engine::brief::Brief;
use crate::engine::diagram::{Style, architecture};
use crate::engine::veil::Veil;
use crate::features::{analyses, artifacts, orgs, sessions};
use crate::platform::access::Action;
use crate::platform::crypto::Token;
use crate::platform::ctx::Ctx;
use crate::platform::db::{TenantTx, Tx};
use crate::platform::error::{Error, FieldError, Result};
use crate::platform::events::{self, Event};
use crate::platform::state::AppState;

pub use store::Share;

/// What can be shown besides the three options at a glance, and its name.
pub const PARTS: [(&str, &str); 4] =
    [("diagram", "Diagrams"), ("costs", "Costs"), ("code", "Code"), ("why", "Reasons")];

/// What can be hidden, and what that means.
pub const HIDEABLE: [(&str, &str, &str); 4] = [
    ("organisation", "Organisation", "Its name, wherever it is written."),
    ("people", "People", "Names and addresses of the organisation's members."),
    ("workspace", "Workspace", "The name of the workspace."),
    ("naming", "Naming", "Name prefix, tags, domain, and where Terraform keeps its state."),
];

/// Links of a session that work at the same time.
const MOST: i64 = 50;

/// Names that a person can list.
const WORDS: usize = 50;

/// A link to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShare {
    /// The number of the analysis; the newest when absent.
    #[schema(minimum = 1)]
    pub analysis: Option<i32>,
    /// Shown instead of the session's title.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub title: String,
    /// Any of `diagram`, `costs`, `code`, `why`; all when absent. The options at a glance are
    /// always shown.
    #[serde(default = "all_parts", deserialize_with = "distinct")]
    #[schema(max_items = 4)]
    pub shown: BTreeSet<String>,
    /// Any of `organisation`, `people`, `workspace`, `naming`; all when absent.
    #[serde(default = "all_names", deserialize_with = "distinct")]
    #[schema(max_items = 4)]
    pub hidden: BTreeSet<String>,
    /// More names that shall not be seen anywhere: of customers, systems, places.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub words: Vec<String>,
    /// Days until it ends, 1 to 365.
    #[serde(default = "month")]
    #[schema(minimum = 1, maximum = 365)]
    pub days: i64,
}

fn all_parts() -> BTreeSet<String> {
    PARTS.iter().map(|it| it.0.to_owned()).collect()
}

fn all_names() -> BTreeSet<String> {
    HIDEABLE.iter().map(|it| it.0.to_owned()).collect()
}

fn month() -> i64 {
    30
}

/// A list that names nothing twice.
fn distinct<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeSet<String>, D::Error> {
    let all = Vec::<String>::deserialize(deserializer)?;
    let count = all.len();
    let set: BTreeSet<String> = all.into_iter().collect();
    if set.len() == count { Ok(set) } else { Err(D::Error::custom("must name nothing twice")) }
}

impl NewShare {
    fn checked(mut self) -> Result<Self> {
        let mut wrong = Vec::new();
        let mut say = |field, text: String| wrong.push(FieldError::new(field, text));
        if let Some(it) = self.shown.iter().find(|it| !PARTS.iter().any(|part| part.0 == *it)) {
            say("shown", format!("{it} is none of diagram, costs, code and why"));
        }
        if let Some(it) = self.hidden.iter().find(|it| !HIDEABLE.iter().any(|name| name.0 == *it)) {
            say("hidden", format!("{it} is none of organisation, people, workspace and naming"));
        }
        if !(1..=365).contains(&self.days) {
            say("days", "must be 1 to 365".to_owned());
        }
        self.title = self.title.split_whitespace().collect::<Vec<_>>().join(" ");
        if self.title.chars().count() > 200 || self.title.chars().any(char::is_control) {
            say("title", "must have at most 200 characters".to_owned());
        }
        if self.words.len() > WORDS {
            say("words", format!("can be {WORDS} names at most"));
        }
        self.words = self.words.iter().map(|it| it.trim().to_owned()).collect();
        self.words.retain(|it| !it.is_empty());
        if let Some(it) = self.words.iter().find(|it| !(2..=100).contains(&it.chars().count())) {
            say("words", format!("names have 2 to 100 characters; {it:?} has not"));
        }
        if wrong.is_empty() { Ok(self) } else { Err(Error::Invalid(wrong)) }
    }
}

/// A link that was just made: the only time that its address is told.
#[derive(Debug, Serialize, ToSchema)]
pub struct Shared {
    #[serde(flatten)]
    pub share: Share,
    pub url: String,
}

/// All names that a link does not show.
async fn veil(
    tx: &mut TenantTx,
    session_id: Uuid,
    hidden: &[String],
    words: &[String],
    brief: &Brief,
) -> Result<Veil> {
    let hides = |name: &str| hidden.iter().any(|it| it == name);
    let mut names: Vec<String> = words.to_vec();
    if hides("organisation") {
        names.extend(store::names_of_org(tx).await?);
    }
    if hides("people") {
        names.extend(store::names_of_people(tx).await?);
    }
    if hides("workspace") {
        let session = sessions::find(tx, session_id).await?;
        let workspace = orgs::find_workspace(tx, session.workspace_id).await?;
        // Every organisation has one of this name, which tells nothing.
        names.extend(Some(workspace.name).filter(|it| it != "General"));
    }
    if hides("naming") {
        let policy = &brief.policy;
        names.extend(policy.name_prefix.clone());
        names.extend(policy.domain.clone());
        names.extend(policy.project.clone());
    }
    Ok(Veil::new(names.iter().map(String::as_str), hides("naming")))
}

/// Whether everything that the link shows can be shown without the names. `listed`
/// holds those that somebody wrote down for this link: names of members may well
/// be words of code, as Max is, and tell nobody anything there.
fn keeps_its_promise(veil: &Veil, listed: &Veil, brief: &Brief, code: bool) -> Result<()> {
    let (open, hidden) = (brief.analyze(), veil.analyze(brief));
    let same = open.options.len() == hidden.options.len()
        && open.options.iter().zip(&hidden.options).all(|(a, b)| {
            a.graph.components.len() == b.graph.components.len()
                && (a.cost.monthly - b.cost.monthly).abs() < 0.5
        });
    if !same {
        return Err(Error::invalid(
            "words",
            "one of the names decides what the design is made of; leave it out",
        ));
    }
    let settings = veil.code(brief);
    let refuse = |name: String, what: &str| {
        let text = format!("{name:?} is a word of the {what} itself, and cannot be hidden in it");
        Err(Error::invalid("words", text))
    };
    for design in &hidden.options {
        if let Some(name) = listed.seen_in(&architecture::svg(design, &Style::default())) {
            return refuse(name, "diagram");
        }
        for format in Format::ALL.into_iter().filter(|_| code) {
            for (path, text) in artifacts::texts_of(design, format, &settings) {
                if let Some(name) = listed.seen_in(&path).or_else(|| listed.seen_in(&text)) {
                    return refuse(name, "code");
                }
            }
        }
    }
    Ok(())
}

/// Makes a link. The API and the form end up here.
async fn create(state: &AppState, ctx: &Ctx, session_id: Uuid, new: NewShare) -> Result<Shared> {
    let new = new.checked()?;
    let mut tx = ctx.begin(Action::ShareSessions).await?;
    sessions::lock(&mut tx, session_id).await?;
    if !store::allowed(&mut tx).await? {
        return Err(Error::conflict(
            "public_links_off",
            "your organisation does not allow public links; an admin can change that",
        ));
    }
    if store::count(&mut tx, session_id).await? >= MOST {
        let text = format!("a session has {MOST} links at most; revoke one first");
        return Err(Error::Conflict { code: "too_many_links", message: text.into() });
    }
    let number = match new.analysis {
        Some(number) => analyses::find(&mut tx, session_id, number).await?.number,
        None => analyses::newest(&mut tx, session_id).await?.number,
    };
    let brief = analyses::brief(&mut tx, session_id, number).await?;
    let hidden: Vec<String> = new.hidden.iter().cloned().collect();
    let veil = veil(&mut tx, session_id, &hidden, &new.words, &brief).await?;
    if let Some(name) = veil.seen_in(&new.title) {
        return Err(Error::invalid("title", format!("holds {name:?}, which is to be hidden")));
    }
    let code = new.shown.contains("code");
    let listed = Veil::new(new.words.iter().map(String::as_str), false);
    let checked =
        tokio::task::spawn_blocking(move || keeps_its_promise(&veil, &listed, &brief, code));
    checked.await.map_err(anyhow::Error::from)??;

    let token = Token::random();
    let expires_at = tx.now() + Duration::days(new.days);
    let share =
        store::insert(&mut tx, (session_id, number), &new, &token, expires_at, ctx.person.id)
            .await?;
    let created = Event::new("share.created").on("session", session_id).after(json!({
        "id": share.id, "analysis": number, "shown": share.shown, "hidden": share.hidden,
        "words": share.words.len(), "expires_at": share.expires_at,
    }));
    events::emit(&mut tx, created);
    tx.commit().await?;
    let url = format!("{}/s/{}", state.config.public_url, token.reveal());
    Ok(Shared { share, url })
}

/// Ends a link at once.
async fn revoke(tx: &mut TenantTx, session_id: Uuid, id: Uuid) -> Result<()> {
    analyses::exists(tx, session_id).await?;
    if store::revoke(tx, session_id, id).await? {
        let revoked = Event::new("share.revoked").on("session", session_id);
        events::emit(tx, revoked.after(json!({ "id": id })));
    } else if store::find(tx, session_id, id).await?.is_none() {
        return Err(Error::NotFound("link"));
    }
    Ok(())
}
