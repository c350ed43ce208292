//! What can be changed in place: each assumption and question as a form field.

use serde::Serialize;
use serde_json::Value;

use crate::engine::brief::{self, Brief};
use crate::engine::requirements::settings::Control;
use crate::platform::error::{Error, Result};

/// A field that sets a kind.
#[derive(Clone, Debug, Serialize)]
pub struct Field {
    pub kind: String,
    pub label: String,
    /// As people write it.
    pub shown: String,
    pub reason: String,
    /// `engine`, `hand` or `organisation`.
    pub source: String,
    pub input: Input,
}

/// How the value is chosen.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Input {
    Choice {
        choices: Vec<Choice>,
    },
    Choices {
        choices: Vec<Choice>,
    },
    Number {
        unit: String,
        min: f64,
        max: f64,
        value: String,
    },
    Text {
        value: String,
    },
    /// It is shown, and cannot be set.
    None,
}

#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    /// As JSON.
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

/// Something only a person can decide.
#[derive(Clone, Debug, Serialize)]
pub struct Question {
    pub kind: String,
    pub text: String,
    /// Answers to pick.
    pub choices: Vec<String>,
    pub field: Field,
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

/// The assumptions of a report, as fields.
pub fn assumptions(brief: &Brief, report: &Value) -> Vec<Field> {
    let all = report["requirements"]["assumptions"].as_array();
    all.into_iter().flatten().map(|it| field(brief, it)).collect()
}

/// The open questions of a report, as fields.
pub fn questions(brief: &Brief, report: &Value) -> Vec<Question> {
    let all = report["requirements"]["questions"].as_array();
    let choices = |it: &Value| -> Vec<String> {
        let choices = it["choices"].as_array().into_iter().flatten();
        choices.filter_map(|it| it.as_str().map(str::to_owned)).collect()
    };
    all.into_iter()
        .flatten()
        .map(|it| Question {
            kind: text(it, "kind"),
            text: text(it, "text"),
            choices: choices(it),
            field: field(brief, it),
        })
        .collect()
}

fn field(brief: &Brief, it: &Value) -> Field {
    let kind = text(it, "kind");
    let value = &it["value"];
    let input = brief.control(&kind).map_or(Input::None, |control| input(control, value));
    Field {
        label: label(&kind),
        shown: shown(&kind, value),
        reason: text(it, "reason"),
        source: text(it, "source"),
        input,
        kind,
    }
}

/// A value as people write it; names with values, such as tags, as pairs.
fn shown(kind: &str, value: &Value) -> String {
    let Some(pairs) = value.as_object() else { return brief::show_value(kind, value) };
    let text = |it: &Value| it.as_str().map_or_else(|| it.to_string(), str::to_owned);
    pairs.iter().map(|it| format!("{} = {}", it.0, text(it.1))).collect::<Vec<_>>().join(", ")
}

/// A kind as people call it.
pub fn label(kind: &str) -> String {
    let known = brief::label(kind);
    if known != kind {
        return known.to_owned();
    }
    let words = kind.replace(['.', '_'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |it| it.to_uppercase().chain(letters).collect())
}

fn input(control: Control, value: &Value) -> Input {
    let all = |choices: Vec<crate::engine::requirements::settings::Choice>, many: bool| {
        let is = |it: &Value| match value.as_array() {
            Some(values) if many => values.contains(it),
            _ => value == it || (value.is_number() && value.as_f64() == it.as_f64()),
        };
        choices
            .into_iter()
            .map(|it| Choice {
                chosen: is(&it.value),
                value: it.value.to_string(),
                label: it.label,
            })
            .collect()
    };
    match control {
        Control::Choice { choices } => Input::Choice { choices: all(choices, false) },
        Control::Choices { choices } => Input::Choices { choices: all(choices, true) },
        Control::Number { unit, min, max, .. } => {
            let value = if value.is_number() { value.to_string() } else { String::new() };
            let value = value.strip_suffix(".0").unwrap_or(&value).to_owned();
            Input::Number { unit: unit.to_owned(), min, max, value }
        }
        Control::Text => Input::Text { value: value.as_str().unwrap_or_default().to_owned() },
    }
}

/// What a form says that `kind` shall be: choices come as JSON, anything else as
/// people write it.
pub fn value(kind: &str, given: &[String]) -> Result<Value> {
    let invalid = |text: String| Error::invalid("value", text);
    if matches!(brief::control(kind), Some(Control::Choices { .. })) {
        let json = |it: &String| serde_json::from_str(it).unwrap_or_else(|_| it.as_str().into());
        return Ok(Value::Array(given.iter().map(json).collect()));
    }
    let text = given.first().map(|it| it.trim()).unwrap_or_default();
    match serde_json::from_str::<Value>(text) {
        Ok(value) if brief::check_setting(kind, &value).is_ok() => Ok(value),
        _ => brief::parse_setting(kind, text).map_err(invalid),
    }
}
