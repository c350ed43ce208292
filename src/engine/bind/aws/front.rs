//! What stands before servers that have no load balancer of their own: an
//! internal network load balancer, so that gateways and callers find them.

use super::wire::Ends;
use super::{api_gateway, elb, kit};
use crate::engine::bind::expr::{Expr, block, join, list, map};
use crate::engine::bind::stack::{Handle, Stack};
use crate::engine::graph::{ApiProtocol, Kind, Spec};

/// Address of a front, and what leads there.
struct Front {
    balancer: Handle,
    listener: Handle,
    port: u16,
}

/// The port that a target listens on.
fn port_of(ends: &Ends<'_>) -> Option<u16> {
    match ends.target.values.get("port") {
        Some(Expr::Int(port)) => u16::try_from(*port).ok(),
        _ => ends.target.listener.as_ref().map(|it| it.port),
    }
}

/// Puts machines behind a target group: each of them, or their scaling group.
fn attach_machines(
    stack: &mut Stack<'_>,
    ends: &Ends<'_>,
    group: &Handle,
    suffix: &str,
    port: u16,
) -> Option<()> {
    if let Some(scaling) = ends.target.handles.get("scaling_group") {
        stack
            .tf_only(ends.from, &format!("{suffix}_attachment"), "aws_autoscaling_attachment")
            .tf("autoscaling_group_name", scaling.by_ref("name"))
            .tf("lb_target_group_arn", group.by_ref("arn"))
            .done();
        let arn = group.by_ref("arn");
        let resource = stack.resources.iter_mut().find(|it| it.key == scaling.0)?;
        let side = resource.cfn.as_mut()?;
        match side.fields.iter_mut().find(|it| it.0 == "TargetGroupARNs") {
            Some((_, Expr::List(arns))) => arns.push(arn),
            _ => side.fields.push(("TargetGroupARNs".to_owned(), list![arn])),
        }
        return Some(());
    }
    let mut targets = Vec::new();
    let machines: Vec<Handle> = ends
        .target
        .handles
        .iter()
        .filter(|(name, _)| name.starts_with("machine_"))
        .map(|(_, it)| it.clone())
        .collect();
    for (n, machine) in machines.iter().enumerate() {
        stack
            .tf_only(
                ends.from,
                &format!("{suffix}_attachment_{}", n + 1),
                "aws_lb_target_group_attachment",
            )
            .tf("target_group_arn", group.by_ref("arn"))
            .tf("target_id", machine.id())
            .tf("port", port)
            .done();
        targets.push(map([("Id", machine.id()), ("Port", port.into())]));
    }
    if targets.is_empty() {
        return None;
    }
    stack.edit(group)?.cfn("Targets", Expr::List(targets)).done();
    Some(())
}

/// A load balancer in front of machines.
pub fn machines(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let port = port_of(ends)?;
    let (group, _) = elb::target(stack, ends, "instance", port)?;
    attach_machines(stack, ends, &group, &ends.suffix(), port)
}

/// A load balancer in front of programs of a cluster. Pods come and go: the
/// cluster's load balancer controller keeps the target group, whose ARN it is told.
pub fn pods(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let port = port_of(ends)?;
    let (group, _) = elb::target(stack, ends, "ip", port)?;
    binding(stack, ends, &group, port);
    Some(())
}

/// Tells the cluster's people which target group their service belongs to.
fn binding(stack: &mut Stack<'_>, ends: &Ends<'_>, group: &Handle, port: u16) {
    stack.output(
        &format!("{}_{}_targets", ends.from.id.snake(), ends.to.id.snake()),
        "Target group for the TargetGroupBinding of the service.",
        group.by_ref("arn"),
    );
    stack.files.insert(
        format!("kubernetes/{}/{}-binding.yaml", ends.to.id, ends.from.id),
        format!(
            "# Needs the AWS Load Balancer Controller. Write the stack's output\n# {}_{}_targets into targetGroupARN.\napiVersion: elbv2.k8s.aws/v1beta1\nkind: TargetGroupBinding\nmetadata:\n  name: {}\n  namespace: default\nspec:\n  serviceRef:\n    name: app\n    port: {port}\n  targetGroupARN: \"\"\n  targetType: ip\n",
            ends.from.id.snake(),
            ends.to.id.snake(),
            ends.from.id
        )
        .into_bytes(),
    );
}

