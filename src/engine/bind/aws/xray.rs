//! AWS X-Ray.

use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, Tracing};
use crate::engine::requirements::Intent;

binding! {
    Tracing {
        service: "x-ray",
        title: "AWS X-Ray",
        docs: "https://docs.aws.amazon.com/xray/latest/devguide/aws-xray.html",
        sla: None,
        limits: &[Limit {
            what: "Traces are kept",
            value: "30 days",
            source: "https://docs.aws.amazon.com/general/latest/gr/xray.html",
        }],
        latency_ms: None,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &Tracing) {
    let rate = (spec.sampling_percent / 100.0).clamp(0.0, 1.0);
    // Rule and group names have 32 characters at most, fewer than the prefix may need.
    let stem = stack.graph.project.as_str();
    let name: Expr = format!("{stem}-{}", it.id).chars().take(32).collect::<String>().into();
    stack
        .add(it, "", "aws_xray_sampling_rule", "AWS::XRay::SamplingRule")
        .tf("rule_name", name.clone())
        .tf("priority", 1000)
        .tf("version", 1)
        .tf("reservoir_size", 1)
        .tf("fixed_rate", rate)
        .tf("url_path", "*")
        .tf("host", "*")
        .tf("http_method", "*")
        .tf("service_type", "*")
        .tf("service_name", "*")
        .tf("resource_arn", "*")
        .cfn(
            "SamplingRule",
            block([
                ("RuleName", name.clone()),
                ("Priority", 1000.into()),
                ("Version", 1.into()),
                ("ReservoirSize", 1.into()),
                ("FixedRate", rate.into()),
                ("URLPath", "*".into()),
                ("Host", "*".into()),
                ("HTTPMethod", "*".into()),
                ("ServiceType", "*".into()),
                ("ServiceName", "*".into()),
                ("ResourceARN", "*".into()),
            ]),
        )
        .done();
    let group = stack
        .add(it, "faults", "aws_xray_group", "AWS::XRay::Group")
        .set("group_name", "GroupName", name)
        .set("filter_expression", "FilterExpression", "fault = true OR responsetime > 5")
        .tf(
            "insights_configuration",
            block([("insights_enabled", true.into()), ("notifications_enabled", false.into())]),
        )
        .cfn(
            "InsightsConfiguration",
            block([("InsightsEnabled", true.into()), ("NotificationsEnabled", false.into())]),
        )
        .done();
    let facet = Facet::default().handle("group", &group).grant(
        &[Intent::Publishes, Intent::Writes, Intent::Streams],
        // Traces have no resources that a permission could name.
        &[
            "xray:PutTraceSegments",
            "xray:PutTelemetryRecords",
            "xray:GetSamplingRules",
            "xray:GetSamplingTargets",
        ],
        vec!["*".into()],
    );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Tracing) {
    let recorded = Quantity::usage(spec.traces_per_month).beyond(100_000.0);
    if recorded.high > 0.0 {
        bill.unpriced(it, "Traces beyond 100,000 free", recorded.expected, "xray trace-million");
    }
}
