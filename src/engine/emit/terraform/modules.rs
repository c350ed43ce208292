//! A large stack as local modules, one for each concern.
//!
//! A resource is in the module of its concern, whatever it refers to: its address
//! stays the same when the design changes around it. What passes between modules
//! is read from the text of the flat layout: an address of another part becomes a
//! variable here, an output there, and an argument in the root module.

use super::{
    Artifact, Body, Concern, Place, Resource, Stack, Variable, blank_names, common, data_sources,
    provider_versions, variable_text,
};
use crate::engine::emit::hcl::{quoted, wrap};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// One module: its concern and its resources as the flat layout writes them.
pub struct Part {
    pub concern: Concern,
    pub text: String,
}

/// Attributes that are lists; all others that modules tell each other are strings.
const LISTS: &[&str] = &["name_servers", "ingest_endpoint_urls"];

/// A value that one module takes from another.
struct Value {
    /// Of the output and of the variable.
    name: String,
    kind: &'static str,
    description: String,
    owner: Concern,
    sensitive: bool,
}

/// All values that pass between modules, by the expression that the owner reads them with.
#[derive(Default)]
struct Values {
    all: BTreeMap<String, Value>,
    taken: BTreeSet<String>,
}

/// The files of the modules, and those of the root module that wire them. `outputs`
/// is the text of the flat layout's.
pub fn files(stack: &Stack<'_>, parts: &[Part], outputs: &str) -> Vec<Artifact> {
    let owners: BTreeMap<String, Concern> = stack
        .resources
        .iter()
        .filter_map(|it| Some((format!("{}.{}", it.tf.as_ref()?.kind, it.key), it.concern)))
        .collect();
    let inputs: BTreeMap<String, Variable> =
        common(stack).into_iter().chain(stack.variables.clone()).collect();
    let mut values = Values { taken: inputs.keys().cloned().collect(), ..Values::default() };

    let mut written = Vec::new();
    for part in parts {
        let mut asked = BTreeSet::new();
        let text = rewrite(&part.text, &owners, Some(part.concern), &mut |owner, from| {
            asked.insert(from.path.to_owned());
            format!("var.{}", values.name(owner, from))
        });
        // Programs lie beside the root module in either layout.
        written.push((part, asked, text.replace("path.module", "path.root")));
    }
    let outputs = rewrite(outputs, &owners, None, &mut |owner, from| {
        format!("module.{}.{}", owner.file(), values.name(owner, from))
    });

    let mut out = Vec::new();
    let mut root = String::new();
    if outputs.contains("local.") {
        root.push_str(super::LOCALS);
    }
    for source in data_sources(&mut std::iter::empty(), stack.outputs.values()) {
        push(&mut root, &source);
    }
    for (part, asked, text) in &written {
        let folder = format!("modules/{}", part.concern.file());
        let mine: Vec<&Resource> = resources(stack, part.concern).collect();
        let others: BTreeSet<&str> = mine
            .iter()
            .filter(|it| it.place != Place::Main)
            .map(|it| it.place.provider())
            .collect();

        let mut main = String::new();
        if text.contains("local.name_prefix") {
            main.push_str(super::LOCALS);
        }
        for source in data_sources(&mut mine.iter().copied(), std::iter::empty()) {
            push(&mut main, &source);
        }
        push(&mut main, text);

        let given: Vec<(&String, &Variable)> =
            inputs.iter().filter(|(name, _)| uses(&main, &format!("var.{name}"))).collect();
        out.push(Artifact::text(format!("{folder}/main.tf"), main));
        let variables = variables(&given, asked, &values);
        if !variables.is_empty() {
            out.push(Artifact::text(format!("{folder}/variables.tf"), variables));
        }
        let told = told(part.concern, &values);
        if !told.is_empty() {
            out.push(Artifact::text(format!("{folder}/outputs.tf"), told));
        }
        out.push(Artifact::text(
            format!("{folder}/versions.tf"),
            format!("terraform {{\n{}}}\n", provider_versions(&others)),
        ));
        push(&mut root, &call(stack, part.concern, &others, &given, asked, &values));
    }
    out.push(Artifact::text("main.tf", root));
    if !outputs.is_empty() {
        out.push(Artifact::text("outputs.tf", outputs));
    }
    out.push(Artifact::text("moved.tf", moved(stack)));
    out
}

