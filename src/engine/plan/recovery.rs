//! How it comes back: backups, copies, second regions.

use super::{Ctx, Decision, Draft};
use crate::engine::graph::specs::*;
use crate::engine::graph::{Kind, NodeId, Reason, Tier};
use crate::engine::requirements::Intent;

/// What a backup plan covers.
const KEPT: &[Kind] = &[
    Kind::RelationalDatabase,
    Kind::KeyValueStore,
    Kind::DocumentDatabase,
    Kind::GraphDatabase,
    Kind::FileSystem,
    Kind::FileServer,
    Kind::TimeSeriesStore,
];

pub(super) fn spec(ctx: &Ctx, storage_gb: f64) -> BackupPlan {
    let strict = ctx.profile.strict;
    BackupPlan {
        daily_retention_days: if strict || ctx.tier > Tier::Good { 35 } else { 7 },
        monthly_retention_days: if ctx.tier == Tier::Best && strict { 365 } else { 0 },
        storage_gb,
        copy_to_region: ctx.profile.recovery_region.is_some()
            && (ctx.fortified() || ctx.multi_region()),
        locked: ctx.fortified() && strict,
    }
}

/// Adds the backup plan and says where recovery goes.
pub(super) fn place(draft: &mut Draft) {
    let ctx = draft.ctx;
    let mut kept: Vec<NodeId> = draft.ids(KEPT);
    // Machines of a scaling group are replaced, not restored.
    if !draft.has(Kind::MachineScaling) {
        kept.extend(draft.ids(&[Kind::VirtualMachines]));
    }
    let wanted = ctx.profile.completes() || (ctx.tier > Tier::Good && ctx.economy < 2);
    if !kept.is_empty() && wanted && ctx.profile.allows(Kind::BackupPlan) {
        let storage_gb = draft
            .graph
            .components
            .iter()
            .filter(|it| kept.contains(&it.id))
            .map(|it| stored_gb(&it.spec))
            .sum::<f64>()
            .max(1.0);
        draft.ensure(
            "backup",
            "Backup",
            spec(&ctx, storage_gb),
            Reason::rule("Copies outside the databases survive mistakes and attackers."),
        );
    }
    for backup in draft.ids(&[Kind::BackupPlan]) {
        let mut all = kept.clone();
        if all.is_empty() {
            all = draft.ids(&[Kind::ObjectStore, Kind::VirtualMachines, Kind::Warehouse]);
        }
        for store in all {
            super::connect::link(draft, &backup, Intent::Reads, &store, "Is copied every day.");
        }
    }
    let copies = draft.graph.components.iter().any(|it| match &it.spec {
        Spec::BackupPlan(it) => it.copy_to_region,
        Spec::ObjectStore(it) => it.replicate,
        Spec::KeyValueStore(it) => !it.replicas.is_empty(),
        Spec::RelationalDatabase(it) => it.global,
        Spec::EncryptionKey(it) => it.multi_region,
        _ => false,
    });
    if copies || ctx.multi_region() {
        draft.graph.recovery_region = ctx.profile.recovery_region.clone();
    }
    explain(draft);
}

fn stored_gb(spec: &Spec) -> f64 {
    match spec {
        Spec::RelationalDatabase(it) => it.storage_gb,
        Spec::KeyValueStore(it) => it.storage_gb,
        Spec::DocumentDatabase(it) => it.storage_gb,
        Spec::GraphDatabase(it) => it.storage_gb,
        Spec::FileSystem(it) => it.storage_gb,
        Spec::FileServer(it) => it.storage_gb,
        Spec::TimeSeriesStore(it) => it.storage_gb,
        Spec::VirtualMachines(it) => f64::from(it.disk_gb) * f64::from(it.count),
        _ => 0.0,
    }
}

fn explain(draft: &mut Draft) {
    let ctx = draft.ctx;
    let stores = draft.ids(KEPT);
    if stores.is_empty() {
        return;
    }
    const ZONAL: &[Kind] =
        &[Kind::RelationalDatabase, Kind::DocumentDatabase, Kind::GraphDatabase, Kind::FileServer];
    let zonal = draft.has_any(ZONAL);
    let decision = if let Some(region) = draft.graph.recovery_region.clone() {
        let because = if ctx.multi_region() {
            "The goals ask for more than one region can promise."
        } else {
            "A region that is lost can be rebuilt from copies elsewhere."
        };
        Decision::new("recovery", format!("Copies in {region}"), because)
            .instead_of("One region", "recovers only when the region comes back")
            .so("Storage and transfer of the copies are paid for.")
    } else if !zonal {
        Decision::new(
            "recovery",
            "Several zones by design",
            "The stores spread over zones themselves and go back to any second of the last days.",
        )
        .so("Nothing has to be restored when a zone fails.")
    } else if ctx.standby() {
        Decision::new(
            "recovery",
            "Two zones, one region",
            if ctx.profile.standby_needed {
                "The availability or recovery goal does not allow to restore by hand."
            } else {
                "A zone that fails is taken over within minutes."
            },
        )
        .instead_of("One zone", "restoring takes hours and promises 99.5 % only")
        .instead_of("Two regions", "doubles most of the cost for a goal that nobody set")
        .so("Databases cost about twice as much as a single one.")
    } else {
        Decision::new(
            "recovery",
            "One zone, restored from backups",
            "No goal asks for more, and a standby doubles what a database costs.",
        )
        .instead_of("A standby in a second zone", "is in the better option")
        .so("Losing a zone takes hours to mend; up to five minutes of data may be lost.")
    };
    draft.decide(decision.on(stores));
}
