//! Amazon CloudFront.

use super::kit;
use super::wire::Ends;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, blocks, join, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Cdn, Component, Kind, ObjectPurpose, Spec};

binding! {
    Cdn {
        service: "cloudfront",
        title: "Amazon CloudFront",
        docs: "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Introduction.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/cloudfront/sla/",
        }),
        limits: &[Limit {
            what: "Largest file",
            value: "50 GB",
            source: "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html",
        }],
        latency_ms: Some((15.0, 50.0)),
    }
}

/// Policies that CloudFront manages, the same in every account.
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html>
const CACHING_OPTIMIZED: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";
const CACHING_DISABLED: &str = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html>
const ALL_VIEWER: &str = "216adef6-5c7f-47e4-b989-5492eafa07d3";
const ALL_VIEWER_EXCEPT_HOST: &str = "b689b0a8-53d0-40ab-baf2-38738e2966ac";
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html>
const SECURITY_HEADERS: &str = "67f7725c-6f97-4210-82d7-5512b31e9d03";

/// The distribution itself is written when its origins are known: by wiring.
fn lower(stack: &mut Stack<'_>, it: &Component, _spec: &Cdn) {
    let distribution = Handle(it.id.snake());
    let host = distribution.att("domain_name", "DomainName");
    let facet = Facet::default()
        .handle("distribution", &distribution)
        .value("host", host.clone())
        .value("url", join!["https://", host.clone()])
        .reference("URL", join!["https://", host]);
    stack.facet(it, facet);
}

/// What a distribution fetches from.
struct Origin {
    id: String,
    domain: Expr,
    kind: OriginKind,
    /// Path pattern; none for the default behaviour.
    path: Option<String>,
}

enum OriginKind {
    Bucket,
    /// A function's own address, signed for by the distribution.
    Function,
    /// Protocol, path within the origin and whether the viewer's host is passed on.
    Web {
        https: bool,
        path: String,
        host: bool,
    },
}

/// Writes the distribution with all its origins, once.
pub fn distribution(stack: &mut Stack<'_>, it: &Component) -> Option<Handle> {
    let Spec::Cdn(spec) = &it.spec else { return None };
    let handle = Handle(it.id.snake());
    if stack.resources.iter().any(|resource| resource.key == handle.0) {
        return Some(handle);
    }
    let mut origins: Vec<Origin> = Vec::new();
    let targets: Vec<&Component> = stack.graph.targets(&it.id).map(|(_, to)| to).collect();
    let mut targets: Vec<&Component> = targets;
    // Files of a website answer what nothing else takes; without them, servers do; an API comes after both.
    targets.sort_by_key(|to| match &to.spec {
        Spec::ObjectStore(store) if store.purpose == ObjectPurpose::Website => 0,
        Spec::LoadBalancer(_) | Spec::WebService(_) | Spec::AppPlatform(_) => 1,
        Spec::VirtualMachines(_) => 1,
        Spec::HttpApi(_) | Spec::GraphqlApi(_) | Spec::Function(_) => 2,
        _ => 3,
    });
    targets.dedup_by_key(|to| to.id.clone());
    for to in targets {
        let Some((domain, kind)) = origin_of(stack, to) else { continue };
        let path = match (&to.spec, origins.is_empty()) {
            (_, true) => None,
            (Spec::HttpApi(_) | Spec::GraphqlApi(_), false) => Some("/api/*".to_owned()),
            _ => Some(format!("/{}/*", to.id)),
        };
        let taken = origins.iter().any(|it| it.path == path);
        let path = if taken { Some(format!("/{}/*", to.id)) } else { path };
        origins.push(Origin { id: to.id.to_string(), domain, kind, path });
    }
    if origins.is_empty() {
        let domain = kit::text_input(
            stack,
            &format!("{}_origin", it.id.snake()),
            "Host that the distribution fetches from.",
            Some("www.example.com"),
        );
        let kind = OriginKind::Web { https: true, path: String::new(), host: false };
        origins.push(Origin { id: "origin".to_owned(), domain, kind, path: None });
    }
    write(stack, it, spec, &origins);
    Some(handle)
}

