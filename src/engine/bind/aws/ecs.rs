//! Amazon ECS: container services on Fargate, or on machines of a named type.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, blocks, join, json, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Arch, Component, ContainerService, Kind};
use crate::engine::requirements::Intent;

binding! {
    ContainerService {
        service: "ecs",
        title: "Amazon ECS on AWS Fargate",
        docs: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AWS_Fargate.html",
        sla: Some(Sla {
            // Tasks in two zones or more; a single task has the hourly commitment.
            availability: 0.9999,
            single: 0.995,
            source: "https://aws.amazon.com/compute/sla/",
        }),
        limits: &[Limit {
            what: "Size of a task",
            value: "16 vCPU, 120 GiB",
            source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html",
        }],
        latency_ms: Some((40.0, 120.0)),
    }
}

/// Listens on 8080 without root, answers every path; it stands in until the
/// team's own image is there.
const PLACEHOLDER: &str = "public.ecr.aws/nginx/nginx-unprivileged:stable";

/// Sizes that Fargate has: units of CPU, and memory from, to and step in MiB.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html>
const SIZES: [(u32, u32, u32, u32); 7] = [
    (256, 512, 2048, 512),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16384, 1024),
    (4096, 8192, 30720, 1024),
    (8192, 16384, 61440, 4096),
    (16384, 32768, 122_880, 8192),
];

/// The smallest task size with at least this much of both.
pub fn task_size(vcpu: f64, memory_gib: f64) -> (u32, u32) {
    let memory = (memory_gib * 1024.0).ceil() as u32;
    for (cpu, least, most, step) in SIZES {
        if f64::from(cpu) >= vcpu * 1024.0 && memory <= most {
            let above = memory.saturating_sub(least).div_ceil(step) * step;
            return (cpu, least + above);
        }
    }
    (16384, 122_880)
}

/// The cluster that all container services of the stack share.
pub fn cluster(stack: &mut Stack<'_>, it: &Component) -> Handle {
    if let Some(cluster) = stack.shared.get("cluster") {
        return cluster.clone();
    }
    let name: Expr = join![Expr::Var("name_prefix".to_owned())];
    let cluster = stack
        .add(it, "cluster", "aws_ecs_cluster", "AWS::ECS::Cluster")
        .set("name", "ClusterName", name.clone())
        .tf("setting", block([("name", "containerInsights".into()), ("value", "enabled".into())]))
        .cfn(
            "ClusterSettings",
            list![map([("Name", "containerInsights".into()), ("Value", "enabled".into())])],
        )
        .cfn("CapacityProviders", list!["FARGATE", "FARGATE_SPOT"])
        .done();
    stack
        .tf_only(it, "cluster_capacity", "aws_ecs_cluster_capacity_providers")
        .tf("cluster_name", cluster.by_ref("name"))
        .tf("capacity_providers", list!["FARGATE", "FARGATE_SPOT"])
        .done();
    // Services find each other by name inside this namespace.
    let namespace = stack
        .add(
            it,
            "namespace",
            "aws_service_discovery_http_namespace",
            "AWS::ServiceDiscovery::HttpNamespace",
        )
        .set("name", "Name", name)
        .done();
    stack.shared.insert("cluster", cluster.clone());
    stack.shared.insert("namespace", namespace);
    cluster
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &ContainerService) {
    let Some(group) = kit::security_group(stack, it, "") else {
        stack.diagnose(kit::needs_network(it));
        return;
    };
    let group_id = kit::group_id(&group);
    kit::egress(
        stack,
        it,
        "https_out",
        &group_id,
        Some((443, 443)),
        kit::Peer::Cidr("0.0.0.0/0".into()),
        "HTTPS to registries, AWS services and partners",
    );
    let cluster = cluster(stack, it);
    let log_name: Expr = join!["/aws/ecs/", stack.name(it)];
    let logs = kit::log_group(stack, it, "logs", log_name);
    let execution = kit::role(
        stack,
        it,
        "execution_role",
        "ecs-tasks.amazonaws.com",
        &["service-role/AmazonECSTaskExecutionRolePolicy"],
    );
    let role = kit::role(stack, it, "role", "ecs-tasks.amazonaws.com", &[]);
    let image = kit::text_input(
        stack,
        &format!("{}_image", it.id.snake()),
        &format!(
            "Container image of {}; the default answers health checks.",
            kit::ascii(&it.title)
        ),
        Some(PLACEHOLDER),
    );
    let task = task(stack, it, spec, &image, &logs, &execution, &role);
    let service = service(stack, it, spec, &cluster, &task, &group_id);
    scale(stack, it, spec, &cluster, &service);
    let namespace = stack.shared.get("namespace").cloned();
    let mut facet = Facet::default()
        .handle("service", &service)
        .handle("task_definition", &task)
        .handle("cluster", &cluster)
        .handle("execution_role", &execution)
        .value("group", group_id.clone())
        .value("cluster_arn", cluster.arn())
        .value("port", spec.port)
        .grant(&[Intent::Invokes], &["ecs:RunTask"], vec![task.by_ref("arn")])
        .grant(&[Intent::Invokes], &["iam:PassRole"], vec![execution.arn(), role.arn()])
        .principal(&role, Some(group_id.clone()), true)
        .listener(group_id, spec.port as u16);
    if namespace.is_some() {
        let url = format!("http://{}:{}", it.id, spec.port);
        facet = facet.reference("URL", url);
    }
    stack.facet(it, facet);
}

