//! Machines, clusters and platforms: what scales them, feeds them and delivers to them.

use super::super::kit;
use super::Ends;
use crate::engine::bind::expr::{document, list, map};
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
        // Both were told of each other when they were made.
        (Kind::SourceRepository, Kind::Pipeline | Kind::Build, _)
        | (Kind::Build, Kind::SourceRepository, _) => follow(stack, ends),
        (Kind::Pipeline, _, _) => super::super::codepipeline::connect(stack, ends),
        (Kind::Deployment, _, _) => super::super::codedeploy::connect(stack, ends),
        _ => None,
    }
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
