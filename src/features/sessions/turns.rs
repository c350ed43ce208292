//! A turn: what a person says, what the engine makes of it, and the answer.
//!
//! A turn is begun in one transaction (the person's message and an answer that
//! is still running), thought about outside of any, and ended in another one.
//! The page lets a job do the last two and streams the steps; the API does all
//! three in the request when it can. Either way an answer ends once: whoever
//! finds it no longer running leaves it alone.

use std::sync::Arc;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::engine::analysis::Analysis;
use crate::engine::answer;
use crate::engine::brief::{self, Brief, Step};
use crate::engine::requirements::Hints;
use crate::engine::{diff, report};
use crate::features::orgs::plans;
use crate::features::{analyses, artifacts};
use crate::platform::ctx::Ctx;
use crate::platform::db::TenantTx;
use crate::platform::error::{Error, Result};
use crate::platform::events::{self, Event, Who};
use crate::platform::jobs::{self, Job};
use crate::platform::live;
use crate::platform::state::AppState;
use crate::platform::work;

use super::defaults;
use super::messages::{self, End, Message, New};
use super::store::{self, Advance, Session};

/// What a person contributes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    Text {
        text: String,
        /// What the first text came with: fields of a form or of a call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hints: Option<Hints>,
    },
    /// A value chosen for something that was assumed or asked.
    Setting { kind: String, value: Value },
}

/// The two messages of a turn.
pub struct Turn {
    pub said: Message,
    pub answer: Message,
}

/// Everything that an answer is made from.
pub struct Work {
    previous: Option<(i32, Brief)>,
    brief: Brief,
    input: Input,
}

/// What came of it.
pub struct Thought {
    body: String,
    content: Value,
    made: Option<Made>,
}

struct Made {
    previous: Option<i32>,
    brief: Brief,
    report: Box<RawValue>,
    packed: Vec<u8>,
    headline: Value,
    title: String,
    /// For those who watched it being made.
    analysis: Option<Arc<Analysis>>,
    /// The files of its options.
    written: Vec<artifacts::Written>,
}

impl Input {
    pub fn text(text: String) -> Self {
        Self::Text { text, hints: None }
    }

    /// As it stands in the conversation.
    fn body(&self) -> String {
        match self {
            Self::Text { text, .. } => text.clone(),
            Self::Setting { kind, value } => {
                format!("{}: {}", brief::label(kind), brief::show_value(kind, value))
            }
        }
    }

    /// What the words alone do not tell.
    fn content(&self) -> Option<Value> {
        match self {
            Self::Text { hints: None, .. } => None,
            _ => Some(json!(self)),
        }
    }

    fn of(said: Message) -> Result<Self> {
        match said.content {
            Some(content) => Ok(serde_json::from_value(content).map_err(anyhow::Error::from)?),
            None => Ok(Self::text(said.body)),
        }
    }
}

/// A value that can be set.
pub fn checked_setting(kind: String, value: Value) -> Result<Input> {
    brief::check_setting(&kind, &value).map_err(|text| Error::invalid("setting", text))?;
    Ok(Input::Setting { kind, value })
}

/// A description or request, as far as the plan lets it be.
pub fn checked_text(ctx: &Ctx, text: &str) -> Result<String> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid("text", "say what you need"));
    }
    if text.contains('\0') {
        return Err(Error::invalid("text", "contains a NUL character, which no text does"));
    }
    let limit = plans::limits(&ctx.org.plan).message_bytes.unwrap_or(100_000);
    if text.len() > usize::try_from(limit).unwrap_or(usize::MAX) {
        let message = format!(
            "is {} bytes long; the {} plan takes up to {limit} in one message",
            text.len(),
            ctx.org.plan
        );
        return Err(Error::invalid("text", message));
    }
    Ok(text.to_owned())
}

/// Nobody answers to an answer that is still to come.
pub async fn refuse_while_answering(
    tx: &mut TenantTx,
    session_id: Uuid,
    parent: Option<Uuid>,
) -> Result<()> {
    if let Some(parent) = parent
        && messages::find(tx, session_id, parent).await?.state == "running"
    {
        let message = "CloudGen is still answering; wait for it, or stop it first";
        return Err(Error::conflict("still_answering", message));
    }
    Ok(())
}

