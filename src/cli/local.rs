//! analyze, edit, ask and generate done on this machine, by the engine alone.
//!
//! Needs neither a server nor a network. The brief of the last analysis is kept
//! below the XDG state directory; since equal briefs give equal results, nothing
//! else has to be.

use std::path::Path;

use anyhow::{Context, bail};
use serde_json::Value;

use super::design::{FormatName, Given, setting};
use super::failure::{refused, usage};
use super::remote::design::Said;
use super::remote::download::Sets;
use super::state;
use crate::engine::analysis::{self, Analysis, Format};
use crate::engine::answer::{self, Answer, Turn};
use crate::engine::brief::{Brief, kinds, parse_setting};
use crate::engine::graph::Tier;
use crate::engine::policy::{Policy, check_tag};
use crate::engine::requirements::{Cloud, Compliance, Hints};
use crate::engine::{diff, report};

pub fn analyze(text: String, given: &Given) -> anyhow::Result<Value> {
    let mut brief = brief(given)?;
    brief.say(text);
    set(&mut brief, &given.settings)?;
    let analysis = brief.analyze();
    if !analysis.options.is_empty() {
        state::save(&brief)?;
    }
    Ok(report::analysis(&analysis))
}

/// The last analysis.
pub fn newest() -> anyhow::Result<Value> {
    Ok(report::analysis(&state::load()?.analyze()))
}

pub fn edit(text: Option<&str>, settings: &[String]) -> anyhow::Result<Said> {
    let mut brief = state::load()?;
    let before = brief.analyze();
    if let Some(text) = text {
        if let Turn::Answer(it) = answer::reply(Some(&before), &brief, text) {
            return Ok(Said::Answer(json(&it)?));
        }
        brief.say(text);
    }
    set(&mut brief, settings)?;
    let after = brief.analyze();
    if after.options.is_empty() {
        return Ok(said(&after, Value::Null));
    }
    state::save(&brief)?;
    let confirmation = serde_json::to_value(answer::confirm(Some(&before), &after))?;
    let mut said = said(&after, confirmation);
    if let Said::Analysis { analysis, .. } = &mut said {
        analysis["changes"] = diff::json(&diff::options(&before.options, &after.options));
    }
    Ok(said)
}

fn said(analysis: &Analysis, confirmation: Value) -> Said {
    Said::Analysis { analysis: report::analysis(analysis), confirmation }
}

pub fn ask(question: &str, tier: Option<Tier>) -> anyhow::Result<Said> {
    let brief = state::load()?;
    let analysis = brief.analyze();
    match answer::reply_on(Some(&analysis), &brief, question, tier) {
        Turn::Answer(it) => Ok(Said::Answer(json(&it)?)),
        Turn::Help(it) => Ok(Said::Help(json(&it)?)),
        Turn::Change => bail!("that is a change, not a question: cloudgen edit {question:?}"),
    }
}

fn json(it: &Answer) -> anyhow::Result<Value> {
    Ok(serde_json::to_value(it)?)
}

/// The files of an option, by format.
pub fn generate(tier: Tier, format: Option<FormatName>) -> anyhow::Result<Sets> {
    let brief = state::load()?;
    let analysis = brief.analyze();
    let design = analysis
        .options
        .iter()
        .find(|it| it.graph.tier == tier)
        .context("the last analysis has no options")?;
    let missing: Vec<&str> = brief.missing_tags().collect();
    if !missing.is_empty() {
        return Err(refused(format!(
            "your organisation asks for tags that have no value: {}. Give them to analyze with --tag NAME=VALUE",
            missing.join(", ")
        )));
    }
    let settings = brief.code();
    let formats: Vec<Format> = match format {
        None => vec![brief.format()],
        Some(FormatName::Terraform) => vec![Format::Terraform],
        Some(FormatName::Cloudformation) => vec![Format::CloudFormation],
        Some(FormatName::All) => vec![Format::Terraform, Format::CloudFormation],
    };
    let written = |format: Format| {
        let files = analysis::generate(&design.graph, format, &settings);
        (format.name(), files.into_iter().map(|it| (it.path, it.content)).collect())
    };
    Ok(formats.into_iter().map(written).collect())
}

/// What the flags say, before the first word.
fn brief(given: &Given) -> anyhow::Result<Brief> {
    let policy = match &given.policy {
        Some(path) => policy(path)?,
        None => Policy::default(),
    };
    let cloud = given.cloud.map(Cloud::from).or(policy.cloud).unwrap_or(Cloud::Aws);
    if cloud != Cloud::Aws {
        let title = cloud.title();
        return Err(refused(format!("designs are made for aws only so far, not for {title}")));
    }
    if let Some(region) = &given.region {
        if crate::engine::cost::catalogue::region("aws", region).is_none() {
            let message = "AWS has no such region; it looks like eu-central-1";
            return Err(refused(format!("--region {region}: {message}")));
        }
        if !policy.allows_region(region) {
            return Err(refused(format!("--region {region}: your organisation does not allow it")));
        }
    }
    let mut brief = Brief {
        policy,
        hints: Hints {
            cloud: Some(cloud),
            region: given.region.clone(),
            budget: given.budget,
            ..Hints::default()
        },
        ..Brief::default()
    };
    for name in &given.compliance {
        let known = Compliance::named(name).ok_or_else(|| {
            let known = "known are hipaa, pci, soc2, gdpr, fedramp, iso27001";
            refused(format!("--compliance {name}: {known}"))
        })?;
        brief.hints.compliance.insert(known);
    }
    for tag in &given.tags {
        let (name, value) =
            tag.split_once('=').ok_or_else(|| usage(format!("--tag {tag}: give NAME=VALUE")))?;
        check_tag(name, value).map_err(|it| refused(format!("--tag {tag}: {it}")))?;
        brief.tags.insert(name.to_owned(), value.to_owned());
    }
    Ok(brief)
}

fn policy(path: &Path) -> anyhow::Result<Policy> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let policy: Policy = serde_json::from_slice(&bytes)
        .with_context(|| format!("{} is no policy", path.display()))?;
    let problems: Vec<String> =
        policy.problems().into_iter().map(|(field, text)| format!("{field}: {text}")).collect();
    if !problems.is_empty() {
        return Err(refused(format!("{}:\n{}", path.display(), problems.join("\n"))));
    }
    Ok(policy)
}

/// Sets by hand what `--set KIND=VALUE` says.
fn set(brief: &mut Brief, settings: &[String]) -> anyhow::Result<()> {
    for it in settings {
        let (kind, text) = setting(it)?;
        let value = parse_setting(kind, text).and_then(|value| brief.set(kind, value));
        value.map_err(|problem| {
            let known = if kinds().any(|known| known == kind) {
                String::new()
            } else {
                format!(" Known are {}.", kinds().collect::<Vec<_>>().join(", "))
            };
            refused(format!("--set {it}: {problem}{known}"))
        })?;
    }
    Ok(())
}