fn origin_of(stack: &Stack<'_>, to: &Component) -> Option<(Expr, OriginKind)> {
    let facet = stack.facets.get(&to.id)?;
    let value = |name: &str| facet.values.get(name).cloned();
    Some(match &to.spec {
        Spec::ObjectStore(_) => (value("domain")?, OriginKind::Bucket),
        Spec::LoadBalancer(_) => {
            let https = value("scheme") == Some("https://".into());
            (value("host")?, OriginKind::Web { https, path: String::new(), host: true })
        }
        Spec::HttpApi(api) => {
            let rest = api.protocol == crate::engine::graph::ApiProtocol::Rest;
            let path = if rest { "/live".to_owned() } else { String::new() };
            (value("host")?, OriginKind::Web { https: true, path, host: false })
        }
        Spec::VirtualMachines(_) => {
            (value("host")?, OriginKind::Web { https: false, path: String::new(), host: true })
        }
        Spec::Function(_) => {
            // Asked for when the origin is used: see `function_url`.
            let url = Handle(format!("{}_url", to.id.snake()));
            let host = Expr::Part(Box::new(url.att("function_url", "FunctionUrl")), "/", 2);
            (host, OriginKind::Function)
        }
        Spec::GraphqlApi(_) | Spec::WebService(_) | Spec::AppPlatform(_) => {
            let https = !matches!(to.spec, Spec::AppPlatform(_));
            (value("host")?, OriginKind::Web { https, path: String::new(), host: false })
        }
        _ => return None,
    })
}

fn behaviour(origin: &Origin, camel: bool) -> Vec<(String, Expr)> {
    let methods = match origin.kind {
        OriginKind::Bucket => list!["GET", "HEAD", "OPTIONS"],
        _ => list!["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"],
    };
    let (cache, request) = match origin.kind {
        OriginKind::Bucket => (CACHING_OPTIMIZED, None),
        OriginKind::Web { host: true, .. } => (CACHING_DISABLED, Some(ALL_VIEWER)),
        _ => (CACHING_DISABLED, Some(ALL_VIEWER_EXCEPT_HOST)),
    };
    let name = |tf: &str, cfn: &str| if camel { cfn.to_owned() } else { tf.to_owned() };
    let mut fields = Vec::new();
    if let Some(path) = &origin.path {
        fields.push((name("path_pattern", "PathPattern"), path.as_str().into()));
    }
    fields.extend([
        (name("target_origin_id", "TargetOriginId"), origin.id.as_str().into()),
        (name("viewer_protocol_policy", "ViewerProtocolPolicy"), "redirect-to-https".into()),
        (name("allowed_methods", "AllowedMethods"), methods),
        (name("cached_methods", "CachedMethods"), list!["GET", "HEAD"]),
        (name("compress", "Compress"), true.into()),
        (name("cache_policy_id", "CachePolicyId"), cache.into()),
    ]);
    if let Some(request) = request {
        fields.push((name("origin_request_policy_id", "OriginRequestPolicyId"), request.into()));
    }
    fields.push((
        name("response_headers_policy_id", "ResponseHeadersPolicyId"),
        SECURITY_HEADERS.into(),
    ));
    fields
}

