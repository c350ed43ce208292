//! Amazon CloudWatch Logs: the application's shared log group and what is asked of logs.
//!
//! Services make the log groups of their own; how long all of them are kept is
//! what the log store of the graph says.

use super::kit;
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, join, list};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, LogStore};
use crate::engine::requirements::Intent;

binding! {
    LogStore {
        service: "cloudwatch-logs",
        title: "Amazon CloudWatch Logs",
        docs: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/WhatIsCloudWatchLogs.html",
        sla: None,
        limits: &[Limit {
            what: "Size of a log event",
            value: "1 MB",
            source: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html",
        }],
        latency_ms: None,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _: &LogStore) {
    let name = stack.name(it);
    // EventBridge only delivers to groups whose name starts like this.
    let log_name: Expr = join!["/aws/events/", name.clone()];
    let group = kit::log_group(stack, it, "", log_name);
    let groups: Expr = match group.by_ref("name") {
        Expr::Attr(attr) => list![Expr::Attr(attr)],
        other => other,
    };
    stack
        .add(it, "errors", "aws_cloudwatch_query_definition", "AWS::Logs::QueryDefinition")
        .set("name", "Name", join![name, "/errors"])
        .set("log_group_names", "LogGroupNames", groups)
        .set(
            "query_string",
            "QueryString",
            "fields @timestamp, @log, @message | filter @message like /(?i)(error|exception|timed out)/ | sort @timestamp desc | limit 200",
        )
        .done();
    let arn = super::ec2_network::log_arn(&group);
    let streams: Expr = join![arn.clone(), ":*"];
    let facet = Facet::default()
        .handle("group", &group)
        .value("arn", arn.clone())
        .value("name", group.by_ref("name"))
        .reference("LOG_GROUP", group.by_ref("name"))
        .grant(
            &[Intent::Writes, Intent::Publishes, Intent::Streams],
            &["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
            vec![streams.clone()],
        )
        .grant(
            &[Intent::Reads, Intent::Subscribes],
            &["logs:FilterLogEvents", "logs:GetLogEvents", "logs:StartQuery"],
            vec![arn, streams],
        );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &LogStore) {
    bill.add(
        it,
        "Logs written",
        "cloudwatch",
        "logs-gb",
        Quantity::usage(spec.gb_per_month).beyond(5.0),
        "GB beyond 5 free",
    );
    let kept = spec.gb_per_month * f64::from(spec.retention_days) / 30.0;
    bill.add(
        it,
        "Logs kept",
        "cloudwatch",
        "logs-gb-month",
        // Stored logs are about 15 % of their size, compressed.
        Quantity::usage(kept * 0.15).beyond(5.0),
        format!("GB × {} days × 0.15 (compressed), beyond 5 free", spec.retention_days),
    );
}
