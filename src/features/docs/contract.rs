//! From what the handlers declare to the whole contract: what all operations
//! have in common is said here once, and so cannot be forgotten.
//!
//! Each operation gets the headers of its answers, the problems it may answer
//! with, the scope, role and units it takes, and the examples that the tests
//! recorded (`openapi/examples.json`).

use serde_json::{Map, Value, json};

use super::{endings, operations};
use crate::features::api_keys::meter;

const EXAMPLES: &str = include_str!("../../../openapi/examples.json");

const TAGS: &[(&str, &str)] = &[
    ("sessions", "Designs: a conversation, and the analyses it leads to."),
    ("artifacts", "Generated files: make them, look at their manifest, download them."),
    ("diagrams", "An option drawn, in several views and formats."),
    ("shares", "Links that show a session to people outside."),
    ("operations", "Work that was accepted with 202."),
    ("webhooks", "Endpoints that are told what happens, and what was delivered to them."),
    ("keys", "API keys, and how much they are used."),
    ("organisations", "The organisation acted in, and what it wants of every design."),
    ("members", "The people of the organisation, and invitations."),
    ("workspaces", "The shelves that sessions lie on."),
    ("audit", "What happened, who did it and from where."),
    ("me", "The caller."),
    ("device", "How a program on a terminal is let in (OAuth 2.0 device authorization grant)."),
];

/// Problems by status: the name of the reusable answer, and what it means.
const PROBLEMS: &[(&str, &str, &str)] = &[
    ("400", "Malformed", "The request cannot be read."),
    ("401", "Unauthenticated", "No key or sign-in, or one that does not work."),
    ("403", "Forbidden", "The key's scopes or the caller's role do not allow this."),
    ("404", "NotFound", "There is no such thing, or it is another organisation's."),
    ("405", "MethodNotAllowed", "Not with this method; `Allow` lists those that work."),
    ("408", "Timeout", "The request did not arrive in time."),
    (
        "409",
        "Conflict",
        "It contradicts what is there, or the first request with this Idempotency-Key still runs.",
    ),
    ("410", "Gone", "The operation has come to its end; `Link` says what to use instead."),
    ("413", "TooLarge", "The body is larger than this installation takes."),
    ("415", "UnsupportedMediaType", "The body is in another format than the operation takes."),
    ("416", "RangeNotSatisfiable", "The range lies beyond the end of the file."),
    ("422", "Invalid", "A value is not acceptable; `errors` points at each."),
    ("429", "QuotaExceeded", "The quota is used up; `Retry-After` says when there is more."),
    ("500", "Internal", "It failed on our side, and nothing was changed."),
    ("503", "Unavailable", "The server is busy or being restarted; try again."),
];

/// Makes the description complete.
pub fn complete(document: &mut Value) {
    document["info"]["description"] = json!(
        "From a description to infrastructure: send a text, get three priced architectures, and \
         the code of the one you choose. Guides, and every problem with what to do about it, are \
         served at `/docs`."
    );
    document["servers"] = json!([{
        "url": "/", "description": "The installation that serves this document.",
        "x-internal": false
    }]);
    document["tags"] =
        TAGS.iter().map(|(name, text)| json!({ "name": name, "description": text })).collect();
    document["components"]["headers"] = headers();
    document["components"]["responses"] = problems();
    let examples: Value = serde_json::from_str(EXAMPLES).expect("the tests wrote it");
    let mut paths = document["paths"].take();
    for (path, item) in paths.as_object_mut().into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let at = format!("{} {path}", method.to_uppercase());
            complete_operation(&at, operation);
            illustrate(operation, &examples);
            endings::announce(&at, operation, endings::ALL);
        }
    }
    document["paths"] = paths;
    document["paths"]["/api/v1/openapi.json"] = itself();
    name_items(document);
    bound_numbers(document);
    drop_unused(document);
}

/// The items of a list are the objects of that name, not copies of them.
fn name_items(document: &mut Value) {
    let schemas = document["components"]["schemas"].as_object_mut().expect("there are schemas");
    let lists: Vec<_> = schemas.keys().filter(|it| it.starts_with("List_")).cloned().collect();
    for list in lists {
        let of = list.trim_start_matches("List_");
        if schemas.contains_key(of) {
            let pointer = json!({ "$ref": format!("#/components/schemas/{of}") });
            schemas[&list]["properties"]["items"]["items"] = pointer;
        }
    }
}