/// Writes down what the person said, after `parent`, and an answer to be given.
pub async fn begin(
    ctx: &Ctx,
    tx: &mut TenantTx,
    session: &Session,
    parent: Option<Uuid>,
    input: &Input,
) -> Result<Turn> {
    let said = say(ctx, tx, session, parent, input).await?;
    let title = first_title(session, parent, input);
    let answer = open_answer(tx, session.id, &said, title.as_deref()).await?;
    Ok(Turn { said, answer })
}

/// Writes down what the person said and the answer, which was thought of before.
pub async fn whole(
    ctx: &Ctx,
    tx: &mut TenantTx,
    session: &Session,
    parent: Option<Uuid>,
    (input, thought): (&Input, &Thought),
) -> Result<Turn> {
    let said = say(ctx, tx, session, parent, input).await?;
    let made = thought.made.as_ref();
    let number = made.map(|_| session.analyses + 1);
    let answer = New {
        state: "done",
        body: &thought.body,
        content: Some(&thought.content),
        analysis: number,
        ..answer_to(&said)
    };
    let answer = messages::insert(tx, session.id, answer).await?;
    tell_messages(tx, &said, &answer);
    let title = match made {
        Some(made) => made.title_of(session).map(str::to_owned),
        None => first_title(session, parent, input),
    };
    let to = Advance {
        title: title.as_deref(),
        head: Some(answer.id),
        headline: made.map(|it| &it.headline),
    };
    store::advance(tx, session.id, to).await?;
    if let (Some(made), Some(number)) = (made, number) {
        keep(tx, (session, number), answer.id, made, Some(ctx.person.id)).await?;
    }
    tell_end(tx, &answer, number);
    Ok(Turn { said, answer })
}

/// Writes down what the person said, after `parent`.
async fn say(
    ctx: &Ctx,
    tx: &mut TenantTx,
    session: &Session,
    parent: Option<Uuid>,
    input: &Input,
) -> Result<Message> {
    refuse_while_answering(tx, session.id, parent).await?;
    let content = input.content();
    let said = New {
        parent_id: parent,
        author: "person",
        account_id: Some(ctx.person.id),
        author_name: Some(&ctx.person.name),
        body: &input.body(),
        content: content.as_ref(),
        state: "done",
        analysis: None,
    };
    let said = messages::insert(tx, session.id, said).await?;
    let sent = Event::new("message.sent").on("session", session.id);
    events::emit(tx, sent.after(json!({ "message_id": said.id })));
    Ok(said)
}

/// Something to know a session by until the engine has found a name.
fn first_title(session: &Session, parent: Option<Uuid>, input: &Input) -> Option<String> {
    let unnamed = session.title == store::UNTITLED && !session.title_chosen;
    (parent.is_none() && unnamed).then(|| title("", &[input.body()]))
}

/// An answer to `said` that is still to be given.
fn answer_to(said: &Message) -> New<'static> {
    New {
        parent_id: Some(said.id),
        author: "cloudgen",
        account_id: None,
        author_name: None,
        body: "",
        content: None,
        state: "running",
        analysis: None,
    }
}

/// The same, shown at the end of the conversation.
async fn open_answer(
    tx: &mut TenantTx,
    session_id: Uuid,
    said: &Message,
    title: Option<&str>,
) -> Result<Message> {
    let answer = messages::insert(tx, session_id, answer_to(said)).await?;
    store::advance(tx, session_id, Advance { title, head: Some(answer.id), headline: None })
        .await?;
    tell_messages(tx, said, &answer);
    Ok(answer)
}

fn tell_messages(tx: &mut TenantTx, said: &Message, answer: &Message) {
    let data = json!({ "id": said.id, "answer": answer.id });
    live::tell(tx, said.session_id, "message", data);
}

/// That an answer has ended, and the number of the analysis that it made.
fn tell_end(tx: &mut TenantTx, answer: &Message, number: Option<i32>) {
    let data = json!({ "id": answer.id, "state": "done", "analysis": number });
    live::tell(tx, answer.session_id, "answer", data);
}

/// Lets a job give the answer.
pub async fn later(ctx: &Ctx, tx: &mut TenantTx, session_id: Uuid, answer: Uuid) -> Result<()> {
    let job = Answer {
        org_id: tx.org_id(),
        session_id,
        message_id: answer,
        account_id: ctx.person.id,
        label: ctx.person.email.clone(),
    };
    jobs::enqueue(tx, &job).await?;
    Ok(())
}

