//! A stack as Terraform: files split by concern, and modules where it is large.

mod modules;

use super::Artifact;
use super::hcl::{Body, Names, quoted, value_text, wrap};
use crate::engine::bind::expr::Expr;
use crate::engine::bind::stack::{Concern, Output, Place, Resource, Stack, Variable, VariableKind};
use modules::Part;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Most resources that are written into one module. Above this the files of some
/// concerns have several hundred lines, and a reader needs to see what passes
/// between them; it is also where Google's guide finds a root module too large
/// (<https://cloud.google.com/docs/terraform/best-practices/root-modules>).
pub const LARGE: usize = 100;

/// Whether a stack is written as local modules.
fn is_large(stack: &Stack<'_>) -> bool {
    stack.resources.iter().filter(|it| it.tf.is_some()).count() > LARGE
}

/// What the organisation says about every stack it deploys.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Tags on every resource that can have them.
    pub tags: BTreeMap<String, String>,
    /// Where state is kept: backend name and its settings.
    pub backend: Option<(String, BTreeMap<String, String>)>,
}

struct Addresses<'a>(BTreeMap<&'a str, &'static str>);

impl Names for Addresses<'_> {
    fn address(&self, resource: &str) -> String {
        match self.0.get(resource) {
            Some(kind) => format!("{kind}.{resource}"),
            None => format!("null_resource.{resource}"),
        }
    }
}

/// Names for what refers to no resource.
fn blank_names() -> Addresses<'static> {
    Addresses(BTreeMap::new())
}

const CONCERNS: [Concern; 11] = [
    Concern::Network,
    Concern::Security,
    Concern::Identity,
    Concern::Data,
    Concern::Messaging,
    Concern::Compute,
    Concern::Edge,
    Concern::Analytics,
    Concern::Intelligence,
    Concern::Operations,
    Concern::Delivery,
];

/// Writes every file of the Terraform form.
pub fn files(stack: &Stack<'_>, settings: &Settings) -> Vec<Artifact> {
    let names = Addresses(
        stack
            .resources
            .iter()
            .filter_map(|it| Some((it.key.as_str(), it.tf.as_ref()?.kind)))
            .collect(),
    );
    let mut out = vec![
        Artifact::text("versions.tf", versions(settings)),
        Artifact::text("providers.tf", providers(stack)),
        Artifact::text("variables.tf", variables(stack, settings)),
    ];
    let parts: Vec<Part> = CONCERNS
        .into_iter()
        .map(|concern| Part { concern, text: concern_text(stack, concern, &names) })
        .filter(|it| !it.text.is_empty())
        .collect();
    let outputs = outputs(stack, &names);
    if is_large(stack) {
        out.extend(modules::files(stack, &parts, &outputs));
    } else {
        let mut main = LOCALS.to_owned();
        let all = &mut stack.resources.iter();
        for source in data_sources(all, stack.outputs.values()) {
            let _ = write!(main, "\n{source}");
        }
        out.push(Artifact::text("main.tf", main));
        for part in parts {
            out.push(Artifact::text(format!("{}.tf", part.concern.file()), part.text));
        }
        if !outputs.is_empty() {
            out.push(Artifact::text("outputs.tf", outputs));
        }
    }
    out.extend(environments(stack));
    if settings.backend.is_none() {
        out.push(Artifact::text("backend.tf.example", BACKEND));
    }
    out.push(Artifact::text(
        ".gitignore",
        ".terraform/\n*.tfstate\n*.tfstate.*\n*.tfplan\ncrash.log\n",
    ));
    out
}

const LOCALS: &str = "locals {\n  name_prefix = \"${var.project}-${var.environment}\"\n}\n";

/// The resources of one concern, each component below a line that says why it is there.
fn concern_text(stack: &Stack<'_>, concern: Concern, names: &dyn Names) -> String {
    let mut text = String::new();
    let mut component = None;
    for resource in stack.resources.iter().filter(|it| it.concern == concern) {
        let Some(body) = resource_text(stack, resource, names) else { continue };
        if component != Some(&resource.component) {
            component = Some(&resource.component);
            if let Some(it) = stack.graph.component(&resource.component) {
                if !text.is_empty() {
                    text.push('\n');
                }
                for line in wrap(&format!("{}: {}", it.title, it.reason.text), 98) {
                    let _ = writeln!(text, "# {line}");
                }
            }
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&body);
    }
    text
}

