//! Amazon Connect: an instance with recordings, opening hours and a queue.

use super::wire::Ends;
use super::{house, kit};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, blocks, join, json, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, ContactCenter, Spec};
use crate::engine::requirements::Intent;

binding! {
    ContactCenter {
        service: "connect",
        title: "Amazon Connect",
        docs: "https://docs.aws.amazon.com/connect/latest/adminguide/what-is-amazon-connect.html",
        sla: None,
        limits: &[],
        latency_ms: None,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _: &ContactCenter) {
    // The alias is part of the address that agents open, and unique in the world.
    let alias: Expr = join![Expr::Var("name_prefix".to_owned()), "-", Expr::AccountId];
    let attributes = block([
        ("InboundCalls", true.into()),
        ("OutboundCalls", true.into()),
        ("ContactflowLogs", true.into()),
    ]);
    let instance = stack
        .add(it, "", "aws_connect_instance", "AWS::Connect::Instance")
        .set("identity_management_type", "IdentityManagementType", "CONNECT_MANAGED")
        .set("instance_alias", "InstanceAlias", alias)
        .tf("inbound_calls_enabled", true)
        .tf("outbound_calls_enabled", true)
        .tf("contact_flow_logs_enabled", true)
        .cfn("Attributes", attributes)
        .retain()
        .done();
    let bucket = house::bucket(stack, it, "calls", 365, |_| Vec::new());
    storage(stack, it, "recordings", &instance, "CALL_RECORDINGS", &bucket.id(), "recordings");
    let time = |hours: i64| block([("hours", hours.into()), ("minutes", 0.into())]);
    let days = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"]
        .into_iter()
        .map(|day| block([("day", day.into()), ("start_time", time(9)), ("end_time", time(17))]))
        .collect();
    let draft = stack
        .add(it, "hours", "aws_connect_hours_of_operation", "AWS::Connect::HoursOfOperation")
        .tf("instance_id", instance.id())
        .cfn("InstanceArn", instance.by_ref("arn"))
        .set("name", "Name", "Office hours")
        .set("time_zone", "TimeZone", "UTC");
    let hours = kit::nest(draft, "config", blocks(days)).done();
    let queue = stack
        .add(it, "queue", "aws_connect_queue", "AWS::Connect::Queue")
        .tf("instance_id", instance.id())
        .cfn("InstanceArn", instance.by_ref("arn"))
        .set("name", "Name", "Customers")
        .tf("hours_of_operation_id", hours.att("hours_of_operation_id", "HoursOfOperationArn"))
        .cfn("HoursOfOperationArn", hours.att("arn", "HoursOfOperationArn"))
        .done();
    let facet = Facet::default()
        .handle("instance", &instance)
        .handle("queue", &queue)
        .value("arn", instance.by_ref("arn"));
    stack.facet(it, facet);
}

fn storage(
    stack: &mut Stack<'_>,
    it: &Component,
    suffix: &str,
    instance: &Handle,
    what: &str,
    bucket: &Expr,
    prefix: &str,
) {
    let key = stack.key_arn.clone();
    let mut tf = vec![
        ("bucket_name".to_owned(), bucket.clone()),
        ("bucket_prefix".to_owned(), prefix.into()),
    ];
    let mut cfn =
        vec![("BucketName".to_owned(), bucket.clone()), ("BucketPrefix".to_owned(), prefix.into())];
    let sealed = key.is_some();
    if let Some(key) = key {
        tf.push((
            "encryption_config".to_owned(),
            block([("encryption_type", "KMS".into()), ("key_id", key.clone())]),
        ));
        cfn.push((
            "EncryptionConfig".to_owned(),
            block([("EncryptionType", "KMS".into()), ("KeyId", key)]),
        ));
    }
    let mut draft = stack
        .add(
            it,
            suffix,
            "aws_connect_instance_storage_config",
            "AWS::Connect::InstanceStorageConfig",
        )
        .tf("instance_id", instance.id())
        .cfn("InstanceArn", instance.by_ref("arn"))
        .set("resource_type", "ResourceType", what)
        .tf(
            "storage_config",
            block([("storage_type", "S3".into()), ("s3_config", Expr::Block(tf))]),
        )
        .cfn("StorageType", "S3")
        .cfn("S3Config", Expr::Block(cfn));
    if !sealed {
        draft = draft.skip("CKV_AWS_270", "Sealed with the key that S3 manages (SSE-S3)");
    }
    draft.done();
}

/// What calls reach: functions, bots, and where their records go.
pub fn connect(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let instance = ends.source.handles.get("instance")?.clone();
    let suffix = ends.suffix();
    match &ends.to.spec {
        Spec::Function(_) => {
            let function = ends.target.handles.get("function")?.arn();
            stack
                .add(
                    ends.to,
                    &format!("from_{}", ends.from.id.snake()),
                    "aws_lambda_permission",
                    "AWS::Lambda::Permission",
                )
                .set("action", "Action", "lambda:InvokeFunction")
                .set("function_name", "FunctionName", function.clone())
                .set("principal", "Principal", "connect.amazonaws.com")
                .set("source_arn", "SourceArn", instance.by_ref("arn"))
                .set("source_account", "SourceAccount", Expr::AccountId)
                .done();
            stack
                .add(
                    ends.from,
                    &suffix,
                    "aws_connect_lambda_function_association",
                    "AWS::Connect::IntegrationAssociation",
                )
                .tf("instance_id", instance.id())
                .tf("function_arn", function.clone())
                .cfn("InstanceId", instance.by_ref("arn"))
                .cfn("IntegrationType", "LAMBDA_FUNCTION")
                .cfn("IntegrationArn", function)
                .done();
        }
        Spec::Chatbot(_) => {
            let bot = ends.target.values.get("arn")?.clone();
            let fields = vec![
                ("InstanceId".to_owned(), instance.by_ref("arn")),
                ("IntegrationType".to_owned(), "LEX_BOT".into()),
                ("IntegrationArn".to_owned(), bot),
            ];
            let template = map([(
                "Resources",
                map([(
                    "Bot",
                    map([
                        ("Type", "AWS::Connect::IntegrationAssociation".into()),
                        ("Properties", Expr::Map(fields.clone())),
                    ]),
                )]),
            )]);
            let name = stack.name_with(ends.from, ends.to.id.as_str());
            let mut draft = stack
                .add(
                    ends.from,
                    &suffix,
                    "aws_cloudformation_stack",
                    "AWS::Connect::IntegrationAssociation",
                )
                .tf("name", name)
                .tf("template_body", json(template))
                .comment("The provider associates bots of the first version of Lex only.")
                .skip(
                    "CKV_AWS_124",
                    "Terraform waits for the stack itself; nobody else needs its events",
                );
            for (name, value) in fields {
                draft = draft.cfn(&name, value);
            }
            draft.done();
        }
        Spec::ObjectStore(_) if ends.connection.intent == Intent::Writes => {
            let bucket = ends.target.handles.get("bucket")?.id();
            storage(stack, ends.from, &suffix, &instance, "CHAT_TRANSCRIPTS", &bucket, "chats");
        }
        Spec::Stream(_) if ends.connection.intent == Intent::Writes => {
            let stream = ends.target.values.get("arn")?.clone();
            stack
                .add(
                    ends.from,
                    &suffix,
                    "aws_connect_instance_storage_config",
                    "AWS::Connect::InstanceStorageConfig",
                )
                .tf("instance_id", instance.id())
                .cfn("InstanceArn", instance.by_ref("arn"))
                .set("resource_type", "ResourceType", "CONTACT_TRACE_RECORDS")
                .tf(
                    "storage_config",
                    block([
                        ("storage_type", "KINESIS_STREAM".into()),
                        ("kinesis_stream_config", block([("stream_arn", stream.clone())])),
                    ]),
                )
                .cfn("StorageType", "KINESIS_STREAM")
                .cfn("KinesisStreamConfig", block([("StreamArn", stream)]))
                .skip("CKV_AWS_270", "Records are sealed by the stream that takes them")
                .done();
        }
        _ => return None,
    }
    Some(())
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &ContactCenter) {
    bill.unpriced(it, "Minutes of calls", spec.minutes_per_month, "connect voice-minute");
    bill.unpriced(it, "Telephone minutes", spec.minutes_per_month, "connect telephony-minute");
}
