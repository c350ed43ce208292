//! Where requests come in: ways in, names, certificates, firewalls.

use super::profile::{Scope, described};
use super::special::domain;
use super::{Ctx, Decision, Draft, sizing};
use crate::engine::diag::{Diagnostic, Severity};
use crate::engine::graph::specs::*;
use crate::engine::graph::{Kind, NodeId, Reason, Tier};
use crate::engine::requirements::WorkloadKind as W;

/// A part of the edge, sized for a share of the requests.
pub(super) fn spec(kind: Kind, ctx: &Ctx, parts: u32) -> Spec {
    let profile = ctx.profile;
    let share = f64::from(parts.max(1));
    let requests = profile.requests_per_month / share;
    let peak = profile.peak_rps / share;
    let gb = (profile.egress_gb / share).max(0.1);
    // Twice the peak passes, so that limits stop floods and not customers.
    let limit = (peak * 2.0).ceil().clamp(100.0, 10_000.0) as u32;
    match kind {
        Kind::LoadBalancer => LoadBalancer {
            internal: profile.private_entry,
            requests_per_second: profile.average_rps / share,
            gb_per_month: gb,
            ..LoadBalancer::default()
        }
        .into(),
        Kind::HttpApi => HttpApi {
            requests_per_month: requests,
            request_kb: profile.item_kb.max(1.0),
            rate_limit: limit,
            burst_limit: limit.saturating_mul(2).min(5000).max(limit.min(5000)),
            private: profile.private_entry,
            protocol: if guarded_api(ctx) { ApiProtocol::Rest } else { ApiProtocol::Http },
            ..HttpApi::default()
        }
        .into(),
        Kind::GraphqlApi => {
            GraphqlApi { requests_per_month: requests, ..GraphqlApi::default() }.into()
        }
        Kind::Cdn => Cdn {
            gb_per_month: gb,
            requests_per_month: requests * 2.0,
            all_locations: ctx.multi_region(),
            single_page: false,
        }
        .into(),
        Kind::DnsZone => DnsZone {
            domain: domain(ctx),
            queries_per_month: (requests * 0.1).max(10_000.0),
            private: profile.private_entry,
            health_checks: if ctx.multi_region() { 2 } else { 0 },
        }
        .into(),
        Kind::Certificate => Certificate { domain: domain(ctx) }.into(),
        Kind::WebFirewall => WebFirewall {
            scope: FirewallScope::Regional,
            rules: if ctx.tier == Tier::Best { 6 } else { 4 },
            requests_per_month: requests,
            ..WebFirewall::default()
        }
        .into(),
        Kind::GlobalAccelerator => GlobalAccelerator { gb_per_month: gb }.into(),
        Kind::WebHosting => WebHosting { gb_served_per_month: gb, ..WebHosting::default() }.into(),
        _ => Spec::default_of(kind),
    }
}

/// Only REST APIs carry a firewall, and only they can be private.
fn guarded_api(ctx: &Ctx) -> bool {
    ctx.profile.private_entry || ctx.profile.completes() && (ctx.profile.strict || ctx.fortified())
}

/// The way in to what answers, by what answers.
pub(super) fn way_in(draft: &mut Draft, backend: Kind, reason: Reason) -> Option<NodeId> {
    let ctx = draft.ctx;
    match backend {
        Kind::Function => {
            let known = draft.ids(&[Kind::HttpApi, Kind::GraphqlApi, Kind::LoadBalancer]);
            if let Some(known) = known.first() {
                return Some(known.clone());
            }
            if guarded_api(&ctx) {
                draft.decide(
                    Decision::new(
                        "api",
                        "REST API",
                        "A firewall, request validation and usage limits can stand before it.",
                    )
                    .instead_of("HTTP API", "costs a third but cannot carry a firewall")
                    .so("Each million requests costs 3.50 instead of 1.00 dollars."),
                );
            }
            let api = spec(Kind::HttpApi, &ctx, 1);
            draft.add("api", "API", api, reason)
        }
        Kind::ContainerService | Kind::KubernetesCluster | Kind::VirtualMachines => {
            let balancer = spec(Kind::LoadBalancer, &ctx, 1);
            draft.ensure("balancer", "Load balancer", balancer, reason)
        }
        _ => None,
    }
}

