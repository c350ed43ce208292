//! Rules of EventBridge: events of a bus or of an AWS service, to whatever takes them.

use super::super::kit;
use super::start::{self, Call};
use super::{Ends, events};
use crate::engine::bind::expr::{Expr, block, document, json, list, map};
use crate::engine::bind::stack::{Handle, Stack, Statement};
use crate::engine::graph::{Component, Spec};

/// Where a rule delivers, and what the target's type needs to know.
struct Sink {
    arn: Expr,
    role: Option<Handle>,
    /// Terraform's block, CloudFormation's property, and both values.
    extra: Option<(&'static str, &'static str, Expr, Expr)>,
}

impl Sink {
    fn plain(arn: Expr) -> Self {
        Self { arn, role: None, extra: None }
    }
}

/// What a rule matches of a bus: everything that the organisation's own programs send.
pub fn own_events(source: Option<&str>) -> Expr {
    let source = match source {
        Some(source) => list![source],
        None => list![map([("anything-but", map([("prefix", "aws.".into())]))])],
    };
    map([("source", source)])
}

/// Events of one AWS service, on the default bus.
pub fn service_events(source: &str, types: &[&str], resources: Option<Expr>) -> Expr {
    let mut fields = vec![("source".to_owned(), list![source])];
    if !types.is_empty() {
        let types = types.iter().map(|it| Expr::from(*it)).collect();
        fields.push(("detail-type".to_owned(), Expr::List(types)));
    }
    if let Some(resources) = resources {
        fields.push(("resources".to_owned(), resources));
    }
    Expr::Map(fields)
}

/// Adds a rule that sends what matches to the connection's target.
pub fn connect(
    stack: &mut Stack<'_>,
    ends: &Ends<'_>,
    bus: Option<Expr>,
    pattern: Expr,
) -> Option<()> {
    let suffix = format!("{}_rule", ends.suffix());
    let text = kit::ascii(&format!("{} to {}", ends.from.title, ends.to.title));
    let name = pair_name(ends);
    let rule = stack
        .add(ends.from, &suffix, "aws_cloudwatch_event_rule", "AWS::Events::Rule")
        .maybe("name", "Name", name)
        .set("description", "Description", text)
        .maybe("event_bus_name", "EventBusName", bus.clone())
        .set("event_pattern", "EventPattern", document(pattern))
        .done();
    let Some(sink) = sink(stack, ends, &rule) else {
        stack.resources.retain(|it| it.key != rule.0);
        return None;
    };
    let dead = ends.source.handles.get("dead").cloned();
    let retries = |age: i64, times: i64| {
        (
            block([
                ("maximum_event_age_in_seconds", age.into()),
                ("maximum_retry_attempts", times.into()),
            ]),
            map([("MaximumEventAgeInSeconds", age.into()), ("MaximumRetryAttempts", times.into())]),
        )
    };
    let (tf_retries, cfn_retries) = retries(3600, 10);
    let mut cfn = vec![
        ("Id".to_owned(), Expr::from(ends.to.id.as_str())),
        ("Arn".to_owned(), sink.arn.clone()),
        ("RetryPolicy".to_owned(), cfn_retries),
    ];
    let mut draft = stack
        .tf_only(ends.from, &format!("{}_target", ends.suffix()), "aws_cloudwatch_event_target")
        .tf("rule", rule.by_ref("name"));
    if let Some(bus) = bus {
        draft = draft.tf("event_bus_name", bus);
    }
    draft = draft
        .tf("target_id", ends.to.id.as_str())
        .tf("arn", sink.arn)
        .tf("retry_policy", tf_retries);
    if let Some(role) = &sink.role {
        draft = draft.tf("role_arn", role.arn());
        cfn.push(("RoleArn".to_owned(), role.arn()));
    }
    if let Some(dead) = &dead {
        draft = draft.tf("dead_letter_config", block([("arn", dead.arn())]));
        cfn.push(("DeadLetterConfig".to_owned(), map([("Arn", dead.arn())])));
    }
    if let Some((tf_name, cfn_name, tf_value, cfn_value)) = sink.extra {
        draft = draft.tf(tf_name, tf_value);
        cfn.push((cfn_name.to_owned(), cfn_value));
    }
    draft.done();
    if let Some(draft) = stack.edit(&rule) {
        draft.cfn("Targets", list![Expr::Map(cfn)]).done();
    }
    Some(())
}

/// A name of both ends, where it fits into 64 characters beside the prefix.
pub fn pair_name(ends: &Ends<'_>) -> Option<Expr> {
    let tail = format!("-{}-{}", ends.from.id, ends.to.id);
    (tail.len() <= 34).then(|| Expr::Join(vec![Expr::Var("name_prefix".to_owned()), tail.into()]))
}

