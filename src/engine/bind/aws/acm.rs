//! AWS Certificate Manager: certificates of the system's domain.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, join, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Certificate, Component, Kind};

binding! {
    Certificate {
        service: "acm",
        title: "AWS Certificate Manager",
        docs: "https://docs.aws.amazon.com/acm/latest/userguide/acm-overview.html",
        sla: None,
        limits: &[],
        latency_ms: None,
    }
}

/// The domain as an input, so that stages can have their own.
pub fn domain(stack: &mut Stack<'_>, default: &str) -> Expr {
    kit::text_input(
        stack,
        "domain_name",
        "Domain that the system answers at; its name servers are delegated to the DNS zone.",
        Some(default),
    )
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &Certificate) {
    let domain = domain(stack, &spec.domain);
    let is_cdn = |kind: Kind| kind == Kind::Cdn;
    let targets: Vec<Kind> = stack.graph.targets(&it.id).map(|(_, to)| to.spec.kind()).collect();
    let here = stack.graph.region == "us-east-1";
    // CloudFront takes its certificate from us-east-1, everything else from its own region.
    // A load balancer behind the distribution has it too: traffic between them is sealed as well.
    let regional = here
        || targets.is_empty()
        || targets.iter().any(|kind| !is_cdn(*kind))
        || stack.graph.has(Kind::LoadBalancer);
    let global = !here && targets.iter().any(|kind| is_cdn(*kind));
    let mut facet = Facet::default().value("domain", domain.clone());
    if regional {
        let certificate = certificate(stack, it, "", &domain, false);
        facet = facet.handle("certificate", &certificate).value("arn", certificate.by_ref("arn"));
        if here {
            facet = facet.value("global_arn", certificate.by_ref("arn"));
        }
    }
    if global {
        let certificate = certificate(stack, it, "global", &domain, true);
        facet = facet.value("global_arn", certificate.by_ref("arn"));
    }
    stack.facet(it, facet);
}

/// A certificate for the domain and everything right below it, proved through
/// the DNS zone of the design when it has one.
fn certificate(
    stack: &mut Stack<'_>,
    it: &Component,
    suffix: &str,
    domain: &Expr,
    global: bool,
) -> Handle {
    let zone = stack
        .graph
        .of_kind(Kind::DnsZone)
        .find_map(|zone| stack.facets.get(&zone.id)?.handles.get("zone").cloned());
    let below: Expr = join!["*.", domain.clone()];
    let mut draft = stack
        .add(it, suffix, "aws_acm_certificate", "AWS::CertificateManager::Certificate")
        .set("domain_name", "DomainName", domain)
        .set("subject_alternative_names", "SubjectAlternativeNames", list![below])
        .set("validation_method", "ValidationMethod", "DNS")
        .tf(
            "lifecycle",
            crate::engine::bind::expr::block([("create_before_destroy", true.into())]),
        );
    if let Some(zone) = &zone {
        draft = draft.cfn(
            "DomainValidationOptions",
            list![map([("DomainName", domain.clone()), ("HostedZoneId", zone.by_ref("zone_id"))])],
        );
    }
    if global {
        draft = draft.global();
    }
    let certificate = draft.done();
    let Some(zone) = zone else { return certificate };
    // The domain and its wildcard are proved by the same record.
    let option = |field: &str| {
        Expr::Hcl(format!(
            "tolist(aws_acm_certificate.{}.domain_validation_options)[0].{field}",
            certificate.key()
        ))
    };
    let suffix = |tail: &str| {
        if suffix.is_empty() { tail.to_owned() } else { format!("{suffix}_{tail}") }
    };
    let record = stack
        .tf_only(it, &suffix("proof"), "aws_route53_record")
        .tf("zone_id", zone.by_ref("zone_id"))
        .tf("name", option("resource_record_name"))
        .tf("type", option("resource_record_type"))
        .tf("records", Expr::List(vec![option("resource_record_value")]))
        .tf("ttl", 300)
        .tf("allow_overwrite", true)
        .done();
    let mut draft = stack
        .tf_only(it, &suffix("proved"), "aws_acm_certificate_validation")
        .tf("certificate_arn", certificate.by_ref("arn"))
        .tf("validation_record_fqdns", Expr::List(vec![record.by_ref("fqdn")]));
    if global {
        draft = draft.global();
    }
    draft.done();
    certificate
}

/// Public certificates cost nothing.
fn cost(_bill: &mut Bill<'_>, _it: &Component, _spec: &Certificate) {}
