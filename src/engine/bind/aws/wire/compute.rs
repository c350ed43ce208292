//! Machines, clusters and platforms: what scales them, feeds them and delivers to them.

use super::super::kit;
use super::Ends;
use crate::engine::bind::expr::{block, document, list, map};
use crate::engine::bind::stack::Stack;
use crate::engine::graph::Kind;
use crate::engine::requirements::Intent;

pub fn wire(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    match (ends.from.spec.kind(), ends.to.spec.kind(), ends.connection.intent) {
        // The group was made with the machines.
        (Kind::MachineScaling, Kind::VirtualMachines, Intent::Invokes) => {
            ends.target.handles.get("scaling_group").map(|_| ())
        }
        (Kind::MachineScaling, Kind::ContainerService, Intent::Invokes) => {
            super::super::ec2_auto_scaling::containers(stack, ends)
        }
        _ if repeated(stack, ends) => Some(()),
        // Both were told of each other when they were made.
        (Kind::SourceRepository, Kind::Pipeline | Kind::Build, _)
        | (Kind::Build, Kind::SourceRepository, _) => follow(stack, ends),
        (Kind::WebHosting, _, _) | (_, Kind::WebHosting, _) => {
            super::super::amplify::connect(stack, ends)
        }
        (Kind::GraphqlApi, _, _) => super::super::appsync::connect(stack, ends),
        // Desktops are members of the directory; what they open are its shares.
        (Kind::Desktops, Kind::FileServer | Kind::FileSystem, _) => {
            super::path(
                stack,
                ends,
                &ends.target.listener.as_ref()?.group,
                ends.target.listener.as_ref()?.port,
            );
            Some(())
        }
        (Kind::Directory, Kind::Desktops, _) => ends.target.handles.get("registration").map(|_| ()),
        (Kind::Monitoring, Kind::MachineScaling, _) => alarm(stack, ends),
        (Kind::Pipeline, _, _) => super::super::codepipeline::connect(stack, ends),
        (Kind::Deployment, _, _) => super::super::codedeploy::connect(stack, ends),
        _ => None,
    }
}

/// Whether the same two are connected already: for these kinds the intent adds nothing.
fn repeated(stack: &Stack<'_>, ends: &Ends<'_>) -> bool {
    let whole = |kind| {
        matches!(
            kind,
            Kind::Pipeline
                | Kind::SourceRepository
                | Kind::Deployment
                | Kind::WebHosting
                | Kind::Desktops
        )
    };
    let (from, to) = (ends.from.spec.kind(), ends.to.spec.kind());
    let compute = crate::engine::graph::pairs::COMPUTE.contains(&from);
    !compute
        && (whole(from) || whole(to))
        && stack
            .graph
            .connections
            .iter()
            .find(|it| it.from == ends.from.id && it.to == ends.to.id)
            .is_some_and(|first| first.intent != ends.connection.intent)
}

/// Requests from outside, to servers of our own.
pub fn edge(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    use super::super::{appsync, front, global_accelerator, shield};
    let serves = matches!(ends.connection.intent, Intent::Serves | Intent::Invokes);
    match (ends.from.spec.kind(), ends.to.spec.kind()) {
        (Kind::LoadBalancer, Kind::VirtualMachines) if serves => front::machines(stack, ends),
        (Kind::LoadBalancer, Kind::KubernetesCluster) if serves => front::pods(stack, ends),
        (Kind::LoadBalancer, Kind::LoadBalancer) if serves => front::balancers(stack, ends),
        (
            Kind::HttpApi,
            Kind::LoadBalancer
            | Kind::ContainerService
            | Kind::KubernetesCluster
            | Kind::VirtualMachines
            | Kind::WebService
            | Kind::AppPlatform,
        ) if serves => front::api(stack, ends),
        (Kind::GlobalAccelerator, _) if serves => global_accelerator::connect(stack, ends),
        (Kind::DdosProtection, _) => shield::protect(stack, ends),
        (Kind::UserDirectory, Kind::GraphqlApi) => appsync::people(stack, ends),
        _ => None,
    }
}

