//! The page of what an organisation wants of every design.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;

use super::defaults;
use crate::engine::analysis::Format;
use crate::engine::cost::catalogue;
use crate::engine::plan::services;
use crate::engine::policy::{Policy, StateStore};
use crate::engine::requirements::{Cloud, Compliance};
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, ErrorBody, FieldError, Result};
use crate::platform::extract::Form;
use crate::platform::page::{Flash, Page, View, complaint};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new().route("/settings/defaults", get(show).post(save))
}

/// The fields of the form, as they are typed.
type Fields = BTreeMap<String, String>;

#[derive(Serialize)]
struct Choice {
    value: String,
    label: String,
}

#[derive(Serialize)]
struct Defaults {
    form: Fields,
    can_manage: bool,
    regions: Vec<Choice>,
    frameworks: Vec<Choice>,
    backends: Vec<Choice>,
    services: Vec<&'static str>,
    problem: Option<ErrorBody>,
}

impl View for Defaults {
    const TEMPLATE: &'static str = "sessions/defaults.html";
}

fn view(ctx: &Ctx, form: Fields, problem: Option<ErrorBody>) -> Defaults {
    let choice = |value: &str, label: String| Choice { value: value.to_owned(), label };
    let regions = catalogue::regions("aws").iter();
    let regions =
        regions.map(|it| choice(it.code, format!("{}: {}, {}", it.code, it.city, it.country)));
    let backends = ["s3", "remote", "http", "azurerm", "gcs", "pg", "consul"];
    Defaults {
        form,
        can_manage: ctx.may(Action::ManageDefaults),
        regions: std::iter::once(choice("", "No default".to_owned())).chain(regions).collect(),
        frameworks: Compliance::ALL
            .iter()
            .map(|it| choice(&field_of(*it), it.title().to_owned()))
            .collect(),
        backends: std::iter::once(choice("", "Where Terraform runs".to_owned()))
            .chain(backends.map(|it| choice(it, it.to_owned())))
            .collect(),
        services: services::AWS.iter().map(|it| it.0).collect(),
        problem,
    }
}

/// The name of a framework's box.
fn field_of(it: Compliance) -> String {
    format!("compliance.{}", it.title().to_ascii_lowercase().replace(' ', "-"))
}

async fn show(ctx: Ctx) -> Result<Page<Defaults>> {
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    let policy = defaults::policy(&mut tx).await?;
    tx.commit().await?;
    Ok(Page(view(&ctx, typed(&policy), None)))
}

async fn save(ctx: Ctx, Form(given): Form<Fields>) -> Result<Response> {
    let saved = async {
        let mut tx = ctx.begin(Action::ManageDefaults).await?;
        let before = defaults::policy(&mut tx).await?;
        let policy = read(&given, before)?;
        defaults::set(&mut tx, &policy).await?;
        tx.commit().await
    };
    match saved.await {
        Ok(()) => {
            let told = "The defaults are saved. They hold from the next analysis on.";
            Ok(Flash::success(told).redirect("/settings/defaults"))
        }
        Err(err) => {
            let problem = complaint(err)?;
            // What is not a field of the form, and boxes that are not ticked, are empty.
            let mut form: Fields =
                typed(&Policy::default()).into_keys().map(|it| (it, String::new())).collect();
            for (name, value) in given {
                form.entry(name).and_modify(|it| *it = value);
            }
            let status = problem.status;
            Ok((status, Page(view(&ctx, form, Some(problem)))).into_response())
        }
    }
}