/// Numbers that are taken in say how large they can be, at most what their type
/// holds.
fn bound_numbers(document: &mut Value) {
    let mut bodies = Vec::new();
    for item in document["paths"].as_object().into_iter().flatten() {
        for operation in item.1.as_object().into_iter().flatten() {
            let content = operation.1["requestBody"]["content"].as_object();
            let named =
                content.into_iter().flatten().filter_map(|it| it.1["schema"]["$ref"].as_str());
            bodies
                .extend(named.map(|it| it.trim_start_matches("#/components/schemas/").to_owned()));
        }
    }
    for body in bodies {
        let fields = document["components"]["schemas"][&body]["properties"].as_object_mut();
        for (_, field) in fields.into_iter().flatten().filter(|it| it.1["format"] == "int32") {
            for (bound, most) in [("minimum", i32::MIN), ("maximum", i32::MAX)] {
                if field[bound].is_null() {
                    field[bound] = json!(most);
                }
            }
        }
    }
}

fn header(description: &str, schema: Value) -> Value {
    json!({ "description": description, "schema": schema })
}

fn headers() -> Value {
    let text = || json!({ "type": "string" });
    json!({
        "RateLimit": header("What is left of the quota: `r` units for the next `t` seconds.", text()),
        "RateLimit-Policy": header("The quota: `q` units within `w` seconds.", text()),
        "Retry-After": header("Seconds to wait before trying again.", json!({ "type": "integer", "format": "int32" })),
        "X-Request-Id": header("Names the request; quote it when you report a problem.", text()),
        "ETag": header("Names this state; send it as `If-None-Match` to be answered 304 while it lasts.", text()),
        "Link": header("`rel=\"next\"`: the next part of the list, if there is one.", text()),
        "Location": header("The operation that tells how far the work is.", text()),
        "Idempotent-Replayed": header("`true` when this is the kept answer to an earlier request.", text()),
        "WWW-Authenticate": header("How to come in (RFC 6750).", text()),
        "Allow": header("The methods that work.", text()),
        "Content-Range": header("Which part this is, and of how many bytes.", text()),
        "Content-Disposition": header("The name of the file.", text()),
        "Deprecation": header("Since when this is deprecated (RFC 9745).", text()),
        "Sunset": header("From when on this no longer works (RFC 8594).", text()),
    })
}

fn named(names: &[&str]) -> Map<String, Value> {
    let pointer = |name: &str| json!({ "$ref": format!("#/components/headers/{name}") });
    names.iter().map(|name| ((*name).to_owned(), pointer(name))).collect()
}

fn problems() -> Value {
    let problem = |status: &str, description: &str| {
        let more: &[&str] = match status {
            "401" => &["WWW-Authenticate"],
            "405" => &["Allow"],
            "410" => &["Deprecation", "Sunset", "Link"],
            "416" => &["Content-Range"],
            "429" | "503" => &["Retry-After"],
            _ => &[],
        };
        let names = [&["RateLimit", "RateLimit-Policy", "X-Request-Id"], more].concat();
        json!({
            "description": description,
            "headers": named(&names),
            "content": { "application/problem+json": {
                "schema": { "$ref": "#/components/schemas/Problem" }
            } }
        })
    };
    PROBLEMS
        .iter()
        .map(|(status, name, text)| ((*name).to_owned(), problem(status, text)))
        .collect()
}

/// The statuses of problems that an operation may answer with.
fn may_refuse(at: &str, operation: &Value) -> Vec<&'static str> {
    let mut statuses =
        vec!["400", "401", "403", "404", "405", "408", "409", "422", "429", "500", "503"];
    if operation["requestBody"].is_object() {
        statuses.extend(["413", "415"]);
    }
    if operation["responses"]["206"].is_object() || at.contains("/files/") {
        statuses.push("416");
    }
    statuses
}

