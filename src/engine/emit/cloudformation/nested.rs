//! Nested stacks, for what one template cannot hold.
//!
//! A nested stack is made as a whole before another one can read its outputs, so
//! parts must not need each other in a circle. A resource is therefore in the part
//! of its concern, or of the last concern that it needs something of.

use super::values::Asked;
use super::yaml::{Yaml, write_map};
use super::{Artifact, Home, Homes, Template, camel, head, is_later, template};
use crate::engine::bind::expr::Expr;
use crate::engine::bind::stack::{Concern, Output, Place, Resource, Stack, VariableKind};
use crate::engine::emit::terraform::visit;
use std::collections::{BTreeMap, BTreeSet};

/// Most resources of a part, tried in this order: fewer also ask for less.
const MOST: [usize; 4] = [400, 200, 100, 50];

/// The parts of a stack, in the order in which they are made.
struct Parts<'a> {
    homes: Homes<'a>,
    templates: BTreeMap<Home, Template>,
    /// The part that says each output of the stack.
    said: BTreeMap<&'a str, Home>,
}

/// The main template and its parts, and what they ask of other regions. `places`
/// says where resources are while nothing is nested.
pub fn files<'a>(stack: &'a Stack<'_>, places: &Homes<'a>) -> (Vec<Artifact>, BTreeSet<Asked>) {
    let mut parts = split(stack, places, MOST[0]);
    for most in &MOST[1..] {
        if parts.templates.values().all(Template::fits) {
            break;
        }
        parts = split(stack, places, *most);
    }
    let mut out = vec![Artifact::text("template.yaml", root(stack, &parts))];
    let mut abroad = BTreeSet::new();
    for (home, it) in parts.templates {
        abroad.extend(it.asked.into_iter().filter(|it| matches!(it.home, Home::Place(_))));
        out.push(Artifact::text(home.path(), it.text));
    }
    (out, abroad)
}

fn split<'a>(stack: &'a Stack<'_>, places: &Homes<'a>, most: usize) -> Parts<'a> {
    let homes = homes(stack, places, most);
    let parts: BTreeSet<Home> =
        homes.values().copied().filter(|it| matches!(it, Home::Part(..))).collect();
    let said: BTreeMap<&str, Home> = stack
        .outputs
        .iter()
        .filter(|(_, it)| !is_later(it, &homes))
        .filter_map(|(name, it)| Some((name.as_str(), speaker(it, &homes, &parts)?)))
        .collect();
    let write = |home: Home, told: &BTreeSet<Asked>| {
        let own = stack.outputs.iter().filter(|(name, _)| said.get(name.as_str()) == Some(&home));
        template(stack, home, &homes, told, own.collect())
    };
    // What a part tells is known once all have asked.
    let nothing = BTreeSet::new();
    let told = parts.iter().flat_map(|it| write(*it, &nothing).asked).collect();
    let templates = parts.iter().map(|it| (*it, write(*it, &told))).collect();
    Parts { homes, templates, said }
}

/// The last of the parts that an output needs something of.
fn speaker(output: &Output, homes: &Homes<'_>, parts: &BTreeSet<Home>) -> Option<Home> {
    let mut needed = BTreeSet::new();
    look(&output.value, &mut needed);
    let last = needed.iter().filter_map(|it| homes.get(it.as_str())).max().copied();
    last.filter(|it| parts.contains(it)).or_else(|| parts.first().copied())
}

/// Where each resource is when those of the main region are split.
fn homes<'a>(stack: &'a Stack<'_>, places: &Homes<'a>, most: usize) -> Homes<'a> {
    let main: BTreeMap<&str, &Resource> = stack
        .resources
        .iter()
        .map(|it| (it.key.as_str(), it))
        .filter(|(key, _)| places.get(key) == Some(&Home::Place(Place::Main)))
        .collect();
    let mut order = Vec::new();
    let mut seen = BTreeSet::new();
    for resource in stack.resources.iter().filter(|it| main.contains_key(it.key.as_str())) {
        walk(resource, &main, &mut seen, &mut order);
    }
    let mut homes = places.clone();
    let mut concerns: BTreeMap<&str, Concern> = BTreeMap::new();
    let mut filled: BTreeMap<Concern, usize> = BTreeMap::new();
    for resource in order {
        let others = needs(resource);
        let last = others.iter().filter_map(|it| concerns.get(it.as_str())).max().copied();
        let concern = last.map_or(resource.concern, |it| it.max(resource.concern));
        concerns.insert(&resource.key, concern);
        // What is needed comes first, so that it is in the same part or in an earlier one.
        let count = filled.entry(concern).or_default();
        homes.insert(&resource.key, Home::Part(concern, *count / most));
        *count += 1;
    }
    homes
}

