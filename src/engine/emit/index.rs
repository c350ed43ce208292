//! Where in the code a component is.
//!
//! Emitters know which component a resource belongs to, but text has no room
//! for that. The index is read from what they wrote: a resource is found by the
//! address that the stack gave it, so the code needs no markers.

use std::collections::BTreeMap;

use super::Artifact;
use super::cloudformation::logical_ids;
use crate::engine::analysis::Format;
use crate::engine::bind::stack::Stack;
use crate::engine::graph::NodeId;

/// The lines that one resource of a component takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub path: String,
    pub component: NodeId,
    /// As the format writes it: `aws_sqs_queue.orders` or `OrdersQueue`.
    pub resource: String,
    /// First and last line, counted from 1.
    pub lines: (usize, usize),
}

/// Every block of every file, in the order of the files.
pub fn blocks(stack: &Stack<'_>, format: Format, files: &[Artifact]) -> Vec<Block> {
    let owners: BTreeMap<String, &NodeId> = match format {
        Format::Terraform => stack
            .resources
            .iter()
            .filter_map(|it| Some((format!("{}.{}", it.tf.as_ref()?.kind, it.key), &it.component)))
            .collect(),
        Format::CloudFormation => {
            let ids = logical_ids(stack);
            let named =
                |it: &'_ crate::engine::bind::stack::Resource| ids.get(it.key.as_str()).cloned();
            stack.resources.iter().filter_map(|it| Some((named(it)?, &it.component))).collect()
        }
    };
    let mut out = Vec::new();
    for file in files {
        let Ok(text) = std::str::from_utf8(&file.content) else { continue };
        let found = match format {
            Format::Terraform if file.path.ends_with(".tf") => terraform(text),
            Format::CloudFormation if file.path.ends_with(".yaml") => cloudformation(text),
            _ => program(stack, &file.path, text),
        };
        for (resource, lines) in found {
            let owner = owners.get(resource.as_str()).copied();
            let owner = owner.or_else(|| {
                stack.graph.components.iter().map(|it| &it.id).find(|it| it.as_str() == resource)
            });
            if let Some(component) = owner {
                out.push(Block {
                    path: file.path.clone(),
                    component: component.clone(),
                    resource,
                    lines,
                });
            }
        }
    }
    out
}

type Found = Vec<(String, (usize, usize))>;

/// `resource "kind" "key" {` up to the brace that closes it at the margin, with
/// the comment right above.
fn terraform(text: &str) -> Found {
    let mut out = Vec::new();
    let mut open: Option<(String, usize)> = None;
    let mut comment = None;
    for (n, line) in text.lines().enumerate().map(|(n, line)| (n + 1, line)) {
        if let Some(rest) = line.strip_prefix("resource \"") {
            let mut parts = rest.split('"');
            if let (Some(kind), Some(key)) = (parts.next(), parts.nth(1)) {
                open = Some((format!("{kind}.{key}"), comment.unwrap_or(n)));
            }
        }
        let ends = line == "}" || line.starts_with("resource ") && line.ends_with("{}");
        if ends && let Some((resource, first)) = open.take() {
            out.push((resource, (first, n)));
        }
        comment = if line.starts_with('#') { comment.or(Some(n)) } else { None };
    }
    out
}

/// Two spaces, an id and a colon below `Resources:`, up to the next one.
fn cloudformation(text: &str) -> Found {
    let mut out: Found = Vec::new();
    let mut inside = false;
    for (n, line) in text.lines().enumerate().map(|(n, line)| (n + 1, line)) {
        if line.trim().is_empty() {
            continue;
        }
        if !line.starts_with(' ') {
            inside = line == "Resources:";
            continue;
        }
        if !inside {
            continue;
        }
        match line.strip_prefix("  ").filter(|it| !it.starts_with([' ', '#', '-'])) {
            Some(id) => out.push((id.trim_end_matches(':').to_owned(), (n, n))),
            None => {
                if let Some(last) = out.last_mut() {
                    last.1.1 = n;
                }
            }
        }
    }
    out
}

/// A program lies in a folder, or is a file, with the name of its component.
fn program(stack: &Stack<'_>, path: &str, text: &str) -> Found {
    if !stack.files.contains_key(path) {
        return Vec::new();
    }
    let named = |it: &&crate::engine::graph::Component| {
        path.split('/').any(|part| part.split('.').next() == Some(it.id.as_str()))
    };
    let component = stack.graph.components.iter().find(named);
    component.map(|it| (it.id.to_string(), (1, text.lines().count().max(1)))).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::analysis::{self, generate};
    use crate::engine::bind;
    use crate::engine::emit::terraform::Settings;
    use crate::engine::plan::Policy;
    use crate::engine::requirements::Hints;

    /// Every resource of every component is found, and at the lines that name it.
    #[test]
    fn every_resource_is_found_in_both_formats() {
        let text = "A web shop on AWS for 20,000 visitors a day with PostgreSQL, Lambda for thumbnails and card payments.";
        let made = analysis::analyze(text, &Hints::default(), &Policy::default());
        for design in &made.options {
            let stack = bind::lower(&design.graph);
            for format in Format::ALL {
                let files = generate(&design.graph, format, &Settings::default());
                let found = blocks(&stack, format, &files);
                let side = |it: &&bind::stack::Resource| match format {
                    Format::Terraform => it.tf.is_some(),
                    Format::CloudFormation => it.cfn.is_some(),
                };
                let wanted = stack.resources.iter().filter(side).count();
                let resources = found.iter().filter(|it| it.resource != it.component.as_str());
                assert_eq!(resources.count(), wanted, "{} {format:?}", design.graph.tier.name());
                for block in &found {
                    let file = files.iter().find(|it| it.path == block.path).unwrap();
                    let text = std::str::from_utf8(&file.content).unwrap();
                    let lines: Vec<&str> = text.lines().collect();
                    let part = &lines[block.lines.0 - 1..block.lines.1];
                    if block.resource != block.component.as_str() {
                        let name = block.resource.rsplit('.').next().unwrap();
                        assert!(part.iter().any(|it| it.contains(name)), "{block:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_block_goes_to_the_brace_that_closes_it() {
        let text = "locals {\n}\n\n# Why.\nresource \"a_b\" \"c\" {\n  x = {\n  }\n}\n\nresource \"a_b\" \"d\" {}\n";
        assert_eq!(terraform(text), [("a_b.c".to_owned(), (4, 8)), ("a_b.d".to_owned(), (10, 10))]);
        let text = "Parameters:\n  P:\n    Type: String\nResources:\n  A:\n    Type: X\n    Properties:\n      B: 1\n  C:\n    Type: Y\nOutputs:\n  O:\n    Value: 1\n";
        assert_eq!(cloudformation(text), [("A".to_owned(), (5, 8)), ("C".to_owned(), (9, 10))]);
    }
}
