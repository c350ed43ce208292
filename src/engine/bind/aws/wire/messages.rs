//! Messages from one carrier to the next: topic to queue, stream to delivery stream, logs to stream.

use super::super::kit;
use super::{Ends, events, rules};
use crate::engine::bind::expr::{Expr, block, map};
use crate::engine::bind::stack::Stack;
use crate::engine::graph::Spec;
use crate::engine::requirements::Intent;

pub fn wire(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let pushes = matches!(
        ends.connection.intent,
        Intent::Invokes | Intent::Publishes | Intent::Streams | Intent::Writes
    );
    if !pushes {
        return None;
    }
    match (&ends.from.spec, &ends.to.spec) {
        (Spec::Topic(_), Spec::Queue(_)) => topic_queue(stack, ends),
        (Spec::KeyValueStore(_), Spec::Stream(_)) => table_stream(stack, ends),
        (Spec::LogStore(_), Spec::Stream(_) | Spec::DeliveryStream(_)) => log_stream(stack, ends),
        (_, Spec::Topic(_) | Spec::EventBus(_))
            if ends.source.principal.is_none() && events::service_pattern(ends).is_some() =>
        {
            rules::connect(stack, ends, None, events::service_pattern(ends)?)
        }
        _ => None,
    }
}

/// Subscribes an endpoint to the source topic.
pub fn subscribe(
    stack: &mut Stack<'_>,
    ends: &Ends<'_>,
    protocol: &str,
    endpoint: Expr,
    more: Vec<(&str, &str, Expr)>,
) -> Option<()> {
    let topic = ends.source.values.get("arn")?.clone();
    let mut draft = stack
        .add(ends.from, &ends.suffix(), "aws_sns_topic_subscription", "AWS::SNS::Subscription")
        .set("topic_arn", "TopicArn", topic)
        .set("protocol", "Protocol", protocol)
        .set("endpoint", "Endpoint", endpoint);
    for (tf, cfn, value) in more {
        draft = draft.set(tf, cfn, value);
    }
    draft.done();
    Some(())
}

fn topic_queue(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let topic = ends.source.values.get("arn")?.clone();
    let queue = ends.target.values.get("arn")?.clone();
    let statement = kit::resource_policy(
        &format!("From{}", rules::camel(ends.from)),
        map([("Service", "sns.amazonaws.com".into())]),
        &["sqs:SendMessage"],
        vec![queue.clone()],
        Some(("ArnEquals", "aws:SourceArn", topic)),
    );
    kit::extend_policy(stack, ends.target.handles.get("policy")?, &statement);
    subscribe(
        stack,
        ends,
        "sqs",
        queue,
        vec![("raw_message_delivery", "RawMessageDelivery", true.into())],
    )
}

/// Changes of a table, copied into a stream.
fn table_stream(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let table = ends.source.handles.get("table")?.clone();
    let stream = ends.target.values.get("arn")?.clone();
    stack
        .tf_only(ends.from, &ends.suffix(), "aws_dynamodb_kinesis_streaming_destination")
        .tf("table_name", table.by_ref("name"))
        .tf("stream_arn", stream.clone())
        .done();
    stack.edit(&table)?.cfn("KinesisStreamSpecification", block([("StreamArn", stream)])).done();
    Some(())
}

/// Lines of the shared log group, sent on as they come.
fn log_stream(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let target = ends.target.values.get("arn")?.clone();
    let actions: &[&str] = match ends.to.spec {
        Spec::Stream(_) => &["kinesis:PutRecord", "kinesis:PutRecords"],
        _ => &["firehose:PutRecord", "firehose:PutRecordBatch"],
    };
    let mut statements = vec![kit::allow(actions, vec![target.clone()])];
    statements.extend(kit::key_statement(stack));
    let role = rules::role(stack, ends, "logs.amazonaws.com", &statements);
    let allowed = crate::engine::bind::stack::Handle(format!(
        "{}_{}_logs",
        ends.from.id.snake(),
        ends.suffix()
    ));
    let name = stack.name(ends.to);
    stack
        .add(
            ends.from,
            &ends.suffix(),
            "aws_cloudwatch_log_subscription_filter",
            "AWS::Logs::SubscriptionFilter",
        )
        .set("name", "FilterName", name)
        .set("log_group_name", "LogGroupName", ends.source.values.get("name")?)
        .set("filter_pattern", "FilterPattern", "")
        .set("destination_arn", "DestinationArn", target)
        .set("role_arn", "RoleArn", role.arn())
        .after(&allowed)
        .done();
    Some(())
}
