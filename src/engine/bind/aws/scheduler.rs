//! Amazon EventBridge Scheduler.
//!
//! A schedule has exactly one target, so the group is made here and one schedule
//! per connection when it is wired.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, Schedule};

binding! {
    Schedule {
        service: "eventbridge-scheduler",
        title: "Amazon EventBridge Scheduler",
        docs: "https://docs.aws.amazon.com/scheduler/latest/UserGuide/what-is-scheduler.html",
        sla: Some(Sla {
            availability: 0.9999,
            single: 0.9999,
            source: "https://aws.amazon.com/eventbridge/sla/",
        }),
        limits: &[Limit {
            what: "Precision of an invocation",
            value: "60 seconds",
            source: "https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html",
        }],
        latency_ms: None,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _: &Schedule) {
    let name = stack.name(it);
    let group = stack
        .add(it, "", "aws_scheduler_schedule_group", "AWS::Scheduler::ScheduleGroup")
        .set("name", "Name", name)
        .done();
    let dead = kit::dead_letters(stack, it, "dead");
    let role = kit::role(stack, it, "role", "scheduler.amazonaws.com", &[]);
    stack.allow(&it.id, kit::allow(&["sqs:SendMessage"], vec![dead.arn()]));
    if let Some(statement) = kit::key_statement(stack) {
        stack.allow(&it.id, statement);
    }
    let facet = Facet::default()
        .handle("group", &group)
        .handle("dead", &dead)
        .handle("role", &role)
        .principal(&role, None, false);
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Schedule) {
    // The first 14 million invocations of a month are free.
    let beyond = Quantity::usage(spec.invocations_per_month).beyond(14_000_000.0);
    if beyond.high > 0.0 {
        bill.unpriced(it, "Invocations", beyond.expected, "scheduler invocation");
    } else {
        bill.add(
            it,
            "Invocations",
            "eventbridge",
            "schedule-rule",
            Quantity::usage(spec.invocations_per_month),
            "invocations, of which 14 million a month are free",
        );
    }
}
