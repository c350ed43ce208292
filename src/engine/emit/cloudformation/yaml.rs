//! YAML as CloudFormation reads it, with its short tags.

use std::fmt::Write;

/// YAML with CloudFormation's short tags.
#[derive(Clone, Debug, PartialEq)]
pub enum Yaml {
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
    /// `!Ref`, `!GetAtt`, `!Sub` and a scalar.
    Tagged(&'static str, String),
    /// `!Select`, `!Join` and a list.
    Call(&'static str, Vec<Yaml>),
}

impl Yaml {
    pub fn text(it: impl Into<String>) -> Self {
        Self::Text(it.into())
    }

    pub fn map<const N: usize>(fields: [(&str, Yaml); N]) -> Self {
        Self::Map(fields.into_iter().map(|(name, it)| (name.to_owned(), it)).collect())
    }
}

pub fn write_map(out: &mut String, fields: &[(String, Yaml)], depth: usize) {
    let pad = "  ".repeat(depth);
    for (name, value) in fields {
        let _ = write!(out, "{pad}{}:", scalar(name));
        write_value(out, value, depth);
    }
}

/// Writes what follows `key:` or a list's dash, up to the end of its last line.
fn write_value(out: &mut String, value: &Yaml, depth: usize) {
    match value {
        Yaml::Map(fields) if fields.is_empty() => out.push_str(" {}\n"),
        Yaml::List(items) if items.is_empty() => out.push_str(" []\n"),
        Yaml::Map(fields) => {
            out.push('\n');
            write_map(out, fields, depth + 1);
        }
        Yaml::List(items) => {
            out.push('\n');
            write_list(out, items, depth + 1);
        }
        Yaml::Call(tag, items) => {
            let _ = writeln!(out, " {tag}");
            write_list(out, items, depth + 1);
        }
        Yaml::Text(text) if text.contains('\n') && !text.trim().is_empty() => {
            out.push_str(" |\n");
            let pad = "  ".repeat(depth + 1);
            for line in text.trim_end_matches('\n').split('\n') {
                if line.is_empty() {
                    out.push('\n');
                } else {
                    let _ = writeln!(out, "{pad}{line}");
                }
            }
        }
        other => {
            let _ = writeln!(out, " {}", inline(other));
        }
    }
}

fn write_list(out: &mut String, items: &[Yaml], depth: usize) {
    let pad = "  ".repeat(depth);
    for item in items {
        match item {
            Yaml::Map(fields) if !fields.is_empty() => {
                let mut text = String::new();
                write_map(&mut text, fields, depth + 1);
                let _ = write!(out, "{pad}- {}", text.trim_start());
            }
            other => {
                let _ = write!(out, "{pad}-");
                write_value(out, other, depth);
            }
        }
    }
}

fn inline(value: &Yaml) -> String {
    match value {
        Yaml::Bool(it) => it.to_string(),
        Yaml::Number(it) => it.clone(),
        Yaml::Text(it) => scalar(it),
        Yaml::Tagged("!GetAZs", _) => "!GetAZs \"\"".to_owned(),
        Yaml::Tagged(tag @ "!Sub", it) => format!("{tag} {}", double_quoted(it)),
        Yaml::Tagged(tag, it) => format!("{tag} {it}"),
        Yaml::List(_) | Yaml::Map(_) | Yaml::Call(..) => String::new(),
    }
}

/// A plain scalar where YAML 1.1 reads it back as the same string, quoted elsewhere.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " _-./:()*,+=@".contains(c))
        && !text.contains(": ")
        && !text.ends_with([':', ' '])
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "yes" | "no" | "on" | "off" | "null" | "y" | "n"
        );
    if plain { text.to_owned() } else { double_quoted(text) }
}

fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