fn resources<'a>(stack: &'a Stack<'_>, concern: Concern) -> impl Iterator<Item = &'a Resource> {
    stack.resources.iter().filter(move |it| it.concern == concern && it.tf.is_some())
}

/// Adds a block after a blank line.
fn push(out: &mut String, block: &str) {
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str(block);
}

/// Whether a text has this reference, and not only one that begins like it.
fn uses(text: &str, reference: &str) -> bool {
    text.match_indices(reference).any(|(at, _)| {
        !text[at + reference.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// The module block of the root module.
fn call(
    stack: &Stack<'_>,
    concern: Concern,
    others: &BTreeSet<&str>,
    given: &[(&String, &Variable)],
    asked: &BTreeSet<String>,
    values: &Values,
) -> String {
    let mut out = String::new();
    let mut titles: Vec<&str> = Vec::new();
    for resource in resources(stack, concern) {
        if let Some(it) = stack.graph.component(&resource.component)
            && !titles.contains(&it.title.as_str())
        {
            titles.push(&it.title);
        }
    }
    for line in wrap(&titles.join(", "), 98) {
        let _ = writeln!(out, "# {line}");
    }
    let name = concern.file();
    let _ = write!(out, "module \"{name}\" {{\n  source = \"./modules/{name}\"\n");
    if !others.is_empty() {
        let nothing = blank_names();
        let mut body = Body::new(&nothing, 2);
        body.raw("aws", "aws");
        for other in others {
            let alias = format!("aws.{other}");
            body.raw(&alias, &alias);
        }
        let _ = write!(out, "\n  providers = {{\n{}  }}\n", body.finish());
    }
    let mut passed: BTreeMap<&str, String> =
        given.iter().map(|(name, _)| (name.as_str(), format!("var.{name}"))).collect();
    for value in asked.iter().filter_map(|it| values.all.get(it)) {
        let source = format!("module.{}.{}", value.owner.file(), value.name);
        passed.insert(&value.name, source);
    }
    if !passed.is_empty() {
        let nothing = blank_names();
        let mut body = Body::new(&nothing, 1);
        for (name, source) in &passed {
            body.raw(name, source);
        }
        let _ = write!(out, "\n{}", body.finish());
    }
    out.push_str("}\n");
    out
}

/// What a module is given: inputs of the stack, then values of other modules. The
/// root module has their defaults and has checked them.
fn variables(given: &[(&String, &Variable)], asked: &BTreeSet<String>, values: &Values) -> String {
    let mut out = String::new();
    for (name, variable) in given {
        let bare = Variable { default: None, pattern: None, ..(*variable).clone() };
        push(&mut out, &variable_text(name, &bare));
    }
    let nothing = blank_names();
    for value in asked.iter().filter_map(|it| values.all.get(it)) {
        let mut body = Body::new(&nothing, 1);
        let text = format!("{}, of module {}.", value.description, value.owner.file());
        body.raw("description", &quoted(&text));
        body.raw("type", value.kind);
        if value.sensitive {
            body.raw("sensitive", "true");
        }
        push(&mut out, &format!("variable {} {{\n{}}}\n", quoted(&value.name), body.finish()));
    }
    out
}

/// What a module tells.
fn told(concern: Concern, values: &Values) -> String {
    let mut out = String::new();
    let nothing = blank_names();
    for (path, value) in values.all.iter().filter(|(_, it)| it.owner == concern) {
        let mut body = Body::new(&nothing, 1);
        body.raw("description", &quoted(&format!("{}.", value.description)));
        if value.kind == "bool" {
            body.raw("value", "true");
            body.raw("depends_on", &format!("[{path}]"));
        } else {
            body.raw("value", path);
        }
        if value.sensitive {
            body.raw("sensitive", "true");
        }
        push(&mut out, &format!("output {} {{\n{}}}\n", quoted(&value.name), body.finish()));
    }
    out
}

/// Where each resource was in the flat layout.
fn moved(stack: &Stack<'_>) -> String {
    let mut out = String::from(
        "# A stack that was deployed before it was split into modules keeps its resources.\n# Where there is none, this says nothing.\n",
    );
    for resource in &stack.resources {
        let Some(side) = &resource.tf else { continue };
        let address = format!("{}.{}", side.kind, resource.key);
        let to = format!("module.{}.{address}", resource.concern.file());
        let _ = write!(out, "\nmoved {{\n  from = {address}\n  to   = {to}\n}}\n");
    }
    out
}

impl Values {
    fn name(&mut self, owner: Concern, from: &Traversal<'_>) -> String {
        if let Some(value) = self.all.get(from.path) {
            return value.name.clone();
        }
        let attribute = from.attribute();
        let stem = match attribute {
            "" => format!("{}_ready", from.key),
            it => format!("{}_{}", from.key, plain(it)),
        };
        let mut name = stem.clone();
        for n in 2.. {
            if self.taken.insert(name.clone()) {
                break;
            }
            name = format!("{stem}_{n}");
        }
        let last = attribute.rsplit('.').next().unwrap_or_default();
        let kind = match attribute {
            "" => "bool",
            _ if from.is_set || LISTS.contains(&last) => "list(string)",
            _ => "string",
        };
        let description = match attribute {
            "" => format!("Whether {} is there", from.address),
            it => format!("{it} of {}", from.address),
        };
        let sensitive = last == "secret_string";
        self.all.insert(
            from.path.to_owned(),
            Value { name: name.clone(), kind, description, owner, sensitive },
        );
        name
    }
}

/// Letters and digits, and one line for all between them.
fn plain(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|it| !it.is_empty()).collect();
    words.join("_").to_ascii_lowercase()
}

/// A reference to a resource, as HCL has it.
struct Traversal<'a> {
    /// All of it: `aws_eks_cluster.main.endpoint`.
    path: &'a str,
    /// `aws_eks_cluster.main`
    address: &'a str,
    /// `main`
    key: &'a str,
    /// Whether it stands in `tolist()`.
    is_set: bool,
}

impl<'a> Traversal<'a> {
    /// What is read of the resource; nothing where it is meant as a whole.
    fn attribute(&self) -> &'a str {
        self.path[self.address.len()..].trim_start_matches('.')
    }
}

/// Puts something else for every reference to a resource that another module owns.
fn rewrite(
    text: &str,
    owners: &BTreeMap<String, Concern>,
    here: Option<Concern>,
    stand_in: &mut dyn FnMut(Concern, &Traversal<'_>) -> String,
) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with('#') {
            out.push_str(line);
            continue;
        }
        let mut done = 0;
        for (at, _) in line.match_indices("aws_") {
            let inside = |c: char| c.is_ascii_alphanumeric() || "_-.\"".contains(c);
            if at < done || line[..at].ends_with(inside) {
                continue;
            }
            let Some((address, key)) = address(&line[at..]) else { continue };
            let Some(owner) = owners.get(address).filter(|it| Some(**it) != here) else { continue };
            let path = &line[at..at + traversal(&line[at..], address.len())];
            let is_set = line[..at].ends_with("tolist(");
            out.push_str(&line[done..at]);
            out.push_str(&stand_in(*owner, &Traversal { path, address, key, is_set }));
            done = at + path.len();
        }
        out.push_str(&line[done..]);
    }
    out
}

