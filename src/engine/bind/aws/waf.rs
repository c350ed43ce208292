//! AWS WAF: managed rules and a rate limit before what the internet reaches.

use super::kit;
use super::wire::Ends;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, Kind, Spec, WebFirewall};

binding! {
    WebFirewall {
        service: "waf",
        title: "AWS WAF",
        docs: "https://docs.aws.amazon.com/waf/latest/developerguide/waf-chapter.html",
        sla: Some(Sla {
            availability: 0.9995,
            single: 0.9995,
            source: "https://aws.amazon.com/waf/sla/",
        }),
        limits: &[Limit {
            what: "Capacity of a web ACL",
            value: "5,000 units",
            source: "https://docs.aws.amazon.com/waf/latest/developerguide/limits.html",
        }],
        latency_ms: None,
    }
}

/// Rule groups that AWS keeps current, the most general first.
/// <https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html>
const GROUPS: [&str; 4] = [
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesSQLiRuleSet",
];

/// A firewall before a distribution and one before regional things are two.
fn lower(stack: &mut Stack<'_>, it: &Component, spec: &WebFirewall) {
    let kinds: Vec<Kind> = stack.graph.targets(&it.id).map(|(_, to)| to.spec.kind()).collect();
    let cdn = kinds.contains(&Kind::Cdn);
    let regional = kinds.is_empty() || kinds.iter().any(|kind| *kind != Kind::Cdn);
    let mut facet = Facet::default();
    if regional {
        let acl = acl(stack, it, spec, "", "REGIONAL");
        facet = facet.handle("acl", &acl).value("arn", acl.arn());
    }
    if cdn {
        let acl = acl(stack, it, spec, if regional { "global" } else { "" }, "CLOUDFRONT");
        facet = facet.handle("global_acl", &acl).value("global_arn", acl.arn());
    }
    stack.facet(it, facet);
}

fn acl(
    stack: &mut Stack<'_>,
    it: &Component,
    spec: &WebFirewall,
    suffix: &str,
    scope: &str,
) -> Handle {
    let global = scope == "CLOUDFRONT";
    let name = stack.name_with(it, suffix);
    let count = (spec.rules as usize).clamp(2, GROUPS.len());
    let mut draft = stack
        .add(it, suffix, "aws_wafv2_web_acl", "AWS::WAFv2::WebACL")
        .set("name", "Name", name)
        .set("scope", "Scope", scope)
        .tf("default_action", block([("allow", block([]))]))
        .cfn("DefaultAction", block([("Allow", map([]))]));
    let mut rules = Vec::new();
    for (n, group) in GROUPS.iter().take(count).enumerate() {
        draft = draft.tf("rule", managed(group, n, false));
        rules.push(managed(group, n, true));
    }
    draft = draft.tf("rule", rate(spec.rate_limit, count, false));
    rules.push(rate(spec.rate_limit, count, true));
    draft = draft
        .cfn("Rules", Expr::List(rules))
        .tf("visibility_config", visibility("firewall", false))
        .cfn("VisibilityConfig", visibility("firewall", true));
    if global {
        draft = draft.global();
    }
    let acl = draft.done();
    // The name has to start like this, or WAF refuses to write to it.
    let log_name: Expr = join!["aws-waf-logs-", stack.name_with(it, suffix)];
    let tail = |text: &str| {
        if suffix.is_empty() { text.to_owned() } else { format!("{suffix}_{text}") }
    };
    let key = stack.key_arn.take();
    if !global {
        stack.key_arn.clone_from(&key);
    }
    let logs = kit::log_group(stack, it, &tail("logs"), log_name);
    stack.key_arn = key;
    if global && let Some(draft) = stack.edit(&logs) {
        draft
            .global()
            .skip(
                "CKV_AWS_158",
                "The key of the stack is in another region than CloudFront's firewall",
            )
            .done();
    }
    let destination = if global {
        let name = logs.by_ref("name");
        join!["arn:", Expr::Partition, ":logs:us-east-1:", Expr::AccountId, ":log-group:", name]
    } else {
        super::ec2_network::log_arn(&logs)
    };
    let mut draft = stack
        .add(
            it,
            &tail("logging"),
            "aws_wafv2_web_acl_logging_configuration",
            "AWS::WAFv2::LoggingConfiguration",
        )
        .set("resource_arn", "ResourceArn", acl.arn())
        .set("log_destination_configs", "LogDestinationConfigs", list![destination]);
    if global {
        draft = draft.global();
    }
    draft.done();
    acl
}

