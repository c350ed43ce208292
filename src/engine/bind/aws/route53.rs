//! Amazon Route 53: the DNS zone and the names in it.

use super::wire::Ends;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join, list, map};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{ApiProtocol, Component, DnsZone, Kind, Spec};

binding! {
    DnsZone {
        service: "route53",
        title: "Amazon Route 53",
        docs: "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/Welcome.html",
        sla: Some(Sla {
            availability: 1.0,
            single: 1.0,
            source: "https://aws.amazon.com/route53/sla/",
        }),
        limits: &[Limit {
            what: "Records in a zone",
            value: "10,000",
            source: "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html",
        }],
        latency_ms: None,
    }
}

/// The zone that every CloudFront distribution is in.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-route53-aliastarget.html>
const CLOUDFRONT_ZONE: &str = "Z2FDTNDATAQYW2";
/// The zone that every accelerator is in (same source).
const ACCELERATOR_ZONE: &str = "Z2BJ6XQ5FK7U4H";

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &DnsZone) {
    let domain = super::acm::domain(stack, &spec.domain);
    let network = stack.graph.first(Kind::Network);
    let vpc = match (spec.private, network) {
        // The network is lowered before zones are.
        (true, Some(network)) => {
            stack.facets.get(&network.id).and_then(|it| it.values.get("vpc_id").cloned())
        }
        _ => None,
    };
    let mut draft = stack
        .add(it, "", "aws_route53_zone", "AWS::Route53::HostedZone")
        .set("name", "Name", domain.clone())
        .skip("CKV2_AWS_38", "Signing needs a key in us-east-1 and a record at the registrar: a step for the domain's owner")
        .skip("CKV2_AWS_39", "Queries name no person here; their log costs more than the zone");
    if let Some(vpc) = vpc {
        draft = draft
            .tf("vpc", block([("vpc_id", vpc.clone())]))
            .cfn("VPCs", list![map([("VPCId", vpc), ("VPCRegion", Expr::Region)])]);
    }
    let zone = draft.done();
    if !spec.private {
        stack.output(
            "name_servers",
            "Name servers to enter at the domain's registrar.",
            Expr::Joined(Box::new(zone.att("name_servers", "NameServers")), ", "),
        );
    }
    let facet = Facet::default()
        .handle("zone", &zone)
        .value("domain", domain)
        .value("zone_id", zone.by_ref("zone_id"));
    stack.facet(it, facet);
}

/// A name for what a connection points to.
pub fn record(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let zone = ends.source.values.get("zone_id")?.clone();
    let domain = ends.source.values.get("domain")?.clone();
    let below = |name: &str| -> Expr { join![format!("{name}."), domain.clone()] };
    let apex_taken = stack.resources.iter().any(|it| it.key.ends_with("_apex"));
    let (name, suffix) = match ends.to.spec.kind() {
        Kind::HttpApi => (below("api"), format!("{}_api", ends.suffix())),
        Kind::GraphqlApi => (below("graphql"), ends.suffix()),
        _ if apex_taken => (below(ends.to.id.as_str()), ends.suffix()),
        _ => (domain.clone(), format!("{}_apex", ends.suffix())),
    };
    let value = |name: &str| ends.target.values.get(name).cloned();
    match &ends.to.spec {
        Spec::Cdn(_) => {
            alias(stack, ends, &suffix, &zone, &name, value("host")?, CLOUDFRONT_ZONE.into())
        }
        Spec::GlobalAccelerator(_) => {
            alias(stack, ends, &suffix, &zone, &name, value("host")?, ACCELERATOR_ZONE.into());
        }
        Spec::LoadBalancer(_) => {
            alias(stack, ends, &suffix, &zone, &name, value("host")?, value("zone_id")?);
        }
        Spec::HttpApi(api) => {
            let (host, api_zone) = api_name(stack, ends, api.protocol, &name)?;
            alias(stack, ends, &suffix, &zone, &name, host, api_zone);
        }
        Spec::Email(_) => mail_records(stack, ends, &zone, &domain)?,
        Spec::VirtualMachines(_) | Spec::VirtualServer(_) => {
            let address = value("public_ip").or_else(|| value("private_ip"))?;
            plain(stack, ends, &suffix, &zone, &name, "A", address);
        }
        _ => {
            let host = value("host")?;
            // The apex of a zone cannot be an alias of a name outside AWS' own zones.
            plain(stack, ends, &ends.suffix(), &zone, &below(ends.to.id.as_str()), "CNAME", host);
        }
    }
    Some(())
}