fn write(stack: &mut Stack<'_>, it: &Component, spec: &Cdn, origins: &[Origin]) {
    let control = |stack: &mut Stack<'_>, suffix: &str, kind: &str| {
        let name = stack.name_with(it, kind);
        stack
            .add(
                it,
                suffix,
                "aws_cloudfront_origin_access_control",
                "AWS::CloudFront::OriginAccessControl",
            )
            .tf("name", name.clone())
            .tf("origin_access_control_origin_type", kind)
            .tf("signing_behavior", "always")
            .tf("signing_protocol", "sigv4")
            .cfn(
                "OriginAccessControlConfig",
                block([
                    ("Name", name),
                    ("OriginAccessControlOriginType", kind.into()),
                    ("SigningBehavior", "always".into()),
                    ("SigningProtocol", "sigv4".into()),
                ]),
            )
            .done()
            .id()
    };
    let has = |kind: fn(&OriginKind) -> bool| origins.iter().any(|it| kind(&it.kind));
    let bucket = has(|it| matches!(it, OriginKind::Bucket)).then(|| control(stack, "access", "s3"));
    let function =
        has(|it| matches!(it, OriginKind::Function)).then(|| control(stack, "call", "lambda"));
    let (tf, cfn): (Vec<Expr>, Vec<Expr>) = origins
        .iter()
        .map(|it| {
            let function = function.as_ref().filter(|_| matches!(it.kind, OriginKind::Function));
            origin_blocks(it, function.or(bucket.as_ref()))
        })
        .unzip();
    let certificate = certificate(stack, it);
    let firewall = super::waf::arn_for(stack, it);
    let class = if spec.all_locations { "PriceClass_All" } else { "PriceClass_100" };
    let bucket_first = matches!(origins.first().map(|it| &it.kind), Some(OriginKind::Bucket));
    let mut fields = vec![
        ("Enabled".to_owned(), Expr::from(true)),
        ("IPV6Enabled".to_owned(), true.into()),
        ("HttpVersion".to_owned(), "http2and3".into()),
        ("PriceClass".to_owned(), class.into()),
        ("Origins".to_owned(), Expr::List(cfn)),
    ];
    if let Some(first) = origins.first() {
        fields.push(("DefaultCacheBehavior".to_owned(), Expr::Block(behaviour(first, true))));
    }
    let rest: Vec<Expr> = origins.iter().skip(1).map(|it| Expr::Map(behaviour(it, true))).collect();
    if !rest.is_empty() {
        fields.push(("CacheBehaviors".to_owned(), Expr::List(rest)));
    }
    let mut draft = stack
        .add(it, "", "aws_cloudfront_distribution", "AWS::CloudFront::Distribution")
        .tf("enabled", true)
        .tf("is_ipv6_enabled", true)
        .tf("http_version", "http2and3")
        .tf("price_class", class)
        .tf("origin", blocks(tf));
    if let Some(first) = origins.first() {
        draft = draft.tf("default_cache_behavior", Expr::Block(behaviour(first, false)));
    }
    for origin in origins.iter().skip(1) {
        draft = draft.tf("ordered_cache_behavior", Expr::Block(behaviour(origin, false)));
    }
    if bucket_first {
        draft = draft.tf("default_root_object", "index.html");
        fields.push(("DefaultRootObject".to_owned(), "index.html".into()));
    } else {
        draft = draft.skip("CKV_AWS_305", "The root is answered by the servers behind it");
    }
    if spec.single_page && bucket_first {
        let answer = |code: i32| {
            map([
                ("error_code", code.into()),
                ("response_code", 200.into()),
                ("response_page_path", "/index.html".into()),
            ])
        };
        let answer_cfn = |code: i32| {
            map([
                ("ErrorCode", code.into()),
                ("ResponseCode", 200.into()),
                ("ResponsePagePath", "/index.html".into()),
            ])
        };
        draft = draft.tf("custom_error_response", blocks(vec![answer(403), answer(404)]));
        fields.push(("CustomErrorResponses".to_owned(), list![answer_cfn(403), answer_cfn(404)]));
    }
    draft = draft.tf(
        "restrictions",
        block([("geo_restriction", block([("restriction_type", "none".into())]))]),
    );
    match certificate {
        Some((arn, domain)) => {
            draft = draft.tf("aliases", list![domain.clone()]).tf(
                "viewer_certificate",
                block([
                    ("acm_certificate_arn", arn.clone()),
                    ("ssl_support_method", "sni-only".into()),
                    ("minimum_protocol_version", "TLSv1.2_2021".into()),
                ]),
            );
            fields.push(("Aliases".to_owned(), list![domain]));
            fields.push((
                "ViewerCertificate".to_owned(),
                block([
                    ("AcmCertificateArn", arn),
                    ("SslSupportMethod", "sni-only".into()),
                    ("MinimumProtocolVersion", "TLSv1.2_2021".into()),
                ]),
            ));
        }
        None => {
            draft = draft
                .tf("viewer_certificate", block([("cloudfront_default_certificate", true.into())]))
                .skip("CKV_AWS_174", "CloudFront's own certificate fixes its TLS versions; name a domain to set them")
                .skip("CKV2_AWS_42", "No domain is known, so CloudFront's own certificate is used");
        }
    }
    match firewall {
        Some(arn) => {
            draft = draft.tf("web_acl_id", arn.clone()).skip(
                "CKV2_AWS_47",
                "The firewall has the managed group of known bad inputs, which holds the Log4j rules",
            );
            fields.push(("WebACLId".to_owned(), arn));
        }
        None => {
            draft = draft
                .skip(
                    "CKV_AWS_68",
                    "Part of the better option; here the cost would exceed that of the site",
                )
                .skip(
                    "CKV2_AWS_47",
                    "Part of the better option; here the cost would exceed that of the site",
                );
        }
    }
    let distribution = draft
        .cfn("DistributionConfig", Expr::Block(fields))
        .skip("CKV_AWS_86", "What reaches servers is in their logs; a log of every cached file costs more than it tells")
        .skip("CKV2_AWS_32", "Security headers come with the policy that CloudFront manages, named by its id")
        .skip("CKV_AWS_310", "Each origin is redundant in itself; a second one would hold the same data")
        .skip("CKV_AWS_374", "The text asks for no countries to be shut out")
        .done();
    stack.output(
        &format!("{}_url", it.id.snake()),
        "Address of the distribution.",
        join!["https://", distribution.att("domain_name", "DomainName")],
    );
}