fn task(
    stack: &mut Stack<'_>,
    it: &Component,
    spec: &ContainerService,
    image: &Expr,
    logs: &Handle,
    execution: &Handle,
    role: &Handle,
) -> Handle {
    let (cpu, memory) = task_size(spec.vcpu, spec.memory_gib);
    let arch = if spec.arch == Arch::Arm64 { "ARM64" } else { "X86_64" };
    let name = it.id.as_str();
    let definition = |camel: bool| {
        // The same fields, with a capital letter in CloudFormation.
        let key = |text: &str| {
            if camel {
                let mut chars = text.chars();
                let first = chars.next().map(|c| c.to_ascii_uppercase());
                first.into_iter().chain(chars).collect::<String>()
            } else {
                text.to_owned()
            }
        };
        let object = |fields: Vec<(&str, Expr)>| {
            Expr::Map(fields.into_iter().map(|(name, value)| (key(name), value)).collect())
        };
        let options = map([
            ("awslogs-group", logs.by_ref("name")),
            ("awslogs-region", Expr::Region),
            ("awslogs-stream-prefix", name.into()),
        ]);
        object(vec![
            ("name", name.into()),
            ("image", image.clone()),
            ("essential", true.into()),
            (
                "portMappings",
                list![object(vec![
                    ("name", "http".into()),
                    ("containerPort", spec.port.into()),
                    ("protocol", "tcp".into()),
                    ("appProtocol", "http".into()),
                ])],
            ),
            ("environment", Expr::EnvListOf(it.id.clone())),
            (
                "logConfiguration",
                object(vec![("logDriver", "awslogs".into()), ("options", options)]),
            ),
        ])
    };
    let family = stack.name(it);
    stack
        .add(it, "task", "aws_ecs_task_definition", "AWS::ECS::TaskDefinition")
        .set("family", "Family", family)
        .set("network_mode", "NetworkMode", "awsvpc")
        .set("requires_compatibilities", "RequiresCompatibilities", list!["FARGATE"])
        .set("cpu", "Cpu", cpu.to_string())
        .set("memory", "Memory", memory.to_string())
        .set("execution_role_arn", "ExecutionRoleArn", execution.arn())
        .set("task_role_arn", "TaskRoleArn", role.arn())
        .tf(
            "runtime_platform",
            block([("cpu_architecture", arch.into()), ("operating_system_family", "LINUX".into())]),
        )
        .cfn(
            "RuntimePlatform",
            block([("CpuArchitecture", arch.into()), ("OperatingSystemFamily", "LINUX".into())]),
        )
        .tf("container_definitions", json(list![definition(false)]))
        .cfn("ContainerDefinitions", list![definition(true)])
        .skip(
            "CKV_AWS_336",
            "The placeholder image writes its cache to its own disk; turn it on with your image",
        )
        .done()
}

