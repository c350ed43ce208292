//! Pipes: from each source of a pipe to each of its targets.

use super::super::kit;
use super::super::pipes::{Source, Target, pipe};
use super::{Ends, events, rules, start};
use crate::engine::bind::expr::{block, join};
use crate::engine::bind::stack::Stack;
use crate::engine::graph::{BrokerEngine, Spec};

pub fn wire(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    match (&ends.from.spec, &ends.to.spec) {
        (_, Spec::EventPipe(_)) => into(stack, ends),
        (Spec::EventPipe(_), _) => out(stack, ends),
        _ => None,
    }
}

/// Something that a pipe takes from: the pipe itself is made with its target.
fn into(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let from = source(stack, ends)?;
    if stack.graph.targets(&ends.to.id).next().is_none() {
        let logs = ends.target.handles.get("logs")?.clone();
        let role = ends.target.handles.get("role")?.clone();
        let to = Target { arn: super::super::ec2_network::log_arn(&logs), parameters: None };
        let suffix = format!("from_{}", ends.from.id.snake());
        pipe(stack, ends.to, &suffix, &role, from, to);
    }
    Some(())
}

/// The source side, and the permission to read it.
fn source(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<Source> {
    let value = |name: &str| ends.source.values.get(name).cloned();
    let (arn, actions, parameters): (_, &[&str], _) = match &ends.from.spec {
        Spec::Queue(_) => (
            value("arn")?,
            &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
            ("sqs_queue_parameters", "SqsQueueParameters", block([("batch_size", 10.into())])),
        ),
        Spec::Stream(_) => (
            value("arn")?,
            super::super::kinesis::READ,
            (
                "kinesis_stream_parameters",
                "KinesisStreamParameters",
                block([("starting_position", "LATEST".into()), ("batch_size", 100.into())]),
            ),
        ),
        Spec::KeyValueStore(_) => (
            events::changes(stack, ends)?,
            &[
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
                "dynamodb:ListStreams",
            ],
            (
                "dynamodb_stream_parameters",
                "DynamoDBStreamParameters",
                block([("starting_position", "LATEST".into()), ("batch_size", 100.into())]),
            ),
        ),
        Spec::KafkaCluster(_) => {
            network_permissions(stack, ends);
            (
                value("arn")?,
                &["kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"],
                (
                    "managed_streaming_kafka_parameters",
                    "ManagedStreamingKafkaParameters",
                    block([
                        ("topic_name", "events".into()),
                        ("starting_position", "LATEST".into()),
                    ]),
                ),
            )
        }
        Spec::MessageBroker(broker) => {
            network_permissions(stack, ends);
            let secret = value("secret_arn")?;
            stack.allow(
                &ends.to.id,
                kit::allow(&["secretsmanager:GetSecretValue"], vec![secret.clone()]),
            );
            let credentials = block([("basic_auth", secret)]);
            let parameters = block([("queue_name", "events".into()), ("credentials", credentials)]);
            let names = match broker.engine {
                BrokerEngine::RabbitMq => {
                    ("rabbitmq_broker_parameters", "RabbitMQBrokerParameters")
                }
                BrokerEngine::ActiveMq => {
                    ("activemq_broker_parameters", "ActiveMQBrokerParameters")
                }
            };
            (value("arn")?, &["mq:DescribeBroker"], (names.0, names.1, parameters))
        }
        _ => return None,
    };
    stack.allow(&ends.to.id, kit::allow(actions, vec![arn.clone()]));
    for statement in kafka_permissions(ends) {
        stack.allow(&ends.to.id, statement);
    }
    Some(Source { arn, parameters: Some(parameters) })
}

/// What reading from inside the network needs; these have no single resources.
fn network_permissions(stack: &mut Stack<'_>, ends: &Ends<'_>) {
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

/// Reading from a Kafka cluster is granted by the cluster's own facet.
fn kafka_permissions(ends: &Ends<'_>) -> Vec<crate::engine::bind::stack::Statement> {
    match ends.from.spec {
        Spec::KafkaCluster(_) => ends
            .source
            .grants
            .get(&crate::engine::requirements::Intent::Subscribes)
            .cloned()
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// One pipe from each source to this target.
fn out(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let role = ends.source.handles.get("role")?.clone();
    let graph = stack.graph;
    let sources: Vec<_> = graph.sources(&ends.from.id).collect();
    let mut made = false;
    if let Some(intake) = ends.source.handles.get("intake") {
        let from = Source { arn: intake.arn(), parameters: None };
        let to = target(stack, ends)?;
        pipe(stack, ends.from, &ends.suffix(), &role, from, to);
        made = true;
    }
    for (connection, component) in sources {
        let feeding = Ends {
            connection,
            from: component,
            to: ends.from,
            source: stack.facets.get(&component.id).cloned().unwrap_or_default(),
            target: ends.source.clone(),
        };
        let suffix = format!("{}_to_{}", component.id.snake(), ends.to.id.snake());
        let Some(from) = source(stack, &feeding) else { continue };
        let to = target(stack, ends)?;
        let known = format!("{}_{suffix}", ends.from.id.snake());
        if !stack.resources.iter().any(|it| it.key == known) {
            pipe(stack, ends.from, &suffix, &role, from, to);
        }
        made = true;
    }
    made.then_some(())
}

fn target(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<Target> {
    let value = |name: &str| ends.target.values.get(name).cloned();
    let group = || ends.from.id.as_str().into();
    let (arn, actions, parameters): (_, &[&str], _) = match &ends.to.spec {
        Spec::Function(_) => (
            value("arn")?,
            &["lambda:InvokeFunction"],
            Some((
                "lambda_function_parameters",
                "LambdaFunctionParameters",
                block([("invocation_type", "REQUEST_RESPONSE".into())]),
            )),
        ),
        Spec::Queue(queue) => (
            value("arn")?,
            &["sqs:SendMessage"],
            queue.fifo.then(|| {
                (
                    "sqs_queue_parameters",
                    "SqsQueueParameters",
                    block([
                        ("message_group_id", group()),
                        ("message_deduplication_id", "$.messageId".into()),
                    ]),
                )
            }),
        ),
        Spec::Topic(_) => (value("arn")?, &["sns:Publish"], None),
        Spec::EventBus(_) => {
            let source = join![
                crate::engine::bind::expr::Expr::Var("project".to_owned()),
                format!(".{}", ends.from.id)
            ];
            (
                value("arn")?,
                &["events:PutEvents"],
                Some((
                    "eventbridge_event_bus_parameters",
                    "EventBridgeEventBusParameters",
                    block([("detail_type", "Piped".into()), ("source", source)]),
                )),
            )
        }
        Spec::Stream(_) => (
            value("arn")?,
            &["kinesis:PutRecord", "kinesis:PutRecords"],
            Some((
                "kinesis_stream_parameters",
                "KinesisStreamParameters",
                block([("partition_key", group())]),
            )),
        ),
        Spec::DeliveryStream(_) => {
            (value("arn")?, &["firehose:PutRecord", "firehose:PutRecordBatch"], None)
        }
        Spec::LogStore(_) => {
            let arn = value("arn")?;
            stack.allow(
                &ends.from.id,
                kit::allow(
                    &["logs:CreateLogStream", "logs:PutLogEvents"],
                    vec![join![arn.clone(), ":*"]],
                ),
            );
            return Some(Target { arn, parameters: None });
        }
        Spec::Workflow(_) => (
            value("arn")?,
            &["states:StartExecution"],
            Some((
                "step_function_state_machine_parameters",
                "StepFunctionStateMachineParameters",
                block([("invocation_type", "FIRE_AND_FORGET".into())]),
            )),
        ),
        _ => {
            let call = start::call(stack, ends)?;
            let machine = rules::relay(stack, ends.to, &call);
            (
                machine.by_ref("arn"),
                &["states:StartExecution"],
                Some((
                    "step_function_state_machine_parameters",
                    "StepFunctionStateMachineParameters",
                    block([("invocation_type", "FIRE_AND_FORGET".into())]),
                )),
            )
        }
    };
    stack.allow(&ends.from.id, kit::allow(actions, vec![arn.clone()]));
    Some(Target { arn, parameters })
}
