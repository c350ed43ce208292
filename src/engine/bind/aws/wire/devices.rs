//! What devices, brokers and mail send on.

use super::super::{iot, kit};
use super::{Ends, events, rules, start};
use crate::engine::bind::expr::{Expr, block, join, list, map};
use crate::engine::bind::stack::{Handle, Stack};
use crate::engine::graph::{BrokerEngine, Kind, Spec};
use crate::engine::requirements::Intent;

pub fn wire(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    match (&ends.from.spec, &ends.to.spec) {
        (Spec::IotHub(_), _) => device(stack, ends),
        (Spec::KafkaCluster(_), Spec::Function(_)) => kafka_function(stack, ends),
        (Spec::MessageBroker(_), Spec::Function(_)) => broker_function(stack, ends),
        (Spec::Email(_), Spec::Function(_)) => {
            let pattern = map([("source", list!["aws.ses"])]);
            rules::connect(stack, ends, None, pattern)
        }
        (Spec::CustomerMessaging(_), Spec::Function(_)) => messaging_function(stack, ends),
        (Spec::Monitoring(_), Spec::Topic(_)) => alarms_topic(stack, ends),
        (Spec::Monitoring(_), Spec::LogStore(_)) => errors_in_logs(stack, ends),
        (Spec::AuditTrail(_), Spec::ObjectStore(_) | Spec::LogStore(_)) => trail(stack, ends),
        _ => None,
    }
}

