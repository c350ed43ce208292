//! HCL as `terraform fmt` would leave it.

use crate::engine::bind::expr::{Attr, Expr};
use std::fmt::Write;

/// Longest list that is written on one line.
const LINE: usize = 90;

/// What the writer must know to name things.
pub trait Names {
    /// The address of a resource: `aws_sqs_queue.orders`.
    fn address(&self, resource: &str) -> String;
}

/// A body under construction: attributes and blocks at one depth.
pub struct Body<'n> {
    names: &'n dyn Names,
    depth: usize,
    lines: Vec<Entry>,
}

enum Entry {
    /// An attribute whose value fits on its line: aligned with its neighbours.
    Short(String, String),
    /// An attribute over several lines, or a block, complete with its indentation.
    Long(String),
    Blank,
    Comment(String),
}

impl<'n> Body<'n> {
    pub fn new(names: &'n dyn Names, depth: usize) -> Self {
        Self { names, depth, lines: Vec::new() }
    }

    pub fn comment(&mut self, text: &str) {
        for line in wrap(text, 96 - 2 * self.depth) {
            self.lines.push(Entry::Comment(line));
        }
    }

    pub fn blank(&mut self) {
        if !self.lines.is_empty() && !matches!(self.lines.last(), Some(Entry::Blank)) {
            self.lines.push(Entry::Blank);
        }
    }

    pub fn raw(&mut self, name: &str, value: &str) {
        self.lines.push(Entry::Short(name.to_owned(), value.to_owned()));
    }

    pub fn field(&mut self, name: &str, value: &Expr) {
        match value {
            Expr::Block(fields) => self.block(name, fields),
            Expr::Blocks(items) => items.iter().for_each(|fields| self.block(name, fields)),
            value => {
                let text = value_text(value, self.names, self.depth);
                if text.contains('\n') {
                    let pad = "  ".repeat(self.depth);
                    self.lines.push(Entry::Long(format!("{pad}{name} = {text}")));
                } else {
                    self.lines.push(Entry::Short(name.to_owned(), text));
                }
            }
        }
    }

    pub fn block(&mut self, header: &str, fields: &[(String, Expr)]) {
        let pad = "  ".repeat(self.depth);
        let mut body = Body::new(self.names, self.depth + 1);
        body.fields(fields);
        self.blank();
        if body.lines.is_empty() {
            self.lines.push(Entry::Long(format!("{pad}{header} {{\n{pad}}}")));
        } else {
            self.lines.push(Entry::Long(format!("{pad}{header} {{\n{}{pad}}}", body.finish())));
        }
    }

    /// Attributes first, then blocks, each in the order given.
    pub fn fields(&mut self, fields: &[(String, Expr)]) {
        let is_block = |value: &Expr| matches!(value, Expr::Block(_) | Expr::Blocks(_));
        for (name, value) in fields.iter().filter(|(_, value)| !is_block(value)) {
            self.field(name, value);
        }
        for (name, value) in fields.iter().filter(|(_, value)| is_block(value)) {
            self.field(name, value);
        }
    }

    pub fn finish(self) -> String {
        let pad = "  ".repeat(self.depth);
        let mut out = String::new();
        let mut at = 0;
        while at < self.lines.len() {
            match &self.lines[at] {
                Entry::Short(..) => {
                    let end = self.lines[at..]
                        .iter()
                        .position(|it| !matches!(it, Entry::Short(..)))
                        .map_or(self.lines.len(), |n| at + n);
                    let run = &self.lines[at..end];
                    let width = run
                        .iter()
                        .map(|it| if let Entry::Short(name, _) = it { name.len() } else { 0 })
                        .max()
                        .unwrap_or(0);
                    for entry in run {
                        if let Entry::Short(name, value) = entry {
                            let _ = writeln!(out, "{pad}{name:width$} = {value}");
                        }
                    }
                    at = end;
                }
                Entry::Long(text) => {
                    out.push_str(text);
                    out.push('\n');
                    at += 1;
                    if at < self.lines.len()
                        && text.ends_with('}')
                        && is_block_text(text)
                        && !matches!(self.lines[at], Entry::Blank)
                    {
                        out.push('\n');
                    }
                }
                Entry::Blank => {
                    out.push('\n');
                    at += 1;
                }
                Entry::Comment(text) => {
                    let _ = writeln!(out, "{pad}# {text}");
                    at += 1;
                }
            }
        }
        out
    }
}

fn is_block_text(text: &str) -> bool {
    text.lines().next().is_some_and(|line| line.ends_with('{') && !line.contains(" = "))
}

