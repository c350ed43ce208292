//! Holds values against the schemas of the API's description.

use serde_json::Value;

/// What of a value is not as its schema says. Knows the words that the
/// description uses.
pub fn check(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(to) = schema["$ref"].as_str() {
        let target = document.pointer(to.trim_start_matches('#')).unwrap();
        return check(document, target, value, at);
    }
    let mut complaints = Vec::new();
    let types: Vec<&str> = match &schema["type"] {
        Value::String(it) => vec![it],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let is = |it: &str| match it {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{at}: type {other}"),
    };
    if !types.is_empty() && !types.iter().any(|it| is(it)) {
        complaints.push(format!("{at} is no {types:?}"));
    }
    if let Some(only) = schema.get("const")
        && value != only
    {
        complaints.push(format!("{at} is not {only}"));
    }
    if let Some(choices) = schema["enum"].as_array()
        && !choices.contains(value)
    {
        complaints.push(format!("{at} is none of {choices:?}"));
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(all) = schema[key].as_array()
            && !all.iter().any(|it| check(document, it, value, at).is_empty())
        {
            complaints.push(format!("{at} fits no part of {key}"));
        }
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        complaints.extend(check(document, part, value, at));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            complaints.push(format!("{at}/{name} is missing"));
        }
    }
    if let Some(map) = value.as_object() {
        for (name, it) in map {
            match schema["properties"].get(name) {
                Some(schema) => {
                    complaints.extend(check(document, schema, it, &format!("{at}/{name}")))
                }
                None if schema["additionalProperties"] == false => {
                    complaints.push(format!("{at}/{name} is not described"));
                }
                None => {}
            }
        }
    }
    for (i, it) in value.as_array().into_iter().flatten().enumerate() {
        complaints.extend(check(document, &schema["items"], it, &format!("{at}/{i}")));
    }
    complaints
}

/// The fields of an object that its schema does not name, unless it leaves them open.
pub fn undescribed(document: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let parts = parts(document, schema);
    let mut complaints = Vec::new();
    if let Some(map) = value.as_object() {
        let closed = parts.iter().all(|it| {
            it["properties"].is_object() && !matches!(it["additionalProperties"], Value::Object(_))
        });
        for (name, it) in map {
            let within = format!("{at}/{name}");
            let known: Vec<_> =
                parts.iter().filter_map(|part| part["properties"].get(name)).collect();
            if known.is_empty() && closed && !parts.is_empty() {
                complaints.push(format!("{within} is not described"));
            }
            for schema in known {
                complaints.extend(undescribed(document, schema, it, &within));
            }
        }
    }
    for (i, it) in value.as_array().into_iter().flatten().enumerate() {
        for schema in parts.iter().filter_map(|part| part.get("items")) {
            complaints.extend(undescribed(document, schema, it, &format!("{at}/{i}")));
        }
    }
    complaints
}

/// The schemas that together, or one or the other of them, describe a value.
fn parts<'a>(document: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    if let Some(to) = schema["$ref"].as_str() {
        return parts(document, document.pointer(to.trim_start_matches('#')).unwrap());
    }
    let mut found = Vec::new();
    for key in ["allOf", "oneOf", "anyOf"] {
        let all = schema[key].as_array().into_iter().flatten();
        found.extend(all.flat_map(|it| parts(document, it)));
    }
    if schema["properties"].is_object() || found.is_empty() {
        found.push(schema);
    }
    found.retain(|it| it["type"] != "null");
    found
}
