//! The committed description of the API is the one that the code gives.

use std::path::Path;

use serde_json::Value;

use crate::support::App;

#[test]
fn the_committed_document_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/cloudgen.json");
    let current = cloudgen::app::openapi();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == current, "run UPDATE=1 cargo test --test it openapi, and read the diff");
}

#[test]
fn every_operation_is_described_and_every_reference_resolves() {
    let document: Value = serde_json::from_str(&cloudgen::app::openapi()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut ids = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let what = format!("{method} {path}");
            assert!(
                !operation["summary"].as_str().unwrap_or_default().is_empty(),
                "{what}: no summary"
            );
            assert!(operation["tags"][0].is_string(), "{what}: no tag");
            let description = operation["description"].as_str().unwrap_or_default();
            assert!(!description.is_empty(), "{what}: no description");
            let open = operation["security"].as_array().is_some_and(Vec::is_empty);
            assert!(open || operation["responses"]["401"].is_object(), "{what}: no Errors");
            ids.push(operation["operationId"].as_str().unwrap().to_owned());
        }
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "an operationId is used twice");
    references(&document, &document);
}

/// ASVS V14.2.1
#[test]
fn no_operation_takes_a_secret_in_its_address() {
    let document: Value = serde_json::from_str(&cloudgen::app::openapi()).unwrap();
    let mut seen = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let operations = item.as_object().unwrap().values();
        let parameters = operations.filter_map(|it| it["parameters"].as_array()).flatten();
        for parameter in parameters.filter(|it| it["in"] != "header") {
            let name = parameter["name"].as_str().unwrap().to_lowercase();
            let secret = ["password", "secret", "token", "api_key", "code"];
            assert!(!secret.iter().any(|it| name.contains(it)), "{path}: {name}");
            seen += 1;
        }
    }
    assert!(seen > 50);
}

fn references(value: &Value, document: &Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(to)) = map.get("$ref") {
                assert!(document.pointer(to.trim_start_matches('#')).is_some(), "{to} is missing");
            }
            map.values().for_each(|it| references(it, document));
        }
        Value::Array(items) => items.iter().for_each(|it| references(it, document)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_and_its_page_are_served() {
    let app = App::new().await;
    let served = app.anonymous().get("/api/v1/openapi.json").await.expect(200);
    assert_eq!(served.text, cloudgen::app::openapi());
    let page = app.anonymous().get("/docs/api").await.expect(200);
    for (path, _) in served.json()["paths"].as_object().unwrap() {
        assert!(
            page.text.contains(&path.replace('/', "&#x2f;")) || page.text.contains(path),
            "{path}"
        );
    }
}

/// The policy of `docs/guides/versioning.md`: what the description marks is
/// what answers with `Deprecation` and `Sunset`, and nothing else is.
#[tokio::test]
async fn what_is_deprecated_answers_that_it_is() {
    let app = App::new().await;
    let document: Value = serde_json::from_str(&cloudgen::app::openapi()).unwrap();
    let mut marked = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let deprecated = operation["deprecated"] == true;
            if deprecated {
                marked.push(format!("{} {path}", method.to_uppercase()));
            }
            let answer =
                crate::access::call(&app.anonymous(), &format!("{method} {path}"), "").await;
            for name in ["deprecation", "sunset"] {
                let told = answer.headers.contains_key(name);
                assert_eq!(told, deprecated, "{method} {path}: {name}");
            }
        }
    }
    let listed = cloudgen::features::docs::endings::ALL.iter().map(|it| it.operation.to_owned());
    assert!(listed.eq(marked), "what is deprecated is on the list, and so on its way out");
}
