//! Amazon Inspector.

use super::{house, kit};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, join, list, map};
use crate::engine::bind::stack::{Facet, Stack, Statement};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, Kind, VulnerabilityScan};
use crate::engine::requirements::Intent;

binding! {
    VulnerabilityScan {
        service: "inspector",
        title: "Amazon Inspector",
        docs: "https://docs.aws.amazon.com/inspector/latest/user/what-is-inspector.html",
        sla: None,
        limits: &[],
        latency_ms: None,
    }
}

/// What is scanned: the kinds that the design has; images when it has none of them.
fn types(stack: &Stack<'_>) -> Vec<&'static str> {
    let graph = stack.graph;
    let found: Vec<_> = [
        ("EC2", graph.has(Kind::VirtualMachines)),
        ("ECR", graph.has(Kind::ImageRegistry)),
        ("LAMBDA", graph.has(Kind::Function)),
    ]
    .into_iter()
    .filter_map(|(name, wanted)| wanted.then_some(name))
    .collect();
    if found.is_empty() { vec!["ECR"] } else { found }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _: &VulnerabilityScan) {
    let types = types(stack);
    let enabler = stack
        .tf_only(it, "", "aws_inspector2_enabler")
        .tf("account_ids", list![Expr::AccountId])
        .tf("resource_types", types.clone())
        .done();
    let linked = Statement {
        actions: vec!["iam:CreateServiceLinkedRole".to_owned()],
        resources: vec![join![
            "arn:",
            Expr::Partition,
            ":iam::",
            Expr::AccountId,
            ":role/aws-service-role/*"
        ]],
        condition: Some((
            "StringLike".to_owned(),
            "iam:AWSServiceName".to_owned(),
            "*inspector2.amazonaws.com".into(),
        )),
    };
    // Turning the service on concerns the account: there is no resource to name.
    let allow = kit::allow(&["inspector2:Enable", "inspector2:Disable"], vec!["*".into()]);
    let parameters = || map([("resourceTypes", types.clone().into())]);
    house::call(
        stack,
        it,
        "on",
        ("inspector2", "enable", parameters()),
        Some(("inspector2", "disable", parameters())),
        &[allow, linked],
    );
    let facet = Facet::default()
        .handle("main", &enabler)
        .value("arn", kit::arn("inspector2", join!["finding/*"]))
        .grant(&[Intent::Reads], &["inspector2:ListFindings"], vec!["*".into()]);
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &VulnerabilityScan) {
    for (item, quantity, key) in [
        ("Images scanned", spec.images_per_month, "inspector image-scan"),
        ("Machines scanned", f64::from(spec.machines), "inspector machine-month"),
        ("Functions scanned", f64::from(spec.functions), "inspector function-month"),
    ] {
        if quantity > 0.0 {
            bill.unpriced(it, item, quantity, key);
        }
    }
}
