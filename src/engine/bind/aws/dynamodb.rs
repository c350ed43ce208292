//! Amazon DynamoDB.

use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, blocks, join, map};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Component, KeyValueStore};
use crate::engine::requirements::Intent;

binding! {
    KeyValueStore {
        service: "dynamodb",
        title: "Amazon DynamoDB",
        docs: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Introduction.html",
        sla: Some(Sla {
            // With global tables; 0.9999 in one region.
            availability: 0.99999,
            single: 0.9999,
            source: "https://aws.amazon.com/dynamodb/sla/",
        }),
        limits: &[Limit {
            what: "Size of an item",
            value: "400 KB",
            source: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html",
        }],
        latency_ms: Some((4.0, 10.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &KeyValueStore) {
    let name = stack.name(it);
    let key = stack.key_arn.clone();
    let protect = super::kit::protect(stack);
    let mut keys = vec![spec.partition_key.as_str()];
    keys.extend(spec.sort_key.as_deref());
    let attribute = |name: &&str| map([("name", (*name).into()), ("type", "S".into())]);
    let definition =
        |name: &&str| map([("AttributeName", (*name).into()), ("AttributeType", "S".into())]);
    let schema = keys.iter().enumerate().map(|(n, name)| {
        let role = if n == 0 { "HASH" } else { "RANGE" };
        map([("AttributeName", (*name).into()), ("KeyType", role.into())])
    });
    let read = stack
        .graph
        .connections
        .iter()
        .any(|connection| connection.to == it.id && connection.intent == Intent::Subscribes);
    let mut draft = stack
        .add(it, "", "aws_dynamodb_table", "AWS::DynamoDB::Table")
        .set("name", "TableName", name)
        .set(
            "billing_mode",
            "BillingMode",
            if spec.on_demand { "PAY_PER_REQUEST" } else { "PROVISIONED" },
        )
        .tf("hash_key", spec.partition_key.as_str())
        .cfn("KeySchema", Expr::List(schema.collect()))
        .tf("attribute", blocks(keys.iter().map(attribute).collect()))
        .cfn("AttributeDefinitions", Expr::List(keys.iter().map(definition).collect()))
        .set("deletion_protection_enabled", "DeletionProtectionEnabled", protect);
    if let Some(sort) = &spec.sort_key {
        draft = draft.tf("range_key", sort.as_str());
    }
    if !spec.on_demand {
        draft =
            draft.tf("read_capacity", spec.read_units).tf("write_capacity", spec.write_units).cfn(
                "ProvisionedThroughput",
                block([
                    ("ReadCapacityUnits", spec.read_units.into()),
                    ("WriteCapacityUnits", spec.write_units.into()),
                ]),
            );
    }
    let streams = read || spec.stream || !spec.replicas.is_empty();
    if streams {
        draft = draft
            .tf("stream_enabled", true)
            .tf("stream_view_type", "NEW_AND_OLD_IMAGES")
            .cfn("StreamSpecification", block([("StreamViewType", "NEW_AND_OLD_IMAGES".into())]));
    }
    if spec.point_in_time_recovery {
        draft = draft.tf("point_in_time_recovery", block([("enabled", true.into())])).cfn(
            "PointInTimeRecoverySpecification",
            block([("PointInTimeRecoveryEnabled", true.into())]),
        );
    }
    if let Some(attribute) = &spec.expiry_attribute {
        draft = draft
            .tf(
                "ttl",
                block([("attribute_name", attribute.as_str().into()), ("enabled", true.into())]),
            )
            .cfn(
                "TimeToLiveSpecification",
                block([("AttributeName", attribute.as_str().into()), ("Enabled", true.into())]),
            );
    }
    // Without a key of one's own, DynamoDB seals the table with the one it owns.
    draft = match (&key, spec.replicas.is_empty()) {
        (Some(key), true) => draft
            .tf(
                "server_side_encryption",
                block([("enabled", true.into()), ("kms_key_arn", key.clone())]),
            )
            .cfn(
                "SSESpecification",
                block([
                    ("SSEEnabled", true.into()),
                    ("SSEType", "KMS".into()),
                    ("KMSMasterKeyId", key.clone()),
                ]),
            ),
        _ => draft.skip(
            "CKV_AWS_119",
            "Sealed with the key that DynamoDB owns; a key of one's own is part of the better option",
        ),
    };
    let replicas = spec.replicas.iter().map(|region| {
        map([("region_name", region.as_str().into()), ("point_in_time_recovery", true.into())])
    });
    let replicas: Vec<Expr> = replicas.collect();
    if !replicas.is_empty() {
        draft = draft.tf("replica", blocks(replicas));
    }
    let table = draft.retain().done();
    let mut facet = Facet::default()
        .handle("table", &table)
        .value("arn", table.arn())
        .value("name", table.by_ref("name"))
        .reference("TABLE_NAME", table.by_ref("name"))
        .grant(
            &[Intent::Reads],
            &[
                "dynamodb:GetItem",
                "dynamodb:BatchGetItem",
                "dynamodb:Query",
                "dynamodb:Scan",
                "dynamodb:DescribeTable",
            ],
            vec![table.arn(), join![table.arn(), "/index/*"]],
        )
        .grant(
            &[Intent::Writes, Intent::Replicates],
            &[
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
                "dynamodb:DeleteItem",
                "dynamodb:BatchWriteItem",
                "dynamodb:GetItem",
                "dynamodb:Query",
                "dynamodb:ConditionCheckItem",
            ],
            vec![table.arn(), join![table.arn(), "/index/*"]],
        );
    if streams {
        let stream = table.att("stream_arn", "StreamArn");
        facet = facet.value("stream_arn", stream.clone()).grant(
            &[Intent::Subscribes],
            &[
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
                "dynamodb:ListStreams",
            ],
            vec![stream],
        );
    }
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &KeyValueStore) {
    let copies = 1.0 + spec.replicas.len() as f64;
    if spec.on_demand {
        bill.add(
            it,
            "Reads",
            "dynamodb",
            "rru",
            Quantity::usage(spec.reads_per_month),
            "read request units: one per 4 KB, strongly consistent",
        );
        bill.add(
            it,
            "Writes",
            "dynamodb",
            "wru",
            Quantity::usage(spec.writes_per_month * copies),
            format!("write request units × {copies} regions"),
        );
    } else {
        bill.add(
            it,
            "Read capacity",
            "dynamodb",
            "rcu-hour",
            Quantity::fixed(f64::from(spec.read_units) * HOURS),
            "read units × 730 h",
        );
        bill.add(
            it,
            "Write capacity",
            "dynamodb",
            "wcu-hour",
            Quantity::fixed(f64::from(spec.write_units) * HOURS * copies),
            "write units × 730 h",
        );
    }
    bill.add(
        it,
        "Storage",
        "dynamodb",
        "storage-gb-month",
        Quantity::fixed(spec.storage_gb * copies).beyond(25.0),
        "GB beyond 25 free",
    );
    if spec.point_in_time_recovery {
        bill.add(
            it,
            "Point-in-time recovery",
            "dynamodb",
            "pitr-gb-month",
            Quantity::fixed(spec.storage_gb * copies),
            "GB",
        );
    }
}
