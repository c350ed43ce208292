//! AWS Shield Advanced: protection of single resources against floods of requests.

use super::wire::Ends;
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, join};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, DdosProtection, Kind, Layer, Spec};

binding! {
    DdosProtection {
        service: "shield",
        title: "AWS Shield",
        docs: "https://docs.aws.amazon.com/waf/latest/developerguide/shield-chapter.html",
        sla: None,
        limits: &[Limit {
            what: "Protected resources of a kind",
            value: "1,000",
            source: "https://docs.aws.amazon.com/waf/latest/developerguide/shield-limits.html",
        }],
        latency_ms: None,
    }
}

/// Without the advanced plan there is nothing to make: Shield Standard is always on.
fn lower(stack: &mut Stack<'_>, it: &Component, spec: &DdosProtection) {
    stack.facet(it, Facet::default().value("advanced", spec.advanced));
}

/// Protects what Shield Advanced takes; the other kinds have Shield Standard.
pub fn protect(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    if ends.source.values.get("advanced") == Some(&Expr::Bool(false)) {
        return Some(());
    }
    // Shield takes the addresses of a network load balancer, not the balancer: AWS owns those here.
    if matches!(&ends.to.spec, Spec::LoadBalancer(spec) if spec.layer != Layer::Http) {
        return Some(());
    }
    let target = match ends.to.spec.kind() {
        Kind::LoadBalancer => ends.target.handles.get("load_balancer")?.by_ref("arn"),
        Kind::GlobalAccelerator => ends.target.values.get("arn")?.clone(),
        Kind::Cdn => {
            let distribution = ends.target.handles.get("distribution")?;
            join![
                "arn:",
                Expr::Partition,
                ":cloudfront::",
                Expr::AccountId,
                ":distribution/",
                distribution.id()
            ]
        }
        Kind::DnsZone => {
            let zone = ends.target.handles.get("zone")?;
            join!["arn:", Expr::Partition, ":route53:::hostedzone/", zone.id()]
        }
        _ => return None,
    };
    let name = stack.name(ends.to);
    stack
        .add(ends.from, &ends.suffix(), "aws_shield_protection", "AWS::Shield::Protection")
        .set("name", "Name", name)
        .set("resource_arn", "ResourceArn", target)
        .comment("Needs the account's subscription to Shield Advanced, which is made once in the console.")
        .done();
    Some(())
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &DdosProtection) {
    if spec.advanced {
        bill.unpriced(it, "Subscription to Shield Advanced", 1.0, "shield advanced-month");
    }
}