fn visibility(metric: &str, camel: bool) -> Expr {
    if camel {
        block([
            ("CloudWatchMetricsEnabled", true.into()),
            ("MetricName", metric.into()),
            ("SampledRequestsEnabled", true.into()),
        ])
    } else {
        block([
            ("cloudwatch_metrics_enabled", true.into()),
            ("metric_name", metric.into()),
            ("sampled_requests_enabled", true.into()),
        ])
    }
}

fn managed(group: &str, priority: usize, camel: bool) -> Expr {
    let metric = group.trim_start_matches("AWSManagedRules");
    let priority = priority as i64;
    if camel {
        map([
            ("Name", metric.into()),
            ("Priority", priority.into()),
            ("OverrideAction", map([("None", map([]))])),
            (
                "Statement",
                map([(
                    "ManagedRuleGroupStatement",
                    map([("VendorName", "AWS".into()), ("Name", group.into())]),
                )]),
            ),
            ("VisibilityConfig", visibility(metric, true)),
        ])
    } else {
        block([
            ("name", metric.into()),
            ("priority", priority.into()),
            ("override_action", block([("none", block([]))])),
            (
                "statement",
                block([(
                    "managed_rule_group_statement",
                    block([("vendor_name", "AWS".into()), ("name", group.into())]),
                )]),
            ),
            ("visibility_config", visibility(metric, false)),
        ])
    }
}

fn rate(limit: u32, priority: usize, camel: bool) -> Expr {
    let priority = priority as i64;
    if camel {
        let statement = map([("Limit", limit.into()), ("AggregateKeyType", "IP".into())]);
        map([
            ("Name", "RateLimit".into()),
            ("Priority", priority.into()),
            ("Action", map([("Block", map([]))])),
            ("Statement", map([("RateBasedStatement", statement)])),
            ("VisibilityConfig", visibility("RateLimit", true)),
        ])
    } else {
        let statement = block([("limit", limit.into()), ("aggregate_key_type", "IP".into())]);
        block([
            ("name", "RateLimit".into()),
            ("priority", priority.into()),
            ("action", block([("block", block([]))])),
            ("statement", block([("rate_based_statement", statement)])),
            ("visibility_config", visibility("RateLimit", false)),
        ])
    }
}

/// The ARN of the firewall before a distribution.
pub fn arn_for(stack: &Stack<'_>, it: &Component) -> Option<Expr> {
    let (_, firewall) =
        stack.graph.sources(&it.id).find(|(_, from)| from.spec.kind() == Kind::WebFirewall)?;
    stack.facets.get(&firewall.id)?.values.get("global_arn").cloned()
}

/// Puts the firewall before something.
pub fn protect(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let resource = match &ends.to.spec {
        // Named by the distribution itself.
        Spec::Cdn(_) => return super::cloudfront::distribution(stack, ends.to).map(|_| ()),
        // An HTTP API takes no firewall; its distribution does.
        Spec::HttpApi(_) => ends.target.values.get("stage_arn")?,
        Spec::LoadBalancer(_)
        | Spec::GraphqlApi(_)
        | Spec::UserDirectory(_)
        | Spec::WebService(_) => ends.target.values.get("arn")?,
        _ => return None,
    };
    // A resource has one firewall, whatever it does for it.
    if stack.has("aws_wafv2_web_acl_association", &[("resource_arn", resource)]) {
        return Some(());
    }
    stack
        .add(
            ends.from,
            &ends.suffix(),
            "aws_wafv2_web_acl_association",
            "AWS::WAFv2::WebACLAssociation",
        )
        .set("resource_arn", "ResourceArn", resource)
        .set("web_acl_arn", "WebACLArn", ends.source.values.get("arn")?)
        .done();
    Some(())
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &WebFirewall) {
    let rules = f64::from(spec.rules.clamp(2, 4)) + 1.0;
    bill.add(it, "Web ACL", "waf", "acl-month", Quantity::fixed(1.0), "one web ACL");
    bill.add(
        it,
        "Rules",
        "waf",
        "rule-month",
        Quantity::fixed(rules),
        "managed rule groups and a rate limit",
    );
    bill.add(
        it,
        "Requests",
        "waf",
        "request-million",
        Quantity::usage(spec.requests_per_month / 1e6),
        "million requests",
    );
}
