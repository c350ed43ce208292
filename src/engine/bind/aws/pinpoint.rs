//! AWS End User Messaging: text messages to customers.

use super::kit;
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, join};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, CustomerMessaging};
use crate::engine::requirements::Intent;

binding! {
    CustomerMessaging {
        service: "pinpoint",
        title: "AWS End User Messaging",
        docs: "https://docs.aws.amazon.com/sms-voice/latest/userguide/what-is-service.html",
        sla: None,
        limits: &[Limit {
            what: "Spending on text messages in a new account",
            value: "1 US dollar a month",
            source: "https://docs.aws.amazon.com/sms-voice/latest/userguide/quotas.html",
        }],
        latency_ms: None,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _: &CustomerMessaging) {
    let name = stack.name(it);
    let set = stack
        .add(it, "", "aws_pinpointsmsvoicev2_configuration_set", "AWS::SMSVOICE::ConfigurationSet")
        .tf("name", name.clone())
        .cfn("ConfigurationSetName", name.clone())
        .tf("default_message_type", "TRANSACTIONAL")
        .done();
    stack
        .add(it, "opted_out", "aws_pinpointsmsvoicev2_opt_out_list", "AWS::SMSVOICE::OptOutList")
        .tf("name", name.clone())
        .cfn("OptOutListName", name)
        .comment("Whoever answers STOP is never written to again.")
        .done();
    let arn: Expr = set.att("arn", "Arn");
    // Messages are sent from a number that the account is given, or a shared one.
    let numbers = kit::arn("sms-voice", join!["phone-number/*"]);
    let senders = kit::arn("sms-voice", join!["sender-id/*"]);
    let facet = Facet::default()
        .handle("configuration_set", &set)
        .value("arn", arn.clone())
        .reference("CONFIGURATION_SET", set.by_ref("name"))
        .grant(
            &[Intent::Publishes, Intent::Writes, Intent::Streams, Intent::Invokes],
            &["sms-voice:SendTextMessage"],
            vec![arn, numbers, senders],
        );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &CustomerMessaging) {
    bill.unpriced(it, "Text messages", spec.sms_per_month, "sms message, by country");
    bill.unpriced(it, "Push notifications", spec.push_per_month, "push notification");
}
