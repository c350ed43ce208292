//! Amazon S3 Tables: Iceberg tables that S3 keeps in order.

use super::kit;
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, join, map};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, TableStore};
use crate::engine::requirements::Intent;

binding! {
    TableStore {
        service: "s3-tables",
        title: "Amazon S3 Tables",
        docs: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables.html",
        sla: None,
        limits: &[Limit {
            what: "Tables of a table bucket",
            value: "10,000",
            source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-tables-regions-quotas.html",
        }],
        latency_ms: Some((80.0, 300.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _spec: &TableStore) {
    let name = kit::short_name(it, "", 63);
    // A key of one's own would have to admit the service that compacts tables.
    let bucket = stack
        .add(it, "", "aws_s3tables_table_bucket", "AWS::S3Tables::TableBucket")
        .set("name", "TableBucketName", name)
        .tf(
            "encryption_configuration",
            map([
                ("sse_algorithm", "AES256".into()),
                ("kms_key_arn", Expr::Hcl("null".to_owned())),
            ]),
        )
        .cfn("EncryptionConfiguration", map([("SSEAlgorithm", "AES256".into())]))
        .retain()
        .done();
    let arn = bucket.att("arn", "TableBucketARN");
    let namespace = stack
        .add(it, "namespace", "aws_s3tables_namespace", "AWS::S3Tables::Namespace")
        .set("table_bucket_arn", "TableBucketARN", arn.clone())
        .set("namespace", "Namespace", "main")
        .done();
    let tables = vec![arn.clone(), join![arn.clone(), "/table/*"]];
    let facet = Facet::default()
        .handle("table_bucket", &bucket)
        .handle("namespace", &namespace)
        .value("arn", arn.clone())
        .reference("TABLE_BUCKET_ARN", arn)
        .reference("NAMESPACE", "main")
        .grant(
            &[Intent::Reads],
            &[
                "s3tables:GetTableBucket",
                "s3tables:ListNamespaces",
                "s3tables:ListTables",
                "s3tables:GetTable",
                "s3tables:GetTableMetadataLocation",
                "s3tables:GetTableData",
            ],
            tables.clone(),
        )
        .grant(
            &[Intent::Writes, Intent::Replicates, Intent::Invokes],
            &[
                "s3tables:GetTableBucket",
                "s3tables:GetNamespace",
                "s3tables:GetTable",
                "s3tables:CreateTable",
                "s3tables:GetTableMetadataLocation",
                "s3tables:UpdateTableMetadataLocation",
                "s3tables:GetTableData",
                "s3tables:PutTableData",
            ],
            tables,
        );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &TableStore) {
    bill.unpriced(it, "Storage", spec.storage_gb, "s3-tables storage-gb-month");
    bill.unpriced(it, "Writes", spec.writes_per_month, "s3-tables put-request");
    bill.unpriced(it, "Reads", spec.reads_per_month, "s3-tables get-request");
}
