//! Amazon Keyspaces: tables in the manner of Cassandra.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, blocks, join, list, map};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, WideColumnStore};
use crate::engine::requirements::Intent;

binding! {
    WideColumnStore {
        service: "keyspaces",
        title: "Amazon Keyspaces",
        docs: "https://docs.aws.amazon.com/keyspaces/latest/devguide/what-is-keyspaces.html",
        sla: Some(Sla {
            availability: 0.9999,
            single: 0.9999,
            source: "https://aws.amazon.com/keyspaces/sla/",
        }),
        limits: &[Limit {
            what: "Size of a row",
            value: "1 MB",
            source: "https://docs.aws.amazon.com/keyspaces/latest/devguide/quotas.html",
        }],
        latency_ms: Some((5.0, 15.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _spec: &WideColumnStore) {
    // Names have letters, digits and underscores only.
    let name = Expr::Hcl(format!(
        "substr(replace(\"${{local.name_prefix}}-{}\", \"-\", \"_\"), 0, 48)",
        it.id
    ));
    let keyspace = stack
        .add(it, "", "aws_keyspaces_keyspace", "AWS::Cassandra::Keyspace")
        .tf("name", name)
        .retain()
        .done();
    let key = stack.key_arn.clone();
    let column = |name: &str, kind: &str| map([("name", name.into()), ("type", kind.into())]);
    let own =
        |name: &str, kind: &str| block([("ColumnName", name.into()), ("ColumnType", kind.into())]);
    let mut draft = stack
        .add(it, "items", "aws_keyspaces_table", "AWS::Cassandra::Table")
        .set("keyspace_name", "KeyspaceName", keyspace.by_ref("name"))
        .set("table_name", "TableName", "items")
        .tf(
            "schema_definition",
            block([
                (
                    "column",
                    blocks(vec![
                        column("id", "text"),
                        column("at", "timestamp"),
                        column("body", "text"),
                    ]),
                ),
                ("partition_key", block([("name", "id".into())])),
                ("clustering_key", block([("name", "at".into()), ("order_by", "DESC".into())])),
            ]),
        )
        .cfn("PartitionKeyColumns", list![own("id", "text")])
        .cfn(
            "ClusteringKeyColumns",
            list![block([("Column", own("at", "timestamp")), ("OrderBy", "DESC".into())])],
        )
        .cfn("RegularColumns", list![own("body", "text")])
        .tf("capacity_specification", block([("throughput_mode", "PAY_PER_REQUEST".into())]))
        .cfn("BillingMode", block([("Mode", "ON_DEMAND".into())]))
        .tf("point_in_time_recovery", block([("status", "ENABLED".into())]))
        .cfn("PointInTimeRecoveryEnabled", true)
        .comment("A first table to start from; add your own with its partition and order.");
    if let Some(key) = key {
        draft = draft
            .tf(
                "encryption_specification",
                block([
                    ("type", "CUSTOMER_MANAGED_KMS_KEY".into()),
                    ("kms_key_identifier", key.clone()),
                ]),
            )
            .cfn(
                "EncryptionSpecification",
                block([
                    ("EncryptionType", "CUSTOMER_MANAGED_KMS_KEY".into()),
                    ("KmsKeyIdentifier", key),
                ]),
            );
    }
    let table = draft.retain().done();
    let space = keyspace.by_ref("name");
    let tables = kit::arn("cassandra", join!["/keyspace/", space.clone(), "/table/*"]);
    // Drivers read the schema before they talk.
    let system = kit::arn("cassandra", join!["/keyspace/system*"]);
    let facet = Facet::default()
        .handle("keyspace", &keyspace)
        .handle("table", &table)
        .value("arn", tables.clone())
        .reference("HOST", join!["cassandra.", Expr::Region, ".amazonaws.com"])
        .reference("PORT", "9142")
        .reference("KEYSPACE", space)
        .grant(&[Intent::Reads], &["cassandra:Select"], vec![tables.clone(), system.clone()])
        .grant(
            &[Intent::Writes, Intent::Replicates],
            &["cassandra:Select", "cassandra:Modify"],
            vec![tables, system],
        );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &WideColumnStore) {
    bill.unpriced(it, "Reads", spec.reads_per_month, "keyspaces read-request-unit");
    bill.unpriced(it, "Writes", spec.writes_per_month, "keyspaces write-request-unit");
    bill.unpriced(it, "Storage", spec.storage_gb, "keyspaces storage-gb-month");
    bill.unpriced(it, "Point-in-time recovery", spec.storage_gb, "keyspaces pitr-gb-month");
}