fn resource_text(stack: &Stack<'_>, resource: &Resource, names: &dyn Names) -> Option<String> {
    let side = resource.tf.as_ref()?;
    let mut body = Body::new(names, 1);
    for (check, reason) in resource.skips.iter().filter(|it| it.0.starts_with("CKV")) {
        body.comment(&format!("checkov:skip={check}:{reason}"));
    }
    if resource.place != Place::Main {
        body.raw("provider", &format!("aws.{}", resource.place.provider()));
        body.blank();
    }
    body.fields(&side.fields);
    let depends: Vec<String> = resource
        .depends_on
        .iter()
        .filter(|key| stack.resources.iter().any(|it| it.key == **key && it.tf.is_some()))
        .map(|key| names.address(key))
        .collect();
    if !depends.is_empty() {
        body.blank();
        body.raw("depends_on", &format!("[{}]", depends.join(", ")));
    }
    let mut out = String::new();
    if let Some(comment) = &resource.comment {
        for line in wrap(comment, 98) {
            let _ = writeln!(out, "# {line}");
        }
    }
    let text = body.finish();
    if text.is_empty() {
        let _ = writeln!(out, "resource \"{}\" \"{}\" {{}}", side.kind, resource.key);
    } else {
        let _ = writeln!(out, "resource \"{}\" \"{}\" {{\n{text}}}", side.kind, resource.key);
    }
    Some(out)
}

fn versions(settings: &Settings) -> String {
    let mut out = format!("terraform {{\n{}", provider_versions(&BTreeSet::new()));
    if let Some((kind, fields)) = &settings.backend {
        let width = fields.keys().map(String::len).max().unwrap_or(0);
        let _ = writeln!(out, "\n  backend {} {{", quoted(kind));
        for (name, value) in fields {
            let _ = writeln!(out, "    {name:width$} = {}", quoted(value));
        }
        out.push_str("  }\n");
    }
    out.push_str("}\n");
    out
}

/// What a module needs, and the providers that it is given besides that of the region.
fn provider_versions(others: &BTreeSet<&str>) -> String {
    let nothing = blank_names();
    let mut body = Body::new(&nothing, 3);
    body.raw("source", "\"hashicorp/aws\"");
    body.raw("version", "\">= 5.100.0, < 7.0.0\"");
    if !others.is_empty() {
        let aliases: Vec<String> = others.iter().map(|it| format!("aws.{it}")).collect();
        body.raw("configuration_aliases", &format!("[{}]", aliases.join(", ")));
    }
    format!(
        "  required_version = \">= 1.5.0\"\n\n  required_providers {{\n    aws = {{\n{}    }}\n  }}\n",
        body.finish()
    )
}

/// Where a team keeps its state, to fill in and rename; without it Terraform
/// keeps state on the machine it runs on.
const BACKEND: &str = "# Rename to backend.tf and fill in to share state.\nterraform {\n  backend \"s3\" {\n    bucket       = \"your-state-bucket\"\n    key          = \"cloudgen/terraform.tfstate\"\n    region       = \"us-east-1\"\n    encrypt      = true\n    use_lockfile = true\n  }\n}\n";

fn providers(stack: &Stack<'_>) -> String {
    const TAGS: &str = "\n  default_tags {\n    tags = merge(\n      {\n        Project     = var.project\n        Environment = var.environment\n        ManagedBy   = \"terraform\"\n      },\n      var.tags,\n    )\n  }\n}\n";
    let mut out = format!("provider \"aws\" {{\n  region = var.region\n{TAGS}");
    for (place, why) in [
        (Place::Global, "CloudFront takes its certificates and firewalls from us-east-1 only."),
        (Place::Recovery, "Copies are kept in the region that takes over."),
    ] {
        let name = place.provider();
        if stack.resources.iter().any(|it| it.place.provider() == name && it.tf.is_some()) {
            let region = place.region(stack.graph);
            let _ = write!(
                out,
                "\n# {why}\nprovider \"aws\" {{\n  alias  = \"{name}\"\n  region = \"{region}\"\n"
            );
            out.push_str(TAGS);
        }
    }
    out
}

