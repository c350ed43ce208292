//! AWS Step Functions.
//!
//! The definition starts with its two ends; wiring adds a task for everything
//! that the workflow is connected to, in the order of the connections.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join, json, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, Workflow};
use crate::engine::requirements::Intent;

binding! {
    Workflow {
        service: "step-functions",
        title: "AWS Step Functions",
        docs: "https://docs.aws.amazon.com/step-functions/latest/dg/welcome.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/step-functions/sla/",
        }),
        limits: &[
            Limit {
                what: "Longest run",
                value: "one year; five minutes for an express workflow",
                source: "https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html",
            },
            Limit {
                what: "Input or output of a state",
                value: "256 KiB",
                source: "https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html",
            },
        ],
        latency_ms: Some((80.0, 300.0)),
    }
}

/// The ends of every definition.
const DONE: &str = "Done";
const FAILED: &str = "Failed";

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &Workflow) {
    let role = kit::role(stack, it, "role", "states.amazonaws.com", &[]);
    let machine = machine(stack, it, "", &role, spec.express, &empty());
    let (arn, name) = (machine.by_ref("arn"), machine.att("name", "Name"));
    let runs: Expr = kit::arn("states", join!["execution:", name.clone(), ":*"]);
    let facet = Facet::default()
        .handle("state_machine", &machine)
        .value("arn", arn.clone())
        .value("name", name)
        .reference("STATE_MACHINE_ARN", arn.clone())
        .grant(
            &[Intent::Invokes, Intent::Serves],
            &["states:StartExecution", "states:StartSyncExecution"],
            vec![arn],
        )
        .grant(
            &[Intent::Invokes, Intent::Reads],
            &["states:DescribeExecution", "states:StopExecution"],
            vec![runs],
        )
        .principal(&role, None, false);
    stack.facet(it, facet);
}

/// A definition that does nothing yet.
fn empty() -> Expr {
    map([
        ("Comment", "Calls the parts that it is connected to, one after the other.".into()),
        ("StartAt", DONE.into()),
        (
            "States",
            map([
                (DONE, map([("Type", "Succeed".into())])),
                (
                    FAILED,
                    map([
                        ("Type", "Fail".into()),
                        ("ErrorPath", "$.failure.Error".into()),
                        ("CausePath", "$.failure.Cause".into()),
                    ]),
                ),
            ]),
        ),
    ])
}

/// A state machine with its log group and the permissions that those need.
pub fn machine(
    stack: &mut Stack<'_>,
    it: &Component,
    suffix: &str,
    role: &Handle,
    express: bool,
    definition: &Expr,
) -> Handle {
    let under =
        |tail: &str| if suffix.is_empty() { tail.to_owned() } else { format!("{suffix}_{tail}") };
    let name = stack.name_with(it, &suffix.replace('_', "-"));
    let log_name: Expr = join!["/aws/vendedlogs/states/", name.clone()];
    let logs = kit::log_group(stack, it, &under("logs"), log_name);
    // Log delivery and tracing have no permissions on single resources.
    let statements = [
        kit::allow(
            &[
                "logs:CreateLogDelivery",
                "logs:GetLogDelivery",
                "logs:UpdateLogDelivery",
                "logs:DeleteLogDelivery",
                "logs:ListLogDeliveries",
                "logs:PutResourcePolicy",
                "logs:DescribeResourcePolicies",
                "logs:DescribeLogGroups",
            ],
            vec!["*".into()],
        ),
        kit::allow(
            &[
                "xray:PutTraceSegments",
                "xray:PutTelemetryRecords",
                "xray:GetSamplingRules",
                "xray:GetSamplingTargets",
            ],
            vec!["*".into()],
        ),
    ];
    let policy = kit::role_policy(stack, it, &under("logging"), role, &statements);
    let group: Expr = join![super::ec2_network::log_arn(&logs), ":*"];
    stack
        .add(it, suffix, "aws_sfn_state_machine", "AWS::StepFunctions::StateMachine")
        .set("name", "StateMachineName", name)
        .set("role_arn", "RoleArn", role.arn())
        .set("type", "StateMachineType", if express { "EXPRESS" } else { "STANDARD" })
        .set("definition", "DefinitionString", json(definition.clone()))
        .tf(
            "logging_configuration",
            block([
                ("level", "ALL".into()),
                ("include_execution_data", true.into()),
                ("log_destination", group.clone()),
            ]),
        )
        .cfn(
            "LoggingConfiguration",
            block([
                ("Level", "ALL".into()),
                ("IncludeExecutionData", true.into()),
                (
                    "Destinations",
                    list![map([("CloudWatchLogsLogGroup", map([("LogGroupArn", group)]),)])],
                ),
            ]),
        )
        .tf("tracing_configuration", block([("enabled", true.into())]))
        .cfn("TracingConfiguration", block([("Enabled", true.into())]))
        .after(&policy)
        .done()
}

/// A definition of one task.
pub fn single(name: &str, task: Expr) -> Expr {
    let mut definition = empty();
    append_to(&mut definition, name, task);
    definition
}

