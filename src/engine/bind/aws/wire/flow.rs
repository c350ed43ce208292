//! What a workflow does: one task for each connection, in their order.

use super::super::{kit, step_functions};
use super::{Ends, start};
use crate::engine::bind::expr::{Expr, join, list, map};
use crate::engine::bind::stack::Stack;
use crate::engine::graph::Spec;
use crate::engine::requirements::Intent;

pub fn wire(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let Spec::Workflow(workflow) = &ends.from.spec else { return None };
    let machine = ends.source.handles.get("state_machine")?.clone();
    let intent = ends.connection.intent;
    let title = kit::ascii(&ends.to.title);
    let (verb, mut task) = match integration(ends) {
        Some(found) => found,
        None if intent == Intent::Invokes => {
            let call = start::call(stack, ends)?;
            let mut allow = call.allow.clone();
            if let (false, Some((_, more))) = (workflow.express, &call.waits) {
                allow.extend(more.clone());
            }
            for statement in allow {
                stack.allow(&ends.from.id, statement);
            }
            ("Run", call.task(!workflow.express))
        }
        None => return None,
    };
    if let Some(statements) = ends.target.grants.get(&intent) {
        for statement in statements {
            stack.allow(&ends.from.id, statement.clone());
        }
    }
    if let Some(statement) = kit::key_statement(stack) {
        stack.allow(&ends.from.id, statement);
    }
    // The input goes on from task to task; each adds its answer under its own name.
    if let Expr::Map(fields) = &mut task {
        fields.push(("ResultPath".to_owned(), format!("$.{}", ends.to.id.snake()).into()));
    }
    step_functions::append(stack, &machine, &format!("{verb} {title}"), &task);
    Some(())
}

fn task(resource: &str, parameters: Expr) -> Expr {
    map([
        ("Type", "Task".into()),
        ("Resource", join!["arn:", Expr::Partition, format!(":states:::{resource}")]),
        ("Parameters", parameters),
    ])
}

/// Services that a task sends to, reads from or writes to.
fn integration(ends: &Ends<'_>) -> Option<(&'static str, Expr)> {
    let value = |name: &str| ends.target.values.get(name).cloned();
    let reads = ends.connection.intent == Intent::Reads;
    let run = || ("S.$", "$$.Execution.Name".into());
    Some(match &ends.to.spec {
        Spec::Function(_) => (
            "Call",
            task(
                "lambda:invoke",
                map([("FunctionName", value("arn")?), ("Payload.$", "$".into())]),
            ),
        ),
        Spec::KeyValueStore(table) => {
            let mut key = vec![(table.partition_key.clone(), map([run()]))];
            if let Some(sort) = &table.sort_key {
                key.push((sort.clone(), map([("S", "run".into())])));
            }
            if reads {
                let parameters = map([("TableName", value("name")?), ("Key", Expr::Map(key))]);
                ("Read", task("dynamodb:getItem", parameters))
            } else {
                key.push(("data".to_owned(), map([("S.$", "States.JsonToString($)".into())])));
                let parameters = map([("TableName", value("name")?), ("Item", Expr::Map(key))]);
                ("Write", task("dynamodb:putItem", parameters))
            }
        }
        Spec::ObjectStore(_) if reads => (
            "List",
            task(
                "aws-sdk:s3:listObjectsV2",
                map([("Bucket", value("name")?), ("MaxKeys", 100.into())]),
            ),
        ),
        Spec::ObjectStore(_) => (
            "Save to",
            task(
                "aws-sdk:s3:putObject",
                map([
                    ("Bucket", value("name")?),
                    ("Key.$", "States.Format('runs/{}.json', $$.Execution.Name)".into()),
                    ("Body.$", "$".into()),
                ]),
            ),
        ),
        Spec::Parameter(_) => {
            ("Read", task("aws-sdk:ssm:getParameter", map([("Name", value("name")?)])))
        }
        Spec::Queue(queue) => {
            let mut parameters = vec![
                ("QueueUrl".to_owned(), value("url")?),
                ("MessageBody.$".to_owned(), "$".into()),
            ];
            if queue.fifo {
                let group = ends.from.id.as_str();
                parameters.push(("MessageGroupId".to_owned(), group.into()));
            }
            ("Send to", task("sqs:sendMessage", Expr::Map(parameters)))
        }
        Spec::Topic(topic) => {
            let mut parameters =
                vec![("TopicArn".to_owned(), value("arn")?), ("Message.$".to_owned(), "$".into())];
            if topic.fifo {
                let group = ends.from.id.as_str();
                parameters.push(("MessageGroupId".to_owned(), group.into()));
            }
            ("Publish to", task("sns:publish", Expr::Map(parameters)))
        }
        Spec::EventBus(_) => {
            let source = join![Expr::Var("project".to_owned()), format!(".{}", ends.from.id)];
            let entry = map([
                ("EventBusName", value("name")?),
                ("Source", source),
                ("DetailType", "Workflow progressed".into()),
                ("Detail.$", "$".into()),
            ]);
            ("Publish to", task("events:putEvents", map([("Entries", list![entry])])))
        }
        Spec::Stream(_) => (
            "Send to",
            task(
                "aws-sdk:kinesis:putRecord",
                map([
                    ("StreamName", value("name")?),
                    ("PartitionKey.$", "$$.Execution.Name".into()),
                    ("Data.$", "States.JsonToString($)".into()),
                ]),
            ),
        ),
        Spec::Email(_) => (
            "Mail by",
            task(
                "aws-sdk:sesv2:sendEmail",
                map([
                    ("FromEmailAddress", value("sender")?),
                    ("Destination", map([("ToAddresses", list![value("sender")?])])),
                    (
                        "Content",
                        map([(
                            "Simple",
                            map([
                                ("Subject", map([("Data", "Workflow".into())])),
                                (
                                    "Body",
                                    map([(
                                        "Text",
                                        map([("Data.$", "States.JsonToString($)".into())]),
                                    )]),
                                ),
                            ]),
                        )]),
                    ),
                ]),
            ),
        ),
        _ => return None,
    })
}