fn origin_blocks(origin: &Origin, access: Option<&Expr>) -> (Expr, Expr) {
    let id = origin.id.as_str();
    match &origin.kind {
        OriginKind::Bucket => {
            let access = access.cloned().unwrap_or_else(|| "".into());
            (
                block([
                    ("origin_id", id.into()),
                    ("domain_name", origin.domain.clone()),
                    ("origin_access_control_id", access.clone()),
                ]),
                map([
                    ("Id", id.into()),
                    ("DomainName", origin.domain.clone()),
                    ("OriginAccessControlId", access),
                    // Empty: access is by origin access control, not by an identity.
                    ("S3OriginConfig", map([("OriginAccessIdentity", "".into())])),
                ]),
            )
        }
        kind => {
            let (https, path) = match kind {
                OriginKind::Web { https, path, .. } => (*https, path.as_str()),
                _ => (true, ""),
            };
            let policy = if https { "https-only" } else { "http-only" };
            let mut tf = vec![
                ("origin_id".to_owned(), Expr::from(id)),
                ("domain_name".to_owned(), origin.domain.clone()),
            ];
            let mut cfn = vec![
                ("Id".to_owned(), Expr::from(id)),
                ("DomainName".to_owned(), origin.domain.clone()),
            ];
            if !path.is_empty() {
                tf.push(("origin_path".to_owned(), path.into()));
                cfn.push(("OriginPath".to_owned(), path.into()));
            }
            tf.push((
                "custom_origin_config".to_owned(),
                block([
                    ("http_port", 80.into()),
                    ("https_port", 443.into()),
                    ("origin_protocol_policy", policy.into()),
                    ("origin_ssl_protocols", list!["TLSv1.2"]),
                ]),
            ));
            cfn.push((
                "CustomOriginConfig".to_owned(),
                map([
                    ("HTTPPort", 80.into()),
                    ("HTTPSPort", 443.into()),
                    ("OriginProtocolPolicy", policy.into()),
                    ("OriginSSLProtocols", list!["TLSv1.2"]),
                ]),
            ));
            if let (OriginKind::Function, Some(access)) = (kind, access) {
                tf.push(("origin_access_control_id".to_owned(), access.clone()));
                cfn.push(("OriginAccessControlId".to_owned(), access.clone()));
            }
            (Expr::Block(tf), Expr::Map(cfn))
        }
    }
}