/// One load balancer behind another, such as fixed addresses before paths.
pub fn balancers(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let inner = ends.target.handles.get("load_balancer")?.clone();
    if let Some(outer) = ends.source.handles.get("listener").cloned() {
        return send_on(stack, ends, &outer, &inner);
    }
    let listener = ends.target.handles.get("listener").cloned()?;
    let port = ends.target.listener.as_ref()?.port;
    let (group, _) = elb::target(stack, ends, "alb", port)?;
    stack
        .tf_only(
            ends.from,
            &format!("{}_attachment", ends.suffix()),
            "aws_lb_target_group_attachment",
        )
        .tf("target_group_arn", group.by_ref("arn"))
        .tf("target_id", inner.by_ref("arn"))
        .tf("port", port)
        .after(&listener)
        .done();
    stack
        .edit(&group)?
        .cfn("Targets", list![map([("Id", inner.by_ref("arn")), ("Port", port.into())])])
        .after(&listener)
        .done();
    Some(())
}

/// AWS has no application load balancer behind another: it sends callers on to
/// the other's address.
fn send_on(stack: &mut Stack<'_>, ends: &Ends<'_>, outer: &Handle, inner: &Handle) -> Option<()> {
    let taken = stack.resources.iter().filter(|it| {
        it.component == ends.from.id
            && it.tf.as_ref().is_some_and(|it| it.kind == "aws_lb_listener_rule")
    });
    let priority = 500 + taken.count() as i64;
    let paths = list![format!("/{}", ends.to.id), format!("/{}/*", ends.to.id)];
    let redirect = block([
        ("type", "redirect".into()),
        (
            "redirect",
            block([("host", inner.att("dns_name", "DNSName")), ("status_code", "HTTP_302".into())]),
        ),
    ]);
    let redirect_cfn = block([
        ("Type", "redirect".into()),
        (
            "RedirectConfig",
            block([("Host", inner.att("dns_name", "DNSName")), ("StatusCode", "HTTP_302".into())]),
        ),
    ]);
    stack
        .add(
            ends.from,
            &format!("{}_rule", ends.suffix()),
            "aws_lb_listener_rule",
            "AWS::ElasticLoadBalancingV2::ListenerRule",
        )
        .set("listener_arn", "ListenerArn", outer.by_ref("arn"))
        .set("priority", "Priority", priority)
        .tf("action", redirect)
        .cfn("Actions", list![redirect_cfn])
        .tf("condition", block([("path_pattern", block([("values", paths.clone())]))]))
        .cfn(
            "Conditions",
            list![map([
                ("Field", "path-pattern".into()),
                ("PathPatternConfig", map([("Values", paths)])),
            ])],
        )
        .done();
    Some(())
}

