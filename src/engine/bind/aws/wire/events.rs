//! Events: queues, topics, streams and buses that start something.

use super::super::kit;
use super::Ends;
use crate::engine::bind::stack::{Handle, Stack};
use crate::engine::graph::Spec;
use crate::engine::requirements::Intent;

pub fn wire(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    match (&ends.from.spec, &ends.to.spec, ends.connection.intent) {
        (Spec::Queue(_), Spec::Function(_), Intent::Invokes) => queue_function(stack, ends),
        _ => None,
    }
}

/// A queue whose messages start a function.
fn queue_function(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let function = ends.target.handles.get("function")?;
    let queue = ends.source.values.get("arn")?;
    let actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
    stack.allow(&ends.to.id, kit::allow(&actions, vec![queue.clone()]));
    if let Some(statement) = kit::key_statement(stack) {
        stack.allow(&ends.to.id, statement);
    }
    stack
        .add(
            ends.to,
            &format!("from_{}", ends.from.id.snake()),
            "aws_lambda_event_source_mapping",
            "AWS::Lambda::EventSourceMapping",
        )
        .set("event_source_arn", "EventSourceArn", queue)
        .set("function_name", "FunctionName", function.arn())
        .set("batch_size", "BatchSize", 10)
        .set("function_response_types", "FunctionResponseTypes", vec!["ReportBatchItemFailures"])
        .after(&policy_of(ends))
        .done();
    Some(())
}

/// The policy that wiring makes for the target's role: a mapping is refused before it is there.
fn policy_of(ends: &Ends<'_>) -> Handle {
    Handle(format!("{}_policy", ends.to.id.snake()))
}
