//! What sets the options apart, and what is given up when money is short.

use super::profile::Profile;
use super::{Ctx, Decision, Draft};
use crate::engine::diag::{Diagnostic, Severity};
use crate::engine::graph::Tier;
use crate::engine::graph::specs::*;

/// Settings of named parts that an option hardens.
pub(super) fn place(draft: &mut Draft) {
    let ctx = draft.ctx;
    let fortified = ctx.fortified();
    for component in &mut draft.graph.components {
        match &mut component.spec {
            Spec::ObjectStore(it) => {
                it.replicate |= ctx.multi_region();
                let kept = matches!(it.purpose, ObjectPurpose::Logs | ObjectPurpose::Archive);
                if kept && fortified && ctx.profile.strict && it.lock_days.is_none() {
                    it.lock_days = Some(ctx.profile.audit_days);
                }
            }
            Spec::KubernetesCluster(it) => it.public_endpoint &= ctx.tier == Tier::Good,
            _ => {}
        }
    }
}

/// Says what the option stands for and what economy took away.
pub(super) fn explain(draft: &mut Draft) {
    let ctx = draft.ctx;
    draft.decide(load(ctx.profile));
    let zones = ctx.zones();
    let decision = match ctx.tier {
        Tier::Good => Decision::new(
            "option",
            "Good: least cost that meets the goals",
            "Nothing runs twice unless a goal asks for it.",
        )
        .so("Restoring after a failure may take hours where no goal is set."),
        Tier::Better => Decision::new(
            "option",
            "Better: the usual choice for production",
            "A zone may fail: databases have a standby and programs at least two copies.",
        )
        .instead_of("Good", "costs less and takes longer to recover")
        .so("Keys of one's own, a firewall, longer backups and alarms to a person."),
        Tier::Best => Decision::new(
            "option",
            "Best: most resilient and best isolated",
            format!("{zones} zones, readers beside the standby, detection and copies elsewhere."),
        )
        .instead_of("Better", "recovers nearly as well for less")
        .so("More to pay and more to look at each day."),
    };
    draft.decide(decision);
    given_up(draft, &ctx);
}

fn load(profile: &Profile) -> Decision {
    use super::profile::number;
    Decision::new(
        "load",
        format!(
            "{} requests a month, {} a second on average, {} at peak",
            number(profile.requests_per_month),
            number(profile.average_rps),
            number(profile.peak_rps)
        ),
        format!("{}.", super::compute::capital(&profile.load_story)),
    )
    .so("All sizes and quantities follow from these numbers.")
}

fn given_up(draft: &mut Draft, ctx: &Ctx) {
    if ctx.economy == 0 {
        return;
    }
    let mut list: Vec<&str> = Vec::new();
    if ctx.tier == Tier::Best {
        list.extend([
            "threat detection and configuration history",
            "private endpoints",
            "warm functions",
        ]);
    }
    list.push("headroom (75 instead of 60 % of a processor busy at peak)");
    if ctx.economy >= 2 {
        if ctx.tier == Tier::Best {
            list.extend(["the third zone", "readers", "a NAT gateway in each zone"]);
        }
        list.push("backups of parts that keep their own");
    }
    if ctx.economy >= 3 {
        if !ctx.profile.standby_needed && ctx.tier > Tier::Good {
            list.push("standbys of databases");
        }
        if !ctx.profile.strict && ctx.tier > Tier::Good {
            list.extend(["keys of one's own", "the web firewall"]);
        }
    }
    draft.diagnostics.push(
        Diagnostic::new(
            "given-up-for-budget",
            Severity::Note,
            format!(
                "To save money the {} option goes without {}.",
                ctx.tier.name(),
                list.join(", ")
            ),
        )
        .help("Raise the budget to get it back."),
    );
}
