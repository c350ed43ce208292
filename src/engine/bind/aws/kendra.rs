//! Amazon Kendra.

use super::kit;
use super::wire::Ends;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{block, join};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::{Bill, HOURS};
use crate::engine::graph::{Component, EnterpriseSearch};
use crate::engine::requirements::Intent;

binding! {
    EnterpriseSearch {
        service: "kendra",
        title: "Amazon Kendra",
        docs: "https://docs.aws.amazon.com/kendra/latest/dg/what-is-kendra.html",
        sla: None,
        limits: &[],
        latency_ms: Some((400.0, 1200.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &EnterpriseSearch) {
    let role = kit::role(stack, it, "role", "kendra.amazonaws.com", &[]);
    let mut statements = vec![
        // Metrics have no ARN; the group's name is set by the service.
        kit::allow(&["cloudwatch:PutMetricData", "logs:DescribeLogGroups"], vec!["*".into()]),
        kit::allow(
            &[
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:PutLogEvents",
                "logs:DescribeLogStreams",
            ],
            vec![kit::arn("logs", join!["log-group:/aws/kendra/*"])],
        ),
    ];
    statements.extend(kit::key_statement(stack));
    let access = kit::role_policy(stack, it, "access", &role, &statements);
    let name = stack.name(it);
    let edition = if spec.enterprise { "ENTERPRISE_EDITION" } else { "DEVELOPER_EDITION" };
    let key = stack.key_arn.clone();
    let mut draft = stack
        .add(it, "", "aws_kendra_index", "AWS::Kendra::Index")
        .set("name", "Name", name)
        .set("edition", "Edition", edition)
        .set("role_arn", "RoleArn", role.arn())
        .after(&access);
    draft = match key {
        Some(key) => {
            kit::nest(draft, "server_side_encryption_configuration", block([("kms_key_id", key)]))
        }
        None => draft.skip("CKV_AWS_262", "Sealed with the key that AWS owns"),
    };
    let index = draft.done();
    let facet = Facet::default()
        .handle("index", &index)
        .handle("role", &role)
        .value("arn", index.arn())
        .reference("INDEX_ID", index.id())
        .grant(
            &[Intent::Invokes, Intent::Reads, Intent::Serves],
            &["kendra:Query", "kendra:Retrieve", "kendra:GetQuerySuggestions"],
            vec![index.arn()],
        );
    stack.facet(it, facet);
}

/// Reads the documents of a bucket every night.
pub fn source(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let index = ends.source.handles.get("index")?.clone();
    let bucket = ends.target.handles.get("bucket")?.clone();
    let suffix = ends.suffix();
    let role = kit::role(stack, ends.from, &format!("{suffix}_role"), "kendra.amazonaws.com", &[]);
    let mut statements = vec![
        kit::allow(&["s3:GetObject"], vec![join![bucket.arn(), "/*"]]),
        kit::allow(&["s3:ListBucket"], vec![bucket.arn()]),
        kit::allow(&["kendra:BatchPutDocument", "kendra:BatchDeleteDocument"], vec![index.arn()]),
    ];
    statements.extend(kit::key_statement(stack));
    let policy = kit::role_policy(stack, ends.from, &format!("{suffix}_read"), &role, &statements);
    let name = stack.name(ends.to);
    stack
        .add(ends.from, &suffix, "aws_kendra_data_source", "AWS::Kendra::DataSource")
        .set("index_id", "IndexId", index.id())
        .set("name", "Name", name)
        .set("type", "Type", "S3")
        .set("role_arn", "RoleArn", role.arn())
        .set("schedule", "Schedule", "cron(0 3 * * ? *)")
        .tf("configuration", block([("s3_configuration", block([("bucket_name", bucket.id())]))]))
        .cfn(
            "DataSourceConfiguration",
            block([("S3Configuration", block([("BucketName", bucket.id())]))]),
        )
        .after(&policy)
        .done();
    Some(())
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &EnterpriseSearch) {
    let key = if spec.enterprise { "kendra enterprise-hour" } else { "kendra developer-hour" };
    bill.unpriced(it, "Index hours", HOURS, key);
}