fn complete_operation(at: &str, operation: &mut Value) {
    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    if let Some(action) = operations::action(&id) {
        operation["x-role"] = json!(action.requires().as_str());
    }
    operation["description"] = json!(describe(at, &id, operation));
    if let Some(scope) = operations::action(&id).and_then(|it| it.scope()) {
        operation["security"] = json!([{ "key": [scope.as_str()] }, { "login": [] }]);
    } else if operations::action(&id).is_some()
        || operation["tags"][0] == "organisations"
        || (operation["tags"][0] == "me" && !operations::ABOUT_THE_CALLER.contains(&id.as_str()))
    {
        operation["security"] = json!([{ "login": [] }]);
    }
    let refusals = may_refuse(at, operation);
    let responses = operation["responses"].as_object_mut().expect("every operation answers");
    for (status, name, _) in PROBLEMS.iter().filter(|it| refusals.contains(&it.0)) {
        // The device flow has errors of its own (RFC 8628).
        if responses
            .get(*status)
            .is_none_or(|it| it["content"]["application/problem+json"].is_object())
        {
            let pointer = json!({ "$ref": format!("#/components/responses/{name}") });
            responses.insert((*status).to_owned(), pointer);
        }
    }
    let reads = at.starts_with("GET ");
    let json = responses.get("200").is_some_and(|it| it["content"]["application/json"].is_object());
    let binary = responses.get("200").is_some_and(|it| {
        it["content"]
            .as_object()
            .is_some_and(|it| it.keys().any(|it| it.contains("zip") || it.contains("octet")))
    });
    for (status, response) in
        responses.iter_mut().filter(|it| it.0.starts_with('2') || it.1["$ref"].is_null())
    {
        let mut names = vec!["RateLimit", "RateLimit-Policy", "X-Request-Id"];
        match status.as_str() {
            "202" => names.push("Location"),
            "206" => names.extend(["Content-Range", "Content-Disposition", "ETag"]),
            "200" if binary => names.extend(["Content-Disposition", "ETag"]),
            "200" if reads && json => names.push("ETag"),
            _ => {}
        }
        if at.starts_with("POST ") && status.starts_with('2') {
            names.push("Idempotent-Replayed");
        }
        let listed = response["content"]["application/json"]["schema"]["$ref"].as_str();
        if listed.is_some_and(|it| it.contains("/List_")) {
            names.push("Link");
        }
        response["headers"] = Value::Object(named(&names));
        let plain = matches!(response["description"].as_str(), None | Some(""));
        if plain {
            response["description"] = json!(meaning(status));
        }
        if let Some(stream) =
            response.pointer_mut("/content/text~1event-stream").and_then(Value::as_object_mut)
        {
            stream.insert("schema".to_owned(), event());
        }
        if binary {
            // The bytes themselves: JSON Schema has no more to say about them.
            for media in response["content"].as_object_mut().into_iter().flatten() {
                *media.1 = json!({});
            }
        }
    }
    if reads && (json || binary) {
        responses.insert(
            "304".to_owned(),
            json!({ "description": "Nothing changed since the state that `If-None-Match` names.",
                    "headers": named(&["RateLimit", "RateLimit-Policy", "X-Request-Id", "ETag"]) }),
        );
    }
    let mut parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    if at.starts_with("POST ") && !at.contains("/device/") {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "Makes repeating this request safe: for 24 hours it happens once.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!#-~]+$" },
        }));
    }
    for parameter in &mut parameters {
        restrict(at, parameter);
    }
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
}

/// One event of a stream.
fn event() -> Value {
    json!({
        "type": "object",
        "description": "Each event of the stream.",
        "properties": {
            "id": { "type": "string", "description": "Send it as `Last-Event-ID` to go on after it." },
            "event": { "type": "string", "description": "What happened; `open` comes first." },
            "data": { "type": "string", "description": "More about it, as JSON." },
            "retry": { "type": "integer", "description": "Milliseconds to wait before connecting again." }
        },
        "required": ["data"]
    })
}

/// Limits of parameters that many operations share.
fn restrict(at: &str, parameter: &mut Value) {
    let name = parameter["name"].as_str().unwrap_or_default().to_owned();
    let schema = &mut parameter["schema"];
    let uuid = schema["format"] == "uuid";
    let (add, text) = match name.as_str() {
        _ if uuid => (json!({ "maxLength": 36 }), "Its id."),
        "cursor" => (json!({ "maxLength": 1000 }), ""),
        // Of headers the server bounds all together.
        "Prefer" | "Last-Event-ID" => (json!({ "type": "string" }), ""),
        "option" => (json!({ "enum": ["good", "better", "best"] }), "Which of the three options."),
        "format" if !at.contains("/diagrams") => {
            (json!({ "enum": ["terraform", "cloudformation"] }), "")
        }
        "number" | "analysis" | "against" => {
            (json!({ "minimum": 1, "maximum": i32::MAX }), "The number of the analysis.")
        }
        "path" => (json!({ "minLength": 1, "maxLength": 500 }), ""),
        "component" => (json!({ "minLength": 1, "maxLength": 100 }), "The id of the component."),
        "state" => (json!({ "enum": ["active", "archived", "deleted"] }), ""),
        "outcome" => (json!({ "enum": ["success", "refused", "failed"] }), ""),
        "q" => (json!({ "maxLength": 1000 }), ""),
        "load" => (json!({ "minimum": 0.1, "maximum": 10 }), ""),
        "growth" => (json!({ "minimum": -0.5, "maximum": 1 }), ""),
        "months" => (json!({ "minimum": 1, "maximum": 120 }), ""),
        "diagram" => (json!({ "minLength": 1, "maxLength": 100 }), ""),
        "theme" => (json!({ "enum": ["light", "dark"] }), ""),
        "direction" => (json!({ "enum": ["right", "down"] }), ""),
        "overlay" => (json!({ "enum": ["none", "cost", "sla", "findings"] }), ""),
        "name" | "type" => (json!({ "maxLength": 100 }), ""),
        "from" | "until" if at.contains("/usage") => (json!({ "maxLength": 10 }), ""),
        "from" | "until" | "since" | "before" | "after" => (json!({ "maxLength": 40 }), ""),
        _ => (json!({}), ""),
    };
    if let (Some(schema), Value::Object(add)) = (schema.as_object_mut(), add) {
        schema.extend(add);
    }
    if parameter["description"].is_null() && !text.is_empty() {
        parameter["description"] = json!(text);
    }
}

