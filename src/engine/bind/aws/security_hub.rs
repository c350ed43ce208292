//! AWS Security Hub.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, join};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, SecurityPosture, Tier};
use crate::engine::requirements::Intent;

binding! {
    SecurityPosture {
        service: "security-hub",
        title: "AWS Security Hub",
        docs: "https://docs.aws.amazon.com/securityhub/latest/userguide/what-is-securityhub.html",
        sla: None,
        limits: &[],
        latency_ms: None,
    }
}

const BEST_PRACTICES: (&str, &str) =
    ("best_practices", "standards/aws-foundational-security-best-practices/v/1.0.0");
const CIS: (&str, &str) = ("cis", "standards/cis-aws-foundations-benchmark/v/3.0.0");

fn lower(stack: &mut Stack<'_>, it: &Component, _: &SecurityPosture) {
    let hub = stack
        .add(it, "", "aws_securityhub_account", "AWS::SecurityHub::Hub")
        .set("enable_default_standards", "EnableDefaultStandards", false)
        .set("auto_enable_controls", "AutoEnableControls", true)
        .set("control_finding_generator", "ControlFindingGenerator", "SECURITY_CONTROL")
        .comment("An account has one hub per region. Import it, or leave this out, where it is on already.")
        .done();
    let standards: &[_] =
        if stack.tier() == Tier::Good { &[BEST_PRACTICES] } else { &[BEST_PRACTICES, CIS] };
    for (suffix, path) in standards {
        let arn: Expr =
            join!["arn:", Expr::Partition, ":securityhub:", Expr::Region, format!("::{path}")];
        stack
            .add(it, suffix, "aws_securityhub_standards_subscription", "AWS::SecurityHub::Standard")
            .set("standards_arn", "StandardsArn", arn)
            .after(&hub)
            .done();
    }
    let arn = kit::arn("securityhub", join!["hub/default"]);
    let facet = Facet::default().handle("main", &hub).value("arn", arn.clone()).grant(
        &[Intent::Reads],
        &["securityhub:GetFindings"],
        vec![arn],
    );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &SecurityPosture) {
    bill.add(
        it,
        "Security checks",
        "securityhub",
        "check",
        Quantity::fixed(spec.checks_per_month),
        "checks of controls",
    );
}
