//! The reference of the API, rendered from its own description: no script, no
//! file from elsewhere.

use std::sync::Arc;

use axum::Extension;
use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;
use serde_json::Value;

use crate::platform::page::{Page, View};
use crate::platform::state::AppState;

/// The OpenAPI document, once as data and once as text.
pub struct Document {
    pub value: Value,
    pub text: String,
}

pub fn pages(document: Arc<Document>) -> Router<AppState> {
    Router::new().route("/docs/api", get(reference)).layer(Extension(document))
}

pub fn api(document: Arc<Document>) -> Router<AppState> {
    Router::new().route("/openapi.json", get(openapi)).layer(Extension(document))
}

async fn openapi(Extension(document): Extension<Arc<Document>>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document.text.clone()).into_response()
}

#[derive(Serialize)]
struct Reference {
    groups: Vec<Group>,
    schemas: Vec<Schema>,
}

impl View for Reference {
    const TEMPLATE: &'static str = "docs/api.html";
    const TITLE: &'static str = "API reference";
}

#[derive(Serialize)]
struct Group {
    name: String,
    operations: Vec<Operation>,
}

#[derive(Serialize)]
struct Operation {
    id: String,
    method: String,
    path: String,
    summary: String,
    description: String,
    parameters: Vec<Field>,
    body: Option<String>,
    responses: Vec<Answer>,
}

#[derive(Serialize)]
struct Answer {
    status: String,
    description: String,
    schema: Option<String>,
}

#[derive(Serialize)]
struct Field {
    name: String,
    place: String,
    kind: String,
    required: bool,
    description: String,
}

#[derive(Serialize)]
struct Schema {
    name: String,
    description: String,
    fields: Vec<Field>,
    values: Vec<String>,
}

async fn reference(Extension(document): Extension<Arc<Document>>) -> Page<Reference> {
    Page(read(&document.value))
}

fn read(document: &Value) -> Reference {
    let mut groups: Vec<Group> = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let name = text(&operation["tags"][0]);
            let operation = read_operation(method, path, operation);
            match groups.iter_mut().find(|it| it.name == name) {
                Some(group) => group.operations.push(operation),
                None => groups.push(Group { name, operations: vec![operation] }),
            }
        }
    }
    let schemas = document["components"]["schemas"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, schema)| Schema {
            name: name.clone(),
            description: text(&schema["description"]),
            fields: properties(schema),
            values: schema["enum"].as_array().into_iter().flatten().map(text).collect(),
        })
        .collect();
    Reference { groups, schemas }
}

fn read_operation(method: &str, path: &str, operation: &Value) -> Operation {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let responses = operation["responses"].as_object().into_iter().flatten();
    let body = &operation["requestBody"]["content"];
    Operation {
        id: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(&operation["summary"]),
        description: text(&operation["description"]),
        parameters: parameters
            .map(|it| Field {
                name: text(&it["name"]),
                place: text(&it["in"]),
                kind: kind(&it["schema"]),
                required: it["required"] == Value::Bool(true),
                description: text(&it["description"]),
            })
            .collect(),
        body: content_schema(body),
        responses: responses
            .map(|(status, it)| Answer {
                status: status.clone(),
                description: text(&it["description"]),
                schema: content_schema(&it["content"]),
            })
            .collect(),
    }
}

fn content_schema(content: &Value) -> Option<String> {
    let (_, media) = content.as_object()?.iter().next()?;
    Some(kind(&media["schema"]))
}

fn properties(schema: &Value) -> Vec<Field> {
    let required = schema["required"].as_array();
    let required = |name: &str| required.is_some_and(|it| it.iter().any(|it| it == name));
    schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, it)| Field {
            name: name.clone(),
            place: String::new(),
            kind: kind(it),
            required: required(name),
            description: text(&it["description"]),
        })
        .collect()
}

/// A schema in a few words: its name, or its type.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        return name.rsplit('/').next().unwrap_or(name).to_owned();
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        if let Some(choices) = schema[key].as_array() {
            let choices: Vec<_> = choices.iter().map(kind).collect();
            return choices.join(" or ");
        }
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().map(text).collect::<Vec<_>>().join(" or "),
        one => text(one),
    };
    match (types.as_str(), schema["format"].as_str()) {
        ("array", _) => format!("list of {}", kind(&schema["items"])),
        (_, Some(format)) => format!("{types} ({format})"),
        _ => types,
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