/// An internal network load balancer for servers, once for each of them.
fn front(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<Front> {
    let port = port_of(ends)?;
    let known = Handle(format!("{}_front", ends.to.id.snake()));
    if stack.resources.iter().any(|it| it.key == known.0) {
        let listener = Handle(format!("{}_front_listener", ends.to.id.snake()));
        return Some(Front { balancer: known, listener, port });
    }
    let net = stack.net.clone()?;
    let kind = if ends.to.spec.kind() == Kind::VirtualMachines { "instance" } else { "ip" };
    let name = stack.name_with(ends.to, "front");
    let protect = kit::protect(stack);
    let balancer = stack
        .add(ends.to, "front", "aws_lb", "AWS::ElasticLoadBalancingV2::LoadBalancer")
        .tf("internal", true)
        .cfn("Scheme", "internal")
        .tf("load_balancer_type", "network")
        .cfn("Type", "network")
        .set("subnets", "Subnets", Expr::List(net.private.clone()))
        .tf("enable_cross_zone_load_balancing", true)
        .tf("enable_deletion_protection", protect)
        .cfn(
            "LoadBalancerAttributes",
            list![
                map([
                    ("Key", "load_balancing.cross_zone.enabled".into()),
                    ("Value", "true".into())
                ]),
                map([
                    ("Key", "deletion_protection.enabled".into()),
                    ("Value", protect.to_string().into())
                ])
            ],
        )
        .tf("tags", map([("Name", name.clone())]))
        .cfn("Tags", kit::tag_list(&[("Name", name)]))
        .skip("CKV_AWS_91", "Only gateways of this system call it, and they log each request")
        .skip("CKV_AWS_150", "Protected against deletion in the better and best option")
        .done();
    let group = stack
        .add(
            ends.to,
            "front_targets",
            "aws_lb_target_group",
            "AWS::ElasticLoadBalancingV2::TargetGroup",
        )
        .set("target_type", "TargetType", kind)
        .set("port", "Port", port)
        .set("protocol", "Protocol", "TCP")
        .set("vpc_id", "VpcId", net.vpc_id)
        // Callers are gateways: their addresses say nothing, and the network's do for the rules.
        .tf("preserve_client_ip", "false")
        .cfn(
            "TargetGroupAttributes",
            list![map([("Key", "preserve_client_ip.enabled".into()), ("Value", "false".into())])],
        )
        .tf("health_check", block([("protocol", "TCP".into())]))
        .cfn("HealthCheckProtocol", "TCP")
        .done();
    let forward = block([("type", "forward".into()), ("target_group_arn", group.by_ref("arn"))]);
    let listener = stack
        .add(ends.to, "front_listener", "aws_lb_listener", "AWS::ElasticLoadBalancingV2::Listener")
        .set("load_balancer_arn", "LoadBalancerArn", balancer.by_ref("arn"))
        .set("port", "Port", port)
        .set("protocol", "Protocol", "TCP")
        .tf("default_action", forward.clone())
        .cfn("DefaultActions", list![kit::pascal(forward)])
        .skip("CKV_AWS_2", "It passes on what the gateway has ended TLS of, inside the network")
        .skip("CKV_AWS_103", "It passes on what the gateway has ended TLS of, inside the network")
        .done();
    if let Some(target) = ends.target.values.get("group").cloned() {
        kit::ingress(
            stack,
            ends.to,
            "front_in",
            &target,
            Some((port, port)),
            kit::Peer::Cidr(net.cidr),
            "Requests by the internal load balancer",
        );
    }
    match ends.to.spec.kind() {
        Kind::VirtualMachines => {
            let inner = Ends {
                connection: ends.connection,
                from: ends.to,
                to: ends.to,
                source: ends.target.clone(),
                target: ends.target.clone(),
            };
            attach_machines(stack, &inner, &group, "front", port)?;
        }
        Kind::ContainerService => {
            let service = ends.target.handles.get("service")?.clone();
            let name = ends.to.id.as_str();
            let entry = block([
                ("target_group_arn", group.by_ref("arn")),
                ("container_name", name.into()),
                ("container_port", port.into()),
            ]);
            let resource = stack.resources.iter_mut().find(|it| it.key == service.0)?;
            let tf = resource.tf.as_mut()?;
            tf.fields.push(("load_balancer".to_owned(), entry.clone()));
            let cfn = resource.cfn.as_mut()?;
            match cfn.fields.iter_mut().find(|it| it.0 == "LoadBalancers") {
                Some((_, Expr::List(held))) => held.push(kit::pascal(entry)),
                _ => cfn.fields.push(("LoadBalancers".to_owned(), list![kit::pascal(entry)])),
            }
            resource.depends_on.insert(listener.0.clone());
        }
        Kind::KubernetesCluster => binding(stack, ends, &group, port),
        _ => return None,
    }
    Some(Front { balancer, listener, port })
}

/// An API that hands requests to servers inside the network, or to a web address.
pub fn api(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let Spec::HttpApi(spec) = &ends.from.spec else { return None };
    match spec.protocol {
        ApiProtocol::WebSocket => None,
        ApiProtocol::Rest => rest(stack, ends),
        ApiProtocol::Http => http(stack, ends),
    }
}

/// The web address of a target that has one the API can reach without a link.
fn address(ends: &Ends<'_>) -> Option<Expr> {
    match &ends.to.spec {
        Spec::WebService(_) | Spec::AppPlatform(_) => ends.target.values.get("url").cloned(),
        Spec::LoadBalancer(spec) if !spec.internal => {
            let scheme =
                if ends.target.values.contains_key("certificate") { "https" } else { "http" };
            Some(join![format!("{scheme}://"), ends.target.values.get("host")?.clone()])
        }
        _ => None,
    }
}

fn http(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let api = ends.source.handles.get("api")?.clone();
    let suffix = ends.suffix();
    let inside = match &ends.to.spec {
        Spec::WebService(_) | Spec::AppPlatform(_) => None,
        Spec::LoadBalancer(_) => {
            let port = ends.target.listener.as_ref()?.port;
            let listener =
                ends.target.handles.get("https").or(ends.target.handles.get("listener")).cloned();
            // A load balancer without rules of its own is called by its address.
            listener.map(|listener| (listener.by_ref("arn"), port))
        }
        _ => {
            let front = front(stack, ends)?;
            Some((front.listener.by_ref("arn"), front.port))
        }
    };
    let mut draft_fields = Vec::new();
    if let Some((uri, port)) = inside {
        let link = link(stack, ends, port)?;
        draft_fields.push(("integration_uri", "IntegrationUri", uri));
        draft_fields.push(("connection_type", "ConnectionType", "VPC_LINK".into()));
        draft_fields.push(("connection_id", "ConnectionId", link.id()));
    } else {
        let url = address(ends)?;
        draft_fields.push(("integration_uri", "IntegrationUri", url));
        // The path goes on as it came.
        draft_fields.push((
            "request_parameters",
            "RequestParameters",
            map([("overwrite:path", "$request.path".into())]),
        ));
    }
    let integration = {
        let mut draft = stack
            .add(
                ends.from,
                &suffix,
                "aws_apigatewayv2_integration",
                "AWS::ApiGatewayV2::Integration",
            )
            .set("api_id", "ApiId", api.id())
            .set("integration_type", "IntegrationType", "HTTP_PROXY")
            .set("integration_method", "IntegrationMethod", "ANY")
            .set("payload_format_version", "PayloadFormatVersion", "1.0");
        for (tf, cfn, value) in draft_fields {
            draft = draft.set(tf, cfn, value);
        }
        draft.done()
    };
    super::wire::edge::routes(stack, ends, ApiProtocol::Http, &integration)
}

/// The way of an HTTP API into the network; all its targets share one.
fn link(stack: &mut Stack<'_>, ends: &Ends<'_>, port: u16) -> Option<Handle> {
    let net = stack.net.clone()?;
    let known = Handle(format!("{}_link", ends.from.id.snake()));
    let group = Handle(format!("{}_link_sg", ends.from.id.snake()));
    if !stack.resources.iter().any(|it| it.key == known.0) {
        let group = kit::security_group(stack, ends.from, "link_sg")?;
        let name = stack.name(ends.from);
        stack
            .add(ends.from, "link", "aws_apigatewayv2_vpc_link", "AWS::ApiGatewayV2::VpcLink")
            .set("name", "Name", name)
            .set("subnet_ids", "SubnetIds", Expr::List(net.private))
            .set("security_group_ids", "SecurityGroupIds", list![kit::group_id(&group)])
            .done();
    }
    let source = kit::group_id(&group);
    let text = format!("{} to {}", ends.from.title, ends.to.title);
    kit::egress(
        stack,
        ends.from,
        &format!("{}_out", ends.suffix()),
        &source,
        Some((port, port)),
        kit::Peer::Cidr(net.cidr),
        &text,
    );
    if ends.to.spec.kind() == Kind::LoadBalancer
        && let Some(target) = ends.target.values.get("group").cloned()
    {
        kit::ingress(
            stack,
            ends.to,
            &format!("from_{}", ends.from.id.snake()),
            &target,
            Some((port, port)),
            kit::Peer::Group(source),
            &text,
        );
    }
    Some(known)
}

fn rest(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    if let Some(url) = address(ends) {
        return api_gateway::rest_path(stack, ends, "HTTP_PROXY", &url, None);
    }
    // A REST API reaches the network through network load balancers only.
    let (balancer, port) = match &ends.to.spec {
        Spec::LoadBalancer(_) if !ends.target.handles.contains_key("listener") => {
            (ends.target.handles.get("load_balancer")?.clone(), ends.target.listener.as_ref()?.port)
        }
        Spec::LoadBalancer(_) => return None,
        _ => {
            let front = front(stack, ends)?;
            (front.balancer, front.port)
        }
    };
    let name = stack.name_with(ends.from, ends.to.id.as_str());
    let link = stack
        .add(
            ends.from,
            &format!("{}_link", ends.suffix()),
            "aws_api_gateway_vpc_link",
            "AWS::ApiGateway::VpcLink",
        )
        .set("name", "Name", name)
        .set("target_arns", "TargetArns", list![balancer.by_ref("arn")])
        .done();
    let uri = join!["http://", balancer.att("dns_name", "DNSName"), format!(":{port}")];
    api_gateway::rest_path(stack, ends, "HTTP_PROXY", &uri, Some(&link.id()))
}
