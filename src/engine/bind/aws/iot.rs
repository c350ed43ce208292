//! AWS IoT Core: devices that publish, and rules that send on what they say.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, document, join, list, map};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, IotHub};
use crate::engine::requirements::Intent;

binding! {
    IotHub {
        service: "iot-core",
        title: "AWS IoT Core",
        docs: "https://docs.aws.amazon.com/iot/latest/developerguide/what-is-aws-iot.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/iot-core/sla/",
        }),
        limits: &[Limit {
            what: "Size of a message",
            value: "128 KB",
            source: "https://docs.aws.amazon.com/general/latest/gr/iot-core.html",
        }],
        latency_ms: Some((50.0, 200.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _: &IotHub) {
    let name = stack.name(it);
    let group = stack
        .add(it, "", "aws_iot_thing_group", "AWS::IoT::ThingGroup")
        .set("name", "ThingGroupName", name.clone())
        .done();
    // A device speaks under its own name only; IoT fills the name in.
    let thing = "${iot:Connection.Thing.ThingName}";
    let own = |kind: &str, tail: &str| kit::arn("iot", join![format!("{kind}/{tail}")]);
    let allow = |actions: Expr, resources: Expr| {
        map([("Effect", "Allow".into()), ("Action", actions), ("Resource", resources)])
    };
    let devices = format!("devices/{}", thing);
    let policy = map([
        ("Version", "2012-10-17".into()),
        (
            "Statement",
            list![
                allow(list!["iot:Connect"], list![own("client", thing)]),
                allow(
                    list!["iot:Publish", "iot:Receive"],
                    list![own("topic", &format!("{devices}/*"))],
                ),
                allow(list!["iot:Subscribe"], list![own("topicfilter", &format!("{devices}/*"))],)
            ],
        ),
    ]);
    let policy = stack
        .add(it, "devices", "aws_iot_policy", "AWS::IoT::Policy")
        .set("name", "PolicyName", name)
        .set("policy", "PolicyDocument", document(policy))
        .done();
    let dead = kit::dead_letters(stack, it, "dead");
    let role = kit::role(stack, it, "role", "iot.amazonaws.com", &[]);
    stack.allow(&it.id, kit::allow(&["sqs:SendMessage"], vec![dead.arn()]));
    if let Some(statement) = kit::key_statement(stack) {
        stack.allow(&it.id, statement);
    }
    let topics = kit::arn("iot", join!["topic/devices/*"]);
    let filters = kit::arn("iot", join!["topicfilter/devices/*"]);
    let facet = Facet::default()
        .handle("group", &group)
        .handle("policy", &policy)
        .handle("dead", &dead)
        .handle("role", &role)
        .value("arn", group.arn())
        .reference("TOPIC_PREFIX", "devices")
        .grant(
            &[Intent::Publishes, Intent::Writes, Intent::Streams],
            &["iot:Publish"],
            vec![topics.clone()],
        )
        .grant(
            &[Intent::Subscribes, Intent::Reads],
            &["iot:Subscribe", "iot:Receive"],
            vec![topics, filters],
        )
        .principal(&role, None, false);
    stack.facet(it, facet);
}

/// Adds a rule that sends on what devices publish.
pub fn rule(
    stack: &mut Stack<'_>,
    ends: &super::wire::Ends<'_>,
    topic: &str,
    action: (&str, Expr),
    cfn: (&str, Expr),
) -> Option<()> {
    let role = ends.source.handles.get("role")?.arn();
    let dead = ends.source.handles.get("dead")?.clone();
    let sql = format!("SELECT *, topic(2) AS device, timestamp() AS received FROM '{topic}'");
    // Rule names take underscores, not hyphens.
    let name = join![
        Expr::Hcl("replace(local.name_prefix, \"-\", \"_\")".to_owned()),
        format!("_{}_{}", ends.from.id.snake(), ends.to.id.snake())
    ];
    let failed = block([
        ("queue_url", dead.by_ref("url")),
        ("role_arn", role.clone()),
        ("use_base64", false.into()),
    ]);
    let cfn_failed =
        map([("QueueUrl", dead.by_ref("url")), ("RoleArn", role), ("UseBase64", false.into())]);
    let text = kit::ascii(&format!("{} to {}", ends.from.title, ends.to.title));
    stack
        .add(ends.from, &ends.suffix(), "aws_iot_topic_rule", "AWS::IoT::TopicRule")
        .tf("name", name)
        .tf("description", text.as_str())
        .tf("enabled", true)
        .tf("sql", sql.as_str())
        .tf("sql_version", "2016-03-23")
        .tf(action.0, action.1)
        .tf("error_action", block([("sqs", failed)]))
        .cfn(
            "TopicRulePayload",
            block([
                ("Description", text.into()),
                ("RuleDisabled", false.into()),
                ("Sql", sql.into()),
                ("AwsIotSqlVersion", "2016-03-23".into()),
                ("Actions", list![Expr::Map(vec![(cfn.0.to_owned(), cfn.1)])]),
                ("ErrorAction", map([("Sqs", cfn_failed)])),
            ]),
        )
        .done();
    Some(())
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &IotHub) {
    // Counted in chunks of 5 KB.
    let messages = spec.messages_per_month * (spec.message_kb / 5.0).ceil().max(1.0);
    bill.unpriced(it, "Messages", messages / 1e6, "iot message-million");
    bill.unpriced(it, "Connection minutes", spec.devices * 43_800.0 / 1e6, "iot minute-million");
}
