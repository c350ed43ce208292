//! Amazon DynamoDB.

use super::recovery;
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
    let global = !spec.replicas.is_empty();
    // Keys do not leave their region: each replica needs one of its own.
    let there = recovery::replicates_there(stack.graph, spec);
    let copy_key = if there { recovery::key(stack, it).map(|it| it.arn()) } else { None };
    let kind = if global { "AWS::DynamoDB::GlobalTable" } else { "AWS::DynamoDB::Table" };
    let mut draft = stack
        .add(it, "", "aws_dynamodb_table", kind)
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
        .tf("deletion_protection_enabled", protect);
    if !global {
        draft = draft.cfn("DeletionProtectionEnabled", protect);
    }
    if let Some(sort) = &spec.sort_key {
        draft = draft.tf("range_key", sort.as_str());
    }
    if !spec.on_demand {
        draft = draft.tf("read_capacity", spec.read_units).tf("write_capacity", spec.write_units);
        draft = if global {
            draft.cfn("WriteProvisionedThroughputSettings", written(spec))
        } else {
            let units = [
                ("ReadCapacityUnits", spec.read_units.into()),
                ("WriteCapacityUnits", spec.write_units.into()),
            ];
            draft.cfn("ProvisionedThroughput", block(units))
        };
    }
    let streams = read || spec.stream || !spec.replicas.is_empty();
    if streams {
        draft = draft
            .tf("stream_enabled", true)
            .tf("stream_view_type", "NEW_AND_OLD_IMAGES")
            .cfn("StreamSpecification", block([("StreamViewType", "NEW_AND_OLD_IMAGES".into())]));
    }
    if spec.point_in_time_recovery {
        draft = draft.tf("point_in_time_recovery", block([("enabled", true.into())]));
        if !global {
            draft = draft.cfn("PointInTimeRecoverySpecification", kept());
        }
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
    // Without a key of one's own in each region, DynamoDB seals the table with the one it owns.
    let sealed = key.as_ref().filter(|_| !global || copy_key.is_some());
    draft = match sealed {
        Some(key) => {
            let fields = [("enabled", true.into()), ("kms_key_arn", key.clone())];
            let mut cfn = vec![
                ("SSEEnabled".to_owned(), Expr::from(true)),
                ("SSEType".to_owned(), "KMS".into()),
            ];
            if !global {
                cfn.push(("KMSMasterKeyId".to_owned(), key.clone()));
            }
            draft.tf("server_side_encryption", block(fields)).cfn("SSESpecification", Expr::Block(cfn))
        }
        None => draft.skip(
            "CKV_AWS_119",
            "Sealed with the key that DynamoDB owns; a key of one's own is part of the better option",
        ),
    };
    if global {
        let mut members = vec![member(spec, Expr::Region, sealed, protect)];
        let mut replicas = Vec::new();
        for region in &spec.replicas {
            let mut fields = vec![
                ("region_name".to_owned(), Expr::from(region.as_str())),
                ("point_in_time_recovery".to_owned(), true.into()),
            ];
            fields.extend(copy_key.clone().map(|key| ("kms_key_arn".to_owned(), key)));
            replicas.push(Expr::Map(fields));
            members.push(member(spec, region.as_str().into(), copy_key.as_ref(), protect));
        }
        draft = draft.tf("replica", blocks(replicas)).cfn("Replicas", Expr::List(members));
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

fn kept() -> Expr {
    block([("PointInTimeRecoveryEnabled", true.into())])
}

/// A region of a global table, as CloudFormation lists it.
fn member(spec: &KeyValueStore, region: Expr, key: Option<&Expr>, protect: bool) -> Expr {
    let mut fields = vec![
        ("Region".to_owned(), region),
        ("PointInTimeRecoverySpecification".to_owned(), kept()),
        ("DeletionProtectionEnabled".to_owned(), protect.into()),
    ];
    if let Some(key) = key {
        fields.push(("SSESpecification".to_owned(), block([("KMSMasterKeyId", key.clone())])));
    }
    if !spec.on_demand {
        let units = block([("ReadCapacityUnits", spec.read_units.into())]);
        fields.push(("ReadProvisionedThroughputSettings".to_owned(), units));
    }
    Expr::Map(fields)
}

/// The written units of a global table: CloudFormation takes them as a range only.
fn written(spec: &KeyValueStore) -> Expr {
    let target = block([("TargetValue", 70.into())]);
    let scaling = block([
        ("MinCapacity", spec.write_units.into()),
        ("MaxCapacity", spec.write_units.into()),
        ("TargetTrackingScalingPolicyConfiguration", target),
    ]);
    block([("WriteCapacityAutoScalingSettings", scaling)])
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
