//! Events that start functions: from queues, topics, streams, tables, schedules and AWS services.

use super::super::kit;
use super::rules;
use super::{Ends, devices, flow, gateway, messages, pipes, start};
use crate::engine::bind::expr::{Expr, block, join, list, map};
use crate::engine::bind::stack::{Draft, Handle, Stack};
use crate::engine::graph::{Kind, Spec, pairs};
use crate::engine::requirements::Intent;

pub fn wire(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let intent = ends.connection.intent;
    if repeats(stack, ends) {
        return Some(());
    }
    match (&ends.from.spec, &ends.to.spec) {
        (Spec::Schedule(_), _) => start::schedule(stack, ends),
        (Spec::Workflow(_), _) => flow::wire(stack, ends),
        (Spec::HttpApi(_), _) => gateway::wire(stack, ends),
        (Spec::EventPipe(_), _) | (_, Spec::EventPipe(_)) => pipes::wire(stack, ends),
        (Spec::EventBus(bus), _) => {
            let name = ends.source.values.get("name")?.clone();
            let name = (!bus.default_bus).then_some(name);
            rules::connect(stack, ends, name, rules::own_events(bus.source.as_deref()))
        }
        (Spec::ObjectStore(_), _) if pushes(intent) => object_events(stack, ends),
        (Spec::Queue(_), Spec::Function(_)) if intent == Intent::Invokes => {
            queue_function(stack, ends)
        }
        (Spec::Topic(_), Spec::Function(_)) => topic_function(stack, ends),
        (Spec::Stream(_), Spec::Function(_)) => stream_function(stack, ends),
        (Spec::KeyValueStore(_), Spec::Function(_)) => table_function(stack, ends),
        (Spec::LogStore(_), Spec::Function(_)) => log_function(stack, ends),
        (Spec::Secret(_), Spec::Function(_)) => rotation(stack, ends),
        _ => devices::wire(stack, ends)
            .or_else(|| messages::wire(stack, ends))
            .or_else(|| service_function(stack, ends)),
    }
}

/// Whether the same two are connected already for an intent that means the same
/// here: a topic that publishes to a queue and one that writes to it is one subscription.
fn repeats(stack: &Stack<'_>, ends: &Ends<'_>) -> bool {
    let gives = |intent: Intent| {
        matches!(
            intent,
            Intent::Invokes | Intent::Publishes | Intent::Streams | Intent::Writes | Intent::Serves
        )
    };
    let this = ends.connection;
    if pairs::COMPUTE.contains(&ends.from.spec.kind()) || !gives(this.intent) {
        return false;
    }
    stack.graph.connections.iter().zip(&stack.wired).any(|(it, wired)| {
        *wired
            && it.from == this.from
            && it.to == this.to
            && it.intent != this.intent
            && gives(it.intent)
    })
}

/// Intents by which the source starts something.
fn pushes(intent: Intent) -> bool {
    matches!(intent, Intent::Invokes | Intent::Publishes | Intent::Streams)
}

/// What calls a function: its alias where instances are kept warm, else itself.
fn callee(ends: &Ends<'_>) -> Option<Expr> {
    ends.target.values.get("arn").cloned()
}

/// Lets a service call the target function.
pub fn permission(
    stack: &mut Stack<'_>,
    ends: &Ends<'_>,
    principal: &str,
    source: Option<Expr>,
) -> Option<()> {
    let function = ends.target.handles.get("function")?;
    let alias = Handle(format!("{}_live", ends.to.id.snake()));
    let warm = stack.resources.iter().any(|it| it.key == alias.0);
    let mut draft = stack
        .add(
            ends.to,
            &format!("from_{}", ends.from.id.snake()),
            "aws_lambda_permission",
            "AWS::Lambda::Permission",
        )
        .set("action", "Action", "lambda:InvokeFunction")
        .tf("function_name", function.by_ref("function_name"));
    draft = if warm {
        draft.tf("qualifier", alias.by_ref("name")).cfn("FunctionName", alias.by_ref("arn"))
    } else {
        draft.cfn("FunctionName", function.arn())
    };
    draft = draft.set("principal", "Principal", principal);
    draft = match source {
        Some(source) => draft.set("source_arn", "SourceArn", source),
        None => draft.set("source_account", "SourceAccount", Expr::AccountId),
    };
    draft.done();
    Some(())
}