/// Adds a resource after all that it needs.
fn walk<'a>(
    resource: &'a Resource,
    all: &BTreeMap<&'a str, &'a Resource>,
    seen: &mut BTreeSet<&'a str>,
    order: &mut Vec<&'a Resource>,
) {
    if !seen.insert(&resource.key) {
        return;
    }
    for key in needs(resource) {
        if let Some(it) = all.get(key.as_str()) {
            walk(it, all, seen, order);
        }
    }
    order.push(resource);
}

/// The keys of all that a resource names or waits for.
fn needs(resource: &Resource) -> BTreeSet<String> {
    let mut out: BTreeSet<String> = waits(resource).cloned().collect();
    for (_, value) in resource.cfn.iter().flat_map(|it| &it.fields) {
        look(value, &mut out);
    }
    out
}

fn waits(resource: &Resource) -> impl Iterator<Item = &String> {
    resource.depends_on.union(&resource.cfn_depends_on)
}

/// Adds the keys of all that a value names.
pub fn look(value: &Expr, out: &mut BTreeSet<String>) {
    visit(value, &mut |it| match it {
        Expr::Attr(attr) => {
            out.insert(attr.resource.clone());
        }
        Expr::Either(_, other) => look(other, out),
        _ => {}
    });
}

/// The template that makes a stack of every part, and passes values between them.
fn root(stack: &Stack<'_>, parts: &Parts<'_>) -> String {
    let lists: BTreeSet<String> = stack
        .variables
        .iter()
        .filter(|(_, it)| it.kind == VariableKind::List)
        .map(|(name, _)| camel(name))
        .collect();
    let mut inputs: Vec<(String, Yaml)> = Vec::new();
    let mut resources = Vec::new();
    for (home, part) in &parts.templates {
        let asked: BTreeMap<String, Home> =
            part.asked.iter().map(|it| (it.parameter(), it.home)).collect();
        let mut given = Vec::new();
        for (name, input) in &part.inputs {
            let value = match asked.get(name) {
                Some(other @ Home::Part(..)) => output(*other, name),
                _ => {
                    if !inputs.iter().any(|it| it.0 == *name) {
                        inputs.push((name.clone(), input.clone()));
                    }
                    let value = Yaml::Tagged("!Ref", name.clone());
                    match lists.contains(name) {
                        true => Yaml::Call("!Join", vec![Yaml::text(","), value]),
                        false => value,
                    }
                }
            };
            given.push((name.clone(), value));
        }
        let told: BTreeSet<Home> = asked.into_values().collect();
        let after: BTreeSet<Home> = stack
            .resources
            .iter()
            .filter(|it| parts.homes.get(it.key.as_str()) == Some(home))
            .flat_map(waits)
            .filter_map(|key| parts.homes.get(key.as_str()).copied())
            .filter(|it| it != home && !told.contains(it) && parts.templates.contains_key(it))
            .collect();
        let mut fields = vec![("Type".to_owned(), Yaml::text("AWS::CloudFormation::Stack"))];
        if !after.is_empty() {
            let after = after.into_iter().map(|it| Yaml::Text(id(it))).collect();
            fields.push(("DependsOn".to_owned(), Yaml::List(after)));
        }
        let mut properties = vec![("TemplateURL".to_owned(), Yaml::Text(home.path()))];
        if !given.is_empty() {
            properties.push(("Parameters".to_owned(), Yaml::Map(given)));
        }
        fields.push(("Properties".to_owned(), Yaml::Map(properties)));
        resources.push((id(*home), Yaml::Map(fields)));
    }
    let outputs: Vec<(String, Yaml)> = stack
        .outputs
        .iter()
        .filter_map(|(name, it)| {
            let name_there = camel(name);
            let value = output(*parts.said.get(name.as_str())?, &name_there);
            let text = Yaml::text(&it.description);
            Some((name_there, Yaml::map([("Description", text), ("Value", value)])))
        })
        .collect();
    let mut root = head(stack, "");
    if !inputs.is_empty() {
        root.push(("Parameters".to_owned(), Yaml::Map(inputs)));
    }
    root.push(("Resources".to_owned(), Yaml::Map(resources)));
    if !outputs.is_empty() {
        root.push(("Outputs".to_owned(), Yaml::Map(outputs)));
    }
    let mut text = String::new();
    write_map(&mut text, &root, 0);
    text
}

/// The logical id of a part's stack: no resource of the design is named in the root
/// template, so that nothing else can have it.
fn id(home: Home) -> String {
    format!("{}Stack", camel(&home.stem()))
}

fn output(home: Home, name: &str) -> Yaml {
    Yaml::Tagged("!GetAtt", format!("{}.Outputs.{name}", id(home)))
}

#[cfg(test)]
mod tests {
    use super::super::{MAX_BYTES, MAX_RESOURCES, files, single};
    use super::*;
    use crate::engine::analysis;
    use crate::engine::bind::lower;
    use crate::engine::bind::testing::empty;
    use crate::engine::graph::{Graph, Kind, Network, Reason, Spec, Tier, pairs};
    use crate::engine::plan::Policy;
    use crate::engine::requirements::Hints;

