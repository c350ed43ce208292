//! Values of properties, with references to other resources resolved.

use super::yaml::Yaml;
use super::{Home, camel};
use crate::engine::bind::expr::{Attr, Cfn, Expr};
use crate::engine::emit::hcl::flat;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// What a template needs to know to name things.
#[derive(Default)]
pub struct Ids<'a> {
    pub logical: BTreeMap<&'a str, String>,
    /// Resources that are in another template, and in which.
    pub apart: BTreeMap<&'a str, Home>,
    /// Values of those that this template asks for as parameters.
    pub asked: RefCell<BTreeSet<Asked>>,
}

/// A value that one template takes from another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    pub home: Home,
    /// `Queue` for its `Ref`, `Queue.Arn` for an attribute.
    pub name: String,
    /// Parameters are strings: a list is joined on one side and split on the other.
    pub is_list: bool,
}

/// What joins the items of a list that passes between templates.
const BETWEEN: &str = "|";

impl Asked {
    /// The parameter that stands for it, and the output that tells it.
    pub fn parameter(&self) -> String {
        format!("{}{}", camel(&self.home.name()), self.name.replace('.', ""))
    }

    /// The value where the resource is.
    pub fn output(&self) -> Yaml {
        let value = match self.name.split_once('.') {
            Some(_) => Yaml::Tagged("!GetAtt", self.name.clone()),
            None => Yaml::Tagged("!Ref", self.name.clone()),
        };
        match self.is_list {
            true => Yaml::Call("!Join", vec![Yaml::text(BETWEEN), value]),
            false => value,
        }
    }
}

impl Ids<'_> {
    /// The logical id of a resource of this template.
    pub fn get(&self, key: &str) -> Option<&String> {
        self.logical.get(key).filter(|_| !self.apart.contains_key(key))
    }
}

pub fn yaml(value: &Expr, ids: &Ids<'_>) -> Yaml {
    match value {
        Expr::Bool(it) => Yaml::Bool(*it),
        Expr::Int(it) => Yaml::Number(it.to_string()),
        Expr::Float(it) => Yaml::Number(it.to_string()),
        Expr::Str(it) => Yaml::Text(it.clone()),
        Expr::List(items) => Yaml::List(items.iter().map(|it| yaml(it, ids)).collect()),
        Expr::Map(fields) | Expr::Block(fields) => object(fields, ids),
        Expr::Blocks(items) => Yaml::List(items.iter().map(|it| object(it, ids)).collect()),
        Expr::Attr(attr) => reference(attr, ids),
        Expr::Var(name) if name == "name_prefix" => {
            Yaml::Tagged("!Sub", "${Project}-${Environment}".to_owned())
        }
        Expr::Var(name) => Yaml::Tagged("!Ref", camel(name)),
        Expr::Join(parts) => join(parts, ids),
        Expr::Document(it) => yaml(it, ids),
        Expr::Json(it) => {
            let mut parts = Vec::new();
            json_parts(it, &mut parts);
            join(&parts, ids)
        }
        Expr::AccountId => Yaml::Tagged("!Ref", "AWS::AccountId".to_owned()),
        Expr::Region => Yaml::Tagged("!Ref", "AWS::Region".to_owned()),
        Expr::Partition => Yaml::Tagged("!Ref", "AWS::Partition".to_owned()),
        Expr::Zone(n) => Yaml::Call(
            "!Select",
            vec![Yaml::Number(n.to_string()), Yaml::Tagged("!GetAZs", String::new())],
        ),
        Expr::Index(of, n) => {
            Yaml::Call("!Select", vec![Yaml::Number(n.to_string()), list(of, ids)])
        }
        Expr::Joined(of, separator) => {
            Yaml::Call("!Join", vec![Yaml::Text((*separator).to_owned()), list(of, ids)])
        }
        Expr::Part(of, separator, n) => Yaml::Call(
            "!Select",
            vec![
                Yaml::Number(n.to_string()),
                Yaml::Call("!Split", vec![Yaml::Text((*separator).to_owned()), yaml(of, ids)]),
            ],
        ),
        Expr::Call(name, _) => Yaml::Text((*name).to_owned()),
        Expr::Hcl(text) => Yaml::Text(text.clone()),
        Expr::Either(_, other) => yaml(other, ids),
        Expr::EnvOf(_) => Yaml::Map(Vec::new()),
        Expr::EnvListOf(_) => Yaml::List(Vec::new()),
    }
}

fn object(fields: &[(String, Expr)], ids: &Ids<'_>) -> Yaml {
    Yaml::Map(fields.iter().map(|(name, value)| (name.clone(), yaml(value, ids))).collect())
}