/// Gives EventBridge the permission and answers with the target.
fn sink(stack: &mut Stack<'_>, ends: &Ends<'_>, rule: &Handle) -> Option<Sink> {
    const EVENTS: &str = "events.amazonaws.com";
    let value = |name: &str| ends.target.values.get(name).cloned();
    let handle = |name: &str| ends.target.handles.get(name).cloned();
    match &ends.to.spec {
        Spec::Function(_) => {
            events::permission(stack, ends, EVENTS, Some(rule.arn()))?;
            Some(Sink::plain(value("arn")?))
        }
        Spec::Queue(queue) => {
            let arn = value("arn")?;
            let sid = format!("From{}", camel(ends.from));
            let statement = kit::resource_policy(
                &sid,
                map([("Service", EVENTS.into())]),
                &["sqs:SendMessage"],
                vec![arn.clone()],
                Some(("ArnEquals", "aws:SourceArn", rule.arn())),
            );
            kit::extend_policy(stack, &handle("policy")?, &statement);
            let extra = queue.fifo.then(|| {
                (
                    "sqs_target",
                    "SqsParameters",
                    block([("message_group_id", ends.from.id.as_str().into())]),
                    map([("MessageGroupId", ends.from.id.as_str().into())]),
                )
            });
            Some(Sink { arn, role: None, extra })
        }
        Spec::Topic(_) => {
            let arn = value("arn")?;
            let sid = format!("From{}", camel(ends.from));
            let statement = kit::resource_policy(
                &sid,
                map([("Service", EVENTS.into())]),
                &["sns:Publish"],
                vec![arn.clone()],
                Some(("ArnEquals", "aws:SourceArn", rule.arn())),
            );
            kit::extend_policy(stack, &handle("policy")?, &statement);
            Some(Sink::plain(arn))
        }
        Spec::LogStore(_) => {
            let arn = value("arn")?;
            log_policy(stack, ends.to, &arn);
            Some(Sink::plain(arn))
        }
        Spec::EventBus(_) => by_role(stack, ends, value("arn")?, &["events:PutEvents"]),
        Spec::Stream(_) => {
            by_role(stack, ends, value("arn")?, &["kinesis:PutRecord", "kinesis:PutRecords"])
        }
        Spec::DeliveryStream(_) => {
            by_role(stack, ends, value("arn")?, &["firehose:PutRecord", "firehose:PutRecordBatch"])
        }
        Spec::Workflow(_) => by_role(stack, ends, value("arn")?, &["states:StartExecution"]),
        Spec::Pipeline(_) => {
            by_role(stack, ends, value("arn")?, &["codepipeline:StartPipelineExecution"])
        }
        Spec::Build(_) => by_role(stack, ends, value("arn")?, &["codebuild:StartBuild"]),
        _ => {
            let call = start::call(stack, ends)?;
            let machine = relay(stack, ends.to, &call);
            by_role(stack, ends, machine.by_ref("arn"), &["states:StartExecution"])
        }
    }
}

/// A target that EventBridge reaches with a role of the source.
fn by_role(stack: &mut Stack<'_>, ends: &Ends<'_>, arn: Expr, actions: &[&str]) -> Option<Sink> {
    let mut statements = vec![kit::allow(actions, vec![arn.clone()])];
    statements.extend(kit::key_statement(stack));
    let role = role(stack, ends, "events.amazonaws.com", &statements);
    Some(Sink { arn, role: Some(role), extra: None })
}

/// The role that a service acts with for one component, with what one connection needs.
pub fn role(
    stack: &mut Stack<'_>,
    ends: &Ends<'_>,
    service: &'static str,
    statements: &[Statement],
) -> Handle {
    let word = service.split('.').next().unwrap_or("service");
    let suffix = format!("{word}_role");
    let role = Handle(format!("{}_{suffix}", ends.from.id.snake()));
    if !stack.resources.iter().any(|it| it.key == role.0) {
        kit::role(stack, ends.from, &suffix, service, &[]);
    }
    let mut name = format!("{}_{word}", ends.suffix());
    if stack.resources.iter().any(|it| it.key == format!("{}_{name}", ends.from.id.snake())) {
        // The same two are connected for reading and for writing.
        name.push_str("_more");
    }
    kit::role_policy(stack, ends.from, &name, &role, statements);
    role
}

/// Lets EventBridge write to a log group; one policy serves every rule.
fn log_policy(stack: &mut Stack<'_>, it: &Component, arn: &Expr) {
    let key = format!("{}_writers", it.id.snake());
    if stack.resources.iter().any(|resource| resource.key == key) {
        return;
    }
    let name = stack.name_with(it, "writers");
    let statement = kit::resource_policy(
        "EventsAreLogged",
        map([("Service", list!["events.amazonaws.com", "delivery.logs.amazonaws.com"])]),
        &["logs:CreateLogStream", "logs:PutLogEvents"],
        vec![Expr::Join(vec![arn.clone(), ":*".into()])],
        None,
    );
    let policy = map([("Version", "2012-10-17".into()), ("Statement", list![statement])]);
    stack
        .add(it, "writers", "aws_cloudwatch_log_resource_policy", "AWS::Logs::ResourcePolicy")
        .set("policy_name", "PolicyName", name)
        .set("policy_document", "PolicyDocument", json(policy))
        .done();
}

/// A state machine of one task, for what events cannot start themselves. All who
/// start the same component share it.
pub fn relay(stack: &mut Stack<'_>, it: &Component, call: &Call) -> Handle {
    let machine = Handle(format!("{}_relay", it.id.snake()));
    if stack.resources.iter().any(|resource| resource.key == machine.0) {
        return machine;
    }
    let role = kit::role(stack, it, "relay_role", "states.amazonaws.com", &[]);
    let mut statements = call.allow.clone();
    statements.extend(kit::key_statement(stack));
    kit::role_policy(stack, it, "relay_policy", &role, &statements);
    let title = kit::ascii(&it.title);
    let definition =
        super::super::step_functions::single(&format!("Start {title}"), call.task(false));
    super::super::step_functions::machine(stack, it, "relay", &role, true, &definition)
}

/// `orders-queue` as `OrdersQueue`, for statement ids.
pub fn camel(it: &Component) -> String {
    it.id
        .as_str()
        .split('-')
        .map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|it| it.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        })
        .collect()
}
