//! What a link leads to, made without the names that it hides.

use std::any::Any;
use std::sync::Arc;

use serde_json::Value;

use super::store::{self, Found};
use crate::engine::analysis::{Analysis, Design, Format};
use crate::engine::emit::terraform::Settings;
use crate::engine::report;
use crate::engine::veil::Veil;
use crate::features::{analyses, artifacts};
use crate::platform::crypto::{Token, sha256};
use crate::platform::db::Tx;
use crate::platform::error::{Error, Result};
use crate::platform::events::Who;
use crate::platform::state::AppState;
use crate::platform::work;

/// Why a link leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// There never was such a link, or it is gone with its session.
    Unknown,
    Expired,
    /// By its owner, or because the organisation allows none.
    Revoked,
}

/// A design without the names.
pub struct Outside {
    pub analysis: Analysis,
    pub report: Value,
    pub settings: Settings,
    pub format: Format,
    pub veil: Veil,
    /// Tells one veil from another.
    key: i64,
}

/// An open link.
#[derive(Clone)]
pub struct Open {
    pub link: Found,
    pub outside: Arc<Outside>,
}

/// About what it takes up in memory.
const WEIGHT: usize = 1 << 20;

/// How often a look counts as another one.
const AGAIN: chrono::Duration = chrono::Duration::minutes(1);

/// Stands where a sentence tells what something costs.
const UNTOLD: &str = "Left out, as costs are not shown.";

/// The text without amounts of money, which are not shown where costs are not:
/// those in figures become an ellipsis, lines with those in words are left out.
pub fn without_money(text: &str) -> String {
    let in_words = |line: &str| line.contains(" dollars");
    if in_words(text) {
        let lines = text.split('\n').map(|it| if in_words(it) { UNTOLD } else { it });
        return without_money(&lines.collect::<Vec<_>>().join("\n"));
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let amount = &rest[at + 1..];
        let digits = amount.bytes().take_while(|it| it.is_ascii_digit() || b",.".contains(it));
        let length = digits.count();
        // A full stop ends the sentence, not the amount.
        let length = amount[..length].trim_end_matches(['.', ',']).len();
        out.push_str(&rest[..at]);
        out.push_str(if length > 0 { "…" } else { "$" });
        rest = &amount[length..];
    }
    out.push_str(rest);
    out
}

fn value_without_money(value: &mut Value) {
    match value {
        Value::String(text) => *text = without_money(text),
        Value::Array(all) => all.iter_mut().for_each(value_without_money),
        Value::Object(all) => all.values_mut().for_each(value_without_money),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

impl Open {
    pub fn shows(&self, part: &str) -> bool {
        self.link.shown.iter().any(|it| it == part)
    }

    pub fn hides(&self, name: &str) -> bool {
        self.link.hidden.iter().any(|it| it == name)
    }

    pub fn design(&self, tier: &str) -> Result<&Design> {
        let all = self.outside.analysis.options.iter();
        all.into_iter().find(|it| it.graph.tier.name() == tier).ok_or(Error::NotFound("option"))
    }

    /// Refuses what the link does not show as if it did not exist.
    pub fn require(&self, part: &str) -> Result<()> {
        if self.shows(part) { Ok(()) } else { Err(Error::NotFound("page")) }
    }

    /// What is made of the design for this link, off the threads that answer
    /// requests, and kept for those who look next; `which` tells it from others
    /// of its sort.
    pub async fn kept<T: Any + Send + Sync>(
        &self,
        state: &AppState,
        sort: &'static str,
        which: &str,
        make: impl FnOnce(&Self) -> Result<(T, usize)> + Send + 'static,
    ) -> Result<Arc<T>> {
        let asked = format!("{} {} {which}", self.outside.key, self.link.shown.join(" "));
        let key = i64::from_be_bytes(*sha256(asked).first_chunk().expect("a digest is longer"));
        if let Some(made) = state.cache.get(sort, self.link.id, key) {
            return Ok(made);
        }
        let open = self.clone();
        let (made, weight) = work::run(move || make(&open)).await??;
        let made = Arc::new(made);
        state.cache.put(sort, self.link.id, key, &made, weight);
        Ok(made)
    }

    /// The files of an option, written for this link.
    pub async fn package(
        &self,
        state: &AppState,
        tier: &str,
        format: Format,
    ) -> Result<Arc<artifacts::Package>> {
        self.design(tier)?;
        let (which, tier) = (format!("{tier} {}", format.name()), tier.to_owned());
        self.kept(state, "shared files", &which, move |open| {
            let money = open.shows("costs");
            let edit = |path: &str, text: Vec<u8>| match String::from_utf8(text) {
                Ok(text) if path == "README.md" && !money => without_money(&text).into_bytes(),
                Ok(text) => text.into_bytes(),
                Err(err) => err.into_bytes(),
            };
            let settings = &open.outside.settings;
            let package = artifacts::package(open.design(&tier)?, format, settings, &edit);
            let package = package.ok_or(Error::NotFound("option"))?;
            let weight = package.weight();
            Ok((package, weight))
        })
        .await
    }
}

/// Follows a link. `counts` is set for what a person looks at, and not for the
/// pictures in it.
pub async fn open(
    state: &AppState,
    who: Who,
    token: &str,
    counts: bool,
) -> Result<std::result::Result<Open, Over>> {
    let mut tx = state.db.system(who).await?;
    let Some(link) = store::by_token(&mut tx, &Token::shown(token)).await? else {
        return Ok(Err(Over::Unknown));
    };
    let now = tx.now();
    if link.revoked_at.is_some() || !link.open {
        return Ok(Err(Over::Revoked));
    }
    if link.expires_at <= now {
        return Ok(Err(Over::Expired));
    }
    // From here on nothing of another organisation can be seen, whatever is asked.
    let mut tx = tx.into_tenant(link.org_id).await?;
    let brief = analyses::brief(&mut tx, link.session_id, link.number).await?;
    let veil = super::veil(&mut tx, link.session_id, &link.hidden, &link.words, &brief).await?;
    if counts && link.last_used_at.is_none_or(|it| now - it >= AGAIN) {
        store::viewed(&mut tx, link.id).await?;
    }
    tx.commit().await?;

    let digest = sha256(format!("{veil:?}"));
    let key = i64::from_be_bytes(*digest.first_chunk().expect("a digest is longer"));
    if let Some(outside) = state.cache.get("shared", link.id, key) {
        return Ok(Ok(Open { link, outside }));
    }
    let money = link.shown.iter().any(|it| it == "costs");
    let made = work::run(move || {
        let analysis = veil.analyze(&brief);
        let mut report = report::analysis(&analysis);
        veil.value(&mut report);
        if !money {
            value_without_money(&mut report);
        }
        let settings = veil.code(&brief);
        Arc::new(Outside { analysis, report, settings, format: brief.format(), veil, key })
    });
    let outside = made.await?;
    state.cache.put("shared", link.id, key, &outside, WEIGHT);
    Ok(Ok(Open { link, outside }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_go_and_variables_stay() {
        for (text, expected) in [
            ("costs $1,234.50 a month.", "costs … a month."),
            ("at most $500.", "at most …."),
            ("${var.name} and $HOME", "${var.name} and $HOME"),
            ("$", "$"),
            (
                "one\n4 of them cost 58 dollars and 0.045 each\n",
                "one\nLeft out, as costs are not shown.\n",
            ),
        ] {
            assert_eq!(without_money(text), expected);
        }
    }
}