/// Inputs that every stack has.
fn common(stack: &Stack<'_>) -> Vec<(String, Variable)> {
    let text = |description: &str, default: &str, pattern: &str, message: &str| Variable {
        kind: VariableKind::String,
        description: description.to_owned(),
        default: Some(default.into()),
        pattern: Some((pattern.to_owned(), message.to_owned())),
    };
    vec![
        (
            "project".to_owned(),
            text(
                "Short name of the system; names of resources start with it.",
                stack.graph.project.as_str(),
                "^[a-z][a-z0-9-]{0,20}[a-z0-9]$",
                "The project name has 2 to 22 lowercase letters, digits and hyphens, and starts with a letter.",
            ),
        ),
        (
            "environment".to_owned(),
            text(
                "Stage of the system: dev, stage or prod.",
                "prod",
                "^(dev|stage|prod)$",
                "The environment is one of dev, stage, prod.",
            ),
        ),
        (
            "region".to_owned(),
            text(
                "AWS region that everything is made in.",
                &stack.graph.region,
                "^[a-z]{2}(-[a-z]+)+-[0-9]$",
                "The region looks like eu-central-1.",
            ),
        ),
    ]
}

fn variables(stack: &Stack<'_>, settings: &Settings) -> String {
    let mut out = String::new();
    for (name, variable) in common(stack).iter().chain(
        stack
            .variables
            .iter()
            .map(|(name, it)| (name.clone(), it.clone()))
            .collect::<Vec<_>>()
            .iter(),
    ) {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&variable_text(name, variable));
    }
    let mut tags = String::from("{}");
    if !settings.tags.is_empty() {
        let width = settings.tags.keys().map(|it| quoted(it).len()).max().unwrap_or(0);
        tags = String::from("{\n");
        for (name, value) in &settings.tags {
            let _ = writeln!(tags, "    {:width$} = {}", quoted(name), quoted(value));
        }
        tags.push_str("  }");
    }
    let multi = tags.contains('\n');
    let _ = write!(
        out,
        "\nvariable \"tags\" {{\n  description = \"Tags on every resource, besides project and environment.\"\n  type        = map(string)\n  default{} = {tags}\n}}\n",
        if multi { "" } else { "    " },
    );
    out
}

fn variable_text(name: &str, variable: &Variable) -> String {
    let nothing = blank_names();
    let mut body = Body::new(&nothing, 1);
    body.raw("description", &quoted(&variable.description));
    body.raw(
        "type",
        match variable.kind {
            VariableKind::String => "string",
            VariableKind::Number => "number",
            VariableKind::Bool => "bool",
            VariableKind::List => "list(string)",
        },
    );
    if let Some(default) = &variable.default {
        body.field("default", default);
    }
    let mut text = format!("variable {} {{\n{}", quoted(name), body.finish());
    if let Some((pattern, message)) = &variable.pattern {
        let condition = match variable.kind {
            VariableKind::List => {
                format!("alltrue([for it in var.{name} : can(regex({}, it))])", quoted(pattern))
            }
            _ => format!("can(regex({}, var.{name}))", quoted(pattern)),
        };
        let _ = write!(
            text,
            "\n  validation {{\n    condition     = {condition}\n    error_message = {}\n  }}\n",
            quoted(message)
        );
    }
    text.push_str("}\n");
    text
}

fn outputs(stack: &Stack<'_>, names: &dyn Names) -> String {
    let mut out = String::new();
    for (name, output) in &stack.outputs {
        if !out.is_empty() {
            out.push('\n');
        }
        let mut body = Body::new(names, 1);
        body.raw("description", &quoted(&output.description));
        body.field("value", &output.value);
        let _ = write!(out, "output {} {{\n{}}}\n", quoted(name), body.finish());
    }
    out
}

