//! AWS Config.

use super::{house, kit};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, ConfigRecorder, Kind};
use crate::engine::requirements::Intent;

binding! {
    ConfigRecorder {
        service: "config",
        title: "AWS Config",
        docs: "https://docs.aws.amazon.com/config/latest/developerguide/WhatIsConfig.html",
        sla: None,
        limits: &[],
        latency_ms: None,
    }
}

/// Rules that AWS maintains, the most telling first: identifier and what it finds.
const RULES: &[(&str, &str)] = &[
    ("S3_BUCKET_PUBLIC_READ_PROHIBITED", "Buckets that everybody can read"),
    ("ENCRYPTED_VOLUMES", "Disks that are not encrypted"),
    ("ROOT_ACCOUNT_MFA_ENABLED", "A root user without a second factor"),
    ("IAM_ROOT_ACCESS_KEY_CHECK", "Access keys of the root user"),
    ("S3_BUCKET_SSL_REQUESTS_ONLY", "Buckets that take requests without TLS"),
    ("VPC_DEFAULT_SECURITY_GROUP_CLOSED", "Default security groups that let traffic through"),
    ("RDS_STORAGE_ENCRYPTED", "Databases that are not encrypted"),
    ("RDS_INSTANCE_PUBLIC_ACCESS_CHECK", "Databases with a public address"),
    ("INCOMING_SSH_DISABLED", "SSH that is open to the internet"),
    ("CLOUD_TRAIL_ENABLED", "An account without an audit trail"),
    ("MFA_ENABLED_FOR_IAM_CONSOLE_ACCESS", "Users of the console without a second factor"),
    ("DYNAMODB_PITR_ENABLED", "Tables without point-in-time recovery"),
];

/// The bucket that the history goes to: one of the design, or one of its own.
fn target(stack: &mut Stack<'_>, it: &Component) -> Handle {
    let graph = stack.graph;
    let known = graph.connections.iter().find_map(|connection| {
        let to = graph.component(&connection.to)?;
        let writes = connection.from == it.id && connection.intent == Intent::Writes;
        (writes && to.spec.kind() == Kind::ObjectStore).then_some(to)
    });
    match known {
        Some(store) => Handle(store.id.snake()),
        None => house::bucket(stack, it, "history", 2555, writers),
    }
}

/// What lets AWS Config deliver to a bucket of this account.
pub fn writers(bucket: &Handle) -> Vec<Expr> {
    let service = || map([("Service", "config.amazonaws.com".into())]);
    let ours = || Some(("StringEquals", "aws:SourceAccount", Expr::AccountId));
    vec![
        kit::resource_policy(
            "HistoryIsChecked",
            service(),
            &["s3:GetBucketAcl", "s3:ListBucket"],
            vec![bucket.arn()],
            ours(),
        ),
        kit::resource_policy(
            "HistoryIsWritten",
            service(),
            &["s3:PutObject"],
            vec![join![bucket.arn(), "/AWSLogs/", Expr::AccountId, "/Config/*"]],
            ours(),
        ),
    ]
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &ConfigRecorder) {
    let bucket = target(stack, it);
    let role =
        kit::role(stack, it, "role", "config.amazonaws.com", &["service-role/AWS_ConfigRole"]);
    let mut statements = house::bucket_access(&bucket);
    statements.extend(kit::key_statement(stack));
    kit::role_policy(stack, it, "delivery", &role, &statements);
    let name = stack.name(it);
    let group =
        block([("all_supported", true.into()), ("include_global_resource_types", true.into())]);
    let draft = stack
        .add(it, "", "aws_config_configuration_recorder", "AWS::Config::ConfigurationRecorder")
        .set("name", "Name", name.clone())
        .tf("role_arn", role.arn())
        .cfn("RoleARN", role.arn())
        .comment("An account has one recorder per region. Import it, or leave this out, where there is one already.");
    let recorder = kit::nest(draft, "recording_group", group).done();
    let key = stack.key_arn.clone();
    let mut channel = stack
        .tf_only(it, "channel", "aws_config_delivery_channel")
        .tf("name", name.clone())
        .tf("s3_bucket_name", bucket.id())
        .tf(
            "snapshot_delivery_properties",
            block([("delivery_frequency", "TwentyFour_Hours".into())]),
        )
        .after(&recorder);
    if let Some(key) = &key {
        channel = channel.tf("s3_kms_key_arn", key);
    }
    let channel = channel.done();
    let started = stack
        .tf_only(it, "started", "aws_config_configuration_recorder_status")
        .tf("name", recorder.by_ref("name"))
        .tf("is_enabled", true)
        .after(&channel)
        .done();
    // CloudFormation makes both at once: neither may wait for the other.
    let mut channel = stack
        .cfn_only(it, "delivery_channel", "AWS::Config::DeliveryChannel")
        .cfn("Name", name)
        .cfn("S3BucketName", bucket.id())
        .cfn(
            "ConfigSnapshotDeliveryProperties",
            block([("DeliveryFrequency", "TwentyFour_Hours".into())]),
        );
    if let Some(key) = key {
        channel = channel.cfn("S3KmsKeyArn", key);
    }
    channel.done();
    for (rule, text) in RULES.iter().take(spec.rules as usize) {
        let suffix = rule.to_ascii_lowercase();
        let name: Expr =
            join![Expr::Var("name_prefix".to_owned()), format!("-{}", suffix.replace('_', "-"))];
        let draft = stack
            .add(it, &suffix, "aws_config_config_rule", "AWS::Config::ConfigRule")
            .set("name", "ConfigRuleName", name)
            .set("description", "Description", *text)
            .after(&recorder)
            .after(&started);
        let source = block([("owner", "AWS".into()), ("source_identifier", (*rule).into())]);
        kit::nest(draft, "source", source).done();
    }
    let facet = Facet::default()
        .handle("main", &recorder)
        .handle("bucket", &bucket)
        .value("arn", kit::arn("config", join!["config-rule/*"]))
        .grant(
            &[Intent::Reads],
            &["config:GetComplianceDetailsByConfigRule", "config:DescribeComplianceByConfigRule"],
            vec![kit::arn("config", join!["config-rule/*"])],
        );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &ConfigRecorder) {
    bill.add(
        it,
        "Configuration items",
        "config",
        "item",
        Quantity::usage(spec.items_per_month),
        "changes of resources that are recorded",
    );
    bill.add(
        it,
        "Rule evaluations",
        "config",
        "rule-evaluation",
        Quantity::usage(spec.items_per_month * f64::from(spec.rules.min(RULES.len() as u32)) / 4.0),
        "items × rules, of which a quarter concern the item's type",
    );
}
