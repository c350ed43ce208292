//! The reference of the API, read from its own description.

use serde::Serialize;
use serde_json::{Map, Value};

#[derive(Serialize)]
pub struct Group {
    pub name: String,
    pub about: String,
    pub operations: Vec<Operation>,
}

#[derive(Serialize)]
pub struct Operation {
    pub id: String,
    pub method: String,
    pub path: String,
    pub summary: String,
    pub description: String,
    pub parameters: Vec<Field>,
    /// What is sent, by name, and its media type.
    pub body: Option<String>,
    pub media: String,
    pub fields: Vec<Field>,
    pub responses: Vec<Answer>,
    /// A request as it is typed into a shell.
    pub curl: String,
    /// The body of the example.
    pub example: String,
    pub answer: Option<Example>,
    /// Whether a reader can try it here: with a key, and an answer to look at.
    pub can_be_tried: bool,
}

#[derive(Serialize)]
pub struct Example {
    pub status: String,
    pub text: String,
}

#[derive(Serialize)]
pub struct Answer {
    pub status: String,
    pub description: String,
    pub schema: Option<String>,
}

#[derive(Serialize)]
pub struct Field {
    pub name: String,
    pub place: String,
    pub kind: String,
    pub required: bool,
    pub description: String,
    pub choices: Vec<String>,
}

#[derive(Serialize)]
pub struct Schema {
    pub name: String,
    pub description: String,
    pub fields: Vec<Field>,
    pub choices: Vec<String>,
}

/// The names of the groups, in the order of the document.
pub fn groups(document: &Value) -> Vec<String> {
    document["tags"].as_array().into_iter().flatten().map(|it| text(&it["name"])).collect()
}

pub fn read(document: &Value) -> Vec<Group> {
    let tags = document["tags"].as_array().into_iter().flatten();
    let mut groups: Vec<Group> = tags
        .map(|it| Group {
            name: text(&it["name"]),
            about: text(&it["description"]),
            operations: Vec::new(),
        })
        .collect();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let name = text(&operation["tags"][0]);
            if let Some(group) = groups.iter_mut().find(|it| it.name == name) {
                group.operations.push(read_operation(document, method, path, operation));
            }
        }
    }
    groups
}

pub fn schemas(document: &Value) -> Vec<Schema> {
    document["components"]["schemas"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| !name.starts_with("List_"))
        .map(|(name, schema)| Schema {
            name: name.clone(),
            description: text(&schema["description"]),
            fields: properties(document, schema),
            choices: choices(schema),
        })
        .collect()
}

fn read_operation(document: &Value, method: &str, path: &str, operation: &Value) -> Operation {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let body = operation["requestBody"]["content"].as_object().and_then(|it| it.iter().next());
    let (media, sent) =
        body.map_or((String::new(), &Value::Null), |(media, it)| (media.clone(), it));
    let example = example_text(&sent["example"]);
    let method = method.to_uppercase();
    Operation {
        id: text(&operation["operationId"]),
        curl: curl(&method, path, &media, &sent["example"]),
        parameters: parameters
            .map(|it| Field {
                name: text(&it["name"]),
                place: text(&it["in"]),
                kind: kind(&it["schema"]),
                required: it["required"] == Value::Bool(true),
                description: text(&it["description"]),
                choices: choices(&it["schema"]),
            })
            .collect(),
        body: body.map(|_| kind(&sent["schema"])),
        fields: properties(document, resolve(document, &sent["schema"])),
        responses: answers(document, operation),
        answer: example_answer(operation),
        can_be_tried: media != "application/x-www-form-urlencoded"
            && operation["security"]
                .as_array()
                .is_none_or(|it| it.iter().any(|it| !it["key"].is_null())),
        summary: text(&operation["summary"]),
        description: text(&operation["description"]),
        path: path.to_owned(),
        method,
        media,
        example,
    }
}

/// A value as it is shown: JSON in lines, text as it is.
fn example_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(it) => it.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}

fn curl(method: &str, path: &str, media: &str, example: &Value) -> String {
    let mut lines = vec![match method {
        "GET" => format!("curl \"$CLOUDGEN_SERVER{path}\""),
        _ => format!("curl -X {method} \"$CLOUDGEN_SERVER{path}\""),
    }];
    if !path.contains("/device/") {
        lines.push("  -H \"Authorization: Bearer $CLOUDGEN_TOKEN\"".to_owned());
    }
    if media == "application/json" {
        lines.push("  -H \"Content-Type: application/json\"".to_owned());
        let body = if example.is_null() { "{}".to_owned() } else { example.to_string() };
        lines.push(format!("  -d '{}'", body.replace('\'', "'\\''")));
    } else {
        let fields = example.as_object().into_iter().flatten();
        lines.extend(
            fields.map(|(name, it)| format!("  --data-urlencode '{name}={}'", example_text(it))),
        );
    }
    lines.join(" \\\n")
}

fn answers(document: &Value, operation: &Value) -> Vec<Answer> {
    let responses = operation["responses"].as_object().into_iter().flatten();
    responses
        .map(|(status, it)| {
            let it = resolve(document, it);
            Answer {
                status: status.clone(),
                description: text(&it["description"]),
                schema: content_schema(&it["content"]),
            }
        })
        .collect()
}

fn example_answer(operation: &Value) -> Option<Example> {
    let responses = operation["responses"].as_object()?;
    responses.iter().find_map(|(status, it)| {
        let (_, media) = it["content"].as_object()?.iter().next()?;
        let text = example_text(&media["example"]);
        (!text.is_empty()).then(|| Example { status: status.clone(), text })
    })
}

/// What a reference leads to, or the value itself.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(to) => document.pointer(to.trim_start_matches('#')).unwrap_or(value),
        None => value,
    }
}

fn content_schema(content: &Value) -> Option<String> {
    let (_, media) = content.as_object()?.iter().next()?;
    media["schema"].is_object().then(|| kind(&media["schema"]))
}

/// The fields of an object, also of one that is put together of several.
fn properties(document: &Value, schema: &Value) -> Vec<Field> {
    let parts = schema["allOf"].as_array();
    let mut fields: Vec<Field> = parts
        .into_iter()
        .flatten()
        .flat_map(|it| properties(document, resolve(document, it)))
        .collect();
    let required = schema["required"].as_array();
    let required = |name: &str| required.is_some_and(|it| it.iter().any(|it| it == name));
    let none = Map::new();
    let own = schema["properties"].as_object().unwrap_or(&none).iter();
    fields.extend(own.map(|(name, it)| Field {
        name: name.clone(),
        place: String::new(),
        kind: kind(it),
        required: required(name),
        description: text(&it["description"]),
        choices: choices(it),
    }));
    fields
}

fn choices(schema: &Value) -> Vec<String> {
    schema["enum"].as_array().into_iter().flatten().map(text).filter(|it| !it.is_empty()).collect()
}

/// A schema in a few words: its name, or its type.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap_or(name);
        return match name.strip_prefix("List_") {
            Some(of) => format!("list of {of}"),
            None => name.to_owned(),
        };
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