/// Values of the inputs for each stage. Stages differ in name only; sizes
/// are those of the option until somebody overrides them.
fn environments(stack: &Stack<'_>) -> Vec<Artifact> {
    let nothing = blank_names();
    ["dev", "stage", "prod"]
        .into_iter()
        .map(|stage| {
            let mut body = Body::new(&nothing, 0);
            body.raw("environment", &quoted(stage));
            body.raw("region", &quoted(&stack.graph.region));
            for (name, variable) in &stack.variables {
                if let Some(default) = &variable.default {
                    let text = value_text(default, &nothing, 0);
                    if !text.contains('\n') {
                        body.raw(name, &text);
                    }
                }
            }
            let mut text = body.finish();
            let asked: Vec<&String> = stack
                .variables
                .iter()
                .filter(|(_, it)| it.default.is_none())
                .map(|(name, _)| name)
                .collect();
            for name in asked {
                let _ = write!(text, "\n# {name}: has no default, give it here or when asked.\n");
            }
            Artifact::text(format!("environments/{stage}.tfvars"), text)
        })
        .collect()
}

/// What these resources and outputs look up.
fn data_sources<'a>(
    resources: &mut dyn Iterator<Item = &'a Resource>,
    outputs: impl Iterator<Item = &'a Output>,
) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut look = |value: &Expr| match value {
        Expr::AccountId => {
            found.insert("data \"aws_caller_identity\" \"current\" {}\n".to_owned());
        }
        Expr::Partition => {
            found.insert("data \"aws_partition\" \"current\" {}\n".to_owned());
        }
        Expr::Zone(_) => {
            found.insert(zones("available"));
        }
        Expr::Hcl(text) | Expr::Either(text, _) => {
            if text.contains("data.aws_availability_zones.recovery.") {
                found.insert(zones("recovery"));
            }
            // A password that is made once: whoever uses it ignores later changes.
            const PASSWORD: &str = "data.aws_secretsmanager_random_password.";
            if let Some((_, rest)) = text.split_once(PASSWORD) {
                let name = rest.split('.').next().unwrap_or(rest);
                found.insert(format!(
                    "data \"aws_secretsmanager_random_password\" \"{name}\" {{\n  password_length     = 32\n  exclude_punctuation = true\n}}\n"
                ));
            }
            if text.contains("data.aws_caller_identity") {
                found.insert("data \"aws_caller_identity\" \"current\" {}\n".to_owned());
            }
        }
        _ => {}
    };
    for resource in resources {
        for (_, value) in resource.tf.iter().flat_map(|it| &it.fields) {
            visit(value, &mut look);
        }
    }
    for output in outputs {
        visit(&output.value, &mut look);
    }
    found
}

/// The zones of the region, or of the one that takes over.
fn zones(name: &str) -> String {
    let provider = match name {
        "available" => String::new(),
        other => format!("  provider = aws.{other}\n\n"),
    };
    let skip = "checkov:skip=CKV_AWS_394:Zones are taken by position; pin their ids when AWS adds one to the region";
    format!(
        "data \"aws_availability_zones\" \"{name}\" {{\n  # {skip}\n{provider}  state = \"available\"\n\n  filter {{\n    name   = \"opt-in-status\"\n    values = [\"opt-in-not-required\"]\n  }}\n}}\n"
    )
}

/// Calls `look` for a value and all values within it.
pub fn visit(value: &Expr, look: &mut dyn FnMut(&Expr)) {
    look(value);
    match value {
        Expr::List(items) | Expr::Join(items) | Expr::Call(_, items) => {
            items.iter().for_each(|it| visit(it, look));
        }
        Expr::Map(fields) | Expr::Block(fields) => {
            fields.iter().for_each(|(_, it)| visit(it, look));
        }
        Expr::Blocks(items) => {
            items.iter().flatten().for_each(|(_, it)| visit(it, look));
        }
        Expr::Document(it)
        | Expr::Json(it)
        | Expr::Index(it, _)
        | Expr::Part(it, ..)
        | Expr::Joined(it, _) => visit(it, look),
        _ => {}
    }
}
