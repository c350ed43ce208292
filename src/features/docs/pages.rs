//! Where the manual is served.

use std::sync::Arc;

use axum::Extension;
use axum::Router;
use axum::http::header;
use axum::middleware::from_extractor_with_state;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::guides::{self, Guide};
use super::markdown::Text;
use super::problems::{self, Kind};
use super::reference::{self, Group, Schema};
use crate::platform::ctx::Person;
use crate::platform::error::{Error, Result};
use crate::platform::extract::{Path, Query};
use crate::platform::page::{Page, View};
use crate::platform::state::AppState;

/// The OpenAPI document, once as data and once as text.
pub struct Document {
    pub value: Value,
    pub text: String,
}

pub fn routes(state: &AppState, document: Arc<Document>) -> Router<AppState> {
    Router::new()
        .route("/docs", get(async || Redirect::permanent("/docs/overview")))
        .route("/docs/{guide}", get(show_guide))
        .route("/docs/search", get(search))
        .route("/docs/problems", get(list_problems))
        .route("/docs/problems/{code}", get(show_problem))
        .route("/docs/api", get(show_reference))
        .route("/docs/api/objects", get(show_objects))
        .route("/docs/api/{group}", get(show_group))
        .route("/docs/{guide}/source", get(show_source))
        .route("/llms.txt", get(llms))
        .layer(Extension(document))
        // Whoever is signed in finds the way back.
        .layer(from_extractor_with_state::<Option<Person>, _>(state.clone()))
}

pub fn api(document: Arc<Document>) -> Router<AppState> {
    Router::new().route("/openapi.json", get(openapi)).layer(Extension(document))
}

async fn openapi(Extension(document): Extension<Arc<Document>>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document.text.clone()).into_response()
}

/// The navigation beside every page of the manual.
#[derive(Serialize)]
struct Contents {
    groups: Vec<ContentsGroup>,
}

#[derive(Serialize)]
struct ContentsGroup {
    title: &'static str,
    links: Vec<Link>,
}

#[derive(Serialize)]
struct Link {
    href: String,
    label: String,
    current: bool,
}

fn contents(document: &Document, here: &str) -> Contents {
    let link = |href: String, label: &str| {
        let current = href == here;
        Link { href, label: label.to_owned(), current }
    };
    let mut groups: Vec<ContentsGroup> = Vec::new();
    for guide in guides::ALL {
        let entry = link(format!("/docs/{}", guide.slug), guide.label);
        match groups.last_mut().filter(|it| it.title == guide.group) {
            Some(group) => group.links.push(entry),
            None => groups.push(ContentsGroup { title: guide.group, links: vec![entry] }),
        }
    }
    let mut reference = vec![link("/docs/api".to_owned(), "All operations")];
    for name in reference::groups(&document.value) {
        reference.push(link(format!("/docs/api/{name}"), &capitalised(&name)));
    }
    reference.push(link("/docs/api/objects".to_owned(), "Objects"));
    reference.push(link("/docs/problems".to_owned(), "Problems"));
    let at = groups.len() - 1;
    groups.insert(at, ContentsGroup { title: "Reference", links: reference });
    Contents { groups }
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |it| it.to_uppercase().chain(letters).collect())
}

#[derive(Serialize)]
struct GuidePage {
    contents: Contents,
    slug: &'static str,
    text: Text,
    previous: Option<Link>,
    following: Option<Link>,
}

impl View for GuidePage {
    const TEMPLATE: &'static str = "docs/guide.html";
}

async fn show_guide(
    Extension(document): Extension<Arc<Document>>,
    Path(slug): Path<String>,
) -> Result<Page<GuidePage>> {
    let at = guides::ALL.iter().position(|it| it.slug == slug).ok_or(Error::NotFound("page"))?;
    let near = |at: Option<usize>| {
        let guide = guides::ALL.get(at?)?;
        let href = format!("/docs/{}", guide.slug);
        Some(Link { href, label: guide.label.to_owned(), current: false })
    };
    Ok(Page(GuidePage {
        contents: contents(&document, &format!("/docs/{slug}")),
        slug: guides::ALL[at].slug,
        text: guides::texts()[at].clone(),
        previous: near(at.checked_sub(1)),
        following: near(at.checked_add(1)),
    }))
}

/// The same as Markdown, for programs that read.
async fn show_source(Path(slug): Path<String>) -> Result<Response> {
    let guide = guides::find(&slug).ok_or(Error::NotFound("page"))?;
    Ok(([(header::CONTENT_TYPE, "text/markdown; charset=utf-8")], guide.source).into_response())
}

#[derive(Serialize)]
struct ReferencePage {
    contents: Contents,
    groups: Vec<Group>,
}

impl View for ReferencePage {
    const TEMPLATE: &'static str = "docs/api.html";
    const TITLE: &'static str = "API reference";
}

async fn show_reference(Extension(document): Extension<Arc<Document>>) -> Page<ReferencePage> {
    let groups = reference::read(&document.value);
    Page(ReferencePage { contents: contents(&document, "/docs/api"), groups })
}

#[derive(Serialize)]
struct GroupPage {
    contents: Contents,
    group: Group,
}

impl View for GroupPage {
    const TEMPLATE: &'static str = "docs/group.html";
}

async fn show_group(
    Extension(document): Extension<Arc<Document>>,
    Path(name): Path<String>,
) -> Result<Page<GroupPage>> {
    let group = reference::read(&document.value).into_iter().find(|it| it.name == name);
    let group = group.ok_or(Error::NotFound("page"))?;
    let contents = contents(&document, &format!("/docs/api/{name}"));
    Ok(Page(GroupPage { contents, group }))
}

