//! A stack as one CloudFormation template in YAML.

use super::Artifact;
use super::hcl::flat;
use crate::engine::bind::expr::{Attr, Cfn, Expr};
use crate::engine::bind::stack::{Place, Resource, Stack, VariableKind};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Largest template that CloudFormation takes from S3, in bytes.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>
pub const MAX_BYTES: usize = 1_000_000;
/// Most resources in one template (same source).
pub const MAX_RESOURCES: usize = 500;

/// YAML with CloudFormation's short tags.
#[derive(Clone, Debug, PartialEq)]
enum Yaml {
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

/// What a template needs to know to name things.
struct Ids<'a> {
    logical: BTreeMap<&'a str, String>,
    /// Resources that are in another template, and in which.
    apart: BTreeMap<&'a str, Place>,
    /// Values of those that this template asks for as parameters.
    asked: RefCell<BTreeSet<(Place, String)>>,
}

impl Ids<'_> {
    fn get(&self, key: &str) -> Option<&String> {
        self.logical.get(key).filter(|_| !self.apart.contains_key(key))
    }
}

/// The template that a resource is in.
fn place(stack: &Stack<'_>, resource: &Resource) -> Place {
    if resource.place.region(stack.graph) == stack.graph.region {
        Place::Main
    } else {
        resource.place
    }
}

/// The templates beside the main one, in the order in which they are deployed.
pub(super) fn apart(stack: &Stack<'_>) -> BTreeSet<Place> {
    let mut places: BTreeSet<Place> =
        stack.resources.iter().filter(|it| it.cfn.is_some()).map(|it| place(stack, it)).collect();
    places.remove(&Place::Main);
    places
}

/// Writes the template, and others for what has to be in another region. The
/// values that pass between them are outputs of those and parameters of the
/// main one.
pub fn files(stack: &Stack<'_>, tags: &BTreeMap<String, String>) -> Vec<Artifact> {
    let (main, asked) = template(stack, Place::Main, &BTreeSet::new());
    let mut out = vec![Artifact::text("template.yaml", main)];
    for place in apart(stack) {
        let path = format!("{}.yaml", place.name());
        out.push(Artifact::text(path, template(stack, place, &asked).0));
    }
    if !tags.is_empty() {
        let tags: Vec<serde_json::Value> = tags
            .iter()
            .map(|(key, value)| serde_json::json!({ "Key": key, "Value": value }))
            .collect();
        let text = serde_json::to_string_pretty(&tags).unwrap_or_default();
        out.push(Artifact::text("tags.json", text + "\n"));
    }
    out
}