/// A value as an HCL expression; continuation lines are indented for `depth`.
pub fn value_text(value: &Expr, names: &dyn Names, depth: usize) -> String {
    match value {
        Expr::Bool(it) => it.to_string(),
        Expr::Int(it) => it.to_string(),
        Expr::Float(it) => it.to_string(),
        Expr::Str(it) => quoted(it),
        Expr::List(items) => list_text(items, names, depth),
        Expr::Map(fields) | Expr::Block(fields) => map_text(fields, names, depth),
        Expr::Blocks(items) => {
            let items: Vec<Expr> = items.iter().map(|it| Expr::Map(it.clone())).collect();
            list_text(&items, names, depth)
        }
        Expr::Attr(attr) => attr_text(attr, names),
        Expr::Var(name) => variable_text(name),
        Expr::Join(parts) => template(parts, names),
        Expr::Document(it) | Expr::Json(it) => {
            format!("jsonencode({})", value_text(it, names, depth))
        }
        Expr::AccountId => "data.aws_caller_identity.current.account_id".to_owned(),
        Expr::Region => "var.region".to_owned(),
        Expr::Partition => "data.aws_partition.current.partition".to_owned(),
        Expr::Zone(n) => format!("data.aws_availability_zones.available.names[{n}]"),
        // An attribute may be a set, which has no order to count in.
        Expr::Index(of, n) if matches!(**of, Expr::Attr(_)) => {
            format!("tolist({})[{n}]", value_text(of, names, depth))
        }
        Expr::Index(of, n) => format!("{}[{n}]", value_text(of, names, depth)),
        Expr::Joined(of, separator) => {
            format!("join({}, {})", quoted(separator), value_text(of, names, depth))
        }
        Expr::Part(of, separator, n) => {
            format!("split({}, {})[{n}]", quoted(separator), value_text(of, names, depth))
        }
        Expr::Hcl(text) | Expr::Either(text, _) => text.clone(),
        Expr::Call(name, given) => {
            let given: Vec<String> = given.iter().map(|it| value_text(it, names, depth)).collect();
            format!("{name}({})", given.join(", "))
        }
        // Filled in before writing; nothing is left of a component that nobody told anything.
        Expr::EnvOf(_) => "{}".to_owned(),
        Expr::EnvListOf(_) => "[]".to_owned(),
    }
}

fn variable_text(name: &str) -> String {
    if name == "name_prefix" { "local.name_prefix".to_owned() } else { format!("var.{name}") }
}

fn attr_text(attr: &Attr, names: &dyn Names) -> String {
    format!("{}.{}", names.address(&attr.resource), attr.tf)
}

fn list_text(items: &[Expr], names: &dyn Names, depth: usize) -> String {
    let inner: Vec<String> = items.iter().map(|it| value_text(it, names, depth + 1)).collect();
    let length: usize = inner.iter().map(|it| it.len() + 2).sum();
    if inner.iter().all(|it| !it.contains('\n')) && length + 2 * depth <= LINE {
        return format!("[{}]", inner.join(", "));
    }
    let pad = "  ".repeat(depth + 1);
    let mut out = String::from("[\n");
    for item in inner {
        let _ = writeln!(out, "{pad}{item},");
    }
    let _ = write!(out, "{}]", "  ".repeat(depth));
    out
}

fn map_text(fields: &[(String, Expr)], names: &dyn Names, depth: usize) -> String {
    if fields.is_empty() {
        return "{}".to_owned();
    }
    let mut body = Body::new(names, depth + 1);
    for (name, value) in fields {
        let key = if is_identifier(name) { name.clone() } else { quoted(name) };
        // A block inside an expression is an object.
        let text = value_text(value, names, depth + 1);
        if text.contains('\n') {
            let pad = "  ".repeat(depth + 1);
            body.lines.push(Entry::Long(format!("{pad}{key} = {text}")));
        } else {
            body.lines.push(Entry::Short(key, text));
        }
    }
    format!("{{\n{}{}}}", body.finish(), "  ".repeat(depth))
}

fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// A string literal; `${` and `%{` stay text.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if chars.peek() == Some(&'{') => {
                out.push(c);
                out.push(c);
            }
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out
}

fn template(parts: &[Expr], names: &dyn Names) -> String {
    if let [only] = parts {
        return value_text(only, names, 0);
    }
    // Neighbouring literals are joined first: "$" and "{" apart must not become "${".
    let mut out = String::from("\"");
    let mut literal = String::new();
    for part in flat(parts) {
        match part {
            Expr::Str(text) => literal.push_str(text),
            Expr::Int(n) => literal.push_str(&n.to_string()),
            other => {
                out.push_str(&escaped(&literal));
                literal.clear();
                let _ = write!(out, "${{{}}}", value_text(other, names, 0));
            }
        }
    }
    out.push_str(&escaped(&literal));
    out.push('"');
    out
}

/// The parts of a join with nested joins opened up.
pub fn flat(parts: &[Expr]) -> Vec<&Expr> {
    let mut out = Vec::new();
    for part in parts {
        match part {
            Expr::Join(inner) => out.extend(flat(inner)),
            other => out.push(other),
        }
    }
    out
}

/// Breaks text into lines of at most `width` characters at spaces.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}