#[derive(Serialize)]
struct Objects {
    contents: Contents,
    schemas: Vec<Schema>,
}

impl View for Objects {
    const TEMPLATE: &'static str = "docs/objects.html";
    const TITLE: &'static str = "Objects";
}

async fn show_objects(Extension(document): Extension<Arc<Document>>) -> Page<Objects> {
    let schemas = reference::schemas(&document.value);
    Page(Objects { contents: contents(&document, "/docs/api/objects"), schemas })
}

#[derive(Serialize)]
struct Problems {
    contents: Contents,
    kinds: &'static [Kind],
}

impl View for Problems {
    const TEMPLATE: &'static str = "docs/problems.html";
    const TITLE: &'static str = "Problems";
}

async fn list_problems(Extension(document): Extension<Arc<Document>>) -> Page<Problems> {
    Page(Problems { contents: contents(&document, "/docs/problems"), kinds: problems::ALL })
}

#[derive(Serialize)]
struct ProblemPage {
    contents: Contents,
    kind: &'static Kind,
    /// Its title, as problem documents give it.
    reason: &'static str,
}

impl View for ProblemPage {
    const TEMPLATE: &'static str = "docs/problem.html";
}

async fn show_problem(
    Extension(document): Extension<Arc<Document>>,
    Path(code): Path<String>,
) -> Result<Page<ProblemPage>> {
    let kind = problems::find(&code).ok_or(Error::NotFound("problem"))?;
    let status = axum::http::StatusCode::from_u16(kind.status).ok();
    let reason = status.and_then(|it| it.canonical_reason()).unwrap_or("Error");
    Ok(Page(ProblemPage { contents: contents(&document, "/docs/problems"), kind, reason }))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

#[derive(Serialize)]
struct Search {
    contents: Contents,
    q: String,
    hits: Vec<Hit>,
}

impl View for Search {
    const TEMPLATE: &'static str = "docs/search.html";
    const TITLE: &'static str = "Search";
}

#[derive(Serialize)]
struct Hit {
    href: String,
    title: String,
    text: String,
}

async fn search(
    Extension(document): Extension<Arc<Document>>,
    Query(asked): Query<Asked>,
) -> Page<Search> {
    let q: String = asked.q.trim().chars().take(100).collect();
    let hits = if q.is_empty() { Vec::new() } else { find(&document, &q) };
    Page(Search { contents: contents(&document, "/docs/search"), q, hits })
}

/// What has every word, titles before texts.
fn find(document: &Document, q: &str) -> Vec<Hit> {
    let words: Vec<String> = q.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let mut ranked: Vec<(bool, Hit)> = Vec::new();
    let mut consider = |href: String, title: &str, lead: &str, all: &str| {
        let has = |text: &str| {
            let text = text.to_lowercase();
            words.iter().all(|it| text.contains(it.as_str()))
        };
        let in_title = has(title);
        if in_title || has(&format!("{title} {lead} {all}")) {
            let hit = Hit { href, title: title.to_owned(), text: lead.to_owned() };
            ranked.push((!in_title, hit));
        }
    };
    for (guide, text) in guides::ALL.iter().zip(guides::texts()) {
        consider(format!("/docs/{}", guide.slug), guide.label, &text.lead, &text.words);
    }
    for group in reference::read(&document.value) {
        for operation in &group.operations {
            let title = format!("{} {}", operation.method, operation.path);
            let href = format!("/docs/api/{}#{}", group.name, operation.id);
            consider(href, &title, &operation.summary, &operation.description);
        }
    }
    for kind in problems::ALL {
        let all = format!("{} {}", kind.cause, kind.cure);
        consider(format!("/docs/problems/{}", kind.code), kind.code, kind.meaning, &all);
    }
    ranked.sort_by_key(|it| it.0);
    ranked.into_iter().map(|it| it.1).take(50).collect()
}

/// The manual for language models: what there is, and where it is as text.
async fn llms(Extension(document): Extension<Arc<Document>>) -> Response {
    let mut text = String::from(
        "# CloudGen\n\n> From a description to infrastructure: send a text, get three priced \
         architectures, and the Terraform or CloudFormation code of the one you choose.\n\n\
         The API is below `/api/v1`; keys go into `Authorization: Bearer cg_…`. Errors are \
         `application/problem+json`, and each `type` is a page.\n",
    );
    let mut group = "";
    for (Guide { slug, label, group: under, .. }, guide) in guides::ALL.iter().zip(guides::texts())
    {
        if *under != group {
            group = under;
            text.push_str(&format!("\n## {group}\n\n"));
        }
        text.push_str(&format!("- [{label}](/docs/{slug}/source): {}\n", guide.lead));
    }
    text.push_str("\n## Reference\n\n- [OpenAPI 3.1](/api/v1/openapi.json): every operation, with schemas and examples\n");
    for group in reference::read(&document.value) {
        text.push_str(&format!("- [{}](/docs/api/{}): ", capitalised(&group.name), group.name));
        let operations: Vec<_> =
            group.operations.iter().map(|it| format!("`{} {}`", it.method, it.path)).collect();
        text.push_str(&operations.join(", "));
        text.push('\n');
    }
    text.push_str("- [Problems](/docs/problems): every error code, its cause and what to do\n");
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