/// The template of one place. Answers with its text and the values that it asks
/// the others for.
fn template(
    stack: &Stack<'_>,
    here: Place,
    told: &BTreeSet<(Place, String)>,
) -> (String, BTreeSet<(Place, String)>) {
    let apart = stack
        .resources
        .iter()
        .map(|it| (it.key.as_str(), place(stack, it)))
        .filter(|(_, place)| *place != here)
        .collect();
    let ids = Ids { logical: logical_ids(stack), apart, asked: RefCell::default() };
    let mut root = vec![
        ("AWSTemplateFormatVersion".to_owned(), Yaml::Text("2010-09-09".to_owned())),
        (
            "Description".to_owned(),
            Yaml::Text(format!("{}, {} option.", stack.graph.project, stack.graph.tier.name())),
        ),
        ("Parameters".to_owned(), Yaml::Map(Vec::new())),
    ];
    let mut resources = Vec::new();
    for resource in &stack.resources {
        if ids.apart.contains_key(resource.key.as_str()) {
            continue;
        }
        let Some(side) = &resource.cfn else { continue };
        let mut fields = vec![("Type".to_owned(), Yaml::Text(side.kind.to_owned()))];
        if resource.retain {
            let policy = if snapshots(side.kind) { "Snapshot" } else { "Retain" };
            fields.push(("DeletionPolicy".to_owned(), Yaml::Text(policy.to_owned())));
            fields.push(("UpdateReplacePolicy".to_owned(), Yaml::Text(policy.to_owned())));
        }
        let depends: Vec<Yaml> = resource
            .depends_on
            .union(&resource.cfn_depends_on)
            .filter_map(|key| ids.get(key.as_str()))
            .map(|id| Yaml::Text(id.clone()))
            .collect();
        if !depends.is_empty() {
            fields.push(("DependsOn".to_owned(), Yaml::List(depends)));
        }
        let (scanned, linted): (Vec<_>, Vec<_>) =
            resource.skips.iter().partition(|(check, _)| check.starts_with("CKV"));
        let scanned: Vec<Yaml> = scanned
            .iter()
            .map(|(check, reason)| {
                Yaml::Map(vec![
                    ("id".to_owned(), Yaml::Text((*check).to_owned())),
                    ("comment".to_owned(), Yaml::Text((*reason).to_owned())),
                ])
            })
            .collect();
        let linted: Vec<Yaml> =
            linted.iter().map(|(check, _)| Yaml::Text((*check).to_owned())).collect();
        let mut metadata = Vec::new();
        if !scanned.is_empty() {
            let skip = Yaml::Map(vec![("skip".to_owned(), Yaml::List(scanned))]);
            metadata.push(("checkov".to_owned(), skip));
        }
        if !linted.is_empty() {
            let ignore = Yaml::Map(vec![("ignore_checks".to_owned(), Yaml::List(linted))]);
            let config = Yaml::Map(vec![("config".to_owned(), ignore)]);
            metadata.push(("cfn-lint".to_owned(), config));
        }
        if !metadata.is_empty() {
            fields.push(("Metadata".to_owned(), Yaml::Map(metadata)));
        }
        let properties: Vec<(String, Yaml)> =
            side.fields.iter().map(|(name, value)| (name.clone(), yaml(value, &ids))).collect();
        if !properties.is_empty() {
            fields.push(("Properties".to_owned(), Yaml::Map(properties)));
        }
        if let Some(id) = ids.get(resource.key.as_str()) {
            resources.push((id.clone(), Yaml::Map(fields)));
        }
    }
    root.push(("Resources".to_owned(), Yaml::Map(resources)));
    let mut outputs: Vec<(String, Yaml)> = Vec::new();
    if here != Place::Main {
        for (_, name) in told.iter().filter(|(place, _)| *place == here) {
            let value = match name.split_once('.') {
                Some(_) => Yaml::Tagged("!GetAtt", name.clone()),
                None => Yaml::Tagged("!Ref", name.clone()),
            };
            let text = Yaml::Text("Give this to the main template.".to_owned());
            let fields = vec![("Description".to_owned(), text), ("Value".to_owned(), value)];
            outputs.push((parameter_of(here, name), Yaml::Map(fields)));
        }
    } else {
        for (name, output) in &stack.outputs {
            let text = Yaml::Text(output.description.clone());
            let value = yaml(&output.value, &ids);
            let fields = vec![("Description".to_owned(), text), ("Value".to_owned(), value)];
            outputs.push((camel(name), Yaml::Map(fields)));
        }
    }
    if !outputs.is_empty() {
        root.push(("Outputs".to_owned(), Yaml::Map(outputs)));
    }
    let mut body = String::new();
    write_map(&mut body, &root[3..], 0);
    // A parameter that nothing reads is a remark of every linter.
    let asked = ids.asked.into_inner();
    let mut inputs = parameters(stack, &body);
    for (place, name) in &asked {
        let parameter = parameter_of(*place, name);
        let text = format!(
            "Output {parameter} of the stack made of {}.yaml in {}.",
            place.name(),
            place.region(stack.graph)
        );
        let fields = vec![
            ("Type".to_owned(), Yaml::Text("String".to_owned())),
            ("Description".to_owned(), Yaml::Text(text)),
        ];
        inputs.push((parameter, Yaml::Map(fields)));
    }
    root.truncate(3);
    root.pop();
    if !inputs.is_empty() {
        root.push(("Parameters".to_owned(), Yaml::Map(inputs)));
    }
    let mut text = String::new();
    write_map(&mut text, &root, 0);
    (text + &body, asked)
}

/// The parameter that stands for a value of another template.
fn parameter_of(place: Place, name: &str) -> String {
    format!("{}{}", camel(place.name()), name.replace('.', ""))
}

/// Types whose deletion can leave a snapshot behind.
fn snapshots(kind: &str) -> bool {
    matches!(
        kind,
        "AWS::RDS::DBInstance"
            | "AWS::RDS::DBCluster"
            | "AWS::Redshift::Cluster"
            | "AWS::Neptune::DBCluster"
            | "AWS::DocDB::DBCluster"
            | "AWS::ElastiCache::ReplicationGroup"
            | "AWS::EC2::Volume"
    )
}

