//! Amazon Verified Permissions.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, json, list, map};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, PolicyStore};
use crate::engine::requirements::Intent;

binding! {
    PolicyStore {
        service: "verified-permissions",
        title: "Amazon Verified Permissions",
        docs: "https://docs.aws.amazon.com/verifiedpermissions/latest/userguide/what-is-avp.html",
        sla: None,
        limits: &[],
        latency_ms: Some((20.0, 60.0)),
    }
}

/// Owners may do everything with what is theirs, everybody may look at what is public.
const POLICIES: &[(&str, &str, &str)] = &[
    (
        "owners",
        "Owners act on what is theirs",
        "permit (principal, action, resource) when { resource.owner == principal };",
    ),
    (
        "readers",
        "Everybody reads what is public",
        "permit (principal, action == App::Action::\"Read\", resource) when { resource.public };",
    ),
];

fn schema() -> Expr {
    let applies = || {
        map([(
            "appliesTo",
            map([("principalTypes", list!["User"]), ("resourceTypes", list!["Item"])]),
        )])
    };
    let attributes = map([
        ("owner", map([("type", "Entity".into()), ("name", "User".into())])),
        ("public", map([("type", "Boolean".into())])),
    ]);
    map([(
        "App",
        map([
            (
                "entityTypes",
                map([
                    ("User", map([])),
                    (
                        "Item",
                        map([(
                            "shape",
                            map([("type", "Record".into()), ("attributes", attributes)]),
                        )]),
                    ),
                ]),
            ),
            ("actions", map([("Read", applies()), ("Write", applies())])),
        ]),
    )])
}

fn lower(stack: &mut Stack<'_>, it: &Component, _: &PolicyStore) {
    let text = format!("Who may do what in {}", kit::ascii(stack.graph.project.as_str()));
    let draft = stack
        .add(
            it,
            "",
            "aws_verifiedpermissions_policy_store",
            "AWS::VerifiedPermissions::PolicyStore",
        )
        .set("description", "Description", text)
        .cfn("Schema", block([("CedarJson", json(schema()))]));
    let store = kit::nest(draft, "validation_settings", block([("mode", "STRICT".into())])).done();
    let id = store.by_ref("policy_store_id");
    let checked = stack
        .tf_only(it, "schema", "aws_verifiedpermissions_schema")
        .tf("policy_store_id", id.clone())
        .tf("definition", block([("value", json(schema()))]))
        .done();
    for (suffix, text, statement) in POLICIES {
        let draft = stack
            .add(it, suffix, "aws_verifiedpermissions_policy", "AWS::VerifiedPermissions::Policy")
            .set("policy_store_id", "PolicyStoreId", id.clone())
            .after(&checked);
        let fixed = block([("description", (*text).into()), ("statement", (*statement).into())]);
        kit::nest(draft, "definition", block([("static", fixed)])).done();
    }
    let facet = Facet::default()
        .handle("store", &store)
        .value("arn", store.arn())
        .reference("POLICY_STORE_ID", id)
        .grant(
            &[Intent::Invokes, Intent::Reads, Intent::Serves, Intent::Authenticates],
            &["verifiedpermissions:IsAuthorized", "verifiedpermissions:IsAuthorizedWithToken"],
            vec![store.arn()],
        );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &PolicyStore) {
    bill.unpriced(it, "Authorisations", spec.requests_per_month, "verified-permissions request");
}
