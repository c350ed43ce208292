//! AWS CodeDeploy: new versions on machines, containers and functions, step by step.

use super::kit;
use super::wire::Ends;
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, Deployment, Graph, Kind};

binding! {
    Deployment {
        service: "codedeploy",
        title: "AWS CodeDeploy",
        docs: "https://docs.aws.amazon.com/codedeploy/latest/userguide/welcome.html",
        sla: None,
        limits: &[Limit {
            what: "Machines in one deployment",
            value: "1,000",
            source: "https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html",
        }],
        latency_ms: None,
    }
}

/// Whether it deploys functions, and whether machines: an application is for one of both.
fn platforms(graph: &Graph, it: &Component) -> (bool, bool) {
    let has = |kinds: &[Kind]| graph.targets(&it.id).any(|(_, to)| kinds.contains(&to.spec.kind()));
    let functions = has(&[Kind::Function]);
    let machines = has(&[Kind::VirtualMachines, Kind::MachineScaling]);
    (functions, machines || !functions)
}

fn lower(stack: &mut Stack<'_>, it: &Component, _spec: &Deployment) {
    let (functions, machines) = platforms(stack.graph, it);
    let mut facet = Facet::default();
    if functions {
        let (application, group) = application(stack, it, true);
        facet = facet
            .handle("application", &application)
            .handle("group", &group)
            .value("name", application.by_ref("name"));
    }
    if machines {
        let (application, group) = application(stack, it, false);
        facet = facet
            .handle("application", &application)
            .handle("group", &group)
            .handle("machines_group", &group)
            .value("name", application.by_ref("name"));
    }
    stack.facet(it, facet);
}

/// An application, its group and the role that they act with.
fn application(stack: &mut Stack<'_>, it: &Component, function: bool) -> (Handle, Handle) {
    let (compute, policy, configuration) = if function {
        (
            "Lambda",
            "service-role/AWSCodeDeployRoleForLambda",
            "CodeDeployDefault.LambdaCanary10Percent5Minutes",
        )
    } else {
        ("Server", "service-role/AWSCodeDeployRole", "CodeDeployDefault.OneAtATime")
    };
    let word = |text: &str| if function { format!("functions_{text}") } else { text.to_owned() };
    let role = kit::role(stack, it, &word("role"), "codedeploy.amazonaws.com", &[policy]);
    let name = if function { stack.name_with(it, "functions") } else { stack.name(it) };
    let application = stack
        .add(
            it,
            if function { "functions" } else { "" },
            "aws_codedeploy_app",
            "AWS::CodeDeploy::Application",
        )
        .tf("name", name.clone())
        .cfn("ApplicationName", name.clone())
        .set("compute_platform", "ComputePlatform", compute)
        .done();
    let rollback = block([
        ("enabled", true.into()),
        ("events", list!["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]),
    ]);
    let mut draft = stack
        .add(
            it,
            &word("group"),
            "aws_codedeploy_deployment_group",
            "AWS::CodeDeploy::DeploymentGroup",
        )
        .tf("app_name", application.by_ref("name"))
        .cfn("ApplicationName", application.by_ref("name"))
        .set("deployment_group_name", "DeploymentGroupName", name)
        .set("deployment_config_name", "DeploymentConfigName", configuration)
        .set("service_role_arn", "ServiceRoleArn", role.arn())
        .nested("auto_rollback_configuration", "AutoRollbackConfiguration", rollback);
    if function {
        draft = draft.nested(
            "deployment_style",
            "DeploymentStyle",
            block([
                ("deployment_option", "WITH_TRAFFIC_CONTROL".into()),
                ("deployment_type", "BLUE_GREEN".into()),
            ]),
        );
    }
    let group = draft.done();
    (application, group)
}

/// Names what a deployment group deploys to.
pub fn connect(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    match ends.to.spec.kind() {
        Kind::VirtualMachines | Kind::MachineScaling => {
            let group = ends.source.handles.get("machines_group")?.clone();
            if let Some(scaling) = ends.target.handles.get("scaling_group") {
                let groups = list![scaling.by_ref("name")];
                let known = stack.resources.iter().any(|it| {
                    it.key == group.0
                        && it.tf.as_ref().is_some_and(|side| {
                            side.fields.iter().any(|field| field.0 == "autoscaling_groups")
                        })
                });
                if !known {
                    stack
                        .edit(&group)?
                        .set("autoscaling_groups", "AutoScalingGroups", groups)
                        .done();
                }
            } else if ends.to.spec.kind() == Kind::VirtualMachines {
                let filter = map([
                    ("key", "Deployment".into()),
                    ("type", "KEY_AND_VALUE".into()),
                    ("value", stack.name(ends.to)),
                ]);
                let filter = filter.into_block();
                stack
                    .edit(&group)?
                    .tf("ec2_tag_filter", filter.clone())
                    .cfn("Ec2TagFilters", list![kit::pascal(filter)])
                    .done();
            } else {
                // Nothing is scaled, which has been said already.
                return Some(());
            }
            agent(stack, ends);
            Some(())
        }
        // Traffic moves between versions of its alias, which each deployment names.
        Kind::Function => ends.source.handles.get("group").map(|_| ()),
        _ => None,
    }
}

/// Puts the agent on the machines, and lets them fetch what pipelines hand on.
fn agent(stack: &mut Stack<'_>, ends: &Ends<'_>) {
    let (key, value): (&str, Expr) = match ends.target.handles.get("scaling_group") {
        Some(group) => ("tag:aws:autoscaling:groupName", group.by_ref("name")),
        None => ("tag:Deployment", stack.name(ends.to)),
    };
    stack
        .add(
            ends.from,
            &format!("{}_agent", ends.suffix()),
            "aws_ssm_association",
            "AWS::SSM::Association",
        )
        .set("name", "Name", "AWS-ConfigureAWSPackage")
        .tf(
            "parameters",
            map([("action", "Install".into()), ("name", "AWSCodeDeployAgent".into())]),
        )
        .cfn(
            "Parameters",
            map([("action", list!["Install"]), ("name", list!["AWSCodeDeployAgent"])]),
        )
        .tf("targets", block([("key", key.into()), ("values", list![value.clone()])]))
        .cfn("Targets", list![map([("Key", key.into()), ("Values", list![value])])])
        .done();
    let buckets: Vec<Expr> = stack
        .graph
        .sources(&ends.from.id)
        .filter_map(|(_, from)| {
            let bucket = stack.facets.get(&from.id)?.handles.get("artifacts")?;
            Some(crate::engine::bind::expr::join![bucket.arn(), "/*"])
        })
        .collect();
    if !buckets.is_empty() && ends.to.spec.kind() == Kind::VirtualMachines {
        stack.allow(&ends.to.id, kit::allow(&["s3:GetObject"], buckets));
    }
}

/// Deployments to machines in the cloud and to functions are free.
fn cost(_bill: &mut Bill<'_>, _it: &Component, _spec: &Deployment) {}