pub(super) fn logical_ids<'a>(stack: &'a Stack<'_>) -> BTreeMap<&'a str, String> {
    let mut taken = std::collections::BTreeSet::new();
    let mut ids = BTreeMap::new();
    for resource in stack.resources.iter().filter(|it| it.cfn.is_some()) {
        let mut id = camel(&resource.key);
        while !taken.insert(id.clone()) {
            id.push('x');
        }
        ids.insert(resource.key.as_str(), id);
    }
    ids
}

/// `orders_queue` as `OrdersQueue`.
pub fn camel(text: &str) -> String {
    let mut out = String::new();
    for word in text.split(['_', '-']) {
        let mut chars = word.chars();
        if let Some(first) = chars.next() {
            out.push(first.to_ascii_uppercase());
            out.push_str(chars.as_str());
        }
    }
    out
}

/// The inputs that the text of a template refers to.
fn parameters(stack: &Stack<'_>, body: &str) -> Vec<(String, Yaml)> {
    let text = |it: &str| Yaml::Text(it.to_owned());
    let mut out = vec![
        (
            "Project".to_owned(),
            Yaml::Map(vec![
                ("Type".to_owned(), text("String")),
                (
                    "Description".to_owned(),
                    text("Short name of the system; names of resources start with it."),
                ),
                ("Default".to_owned(), text(stack.graph.project.as_str())),
                ("AllowedPattern".to_owned(), text("^[a-z][a-z0-9-]{0,20}[a-z0-9]$")),
            ]),
        ),
        (
            "Environment".to_owned(),
            Yaml::Map(vec![
                ("Type".to_owned(), text("String")),
                ("Description".to_owned(), text("Stage of the system.")),
                ("Default".to_owned(), text("prod")),
                (
                    "AllowedValues".to_owned(),
                    Yaml::List(vec![text("dev"), text("stage"), text("prod")]),
                ),
            ]),
        ),
    ];
    let none = Ids { logical: BTreeMap::new(), apart: BTreeMap::new(), asked: RefCell::default() };
    for (name, variable) in &stack.variables {
        let kind = match variable.kind {
            VariableKind::String | VariableKind::Bool => "String",
            VariableKind::Number => "Number",
            VariableKind::List => "CommaDelimitedList",
        };
        let mut fields = vec![
            ("Type".to_owned(), text(kind)),
            ("Description".to_owned(), text(&variable.description)),
        ];
        if let Some(default) = &variable.default {
            let default = match default {
                Expr::List(items) => {
                    let items: Vec<String> = items
                        .iter()
                        .filter_map(
                            |it| if let Expr::Str(it) = it { Some(it.clone()) } else { None },
                        )
                        .collect();
                    Yaml::Text(items.join(","))
                }
                Expr::Bool(it) => Yaml::Text(it.to_string()),
                other => yaml(other, &none),
            };
            fields.push(("Default".to_owned(), default));
        }
        if let (Some((pattern, message)), VariableKind::String) = (&variable.pattern, variable.kind)
        {
            fields.push(("AllowedPattern".to_owned(), text(pattern)));
            fields.push(("ConstraintDescription".to_owned(), text(message)));
        }
        out.push((camel(name), Yaml::Map(fields)));
    }
    out.retain(|(name, _)| {
        body.contains(&format!("!Ref {name}\n")) || body.contains(&format!("${{{name}}}"))
    });
    out
}

fn yaml(value: &Expr, ids: &Ids<'_>) -> Yaml {
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
            Yaml::Call("!Select", vec![Yaml::Number(n.to_string()), yaml(of, ids)])
        }
        Expr::Joined(of, separator) => {
            Yaml::Call("!Join", vec![Yaml::Text((*separator).to_owned()), yaml(of, ids)])
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
    let key = attr.resource.as_str();
    let id = ids.logical.get(key).cloned().unwrap_or_else(|| camel(key));
    if let Some(place) = ids.apart.get(key) {
        let name = match attr.cfn {
            Cfn::Ref => id,
            Cfn::GetAtt(name) => format!("{id}.{name}"),
        };
        let parameter = parameter_of(*place, &name);
        ids.asked.borrow_mut().insert((*place, name));
        return Yaml::Tagged("!Ref", parameter);
    }
    match attr.cfn {
        Cfn::Ref => Yaml::Tagged("!Ref", id),
        Cfn::GetAtt(name) => Yaml::Tagged("!GetAtt", format!("{id}.{name}")),
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

fn write_map(out: &mut String, fields: &[(String, Yaml)], depth: usize) {
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