fn alias(
    stack: &mut Stack<'_>,
    ends: &Ends<'_>,
    suffix: &str,
    zone: &Expr,
    name: &Expr,
    host: Expr,
    host_zone: Expr,
) {
    stack
        .add(ends.from, suffix, "aws_route53_record", "AWS::Route53::RecordSet")
        .set("zone_id", "HostedZoneId", zone)
        .set("name", "Name", name)
        .set("type", "Type", "A")
        .tf(
            "alias",
            block([
                ("name", host.clone()),
                ("zone_id", host_zone.clone()),
                ("evaluate_target_health", false.into()),
            ]),
        )
        .cfn("AliasTarget", block([("DNSName", host), ("HostedZoneId", host_zone)]))
        .done();
}

fn plain(
    stack: &mut Stack<'_>,
    ends: &Ends<'_>,
    suffix: &str,
    zone: &Expr,
    name: &Expr,
    kind: &str,
    value: Expr,
) {
    stack
        .add(ends.from, suffix, "aws_route53_record", "AWS::Route53::RecordSet")
        .set("zone_id", "HostedZoneId", zone)
        .set("name", "Name", name)
        .set("type", "Type", kind)
        .tf("ttl", 300)
        .cfn("TTL", "300")
        .set("records", "ResourceRecords", list![value])
        .done();
}

/// A custom domain of an API, with a certificate of its own; answers with the
/// host and zone that an alias points to.
fn api_name(
    stack: &mut Stack<'_>,
    ends: &Ends<'_>,
    protocol: ApiProtocol,
    name: &Expr,
) -> Option<(Expr, Expr)> {
    let api = ends.target.handles.get("api")?.clone();
    let stage = ends.target.handles.get("stage")?.clone();
    let zone = ends.source.handles.get("zone")?.clone();
    let suffix = ends.suffix();
    let certificate = stack
        .add(
            ends.from,
            &format!("{suffix}_certificate"),
            "aws_acm_certificate",
            "AWS::CertificateManager::Certificate",
        )
        .set("domain_name", "DomainName", name)
        .set("validation_method", "ValidationMethod", "DNS")
        .cfn(
            "DomainValidationOptions",
            list![map([("DomainName", name.clone()), ("HostedZoneId", zone.by_ref("zone_id"))])],
        )
        .tf("lifecycle", block([("create_before_destroy", true.into())]))
        .done();
    let option = |field: &str| {
        Expr::Hcl(format!(
            "tolist(aws_acm_certificate.{}.domain_validation_options)[0].{field}",
            certificate.key()
        ))
    };
    let proof = stack
        .tf_only(ends.from, &format!("{suffix}_proof"), "aws_route53_record")
        .tf("zone_id", zone.by_ref("zone_id"))
        .tf("name", option("resource_record_name"))
        .tf("type", option("resource_record_type"))
        .tf("records", Expr::List(vec![option("resource_record_value")]))
        .tf("ttl", 300)
        .tf("allow_overwrite", true)
        .done();
    let proved = stack
        .tf_only(ends.from, &format!("{suffix}_proved"), "aws_acm_certificate_validation")
        .tf("certificate_arn", certificate.by_ref("arn"))
        .tf("validation_record_fqdns", Expr::List(vec![proof.by_ref("fqdn")]))
        .done();
    if protocol == ApiProtocol::Rest {
        let domain = stack
            .add(
                ends.from,
                &format!("{suffix}_domain"),
                "aws_api_gateway_domain_name",
                "AWS::ApiGateway::DomainName",
            )
            .set("domain_name", "DomainName", name)
            .set("regional_certificate_arn", "RegionalCertificateArn", certificate.by_ref("arn"))
            .set("security_policy", "SecurityPolicy", "TLS_1_2")
            .tf("endpoint_configuration", block([("types", list!["REGIONAL"])]))
            .cfn("EndpointConfiguration", block([("Types", list!["REGIONAL"])]))
            .after(&proved)
            .done();
        stack
            .add(
                ends.from,
                &format!("{suffix}_mapping"),
                "aws_api_gateway_base_path_mapping",
                "AWS::ApiGateway::BasePathMapping",
            )
            .tf("api_id", api.id())
            .cfn("RestApiId", api.id())
            .tf("stage_name", stage.by_ref("stage_name"))
            .cfn("Stage", stage.by_ref("stage_name"))
            .tf("domain_name", domain.by_ref("domain_name"))
            .cfn("DomainName", domain.by_ref("domain_name"))
            .done();
        return Some((
            domain.att("regional_domain_name", "RegionalDomainName"),
            domain.att("regional_zone_id", "RegionalHostedZoneId"),
        ));
    }
    let domain = stack
        .add(
            ends.from,
            &format!("{suffix}_domain"),
            "aws_apigatewayv2_domain_name",
            "AWS::ApiGatewayV2::DomainName",
        )
        .set("domain_name", "DomainName", name)
        .tf(
            "domain_name_configuration",
            block([
                ("certificate_arn", certificate.by_ref("arn")),
                ("endpoint_type", "REGIONAL".into()),
                ("security_policy", "TLS_1_2".into()),
            ]),
        )
        .cfn(
            "DomainNameConfigurations",
            list![map([
                ("CertificateArn", certificate.by_ref("arn")),
                ("EndpointType", "REGIONAL".into()),
                ("SecurityPolicy", "TLS_1_2".into()),
            ])],
        )
        .after(&proved)
        .done();
    stack
        .add(
            ends.from,
            &format!("{suffix}_mapping"),
            "aws_apigatewayv2_api_mapping",
            "AWS::ApiGatewayV2::ApiMapping",
        )
        .set("api_id", "ApiId", api.id())
        .set("domain_name", "DomainName", domain.by_ref("id"))
        .tf("stage", stage.by_ref("id"))
        .cfn("Stage", stage.by_ref("id"))
        .done();
    Some((
        Expr::Hcl(format!(
            "aws_apigatewayv2_domain_name.{}.domain_name_configuration[0].target_domain_name",
            domain.key()
        ))
        .or_cfn(domain.att("domain_name", "RegionalDomainName")),
        Expr::Hcl(format!(
            "aws_apigatewayv2_domain_name.{}.domain_name_configuration[0].hosted_zone_id",
            domain.key()
        ))
        .or_cfn(domain.att("domain_name", "RegionalHostedZoneId")),
    ))
}

