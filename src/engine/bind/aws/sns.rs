//! Amazon SNS.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, document, list};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, Topic};
use crate::engine::requirements::Intent;

binding! {
    Topic {
        service: "sns",
        title: "Amazon SNS",
        docs: "https://docs.aws.amazon.com/sns/latest/dg/welcome.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/messaging/sla/",
        }),
        limits: &[Limit {
            what: "Size of a message",
            value: "256 KB",
            source: "https://docs.aws.amazon.com/sns/latest/dg/sns-publish.html",
        }],
        latency_ms: Some((20.0, 60.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &Topic) {
    let name = stack.name_with(it, if spec.fifo { "topic.fifo" } else { "" });
    let key = stack.key_arn.clone();
    let mut draft =
        stack.add(it, "", "aws_sns_topic", "AWS::SNS::Topic").set("name", "TopicName", name);
    if spec.fifo {
        draft = draft.set("fifo_topic", "FifoTopic", true).set(
            "content_based_deduplication",
            "ContentBasedDeduplication",
            true,
        );
    }
    draft = match key {
        Some(key) => draft.set("kms_master_key_id", "KmsMasterKeyId", key),
        None => draft.skip(
            "CKV_AWS_26",
            "The key that AWS manages for SNS would lock out the services that publish here; a key of one's own is part of the better option",
        ),
    };
    let topic = draft.done();
    // TLS only, whoever publishes; wiring adds the services that do.
    let statement = kit::tls_only("sns:Publish", vec![topic.by_ref("arn")]);
    let policy = stack
        .add(it, "tls", "aws_sns_topic_policy", "AWS::SNS::TopicPolicy")
        .tf("arn", topic.by_ref("arn"))
        .cfn("Topics", list![topic.by_ref("arn")])
        .set("policy", "PolicyDocument", document(statement))
        .done();
    let arn: Expr = topic.by_ref("arn");
    let facet = Facet::default()
        .handle("topic", &topic)
        .handle("policy", &policy)
        .value("arn", arn.clone())
        .reference("TOPIC_ARN", arn.clone())
        .grant(
            &[Intent::Publishes, Intent::Writes, Intent::Streams],
            &["sns:Publish"],
            vec![arn.clone()],
        )
        .grant(
            &[Intent::Subscribes, Intent::Reads],
            &["sns:Subscribe", "sns:ListSubscriptionsByTopic"],
            vec![arn],
        );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Topic) {
    if spec.fifo {
        bill.add(
            it,
            "Messages",
            "sns",
            "fifo-publish-million",
            Quantity::usage(spec.messages_per_month / 1e6),
            "million messages in order",
        );
        bill.add(
            it,
            "Payload",
            "sns",
            "fifo-publish-gb",
            Quantity::usage(spec.messages_per_month * 4.0 / 1e6),
            "messages × 4 KB",
        );
    } else {
        bill.add(
            it,
            "Messages",
            "sns",
            "publish",
            Quantity::usage(spec.messages_per_month).beyond(1_000_000.0),
            "messages beyond 1 million free",
        );
    }
    bill.add(
        it,
        "E-mail",
        "sns",
        "email-100k",
        Quantity::usage(spec.email_deliveries_per_month).beyond(1000.0).times(1e-5),
        "mails beyond 1,000 free",
    );
    bill.add(
        it,
        "Push",
        "sns",
        "mobile-push-million",
        Quantity::usage(spec.push_per_month).beyond(1_000_000.0).times(1e-6),
        "million push notifications beyond 1 million free",
    );
}