/// A policy as the form shows it; every field is there.
fn typed(policy: &Policy) -> Fields {
    let words = |it: &BTreeSet<String>| it.iter().cloned().collect::<Vec<_>>().join(" ");
    let pairs = |it: &BTreeMap<String, String>| {
        it.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join("\n")
    };
    let text = |it: &Option<String>| it.clone().unwrap_or_default();
    let state = policy.state.clone().unwrap_or_default();
    let mut out: Fields = [
        ("name_prefix", text(&policy.name_prefix)),
        ("tags", pairs(&policy.tags)),
        ("required_tags", policy.required_tags.iter().cloned().collect::<Vec<_>>().join("\n")),
        ("cidr", text(&policy.cidr)),
        ("existing_network", if policy.existing_network { "on" } else { "" }.to_owned()),
        ("domain", text(&policy.domain)),
        ("cloud", policy.cloud.map_or("", |_| "aws").to_owned()),
        ("region", text(&policy.region)),
        ("recovery_region", text(&policy.recovery_region)),
        ("format", policy.format.map_or("", Format::name).to_owned()),
        ("allowed_regions", policy.allowed_regions.as_ref().map(words).unwrap_or_default()),
        ("allowed_services", policy.allowed_services.as_ref().map(words).unwrap_or_default()),
        ("forbidden_services", words(&policy.forbidden_services)),
        ("state", state.backend),
        ("state_settings", pairs(&state.settings)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    for framework in Compliance::ALL {
        let ticked = policy.compliance.contains(&framework);
        out.insert(field_of(framework), if ticked { "on" } else { "" }.to_owned());
    }
    out
}

/// The policy that was typed; what the form has no field for stays.
fn read(given: &Fields, before: Policy) -> Result<Policy> {
    let get = |name: &str| given.get(name).map_or("", |it| it.trim());
    let text = |name: &str| Some(get(name).to_owned()).filter(|it| !it.is_empty());
    let words = |name: &str| -> BTreeSet<String> {
        let split = get(name).split(|c: char| c.is_whitespace() || c == ',');
        split.filter(|it| !it.is_empty()).map(str::to_owned).collect()
    };
    let some = |set: BTreeSet<String>| Some(set).filter(|it| !it.is_empty());
    let lines = |name: &str| -> BTreeSet<String> {
        get(name).lines().map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect()
    };
    let mut problems = Vec::new();
    let mut pairs = |name: &'static str| -> BTreeMap<String, String> {
        let mut out = BTreeMap::new();
        for line in get(name).lines().filter(|it| !it.trim().is_empty()) {
            match line.split_once('=') {
                Some((key, value)) => {
                    out.insert(key.trim().to_owned(), value.trim().to_owned());
                }
                None => problems.push(FieldError::new(
                    name,
                    format!("write each line as name = value; {line:?} has no ="),
                )),
            }
        }
        out
    };
    let tags = pairs("tags");
    let settings = pairs("state_settings");
    let state = text("state").map(|backend| StateStore { backend, settings: settings.clone() });
    if state.is_none() && !settings.is_empty() {
        problems
            .push(FieldError::new("state", "choose where state is kept, or remove its settings"));
    }
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    Ok(Policy {
        name_prefix: text("name_prefix"),
        tags,
        required_tags: lines("required_tags"),
        cidr: text("cidr"),
        existing_network: get("existing_network") == "on",
        domain: text("domain"),
        cloud: text("cloud").and_then(|it| Cloud::named(&it)),
        region: text("region"),
        recovery_region: text("recovery_region"),
        format: text("format").and_then(|it| Format::parse(&it)),
        compliance: Compliance::ALL.into_iter().filter(|it| get(&field_of(*it)) == "on").collect(),
        allowed_regions: some(words("allowed_regions")),
        allowed_services: some(words("allowed_services")),
        forbidden_services: words("forbidden_services"),
        state,
        ..before
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_survives_the_form() {
        let policy: Policy = serde_json::from_str(
            r#"{"region": "eu-central-1", "allowed_regions": ["eu-central-1", "eu-west-1"],
                "forbidden_services": ["dynamodb"], "cidr": "10.20.0.0/16", "compliance": ["HIPAA"],
                "name_prefix": "acme", "tags": {"cost centre": "4 = four"}, "required_tags": ["cost owner"],
                "cloud": "aws", "format": "cloudformation", "project": "kept",
                "state": {"backend": "s3", "settings": {"bucket": "b", "key": "k"}}}"#,
        )
        .unwrap();
        let empty = Policy { project: policy.project.clone(), ..Policy::default() };
        assert_eq!(read(&typed(&policy), empty).unwrap(), policy);
        let wrong = Fields::from([("tags".to_owned(), "team blue".to_owned())]);
        assert!(read(&wrong, Policy::default()).is_err());
    }
}