/// Adds an event source mapping; what differs per source is left to the caller.
pub fn mapping<'a>(
    stack: &'a mut Stack<'_>,
    ends: &Ends<'_>,
    source: Expr,
    actions: &[&str],
) -> Option<Draft<'a>> {
    stack.allow(&ends.to.id, kit::allow(actions, vec![source.clone()]));
    if let Some(statement) = kit::key_statement(stack) {
        stack.allow(&ends.to.id, statement);
    }
    let function = callee(ends)?;
    Some(
        stack
            .add(
                ends.to,
                &format!("from_{}", ends.from.id.snake()),
                "aws_lambda_event_source_mapping",
                "AWS::Lambda::EventSourceMapping",
            )
            .set("event_source_arn", "EventSourceArn", source)
            .set("function_name", "FunctionName", function)
            .after(&policy_of(ends)),
    )
}

/// A queue whose messages start a function.
fn queue_function(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let queue = ends.source.values.get("arn")?.clone();
    let actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
    mapping(stack, ends, queue, &actions)?
        .set("batch_size", "BatchSize", 10)
        .set("function_response_types", "FunctionResponseTypes", vec!["ReportBatchItemFailures"])
        .done();
    Some(())
}

/// The policy that wiring makes for the target's role: a mapping is refused before it is there.
fn policy_of(ends: &Ends<'_>) -> Handle {
    Handle(format!("{}_policy", ends.to.id.snake()))
}

/// A topic whose messages start a function; what fails stays in a queue.
fn topic_function(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let topic = ends.source.values.get("arn")?.clone();
    permission(stack, ends, "sns.amazonaws.com", Some(topic.clone()))?;
    messages::subscribe(stack, ends, "lambda", callee(ends)?, Vec::new());
    Some(())
}

/// What a consumer of records does with a batch that fails: halves it, tries
/// again, and then keeps a note of it in a queue instead of blocking the shard.
fn with_failures<'a>(draft: Draft<'a>, failed: &Handle) -> Draft<'a> {
    draft
        .set("starting_position", "StartingPosition", "LATEST")
        .set("batch_size", "BatchSize", 100)
        .set("bisect_batch_on_function_error", "BisectBatchOnFunctionError", true)
        .set("maximum_retry_attempts", "MaximumRetryAttempts", 5)
        .set("function_response_types", "FunctionResponseTypes", vec!["ReportBatchItemFailures"])
        .tf(
            "destination_config",
            block([("on_failure", block([("destination_arn", failed.arn())]))]),
        )
        .cfn("DestinationConfig", block([("OnFailure", block([("Destination", failed.arn())]))]))
}

