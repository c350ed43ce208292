//! AWS App Runner: a container behind a managed HTTPS address.

use super::kit;
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join, list};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Component, Graph, Kind, WebService};
use crate::engine::requirements::Intent;

binding! {
    WebService {
        service: "app-runner",
        title: "AWS App Runner",
        docs: "https://docs.aws.amazon.com/apprunner/latest/dg/what-is-apprunner.html",
        sla: None,
        limits: &[Limit {
            what: "Time to answer a request",
            value: "120 seconds",
            source: "https://docs.aws.amazon.com/apprunner/latest/dg/develop.html",
        }],
        latency_ms: Some((40.0, 120.0)),
    }
}

/// Listens on 8080 without root; it stands in until the team's own image is there.
const PLACEHOLDER: &str = "public.ecr.aws/nginx/nginx-unprivileged:stable";

/// What can only be reached from inside the network.
const INSIDE: &[Kind] = &[
    Kind::RelationalDatabase,
    Kind::DocumentDatabase,
    Kind::GraphDatabase,
    Kind::Cache,
    Kind::DurableCache,
    Kind::KeyValueCache,
    Kind::SearchIndex,
    Kind::Warehouse,
    Kind::KafkaCluster,
    Kind::MessageBroker,
    Kind::FileServer,
    Kind::LoadBalancer,
    Kind::ContainerService,
    Kind::KubernetesCluster,
    Kind::VirtualMachines,
];

/// Whether something that it uses is inside the network.
pub fn reaches_inside(graph: &Graph, it: &Component) -> bool {
    graph.targets(&it.id).any(|(_, to)| INSIDE.contains(&to.spec.kind()))
}

