//! Amazon Data Firehose.
//!
//! A delivery stream needs its destination when it is made: the first bucket
//! that it writes to, or one of its own. Wiring replaces it for search and warehouse.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, document, join, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, DeliveryStream, Kind};
use crate::engine::requirements::Intent;

binding! {
    DeliveryStream {
        service: "kinesis-firehose",
        title: "Amazon Data Firehose",
        docs: "https://docs.aws.amazon.com/firehose/latest/dev/what-is-this-service.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/kinesis/sla/",
        }),
        limits: &[Limit {
            what: "Size of a record",
            value: "1,000 KiB",
            source: "https://docs.aws.amazon.com/firehose/latest/dev/limits.html",
        }],
        latency_ms: None,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &DeliveryStream) {
    let name = stack.name(it);
    let log_name: Expr = join!["/aws/kinesisfirehose/", name.clone()];
    let logs = kit::log_group(stack, it, "logs", log_name);
    let log_stream = stack
        .add(it, "log_stream", "aws_cloudwatch_log_stream", "AWS::Logs::LogStream")
        .tf("name", "delivery")
        .cfn("LogStreamName", "delivery")
        .set("log_group_name", "LogGroupName", logs.by_ref("name"))
        .done();
    let role = kit::role(stack, it, "role", "firehose.amazonaws.com", &[]);
    let stores: Vec<Handle> = stack
        .graph
        .targets(&it.id)
        .filter(|(_, to)| to.spec.kind() == Kind::ObjectStore)
        .map(|(_, to)| Handle(to.id.snake()))
        .collect();
    let bucket = match stores.first() {
        Some(bucket) => bucket.clone(),
        None => landing(stack, it),
    };
    stack.allow(
        &it.id,
        kit::allow(
            &[
                "s3:AbortMultipartUpload",
                "s3:GetBucketLocation",
                "s3:GetObject",
                "s3:ListBucket",
                "s3:ListBucketMultipartUploads",
                "s3:PutObject",
            ],
            vec![bucket.arn(), join![bucket.arn(), "/*"]],
        ),
    );
    stack.allow(
        &it.id,
        kit::allow(&["logs:PutLogEvents"], vec![join![super::ec2_network::log_arn(&logs), ":*"]]),
    );
    if let Some(statement) = kit::key_statement(stack) {
        stack.allow(&it.id, statement);
    }
    // A stream that is its source brings its own encryption, and direct puts are refused then.
    let fed = stack
        .graph
        .sources(&it.id)
        .any(|(_, from)| matches!(from.spec.kind(), Kind::Stream | Kind::KafkaCluster));
    let key = stack.key_arn.clone();
    let policy = Handle(format!("{}_policy", it.id.snake()));
    let prefix = format!(
        "{}/year=!{{timestamp:yyyy}}/month=!{{timestamp:MM}}/day=!{{timestamp:dd}}/",
        it.id
    );
    let errors = format!("{}-failed/!{{firehose:error-output-type}}/", it.id);
    let buffer = spec.buffer_mb.clamp(1, 128);
    let logging = block([
        ("enabled", true.into()),
        ("log_group_name", logs.by_ref("name")),
        ("log_stream_name", log_stream.by_ref("name")),
    ]);
    let destination = block([
        ("role_arn", role.arn()),
        ("bucket_arn", bucket.arn()),
        ("prefix", prefix.as_str().into()),
        ("error_output_prefix", errors.as_str().into()),
        ("buffering_interval", spec.buffer_seconds.clamp(0, 900).into()),
        ("buffering_size", buffer.into()),
        ("compression_format", "GZIP".into()),
        ("cloudwatch_logging_options", logging),
    ]);
    let cfn = block([
        ("RoleARN", role.arn()),
        ("BucketARN", bucket.arn()),
        ("Prefix", prefix.as_str().into()),
        ("ErrorOutputPrefix", errors.as_str().into()),
        (
            "BufferingHints",
            map([
                ("IntervalInSeconds", spec.buffer_seconds.clamp(0, 900).into()),
                ("SizeInMBs", buffer.into()),
            ]),
        ),
        ("CompressionFormat", "GZIP".into()),
        (
            "CloudWatchLoggingOptions",
            map([
                ("Enabled", true.into()),
                ("LogGroupName", logs.by_ref("name")),
                ("LogStreamName", log_stream.by_ref("name")),
            ]),
        ),
    ]);
    let mut draft = stack
        .add(it, "", "aws_kinesis_firehose_delivery_stream", "AWS::KinesisFirehose::DeliveryStream")
        .set("name", "DeliveryStreamName", name)
        .tf("destination", "extended_s3")
        .tf("extended_s3_configuration", destination)
        .cfn("ExtendedS3DestinationConfiguration", cfn)
        .after(&policy);
    if spec.convert_to_parquet {
        draft = draft.comment(
            "Delivers compressed JSON. Parquet needs a table that describes the records: make it with the ETL jobs.",
        );
    }
    draft = match (fed, &key) {
        (true, _) => draft
            .skip("CKV_AWS_240", "Its source stream is sealed; so is the bucket that it writes to")
            .skip("CKV_AWS_241", "Its source stream is sealed; so is the bucket that it writes to"),
        (false, Some(key)) => draft
            .tf(
                "server_side_encryption",
                block([
                    ("enabled", true.into()),
                    ("key_type", "CUSTOMER_MANAGED_CMK".into()),
                    ("key_arn", key.clone()),
                ]),
            )
            .cfn(
                "DeliveryStreamEncryptionConfigurationInput",
                block([("KeyType", "CUSTOMER_MANAGED_CMK".into()), ("KeyARN", key.clone())]),
            ),
        (false, None) => draft
            .tf("server_side_encryption", block([("enabled", true.into())]))
            .cfn(
                "DeliveryStreamEncryptionConfigurationInput",
                block([("KeyType", "AWS_OWNED_CMK".into())]),
            )
            .skip("CKV_AWS_241", "Sealed with the key that AWS owns; a key of one's own is part of the better option"),
    };
    let delivery = draft.cfn("DeliveryStreamType", "DirectPut").done();
    let facet = Facet::default()
        .handle("delivery_stream", &delivery)
        .handle("backup_bucket", &bucket)
        .handle("logs", &logs)
        .handle("role", &role)
        .value("arn", delivery.arn())
        .value("name", delivery.by_ref("name"))
        .reference("DELIVERY_STREAM", delivery.by_ref("name"))
        .grant(
            &[Intent::Publishes, Intent::Writes, Intent::Streams, Intent::Invokes],
            &["firehose:PutRecord", "firehose:PutRecordBatch"],
            vec![delivery.arn()],
        )
        .principal(&role, None, false);
    stack.facet(it, facet);
}

