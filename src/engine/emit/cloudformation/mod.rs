//! A stack as CloudFormation templates in YAML: one where it fits, and nested
//! stacks where it does not.

mod nested;
mod values;
mod yaml;

use super::Artifact;
use crate::engine::bind::expr::Expr;
use crate::engine::bind::stack::{Concern, Output, Place, Resource, Stack, VariableKind};
use std::collections::{BTreeMap, BTreeSet};
use values::{Asked, Ids, yaml};
use yaml::{Yaml, write_map};

/// Largest template that CloudFormation takes from S3, in bytes.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>
pub const MAX_BYTES: usize = 1_000_000;
/// Most resources in one template (same source).
pub const MAX_RESOURCES: usize = 500;
/// Most parameters, and most outputs, of one template (same source).
pub const MAX_VALUES: usize = 200;

/// The template that a resource is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Home {
    /// The one of its region.
    Place(Place),
    /// A nested stack of the main region: of a concern, and which of them.
    Part(Concern, usize),
}

impl Home {
    /// What parameters that stand for its values begin with.
    fn name(self) -> String {
        match self {
            Self::Place(it) => it.name().to_owned(),
            Self::Part(..) => format!("{}_part", self.stem()),
        }
    }

    fn stem(self) -> String {
        match self {
            Self::Place(it) => it.name().to_owned(),
            Self::Part(concern, 0) => concern.file().to_owned(),
            Self::Part(concern, n) => format!("{}_{}", concern.file(), n + 1),
        }
    }

    /// The file, relative to the main template.
    fn path(self) -> String {
        match self {
            Self::Place(Place::Main) => "template.yaml".to_owned(),
            Self::Place(it) => format!("{}.yaml", it.name()),
            Self::Part(..) => format!("parts/{}.yaml", self.stem().replace('_', "-")),
        }
    }
}

/// Where every resource is.
type Homes<'a> = BTreeMap<&'a str, Home>;

/// The place of a resource; another region may be the one of the design.
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

fn homes<'a>(stack: &'a Stack<'_>) -> Homes<'a> {
    stack
        .resources
        .iter()
        .filter(|it| it.cfn.is_some())
        .map(|it| (it.key.as_str(), Home::Place(place(stack, it))))
        .collect()
}

/// The main template with everything that is in its region.
fn single(stack: &Stack<'_>) -> Template {
    let homes = homes(stack);
    let outputs = stack.outputs.iter().filter(|(_, it)| !is_later(it, &homes)).collect();
    template(stack, Home::Place(Place::Main), &homes, &BTreeSet::new(), outputs)
}

/// Whether an output is known only once the standby's template is deployed.
fn is_later(output: &Output, homes: &Homes<'_>) -> bool {
    let mut needed = BTreeSet::new();
    nested::look(&output.value, &mut needed);
    needed.iter().any(|it| homes.get(it.as_str()) == Some(&Home::Place(Place::Standby)))
}

/// Writes the template, and others for what has to be in another region. The
/// values that pass between them are outputs of those and parameters of the
/// main one.
pub fn files(stack: &Stack<'_>, tags: &BTreeMap<String, String>) -> Vec<Artifact> {
    let main = single(stack);
    let (mut out, mut asked) = if main.fits() {
        (vec![Artifact::text("template.yaml", main.text)], main.asked)
    } else {
        nested::files(stack, &homes(stack))
    };
    let homes = homes(stack);
    let others: Vec<Home> = apart(stack).into_iter().map(Home::Place).collect();
    let write = |home, told: &_| {
        let later = home == Home::Place(Place::Standby);
        let outputs = stack.outputs.iter().filter(|(_, it)| later && is_later(it, &homes));
        template(stack, home, &homes, told, outputs.collect())
    };
    // What one of them tells is known once all have asked.
    asked.extend(others.iter().flat_map(|it| write(*it, &BTreeSet::new()).asked));
    out.extend(others.iter().map(|it| Artifact::text(it.path(), write(*it, &asked).text)));
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

/// A template and what it needs of others.
struct Template {
    text: String,
    asked: BTreeSet<Asked>,
    inputs: Vec<(String, Yaml)>,
    outputs: usize,
    resources: usize,
}

impl Template {
    /// Whether CloudFormation takes it.
    fn fits(&self) -> bool {
        self.text.len() <= MAX_BYTES
            && self.resources <= MAX_RESOURCES
            && self.inputs.len() <= MAX_VALUES
            && self.outputs <= MAX_VALUES
    }
}

/// The start of a template, up to its parameters.
fn head(stack: &Stack<'_>, what: &str) -> Vec<(String, Yaml)> {
    let text = format!("{}, {} option{what}.", stack.graph.project, stack.graph.tier.name());
    vec![
        ("AWSTemplateFormatVersion".to_owned(), Yaml::text("2010-09-09")),
        ("Description".to_owned(), Yaml::Text(text)),
    ]
}

/// The template of one home, which tells others what they ask for, and says these
/// outputs of the stack.
fn template(
    stack: &Stack<'_>,
    here: Home,
    homes: &Homes<'_>,
    told: &BTreeSet<Asked>,
    said: Vec<(&String, &Output)>,
) -> Template {
    let apart =
        homes.iter().filter(|(_, home)| **home != here).map(|(key, home)| (*key, *home)).collect();
    let ids = Ids { logical: logical_ids(stack), apart, ..Ids::default() };
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
    let count = resources.len();
    let mut outputs: Vec<(String, Yaml)> = Vec::new();
    for it in told.iter().filter(|it| it.home == here) {
        let text = match here {
            Home::Place(_) => "Give this to the templates that ask for it.",
            Home::Part(..) => "Other parts need it.",
        };
        let fields = [("Description", Yaml::text(text)), ("Value", it.output())];
        outputs.push((it.parameter(), Yaml::map(fields)));
    }
    for (name, output) in said {
        let value = yaml(&output.value, &ids);
        let fields = [("Description", Yaml::text(&output.description)), ("Value", value)];
        outputs.push((camel(name), Yaml::map(fields)));
    }
    let said = outputs.len();
    let mut rest = vec![("Resources".to_owned(), Yaml::Map(resources))];
    if !outputs.is_empty() {
        rest.push(("Outputs".to_owned(), Yaml::Map(outputs)));
    }
    let mut body = String::new();
    write_map(&mut body, &rest, 0);
    // A parameter that nothing reads is a remark of every linter.
    let asked = ids.asked.into_inner();
    let mut inputs = parameters(stack, &body);
    for it in &asked {
        let parameter = it.parameter();
        let text = match it.home {
            Home::Place(place) => format!(
                "Output {parameter} of the stack made of {} in {}.",
                it.home.path(),
                place.region(stack.graph)
            ),
            Home::Part(..) => format!("Output {parameter} of {}.", it.home.path()),
        };
        let fields = [("Type", Yaml::text("String")), ("Description", Yaml::Text(text))];
        inputs.push((parameter, Yaml::map(fields)));
    }
    let what = match here {
        Home::Place(_) => String::new(),
        Home::Part(..) => format!(", {}", here.stem().replace('_', " ")),
    };
    let mut root = head(stack, &what);
    if !inputs.is_empty() {
        root.push(("Parameters".to_owned(), Yaml::Map(inputs.clone())));
    }
    let mut text = String::new();
    write_map(&mut text, &root, 0);
    Template { text: text + &body, asked, inputs, outputs: said, resources: count }
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
    let none = Ids::default();
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
