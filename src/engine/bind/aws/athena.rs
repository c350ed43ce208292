//! Amazon Athena: a workgroup that limits what a query may cost, and a bucket
//! for results.

use super::{house, kit};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, QueryService};
use crate::engine::requirements::Intent;

binding! {
    QueryService {
        service: "athena",
        title: "Amazon Athena",
        docs: "https://docs.aws.amazon.com/athena/latest/ug/what-is.html",
        sla: None,
        limits: &[],
        latency_ms: Some((2000.0, 10000.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &QueryService) {
    let bucket = house::bucket(stack, it, "results", 30, |_| Vec::new());
    let name = stack.name(it);
    let protect = kit::protect(stack);
    let limit = (spec.scan_limit_gb.max(0.01) * 1e9).round();
    let place: Expr = join!["s3://", bucket.id(), "/results/"];
    let seal = match stack.key_arn.clone() {
        Some(key) => [("encryption_option", "SSE_KMS".into()), ("kms_key_arn", key)].to_vec(),
        None => vec![("encryption_option", Expr::from("SSE_S3"))],
    };
    let owned = |fields: &[(&str, Expr)], cfn: bool| {
        let name = |name: &str| match (name, cfn) {
            ("encryption_option", true) => "EncryptionOption".to_owned(),
            ("kms_key_arn", true) => "KmsKey".to_owned(),
            (name, _) => name.to_owned(),
        };
        Expr::Block(fields.iter().map(|(key, value)| (name(key), value.clone())).collect())
    };
    let group = stack
        .add(it, "", "aws_athena_workgroup", "AWS::Athena::WorkGroup")
        .set("name", "Name", name)
        .tf("force_destroy", !protect)
        .cfn("RecursiveDeleteOption", !protect)
        .tf(
            "configuration",
            block([
                ("bytes_scanned_cutoff_per_query", limit.into()),
                ("enforce_workgroup_configuration", true.into()),
                ("publish_cloudwatch_metrics_enabled", true.into()),
                (
                    "result_configuration",
                    block([
                        ("output_location", place.clone()),
                        ("encryption_configuration", owned(&seal, false)),
                    ]),
                ),
            ]),
        )
        .cfn(
            "WorkGroupConfiguration",
            block([
                ("BytesScannedCutoffPerQuery", limit.into()),
                ("EnforceWorkGroupConfiguration", true.into()),
                ("PublishCloudWatchMetricsEnabled", true.into()),
                (
                    "ResultConfiguration",
                    block([
                        ("OutputLocation", place),
                        ("EncryptionConfiguration", owned(&seal, true)),
                    ]),
                ),
            ]),
        )
        .done();
    let arn = kit::arn("athena", join!["workgroup/", group.by_ref("name")]);
    let calls = [Intent::Reads, Intent::Writes, Intent::Invokes, Intent::Serves];
    let mut facet = Facet::default()
        .handle("workgroup", &group)
        .handle("results", &bucket)
        .value("arn", arn.clone())
        .value("workgroup", group.by_ref("name"))
        .reference("WORKGROUP", group.by_ref("name"))
        .grant(
            &calls,
            &[
                "athena:StartQueryExecution",
                "athena:GetQueryExecution",
                "athena:GetQueryResults",
                "athena:StopQueryExecution",
                "athena:GetWorkGroup",
            ],
            vec![arn],
        )
        .grant(
            &calls,
            &[
                "glue:GetDatabase",
                "glue:GetDatabases",
                "glue:GetTable",
                "glue:GetTables",
                "glue:GetPartitions",
            ],
            vec![
                kit::arn("glue", join!["catalog"]),
                kit::arn("glue", join!["database/*"]),
                kit::arn("glue", join!["table/*"]),
            ],
        );
    for intent in calls {
        facet.grants.entry(intent).or_default().extend(house::bucket_access(&bucket));
    }
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &QueryService) {
    bill.add(
        it,
        "Data scanned",
        "athena",
        "tb",
        Quantity::usage(spec.tb_scanned_per_month),
        "TB that queries read",
    );
    bill.add(
        it,
        "Results",
        "s3",
        "standard-gb-month",
        Quantity::usage(spec.tb_scanned_per_month * 10.0),
        "GB: results of 1 % of what is read, kept for 30 days",
    );
}
