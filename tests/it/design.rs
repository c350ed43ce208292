//! The engine's commands, as they are typed.

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A place of its own for what the command keeps, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cloudgen-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cloudgen"));
        command
            .args(arguments)
            .env("XDG_STATE_HOME", self.0.join("state"))
            .env("XDG_CONFIG_HOME", self.0.join("config"))
            .env_remove("CLOUDGEN_TOKEN")
            .env_remove("CLOUDGEN_SERVER")
            .current_dir(&self.0)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn complaint(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn analyze_generate_edit_cost_and_explain_follow_each_other() {
    let place = Place::new("sequence");
    let text = "API Gateway to Lambda to DynamoDB, 2 million requests a month, us-east-1";
    let analysis = place.json(&["analyze", text, "--local", "--json"]);
    let tiers: Vec<&str> = analysis["options"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["tier"].as_str().unwrap())
        .collect();
    assert_eq!(tiers, ["good", "better", "best"]);
    let services: Vec<&str> = analysis["options"][0]["components"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["service"].as_str())
        .collect();
    for service in ["api-gateway", "lambda", "dynamodb"] {
        assert!(services.contains(&service), "{services:?}");
    }
    let wiring = &analysis["options"][2]["wiring"];
    assert_eq!(wiring["connections"], wiring["wired"]);

    let written = place.json(&["generate", "--option", "better", "--format", "all", "--json"]);
    for file in written["files"].as_array().unwrap() {
        assert!(place.0.join(file["path"].as_str().unwrap()).is_file(), "{file}");
    }
    assert!(place.0.join("infrastructure/terraform/versions.tf").is_file());
    assert!(place.0.join("infrastructure/cloudformation/template.yaml").is_file());

    let edited = place.json(&["edit", "add a Redis cache", "--json"]);
    let added = &edited["changes"][0]["added"];
    assert!(added.to_string().to_lowercase().contains("cache"), "{added}");
    let bill = place.json(&["cost", "--option", "good", "--json"]);
    assert!(bill["options"][0]["cost"]["monthly"].as_f64().unwrap() > 0.0);
    let id = edited["options"][1]["components"][0]["id"].as_str().unwrap().to_owned();
    let explained = place.json(&["explain", &id, "--json"]);
    assert_eq!(explained["id"], id);
}

#[test]
fn questions_are_answered_and_settings_hold() {
    let place = Place::new("ask");
    place.json(&[
        "analyze",
        "REST API with Postgres for 10k users",
        "--set",
        "region=Frankfurt",
        "--json",
    ]);
    let answer = place.json(&["ask", "why is there a database?", "--json"]);
    assert_eq!(answer["topic"], "why");
    assert!(answer["about"].to_string().contains("database"), "{answer}");
    let again = place.json(&["edit", "what costs most?", "--json"]);
    assert_eq!(again["topic"], "cost", "a question changes nothing");
    let edited = place.json(&["edit", "--set", "load.users=50k", "--json"]);
    let users: Vec<&Value> = edited["requirements"]["assumptions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["source"] == "hand")
        .collect();
    assert_eq!(users.len(), 2, "{users:?}");
    assert_eq!(edited["options"][0]["region"], "eu-central-1");
    assert!(complaint(&place.run(&["ask", "add a cache"])).contains("cloudgen edit"));
    assert_eq!(place.run(&["ask", "who won the match?"]).status.code(), Some(6));
    let text = String::from_utf8(place.run(&["ask", "what is the RTO?"]).stdout).unwrap();
    assert!(text.contains("A zone fails") && !text.contains('\u{1b}'), "{text}");
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let kind = complaint(&place.run(&["edit", "--set", "weather=fine"]));
    assert!(kind.contains("availability"), "{kind}");
}

#[test]
fn a_policy_of_the_organisation_is_honoured() {
    let place = Place::new("policy");
    let policy = serde_json::json!({
        "allowed_regions": ["eu-central-1"], "compliance": ["gdpr"], "format": "cloudformation",
        "name_prefix": "acme", "tags": {"owner": "web"}, "required_tags": ["cost-center"],
    });
    std::fs::write(place.0.join("policy.json"), policy.to_string()).unwrap();
    let text = "REST API with Postgres for 10k users";
    let analysis = place.json(&["analyze", text, "--policy", "policy.json", "--json"]);
    assert_eq!(analysis["options"][0]["region"], "eu-central-1");
    let house = analysis["requirements"]["assumptions"].as_array().unwrap();
    assert!(house.iter().any(|it| it["source"] == "organisation" && it["kind"] == "compliance"));
    let missing = complaint(&place.run(&["generate"]));
    assert!(missing.contains("cost-center"), "{missing}");
    place.json(&["analyze", text, "--policy", "policy.json", "--tag", "cost-center=42", "--json"]);
    place.json(&["generate", "--json"]);
    let code = std::fs::read_to_string(place.0.join("infrastructure/template.yaml")).unwrap();
    assert!(code.contains("acme"), "{code:.600}");
    let tags = std::fs::read_to_string(place.0.join("infrastructure/tags.json")).unwrap();
    assert!(tags.contains("cost-center") && tags.contains("owner"), "{tags}");
    let refused = complaint(&place.run(&[
        "analyze",
        text,
        "--policy",
        "policy.json",
        "--region",
        "us-east-1",
    ]));
    assert!(refused.contains("does not allow"), "{refused}");
    std::fs::write(place.0.join("bad.json"), r#"{"cidr": "10.0.0.1/16"}"#).unwrap();
    assert!(complaint(&place.run(&["analyze", text, "--policy", "bad.json"])).contains("cidr"));
}

#[test]
fn what_is_wrong_is_said_with_the_way_on() {
    let place = Place::new("complaints");
    assert!(complaint(&place.run(&["edit", "make it cheaper"])).contains("cloudgen analyze"));
    assert!(complaint(&place.run(&["analyze"])).contains("say what the system has to do"));
    let region = complaint(&place.run(&["analyze", "a queue", "--region", "mars-1"]));
    assert!(region.contains("--region mars-1"), "{region}");
    let budget = complaint(&place.run(&["analyze", "a queue", "--budget", "-5"]));
    assert!(budget.contains("--budget"), "{budget}");
    let file = complaint(&place.run(&["analyze", "--file", "nowhere.txt"]));
    assert!(file.contains("nowhere.txt"), "{file}");
    let framework = complaint(&place.run(&["analyze", "a queue", "--compliance", "abc"]));
    assert!(framework.contains("hipaa"), "{framework}");
}

#[test]
fn text_that_describes_no_system_gets_an_answer_and_no_design() {
    let place = Place::new("nothing");
    let output = place.run(&["analyze", "hello there", "--json"]);
    assert_eq!(output.status.code(), Some(6));
    let analysis: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(analysis["options"], Value::Array(Vec::new()));
    assert_eq!(analysis["diagnostics"][0]["code"], "no-system-described");
}

#[test]
fn files_that_are_there_are_not_written_over() {
    let place = Place::new("force");
    place.json(&["analyze", "a queue and a function", "--json"]);
    place.json(&["generate", "--json"]);
    let refused = complaint(&place.run(&["generate"]));
    assert!(refused.contains("--force"), "{refused}");
    place.json(&["generate", "--force", "--json"]);
}

#[test]
fn output_in_a_pipe_has_no_colour_and_fits_80_columns() {
    let place = Place::new("plain");
    let output = place.run(&["analyze", "HIPAA patient portal, 50k users, EU only, $3k a month"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains('\u{1b}'));
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

/// The schema is of draft 2020-12; what it asks for is checked here field by field.
#[test]
fn the_analysis_is_as_its_schema_says() {
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/analysis.schema.json")).unwrap();
    let place = Place::new("schema");
    let text = "HIPAA patient portal, 50k users, EU only, $3k a month";
    let analysis = place.json(&["analyze", text, "--json"]);
    let mut problems = Vec::new();
    check(&schema, &schema, &analysis, "", &mut problems);
    assert!(problems.is_empty(), "{problems:#?}");
}

/// The part of JSON Schema that the document uses.
fn check(root: &Value, schema: &Value, value: &Value, at: &str, problems: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).unwrap();
        return check(root, target, value, at, problems);
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let fits = |name: &&str| match *name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("unknown type {other}"),
    };
    if !types.is_empty() && !types.iter().any(fits) {
        problems.push(format!("{at}: {value} is not {types:?}"));
        return;
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        problems.push(format!("{at}: {value} is none of {allowed:?}"));
    }
    if let Some(object) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten() {
            if !object.contains_key(name.as_str().unwrap()) {
                problems.push(format!("{at}: {name} is missing"));
            }
        }
        for (name, inner) in object {
            match schema["properties"].get(name) {
                Some(schema) => check(root, schema, inner, &format!("{at}/{name}"), problems),
                None if schema["additionalProperties"] == Value::Bool(false) => {
                    problems.push(format!("{at}: {name} is not described"));
                }
                None => {}
            }
        }
    }
    if let (Some(items), Some(list)) = (schema.get("items"), value.as_array()) {
        for (n, inner) in list.iter().enumerate() {
            check(root, items, inner, &format!("{at}/{n}"), problems);
        }
    }
}
