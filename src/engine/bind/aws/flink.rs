//! Amazon Managed Service for Apache Flink.

use super::{house, kit};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, blocks, join, list};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Component, StreamAnalytics};
use crate::engine::requirements::Intent;

binding! {
    StreamAnalytics {
        service: "kinesis-analytics",
        title: "Amazon Managed Service for Apache Flink",
        docs: "https://docs.aws.amazon.com/managed-flink/latest/java/what-is.html",
        sla: None,
        limits: &[],
        latency_ms: None,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &StreamAnalytics) {
    let bucket = house::bucket(stack, it, "flink", 365, |_| Vec::new());
    let name = stack.name(it);
    let logs = kit::log_group(stack, it, "logs", join!["/aws/kinesis-analytics/", name.clone()]);
    let stream = stack
        .add(it, "log_stream", "aws_cloudwatch_log_stream", "AWS::Logs::LogStream")
        .set("name", "LogStreamName", "application")
        .set("log_group_name", "LogGroupName", logs.by_ref("name"))
        .done();
    let role = kit::role(stack, it, "role", "kinesisanalytics.amazonaws.com", &[]);
    let log_arn = super::ec2_network::log_arn(&logs);
    let mut statements = house::bucket_access(&bucket);
    statements.push(kit::allow(
        &["logs:PutLogEvents", "logs:DescribeLogStreams"],
        vec![join![log_arn.clone(), ":*"]],
    ));
    // Listing groups cannot be limited to one of them.
    statements.push(kit::allow(&["logs:DescribeLogGroups"], vec!["*".into()]));
    statements.extend(kit::key_statement(stack));
    let group = if house::reaches_network(stack, it) { house::group(stack, it) } else { None };
    if group.is_some() {
        // Network interfaces have no ARN before they are made.
        statements.push(kit::allow(
            &[
                "ec2:CreateNetworkInterface",
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeVpcs",
                "ec2:DescribeSubnets",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeDhcpOptions",
            ],
            vec!["*".into()],
        ));
    }
    let access = kit::role_policy(stack, it, "access", &role, &statements);
    let code = kit::text_input(
        stack,
        &format!("{}_code_key", it.id.snake()),
        "Key of the Flink application (JAR or ZIP) in its bucket; upload it before the application is made.",
        Some("application.jar"),
    );
    let flink = block([
        ("checkpoint_configuration", block([("configuration_type", "DEFAULT".into())])),
        (
            "monitoring_configuration",
            block([
                ("configuration_type", "CUSTOM".into()),
                ("log_level", "INFO".into()),
                ("metrics_level", "APPLICATION".into()),
            ]),
        ),
        (
            "parallelism_configuration",
            block([
                ("configuration_type", "CUSTOM".into()),
                ("auto_scaling_enabled", true.into()),
                ("parallelism", spec.processing_units.max(1).into()),
                ("parallelism_per_kpu", 1.into()),
            ]),
        ),
    ]);
    let cfn_flink = block([
        ("CheckpointConfiguration", block([("ConfigurationType", "DEFAULT".into())])),
        (
            "MonitoringConfiguration",
            block([
                ("ConfigurationType", "CUSTOM".into()),
                ("LogLevel", "INFO".into()),
                ("MetricsLevel", "APPLICATION".into()),
            ]),
        ),
        (
            "ParallelismConfiguration",
            block([
                ("ConfigurationType", "CUSTOM".into()),
                ("AutoScalingEnabled", true.into()),
                ("Parallelism", spec.processing_units.max(1).into()),
                ("ParallelismPerKPU", 1.into()),
            ]),
        ),
    ]);
    let mut tf = vec![
        (
            "application_code_configuration".to_owned(),
            block([
                ("code_content_type", "ZIPFILE".into()),
                (
                    "code_content",
                    block([(
                        "s3_content_location",
                        block([("bucket_arn", bucket.arn()), ("file_key", code.clone())]),
                    )]),
                ),
            ]),
        ),
        (
            "application_snapshot_configuration".to_owned(),
            block([("snapshots_enabled", true.into())]),
        ),
        ("flink_application_configuration".to_owned(), flink),
    ];
    let mut cfn = vec![
        (
            "ApplicationCodeConfiguration".to_owned(),
            block([
                ("CodeContentType", "ZIPFILE".into()),
                (
                    "CodeContent",
                    block([(
                        "S3ContentLocation",
                        block([("BucketARN", bucket.arn()), ("FileKey", code)]),
                    )]),
                ),
            ]),
        ),
        ("ApplicationSnapshotConfiguration".to_owned(), block([("SnapshotsEnabled", true.into())])),
        ("FlinkApplicationConfiguration".to_owned(), cfn_flink),
    ];
    if let (Some(group), Some(net)) = (&group, stack.net.clone()) {
        let groups = list![kit::group_id(group)];
        let subnets = Expr::List(net.private);
        tf.push((
            "vpc_configuration".to_owned(),
            block([("subnet_ids", subnets.clone()), ("security_group_ids", groups.clone())]),
        ));
        cfn.push((
            "VpcConfigurations".to_owned(),
            blocks(vec![block([("SubnetIds", subnets), ("SecurityGroupIds", groups)])]),
        ));
    }
    let stream_arn: Expr = join![log_arn, ":log-stream:application"];
    let application = stack
        .add(it, "", "aws_kinesisanalyticsv2_application", "AWS::KinesisAnalyticsV2::Application")
        .tf("name", name.clone())
        .cfn("ApplicationName", name)
        .set("runtime_environment", "RuntimeEnvironment", "FLINK-1_20")
        .set("service_execution_role", "ServiceExecutionRole", role.arn())
        .tf("application_configuration", Expr::Block(tf))
        .cfn("ApplicationConfiguration", Expr::Block(cfn))
        .tf("cloudwatch_logging_options", block([("log_stream_arn", stream_arn.clone())]))
        .after(&access)
        .after(&stream)
        .done();
    stack
        .cfn_only(it, "logging", "AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption")
        .cfn("ApplicationName", application.by_ref("name"))
        .cfn("CloudWatchLoggingOption", block([("LogStreamARN", stream_arn)]))
        .done();
    let arn = kit::arn("kinesisanalytics", join!["application/", application.by_ref("name")]);
    let facet = Facet::default()
        .handle("application", &application)
        .handle("role", &role)
        .value("arn", arn.clone())
        .value("name", application.by_ref("name"))
        .reference("APPLICATION", application.by_ref("name"))
        .grant(
            &[Intent::Invokes, Intent::Reads, Intent::Serves],
            &[
                "kinesisanalytics:StartApplication",
                "kinesisanalytics:StopApplication",
                "kinesisanalytics:DescribeApplication",
            ],
            vec![arn],
        )
        .principal(&role, group.as_ref().map(kit::group_id), false);
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &StreamAnalytics) {
    let units = f64::from(spec.processing_units.max(1));
    bill.add(
        it,
        "Processing units",
        "managed-flink",
        "kpu-hour",
        Quantity::range(units + 1.0, units + 1.0, units * 2.0 + 1.0).times(HOURS),
        "(KPUs + 1 that orchestrates) × 730 h",
    );
    bill.add(
        it,
        "Running state",
        "managed-flink",
        "storage-gb-month",
        Quantity::fixed(units * 50.0),
        "50 GB per KPU",
    );
    bill.add(
        it,
        "Snapshots",
        "managed-flink",
        "backup-gb-month",
        Quantity::fixed(spec.state_gb),
        "GB of state",
    );
}