fn word(text: &str) -> usize {
    text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).unwrap_or(text.len())
}

/// The address and key that a text begins with.
fn address(text: &str) -> Option<(&str, &str)> {
    let kind = word(text);
    let rest = text[kind..].strip_prefix('.')?;
    let key = &rest[..word(rest)];
    Some((&text[..kind + 1 + key.len()], key))
}

/// How far the attributes and indices go that follow an address.
fn traversal(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        let step = if let Some(name) = rest.strip_prefix('.') {
            match word(name) {
                0 => 0,
                length => 1 + length,
            }
        } else if rest.starts_with('[') {
            match rest.find(']') {
                Some(end) if is_index(&rest[1..end]) => end + 1,
                _ => 0,
            }
        } else {
            0
        };
        if step == 0 {
            return at;
        }
        at += step;
    }
}

/// A number, or a key between quotes.
fn is_index(text: &str) -> bool {
    let key = text.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    let digits = |it: &str| it.bytes().all(|c| c.is_ascii_digit());
    !text.is_empty() && (digits(text) || key.is_some_and(|it| word(it) == it.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::analysis;
    use crate::engine::bind::lower;
    use crate::engine::emit::terraform::{LARGE, Settings, files};
    use crate::engine::plan::Policy;
    use crate::engine::requirements::Hints;

    fn shop(tier: usize) -> BTreeMap<String, String> {
        let text = include_str!("../../../../tests/golden/web-shop/input.txt");
        let made = analysis::analyze(text, &Hints::default(), &Policy::default());
        let stack = lower(&made.options[tier].graph);
        assert!(stack.resources.len() > LARGE, "it is large");
        files(&stack, &Settings::default())
            .into_iter()
            .map(|it| (it.path, String::from_utf8(it.content).unwrap()))
            .collect()
    }

    #[test]
    fn another_modules_address_becomes_what_stands_in_for_it() {
        let owners = BTreeMap::from([
            ("aws_vpc.net".to_owned(), Concern::Network),
            ("aws_sqs_queue.jobs".to_owned(), Concern::Messaging),
        ]);
        let mut seen = Vec::new();
        let text = "# aws_vpc.net.id\na = aws_vpc.net.id\nb = \"${aws_sqs_queue.jobs.arn}/*\"\nc = tolist(aws_vpc.net.x)[0]\nd = aws_vpc.net.u[\"A\"].z[0].y[each.key]\ne = \"aws_vpc.net\"\nf = data.aws_vpc.net.id\ng = [aws_vpc.net]\nh = aws_vpc.other.id\n";
        let out = rewrite(text, &owners, Some(Concern::Messaging), &mut |owner, it| {
            assert_eq!(owner, Concern::Network);
            seen.push((it.attribute().to_owned(), it.is_set));
            format!("<{}>", it.attribute())
        });
        assert_eq!(
            out,
            "# aws_vpc.net.id\na = <id>\nb = \"${aws_sqs_queue.jobs.arn}/*\"\nc = tolist(<x>)[0]\nd = <u[\"A\"].z[0].y>[each.key]\ne = \"aws_vpc.net\"\nf = data.aws_vpc.net.id\ng = [<>]\nh = aws_vpc.other.id\n"
        );
        assert!(seen.contains(&("x".to_owned(), true)) && seen.contains(&(String::new(), false)));
    }

    /// Every variable that a module declares is passed, every output that is read is
    /// told, and no module names a resource of another one.
    #[test]
    fn modules_are_wired_completely() {
        for tier in 0..3 {
            let files = shop(tier);
            let root = &files["main.tf"];
            let modules: Vec<&str> = root
                .lines()
                .filter_map(|it| it.strip_prefix("module \"")?.strip_suffix("\" {"))
                .collect();
            assert!(modules.len() > 4, "{modules:?}");
            for module in &modules {
                let text = |file: &str| {
                    files.get(&format!("modules/{module}/{file}")).map_or("", String::as_str)
                };
                let call = root.split(&format!("module \"{module}\" {{\n")).nth(1).unwrap();
                let call = call.split("\n}\n").next().unwrap();
                let names = |text: &str, word: &str| -> BTreeSet<String> {
                    let named =
                        |it: &str| Some(it.strip_prefix(word)?.split('"').next()?.to_owned());
                    text.lines().filter_map(named).collect()
                };
                let declared = names(text("variables.tf"), "variable \"");
                let passed: BTreeSet<String> = call
                    .lines()
                    .filter(|it| it.starts_with("  ") && !it.starts_with("   "))
                    .filter_map(|it| it.split_once(" = ").map(|it| it.0.trim().to_owned()))
                    .filter(|it| it != "source" && it != "providers")
                    .collect();
                assert_eq!(declared, passed, "{module}");
                for name in &declared {
                    assert!(uses(text("main.tf"), &format!("var.{name}")), "{module}: {name}");
                }
                let told = names(text("outputs.tf"), "output \"");
                for name in &told {
                    let read = format!("module.{module}.{name}");
                    let outputs = files.get("outputs.tf").is_some_and(|it| uses(it, &read));
                    assert!(uses(root, &read) || outputs, "nobody reads {read}");
                }
                let prefix = format!("module.{module}.");
                let mut read = root.match_indices(&prefix).map(|(at, it)| {
                    let rest = &root[at + it.len()..];
                    rest[..word(rest)].to_owned()
                });
                assert!(read.all(|it| told.contains(&it)), "{module}");
            }
            assert!(!root.contains("resource \""), "the root module only wires");
        }
    }

    #[test]
    fn a_deployed_stack_moves_into_its_modules() {
        let files = shop(2);
        let resources: usize = files
            .iter()
            .filter(|it| it.0.starts_with("modules/"))
            .map(|it| it.1.lines().filter(|line| line.starts_with("resource \"")).count())
            .sum();
        assert_eq!(files["moved.tf"].matches("\nmoved {\n").count(), resources);
    }
}
