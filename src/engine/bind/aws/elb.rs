//! Elastic Load Balancing: application, network and gateway load balancers.

use super::kit;
use super::wire::Ends;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, blocks, document, join, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Component, Kind, Layer, LoadBalancer, Tier};

binding! {
    LoadBalancer {
        service: "elb",
        title: "Elastic Load Balancing",
        docs: "https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/what-is-load-balancing.html",
        sla: Some(Sla {
            availability: 0.9999,
            single: 0.9999,
            source: "https://aws.amazon.com/elasticloadbalancing/sla/",
        }),
        limits: &[Limit {
            what: "Targets of an application load balancer",
            value: "1,000",
            source: "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html",
        }],
        latency_ms: Some((3.0, 10.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &LoadBalancer) {
    let Some(net) = stack.net.clone() else {
        stack.diagnose(kit::needs_network(it));
        return;
    };
    let internal = spec.internal || net.public.is_empty();
    let subnets = if internal { net.private } else { net.public };
    let Some(group) = kit::security_group(stack, it, "") else { return };
    let group_id = kit::group_id(&group);
    let own = stack.graph.sources(&it.id).map(|(_, from)| from);
    let certificate = own
        .filter(|from| from.spec.kind() == Kind::Certificate)
        .chain(stack.graph.of_kind(Kind::Certificate).filter(|_| !spec.internal))
        .find_map(|from| stack.facets.get(&from.id)?.values.get("arn").cloned());
    let peer = if internal { net.cidr } else { "0.0.0.0/0".into() };
    let port = match (&certificate, spec.layer) {
        (Some(_), _) => 443,
        (None, Layer::Http) => 80,
        (None, _) => spec.port as u16,
    };
    for number in if port == 443 && spec.layer == Layer::Http { vec![443, 80] } else { vec![port] }
    {
        kit::ingress(
            stack,
            it,
            &format!("port_{number}"),
            &group_id,
            Some((number, number)),
            kit::Peer::Cidr(peer.clone()),
            if number == 80 && port == 443 { "HTTP, answered with a redirect" } else { "Clients" },
        );
        if number == 80
            && let Some(draft) = stack.edit(&Handle(format!("{}_port_80", it.id.snake())))
        {
            draft
                .skip("CKV_AWS_260", "Clients come from anywhere; plain HTTP is answered with a redirect where there is a certificate")
                .done();
        }
    }
    let firewall =
        stack.graph.sources(&it.id).any(|(_, from)| from.spec.kind() == Kind::WebFirewall);
    let behind_cdn = stack.graph.sources(&it.id).any(|(_, from)| from.spec.kind() == Kind::Cdn);
    let kind = match spec.layer {
        Layer::Http => "application",
        Layer::Tcp => "network",
        Layer::Gateway => "gateway",
    };
    let protect = kit::protect(stack);
    let tier = stack.tier();
    let logs = (tier != Tier::Good && spec.layer == Layer::Http).then(|| log_bucket(stack, it));
    let name = stack.name(it);
    let mut attributes = vec![("deletion_protection.enabled", protect.to_string())];
    let mut draft = stack
        .add(it, "", "aws_lb", "AWS::ElasticLoadBalancingV2::LoadBalancer")
        .tf("load_balancer_type", kind)
        .cfn("Type", kind)
        .tf("internal", internal)
        .cfn("Scheme", if internal { "internal" } else { "internet-facing" })
        .set("subnets", "Subnets", Expr::List(subnets))
        .tf("enable_deletion_protection", protect)
        .tf("tags", map([("Name", name.clone())]))
        .cfn("Tags", kit::tag_list(&[("Name", name)]));
    if spec.layer != Layer::Gateway {
        draft = draft.set("security_groups", "SecurityGroups", list![group_id.clone()]);
    }
    if spec.layer == Layer::Http {
        draft = draft.tf("drop_invalid_header_fields", true);
        attributes.push(("routing.http.drop_invalid_header_fields.enabled", "true".to_owned()));
    } else {
        draft = draft.tf("enable_cross_zone_load_balancing", true);
        attributes.push(("load_balancing.cross_zone.enabled", "true".to_owned()));
    }
    if let Some((bucket, policy)) = &logs {
        draft = draft
            .tf("access_logs", block([("bucket", bucket.id()), ("enabled", true.into())]))
            .after(policy);
        attributes.push(("access_logs.s3.enabled", "true".to_owned()));
    } else {
        draft = draft.skip(
            "CKV_AWS_91",
            "What is called is in the logs of what answers; the better option keeps the balancer's own log too",
        );
    }
    if spec.layer == Layer::Http && !internal {
        draft = match (firewall, behind_cdn) {
            (true, _) => draft.skip(
                "CKV2_AWS_76",
                "The firewall has the managed group of known bad inputs, which holds the Log4j rules",
            ),
            (false, true) => {
                draft.skip("CKV2_AWS_28", "The firewall stands before the distribution in front of it")
            }
            (false, false) => draft.skip("CKV2_AWS_28", "Part of the better option"),
        };
        if certificate.is_none() {
            draft = draft.skip(
                "CKV2_AWS_20",
                "No domain is known, so there is no certificate; name one to get HTTPS",
            );
        }
    }
    if !protect {
        draft = draft.skip("CKV_AWS_150", "The least-cost option is meant to be torn down freely");
    }
    let mut list: Vec<Expr> = attributes
        .into_iter()
        .map(|(key, value)| map([("Key", key.into()), ("Value", value.into())]))
        .collect();
    if let Some((bucket, _)) = &logs {
        list.push(map([("Key", "access_logs.s3.bucket".into()), ("Value", bucket.id())]));
    }
    let balancer = draft.cfn("LoadBalancerAttributes", Expr::List(list)).done();
    let mut facet = Facet::default()
        .handle("load_balancer", &balancer)
        .value("arn", balancer.by_ref("arn"))
        .value("host", balancer.att("dns_name", "DNSName"))
        .value("zone_id", balancer.att("zone_id", "CanonicalHostedZoneID"))
        .value("full_name", balancer.att("arn_suffix", "LoadBalancerFullName"))
        .value("group", group_id.clone())
        .reference("HOST", balancer.att("dns_name", "DNSName"))
        .listener(group_id, port);
    if spec.layer == Layer::Http {
        let listener = http_listeners(stack, it, &balancer, certificate.as_ref());
        facet = facet.handle("listener", &listener);
    }
    let scheme = if certificate.is_some() { "https://" } else { "http://" };
    stack.output(
        &format!("{}_url", it.id.snake()),
        "Address of the load balancer.",
        join![scheme, balancer.att("dns_name", "DNSName")],
    );
    stack.facet(it, facet.value("scheme", scheme).value("port", i64::from(port)));
}

/// A listener that answers 404 to what no rule takes; rules come with the targets.
fn http_listeners(
    stack: &mut Stack<'_>,
    it: &Component,
    balancer: &Handle,
    certificate: Option<&Expr>,
) -> Handle {
    let nothing = |camel: bool| {
        let (kind, body, code, text) = if camel {
            ("Type", "MessageBody", "StatusCode", "ContentType")
        } else {
            ("type", "message_body", "status_code", "content_type")
        };
        let answer =
            block([(text, "text/plain".into()), (body, "Not found".into()), (code, "404".into())]);
        let field = if camel { "FixedResponseConfig" } else { "fixed_response" };
        block([(kind, "fixed-response".into()), (field, answer)])
    };
    let Some(certificate) = certificate else {
        return stack
            .add(it, "http", "aws_lb_listener", "AWS::ElasticLoadBalancingV2::Listener")
            .set("load_balancer_arn", "LoadBalancerArn", balancer.by_ref("arn"))
            .set("port", "Port", 80)
            .set("protocol", "Protocol", "HTTP")
            .tf("default_action", nothing(false))
            .cfn("DefaultActions", list![nothing(true)])
            .skip(
                "CKV_AWS_2",
                "No domain is known, so there is no certificate; name one to get HTTPS",
            )
            .skip(
                "CKV_AWS_103",
                "No domain is known, so there is no certificate; name one to get HTTPS",
            )
            .skip(
                "CKV2_AWS_20",
                "No domain is known, so there is no certificate; name one to get HTTPS",
            )
            .done();
    };
    let redirect = |camel: bool| {
        if camel {
            block([
                ("Type", "redirect".into()),
                (
                    "RedirectConfig",
                    block([
                        ("Port", "443".into()),
                        ("Protocol", "HTTPS".into()),
                        ("StatusCode", "HTTP_301".into()),
                    ]),
                ),
            ])
        } else {
            block([
                ("type", "redirect".into()),
                (
                    "redirect",
                    block([
                        ("port", "443".into()),
                        ("protocol", "HTTPS".into()),
                        ("status_code", "HTTP_301".into()),
                    ]),
                ),
            ])
        }
    };
    stack
        .add(it, "http", "aws_lb_listener", "AWS::ElasticLoadBalancingV2::Listener")
        .set("load_balancer_arn", "LoadBalancerArn", balancer.by_ref("arn"))
        .set("port", "Port", 80)
        .set("protocol", "Protocol", "HTTP")
        .tf("default_action", redirect(false))
        .cfn("DefaultActions", list![redirect(true)])
        .done();
    stack
        .add(it, "https", "aws_lb_listener", "AWS::ElasticLoadBalancingV2::Listener")
        .set("load_balancer_arn", "LoadBalancerArn", balancer.by_ref("arn"))
        .set("port", "Port", 443)
        .set("protocol", "Protocol", "HTTPS")
        .set("ssl_policy", "SslPolicy", "ELBSecurityPolicy-TLS13-1-2-2021-06")
        .tf("certificate_arn", certificate)
        .cfn("Certificates", list![map([("CertificateArn", certificate.clone())])])
        .tf("default_action", nothing(false))
        .cfn("DefaultActions", list![nothing(true)])
        .done()
}

/// A bucket for the balancer's own log of requests, and the policy that lets it write.
fn log_bucket(stack: &mut Stack<'_>, it: &Component) -> (Handle, Handle) {
    let name: Expr = join![stack.name_with(it, "logs"), "-", Expr::AccountId];
    let rule = map([
        ("id", "expire".into()),
        ("status", "Enabled".into()),
        ("filter", block([])),
        ("expiration", block([("days", 90.into())])),
    ]);
    let bucket = stack
        .add(it, "logs", "aws_s3_bucket", "AWS::S3::Bucket")
        .set("bucket", "BucketName", name)
        .cfn(
            "PublicAccessBlockConfiguration",
            block([
                ("BlockPublicAcls", true.into()),
                ("BlockPublicPolicy", true.into()),
                ("IgnorePublicAcls", true.into()),
                ("RestrictPublicBuckets", true.into()),
            ]),
        )
        .cfn(
            "BucketEncryption",
            block([(
                "ServerSideEncryptionConfiguration",
                list![map([(
                    "ServerSideEncryptionByDefault",
                    map([("SSEAlgorithm", "AES256".into())]),
                )])],
            )]),
        )
        .cfn(
            "LifecycleConfiguration",
            block([(
                "Rules",
                list![map([
                    ("Id", "expire".into()),
                    ("Status", "Enabled".into()),
                    ("ExpirationInDays", 90.into()),
                ])],
            )]),
        )
        .skip(
            "CKV_AWS_18",
            "It holds logs itself: logging its own access would feed it without end",
        )
        .skip(
            "CKV_AWS_21",
            "Logs are written once and expire; there are no earlier versions to keep",
        )
        .skip("CKV_AWS_144", "Logs of a region are of use in that region")
        .skip("CKV_AWS_145", "Load balancers write with the key that S3 manages only")
        .skip("CKV2_AWS_62", "Nothing waits for log files")
        .retain()
        .done();
    stack
        .tf_only(it, "logs_private", "aws_s3_bucket_public_access_block")
        .tf("bucket", bucket.id())
        .tf("block_public_acls", true)
        .tf("block_public_policy", true)
        .tf("ignore_public_acls", true)
        .tf("restrict_public_buckets", true)
        .done();
    stack
        .tf_only(it, "logs_sealed", "aws_s3_bucket_server_side_encryption_configuration")
        .tf("bucket", bucket.id())
        .tf(
            "rule",
            block([(
                "apply_server_side_encryption_by_default",
                block([("sse_algorithm", "AES256".into())]),
            )]),
        )
        .done();
    stack
        .tf_only(it, "logs_expiry", "aws_s3_bucket_lifecycle_configuration")
        .tf("bucket", bucket.id())
        .tf("rule", rule.into_block())
        .skip("CKV_AWS_300", "Log files are written in one piece")
        .done();
    let statement = kit::resource_policy(
        "BalancersWrite",
        map([("Service", "logdelivery.elasticloadbalancing.amazonaws.com".into())]),
        &["s3:PutObject"],
        vec![join![bucket.arn(), "/*"]],
        None,
    );
    let policy = map([("Version", "2012-10-17".into()), ("Statement", list![statement])]);
    let policy = stack
        .add(it, "logs_policy", "aws_s3_bucket_policy", "AWS::S3::BucketPolicy")
        .set("bucket", "Bucket", bucket.id())
        .set("policy", "PolicyDocument", document(policy))
        .done();
    (bucket, policy)
}

/// A target group and the rule or listener that sends requests to it.
pub fn target(
    stack: &mut Stack<'_>,
    ends: &Ends<'_>,
    kind: &str,
    port: u16,
) -> Option<(Handle, Handle)> {
    let balancer = ends.source.handles.get("load_balancer")?.clone();
    let vpc_id = stack.net.as_ref()?.vpc_id.clone();
    let http = ends.source.handles.contains_key("listener");
    let suffix = ends.suffix();
    let function = kind == "lambda";
    let name = stack.name(ends.to);
    let mut draft = stack
        .add(ends.from, &suffix, "aws_lb_target_group", "AWS::ElasticLoadBalancingV2::TargetGroup")
        .set("target_type", "TargetType", kind)
        .tf("tags", map([("Name", name.clone())]))
        .cfn("Tags", kit::tag_list(&[("Name", name)]));
    if !function {
        draft = draft
            .set("port", "Port", port)
            .set("protocol", "Protocol", if http { "HTTP" } else { "TCP" })
            .set("vpc_id", "VpcId", vpc_id)
            .tf("deregistration_delay", 30)
            .cfn(
                "TargetGroupAttributes",
                list![map([
                    ("Key", "deregistration_delay.timeout_seconds".into()),
                    ("Value", "30".into()),
                ])],
            );
        draft = if http {
            draft
                .tf(
                    "health_check",
                    block([
                        ("path", "/".into()),
                        ("matcher", "200-399".into()),
                        ("interval", 15.into()),
                        ("healthy_threshold", 2.into()),
                    ]),
                )
                .cfn("HealthCheckPath", "/")
                .cfn("HealthCheckIntervalSeconds", 15)
                .cfn("HealthyThresholdCount", 2)
                .cfn("Matcher", block([("HttpCode", "200-399".into())]))
                .skip("CKV_AWS_378", "TLS ends at the load balancer; behind it traffic stays between two security groups of the private network")
        } else {
            draft
                .tf("health_check", block([("protocol", "TCP".into())]))
                .cfn("HealthCheckProtocol", "TCP")
        };
    }
    let group = draft.done();
    let taken = stack.resources.iter().filter(|it| {
        it.component == ends.from.id
            && it.tf.as_ref().is_some_and(|it| {
                it.kind == "aws_lb_listener_rule" || (!http && it.kind == "aws_lb_listener")
            })
    });
    let taken = taken.count() as i64;
    let forward = |camel: bool| {
        let (kind, arn) =
            if camel { ("Type", "TargetGroupArn") } else { ("type", "target_group_arn") };
        block([(kind, "forward".into()), (arn, group.by_ref("arn"))])
    };
    let route = if http {
        let listener = ends.source.handles.get("listener")?.clone();
        // The first target takes all that no other rule takes.
        let (priority, paths) = if taken == 0 {
            (1000, list!["/*"])
        } else {
            (taken * 10, list![format!("/{}", ends.to.id), format!("/{}/*", ends.to.id)])
        };
        let authorizer = ends.source.values.get("authenticate").cloned();
        let mut actions = Vec::new();
        let mut actions_cfn = Vec::new();
        if let (Some(Expr::Block(tf)), Some(Expr::Block(cfn))) =
            (authorizer, ends.source.values.get("authenticate_cfn").cloned())
        {
            actions.push(Expr::Block(tf));
            actions_cfn.push(Expr::Block(cfn));
        }
        let order = |value: Expr, name: &str, n: usize| match value {
            Expr::Block(mut fields) => {
                fields.push((name.to_owned(), Expr::from(n as i64 + 1)));
                Expr::Block(fields)
            }
            other => other,
        };
        actions.push(forward(false));
        actions_cfn.push(forward(true));
        let actions =
            actions.into_iter().enumerate().map(|(n, it)| order(it, "order", n)).collect();
        let actions_cfn =
            actions_cfn.into_iter().enumerate().map(|(n, it)| order(it, "Order", n)).collect();
        stack
            .add(
                ends.from,
                &format!("{suffix}_rule"),
                "aws_lb_listener_rule",
                "AWS::ElasticLoadBalancingV2::ListenerRule",
            )
            .set("listener_arn", "ListenerArn", listener.by_ref("arn"))
            .set("priority", "Priority", priority)
            .tf("action", blocks(actions))
            .cfn("Actions", Expr::List(actions_cfn))
            .tf("condition", block([("path_pattern", block([("values", paths.clone())]))]))
            .cfn(
                "Conditions",
                list![map([
                    ("Field", "path-pattern".into()),
                    ("PathPatternConfig", map([("Values", paths)])),
                ])],
            )
            .done()
    } else {
        let number = match ends.source.values.get("port") {
            Some(Expr::Int(port)) => *port + taken,
            _ => i64::from(port) + taken,
        };
        stack
            .add(
                ends.from,
                &format!("{suffix}_listener"),
                "aws_lb_listener",
                "AWS::ElasticLoadBalancingV2::Listener",
            )
            .set("load_balancer_arn", "LoadBalancerArn", balancer.by_ref("arn"))
            .set("port", "Port", number)
            .set("protocol", "Protocol", "TCP")
            .tf("default_action", forward(false))
            .cfn("DefaultActions", list![forward(true)])
            .skip("CKV_AWS_2", "A TCP listener passes TLS through to its targets")
            .skip("CKV_AWS_103", "A TCP listener passes TLS through to its targets")
            .done()
    };
    if !function {
        let (Some(from), Some(to)) =
            (ends.source.values.get("group").cloned(), ends.target.values.get("group").cloned())
        else {
            return Some((group, route));
        };
        let text = format!("{} to {}", ends.from.title, ends.to.title);
        kit::egress(
            stack,
            ends.from,
            &format!("{suffix}_out"),
            &from,
            Some((port, port)),
            kit::Peer::Group(to.clone()),
            &text,
        );
        kit::ingress(
            stack,
            ends.to,
            &format!("from_{}", ends.from.id.snake()),
            &to,
            Some((port, port)),
            kit::Peer::Group(from),
            &text,
        );
    }
    Some((group, route))
}

/// A load balancer in front of a container service.
pub fn containers(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let service = ends.target.handles.get("service")?.clone();
    let port = match ends.target.values.get("port") {
        Some(Expr::Int(port)) => *port as u16,
        _ => return None,
    };
    let (group, route) = target(stack, ends, "ip", port)?;
    let name = ends.to.id.as_str();
    let draft = stack.edit(&service)?;
    draft
        .tf(
            "load_balancer",
            block([
                ("target_group_arn", group.by_ref("arn")),
                ("container_name", name.into()),
                ("container_port", port.into()),
            ]),
        )
        .cfn(
            "LoadBalancers",
            list![map([
                ("TargetGroupArn", group.by_ref("arn")),
                ("ContainerName", name.into()),
                ("ContainerPort", port.into()),
            ])],
        )
        .after(&route)
        .done();
    Some(())
}

/// A load balancer in front of a function.
pub fn function(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let function = ends.target.handles.get("function")?.clone();
    let (group, _) = target(stack, ends, "lambda", 0)?;
    let permission = stack
        .add(
            ends.to,
            &format!("from_{}", ends.from.id.snake()),
            "aws_lambda_permission",
            "AWS::Lambda::Permission",
        )
        .set("action", "Action", "lambda:InvokeFunction")
        .set("function_name", "FunctionName", function.att("function_name", "Arn"))
        .set("principal", "Principal", "elasticloadbalancing.amazonaws.com")
        .tf("source_arn", group.by_ref("arn"))
        .done();
    stack
        .tf_only(
            ends.from,
            &format!("{}_attachment", ends.suffix()),
            "aws_lb_target_group_attachment",
        )
        .tf("target_group_arn", group.by_ref("arn"))
        .tf("target_id", function.arn())
        .after(&permission)
        .done();
    stack
        .edit(&group)?
        .cfn("Targets", list![map([("Id", function.arn())])])
        .cfn_after(&permission)
        .done();
    Some(())
}

/// Capacity units of an application load balancer: the largest of four dimensions.
/// <https://aws.amazon.com/elasticloadbalancing/pricing/>
fn capacity_units(spec: &LoadBalancer) -> f64 {
    let new_connections = spec.requests_per_second / 25.0;
    let active = spec.requests_per_second * 60.0 / 3000.0;
    let gigabytes = spec.gb_per_month / HOURS;
    new_connections.max(active).max(gigabytes)
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &LoadBalancer) {
    let service = match spec.layer {
        Layer::Http => "alb",
        Layer::Tcp => "nlb",
        Layer::Gateway => "gwlb",
    };
    bill.add(it, "Hours", service, "hour", Quantity::fixed(HOURS), "730 h");
    bill.add(
        it,
        "Capacity units",
        service,
        "lcu-hour",
        Quantity::usage(capacity_units(spec) * HOURS),
        "largest of new connections / 25, active / 3,000 and GB an hour, × 730 h",
    );
    if !spec.internal && bill.graph.first(Kind::Cdn).is_none() {
        bill.add(
            it,
            "Data out to the internet",
            "egress",
            "internet-gb",
            Quantity::usage(spec.gb_per_month).beyond(100.0),
            "GB beyond 100 free",
        );
    }
}