fn service(
    stack: &mut Stack<'_>,
    it: &Component,
    spec: &ContainerService,
    cluster: &Handle,
    task: &Handle,
    group: &Expr,
) -> Handle {
    let Some(net) = stack.net.clone() else { return cluster.clone() };
    // Without a way out of the private subnets, images can only be pulled from public ones.
    let public = !net.has_nat && !net.public.is_empty();
    let subnets = if public { net.public.clone() } else { net.private.clone() };
    let namespace = stack.shared.get("namespace").map(Handle::arn);
    let name = stack.name(it);
    let mut draft = stack
        .add(it, "", "aws_ecs_service", "AWS::ECS::Service")
        .tf("name", name.clone())
        .cfn("ServiceName", name)
        .set("cluster", "Cluster", cluster.arn())
        .tf("task_definition", task.by_ref("arn"))
        .cfn("TaskDefinition", task.by_ref("arn"))
        .set("desired_count", "DesiredCount", spec.tasks_min.max(1))
        .set("enable_execute_command", "EnableExecuteCommand", false)
        .set("propagate_tags", "PropagateTags", "SERVICE")
        .tf(
            "deployment_circuit_breaker",
            block([("enable", true.into()), ("rollback", true.into())]),
        )
        .cfn(
            "DeploymentConfiguration",
            block([(
                "DeploymentCircuitBreaker",
                block([("Enable", true.into()), ("Rollback", true.into())]),
            )]),
        )
        .tf(
            "network_configuration",
            block([
                ("subnets", Expr::List(subnets.clone())),
                ("security_groups", list![group.clone()]),
                ("assign_public_ip", public.into()),
            ]),
        )
        .cfn(
            "NetworkConfiguration",
            block([(
                "AwsvpcConfiguration",
                block([
                    ("Subnets", Expr::List(subnets)),
                    ("SecurityGroups", list![group.clone()]),
                    ("AssignPublicIp", if public { "ENABLED" } else { "DISABLED" }.into()),
                ]),
            )]),
        );
    draft = if spec.spot {
        let provider = |name: &str, weight: i32, base: i32| {
            map([
                ("capacity_provider", name.into()),
                ("weight", weight.into()),
                ("base", base.into()),
            ])
        };
        let provider_cfn = |name: &str, weight: i32, base: i32| {
            map([
                ("CapacityProvider", name.into()),
                ("Weight", weight.into()),
                ("Base", base.into()),
            ])
        };
        draft
            .tf(
                "capacity_provider_strategy",
                blocks(vec![provider("FARGATE", 1, 1), provider("FARGATE_SPOT", 3, 0)]),
            )
            .cfn(
                "CapacityProviderStrategy",
                list![provider_cfn("FARGATE", 1, 1), provider_cfn("FARGATE_SPOT", 3, 0)],
            )
    } else {
        draft.set("launch_type", "LaunchType", "FARGATE")
    };
    if let Some(namespace) = namespace {
        let alias =
            |dns: &str, port: &str| map([(dns, it.id.as_str().into()), (port, spec.port.into())]);
        draft = draft
            .tf(
                "service_connect_configuration",
                block([
                    ("enabled", true.into()),
                    ("namespace", namespace.clone()),
                    (
                        "service",
                        block([
                            ("port_name", "http".into()),
                            ("client_alias", alias("dns_name", "port").into_block()),
                        ]),
                    ),
                ]),
            )
            .cfn(
                "ServiceConnectConfiguration",
                block([
                    ("Enabled", true.into()),
                    ("Namespace", namespace),
                    (
                        "Services",
                        list![map([
                            ("PortName", "http".into()),
                            ("ClientAliases", list![alias("DnsName", "Port")]),
                        ])],
                    ),
                ]),
            );
    }
    if public {
        draft = draft.skip(
            "CKV_AWS_333",
            "The least-cost option has no NAT gateway: tasks pull images through a public address, and their security group lets nothing in but the load balancer",
        );
    }
    draft
        .tf("lifecycle", block([("ignore_changes", Expr::Hcl("[desired_count]".to_owned()))]))
        .done()
}

