//! Amazon S3 Express One Zone: objects within milliseconds, in one zone.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join};
use crate::engine::bind::stack::{Facet, Stack, Variable, VariableKind};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, ExpressStore};
use crate::engine::requirements::Intent;

binding! {
    ExpressStore {
        service: "s3express",
        title: "Amazon S3 Express One Zone",
        docs: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-express-one-zone.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/s3/sla/",
        }),
        limits: &[Limit {
            what: "Directory buckets of an account in a region",
            value: "100",
            source: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-express-networking.html",
        }],
        latency_ms: Some((5.0, 9.0)),
    }
}

/// A zone of the region that has this class.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/directory-bucket-az-networking.html>
fn zone(region: &str) -> Option<&'static str> {
    Some(match region {
        "us-east-1" => "use1-az4",
        "us-east-2" => "use2-az1",
        "us-west-2" => "usw2-az1",
        "ap-south-1" => "aps1-az1",
        "ap-northeast-1" => "apne1-az1",
        "eu-west-1" => "euw1-az1",
        "eu-north-1" => "eun1-az1",
        _ => return None,
    })
}

fn lower(stack: &mut Stack<'_>, it: &Component, _spec: &ExpressStore) {
    let default = zone(&stack.graph.region).map(Expr::from);
    let zone = stack.variable(
        "express_zone_id",
        Variable {
            kind: VariableKind::String,
            description: "Id of the zone that has S3 Express One Zone, such as use1-az4."
                .to_owned(),
            default,
            pattern: Some((
                "^[a-z0-9]+-az[0-9]$".to_owned(),
                "A zone's id looks like use1-az4.".to_owned(),
            )),
        },
    );
    let name = join![kit::short_name(it, "", 46), "--", zone.clone(), "--x-s3"];
    let bucket = stack
        .add(it, "", "aws_s3_directory_bucket", "AWS::S3Express::DirectoryBucket")
        .set("bucket", "BucketName", name)
        .tf("location", block([("name", zone.clone())]))
        .cfn("LocationName", zone)
        .set("data_redundancy", "DataRedundancy", "SingleAvailabilityZone")
        .retain()
        .done();
    let facet = Facet::default()
        .handle("bucket", &bucket)
        .value("arn", bucket.arn())
        .value("name", bucket.by_ref("bucket"))
        .reference("BUCKET", bucket.by_ref("bucket"))
        // Reads and writes both go through a session.
        .grant(
            &[Intent::Reads, Intent::Writes, Intent::Replicates],
            &["s3express:CreateSession"],
            vec![bucket.arn()],
        );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &ExpressStore) {
    bill.unpriced(it, "Storage", spec.storage_gb, "s3-express storage-gb-month");
    bill.unpriced(it, "Writes", spec.writes_per_month, "s3-express put-request");
    bill.unpriced(it, "Reads", spec.reads_per_month, "s3-express get-request");
}