/// Answers again: what the person said gets another answer beside the first.
pub async fn retry(
    ctx: &Ctx,
    tx: &mut TenantTx,
    session_id: Uuid,
    answer: Uuid,
) -> Result<Message> {
    store::lock(tx, session_id).await?;
    let answer = messages::find(tx, session_id, answer).await?;
    let (true, false, Some(said)) =
        (answer.author == "cloudgen", answer.state == "running", answer.parent_id)
    else {
        let message = "only an answer that has ended can be tried again";
        return Err(Error::conflict("not_an_answer", message));
    };
    let said = messages::find(tx, session_id, said).await?;
    let retried = Event::new("message.retried").on("session", session_id);
    events::emit(tx, retried.after(json!({ "message_id": said.id })));
    let answer = open_answer(tx, session_id, &said, None).await?;
    later(ctx, tx, session_id, answer.id).await?;
    Ok(answer)
}

/// Gives up an answer that is still running.
pub async fn stop(tx: &mut TenantTx, session_id: Uuid, answer: Uuid) -> Result<()> {
    let answer = messages::lock(tx, session_id, answer).await?;
    if answer.state != "running" {
        return Err(Error::conflict("not_running", "this answer has ended already"));
    }
    let content = json!({ "kind": "stopped" });
    let end = End { state: "stopped", body: "Stopped.", content: &content, analysis: None };
    messages::finish(tx, answer.id, end).await?;
    let stopped = Event::new("message.stopped").on("session", session_id);
    events::emit(tx, stopped.after(json!({ "message_id": answer.id })));
    live::tell(tx, session_id, "answer", json!({ "id": answer.id, "state": "stopped" }));
    Ok(())
}

/// Gathers what an answer is made from: the design before it, if it comes
/// `after` a message of a session.
pub async fn prepare(
    tx: &mut TenantTx,
    after: Option<(Uuid, Option<Uuid>)>,
    input: Input,
) -> Result<Work> {
    let mut previous = None;
    if let Some((session_id, parent)) = after
        && let Some(number) = messages::analysis_before(tx, session_id, parent).await?
    {
        previous = Some((number, analyses::brief(tx, session_id, number).await?));
    }
    let mut brief = previous.as_ref().map(|it| it.1.clone()).unwrap_or_default();
    brief.policy = defaults::policy(tx).await?;
    Ok(Work { previous, brief, input })
}

/// Runs the engine where it does not hold up others. `steps` hears what it has
/// got done, in plain words; whoever listens looks at the analysis next, which
/// is then kept at hand.
pub async fn think(work: Work, steps: Option<mpsc::UnboundedSender<Value>>) -> Result<Thought> {
    Ok(work::run(move || work.think(steps)).await?)
}

impl Thought {
    pub fn text(&self) -> &str {
        &self.body
    }

    /// Keeps at hand what somebody watched, under the number that it got.
    fn remember(&self, state: &AppState, session_id: Uuid, number: i32) {
        if let Some(analysis) = self.made.as_ref().and_then(|it| it.analysis.as_ref()) {
            analyses::remember(state, session_id, number, analysis);
        }
    }

    /// The report of the analysis that was made.
    pub fn into_report(self) -> Option<Box<RawValue>> {
        self.made.map(|it| it.report)
    }

    /// Whether it is a design, rather than words about one.
    pub fn makes_analysis(&self) -> bool {
        self.made.is_some()
    }
}

impl Work {
    fn think(mut self, steps: Option<mpsc::UnboundedSender<Value>>) -> Thought {
        let before = self.previous.as_ref().map(|(_, brief)| brief.analyze());
        match self.input {
            Input::Setting { kind, value } => {
                if let Err(text) = self.brief.set(&kind, value) {
                    let content = json!({ "kind": "help" });
                    return Thought { body: text, content, made: None };
                }
            }
            Input::Text { text, hints } => {
                if let Some(hints) = hints {
                    self.brief.hints = hints;
                }
                match answer::reply(before.as_ref(), &self.brief, &text) {
                    answer::Turn::Change => self.brief.say(text),
                    answer::Turn::Answer(it) => return words("answer", &it),
                    answer::Turn::Help(it) => return words("help", &it),
                }
            }
        }
        let started = Instant::now();
        let mut taken = Vec::new();
        let after = self.brief.analyze_with(&mut |step: Step| {
            let (name, text) = told(&step);
            let ms = (started.elapsed().as_secs_f64() * 10_000.0).round() / 10.0;
            let step = json!({ "step": name, "text": text, "ms": ms });
            taken.push(step.clone());
            if let Some(steps) = &steps {
                // Whoever listened may be gone; the work goes on.
                let _ = steps.send(step);
            }
        });
        let confirmation = answer::confirm(before.as_ref(), &after);
        let body = confirmation.plain();
        if after.options.is_empty() {
            let content = json!({ "kind": "help", "confirmation": confirmation, "steps": taken });
            return Thought { body, content, made: None };
        }
        let changes =
            before.as_ref().map(|it| diff::json(&diff::options(&it.options, &after.options)));
        let headline = report::headline(&after);
        let report = serde_json::value::to_raw_value(&report::analysis(&after));
        let report = report.expect("a report is plain data");
        let made = Made {
            previous: self.previous.map(|it| it.0),
            packed: analyses::pack(&report),
            report,
            title: title(&after.requirements.needs.title, &self.brief.turns),
            written: artifacts::write_all(&after, &self.brief),
            brief: self.brief,
            headline,
            // What nobody looks at is freed where it was made.
            analysis: steps.is_some().then(|| Arc::new(after)),
        };
        let content = json!({
            "kind": "analysis",
            "confirmation": confirmation,
            "steps": taken,
            "changes": changes,
        });
        Thought { body, content, made: Some(made) }
    }
}

