//! How it is watched: alarms, traces, the audit trail, detection.

use super::{Ctx, Draft, sizing};
use crate::engine::graph::specs::*;
use crate::engine::graph::{Kind, Reason, Tier};
use crate::engine::requirements::Intent;

/// A part that watches, sized for what there is to see.
pub(super) fn spec(kind: Kind, ctx: &Ctx) -> Spec {
    let profile = ctx.profile;
    match kind {
        Kind::LogStore => LogStore {
            gb_per_month: (profile.requests_per_month * sizing::LOG_KB_PER_REQUEST / 1e6).max(0.5),
            retention_days: profile.log_days,
        }
        .into(),
        Kind::Tracing => {
            let sampling_percent = 5.0;
            Tracing {
                traces_per_month: profile.requests_per_month * sampling_percent / 100.0,
                sampling_percent,
            }
            .into()
        }
        Kind::AuditTrail => AuditTrail {
            data_events: profile.strict && ctx.tier == Tier::Best && ctx.economy < 1,
            events_per_month: (profile.requests_per_month * 0.05).max(100_000.0),
            retention_days: profile.audit_days,
        }
        .into(),
        Kind::ThreatDetection => ThreatDetection {
            events_per_month: (profile.requests_per_month * 0.05).max(100_000.0),
            log_gb_per_month: (profile.egress_gb * 0.05).max(1.0),
        }
        .into(),
        Kind::DataDiscovery => DataDiscovery {
            buckets: 1,
            // Samples, not everything, every month.
            gb_scanned_per_month: (profile.files_gb * 0.1).clamp(1.0, 1000.0),
        }
        .into(),
        _ => Spec::default_of(kind),
    }
}

/// Ten alarms are free; each part that can fail has two.
fn alarms(draft: &Draft) -> u32 {
    let parts = draft
        .graph
        .components
        .iter()
        .filter(|it| super::services::shapes_the_design(it.spec.kind()))
        .count() as u32;
    let each = if draft.ctx.tier == Tier::Best { 3 } else { 2 };
    (parts * each).clamp(1, if draft.ctx.tier == Tier::Good { 10 } else { 100 })
}

/// Adds what watches the system.
pub(super) fn place(draft: &mut Draft) {
    let ctx = draft.ctx;
    let alarms = alarms(draft);
    let completes = ctx.profile.completes();
    let strict = ctx.profile.strict;
    draft.ensure(
        "monitoring",
        "Metrics and alarms",
        Monitoring {
            alarms,
            dashboard: ctx.tier > Tier::Good || completes,
            alarm_email: ctx.tier > Tier::Good || completes,
            ..Monitoring::default()
        },
        Reason::rule("Somebody hears of it when a part fails or fills up."),
    );
    let audited = strict || (completes && ctx.tier >= Tier::Better) || ctx.tier == Tier::Best;
    if audited && ctx.economy < 3 || strict {
        draft.ensure(
            "audit",
            "Audit trail",
            spec(Kind::AuditTrail, &ctx),
            Reason::rule(if strict {
                "Rules for such data ask who did what and when, kept safe from change."
            } else {
                "Who changed what in the account can be looked up."
            }),
        );
    }
    if draft.has(Kind::Tracing) {
        trace(draft);
    } else if ctx.tier == Tier::Best && ctx.economy < 1 && draft.has_any(TRACED) {
        draft.ensure(
            "tracing",
            "Tracing",
            spec(Kind::Tracing, &ctx),
            Reason::rule("Slow requests can be followed through all parts."),
        );
        trace(draft);
    }
    let asked_for = strict && ctx.tier >= Tier::Better && ctx.economy < 1;
    if !ctx.fortified() && !asked_for {
        return;
    }
    let detection = [
        (
            Kind::ThreatDetection,
            "threats",
            "Threat detection",
            "Notices stolen credentials and odd traffic.",
        ),
        (
            Kind::ConfigRecorder,
            "configuration",
            "Configuration history",
            "Records each change of configuration and checks it against rules.",
        ),
        (
            Kind::SecurityPosture,
            "posture",
            "Security posture",
            "Collects findings and checks the account against a benchmark.",
        ),
    ];
    for (kind, id, title, why) in detection {
        // The middle option of a regulated system detects; the best also proves.
        if (kind == Kind::ThreatDetection || ctx.fortified()) && ctx.profile.allows(kind) {
            draft.ensure(id, title, spec(kind, &ctx), Reason::rule(why));
        }
    }
    if !ctx.fortified() {
        return;
    }
    let images =
        draft.has_any(&[Kind::ImageRegistry, Kind::VirtualMachines, Kind::ContainerService]);
    if images && ctx.profile.allows(Kind::VulnerabilityScan) {
        draft.ensure(
            "scanner",
            "Vulnerability scanning",
            spec(Kind::VulnerabilityScan, &ctx),
            Reason::rule(
                "Known weaknesses in images and machines are found before others find them.",
            ),
        );
    }
    let files = super::data::holds_personal_files(ctx.needs) && draft.has(Kind::ObjectStore);
    if files && completes && ctx.profile.allows(Kind::DataDiscovery) {
        draft.ensure(
            "discovery",
            "Sensitive data discovery",
            spec(Kind::DataDiscovery, &ctx),
            Reason::rule("Personal data that ended up in files is found."),
        );
    }
}

/// What can send traces with a library of its own.
const TRACED: &[Kind] = &[
    Kind::Function,
    Kind::ContainerService,
    Kind::KubernetesCluster,
    Kind::VirtualMachines,
    Kind::WebService,
    Kind::AppPlatform,
];

fn trace(draft: &mut Draft) {
    for tracing in draft.ids(&[Kind::Tracing]) {
        for part in draft.ids(TRACED) {
            super::connect::link(draft, &part, Intent::Publishes, &tracing, "Sends its traces.");
        }
    }
}