fn failures(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Handle {
    let failed = Handle(format!("{}_failed", ends.to.id.snake()));
    if !stack.resources.iter().any(|it| it.key == failed.0) {
        kit::dead_letters(stack, ends.to, "failed");
    }
    stack.allow(&ends.to.id, kit::allow(&["sqs:SendMessage"], vec![failed.arn()]));
    failed
}

fn stream_function(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let stream = ends.source.values.get("arn")?.clone();
    let failed = failures(stack, ends);
    let draft = mapping(stack, ends, stream, super::super::kinesis::READ)?;
    with_failures(draft, &failed).done();
    Some(())
}

/// A table whose changes start a function.
fn table_function(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let stream = changes(stack, ends)?;
    let failed = failures(stack, ends);
    let draft = mapping(
        stack,
        ends,
        stream,
        &[
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
        ],
    )?;
    with_failures(draft, &failed).done();
    Some(())
}

/// The stream of a table's changes; turns it on where the table has none yet.
pub fn changes(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<Expr> {
    if let Some(stream) = ends.source.values.get("stream_arn") {
        return Some(stream.clone());
    }
    let table = ends.source.handles.get("table")?.clone();
    let stream = table.att("stream_arn", "StreamArn");
    stack
        .edit(&table)?
        .tf("stream_enabled", true)
        .tf("stream_view_type", "NEW_AND_OLD_IMAGES")
        .cfn("StreamSpecification", block([("StreamViewType", "NEW_AND_OLD_IMAGES".into())]))
        .done();
    if let Some(facet) = stack.facets.get_mut(&ends.from.id) {
        facet.values.insert("stream_arn", stream.clone());
    }
    Some(stream)
}

/// Lines of the shared log group that start a function.
fn log_function(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let arn = ends.source.values.get("arn")?.clone();
    permission(stack, ends, "logs.amazonaws.com", Some(join![arn, ":*"]))?;
    let allowed = Handle(format!("{}_from_{}", ends.to.id.snake(), ends.from.id.snake()));
    let name = stack.name(ends.to);
    stack
        .add(
            ends.from,
            &ends.suffix(),
            "aws_cloudwatch_log_subscription_filter",
            "AWS::Logs::SubscriptionFilter",
        )
        .set("name", "FilterName", name)
        .set("log_group_name", "LogGroupName", ends.source.values.get("name")?)
        .set("filter_pattern", "FilterPattern", "?ERROR ?Error ?error ?Exception")
        .set("destination_arn", "DestinationArn", callee(ends)?)
        .after(&allowed)
        .done();
    Some(())
}

/// A secret that a function renews.
fn rotation(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let secret = ends.source.handles.get("secret")?.clone();
    let Spec::Secret(spec) = &ends.from.spec else { return None };
    let days = spec.rotation_days.unwrap_or(30);
    permission(stack, ends, "secretsmanager.amazonaws.com", None)?;
    let allowed = Handle(format!("{}_from_{}", ends.to.id.snake(), ends.from.id.snake()));
    let actions = [
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
    ];
    stack.allow(&ends.to.id, kit::allow(&actions, vec![secret.by_ref("arn")]));
    let random = kit::allow(&["secretsmanager:GetRandomPassword"], vec!["*".into()]);
    stack.allow(&ends.to.id, random);
    if let Some(statement) = kit::key_statement(stack) {
        stack.allow(&ends.to.id, statement);
    }
    let draft = stack
        .add(
            ends.from,
            &ends.suffix(),
            "aws_secretsmanager_secret_rotation",
            "AWS::SecretsManager::RotationSchedule",
        )
        .set("secret_id", "SecretId", secret.by_ref("id"))
        .tf("rotation_lambda_arn", callee(ends)?)
        .cfn("RotationLambdaARN", callee(ends)?)
        // The placeholder cannot rotate yet: the first rotation waits for its day.
        .tf("rotate_immediately", false)
        .cfn("RotateImmediatelyOnUpdate", false)
        .after(&allowed)
        .after(&policy_of(ends));
    kit::nest(draft, "rotation_rules", block([("automatically_after_days", days.into())])).done();
    Some(())
}

/// Objects that arrive in a bucket, by the account's default bus.
fn object_events(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let bucket = ends.source.handles.get("bucket")?.clone();
    super::super::s3::notify(stack, ends.from, &bucket);
    let pattern = map([
        ("source", list!["aws.s3"]),
        ("detail-type", list!["Object Created"]),
        ("detail", map([("bucket", map([("name", list![bucket.id()])]))])),
    ]);
    rules::connect(stack, ends, None, pattern)
}

/// Services that report what happens to them on the account's default bus.
fn service_function(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    if !matches!(ends.to.spec, Spec::Function(_)) || !pushes(ends.connection.intent) {
        return None;
    }
    let pattern = service_pattern(ends)?;
    rules::connect(stack, ends, None, pattern)
}

/// What a component's service sends, where it sends events at all.
pub fn service_pattern(ends: &Ends<'_>) -> Option<Expr> {
    let events = rules::service_events;
    Some(match ends.from.spec.kind() {
        Kind::DocumentDatabase => events("aws.rds", &["RDS DB Cluster Event"], None),
        Kind::ThreatDetection => events("aws.guardduty", &["GuardDuty Finding"], None),
        Kind::SecurityPosture => {
            events("aws.securityhub", &["Security Hub Findings - Imported"], None)
        }
        Kind::ConfigRecorder => events("aws.config", &["Config Rules Compliance Change"], None),
        Kind::VulnerabilityScan => events("aws.inspector2", &["Inspector2 Finding"], None),
        Kind::DataDiscovery => events("aws.macie", &["Macie Finding"], None),
        Kind::BackupPlan => events("aws.backup", &["Backup Job State Change"], None),
        Kind::Monitoring => events("aws.cloudwatch", &["CloudWatch Alarm State Change"], None),
        Kind::SourceRepository => {
            events("aws.codecommit", &["CodeCommit Repository State Change"], None)
        }
        Kind::Pipeline => {
            events("aws.codepipeline", &["CodePipeline Pipeline Execution State Change"], None)
        }
        Kind::FoundationModel => events("aws.bedrock", &["Batch Inference Job State Change"], None),
        Kind::FileTransfer => events("aws.transfer", &[], None),
        Kind::ContactCenter => events("aws.connect", &["Amazon Connect Contact Event"], None),
        Kind::Location => events("aws.geo", &["Location Geofence Event"], None),
        _ => return None,
    })
}