impl Made {
    /// The name that it gives its session, unless somebody chose one.
    fn title_of(&self, session: &Session) -> Option<&str> {
        (!session.title_chosen && session.title != self.title).then_some(&self.title)
    }
}

/// What is said without making an analysis.
fn words(kind: &str, answer: &answer::Answer) -> Thought {
    let content = json!({ "kind": kind, "answer": answer });
    Thought { body: answer.plain(), content, made: None }
}

/// A step in plain words.
fn told(step: &Step<'_>) -> (&'static str, String) {
    let parts =
        |n: usize, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
    match step {
        Step::Understood(it) => (
            "understood",
            format!(
                "Understood {}, assumed {}",
                parts(it.facts.len(), "fact"),
                it.assumptions.len()
            ),
        ),
        Step::Planned(graph) => (
            "planned",
            format!(
                "Planned {}: {}",
                graph.tier.name(),
                parts(graph.components.len(), "component")
            ),
        ),
        Step::Wired(graph, wired) => (
            "wired",
            format!(
                "Wired {}: {} of {}",
                graph.tier.name(),
                wired.iter().filter(|it| **it).count(),
                parts(graph.connections.len(), "connection")
            ),
        ),
        Step::Priced(graph, cost) => {
            ("priced", format!("Priced {}: ${:.0} a month", graph.tier.name(), cost.monthly))
        }
    }
}

/// A session's name until somebody chooses one.
fn title(named: &str, turns: &[String]) -> String {
    let words = turns.first().map_or("", |it| it.lines().next().unwrap_or(""));
    let text = if named.trim().is_empty() { words } else { named };
    let shown = |c: &char| !c.is_control() && !turns_text(*c);
    let mut title: String = text.trim().chars().filter(shown).take(80).collect();
    if let Some(first) = title.chars().next() {
        title.replace_range(..first.len_utf8(), &first.to_uppercase().to_string());
    }
    if title.is_empty() { store::UNTITLED.to_owned() } else { title }
}

/// Whether a character turns the direction of the text after it, also of what
/// somebody else wrote.
fn turns_text(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Ends an answer with what was thought. `None` when it was ended before.
async fn end(
    tx: &mut TenantTx,
    session_id: Uuid,
    answer: Uuid,
    thought: &Thought,
    account_id: Option<Uuid>,
) -> Result<Option<Option<i32>>> {
    let session = store::lock(tx, session_id).await?;
    let answer = messages::lock(tx, session_id, answer).await?;
    if answer.state != "running" {
        return Ok(None);
    }
    let mut number = None;
    if let Some(made) = &thought.made {
        let title = made.title_of(&session);
        let to = Advance { title, head: None, headline: Some(&made.headline) };
        let next = store::advance(tx, session_id, to).await?;
        keep(tx, (&session, next), answer.id, made, account_id).await?;
        number = Some(next);
    }
    let end =
        End { state: "done", body: &thought.body, content: &thought.content, analysis: number };
    messages::finish(tx, answer.id, end).await?;
    tell_end(tx, &answer, number);
    Ok(Some(number))
}

async fn keep(
    tx: &mut TenantTx,
    (session, number): (&Session, i32),
    message_id: Uuid,
    made: &Made,
    account_id: Option<Uuid>,
) -> Result<()> {
    let new = analyses::New {
        previous: made.previous,
        message_id,
        brief: &made.brief,
        report: &made.packed,
        headline: &made.headline,
    };
    analyses::insert(tx, session.id, number, &new).await?;
    let completed = Event::new("analysis.completed").on("session", session.id);
    let after = json!({ "analysis": number, "mode": session.mode, "headline": made.headline });
    events::emit(tx, completed.after(after));
    let (at, format) = ((session.id, number, session.mode), made.brief.format());
    artifacts::keep_all(tx, at, format, &made.written, account_id).await
}

/// Gives the answer that a page waits for.
#[derive(Debug, Serialize, Deserialize)]
pub struct Answer {
    org_id: Uuid,
    session_id: Uuid,
    message_id: Uuid,
    account_id: Uuid,
    label: String,
}

impl Job for Answer {
    const NAME: &'static str = "sessions.answer";
    const ATTEMPTS: i32 = 5;
    // The answer tells how far it is.
    const HISTORY: bool = false;

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        match self.give(&state).await {
            // The session was deleted while this waited.
            Err(Error::NotFound(_)) => Ok(()),
            done => Ok(done?),
        }
    }

    async fn give_up(self, state: AppState, _: &str) -> anyhow::Result<()> {
        Ok(self.fail(&state).await?)
    }
}