/// A bucket of its own, where the design names none.
fn landing(stack: &mut Stack<'_>, it: &Component) -> Handle {
    let id: String = it.id.as_str().chars().take(16).collect();
    let name = join![
        Expr::Var("name_prefix".to_owned()),
        format!("-{}-in-", id.trim_end_matches('-')),
        Expr::AccountId
    ];
    super::s3::plain(stack, it, "landing", name, 90, |bucket| {
        document(kit::tls_only("s3:*", vec![bucket.arn(), join![bucket.arn(), "/*"]]))
    })
}

/// Reads from a stream instead of taking records itself.
pub fn from_stream(stack: &mut Stack<'_>, delivery: &Handle, stream: &Expr, role: &Handle) {
    let Some(draft) = stack.edit(delivery) else { return };
    draft
        .tf(
            "kinesis_source_configuration",
            block([("kinesis_stream_arn", stream.clone()), ("role_arn", role.arn())]),
        )
        .cfn(
            "KinesisStreamSourceConfiguration",
            block([("KinesisStreamARN", stream.clone()), ("RoleARN", role.arn())]),
        )
        .done();
    source_type(stack, delivery, "KinesisStreamAsSource");
}

/// Reads a topic of a Kafka cluster instead of taking records itself.
pub fn from_kafka(
    stack: &mut Stack<'_>,
    delivery: &Handle,
    cluster: &Expr,
    topic: &str,
    role: &Handle,
) {
    let Some(draft) = stack.edit(delivery) else { return };
    draft
        .tf(
            "msk_source_configuration",
            block([
                ("msk_cluster_arn", cluster.clone()),
                ("topic_name", topic.into()),
                (
                    "authentication_configuration",
                    block([("connectivity", "PRIVATE".into()), ("role_arn", role.arn())]),
                ),
            ]),
        )
        .cfn(
            "MSKSourceConfiguration",
            block([
                ("MSKClusterARN", cluster.clone()),
                ("TopicName", topic.into()),
                (
                    "AuthenticationConfiguration",
                    map([("Connectivity", "PRIVATE".into()), ("RoleARN", role.arn())]),
                ),
            ]),
        )
        .done();
    source_type(stack, delivery, "MSKAsSource");
}

fn source_type(stack: &mut Stack<'_>, delivery: &Handle, name: &str) {
    let resource = stack.resources.iter_mut().find(|it| it.key == delivery.0);
    for side in resource.into_iter().filter_map(|it| it.cfn.as_mut()) {
        for (field, value) in &mut side.fields {
            if field == "DeliveryStreamType" {
                *value = name.into();
            }
        }
    }
}

/// Delivers somewhere else; the bucket keeps what fails.
pub fn deliver_to(
    stack: &mut Stack<'_>,
    delivery: &Handle,
    kind: &str,
    tf: (&str, Expr),
    cfn: (&str, Expr),
) {
    let Some(resource) = stack.resources.iter_mut().find(|it| it.key == delivery.0) else { return };
    if let Some(side) = &mut resource.tf {
        side.fields.retain(|(name, _)| name != "extended_s3_configuration");
        for (name, value) in &mut side.fields {
            if name == "destination" {
                *value = kind.into();
            }
        }
        side.fields.push((tf.0.to_owned(), tf.1));
    }
    if let Some(side) = &mut resource.cfn {
        side.fields.retain(|(name, _)| name != "ExtendedS3DestinationConfiguration");
        side.fields.push((cfn.0.to_owned(), cfn.1));
    }
}

/// The bucket for what fails, as other destinations want it, in both formats.
pub fn backup(bucket: &Handle, role: &Handle) -> (Expr, Expr) {
    (
        block([
            ("role_arn", role.arn()),
            ("bucket_arn", bucket.arn()),
            ("compression_format", "GZIP".into()),
        ]),
        map([
            ("RoleARN", role.arn()),
            ("BucketARN", bucket.arn()),
            ("CompressionFormat", "GZIP".into()),
        ]),
    )
}

/// Permission to use the stream that feeds it.
pub fn reads() -> &'static [&'static str] {
    &[
        "kinesis:DescribeStream",
        "kinesis:GetShardIterator",
        "kinesis:GetRecords",
        "kinesis:ListShards",
    ]
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &DeliveryStream) {
    bill.add(
        it,
        "Delivery",
        "firehose",
        "ingest-gb",
        Quantity::usage(spec.gb_per_month),
        "GB taken in, records rounded up to 5 KB",
    );
    if spec.convert_to_parquet {
        bill.add(
            it,
            "Conversion",
            "firehose",
            "format-conversion-gb",
            Quantity::usage(spec.gb_per_month),
            "GB written as columns",
        );
    }
}
