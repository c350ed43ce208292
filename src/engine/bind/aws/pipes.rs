//! Amazon EventBridge Pipes.
//!
//! A pipe leads from one source to one target, so wiring makes one for each
//! pair of connections. Without a source it has a queue of its own to send to;
//! without a target it writes what comes to its log group.

use super::kit;
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, join};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, EventPipe};
use crate::engine::requirements::Intent;

binding! {
    EventPipe {
        service: "eventbridge-pipes",
        title: "Amazon EventBridge Pipes",
        docs: "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes.html",
        sla: None,
        limits: &[Limit {
            what: "Size of a payload",
            value: "6 MB, less where source or target allow less",
            source: "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html",
        }],
        latency_ms: None,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _: &EventPipe) {
    let name = stack.name(it);
    let log_name: Expr = join!["/aws/vendedlogs/pipes/", name];
    let logs = kit::log_group(stack, it, "logs", log_name);
    let role = kit::role(stack, it, "role", "pipes.amazonaws.com", &[]);
    stack.allow(
        &it.id,
        kit::allow(
            &["logs:CreateLogStream", "logs:PutLogEvents"],
            vec![join![super::ec2_network::log_arn(&logs), ":*"]],
        ),
    );
    if let Some(statement) = kit::key_statement(stack) {
        stack.allow(&it.id, statement);
    }
    let mut facet =
        Facet::default().handle("logs", &logs).handle("role", &role).principal(&role, None, false);
    if stack.graph.sources(&it.id).next().is_none() {
        let intake = kit::dead_letters(stack, it, "intake");
        let actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
        stack.allow(&it.id, kit::allow(&actions, vec![intake.arn()]));
        facet = facet
            .handle("intake", &intake)
            .value("arn", intake.arn())
            .reference("QUEUE_URL", intake.by_ref("url"))
            .grant(
                &[Intent::Publishes, Intent::Writes, Intent::Streams, Intent::Invokes],
                &["sqs:SendMessage"],
                vec![intake.arn()],
            );
        if stack.graph.targets(&it.id).next().is_none() {
            let target = super::ec2_network::log_arn(&logs);
            let from = Source { arn: intake.arn(), parameters: None };
            pipe(stack, it, "", &role, from, Target { arn: target, parameters: None });
        }
    }
    stack.facet(it, facet);
}

/// Where a pipe takes from, with the name and value of its parameters in both formats.
pub struct Source {
    pub arn: Expr,
    pub parameters: Option<(&'static str, &'static str, Expr)>,
}

/// Where a pipe leads to.
pub struct Target {
    pub arn: Expr,
    pub parameters: Option<(&'static str, &'static str, Expr)>,
}

/// One pipe, which starts when its role may do what it needs.
pub fn pipe(
    stack: &mut Stack<'_>,
    it: &Component,
    suffix: &str,
    role: &Handle,
    from: Source,
    to: Target,
) {
    use crate::engine::bind::expr::block;
    let policy = Handle(format!("{}_policy", it.id.snake()));
    let logs = Handle(format!("{}_logs", it.id.snake()));
    let key = stack.key_arn.clone();
    let group = super::ec2_network::log_arn(&logs);
    let name = match suffix {
        "" => Some(stack.name(it)),
        suffix if suffix.len() <= 20 => Some(stack.name_with(it, &suffix.replace('_', "-"))),
        _ => None,
    };
    let mut draft = stack
        .add(it, suffix, "aws_pipes_pipe", "AWS::Pipes::Pipe")
        .maybe("name", "Name", name)
        .set("description", "Description", kit::ascii(&it.title))
        .set("role_arn", "RoleArn", role.arn())
        .set("source", "Source", from.arn)
        .set("target", "Target", to.arn)
        .tf(
            "log_configuration",
            block([
                ("level", "ERROR".into()),
                ("cloudwatch_logs_log_destination", block([("log_group_arn", group.clone())])),
            ]),
        )
        .cfn(
            "LogConfiguration",
            block([
                ("Level", "ERROR".into()),
                ("CloudwatchLogsLogDestination", block([("LogGroupArn", group)])),
            ]),
        )
        .maybe("kms_key_identifier", "KmsKeyIdentifier", key)
        .after(&policy);
    if let Some((tf, cfn, value)) = from.parameters {
        draft = draft
            .tf("source_parameters", block([(tf, value.clone())]))
            .cfn("SourceParameters", block([(cfn, kit::pascal(value))]));
    }
    if let Some((tf, cfn, value)) = to.parameters {
        draft = draft
            .tf("target_parameters", block([(tf, value.clone())]))
            .cfn("TargetParameters", block([(cfn, kit::pascal(value))]));
    }
    draft.done();
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &EventPipe) {
    let events = Quantity::usage(spec.events_per_month / 1e6);
    if events.high > 0.0 {
        bill.unpriced(it, "Requests", events.expected, "eventbridge pipe-million");
    }
}