impl Answer {
    fn who(&self) -> Who {
        Who::person(self.account_id, &self.label, Default::default())
    }

    async fn give(&self, state: &AppState) -> Result<()> {
        let mut tx = state.db.tenant(self.org_id, self.who()).await?;
        store::find(&mut tx, self.session_id).await?;
        let answer = messages::find(&mut tx, self.session_id, self.message_id).await?;
        if answer.state != "running" {
            return Ok(());
        }
        let said = answer.parent_id.ok_or(Error::NotFound("message"))?;
        let said = messages::find(&mut tx, self.session_id, said).await?;
        let after = Some((self.session_id, said.parent_id));
        let work = prepare(&mut tx, after, Input::of(said)?).await?;
        // The same input takes the same steps: an attempt that follows one that
        // was cut off goes on telling where that one ended.
        let told = live::told(&mut tx, self.session_id, "step", self.message_id).await?.len();
        tx.commit().await?;

        let (steps, mut taken) = mpsc::unbounded_channel();
        let thinking = think(work, Some(steps));
        let telling = async {
            let (mut known, mut steps) = (told, Vec::new());
            // What was done while the last were told is told together.
            while taken.recv_many(&mut steps, usize::MAX).await > 0 {
                let old = known.min(steps.len());
                known -= old;
                if let Err(err) = self.tell_steps(state, steps.drain(..).skip(old)).await {
                    tracing::warn!(error = %err, "steps were not told");
                }
            }
        };
        let (thought, ()) = tokio::join!(thinking, telling);

        let thought = thought?;
        let (session, answer) = (self.session_id, self.message_id);
        let mut tx = state.db.tenant(self.org_id, self.who()).await?;
        let ended = end(&mut tx, session, answer, &thought, Some(self.account_id)).await?;
        tx.commit().await?;
        // Not before: a number that is rolled back is given again.
        if let Some(Some(number)) = ended {
            thought.remember(state, session, number);
        }
        Ok(())
    }

    async fn tell_steps(
        &self,
        state: &AppState,
        steps: impl ExactSizeIterator<Item = Value>,
    ) -> Result<()> {
        if steps.len() == 0 {
            return Ok(());
        }
        let mut tx = state.db.tenant(self.org_id, self.who()).await?;
        // A step that a crash forgets is taken again.
        sqlx::query("set local synchronous_commit = off").execute(&mut *tx).await?;
        for step in steps {
            let data = json!({ "id": self.message_id, "step": step });
            live::tell(&mut tx, self.session_id, "step", data);
        }
        tx.commit().await
    }

    /// Shows that it went wrong.
    async fn fail(&self, state: &AppState) -> Result<()> {
        let mut tx = state.db.tenant(self.org_id, self.who()).await?;
        let answer = messages::lock(&mut tx, self.session_id, self.message_id).await?;
        if answer.state == "running" {
            let content = json!({ "kind": "failed" });
            let body = "Something went wrong on our side. Nothing is lost: try again.";
            let end = End { state: "failed", body, content: &content, analysis: None };
            messages::finish(&mut tx, answer.id, end).await?;
            let data = json!({ "id": answer.id, "state": "failed" });
            live::tell(&mut tx, self.session_id, "answer", data);
        }
        tx.commit().await
    }
}
