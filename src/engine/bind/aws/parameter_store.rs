//! AWS Systems Manager Parameter Store.

use super::kit;
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, Parameter};
use crate::engine::requirements::Intent;

binding! {
    Parameter {
        service: "ssm-parameter-store",
        title: "AWS Systems Manager Parameter Store",
        docs: "https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-parameter-store.html",
        sla: None,
        limits: &[Limit {
            what: "Size of a standard parameter",
            value: "4 KB",
            source: "https://docs.aws.amazon.com/general/latest/gr/ssm.html",
        }],
        latency_ms: Some((15.0, 50.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &Parameter) {
    let path: Expr = join!["/", stack.name(it)];
    let key = stack.key_arn.clone();
    let mut first = None;
    for n in 1..=spec.count.max(1) {
        let suffix = if n == 1 { String::new() } else { n.to_string() };
        let leaf = if n == 1 { "settings".to_owned() } else { format!("settings-{n}") };
        let parameter = stack
            .add(it, &suffix, "aws_ssm_parameter", "AWS::SSM::Parameter")
            .set("name", "Name", join![path.clone(), format!("/{leaf}")])
            .set("description", "Description", kit::ascii(&it.title))
            // CloudFormation cannot make a secure string.
            .tf("type", "SecureString")
            .cfn("Type", "String")
            .tf("value", "{}")
            .cfn("Value", "{}")
            .tf("lifecycle", block([("ignore_changes", Expr::Hcl("[value]".to_owned()))]))
            .comment("Holds an empty object until settings are written to it.");
        let parameter = match &key {
            Some(key) => parameter.tf("key_id", key.clone()).done(),
            None => parameter
                .skip("CKV_AWS_337", "A secure string, sealed with the key that AWS manages")
                .done(),
        };
        first = first.or(Some(parameter));
    }
    let Some(first) = first else { return };
    let below = kit::arn("ssm", join!["parameter", path.clone(), "/*"]);
    let facet = Facet::default()
        .handle("parameter", &first)
        .value("arn", below.clone())
        .value("name", first.by_ref("name"))
        .value("path", path.clone())
        .reference("PARAMETER_PATH", path)
        .grant(
            &[Intent::Reads],
            &["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"],
            vec![below.clone()],
        )
        .grant(&[Intent::Writes], &["ssm:PutParameter"], vec![below]);
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Parameter) {
    // Standard parameters and their normal throughput are free; they are listed at that.
    let _ = spec;
    bill.add(
        it,
        "Requests",
        "ssm",
        "parameter-10k",
        Quantity::fixed(0.0),
        "standard parameters are free",
    );
}