/// A rule of IoT Core with the action of its target.
fn device(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let Spec::IotHub(hub) = &ends.from.spec else { return None };
    let topic = hub.topic.clone();
    let value = |name: &str| ends.target.values.get(name).cloned();
    let role = ends.source.handles.get("role")?.arn();
    let (action, cfn, fields, cfn_fields, allow): (_, _, Vec<_>, Vec<_>, &[&str]) =
        match &ends.to.spec {
            Spec::Function(_) => {
                events::permission(stack, ends, "iot.amazonaws.com", None)?;
                let arn = value("arn")?;
                let action = block([("function_arn", arn.clone())]);
                let cfn = map([("FunctionArn", arn)]);
                return iot::rule(stack, ends, &topic, ("lambda", action), ("Lambda", cfn));
            }
            Spec::Queue(_) => (
                "sqs",
                "Sqs",
                vec![("queue_url", value("url")?), ("use_base64", false.into())],
                vec![("QueueUrl", value("url")?), ("UseBase64", false.into())],
                &["sqs:SendMessage"],
            ),
            Spec::Topic(_) => (
                "sns",
                "Sns",
                vec![("target_arn", value("arn")?), ("message_format", "RAW".into())],
                vec![("TargetArn", value("arn")?), ("MessageFormat", "RAW".into())],
                &["sns:Publish"],
            ),
            Spec::Stream(_) => (
                "kinesis",
                "Kinesis",
                vec![("stream_name", value("name")?), ("partition_key", device_name())],
                vec![("StreamName", value("name")?), ("PartitionKey", device_name())],
                &["kinesis:PutRecord"],
            ),
            Spec::DeliveryStream(_) => (
                "firehose",
                "Firehose",
                vec![("delivery_stream_name", value("name")?), ("separator", "\n".into())],
                vec![("DeliveryStreamName", value("name")?), ("Separator", "\n".into())],
                &["firehose:PutRecord", "firehose:PutRecordBatch"],
            ),
            Spec::ObjectStore(_) => {
                let key = "devices/${topic(2)}/${timestamp()}.json";
                (
                    "s3",
                    "S3",
                    vec![("bucket_name", value("name")?), ("key", key.into())],
                    vec![("BucketName", value("name")?), ("Key", key.into())],
                    &["s3:PutObject"],
                )
            }
            Spec::KeyValueStore(table) => {
                let mut tf = vec![
                    ("table_name", value("name")?),
                    ("hash_key_field", table.partition_key.as_str().into()),
                    ("hash_key_value", device_name()),
                    ("payload_field", "data".into()),
                ];
                let mut cfn = vec![
                    ("TableName", value("name")?),
                    ("HashKeyField", table.partition_key.as_str().into()),
                    ("HashKeyValue", device_name()),
                    ("PayloadField", "data".into()),
                ];
                if let Some(sort) = &table.sort_key {
                    let now = || Expr::from("${timestamp()}");
                    tf.push(("range_key_field", sort.as_str().into()));
                    tf.push(("range_key_value", now()));
                    cfn.push(("RangeKeyField", sort.as_str().into()));
                    cfn.push(("RangeKeyValue", now()));
                }
                ("dynamodb", "DynamoDB", tf, cfn, &["dynamodb:PutItem"])
            }
            Spec::LogStore(_) => (
                "cloudwatch_logs",
                "CloudwatchLogs",
                vec![("log_group_name", value("name")?)],
                vec![("LogGroupName", value("name")?)],
                &["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
            ),
            Spec::TimeSeriesStore(_) => {
                let (database, table) = (value("database")?, value("table")?);
                let name = || map([("Name", "device".into()), ("Value", device_name())]);
                for statement in ends.target.grants.get(&Intent::Writes)? {
                    stack.allow(&ends.from.id, statement.clone());
                }
                (
                    "timestream",
                    "Timestream",
                    vec![
                        ("database_name", database.clone()),
                        ("table_name", table.clone()),
                        ("dimension", block([("name", "device".into()), ("value", device_name())])),
                    ],
                    vec![
                        ("DatabaseName", database),
                        ("TableName", table),
                        ("Dimensions", list![name()]),
                    ],
                    &[],
                )
            }
            // An event bus is not among the actions: a small function of IoT cannot be
            // written here either, so a relay sends the event on.
            Spec::EventBus(_) => {
                let call = bus_call(ends)?;
                let machine = rules::relay(stack, ends.to, &call);
                let name = machine.att("name", "Name");
                let allow = kit::allow(&["states:StartExecution"], vec![machine.by_ref("arn")]);
                stack.allow(&ends.from.id, allow);
                (
                    "step_functions",
                    "StepFunctions",
                    vec![("state_machine_name", name.clone())],
                    vec![("StateMachineName", name)],
                    &[],
                )
            }
            _ => return None,
        };
    if !allow.is_empty() {
        let arn = value("arn")?;
        let resources = match ends.to.spec.kind() {
            Kind::ObjectStore => vec![join![arn, "/*"]],
            Kind::LogStore => vec![arn.clone(), join![arn, ":*"]],
            _ => vec![arn],
        };
        stack.allow(&ends.from.id, kit::allow(allow, resources));
    }
    let mut fields: Vec<(String, Expr)> =
        fields.into_iter().map(|(name, it)| (name.to_owned(), it)).collect();
    let mut cfn_fields: Vec<(String, Expr)> =
        cfn_fields.into_iter().map(|(name, it)| (name.to_owned(), it)).collect();
    fields.push(("role_arn".to_owned(), role.clone()));
    cfn_fields.push(("RoleArn".to_owned(), role));
    iot::rule(stack, ends, &topic, (action, Expr::Block(fields)), (cfn, Expr::Map(cfn_fields)))
}

/// The second part of the topic is the device's name; IoT fills it in.
fn device_name() -> Expr {
    "${topic(2)}".into()
}

fn bus_call(ends: &Ends<'_>) -> Option<start::Call> {
    let entry = map([
        ("EventBusName", ends.target.values.get("name")?.clone()),
        ("Source", join![Expr::Var("project".to_owned()), ".devices"]),
        ("DetailType", "Device reported".into()),
        ("Detail.$", "$".into()),
    ]);
    let arn = ends.target.values.get("arn")?.clone();
    Some(start::Call {
        service: "eventbridge",
        action: "putEvents",
        input: map([("Entries", list![entry])]),
        allow: vec![kit::allow(&["events:PutEvents"], vec![arn])],
        waits: None,
        only_workflow: Some("events:putEvents"),
    })
}

/// Records of a Kafka topic, or messages of a broker's queue, start a function.
fn kafka_function(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let cluster = ends.source.values.get("arn")?.clone();
    for statement in ends.source.grants.get(&Intent::Subscribes)? {
        stack.allow(&ends.to.id, statement.clone());
    }
    in_network(stack, ends);
    events::mapping(stack, ends, cluster, &["kafka:DescribeCluster", "kafka:DescribeClusterV2"])?
        .set("topics", "Topics", vec!["events"])
        .set("starting_position", "StartingPosition", "LATEST")
        .set("batch_size", "BatchSize", 100)
        .done();
    Some(())
}

fn broker_function(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let Spec::MessageBroker(broker) = &ends.from.spec else { return None };
    let rabbit = broker.engine == BrokerEngine::RabbitMq;
    let arn = ends.source.values.get("arn")?.clone();
    let secret = ends.source.values.get("secret_arn")?.clone();
    in_network(stack, ends);
    let reads = kit::allow(&["secretsmanager:GetSecretValue"], vec![secret.clone()]);
    stack.allow(&ends.to.id, reads);
    let mut access = vec![("BASIC_AUTH", secret)];
    if rabbit {
        access.push(("VIRTUAL_HOST", "/".into()));
    }
    let tf = access
        .iter()
        .map(|(kind, uri)| map([("type", (*kind).into()), ("uri", uri.clone())]))
        .collect();
    let cfn: Vec<Expr> = access
        .iter()
        .map(|(kind, uri)| map([("Type", (*kind).into()), ("URI", uri.clone())]))
        .collect();
    events::mapping(stack, ends, arn, &["mq:DescribeBroker"])?
        .set("queues", "Queues", vec!["events"])
        .set("batch_size", "BatchSize", 10)
        .tf("source_access_configuration", crate::engine::bind::expr::blocks(tf))
        .cfn("SourceAccessConfigurations", Expr::List(cfn))
        .done();
    Some(())
}

/// What a mapping needs to reach into the network; these have no single resources.
fn in_network(stack: &mut Stack<'_>, ends: &Ends<'_>) {
    let actions = [
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeVpcs",
        "ec2:DescribeSubnets",
        "ec2:DescribeSecurityGroups",
    ];
    stack.allow(&ends.to.id, kit::allow(&actions, vec!["*".into()]));
}

/// Answers and receipts of text messages.
fn messaging_function(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let pattern = map([("source", list!["aws.sms-voice"])]);
    rules::connect(stack, ends, None, pattern)
}

/// Alarms also go to a topic of the design.
fn alarms_topic(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let topic = ends.target.values.get("arn")?.clone();
    let statement = kit::resource_policy(
        "AlarmsArePublished",
        map([("Service", "cloudwatch.amazonaws.com".into())]),
        &["sns:Publish"],
        vec![topic.clone()],
        Some(("StringEquals", "aws:SourceAccount", Expr::AccountId)),
    );
    kit::extend_policy(stack, ends.target.handles.get("policy")?, &statement);
    for resource in stack.resources.iter_mut().filter(|it| it.component == ends.from.id) {
        for side in [&mut resource.tf, &mut resource.cfn].into_iter().flatten() {
            for (name, value) in &mut side.fields {
                if let ("alarm_actions" | "AlarmActions", Expr::List(actions)) =
                    (name.as_str(), value)
                {
                    actions.push(topic.clone());
                }
            }
        }
    }
    Some(())
}

/// Counts errors in the shared log group and sounds an alarm.
fn errors_in_logs(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let key = format!("{}_{}", ends.from.id.snake(), ends.suffix());
    if stack.resources.iter().any(|it| it.key == key) {
        return Some(());
    }
    let name = stack.name(ends.to);
    let space = stack.graph.project.as_str();
    stack
        .add(
            ends.from,
            &ends.suffix(),
            "aws_cloudwatch_log_metric_filter",
            "AWS::Logs::MetricFilter",
        )
        .tf("name", name.clone())
        .cfn("FilterName", name.clone())
        .set("log_group_name", "LogGroupName", ends.target.values.get("name")?)
        .tf("pattern", "?ERROR ?Error ?Exception")
        .cfn("FilterPattern", "?ERROR ?Error ?Exception")
        .tf(
            "metric_transformation",
            block([
                ("name", "LoggedErrors".into()),
                ("namespace", space.into()),
                ("value", "1".into()),
            ]),
        )
        .cfn(
            "MetricTransformations",
            list![map([
                ("MetricName", "LoggedErrors".into()),
                ("MetricNamespace", space.into()),
                ("MetricValue", "1".into()),
            ])],
        )
        .done();
    let topic = ends.source.handles.get("topic")?.by_ref("arn");
    stack
        .add(
            ends.from,
            &format!("{}_errors", ends.suffix()),
            "aws_cloudwatch_metric_alarm",
            "AWS::CloudWatch::Alarm",
        )
        .set("alarm_name", "AlarmName", join![name, "-errors"])
        .set("alarm_description", "AlarmDescription", "The application logs errors")
        .set("namespace", "Namespace", space)
        .set("metric_name", "MetricName", "LoggedErrors")
        .set("statistic", "Statistic", "Sum")
        .set("period", "Period", 300)
        .set("evaluation_periods", "EvaluationPeriods", 1)
        .set("threshold", "Threshold", 10)
        .set("comparison_operator", "ComparisonOperator", "GreaterThanThreshold")
        .set("treat_missing_data", "TreatMissingData", "notBreaching")
        .set("alarm_actions", "AlarmActions", list![topic])
        .done();
    Some(())
}

/// A trail writes to the bucket or the group that the design names for it.
fn trail(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let trail: Handle = ends.source.handles.get("trail")?.clone();
    let arn = ends.source.values.get("arn")?.clone();
    if let Spec::LogStore(_) = ends.to.spec {
        let group = ends.target.values.get("arn")?.clone();
        let actions = ["logs:CreateLogStream", "logs:PutLogEvents"];
        let group: Expr = join![group, ":*"];
        stack.allow(&ends.from.id, kit::allow(&actions, vec![group.clone()]));
        let policy = Handle(format!("{}_policy", ends.from.id.snake()));
        replace(
            stack,
            &trail,
            &["cloud_watch_logs_group_arn", "CloudWatchLogsLogGroupArn"],
            &group,
        );
        stack.edit(&trail)?.after(&policy).done();
        return Some(());
    }
    let bucket = ends.target.handles.get("bucket")?.clone();
    let policy = ends.target.handles.get("policy")?.clone();
    let service = || map([("Service", "cloudtrail.amazonaws.com".into())]);
    let own = || Some(("StringEquals", "aws:SourceArn", arn.clone()));
    let below: Expr = join![bucket.arn(), "/AWSLogs/", Expr::AccountId, "/*"];
    let checks = kit::resource_policy(
        "TrailChecks",
        service(),
        &["s3:GetBucketAcl"],
        vec![bucket.arn()],
        own(),
    );
    let writes =
        kit::resource_policy("TrailWrites", service(), &["s3:PutObject"], vec![below], own());
    kit::extend_policy(stack, &policy, &checks);
    kit::extend_policy(stack, &policy, &writes);
    replace(stack, &trail, &["s3_bucket_name", "S3BucketName"], &bucket.id());
    stack.edit(&trail)?.after(&policy).done();
    Some(())
}

fn replace(stack: &mut Stack<'_>, of: &Handle, names: &[&str], new: &Expr) {
    let resource = stack.resources.iter_mut().find(|it| it.key == of.0);
    let Some(resource) = resource else { return };
    for side in [&mut resource.tf, &mut resource.cfn].into_iter().flatten() {
        for (name, value) in &mut side.fields {
            if names.contains(&name.as_str()) {
                *value = new.clone();
            }
        }
    }
}
