//! The README that comes with the code of an option.

use super::Artifact;
use crate::engine::analysis::{Cost, Format};
use crate::engine::bind::binding_of;
use crate::engine::bind::stack::{Place, Stack};
use std::fmt::Write;

/// `files` are those of the code.
pub fn text(stack: &Stack<'_>, format: Format, cost: &Cost, files: &[Artifact]) -> String {
    let graph = stack.graph;
    let has = |folder: &str| files.iter().any(|it| it.path.starts_with(folder));
    let mut out = format!(
        "# {}\n\nThe {} option, in {}.\n\n## What it is made of\n\n| component | service | why |\n| --- | --- | --- |\n",
        graph.project,
        graph.tier.name(),
        graph.region
    );
    for component in &graph.components {
        let service = binding_of(&component.spec).map_or("", |it| it.title);
        let _ = writeln!(
            out,
            "| {} | {service} | {} |",
            cell(&component.title),
            cell(&component.reason.text)
        );
    }
    let _ = write!(
        out,
        "\nExpected cost: ${:.2} a month (${:.2} at half the load, ${:.2} at twice the load), list prices without tax.\n",
        cost.monthly, cost.low, cost.high
    );
    if !cost.unpriced.is_empty() {
        out.push_str("\nNot in these figures, since no list price is known:\n\n");
        for it in &cost.unpriced {
            let _ = writeln!(out, "- {} of {}", it.item, it.component);
        }
    }
    out.push_str("\n## Deploy\n\n");
    out.push_str(match format {
        Format::Terraform => {
            "```\nterraform init\nterraform plan -var-file=environments/prod.tfvars\nterraform apply -var-file=environments/prod.tfvars\n```\n\nFunctions start with a small program that answers health checks. Change the\nsource below `functions/`, zip it again under the same name, and apply.\n"
        }
        Format::CloudFormation if has("parts/") => NESTED,
        Format::CloudFormation => {
            "```\naws cloudformation deploy --template-file template.yaml --stack-name NAME --capabilities CAPABILITY_NAMED_IAM\n```\n\nA template above 51,200 bytes is uploaded first: add `--s3-bucket BUCKET`.\n"
        }
    });
    if has("modules/") {
        out.push_str(MODULES);
    }
    let apart = super::cloudformation::apart(stack);
    if format == Format::CloudFormation && !apart.is_empty() {
        let (after, before): (Vec<Place>, Vec<Place>) =
            apart.into_iter().partition(|it| *it == Place::Standby);
        let mut list = |text: &str, places: &[Place]| {
            if !places.is_empty() {
                let _ = writeln!(out, "\n{text}\n");
            }
            for place in places {
                let _ = writeln!(out, "- `{}.yaml` in {}", place.name(), place.region(graph));
            }
        };
        list(
            "Before it, once each, with `--region REGION`; their outputs are inputs of the same names:",
            &before,
        );
        list("After it, with `--region REGION`, since it follows what is there by then:", &after);
    }
    let asked: Vec<_> = stack.variables.iter().filter(|(_, it)| it.default.is_none()).collect();
    if !asked.is_empty() {
        out.push_str("\nThese inputs have no default:\n\n");
        for (name, variable) in asked {
            let _ = writeln!(out, "- `{name}`: {}", variable.description);
        }
    }
    out
}

const MODULES: &str = "\nThe code is split into local modules below `modules/`, one for each concern;\n`main.tf` shows what passes between them. A stack that was deployed before it was\nsplit is not replaced: `moved.tf` takes its resources to their modules.\n";

const NESTED: &str = "The design is larger than one template may be, so `template.yaml` makes a nested\nstack of every file below `parts/`. CloudFormation reads those from a bucket of\nyours; the first command puts them there and writes `packaged.yaml`, which names\nthem. Run both again after every change, and change the parts through the main\nstack only.\n\n```\naws cloudformation package --template-file template.yaml --s3-bucket BUCKET --output-template-file packaged.yaml\naws cloudformation deploy --template-file packaged.yaml --s3-bucket BUCKET --stack-name NAME --capabilities CAPABILITY_NAMED_IAM\n```\n";

/// Text that stays in its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").split_whitespace().collect::<Vec<_>>().join(" ")
}
