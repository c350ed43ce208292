//! Messages from one carrier to the next: topic to queue, stream to delivery stream, logs to stream.

use super::super::kit;
use super::{Ends, events, rules};
use crate::engine::bind::expr::{Expr, block, map};
use crate::engine::bind::stack::Stack;
use crate::engine::graph::Spec;
use crate::engine::requirements::Intent;

pub fn wire(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    if let (Spec::ObjectStore(_), Spec::ObjectStore(_)) = (&ends.from.spec, &ends.to.spec) {
        return super::super::s3::replicate(stack, ends);
    }
    let pushes = matches!(
        ends.connection.intent,
        Intent::Invokes | Intent::Publishes | Intent::Streams | Intent::Writes
    );
    if !pushes {
        return None;
    }
    match (&ends.from.spec, &ends.to.spec) {
        (Spec::Topic(_), Spec::Queue(_)) => topic_queue(stack, ends),
        (Spec::DeliveryStream(_), Spec::SearchIndex(_)) => delivery_search(stack, ends),
        (Spec::Topic(_), Spec::DeliveryStream(_)) => topic_delivery(stack, ends),
        (Spec::Topic(_), Spec::Email(_)) => topic_email(stack, ends),
        (Spec::Stream(_) | Spec::KafkaCluster(_), Spec::DeliveryStream(_)) => {
            feed_delivery(stack, ends)
        }
        (Spec::Stream(_) | Spec::KafkaCluster(_), Spec::StreamAnalytics(_)) => {
            feed_analytics(stack, ends)
        }
        (Spec::KeyValueStore(_), Spec::Stream(_)) => table_stream(stack, ends),
        (Spec::LogStore(_), Spec::DeliveryStream(_)) => log_stream(stack, ends),
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

/// Messages of a topic, delivered to storage.
fn topic_delivery(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let delivery = ends.target.values.get("arn")?.clone();
    let actions =
        ["firehose:PutRecord", "firehose:PutRecordBatch", "firehose:DescribeDeliveryStream"];
    let statements = [kit::allow(&actions, vec![delivery.clone()])];
    let role = rules::role(stack, ends, "sns.amazonaws.com", &statements);
    subscribe(
        stack,
        ends,
        "firehose",
        delivery,
        vec![("subscription_role_arn", "SubscriptionRoleArn", role.arn())],
    )
}

/// Records become documents of a search index; the bucket keeps those that fail.
fn delivery_search(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    use super::super::firehose;
    let delivery = ends.source.handles.get("delivery_stream")?.clone();
    let bucket = ends.source.handles.get("backup_bucket")?.clone();
    let role = ends.source.handles.get("role")?.clone();
    let domain = ends.target.handles.get("domain")?.arn();
    for statement in ends.target.grants.get(&Intent::Writes)? {
        stack.allow(&ends.from.id, statement.clone());
    }
    let describes = ["es:DescribeDomain", "es:DescribeDomains", "es:DescribeDomainConfig"];
    stack.allow(&ends.from.id, kit::allow(&describes, vec![domain.clone()]));
    let (backup, cfn_backup) = firehose::backup(&bucket, &role);
    let index = ends.from.id.as_str();
    let mut tf = vec![
        ("domain_arn".to_owned(), domain.clone()),
        ("role_arn".to_owned(), role.arn()),
        ("index_name".to_owned(), index.into()),
        ("index_rotation_period".to_owned(), "OneDay".into()),
        ("s3_backup_mode".to_owned(), "FailedDocumentsOnly".into()),
        ("s3_configuration".to_owned(), backup),
    ];
    let mut cfn = vec![
        ("DomainARN".to_owned(), domain),
        ("RoleARN".to_owned(), role.arn()),
        ("IndexName".to_owned(), index.into()),
        ("IndexRotationPeriod".to_owned(), "OneDay".into()),
        ("S3BackupMode".to_owned(), "FailedDocumentsOnly".into()),
        ("S3Configuration".to_owned(), cfn_backup),
    ];
    if let (Some(net), Some(listener)) = (stack.net.clone(), &ends.target.listener) {
        let group = kit::security_group(stack, ends.from, "sg")?;
        let (group_id, port) = (kit::group_id(&group), listener.port);
        let text = format!("{} to {}", ends.from.title, ends.to.title);
        let out = kit::Peer::Group(listener.group.clone());
        kit::egress(stack, ends.from, "sg_out", &group_id, Some((port, port)), out, &text);
        let from = kit::Peer::Group(group_id.clone());
        let suffix = format!("from_{}", ends.from.id.snake());
        kit::ingress(stack, ends.to, &suffix, &listener.group, Some((port, port)), from, &text);
        let groups = Expr::List(vec![group_id]);
        tf.push((
            "vpc_config".to_owned(),
            block([
                ("subnet_ids", Expr::List(net.private.clone())),
                ("security_group_ids", groups.clone()),
                ("role_arn", role.arn()),
            ]),
        ));
        cfn.push((
            "VpcConfiguration".to_owned(),
            map([
                ("SubnetIds", Expr::List(net.private)),
                ("SecurityGroupIds", groups),
                ("RoleARN", role.arn()),
            ]),
        ));
        let actions = [
            "ec2:CreateNetworkInterface",
            "ec2:CreateNetworkInterfacePermission",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeVpcs",
            "ec2:DescribeVpcAttribute",
            "ec2:DescribeSubnets",
            "ec2:DescribeSecurityGroups",
        ];
        stack.allow(&ends.from.id, kit::allow(&actions, vec!["*".into()]));
    }
    firehose::deliver_to(
        stack,
        &delivery,
        "opensearch",
        ("opensearch_configuration", Expr::Block(tf)),
        ("AmazonopensearchserviceDestinationConfiguration", Expr::Block(cfn)),
    );
    Some(())
}

/// Messages of a topic, mailed to a person.
fn topic_email(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let address = kit::text_input(
        stack,
        &format!("{}_email", ends.from.id.snake()),
        "Address that messages are mailed to; it has to confirm the subscription.",
        Some("team@example.com"),
    );
    subscribe(stack, ends, "email", address, Vec::new())
}

/// A stream or a Kafka topic that a delivery stream empties.
fn feed_delivery(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    use super::super::firehose;
    let delivery = ends.target.handles.get("delivery_stream")?.clone();
    let role = ends.target.handles.get("role")?.clone();
    let source = ends.source.values.get("arn")?.clone();
    let fed = stack.resources.iter().find(|it| it.key == delivery.0)?.tf.as_ref()?.fields.iter();
    let is_source =
        |name: &str| name == "kinesis_source_configuration" || name == "msk_source_configuration";
    if fed.into_iter().any(|(name, _)| is_source(name)) {
        // The same stream is connected for another intent.
        return Some(());
    }
    if let Spec::KafkaCluster(_) = ends.from.spec {
        let actions =
            ["kafka:GetBootstrapBrokers", "kafka:DescribeCluster", "kafka:DescribeClusterV2"];
        stack.allow(&ends.to.id, kit::allow(&actions, vec![source.clone()]));
        for statement in ends.source.grants.get(&Intent::Subscribes).into_iter().flatten() {
            stack.allow(&ends.to.id, statement.clone());
        }
        firehose::from_kafka(stack, &delivery, &source, "events", &role);
        if let Some(draft) = ends.source.handles.get("sharing").cloned()
            && let Some(target) = stack.edit(&delivery)
        {
            target.after(&draft).done();
        }
    } else {
        stack.allow(&ends.to.id, kit::allow(firehose::reads(), vec![source.clone()]));
        firehose::from_stream(stack, &delivery, &source, &role);
    }
    Some(())
}

/// A stream or a Kafka cluster that an application reads: the reader is given
/// what any consumer of it has.
fn feed_analytics(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let reader = ends.target.principal.as_ref()?.clone();
    for statement in ends.source.grants.get(&Intent::Subscribes)? {
        stack.allow(&ends.to.id, statement.clone());
    }
    if let Some(statement) = kit::key_statement(stack) {
        stack.allow(&ends.to.id, statement);
    }
    if reader.environment {
        for (suffix, value) in &ends.source.references {
            stack.env(&ends.to.id, format!("{}_{suffix}", ends.from.id.shout()), value);
        }
    }
    if let (Some(group), Some(listener)) = (reader.group, &ends.source.listener) {
        let text = format!("{} to {}", ends.to.title, ends.from.title);
        let port = Some((listener.port, listener.port));
        let to = kit::Peer::Group(listener.group.clone());
        let suffix = format!("reads_{}", ends.from.id.snake());
        kit::egress(stack, ends.to, &suffix, &group, port, to, &text);
        let suffix = format!("read_by_{}", ends.to.id.snake());
        let from = kit::Peer::Group(group);
        kit::ingress(stack, ends.from, &suffix, &listener.group, port, from, &text);
    }
    Some(())
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
    let actions = ["firehose:PutRecord", "firehose:PutRecordBatch"];
    let mut statements = vec![kit::allow(&actions, vec![target.clone()])];
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