/// Adds a machine at once when all are busy, before the average has moved.
fn alarm(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let group = ends.target.values.get("group_name")?.clone();
    let suffix = format!("from_{}", ends.from.id.snake());
    if stack.resources.iter().any(|it| it.key == format!("{}_{suffix}", ends.to.id.snake())) {
        return Some(());
    }
    let name = stack.name_with(ends.to, "busy");
    let step = block([("metric_interval_lower_bound", 0.into()), ("scaling_adjustment", 1.into())]);
    let policy = stack
        .add(ends.to, &suffix, "aws_autoscaling_policy", "AWS::AutoScaling::ScalingPolicy")
        .tf("name", name.clone())
        .set("autoscaling_group_name", "AutoScalingGroupName", group.clone())
        .set("policy_type", "PolicyType", "StepScaling")
        .set("adjustment_type", "AdjustmentType", "ChangeInCapacity")
        .tf("step_adjustment", step.clone())
        .cfn("StepAdjustments", list![kit::pascal(step)])
        .done();
    let policy_arn = policy.att("arn", "Arn");
    stack
        .add(
            ends.to,
            &format!("{suffix}_alarm"),
            "aws_cloudwatch_metric_alarm",
            "AWS::CloudWatch::Alarm",
        )
        .set("alarm_name", "AlarmName", name)
        .set("namespace", "Namespace", "AWS/EC2")
        .set("metric_name", "MetricName", "CPUUtilization")
        .set("statistic", "Statistic", "Average")
        .set("period", "Period", 60)
        .set("evaluation_periods", "EvaluationPeriods", 2)
        .set("threshold", "Threshold", 90)
        .set("comparison_operator", "ComparisonOperator", "GreaterThanOrEqualToThreshold")
        .tf("dimensions", map([("AutoScalingGroupName", group.clone())]))
        .cfn("Dimensions", list![map([("Name", "AutoScalingGroupName".into()), ("Value", group)])])
        .set("alarm_actions", "AlarmActions", list![policy_arn])
        .done();
    Some(())
}

/// Lets a build fetch the sources of a repository, and starts it or the
/// pipeline when somebody pushes.
fn follow(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let repository_first = ends.from.spec.kind() == Kind::SourceRepository;
    let (repository, worker, worker_id) = if repository_first {
        (&ends.source, &ends.target, &ends.to.id)
    } else {
        (&ends.target, &ends.source, &ends.from.id)
    };
    let arn = repository.values.get("arn")?.clone();
    if worker.handles.contains_key("project") {
        stack.allow(worker_id, kit::allow(&["codecommit:GitPull"], vec![arn.clone()]));
    }
    if !repository_first {
        return Some(());
    }
    let (target, action) = match worker.handles.get("project") {
        Some(project) => (project.arn(), "codebuild:StartBuild"),
        None => (worker.values.get("arn")?.clone(), "codepipeline:StartPipelineExecution"),
    };
    let suffix = ends.suffix();
    let role = kit::role(stack, ends.from, &format!("{suffix}_role"), "events.amazonaws.com", &[]);
    let statement = kit::allow(&[action], vec![target.clone()]);
    kit::role_policy(stack, ends.from, &format!("{suffix}_policy"), &role, &[statement]);
    let pattern = map([
        ("source", list!["aws.codecommit"]),
        ("resources", list![arn]),
        (
            "detail",
            map([
                ("event", list!["referenceCreated", "referenceUpdated"]),
                ("referenceName", list![super::super::codecommit::BRANCH]),
            ]),
        ),
    ]);
    let rule = stack
        .add(ends.from, &suffix, "aws_cloudwatch_event_rule", "AWS::Events::Rule")
        .set("event_pattern", "EventPattern", document(pattern))
        .cfn(
            "Targets",
            list![map([("Id", "push".into()), ("Arn", target.clone()), ("RoleArn", role.arn()),])],
        )
        .done();
    stack
        .tf_only(ends.from, &format!("{suffix}_target"), "aws_cloudwatch_event_target")
        .tf("rule", rule.by_ref("name"))
        .tf("arn", target)
        .tf("role_arn", role.arn())
        .done();
    Some(())
}