fn reference(attr: &Attr, ids: &Ids<'_>) -> Yaml {
    if let Some(it) = elsewhere(attr, false, ids) {
        return it;
    }
    let name = name_of(attr, ids);
    Yaml::Tagged(if name.contains('.') { "!GetAtt" } else { "!Ref" }, name)
}

/// A value that is a list.
fn list(value: &Expr, ids: &Ids<'_>) -> Yaml {
    match value {
        Expr::Attr(attr) => match elsewhere(attr, true, ids) {
            Some(it) => Yaml::Call("!Split", vec![Yaml::text(BETWEEN), it]),
            None => reference(attr, ids),
        },
        other => yaml(other, ids),
    }
}

/// The parameter that stands for an attribute of a resource in another template.
fn elsewhere(attr: &Attr, is_list: bool, ids: &Ids<'_>) -> Option<Yaml> {
    let home = *ids.apart.get(attr.resource.as_str())?;
    let asked = Asked { home, name: name_of(attr, ids), is_list };
    let parameter = asked.parameter();
    ids.asked.borrow_mut().insert(asked);
    Some(Yaml::Tagged("!Ref", parameter))
}

fn name_of(attr: &Attr, ids: &Ids<'_>) -> String {
    let key = attr.resource.as_str();
    let id = ids.logical.get(key).cloned().unwrap_or_else(|| camel(key));
    match attr.cfn {
        Cfn::Ref => id,
        Cfn::GetAtt(name) => format!("{id}.{name}"),
    }
}

/// A string of parts: plain text, `!Sub`, or `!Join` where a part is a call.
fn join(parts: &[Expr], ids: &Ids<'_>) -> Yaml {
    let parts = flat(parts);
    if let [only] = parts[..] {
        return yaml(only, ids);
    }
    let mut text = String::new();
    let mut literal = true;
    let mut simple = true;
    let mut pieces: Vec<Yaml> = Vec::new();
    for part in &parts {
        let piece = match part {
            Expr::Int(n) => Yaml::Text(n.to_string()),
            other => yaml(other, ids),
        };
        match &piece {
            Yaml::Text(it) => text.push_str(&it.replace("${", "${!")),
            Yaml::Number(it) => text.push_str(it),
            Yaml::Tagged("!Ref" | "!GetAtt", it) => {
                literal = false;
                let _ = write!(text, "${{{it}}}");
            }
            Yaml::Tagged("!Sub", it) => {
                literal = false;
                text.push_str(it);
            }
            _ => simple = false,
        }
        pieces.push(piece);
    }
    if !simple {
        return Yaml::Call("!Join", vec![Yaml::Text(String::new()), Yaml::List(pieces)]);
    }
    if literal { Yaml::Text(text.replace("${!", "${")) } else { Yaml::Tagged("!Sub", text) }
}

/// The JSON text of a value, with what is only known at deployment left apart.
fn json_parts(value: &Expr, out: &mut Vec<Expr>) {
    fn text(out: &mut Vec<Expr>, it: &str) {
        if let Some(Expr::Str(last)) = out.last_mut() {
            last.push_str(it);
        } else {
            out.push(Expr::Str(it.to_owned()));
        }
    }
    match value {
        Expr::Bool(it) => text(out, &it.to_string()),
        Expr::Int(it) => text(out, &it.to_string()),
        Expr::Float(it) => text(out, &it.to_string()),
        Expr::Str(it) => text(out, &serde_json::Value::from(it.as_str()).to_string()),
        Expr::List(items) => {
            text(out, "[");
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    text(out, ",");
                }
                json_parts(item, out);
            }
            text(out, "]");
        }
        Expr::Blocks(items) => {
            let items: Vec<Expr> = items.iter().map(|it| Expr::Map(it.clone())).collect();
            json_parts(&Expr::List(items), out);
        }
        Expr::Map(fields) | Expr::Block(fields) => {
            text(out, "{");
            for (n, (name, field)) in fields.iter().enumerate() {
                if n > 0 {
                    text(out, ",");
                }
                text(out, &serde_json::Value::from(name.as_str()).to_string());
                text(out, ":");
                json_parts(field, out);
            }
            text(out, "}");
        }
        Expr::Document(it) | Expr::Json(it) => json_parts(it, out),
        Expr::Join(parts) => {
            text(out, "\"");
            for part in flat(parts) {
                match part {
                    Expr::Str(it) => {
                        let escaped = serde_json::Value::from(it.as_str()).to_string();
                        text(out, &escaped[1..escaped.len() - 1]);
                    }
                    other => out.push(other.clone()),
                }
            }
            text(out, "\"");
        }
        other => {
            text(out, "\"");
            out.push(other.clone());
            text(out, "\"");
        }
    }
}