/// The smallest size that App Runner has with this much of both.
/// <https://docs.aws.amazon.com/apprunner/latest/dg/architecture.html>
pub fn size(vcpu: f64, memory_gib: f64) -> (f64, f64) {
    const SIZES: [(f64, f64); 10] = [
        (0.25, 0.5),
        (0.25, 1.0),
        (0.5, 1.0),
        (1.0, 2.0),
        (1.0, 3.0),
        (1.0, 4.0),
        (2.0, 4.0),
        (2.0, 6.0),
        (4.0, 8.0),
        (4.0, 12.0),
    ];
    SIZES.into_iter().find(|it| it.0 >= vcpu && it.1 >= memory_gib).unwrap_or((4.0, 12.0))
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &WebService) {
    let name = stack.name(it);
    let role = kit::role(stack, it, "role", "tasks.apprunner.amazonaws.com", &[]);
    let image = kit::text_input(
        stack,
        &format!("{}_image", it.id.snake()),
        &format!(
            "Container image of {}; the default answers health checks.",
            kit::ascii(&it.title)
        ),
        Some(PLACEHOLDER),
    );
    let kind = kit::text_input(
        stack,
        &format!("{}_image_kind", it.id.snake()),
        "ECR_PUBLIC for a public image, ECR for one of a private repository.",
        Some("ECR_PUBLIC"),
    );
    let access = kit::role(
        stack,
        it,
        "access_role",
        "build.apprunner.amazonaws.com",
        &["service-role/AWSAppRunnerServicePolicyForECRAccess"],
    );
    let group =
        if reaches_inside(stack.graph, it) { kit::security_group(stack, it, "") } else { None };
    let connector = group.as_ref().and_then(|group| {
        let subnets = stack.net.as_ref()?.private.clone();
        let group_id = kit::group_id(group);
        kit::egress(
            stack,
            it,
            "https_out",
            &group_id,
            Some((443, 443)),
            kit::Peer::Cidr("0.0.0.0/0".into()),
            "HTTPS to AWS services and partners",
        );
        let name = stack.name(it);
        Some(
            stack
                .add(it, "connector", "aws_apprunner_vpc_connector", "AWS::AppRunner::VpcConnector")
                .set("vpc_connector_name", "VpcConnectorName", name)
                .set("subnets", "Subnets", Expr::List(subnets))
                .set("security_groups", "SecurityGroups", list![group_id])
                .done(),
        )
    });
    let most = spec.instances_max.clamp(1, 25);
    let scaling = stack
        .add(
            it,
            "scaling",
            "aws_apprunner_auto_scaling_configuration_version",
            "AWS::AppRunner::AutoScalingConfiguration",
        )
        .set("max_concurrency", "MaxConcurrency", 80)
        .set("max_size", "MaxSize", most)
        .set("min_size", "MinSize", spec.instances_min.clamp(1, most))
        // Their names have 32 characters at most.
        .set("auto_scaling_configuration_name", "AutoScalingConfigurationName", it.id.as_str())
        .done();
    let (vcpu, memory) = size(spec.vcpu, spec.memory_gib);
    let source = |camel: bool| {
        let key = |text: &str| {
            if camel { crate::engine::bind::expr::pascal_name(text) } else { text.to_owned() }
        };
        let environment =
            if camel { Expr::EnvListOf(it.id.clone()) } else { Expr::EnvOf(it.id.clone()) };
        Expr::Block(vec![
            (key("auto_deployments_enabled"), false.into()),
            (
                key("authentication_configuration"),
                Expr::Block(vec![(key("access_role_arn"), access.arn())]),
            ),
            (
                key("image_repository"),
                Expr::Block(vec![
                    (key("image_identifier"), image.clone()),
                    (key("image_repository_type"), kind.clone()),
                    (
                        key("image_configuration"),
                        Expr::Block(vec![
                            (key("port"), spec.port.to_string().into()),
                            (key("runtime_environment_variables"), environment),
                        ]),
                    ),
                ]),
            ),
        ])
    };
    let key = stack.key_arn.clone();
    let mut draft = stack
        .add(it, "", "aws_apprunner_service", "AWS::AppRunner::Service")
        .set("service_name", "ServiceName", name)
        .set("auto_scaling_configuration_arn", "AutoScalingConfigurationArn", {
            scaling.att("arn", "AutoScalingConfigurationArn")
        })
        .tf("source_configuration", source(false))
        .cfn("SourceConfiguration", source(true))
        .nested(
            "instance_configuration",
            "InstanceConfiguration",
            block([
                ("cpu", ((vcpu * 1024.0) as u32).to_string().into()),
                ("memory", ((memory * 1024.0) as u32).to_string().into()),
                ("instance_role_arn", role.arn()),
            ]),
        )
        .nested(
            "health_check_configuration",
            "HealthCheckConfiguration",
            block([("protocol", "HTTP".into()), ("path", "/".into()), ("interval", 10.into())]),
        );
    if let Some(key) = key {
        draft = draft.nested(
            "encryption_configuration",
            "EncryptionConfiguration",
            block([("kms_key", key)]),
        );
    }
    if let Some(connector) = &connector {
        let arn = connector.att("arn", "VpcConnectorArn");
        let egress = block([("egress_type", "VPC".into()), ("vpc_connector_arn", arn)]);
        draft = draft.nested(
            "network_configuration",
            "NetworkConfiguration",
            block([("egress_configuration", egress)]),
        );
    }
    let service = draft.done();
    let host = service.att("service_url", "ServiceUrl");
    let url: Expr = join!["https://", host.clone()];
    stack.output(&format!("{}_url", it.id.snake()), "Address of the service.", url.clone());
    let mut facet = Facet::default()
        .handle("service", &service)
        .handle("role", &role)
        .value("arn", service.att("arn", "ServiceArn"))
        .value("host", host)
        .value("url", url.clone())
        .reference("URL", url)
        .grant(
            &[Intent::Invokes, Intent::Reads, Intent::Serves],
            &["apprunner:DescribeService"],
            vec![service.att("arn", "ServiceArn")],
        )
        .principal(&role, group.as_ref().map(kit::group_id), true);
    if let Some(group) = &group {
        facet = facet.value("group", kit::group_id(group));
    }
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &WebService) {
    let (vcpu, memory) = size(spec.vcpu, spec.memory_gib);
    let least = f64::from(spec.instances_min.max(1));
    let share = spec.active_share.clamp(0.0, 1.0);
    // Memory is paid for as long as an instance is there, vCPU while it works.
    bill.add(
        it,
        "Memory",
        "apprunner",
        "gb-hour",
        Quantity::range(least, least, least.max(f64::from(spec.instances_max) / 2.0))
            .times(memory * HOURS),
        format!("{least} instances × {memory} GB × 730 h"),
    );
    bill.add(
        it,
        "vCPU while it works",
        "apprunner",
        "vcpu-hour",
        Quantity::usage(least * share * vcpu * HOURS),
        format!("{least} instances × {vcpu} vCPU × 730 h × {:.0} %", share * 100.0),
    );
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn the_smallest_size_that_fits_is_taken() {
        assert_eq!(size(0.25, 0.5), (0.25, 0.5));
        assert_eq!(size(0.5, 2.0), (1.0, 2.0));
        assert_eq!(size(2.0, 5.0), (2.0, 6.0));
        assert_eq!(size(9.0, 9.0), (4.0, 12.0));
    }
}
