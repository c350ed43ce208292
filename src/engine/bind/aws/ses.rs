//! Amazon SES.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join, list, map};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, Email};
use crate::engine::requirements::Intent;

binding! {
    Email {
        service: "ses",
        title: "Amazon SES",
        docs: "https://docs.aws.amazon.com/ses/latest/dg/Welcome.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/ses/sla/",
        }),
        limits: &[
            Limit {
                what: "Mails a day before the account leaves the sandbox",
                value: "200, to verified addresses only",
                source: "https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html",
            },
            Limit {
                what: "Size of a mail",
                value: "40 MB",
                source: "https://docs.aws.amazon.com/ses/latest/dg/quotas.html",
            },
        ],
        latency_ms: Some((80.0, 250.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &Email) {
    let name = stack.name(it);
    let domain = kit::text_input(
        stack,
        "mail_domain",
        "Domain that mails are sent from; its DNS has to hold the three DKIM records of the outputs.",
        Some(spec.domain.as_str()),
    );
    let set = stack
        .add(it, "", "aws_sesv2_configuration_set", "AWS::SES::ConfigurationSet")
        .tf("configuration_set_name", name.clone())
        .cfn("Name", name);
    let set = kit::nest(set, "delivery_options", block([("tls_policy", "REQUIRE".into())]));
    let set =
        kit::nest(set, "reputation_options", block([("reputation_metrics_enabled", true.into())]));
    let set = kit::nest(set, "sending_options", block([("sending_enabled", true.into())]));
    let set = kit::nest(
        set,
        "suppression_options",
        block([("suppressed_reasons", list!["BOUNCE", "COMPLAINT"])]),
    )
    .done();
    let identity = stack
        .add(it, "domain", "aws_sesv2_email_identity", "AWS::SES::EmailIdentity")
        .set("email_identity", "EmailIdentity", domain.clone())
        .tf("configuration_set_name", set.by_ref("configuration_set_name"))
        .cfn("ConfigurationSetAttributes", block([("ConfigurationSetName", set.id())]))
        .done();
    let bus = kit::arn("events", join!["event-bus/default"]);
    let types = || list!["BOUNCE", "COMPLAINT", "REJECT", "RENDERING_FAILURE"];
    stack
        .add(
            it,
            "events",
            "aws_sesv2_configuration_set_event_destination",
            "AWS::SES::ConfigurationSetEventDestination",
        )
        .set("configuration_set_name", "ConfigurationSetName", set.by_ref("configuration_set_name"))
        .tf("event_destination_name", "events")
        .tf(
            "event_destination",
            block([
                ("enabled", true.into()),
                ("matching_event_types", types()),
                ("event_bridge_destination", block([("event_bus_arn", bus.clone())])),
            ]),
        )
        .cfn(
            "EventDestination",
            block([
                ("Name", "events".into()),
                ("Enabled", true.into()),
                ("MatchingEventTypes", types()),
                ("EventBridgeDestination", map([("EventBusArn", bus)])),
            ]),
        )
        .comment("What was not delivered arrives on the account's default event bus.")
        .done();
    let sender: Expr = join!["no-reply@", domain.clone()];
    let arn = kit::arn("ses", join!["identity/", domain]);
    let set_arn =
        kit::arn("ses", join!["configuration-set/", set.by_ref("configuration_set_name")]);
    let facet = Facet::default()
        .handle("identity", &identity)
        .handle("configuration_set", &set)
        .value("arn", arn.clone())
        .value("sender", sender.clone())
        .reference("SENDER", sender)
        .reference("CONFIGURATION_SET", set.by_ref("configuration_set_name"))
        .grant(
            &[Intent::Publishes, Intent::Writes, Intent::Streams, Intent::Invokes],
            &["ses:SendEmail", "ses:SendRawEmail"],
            vec![arn, set_arn],
        );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Email) {
    bill.unpriced(it, "Mails", spec.messages_per_month, "ses mail-1000");
}
