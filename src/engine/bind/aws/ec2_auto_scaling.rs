//! Amazon EC2 Auto Scaling: groups of machines that follow load.

use super::wire::Ends;
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::diag::{Diagnostic, Severity};
use crate::engine::graph::{Component, Kind, MachineScaling};

binding! {
    MachineScaling {
        service: "ec2-auto-scaling",
        title: "Amazon EC2 Auto Scaling",
        docs: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/what-is-amazon-ec2-auto-scaling.html",
        sla: None,
        limits: &[Limit {
            what: "Groups in a region",
            value: "500",
            source: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-quotas.html",
        }],
        latency_ms: None,
    }
}

/// The group itself is made with its machines, which know their template and subnets.
fn lower(stack: &mut Stack<'_>, it: &Component, spec: &MachineScaling) {
    let scaled = |kind: Kind| stack.graph.targets(&it.id).any(|to| to.1.spec.kind() == kind);
    let (machines, containers) = (scaled(Kind::VirtualMachines), scaled(Kind::ContainerService));
    if !machines && !containers {
        stack.diagnose(
            Diagnostic::new(
                "nothing-to-scale",
                Severity::Warning,
                format!("{} has no machines that it could scale.", it.title),
            )
            .help("Connect it to machines or to a container service.")
            .on(it.id.as_str()),
        );
    }
    let mut facet = Facet::default()
        .value("min", spec.min)
        .value("max", spec.max)
        .value("target_cpu", spec.target_cpu_percent);
    if machines {
        let group = Handle(it.id.snake());
        facet = facet.value("group_name", group.by_ref("name")).handle("scaling_group", &group);
    }
    stack.facet(it, facet);
}

/// A group of machines over a launch template. It belongs to what scales the
/// machines, or to the machines when their number stays.
pub fn group(
    stack: &mut Stack<'_>,
    owner: &Component,
    machines: &Component,
    sizes: &MachineScaling,
    template: &Handle,
    subnets: Vec<Expr>,
) -> Handle {
    let suffix = if owner.id == machines.id { "group" } else { "" };
    let name = stack.name(machines);
    let max = sizes.max.max(sizes.min).max(1);
    let desired = sizes.desired.clamp(sizes.min, max);
    let group = stack
        .add(owner, suffix, "aws_autoscaling_group", "AWS::AutoScaling::AutoScalingGroup")
        .set("name", "AutoScalingGroupName", name.clone())
        .tf("min_size", sizes.min)
        .cfn("MinSize", sizes.min.to_string())
        .tf("max_size", max)
        .cfn("MaxSize", max.to_string())
        .tf("desired_capacity", desired)
        .cfn("DesiredCapacity", desired.to_string())
        .set("vpc_zone_identifier", "VPCZoneIdentifier", Expr::List(subnets))
        // Machines that a load balancer finds ill are replaced as well.
        .set("health_check_type", "HealthCheckType", "ELB")
        .set("health_check_grace_period", "HealthCheckGracePeriod", 300)
        .set("default_instance_warmup", "DefaultInstanceWarmup", 120)
        .tf("enabled_metrics", list!["GroupInServiceInstances", "GroupDesiredCapacity"])
        .cfn("MetricsCollection", list![map([("Granularity", "1Minute".into())])])
        .tf("launch_template", block([("id", template.id()), ("version", "$Latest".into())]))
        .cfn(
            "LaunchTemplate",
            block([
                ("LaunchTemplateId", template.id()),
                ("Version", template.att("latest_version", "LatestVersionNumber")),
            ]),
        )
        .tf(
            "instance_refresh",
            block([
                ("strategy", "Rolling".into()),
                ("preferences", block([("min_healthy_percentage", 50.into())])),
            ]),
        )
        .tf(
            "tag",
            block([
                ("key", "Name".into()),
                ("value", name.clone()),
                ("propagate_at_launch", true.into()),
            ]),
        )
        .cfn(
            "Tags",
            list![map([
                ("Key", "Name".into()),
                ("Value", name),
                ("PropagateAtLaunch", true.into()),
            ])],
        )
        .tf("lifecycle", block([("ignore_changes", Expr::Hcl("[desired_capacity]".to_owned()))]))
        .done();
    if max > sizes.min {
        let suffix = if suffix.is_empty() { "cpu" } else { "group_cpu" };
        let name = stack.name_with(owner, "cpu");
        let tracking = block([
            ("target_value", sizes.target_cpu_percent.into()),
            (
                "predefined_metric_specification",
                block([("predefined_metric_type", "ASGAverageCPUUtilization".into())]),
            ),
        ]);
        stack
            .add(owner, suffix, "aws_autoscaling_policy", "AWS::AutoScaling::ScalingPolicy")
            .tf("name", name)
            .set("autoscaling_group_name", "AutoScalingGroupName", group.by_ref("name"))
            .set("policy_type", "PolicyType", "TargetTrackingScaling")
            .nested("target_tracking_configuration", "TargetTrackingConfiguration", tracking)
            .done();
    }
    group
}