/// Follows load between the fewest and the most tasks.
fn scale(
    stack: &mut Stack<'_>,
    it: &Component,
    spec: &ContainerService,
    cluster: &Handle,
    service: &Handle,
) {
    if spec.tasks_max <= spec.tasks_min {
        return;
    }
    let id: Expr = join!["service/", cluster.by_ref("name"), "/", service.att("name", "Name")];
    let target = stack
        .add(
            it,
            "scaling",
            "aws_appautoscaling_target",
            "AWS::ApplicationAutoScaling::ScalableTarget",
        )
        .set("service_namespace", "ServiceNamespace", "ecs")
        .set("resource_id", "ResourceId", id)
        .set("scalable_dimension", "ScalableDimension", "ecs:service:DesiredCount")
        .set("min_capacity", "MinCapacity", spec.tasks_min.max(1))
        .set("max_capacity", "MaxCapacity", spec.tasks_max)
        .done();
    let name = stack.name_with(it, "cpu");
    stack
        .add(
            it,
            "scaling_cpu",
            "aws_appautoscaling_policy",
            "AWS::ApplicationAutoScaling::ScalingPolicy",
        )
        .set("name", "PolicyName", name)
        .set("policy_type", "PolicyType", "TargetTrackingScaling")
        .tf("service_namespace", target.by_ref("service_namespace"))
        .tf("resource_id", target.by_ref("resource_id"))
        .tf("scalable_dimension", target.by_ref("scalable_dimension"))
        .cfn("ScalingTargetId", target.by_ref("id"))
        .tf(
            "target_tracking_scaling_policy_configuration",
            block([
                ("target_value", 60.into()),
                (
                    "predefined_metric_specification",
                    block([("predefined_metric_type", "ECSServiceAverageCPUUtilization".into())]),
                ),
            ]),
        )
        .cfn(
            "TargetTrackingScalingPolicyConfiguration",
            block([
                ("TargetValue", 60.into()),
                (
                    "PredefinedMetricSpecification",
                    block([("PredefinedMetricType", "ECSServiceAverageCPUUtilization".into())]),
                ),
            ]),
        )
        .done();
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &ContainerService) {
    let (cpu, memory) = task_size(spec.vcpu, spec.memory_gib);
    let (vcpu, gib) = (f64::from(cpu) / 1024.0, f64::from(memory) / 1024.0);
    let tasks = Quantity::range(
        f64::from(spec.tasks_min.max(1)),
        spec.tasks_average.max(f64::from(spec.tasks_min)),
        f64::from(spec.tasks_max)
            .min((spec.tasks_average * 2.0).max(1.0))
            .max(f64::from(spec.tasks_min)),
    );
    let arm = spec.arch == Arch::Arm64;
    let formula =
        |size: f64, unit: &str| format!("{:.1} tasks × {size} {unit} × 730 h", spec.tasks_average);
    bill.add(
        it,
        "vCPU",
        "fargate",
        if arm { "vcpu-hour-arm" } else { "vcpu-hour" },
        tasks.times(vcpu * HOURS),
        formula(vcpu, "vCPU"),
    );
    bill.add(
        it,
        "Memory",
        "fargate",
        if arm { "gb-hour-arm" } else { "gb-hour" },
        tasks.times(gib * HOURS),
        formula(gib, "GiB"),
    );
    bill.add(
        it,
        "Logs",
        "cloudwatch",
        "logs-gb",
        Quantity::usage(spec.log_gb_per_month),
        "GB of logs in a month",
    );
    if !bill.graph.has(Kind::NatGateway) {
        bill.add(
            it,
            "Public addresses",
            "vpc",
            "public-ipv4-hour",
            tasks.times(HOURS),
            "one address per task × 730 h",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::task_size;

    #[test]
    fn the_smallest_task_that_fits_is_taken() {
        assert_eq!(task_size(0.25, 0.5), (256, 512));
        assert_eq!(task_size(0.25, 3.0), (512, 3072));
        assert_eq!(task_size(3.0, 9.5), (4096, 10240));
        assert_eq!(task_size(9.0, 33.0), (16384, 40960));
    }
}