/// The certificate that authenticates the distribution, with its domain.
fn certificate(stack: &Stack<'_>, it: &Component) -> Option<(Expr, Expr)> {
    let (_, certificate) =
        stack.graph.sources(&it.id).find(|(_, from)| from.spec.kind() == Kind::Certificate)?;
    let facet = stack.facets.get(&certificate.id)?;
    Some((facet.values.get("global_arn")?.clone(), facet.values.get("domain")?.clone()))
}

/// A distribution that serves something: its origin, and the right to read it.
pub fn serve(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    origin_of(stack, ends.to)?;
    let distribution = distribution(stack, ends.from)?;
    if matches!(ends.to.spec, Spec::Function(_)) {
        return function_url(stack, ends, &distribution);
    }
    if let (Some(bucket), Some(policy)) =
        (ends.target.handles.get("bucket"), ends.target.handles.get("policy"))
    {
        let arn: Expr = join![
            "arn:",
            Expr::Partition,
            ":cloudfront::",
            Expr::AccountId,
            ":distribution/",
            distribution.by_ref("id")
        ];
        let statement = kit::resource_policy(
            "DistributionReads",
            map([("Service", "cloudfront.amazonaws.com".into())]),
            &["s3:GetObject"],
            vec![join![bucket.arn(), "/*"]],
            Some(("StringEquals", "AWS:SourceArn", arn)),
        );
        kit::extend_policy(stack, &policy.clone(), &statement);
    }
    Some(())
}

/// The address of a function that only the distribution may call.
fn function_url(stack: &mut Stack<'_>, ends: &Ends<'_>, distribution: &Handle) -> Option<()> {
    let function = ends.target.handles.get("function")?.clone();
    if stack.resources.iter().any(|it| it.key == format!("{}_url", ends.to.id.snake())) {
        return Some(());
    }
    stack
        .add(ends.to, "url", "aws_lambda_function_url", "AWS::Lambda::Url")
        .tf("function_name", function.by_ref("function_name"))
        .cfn("TargetFunctionArn", function.arn())
        .tf("authorization_type", "AWS_IAM")
        .cfn("AuthType", "AWS_IAM")
        .done();
    let arn: Expr = join![
        "arn:",
        Expr::Partition,
        ":cloudfront::",
        Expr::AccountId,
        ":distribution/",
        distribution.by_ref("id")
    ];
    stack
        .add(ends.to, "url_permission", "aws_lambda_permission", "AWS::Lambda::Permission")
        .set("action", "Action", "lambda:InvokeFunctionUrl")
        .set("function_name", "FunctionName", function.att("function_name", "Arn"))
        .set("principal", "Principal", "cloudfront.amazonaws.com")
        .set("source_arn", "SourceArn", arn)
        .done();
    Some(())
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Cdn) {
    bill.add(
        it,
        "Data out",
        "cloudfront",
        "gb-out",
        Quantity::usage(spec.gb_per_month).beyond(1024.0),
        "GB beyond 1 TB free",
    );
    bill.add(
        it,
        "Requests",
        "cloudfront",
        "https-10k",
        Quantity::usage(spec.requests_per_month).beyond(10_000_000.0).times(1e-4),
        "HTTPS requests beyond 10 million free, in 10,000s",
    );
}