/// Records that prove the domain to the mail service: DKIM, and MX when mail is received.
fn mail_records(stack: &mut Stack<'_>, ends: &Ends<'_>, zone: &Expr, domain: &Expr) -> Option<()> {
    let identity = ends.target.handles.get("identity")?.clone();
    for n in 1..=3usize {
        let token = Expr::Hcl(format!(
            "aws_sesv2_email_identity.{}.dkim_signing_attributes[0].tokens[{}]",
            identity.key(),
            n - 1
        ));
        const NAMES: [&str; 3] = ["DkimDNSTokenName1", "DkimDNSTokenName2", "DkimDNSTokenName3"];
        const VALUES: [&str; 3] =
            ["DkimDNSTokenValue1", "DkimDNSTokenValue2", "DkimDNSTokenValue3"];
        let name: Expr = join![token.clone(), "._domainkey.", domain.clone()];
        let value: Expr = join![token, ".dkim.amazonses.com"];
        stack
            .add(
                ends.from,
                &format!("{}_dkim_{n}", ends.suffix()),
                "aws_route53_record",
                "AWS::Route53::RecordSet",
            )
            .set("zone_id", "HostedZoneId", zone)
            .tf("name", name)
            .cfn("Name", identity.att("email_identity", NAMES[n - 1]))
            .set("type", "Type", "CNAME")
            .tf("ttl", 600)
            .cfn("TTL", "600")
            .tf("records", Expr::List(vec![value]))
            .cfn("ResourceRecords", list![identity.att("email_identity", VALUES[n - 1])])
            .done();
    }
    if matches!(&ends.to.spec, Spec::Email(mail) if mail.receive) {
        let host: Expr = join!["10 inbound-smtp.", Expr::Region, ".amazonaws.com"];
        plain(stack, ends, &format!("{}_mx", ends.suffix()), zone, domain, "MX", host);
    }
    Some(())
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &DnsZone) {
    bill.add(it, "Hosted zone", "route53", "zone-month", Quantity::fixed(1.0), "one zone");
    bill.add(
        it,
        "Queries",
        "route53",
        "query-million",
        Quantity::usage(spec.queries_per_month / 1e6),
        "million queries; those for AWS aliases are free and not counted apart",
    );
    bill.add(
        it,
        "Health checks",
        "route53",
        "health-check-month",
        Quantity::fixed(f64::from(spec.health_checks)),
        "health checks",
    );
}