/// Scaling of a container service: adds memory to what it follows, or all of it
/// where the service has a fixed number of tasks.
pub fn containers(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let service = ends.target.handles.get("service")?;
    let cluster = ends.target.handles.get("cluster")?;
    let id: Expr = join!["service/", cluster.by_ref("name"), "/", service.att("name", "Name")];
    let known = Handle(format!("{}_scaling", ends.to.id.snake()));
    let target = if stack.resources.iter().any(|it| it.key == known.0) {
        known
    } else {
        stack
            .add(
                ends.from,
                &ends.suffix(),
                "aws_appautoscaling_target",
                "AWS::ApplicationAutoScaling::ScalableTarget",
            )
            .set("service_namespace", "ServiceNamespace", "ecs")
            .set("resource_id", "ResourceId", id.clone())
            .set("scalable_dimension", "ScalableDimension", "ecs:service:DesiredCount")
            .set("min_capacity", "MinCapacity", ends.source.values.get("min")?)
            .set("max_capacity", "MaxCapacity", ends.source.values.get("max")?)
            .done()
    };
    let cpu = ends.source.values.get("target_cpu")?.clone();
    let fresh = target.0 != format!("{}_scaling", ends.to.id.snake());
    let mut metrics = vec![("memory", "ECSServiceAverageMemoryUtilization", 75.into())];
    if fresh {
        metrics.push(("cpu", "ECSServiceAverageCPUUtilization", cpu));
    }
    for (word, metric, goal) in metrics {
        let name = stack.name_with(ends.to, word);
        let tracking = block([
            ("target_value", goal),
            ("predefined_metric_specification", block([("predefined_metric_type", metric.into())])),
        ]);
        stack
            .add(
                ends.from,
                &format!("{}_{word}", ends.suffix()),
                "aws_appautoscaling_policy",
                "AWS::ApplicationAutoScaling::ScalingPolicy",
            )
            .set("name", "PolicyName", name)
            .set("policy_type", "PolicyType", "TargetTrackingScaling")
            .tf("service_namespace", "ecs")
            .tf("resource_id", target.by_ref("resource_id"))
            .tf("scalable_dimension", target.by_ref("scalable_dimension"))
            .cfn("ScalingTargetId", target.id())
            .nested(
                "target_tracking_scaling_policy_configuration",
                "TargetTrackingScalingPolicyConfiguration",
                tracking,
            )
            .done();
    }
    Some(())
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &MachineScaling) {
    // Auto Scaling is free; what it watches are two alarms per policy.
    if spec.max > spec.min {
        bill.add(
            it,
            "Alarms of the scaling policy",
            "cloudwatch",
            "alarm-month",
            Quantity::fixed(2.0),
            "2 alarms",
        );
    }
}
