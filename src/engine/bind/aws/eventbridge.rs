//! Amazon EventBridge: event buses.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, join};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, EventBus};
use crate::engine::requirements::Intent;

binding! {
    EventBus {
        service: "eventbridge",
        title: "Amazon EventBridge",
        docs: "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-what-is.html",
        sla: Some(Sla {
            availability: 0.9999,
            single: 0.9999,
            source: "https://aws.amazon.com/eventbridge/sla/",
        }),
        limits: &[
            Limit {
                what: "Size of an event",
                value: "256 KB",
                source: "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html",
            },
            Limit {
                what: "Targets of a rule",
                value: "5",
                source: "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html",
            },
        ],
        latency_ms: Some((100.0, 500.0)),
    }
}

/// Days that the default bus keeps events for replay when nothing is said.
const DEFAULT_ARCHIVE_DAYS: u32 = 7;

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &EventBus) {
    let name = stack.name(it);
    let dead = kit::dead_letters(stack, it, "dead");
    let rules: Expr = kit::arn("events", join!["rule/*"]);
    kit::queue_policy(
        stack,
        it,
        "dead_tls",
        &dead,
        "events.amazonaws.com",
        ("ArnLike", "aws:SourceArn", rules),
    );
    let (bus_name, arn, bus) = if spec.default_bus {
        (Expr::from("default"), kit::arn("events", join!["event-bus/default"]), None)
    } else {
        let bus = stack
            .add(it, "", "aws_cloudwatch_event_bus", "AWS::Events::EventBus")
            .set("name", "Name", name.clone())
            .done();
        (bus.by_ref("name"), bus.arn(), Some(bus))
    };
    let archive = match (spec.archive_days, spec.default_bus) {
        (None, true) => Some(DEFAULT_ARCHIVE_DAYS),
        (days, _) => days,
    };
    if let Some(days) = archive {
        // Archive names have 48 characters at most.
        let archive: String = format!("-{}", it.id).chars().take(24).collect();
        stack
            .add(it, "archive", "aws_cloudwatch_event_archive", "AWS::Events::Archive")
            .set(
                "name",
                "ArchiveName",
                join![Expr::Var("name_prefix".to_owned()), archive.trim_end_matches('-')],
            )
            .tf("event_source_arn", arn.clone())
            .cfn("SourceArn", arn.clone())
            .set("retention_days", "RetentionDays", days)
            .comment("Events can be sent again from here after a mistake.")
            .done();
    }
    let mut facet = Facet::default()
        .handle("dead", &dead)
        .value("arn", arn.clone())
        .value("name", bus_name.clone())
        .reference("BUS_NAME", bus_name)
        .grant(
            &[Intent::Publishes, Intent::Writes, Intent::Streams, Intent::Invokes],
            &["events:PutEvents"],
            vec![arn],
        );
    if let Some(bus) = &bus {
        facet = facet.handle("bus", bus);
    }
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &EventBus) {
    bill.add(
        it,
        "Events",
        "eventbridge",
        "custom-event",
        Quantity::usage(spec.events_per_month),
        "events of one's own, counted in chunks of 64 KB",
    );
    if let Some(days) = spec.archive_days {
        // About two kilobytes an event.
        let gb = spec.events_per_month * 2e-6;
        bill.add(
            it,
            "Archiving",
            "eventbridge",
            "archive-gb",
            Quantity::usage(gb),
            "events × 2 KB",
        );
        bill.add(
            it,
            "Archive",
            "eventbridge",
            "archive-gb-month",
            Quantity::usage(gb * f64::from(days) / 30.0),
            format!("events × 2 KB × {days} days"),
        );
    }
}
