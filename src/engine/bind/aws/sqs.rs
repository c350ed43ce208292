//! Amazon SQS.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, document, json, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, Queue};
use crate::engine::requirements::Intent;

binding! {
    Queue {
        service: "sqs",
        title: "Amazon SQS",
        docs: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/welcome.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/messaging/sla/",
        }),
        limits: &[
            Limit {
                what: "Size of a message",
                value: "1 MiB",
                source: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html",
            },
            Limit {
                what: "Messages in flight in a standard queue",
                value: "120,000",
                source: "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html",
            },
        ],
        latency_ms: Some((10.0, 30.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &Queue) {
    let dead = spec.dead_letter.then(|| queue(stack, it, spec, None, "dead"));
    let main = queue(stack, it, spec, dead.as_ref(), "");
    // TLS only, whoever calls; wiring adds the services that send to it.
    let policy = kit::tls_only("sqs:*", vec![main.arn()]);
    let url = main.by_ref("url");
    let policy = stack
        .add(it, "tls", "aws_sqs_queue_policy", "AWS::SQS::QueuePolicy")
        .tf("queue_url", url.clone())
        .cfn("Queues", list![url.clone()])
        .set("policy", "PolicyDocument", document(policy))
        .done();
    let facet = Facet::default()
        .handle("queue", &main)
        .handle("policy", &policy)
        .value("arn", main.arn())
        .value("url", url.clone())
        .reference("QUEUE_URL", url)
        .grant(
            &[Intent::Publishes, Intent::Writes, Intent::Streams],
            &["sqs:SendMessage", "sqs:GetQueueAttributes"],
            vec![main.arn()],
        )
        .grant(
            &[Intent::Subscribes, Intent::Reads],
            &[
                "sqs:ReceiveMessage",
                "sqs:DeleteMessage",
                "sqs:ChangeMessageVisibility",
                "sqs:GetQueueAttributes",
            ],
            vec![main.arn()],
        );
    stack.facet(it, facet);
}

fn queue(
    stack: &mut Stack<'_>,
    it: &Component,
    spec: &Queue,
    dead: Option<&Handle>,
    suffix: &str,
) -> Handle {
    let tail = match (suffix, spec.fifo) {
        ("", true) => "queue.fifo".to_owned(),
        ("", false) => String::new(),
        (suffix, true) => format!("{suffix}.fifo"),
        (suffix, false) => suffix.to_owned(),
    };
    let name = stack.name_with(it, &tail);
    let key = stack.key_arn.clone();
    let retention = if suffix.is_empty() { spec.retention_days } else { 14 };
    let mut draft = stack
        .add(it, suffix, "aws_sqs_queue", "AWS::SQS::Queue")
        .set("name", "QueueName", name)
        .set("message_retention_seconds", "MessageRetentionPeriod", retention * 86_400);
    if suffix.is_empty() {
        draft = draft
            .set("visibility_timeout_seconds", "VisibilityTimeout", spec.visibility_seconds)
            .set("receive_wait_time_seconds", "ReceiveMessageWaitTimeSeconds", 20);
    }
    if spec.fifo {
        draft = draft.set("fifo_queue", "FifoQueue", true).set(
            "content_based_deduplication",
            "ContentBasedDeduplication",
            true,
        );
    }
    draft = match key {
        Some(key) => draft.set("kms_master_key_id", "KmsMasterKeyId", key).set(
            "kms_data_key_reuse_period_seconds",
            "KmsDataKeyReusePeriodSeconds",
            300,
        ),
        None => draft
            .set("sqs_managed_sse_enabled", "SqsManagedSseEnabled", true)
            .skip("CKV_AWS_27", "Encrypted at rest with the key that SQS manages (SSE-SQS)"),
    };
    if let Some(dead) = dead {
        let redrive = map([
            ("deadLetterTargetArn", dead.arn()),
            ("maxReceiveCount", Expr::from(spec.max_receives)),
        ]);
        draft = draft.tf("redrive_policy", json(redrive.clone())).cfn("RedrivePolicy", redrive);
    }
    draft.done()
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Queue) {
    // A message is sent, received and deleted; requests are counted in chunks of 64 KiB.
    let chunks = (spec.message_kb / 64.0).ceil().max(1.0);
    let requests = spec.messages_per_month * 3.0 * chunks;
    bill.add(
        it,
        "Requests",
        "sqs",
        if spec.fifo { "request-fifo" } else { "request-standard" },
        Quantity::usage(requests).beyond(1_000_000.0),
        "messages × 3 (send, receive, delete) × 64 KiB chunks, beyond 1 million free",
    );
}

#[cfg(test)]
mod tests {
    use crate::engine::bind::testing::{cloudformation, terraform};
    use crate::engine::graph::Queue;
    use insta::assert_snapshot;

    #[test]
    fn a_queue_has_a_dead_letter_queue_and_refuses_plain_http() {
        let spec = Queue { fifo: true, ..Queue::default() };
        let text = terraform("orders", spec.clone());
        assert!(text.contains("fifo_queue"), "{text}");
        assert!(text.contains("deadLetterTargetArn = aws_sqs_queue.orders_dead.arn"), "{text}");
        assert_snapshot!(cloudformation("orders", spec).lines().filter(|it| it.contains("Type: AWS")).collect::<Vec<_>>().join("\n"), @r"
            Type: AWS::SQS::Queue
            Type: AWS::SQS::Queue
            Type: AWS::SQS::QueuePolicy
        ");
    }
}
