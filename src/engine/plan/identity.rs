//! Who may do what: sign-in, keys, secrets.

use super::profile::{Scope, described};
use super::{Ctx, Decision, Draft};
use crate::engine::graph::pairs::{COMPUTE, STORES};
use crate::engine::graph::specs::*;
use crate::engine::graph::{Kind, Reason};
use crate::engine::requirements::{DataClass, Intent, WorkloadKind as W};

/// A part that is about identity, sized for its users.
pub(super) fn spec(kind: Kind, ctx: &Ctx) -> Spec {
    let profile = ctx.profile;
    match kind {
        Kind::UserDirectory => UserDirectory {
            monthly_active_users: profile.monthly_users,
            mfa_required: profile.strict,
            threat_protection: ctx.fortified(),
            ..UserDirectory::default()
        }
        .into(),
        Kind::EncryptionKey => EncryptionKey {
            // Data keys are cached: one request to the service in a hundred.
            requests_per_month: (profile.requests_per_month * 0.01).max(10_000.0),
            multi_region: ctx.multi_region(),
        }
        .into(),
        Kind::Secret => {
            Secret { rotation_days: ctx.hardened().then_some(30), ..Secret::default() }.into()
        }
        Kind::PolicyStore => PolicyStore { requests_per_month: profile.requests_per_month }.into(),
        _ => Spec::default_of(kind),
    }
}

/// Users from which a directory that is paid by the user is too dear to be a
/// default: 200,000 are about 1,000 dollars a month.
const OWN_SIGN_IN: f64 = 200_000.0;

/// What people use who have to be told apart.
const WITH_PEOPLE: &[W] =
    &[W::WebApp, W::MobileBackend, W::Ecommerce, W::RestApi, W::GraphqlApi, W::Realtime, W::GenAi];

/// Sign-in, keys and secrets that nobody named.
pub(super) fn place(draft: &mut Draft) {
    let ctx = draft.ctx;
    sign_in(draft);
    // A load balancer asks who somebody is only over an encrypted way.
    if draft.has(Kind::UserDirectory)
        && draft.has(Kind::LoadBalancer)
        && !draft.has_any(&[Kind::HttpApi, Kind::Cdn])
        && ctx.profile.completes()
    {
        for (kind, id, title) in
            [(Kind::DnsZone, "dns", "Domain"), (Kind::Certificate, "certificate", "Certificate")]
        {
            let why = "People sign in at the load balancer, by its name and encrypted.";
            draft.ensure(id, title, super::edge::spec(kind, &ctx, 1), Reason::rule(why));
        }
    }
    let stores = draft.has_any(STORES) || draft.has_any(&[Kind::Queue, Kind::Topic, Kind::Stream]);
    if stores
        && ctx.hardened()
        && (ctx.profile.strict || ctx.profile.completes() || ctx.economy < 1)
    {
        draft.ensure(
            "key",
            "Encryption key",
            spec(Kind::EncryptionKey, &ctx),
            Reason::rule(if ctx.profile.strict {
                "Regulated data is encrypted with a key of one's own, whose use is recorded."
            } else {
                "A key of one's own can be rotated, restricted and revoked."
            }),
        );
    }
    if ctx.profile.completes() && draft.has_any(COMPUTE) {
        let secret = draft.ensure(
            "secrets",
            "Secrets",
            spec(Kind::Secret, &ctx),
            Reason::rule("Passwords and tokens of the application are kept out of its code."),
        );
        if let Some(secret) = secret {
            for part in draft.roles.keys().cloned().collect::<Vec<_>>() {
                let why = "Reads its passwords and tokens when it starts.";
                super::connect::link(draft, &part, Intent::Reads, &secret, why);
            }
        }
    }
}

fn sign_in(draft: &mut Draft) {
    let ctx = draft.ctx;
    if draft.has(Kind::UserDirectory) {
        return;
    }
    let needs = ctx.needs;
    let asked = described(needs, &[W::UserSignIn]);
    let people = described(needs, WITH_PEOPLE);
    let load = &needs.load;
    let counted = load
        .users
        .or(load.monthly_active_users)
        .or(load.daily_active_users)
        .or(load.concurrent_users)
        .is_some();
    let known = counted || ctx.profile.strict || needs.data.contains(&DataClass::Personal);
    let reason = match (asked, people) {
        (Some(asked), _) if ctx.profile.completes() => Reason::words("Users sign in.", asked.span),
        (None, Some(_)) if ctx.profile.monthly_users > OWN_SIGN_IN && !ctx.profile.strict => {
            let decision = Decision::new(
                "sign-in",
                "By the application itself",
                "A directory that is paid by the user would cost more than the rest.",
            )
            .instead_of("User directory of the cloud", "is paid by the user and month");
            draft.decide(decision.so("The application keeps passwords, safely hashed."));
            return;
        }
        (None, Some(people)) if known && ctx.profile.scope == Scope::Described => {
            Reason::words("Its users have to be told apart.", people.span)
        }
        _ => return,
    };
    draft.add("users", "User sign-in", spec(Kind::UserDirectory, &ctx), reason);
}
