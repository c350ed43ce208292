//! AWS Systems Manager: patches at night, and an inventory of every machine.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, blocks, join, list, map};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, FleetManager};
use crate::engine::requirements::Intent;

binding! {
    FleetManager {
        service: "systems-manager",
        title: "AWS Systems Manager",
        docs: "https://docs.aws.amazon.com/systems-manager/latest/userguide/what-is-systems-manager.html",
        sla: None,
        limits: &[],
        latency_ms: None,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &FleetManager) {
    // Every machine of this system carries the project's tag.
    let machines = || {
        block([("key", "tag:Project".into()), ("values", list![Expr::Var("project".to_owned())])])
    };
    let cfn_machines = || {
        list![map([
            ("Key", "tag:Project".into()),
            ("Values", list![Expr::Var("project".to_owned())]),
        ])]
    };
    let name = stack.name_with(it, "inventory");
    stack
        .add(it, "inventory", "aws_ssm_association", "AWS::SSM::Association")
        .set("name", "Name", "AWS-GatherSoftwareInventory")
        .set("association_name", "AssociationName", name)
        .set("schedule_expression", "ScheduleExpression", "rate(12 hours)")
        .tf("targets", machines())
        .cfn("Targets", cfn_machines())
        .done();
    let mut facet =
        Facet::default().value("arn", kit::arn("ssm", join!["managed-instance/*"])).grant(
            &[Intent::Invokes, Intent::Reads],
            &["ssm:GetInventory", "ssm:DescribeInstanceInformation", "ssm:ListCommandInvocations"],
            vec!["*".into()],
        );
    if spec.patching {
        let baseline = baseline(stack, it);
        let name = stack.name(it);
        let window = stack
            .add(it, "", "aws_ssm_maintenance_window", "AWS::SSM::MaintenanceWindow")
            .set("name", "Name", name)
            .set("schedule", "Schedule", "cron(0 3 ? * SUN *)")
            .set("duration", "Duration", 3)
            .set("cutoff", "Cutoff", 1)
            .set("allow_unassociated_targets", "AllowUnassociatedTargets", false)
            .done();
        let target = stack
            .add(
                it,
                "machines",
                "aws_ssm_maintenance_window_target",
                "AWS::SSM::MaintenanceWindowTarget",
            )
            .set("window_id", "WindowId", window.id())
            .set("resource_type", "ResourceType", "INSTANCE")
            .tf("targets", machines())
            .cfn("Targets", cfn_machines())
            .done();
        let operation = block([("name", "Operation".into()), ("values", list!["Install"])]);
        let tf = block([(
            "run_command_parameters",
            block([("timeout_seconds", 3600.into()), ("parameter", operation)]),
        )]);
        let cfn = block([(
            "MaintenanceWindowRunCommandParameters",
            block([
                ("TimeoutSeconds", 3600.into()),
                ("Parameters", map([("Operation", list!["Install"])])),
            ]),
        )]);
        stack
            .add(
                it,
                "patches",
                "aws_ssm_maintenance_window_task",
                "AWS::SSM::MaintenanceWindowTask",
            )
            .set("window_id", "WindowId", window.id())
            .set("task_type", "TaskType", "RUN_COMMAND")
            .set("task_arn", "TaskArn", "AWS-RunPatchBaseline")
            .set("priority", "Priority", 1)
            // A quarter at a time, so that the system stays up meanwhile.
            .set("max_concurrency", "MaxConcurrency", "25%")
            .set("max_errors", "MaxErrors", "10%")
            .tf(
                "targets",
                block([("key", "WindowTargetIds".into()), ("values", list![target.id()])]),
            )
            .cfn(
                "Targets",
                list![map([("Key", "WindowTargetIds".into()), ("Values", list![target.id()]),])],
            )
            .tf("task_invocation_parameters", tf)
            .cfn("TaskInvocationParameters", cfn)
            .done();
        facet = facet.handle("window", &window).handle("baseline", &baseline);
    }
    stack.facet(it, facet);
}

/// Security fixes a week after they come out.
fn baseline(stack: &mut Stack<'_>, it: &Component) -> crate::engine::bind::stack::Handle {
    let name = stack.name_with(it, "baseline");
    let filter = |key: &str, value: Expr| (key.to_owned(), value);
    let rows = [
        ("CLASSIFICATION", list!["Security", "Bugfix"]),
        ("SEVERITY", list!["Critical", "Important"]),
    ];
    let tf = rows
        .iter()
        .map(|(key, values)| block([("key", (*key).into()), ("values", values.clone())]))
        .collect();
    let cfn = rows
        .iter()
        .map(|(key, values)| {
            Expr::Map(vec![filter("Key", (*key).into()), filter("Values", values.clone())])
        })
        .collect();
    let baseline = stack
        .add(it, "baseline", "aws_ssm_patch_baseline", "AWS::SSM::PatchBaseline")
        .set("name", "Name", name)
        .set("operating_system", "OperatingSystem", "AMAZON_LINUX_2023")
        .tf(
            "approval_rule",
            block([("approve_after_days", 7.into()), ("patch_filter", blocks(tf))]),
        )
        .cfn(
            "ApprovalRules",
            block([(
                "PatchRules",
                list![map([
                    ("ApproveAfterDays", 7.into()),
                    ("PatchFilterGroup", map([("PatchFilters", Expr::List(cfn))])),
                ])],
            )]),
        )
        .cfn("PatchGroups", list![Expr::Var("name_prefix".to_owned())])
        .done();
    stack
        .tf_only(it, "patch_group", "aws_ssm_patch_group")
        .tf("baseline_id", baseline.id())
        .tf("patch_group", Expr::Var("name_prefix".to_owned()))
        .done();
    baseline
}

fn cost(_: &mut Bill<'_>, _: &Component, _: &FleetManager) {
    // Patching, inventory and sessions of EC2 machines are free of charge.
}
