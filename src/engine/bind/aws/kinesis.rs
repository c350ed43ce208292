//! Amazon Kinesis Data Streams.

use crate::engine::bind::binding;
use crate::engine::bind::expr::block;
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Component, Stream};
use crate::engine::requirements::Intent;

binding! {
    Stream {
        service: "kinesis-data-streams",
        title: "Amazon Kinesis Data Streams",
        docs: "https://docs.aws.amazon.com/streams/latest/dev/introduction.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/kinesis/sla/",
        }),
        limits: &[Limit {
            what: "Writes to a shard",
            value: "1 MB or 1,000 records a second",
            source: "https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html",
        }],
        latency_ms: Some((70.0, 200.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &Stream) {
    let name = stack.name(it);
    let key = stack.key_arn.clone();
    let mode = if spec.on_demand { "ON_DEMAND" } else { "PROVISIONED" };
    let mut draft = stack
        .add(it, "", "aws_kinesis_stream", "AWS::Kinesis::Stream")
        .set("name", "Name", name)
        .set("retention_period", "RetentionPeriodHours", spec.retention_hours.clamp(24, 8760))
        .tf("stream_mode_details", block([("stream_mode", mode.into())]))
        .cfn("StreamModeDetails", block([("StreamMode", mode.into())]));
    if !spec.on_demand {
        draft = draft.set("shard_count", "ShardCount", spec.shards.max(1));
    }
    if key.is_none() {
        draft = draft.skip(
            "CKV_AWS_185",
            "Sealed with the key that AWS manages for Kinesis; a key of one's own is part of the better option",
        );
    }
    let key = key.unwrap_or_else(|| "alias/aws/kinesis".into());
    let stream = draft
        .tf("encryption_type", "KMS")
        .tf("kms_key_id", key.clone())
        .cfn("StreamEncryption", block([("EncryptionType", "KMS".into()), ("KeyId", key)]))
        .done();
    let facet = Facet::default()
        .handle("stream", &stream)
        .value("arn", stream.arn())
        .value("name", stream.by_ref("name"))
        .reference("STREAM_NAME", stream.by_ref("name"))
        .grant(
            &[Intent::Publishes, Intent::Writes, Intent::Streams],
            &["kinesis:PutRecord", "kinesis:PutRecords", "kinesis:DescribeStreamSummary"],
            vec![stream.arn()],
        )
        .grant(&[Intent::Reads, Intent::Subscribes], READ, vec![stream.arn()]);
    stack.facet(it, facet);
}

/// What a consumer of the stream needs.
pub const READ: &[&str] = &[
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
    "kinesis:SubscribeToShard",
];

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Stream) {
    if spec.on_demand {
        bill.add(it, "Stream", "kinesis", "on-demand-stream-hour", Quantity::fixed(HOURS), "730 h");
        bill.add(
            it,
            "Data in",
            "kinesis",
            "on-demand-in-gb",
            Quantity::usage(spec.gb_per_month),
            "GB written",
        );
        bill.add(
            it,
            "Data out",
            "kinesis",
            "on-demand-out-gb",
            Quantity::usage(spec.gb_per_month),
            "GB read, by one consumer",
        );
    } else {
        let shards = f64::from(spec.shards.max(1));
        bill.add(
            it,
            "Shards",
            "kinesis",
            "shard-hour",
            Quantity::fixed(shards * HOURS),
            format!("{shards} shards × 730 h"),
        );
        bill.add(
            it,
            "Records",
            "kinesis",
            "put-unit-million",
            Quantity::usage(spec.records_per_month / 1e6),
            "million records of up to 25 KB",
        );
    }
    if spec.retention_hours > 24 {
        let days = f64::from(spec.retention_hours - 24) / 24.0;
        bill.add(
            it,
            "Kept longer",
            "kinesis",
            "long-retention-gb-month",
            Quantity::usage(spec.gb_per_month * days / 30.0),
            format!("GB × {days} days beyond the first"),
        );
    }
}
