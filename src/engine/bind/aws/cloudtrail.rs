//! AWS CloudTrail.

use super::kit;
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, document, join, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{AuditTrail, Component};
use crate::engine::requirements::Intent;

binding! {
    AuditTrail {
        service: "cloudtrail",
        title: "AWS CloudTrail",
        docs: "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-user-guide.html",
        sla: None,
        limits: &[Limit {
            what: "Trails in a region",
            value: "5",
            source: "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html",
        }],
        latency_ms: None,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &AuditTrail) {
    let name = stack.name(it);
    // The bucket's policy names the trail, so its ARN is put together from its name.
    let trail_arn = kit::arn("cloudtrail", join!["trail/", name.clone()]);
    let id: String = it.id.as_str().chars().take(16).collect();
    let bucket_name = join![
        Expr::Var("name_prefix".to_owned()),
        format!("-{}-log-", id.trim_end_matches('-')),
        Expr::AccountId
    ];
    let arn = trail_arn.clone();
    let bucket = super::s3::plain(stack, it, "log", bucket_name, spec.retention_days, |bucket| {
        let below: Expr = join![bucket.arn(), "/AWSLogs/", Expr::AccountId, "/*"];
        let mut policy = kit::tls_only("s3:*", vec![bucket.arn(), join![bucket.arn(), "/*"]]);
        let service = || map([("Service", "cloudtrail.amazonaws.com".into())]);
        let own = || Some(("StringEquals", "aws:SourceArn", arn.clone()));
        let checks = kit::resource_policy(
            "TrailChecks",
            service(),
            &["s3:GetBucketAcl"],
            vec![bucket.arn()],
            own(),
        );
        let writes =
            kit::resource_policy("TrailWrites", service(), &["s3:PutObject"], vec![below], own());
        if let Expr::Map(fields) = &mut policy
            && let Some((_, Expr::List(statements))) = fields.get_mut(1)
        {
            statements.extend([checks, writes]);
        }
        document(policy)
    });
    let log_name: Expr = join!["/aws/cloudtrail/", name.clone()];
    let logs = kit::log_group(stack, it, "group", log_name);
    let group: Expr = join![super::ec2_network::log_arn(&logs), ":*"];
    let role = kit::role(stack, it, "role", "cloudtrail.amazonaws.com", &[]);
    let writes = kit::allow(&["logs:CreateLogStream", "logs:PutLogEvents"], vec![group.clone()]);
    let policy = kit::role_policy(stack, it, "logging", &role, &[writes]);
    let key = stack.key_arn.clone();
    let keyed = key.is_some();
    let mut draft = stack
        .add(it, "", "aws_cloudtrail", "AWS::CloudTrail::Trail")
        .set("name", "TrailName", name)
        .set("s3_bucket_name", "S3BucketName", bucket.id())
        .cfn("IsLogging", true)
        .set("is_multi_region_trail", "IsMultiRegionTrail", true)
        .set("include_global_service_events", "IncludeGlobalServiceEvents", true)
        .set("enable_log_file_validation", "EnableLogFileValidation", true)
        .set("cloud_watch_logs_group_arn", "CloudWatchLogsLogGroupArn", group)
        .set("cloud_watch_logs_role_arn", "CloudWatchLogsRoleArn", role.arn())
        .tf("kms_key_id", key.clone().unwrap_or_else(|| Expr::Hcl("null".to_owned())))
        .after(&Handle(format!("{}_log_tls", it.id.snake())))
        .after(&policy)
        .skip(
            "CKV_AWS_252",
            "Who should hear of what is decided by alarms, not by a message for each log file",
        );
    if let Some(key) = key {
        draft = draft.cfn("KMSKeyId", key);
    }
    if !keyed {
        draft = draft.skip(
            "CKV_AWS_35",
            "Sealed with the key that S3 manages; a key of one's own is part of the better option",
        );
    }
    if spec.data_events {
        let all: Expr = join!["arn:", Expr::Partition, ":s3"];
        draft = draft
            .tf(
                "event_selector",
                block([
                    ("read_write_type", "All".into()),
                    ("include_management_events", true.into()),
                    (
                        "data_resource",
                        block([("type", "AWS::S3::Object".into()), ("values", list![all.clone()])]),
                    ),
                ]),
            )
            .cfn(
                "EventSelectors",
                list![map([
                    ("ReadWriteType", "All".into()),
                    ("IncludeManagementEvents", true.into()),
                    (
                        "DataResources",
                        list![map([("Type", "AWS::S3::Object".into()), ("Values", list![all]),])],
                    ),
                ])],
            );
    }
    let trail = draft.done();
    let facet = Facet::default()
        .handle("trail", &trail)
        .handle("bucket", &bucket)
        .handle("group", &logs)
        .value("arn", trail_arn.clone())
        .reference("TRAIL_BUCKET", bucket.id())
        .grant(&[Intent::Writes], &["cloudtrail-data:PutAuditEvents"], vec![trail_arn])
        .principal(&role, None, false);
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &AuditTrail) {
    // The first copy of management events is free.
    if spec.data_events {
        bill.add(
            it,
            "Data events",
            "cloudtrail",
            "data-100k",
            Quantity::usage(spec.events_per_month / 100_000.0),
            "hundred thousands of data events",
        );
    }
    // About two kilobytes an event, a tenth of it in compressed files.
    let gb = spec.events_per_month * 2e-6;
    bill.add(it, "Logs", "cloudwatch", "logs-gb", Quantity::usage(gb), "events × 2 KB");
    bill.add(
        it,
        "Files",
        "s3",
        "standard-gb-month",
        Quantity::usage(gb * 0.1 * f64::from(spec.retention_days) / 30.0),
        format!("events × 2 KB × 0.1 (compressed) × {} days", spec.retention_days),
    );
}