/// Adds a task to the end of a state machine's definition.
pub fn append(stack: &mut Stack<'_>, machine: &Handle, name: &str, task: &Expr) {
    let Some(resource) = stack.resources.iter_mut().find(|it| it.key == machine.0) else { return };
    for side in [&mut resource.tf, &mut resource.cfn].into_iter().flatten() {
        for (field, value) in &mut side.fields {
            if let ("definition" | "DefinitionString", Expr::Json(definition)) =
                (field.as_str(), value)
            {
                append_to(definition, name, task.clone());
            }
        }
    }
}

fn append_to(definition: &mut Expr, name: &str, task: Expr) {
    let Expr::Map(root) = definition else { return };
    let known = |states: &[(String, Expr)], name: &str| states.iter().any(|it| it.0 == name);
    let mut state = name.to_owned();
    if let Some((_, Expr::Map(states))) = root.iter_mut().find(|it| it.0 == "States") {
        let mut n = 2;
        while known(states, &state) {
            state = format!("{name} {n}");
            n += 1;
        }
        // Whatever led to the end leads here now.
        for (_, fields) in states.iter_mut() {
            let Expr::Map(fields) = fields else { continue };
            for (field, next) in fields {
                if field == "Next" && *next == Expr::from(DONE) {
                    *next = state.as_str().into();
                }
            }
        }
        let mut fields = match task {
            Expr::Map(fields) => fields,
            _ => return,
        };
        fields.extend([
            (
                "Retry".to_owned(),
                list![map([
                    ("ErrorEquals", list!["States.TaskFailed"]),
                    ("IntervalSeconds", 2.into()),
                    ("MaxAttempts", 3.into()),
                    ("BackoffRate", 2.into()),
                ])],
            ),
            (
                "Catch".to_owned(),
                list![map([
                    ("ErrorEquals", list!["States.ALL"]),
                    ("ResultPath", "$.failure".into()),
                    ("Next", FAILED.into()),
                ])],
            ),
            ("Next".to_owned(), DONE.into()),
        ]);
        let at = states.len().saturating_sub(2);
        states.insert(at, (state.clone(), Expr::Map(fields)));
    }
    if let Some((_, start)) = root.iter_mut().find(|it| it.0 == "StartAt")
        && *start == Expr::from(DONE)
    {
        *start = state.into();
    }
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Workflow) {
    if spec.express {
        bill.add(
            it,
            "Executions",
            "sfn",
            "express-million",
            Quantity::usage(spec.executions_per_month / 1e6),
            "million executions",
        );
        // Billed in steps of 64 MB; most executions need one.
        bill.add(
            it,
            "Duration",
            "sfn",
            "express-gb-hour",
            Quantity::usage(spec.executions_per_month * spec.duration_seconds / 3600.0 * 0.0625),
            format!("executions × {} s × 64 MB", spec.duration_seconds),
        );
    } else {
        bill.add(
            it,
            "Transitions",
            "sfn",
            "transition",
            Quantity::usage(spec.executions_per_month * spec.steps).beyond(4000.0),
            format!("executions × {} steps, beyond 4,000 free", spec.steps),
        );
    }
    bill.add(
        it,
        "Logs",
        "cloudwatch",
        "logs-gb",
        // About one kilobyte a step.
        Quantity::usage(spec.executions_per_month * spec.steps * 1e-6),
        "executions × steps × 1 kB",
    );
}

#[cfg(test)]
mod tests {
    use crate::engine::bind::lower;
    use crate::engine::bind::testing::{graph, terraform_of};
    use crate::engine::graph::{Function, KeyValueStore, Queue, Reason, Spec, Workflow};
    use crate::engine::requirements::Intent;

    #[test]
    fn a_workflow_calls_what_it_is_connected_to_in_the_order_of_the_connections() {
        let mut graph = graph("order-flow", Workflow::default());
        let flow = graph.components[0].id.clone();
        let reason = || Reason::rule("A test asks for it.");
        let steps: [(&str, Spec, Intent); 3] = [
            ("charge", Function::default().into(), Intent::Invokes),
            ("orders", KeyValueStore::default().into(), Intent::Writes),
            ("parcels", Queue::default().into(), Intent::Publishes),
        ];
        for (id, spec, intent) in steps {
            let to = graph.add(id, id, spec, reason());
            graph.connect(&flow, &to, intent, reason());
        }
        assert_eq!(lower(&graph).wired, [true, true, true]);
        let text = terraform_of(&graph);
        let at = |needle: &str| text.find(needle).unwrap_or_else(|| panic!("{needle} in {text}"));
        assert!(text.contains("= \"Call charge\""), "the first task starts: {text}");
        assert!(at("\"Call charge\" = {") < at("\"Write orders\" = {"));
        assert!(at("\"Write orders\" = {") < at("\"Send to parcels\" = {"));
        for action in ["lambda:InvokeFunction", "dynamodb:PutItem", "sqs:SendMessage"] {
            assert!(text.contains(action), "{action}");
        }
    }
}
