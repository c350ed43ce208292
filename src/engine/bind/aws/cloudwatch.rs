//! Amazon CloudWatch: alarms on what the graph holds, and a dashboard of it.
//!
//! It is lowered last, so that every component has told what it can be watched by.

use super::kit;
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, json, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{ApiProtocol, Component, Kind, Monitoring, Spec};
use crate::engine::requirements::Intent;

binding! {
    Monitoring {
        service: "cloudwatch",
        title: "Amazon CloudWatch",
        docs: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/WhatIsCloudWatch.html",
        sla: None,
        limits: &[Limit {
            what: "Actions of an alarm, per state",
            value: "5",
            source: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html",
        }],
        latency_ms: None,
    }
}

/// One thing that can go wrong with a component.
struct Watch {
    /// Tells apart the alarms of a component.
    suffix: &'static str,
    text: String,
    namespace: &'static str,
    metric: &'static str,
    dimensions: Vec<(&'static str, Expr)>,
    statistic: &'static str,
    above: bool,
    threshold: f64,
    /// Periods of five minutes in a row.
    periods: u32,
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &Monitoring) {
    let name = stack.name_with(it, "alarms");
    let key = stack.key_arn.clone();
    let draft = stack
        .add(it, "alarms", "aws_sns_topic", "AWS::SNS::Topic")
        .set("name", "TopicName", name)
        .maybe("kms_master_key_id", "KmsMasterKeyId", key.clone());
    let topic = match key {
        Some(_) => draft.done(),
        None => draft
            .skip(
                "CKV_AWS_26",
                "The key that AWS manages for SNS would lock CloudWatch out; alarms hold no data",
            )
            .done(),
    };
    if spec.alarm_email {
        let address = kit::text_input(
            stack,
            "alarm_email",
            "Address that alarms are mailed to; it has to confirm the subscription.",
            Some("ops@example.com"),
        );
        stack
            .add(it, "mail", "aws_sns_topic_subscription", "AWS::SNS::Subscription")
            .set("topic_arn", "TopicArn", topic.by_ref("arn"))
            .set("protocol", "Protocol", "email")
            .set("endpoint", "Endpoint", address)
            .done();
    }
    let graph = stack.graph;
    let mut rows: Vec<(&Component, Vec<Watch>)> = Vec::new();
    for component in &graph.components {
        let facet = stack.facets.get(&component.id).cloned().unwrap_or_default();
        let keys: Vec<&str> = stack.resources.iter().map(|it| it.key.as_str()).collect();
        let watches = watches(component, &facet, &keys);
        if !watches.is_empty() {
            rows.push((component, watches));
        }
    }
    let mut alarms = Vec::new();
    for (component, watches) in &rows {
        for watch in watches {
            alarms.push(alarm(stack, it, component, watch, &topic));
        }
    }
    if spec.dashboard {
        dashboard(stack, it, &rows, &alarms);
    }
    let facet = Facet::default()
        .handle("topic", &topic)
        .value("arn", topic.by_ref("arn"))
        .reference("METRIC_NAMESPACE", graph.project.as_str())
        .grant(
            &[Intent::Publishes, Intent::Writes, Intent::Streams],
            // Metrics have no resources that a permission could name.
            &["cloudwatch:PutMetricData"],
            vec!["*".into()],
        );
    stack.facet(it, facet);
}

fn alarm(
    stack: &mut Stack<'_>,
    it: &Component,
    of: &Component,
    watch: &Watch,
    topic: &Handle,
) -> Handle {
    let suffix = format!("{}_{}", of.id.snake(), watch.suffix);
    let name = stack.name_with(of, &watch.suffix.replace('_', "-"));
    let dimensions =
        watch.dimensions.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let listed = watch
        .dimensions
        .iter()
        .map(|(name, value)| map([("Name", (*name).into()), ("Value", value.clone())]));
    let listed: Vec<Expr> = listed.collect();
    let comparison = if watch.above { "GreaterThanThreshold" } else { "LessThanThreshold" };
    stack
        .add(it, &suffix, "aws_cloudwatch_metric_alarm", "AWS::CloudWatch::Alarm")
        .set("alarm_name", "AlarmName", name)
        .set("alarm_description", "AlarmDescription", kit::ascii(&watch.text))
        .set("namespace", "Namespace", watch.namespace)
        .set("metric_name", "MetricName", watch.metric)
        .tf("dimensions", Expr::Map(dimensions))
        .cfn("Dimensions", Expr::List(listed))
        .set("statistic", "Statistic", watch.statistic)
        .set("period", "Period", 300)
        .set("evaluation_periods", "EvaluationPeriods", watch.periods)
        .set("threshold", "Threshold", watch.threshold)
        .set("comparison_operator", "ComparisonOperator", comparison)
        .set("treat_missing_data", "TreatMissingData", "notBreaching")
        .set("alarm_actions", "AlarmActions", list![topic.by_ref("arn")])
        .set("ok_actions", "OKActions", list![topic.by_ref("arn")])
        .done()
}

/// What a component is watched by. Components that say nothing useful have none.
fn watches(it: &Component, facet: &Facet, keys: &[&str]) -> Vec<Watch> {
    let mut out = Vec::new();
    let title = &it.title;
    let mut add = |suffix: &'static str,
                   text: String,
                   (namespace, metric): (&'static str, &'static str),
                   dimensions: Vec<(&'static str, Expr)>,
                   statistic: &'static str,
                   above: bool,
                   threshold: f64,
                   periods: u32| {
        out.push(Watch {
            suffix,
            text,
            namespace,
            metric,
            dimensions,
            statistic,
            above,
            threshold,
            periods,
        });
    };
    let handle = |name: &str| facet.handles.get(name);
    let value = |name: &str| facet.values.get(name).cloned();
    let stem = it.id.snake();
    let dead = [format!("{stem}_dead"), format!("{stem}_failed")]
        .into_iter()
        .find(|key| keys.contains(&key.as_str()));
    if let Some(dead) = dead {
        let name = Handle(dead).att("name", "QueueName");
        add(
            "dead_letters",
            format!("Messages of {title} could not be handled and wait in its dead-letter queue"),
            ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
            vec![("QueueName", name)],
            "Maximum",
            true,
            0.0,
            1,
        );
    }
    match &it.spec {
        Spec::Function(_) => {
            let Some(function) = handle("function") else { return out };
            let name = || vec![("FunctionName", function.by_ref("function_name"))];
            add(
                "errors",
                format!("{title} fails"),
                ("AWS/Lambda", "Errors"),
                name(),
                "Sum",
                true,
                0.0,
                2,
            );
            add(
                "throttles",
                format!("{title} is called more often than it may run at once"),
                ("AWS/Lambda", "Throttles"),
                name(),
                "Sum",
                true,
                0.0,
                2,
            );
        }
        Spec::Queue(_) => {
            let Some(queue) = handle("queue") else { return out };
            add(
                "age",
                format!("Messages wait in {title} for more than 15 minutes"),
                ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
                vec![("QueueName", queue.att("name", "QueueName"))],
                "Maximum",
                true,
                900.0,
                3,
            );
        }
        Spec::Topic(_) => {
            let Some(topic) = handle("topic") else { return out };
            add(
                "failed",
                format!("{title} cannot deliver messages"),
                ("AWS/SNS", "NumberOfNotificationsFailed"),
                vec![("TopicName", topic.att("name", "TopicName"))],
                "Sum",
                true,
                0.0,
                1,
            );
        }
        Spec::HttpApi(api) => {
            let (Some(gateway), Some(stage)) = (handle("api"), handle("stage")) else { return out };
            let staged = || vec![("ApiId", gateway.id()), ("Stage", stage.by_ref("name"))];
            let (metric, dimensions) = match api.protocol {
                ApiProtocol::Rest => ("5XXError", vec![("ApiName", name_of(it))]),
                ApiProtocol::Http => ("5xx", staged()),
                ApiProtocol::WebSocket => ("ExecutionError", staged()),
            };
            add(
                "server_errors",
                format!("{title} answers with server errors"),
                ("AWS/ApiGateway", metric),
                dimensions,
                "Sum",
                true,
                5.0,
                2,
            );
        }
        Spec::LoadBalancer(_) => {
            let Some(balancer) = handle("load_balancer") else { return out };
            add(
                "server_errors",
                format!("Servers behind {title} answer with errors"),
                ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count"),
                vec![("LoadBalancer", balancer.att("arn_suffix", "LoadBalancerFullName"))],
                "Sum",
                true,
                10.0,
                2,
            );
        }
        Spec::KeyValueStore(_) => {
            let Some(table) = handle("table") else { return out };
            for (suffix, metric, what) in [
                ("read_throttles", "ReadThrottleEvents", "reads"),
                ("write_throttles", "WriteThrottleEvents", "writes"),
            ] {
                add(
                    suffix,
                    format!("{title} refuses {what} because they come too fast"),
                    ("AWS/DynamoDB", metric),
                    vec![("TableName", table.by_ref("name"))],
                    "Sum",
                    true,
                    0.0,
                    2,
                );
            }
        }
        Spec::RelationalDatabase(database) => {
            let (dimension, id) = match (handle("cluster"), handle("database")) {
                (Some(cluster), _) => ("DBClusterIdentifier", cluster.by_ref("cluster_identifier")),
                (None, Some(instance)) => ("DBInstanceIdentifier", instance.by_ref("identifier")),
                (None, None) => return out,
            };
            let free = database.storage_gb * 0.1 * 1e9;
            let clustered = dimension == "DBClusterIdentifier";
            add(
                "cpu",
                format!("{title} has used more than 80 percent of its processors for 15 minutes"),
                ("AWS/RDS", "CPUUtilization"),
                vec![(dimension, id.clone())],
                "Average",
                true,
                80.0,
                3,
            );
            if !clustered {
                add(
                    "storage",
                    format!("{title} has less than a tenth of its storage left"),
                    ("AWS/RDS", "FreeStorageSpace"),
                    vec![(dimension, id)],
                    "Minimum",
                    false,
                    free,
                    1,
                );
            }
        }
        Spec::Workflow(_) => {
            let Some(machine) = handle("state_machine") else { return out };
            add(
                "failed",
                format!("Runs of {title} fail"),
                ("AWS/States", "ExecutionsFailed"),
                vec![("StateMachineArn", machine.by_ref("arn"))],
                "Sum",
                true,
                0.0,
                1,
            );
        }
        Spec::Stream(_) => {
            let Some(stream) = handle("stream") else { return out };
            add(
                "age",
                format!("Consumers of {title} are more than 10 minutes behind"),
                ("AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds"),
                vec![("StreamName", stream.by_ref("name"))],
                "Maximum",
                true,
                600_000.0,
                2,
            );
        }
        Spec::DeliveryStream(delivery) => {
            let Some(stream) = handle("delivery_stream") else { return out };
            add(
                "freshness",
                format!("{title} has not delivered for a long time"),
                ("AWS/Firehose", "DeliveryToS3.DataFreshness"),
                vec![("DeliveryStreamName", stream.by_ref("name"))],
                "Maximum",
                true,
                f64::from(delivery.buffer_seconds) + 900.0,
                2,
            );
        }
        Spec::ContainerService(_) => {
            let (Some(cluster), Some(service)) = (handle("cluster"), handle("service")) else {
                return out;
            };
            for (suffix, metric, what) in
                [("cpu", "CPUUtilization", "processors"), ("memory", "MemoryUtilization", "memory")]
            {
                add(
                    suffix,
                    format!("{title} has used more than 85 percent of its {what} for 15 minutes"),
                    ("AWS/ECS", metric),
                    vec![
                        ("ClusterName", cluster.by_ref("name")),
                        ("ServiceName", service.att("name", "Name")),
                    ],
                    "Average",
                    true,
                    85.0,
                    3,
                );
            }
        }
        Spec::MessageBroker(_) => {
            let Some(name) = value("name") else { return out };
            add(
                "cpu",
                format!("{title} has used more than 80 percent of its processors for 15 minutes"),
                ("AWS/AmazonMQ", "SystemCpuUtilization"),
                vec![("Broker", name)],
                "Average",
                true,
                80.0,
                3,
            );
        }
        _ => {}
    }
    out
}

/// The physical name of a component, where a format cannot read it from the resource.
fn name_of(it: &Component) -> Expr {
    Expr::Join(vec![Expr::Var("name_prefix".to_owned()), format!("-{}", it.id).into()])
}

/// One row for each component: its alarms' metrics over time.
fn dashboard(
    stack: &mut Stack<'_>,
    it: &Component,
    rows: &[(&Component, Vec<Watch>)],
    alarms: &[Handle],
) {
    let mut widgets = Vec::new();
    if !alarms.is_empty() {
        let arns: Vec<Expr> = alarms.iter().map(Handle::arn).collect();
        widgets.push(widget(
            "alarm",
            (0, 0, 24, 3),
            vec![("title", "Alarms".into()), ("alarms", Expr::List(arns))],
        ));
    }
    for (n, (component, watches)) in rows.iter().enumerate() {
        let metrics: Vec<Expr> = watches
            .iter()
            .map(|watch| {
                let mut metric: Vec<Expr> = vec![watch.namespace.into(), watch.metric.into()];
                for (name, value) in &watch.dimensions {
                    metric.push((*name).into());
                    metric.push(value.clone());
                }
                metric.push(map([("stat", watch.statistic.into())]));
                Expr::List(metric)
            })
            .collect();
        let place = ((n % 3) * 8, 3 + (n / 3) * 6, 8, 6);
        widgets.push(widget(
            "metric",
            place,
            vec![
                ("title", kit::ascii(&component.title).into()),
                ("region", Expr::Region),
                ("view", "timeSeries".into()),
                ("period", 300.into()),
                ("metrics", Expr::List(metrics)),
            ],
        ));
    }
    if widgets.is_empty() {
        let text = "Nothing here reports metrics of its own.";
        widgets.push(widget("text", (0, 0, 24, 3), vec![("markdown", text.into())]));
    }
    let name = stack.name(it);
    stack
        .add(it, "", "aws_cloudwatch_dashboard", "AWS::CloudWatch::Dashboard")
        .set("dashboard_name", "DashboardName", name)
        .set("dashboard_body", "DashboardBody", json(map([("widgets", Expr::List(widgets))])))
        .done();
}

fn widget(
    kind: &str,
    (x, y, width, height): (usize, usize, usize, usize),
    properties: Vec<(&str, Expr)>,
) -> Expr {
    let number = |it: usize| Expr::Int(i64::try_from(it).unwrap_or(0));
    let properties = properties.into_iter().map(|(name, it)| (name.to_owned(), it)).collect();
    map([
        ("type", kind.into()),
        ("x", number(x)),
        ("y", number(y)),
        ("width", number(width)),
        ("height", number(height)),
        ("properties", Expr::Map(properties)),
    ])
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Monitoring) {
    // As many as there are in the code, about two for each component that is watched.
    const WATCHED: &[Kind] = &[
        Kind::Function,
        Kind::Queue,
        Kind::Topic,
        Kind::HttpApi,
        Kind::LoadBalancer,
        Kind::KeyValueStore,
        Kind::RelationalDatabase,
        Kind::Workflow,
        Kind::Stream,
        Kind::DeliveryStream,
        Kind::ContainerService,
        Kind::MessageBroker,
    ];
    let watched = bill.graph.components.iter().filter(|it| WATCHED.contains(&it.spec.kind()));
    let alarms = (watched.count() as f64 * 2.0).max(f64::from(spec.alarms));
    bill.add(
        it,
        "Alarms",
        "cloudwatch",
        "alarm-month",
        Quantity::fixed(alarms).beyond(10.0),
        "alarms beyond 10 free",
    );
    bill.add(
        it,
        "Metrics of one's own",
        "cloudwatch",
        "metric-month",
        Quantity::fixed(f64::from(spec.custom_metrics)).beyond(10.0),
        "metrics beyond 10 free",
    );
}

#[cfg(test)]
mod tests {
    use crate::engine::bind::testing::{graph, terraform_of};
    use crate::engine::graph::{Function, Monitoring, Queue, Reason};

    #[test]
    fn what_can_fail_has_an_alarm_that_reaches_somebody() {
        let mut graph = graph("watch", Monitoring::default());
        graph.add("orders", "Orders", Queue::default(), Reason::rule("A test asks for it."));
        graph.add("ship", "Ship", Function::default(), Reason::rule("A test asks for it."));
        let text = terraform_of(&graph);
        for alarm in ["watch_orders_dead_letters", "watch_orders_age", "watch_ship_errors"] {
            assert!(
                text.contains(&format!("\"aws_cloudwatch_metric_alarm\" \"{alarm}\"")),
                "{alarm}"
            );
        }
        assert!(text.contains("alarm_actions       = [aws_sns_topic.watch_alarms.arn]"), "{text}");
    }
}
