//! Amazon GuardDuty.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, join, map};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, Kind, ThreatDetection, Tier};
use crate::engine::requirements::Intent;

binding! {
    ThreatDetection {
        service: "guardduty",
        title: "Amazon GuardDuty",
        docs: "https://docs.aws.amazon.com/guardduty/latest/ug/what-is-guardduty.html",
        sla: None,
        limits: &[],
        latency_ms: None,
    }
}

/// Protection plans for what the design has.
fn features(stack: &Stack<'_>) -> Vec<&'static str> {
    let graph = stack.graph;
    [
        ("S3_DATA_EVENTS", graph.has(Kind::ObjectStore)),
        ("EKS_AUDIT_LOGS", graph.has(Kind::KubernetesCluster)),
        ("EBS_MALWARE_PROTECTION", graph.has(Kind::VirtualMachines) && stack.tier() != Tier::Good),
        ("RDS_LOGIN_EVENTS", graph.has(Kind::RelationalDatabase)),
        ("LAMBDA_NETWORK_LOGS", graph.has(Kind::Function) && stack.tier() != Tier::Good),
    ]
    .into_iter()
    .filter_map(|(name, wanted)| wanted.then_some(name))
    .collect()
}

fn lower(stack: &mut Stack<'_>, it: &Component, _: &ThreatDetection) {
    let features = features(stack);
    let rows = features
        .iter()
        .map(|name| map([("Name", (*name).into()), ("Status", "ENABLED".into())]))
        .collect();
    let mut draft = stack
        .add(it, "", "aws_guardduty_detector", "AWS::GuardDuty::Detector")
        .set("enable", "Enable", true)
        .set("finding_publishing_frequency", "FindingPublishingFrequency", "FIFTEEN_MINUTES")
        .comment("An account has one detector per region. Import it, or leave this out, where it is on already.")
        .skip("CKV2_AWS_3", "Watches this account; an organisation turns it on for all of its own from its security account");
    if !features.is_empty() {
        draft = draft.cfn("Features", Expr::List(rows));
    }
    let detector = draft.done();
    for name in features {
        stack
            .tf_only(it, &name.to_ascii_lowercase(), "aws_guardduty_detector_feature")
            .tf("detector_id", detector.id())
            .tf("name", name)
            .tf("status", "ENABLED")
            .done();
    }
    let arn = kit::arn("guardduty", join!["detector/", detector.id()]);
    let facet = Facet::default().handle("main", &detector).value("arn", arn.clone()).grant(
        &[Intent::Reads],
        &["guardduty:GetFindings", "guardduty:ListFindings"],
        vec![arn],
    );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &ThreatDetection) {
    bill.add(
        it,
        "API events analysed",
        "guardduty",
        "cloudtrail-million",
        Quantity::usage(spec.events_per_month / 1e6),
        "million CloudTrail events",
    );
    bill.add(
        it,
        "Network logs analysed",
        "guardduty",
        "flow-logs-gb",
        Quantity::usage(spec.log_gb_per_month),
        "GB of flow and DNS logs",
    );
}

#[cfg(test)]
mod tests {
    use crate::engine::bind::testing::{cloudformation_of, graph, terraform_of};
    use crate::engine::graph::{ObjectStore, Reason, ThreatDetection};

    #[test]
    fn it_protects_what_the_design_has() {
        let mut graph = graph("threats", ThreatDetection::default());
        assert!(!terraform_of(&graph).contains("S3_DATA_EVENTS"));
        graph.add("files", "Files", ObjectStore::default(), Reason::rule("A test asks for it."));
        assert!(terraform_of(&graph).contains("S3_DATA_EVENTS"));
        assert!(cloudformation_of(&graph).contains("S3_DATA_EVENTS"));
    }
}