/// What the handler says, and what the one who calls has to have.
fn describe(at: &str, id: &str, operation: &Value) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(text) = operation["description"].as_str().filter(|it| !it.is_empty()) {
        parts.push(text.to_owned());
    }
    let needs = match operations::action(id) {
        Some(action) => {
            let role = action.requires().as_str();
            match action.scope() {
                Some(scope) => format!(
                    "Needs the role {role}; a key also needs the scope `{}`.",
                    scope.as_str()
                ),
                None => format!(
                    "Needs the role {role} and a person who is signed in; no key can do this."
                ),
            }
        }
        None if operation["tags"][0] == "device" => {
            "Needs no key: this is how one is got.".to_owned()
        }
        None if operations::ABOUT_THE_CALLER.contains(&id) => "Every key can do this.".to_owned(),
        None => "For a person who is signed in; no key can do this.".to_owned(),
    };
    let units = meter::COSTS.iter().find(|it| it.0 == at).map_or(1, |it| it.1);
    let units = match (operation["tags"][0] == "device", units) {
        (true, _) => String::new(),
        (_, 1) => " Takes 1 unit of the quota.".to_owned(),
        (_, units) => format!(" Takes {units} units of the quota."),
    };
    parts.push(needs + &units);
    parts.join("\n\n")
}

fn meaning(status: &str) -> &'static str {
    match status {
        "200" => "As asked.",
        "201" => "It was created.",
        "202" => "It was accepted and will be done; `Location` tells how far it is.",
        "204" => "Done; there is nothing more to say.",
        "206" => "The part of the file that `Range` asks for.",
        _ => "The protocol's own answer.",
    }
}

/// Puts in what the tests sent and were answered.
fn illustrate(operation: &mut Value, examples: &Value) {
    let id = operation["operationId"].as_str().unwrap_or_default();
    let example = &examples[id];
    let request = &example["request"];
    if !request.is_null() {
        for media in operation["requestBody"]["content"].as_object_mut().into_iter().flatten() {
            media.1["example"] = request.clone();
        }
    }
    let (Some(status), body) = (example["status"].as_str(), &example["response"]) else { return };
    if !body.is_null() {
        let content = &mut operation["responses"][status]["content"];
        for media in content.as_object_mut().into_iter().flatten() {
            media.1["example"] = body.clone();
        }
    }
}

/// The operation that answers with this document.
fn itself() -> Value {
    json!({ "get": {
        "tags": ["me"],
        "summary": "Fetch this description.",
        "description": "OpenAPI 3.1, with the examples that the guides show. Needs no key.",
        "operationId": "find_openapi",
        "security": [],
        "responses": {
            "200": {
                "description": "The document.",
                "headers": named(&["X-Request-Id", "ETag"]),
                "content": { "application/json": { "schema": { "type": "object" } } }
            },
            "304": { "description": "Nothing changed since the state that `If-None-Match` names." },
            "405": { "$ref": "#/components/responses/MethodNotAllowed" }
        }
    } })
}

/// Parts that nothing refers to tell nobody anything.
fn drop_unused(document: &mut Value) {
    for kind in ["schemas", "responses", "headers"] {
        loop {
            let text = document.to_string();
            let parts = document["components"][kind].as_object_mut().expect("there are some");
            let before = parts.len();
            parts.retain(|name, _| text.contains(&format!("\"#/components/{kind}/{name}\"")));
            if parts.len() == before {
                break;
            }
        }
    }
}