/// People outside reach the system with a browser or an app.
fn is_public(draft: &Draft) -> bool {
    if draft.ctx.profile.private_entry {
        return false;
    }
    draft.has_any(&[
        Kind::Cdn,
        Kind::LoadBalancer,
        Kind::HttpApi,
        Kind::GraphqlApi,
        Kind::WebService,
    ])
}

/// Completes the edge of a public system.
pub(super) fn place(draft: &mut Draft) {
    let ctx = draft.ctx;
    firewall_scope(draft);
    if !is_public(draft) {
        return;
    }
    let web =
        described(ctx.needs, &[W::WebApp, W::StaticSite, W::Ecommerce, W::Cms, W::Dashboards]);
    let scope = ctx.profile.scope;
    if scope == Scope::Described
        && let Some(web) = web
        && (web.kind != W::Dashboards)
        && draft.has_any(&[Kind::LoadBalancer, Kind::HttpApi])
        && ctx.profile.allows(Kind::Cdn)
    {
        draft.ensure(
            "cdn",
            "Content delivery",
            spec(Kind::Cdn, &ctx, 1),
            Reason::words(
                "People use it over the web: pages and files come from near them.",
                web.span,
            ),
        );
    }
    let named_domain = ctx.needs.network.domain.is_some() || ctx.policy.domain.is_some();
    // A GraphQL API has a name and a certificate of its own.
    let ways = draft.has_any(&[Kind::Cdn, Kind::LoadBalancer, Kind::HttpApi]);
    if ways && (scope == Scope::Described || named_domain && scope == Scope::Specified) {
        draft.ensure(
            "dns",
            "Domain",
            spec(Kind::DnsZone, &ctx, 1),
            Reason::rule("People reach a public system by its name."),
        );
        draft.ensure(
            "certificate",
            "Certificate",
            spec(Kind::Certificate, &ctx, 1),
            Reason::rule("Everything on the way is encrypted."),
        );
        if !named_domain {
            draft.diagnostics.push(
                Diagnostic::new(
                    "domain-assumed",
                    Severity::Note,
                    "No domain is given, so the design says example.com.",
                )
                .help("Name the domain; the code takes it as a variable."),
            );
        }
    }
    let guardable = draft.has_any(&[Kind::Cdn, Kind::GraphqlApi])
        || draft.graph.components.iter().any(|it| match &it.spec {
            Spec::HttpApi(api) => api.protocol == ApiProtocol::Rest && !api.private,
            Spec::LoadBalancer(it) => it.layer == Layer::Http && !it.internal,
            _ => false,
        });
    let regulated = ctx.profile.strict && ctx.profile.completes();
    // Where people sign in over the web, attackers try to as well.
    let signs_in = draft.has(Kind::UserDirectory)
        && draft.has(Kind::Cdn)
        && draft.has_any(&[Kind::HttpApi, Kind::LoadBalancer])
        && ctx.economy < 1;
    let wanted = regulated || signs_in || (ctx.tier >= Tier::Better && ctx.economy < 3);
    if guardable && wanted && ctx.profile.allows(Kind::WebFirewall) {
        draft.ensure(
            "firewall",
            "Web firewall",
            spec(Kind::WebFirewall, &ctx, 1),
            Reason::rule(if regulated {
                "Sensitive data behind a public address needs a filter before it."
            } else {
                "Common attacks are filtered before they reach the application."
            }),
        );
    }
    firewall_scope(draft);
}

/// A firewall before a distribution is global, any other is regional.
fn firewall_scope(draft: &mut Draft) {
    let global = draft.has(Kind::Cdn);
    for component in &mut draft.graph.components {
        if let Spec::WebFirewall(it) = &mut component.spec {
            it.scope = if global { FirewallScope::Global } else { FirewallScope::Regional };
        }
    }
}

/// Minutes of open connections: a tenth of the users for an hour a day.
pub(super) fn connection_minutes(ctx: &Ctx) -> f64 {
    let open = ctx
        .needs
        .load
        .concurrent_users
        .filter(|it| it.is_finite() && *it > 0.0)
        .unwrap_or(ctx.profile.monthly_users * sizing::DAILY_SHARE * 0.1);
    open.min(1e9) * sizing::HOURS_PER_MONTH * 60.0 * 0.2
}
