//! AWS CodeDeploy: new versions on machines, containers and functions, step by step.

use super::kit;
use super::wire::Ends;
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, list, map};
use crate::engine::bind::stack::{Facet, Stack};
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

/// What it deploys to. A deployment application is for one platform.
fn platform(graph: &Graph, it: &Component) -> Kind {
    graph
        .targets(&it.id)
        .map(|(_, to)| to.spec.kind())
        .find(|kind| matches!(kind, Kind::Function | Kind::VirtualMachines | Kind::MachineScaling))
        .unwrap_or(Kind::VirtualMachines)
}

fn lower(stack: &mut Stack<'_>, it: &Component, _spec: &Deployment) {
    let function = platform(stack.graph, it) == Kind::Function;
    let (compute, policy, configuration) = if function {
        (
            "Lambda",
            "service-role/AWSCodeDeployRoleForLambda",
            "CodeDeployDefault.LambdaCanary10Percent5Minutes",
        )
    } else {
        ("Server", "service-role/AWSCodeDeployRole", "CodeDeployDefault.OneAtATime")
    };
    let role = kit::role(stack, it, "role", "codedeploy.amazonaws.com", &[policy]);
    let name = stack.name(it);
    let application = stack
        .add(it, "", "aws_codedeploy_app", "AWS::CodeDeploy::Application")
        .tf("name", name.clone())
        .cfn("ApplicationName", name.clone())
        .set("compute_platform", "ComputePlatform", compute)
        .done();
    let rollback = block([
        ("enabled", true.into()),
        ("events", list!["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]),
    ]);
    let mut draft = stack
        .add(it, "group", "aws_codedeploy_deployment_group", "AWS::CodeDeploy::DeploymentGroup")
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
    let facet = Facet::default()
        .handle("application", &application)
        .handle("group", &group)
        .handle("role", &role)
        .value("name", application.by_ref("name"));
    stack.facet(it, facet);
}

/// Names what a deployment group deploys to.
pub fn connect(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let group = ends.source.handles.get("group")?.clone();
    match ends.to.spec.kind() {
        Kind::VirtualMachines | Kind::MachineScaling => {
            if platform(stack.graph, ends.from) == Kind::Function {
                return None;
            }
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
                return None;
            }
            agent(stack, ends);
            Some(())
        }
        // Traffic moves between versions of its alias, which each deployment names.
        Kind::Function => (platform(stack.graph, ends.from) == Kind::Function).then_some(()),
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