    /// Shops side by side: functions with their queues, topics, tables and buckets.
    fn large(components: usize) -> Graph {
        const KINDS: [Kind; 6] = [
            Kind::Function,
            Kind::Queue,
            Kind::KeyValueStore,
            Kind::ObjectStore,
            Kind::Topic,
            Kind::RelationalDatabase,
        ];
        let mut graph = empty(Tier::Best);
        let reason = || Reason::rule("A test asks for it.");
        graph.add("network", "Network", Network::default(), reason());
        let known: Vec<_> =
            pairs::all().filter(|it| KINDS.contains(&it.0) && KINDS.contains(&it.2)).collect();
        let mut round = Vec::new();
        while graph.components.len() < components {
            let n = graph.components.len();
            let kind = KINDS[n % KINDS.len()];
            let id = graph.add(&format!("p{n}"), format!("P{n}"), Spec::default_of(kind), reason());
            round.push((kind, id));
            if round.len() == KINDS.len() {
                for (from, to) in round.iter().flat_map(|a| round.iter().map(move |b| (a, b))) {
                    if let Some(it) = known.iter().find(|it| it.0 == from.0 && it.2 == to.0) {
                        graph.connect(&from.1, &to.1, it.1, reason());
                    }
                }
                round.clear();
            }
        }
        graph
    }

    /// `Ref`, `GetAtt` and `Sub` of a template, without attributes.
    fn named(text: &str) -> BTreeSet<String> {
        let mut out = BTreeSet::new();
        for word in ["!Ref ", "!GetAtt ", "${"] {
            for (at, it) in text.match_indices(word) {
                let rest = &text[at + it.len()..];
                let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == ':'));
                let name = &rest[..end.unwrap_or(rest.len())];
                if !name.starts_with("AWS::") && !rest.starts_with('!') {
                    out.insert(name.to_owned());
                }
            }
        }
        out
    }

    /// The names below a heading.
    fn below(text: &str, heading: &str) -> BTreeSet<String> {
        let start = text.find(&format!("\n{heading}:\n")).map_or(text.len(), |at| at + 1);
        text[start..]
            .lines()
            .skip(1)
            .take_while(|it| it.is_empty() || it.starts_with(' '))
            .filter_map(|it| it.strip_prefix("  ").filter(|it| !it.starts_with(' ')))
            .map(|it| it.trim_end_matches(':').to_owned())
            .collect()
    }

    #[test]
    fn every_dev_case_fits_into_one_template() {
        for case in std::fs::read_dir("tests/golden").unwrap() {
            let text = std::fs::read_to_string(case.unwrap().path().join("input.txt")).unwrap();
            for design in analysis::analyze(&text, &Hints::default(), &Policy::default()).options {
                let stack = lower(&design.graph);
                assert!(single(&stack).fits(), "{text}");
            }
        }
    }

    #[test]
    fn two_hundred_components_are_nested_within_the_limits() {
        let graph = large(200);
        let stack = lower(&graph);
        assert!(!single(&stack).fits(), "it is too large for one template");
        let files = files(&stack, &BTreeMap::new());
        let text = |path: &str| {
            let file = files.iter().find(|it| it.path == path).unwrap();
            std::str::from_utf8(&file.content).unwrap()
        };
        let root = text("template.yaml");
        let mut resources = 0;
        let mut made: BTreeSet<String> = BTreeSet::new();
        for url in root.lines().filter_map(|it| it.trim().strip_prefix("TemplateURL: ")) {
            let part = text(url);
            let (inputs, inside) = (below(part, "Parameters"), below(part, "Resources"));
            assert!(part.len() <= MAX_BYTES && inside.len() <= MAX_RESOURCES, "{url}");
            let outputs = below(part, "Outputs");
            assert!(inputs.len() <= 200 && outputs.len() <= 200, "{url}: {}", outputs.len());
            let known: BTreeSet<String> = inputs.union(&inside).cloned().collect();
            let unknown: Vec<_> = named(part).difference(&known).cloned().collect();
            assert_eq!(unknown, Vec::<String>::new(), "{url}");
            resources += inside.len();
            // What is passed is made by an earlier part, so there is no circle.
            let call = root.split(&format!("TemplateURL: {url}\n")).nth(1).unwrap();
            let call = call.split("\n  ").take_while(|it| it.starts_with(' ')).collect::<String>();
            for it in named(&call).iter().filter(|it| it.ends_with("Stack")) {
                assert!(made.contains(it), "{url} needs {it}, which comes later");
            }
            let stem = url.trim_start_matches("parts/").trim_end_matches(".yaml");
            made.insert(format!("{}Stack", camel(stem)));
            for name in outputs {
                let read = format!("Stack.Outputs.{name}\n");
                assert!(root.contains(&read), "nobody reads {name} of {url}");
            }
        }
        let wanted = stack.resources.iter().filter(|it| it.cfn.is_some()).count();
        assert_eq!(resources, wanted, "nothing is dropped");
        assert!(below(root, "Resources").len() == made.len() && made.len() > 2);
    }
}
