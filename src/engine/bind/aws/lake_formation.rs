//! AWS Lake Formation: who may read which tables of the lake.

use super::wire::Ends;
use super::{house, kit};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, LakePermissions, Spec};

binding! {
    LakePermissions {
        service: "lake-formation",
        title: "AWS Lake Formation",
        docs: "https://docs.aws.amazon.com/lake-formation/latest/dg/what-is-lake-formation.html",
        sla: None,
        limits: &[],
        latency_ms: None,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _: &LakePermissions) {
    let admin = kit::text_input(
        stack,
        "lake_admin_arn",
        "ARN of the IAM role or user that deploys this and administers the lake.",
        None,
    );
    let settings = stack
        .add(
            it,
            "settings",
            "aws_lakeformation_data_lake_settings",
            "AWS::LakeFormation::DataLakeSettings",
        )
        .tf("admins", list![admin.clone()])
        .cfn("Admins", list![map([("DataLakePrincipalIdentifier", admin)])])
        .done();
    let name = stack.name(it);
    let lake = stack
        .add(it, "", "aws_glue_catalog_database", "AWS::Glue::Database")
        .tf("name", name.clone())
        .cfn("CatalogId", Expr::AccountId)
        .cfn("DatabaseInput", block([("Name", name)]))
        .after(&settings)
        .done();
    let role = kit::role(stack, it, "role", "lakeformation.amazonaws.com", &[]);
    let facet = Facet::default()
        .handle("settings", &settings)
        .handle("database", &lake)
        .handle("role", &role)
        .value("database", lake.by_ref("name"));
    stack.facet(it, facet);
}

/// Puts a location or a reader under the lake's permissions.
pub fn govern(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let lake = ends.source.values.get("database")?.clone();
    match &ends.to.spec {
        Spec::ObjectStore(_) => location(stack, ends),
        Spec::EtlJob(_) => {
            let role = ends.target.handles.get("role")?.arn();
            let own = ends.target.values.get("database")?.clone();
            let suffix = ends.suffix();
            on_database(stack, ends, &format!("{suffix}_own"), &role, own);
            on_database(stack, ends, &suffix, &role, lake);
            Some(())
        }
        Spec::Warehouse(_) => {
            let role = ends.target.values.get("role_arn")?.clone();
            on_tables(stack, ends, &ends.suffix(), &role, lake);
            Some(())
        }
        // Queries run with the rights of who asks them.
        Spec::QueryService(_) => {
            let graph = stack.graph;
            let callers: Vec<_> = graph
                .connections
                .iter()
                .filter(|connection| connection.to == ends.to.id)
                .filter_map(|connection| {
                    let role = &stack.facets.get(&connection.from)?.principal.as_ref()?.role;
                    Some((connection.from.snake(), role.arn()))
                })
                .collect();
            let mut done = std::collections::BTreeSet::new();
            for (caller, role) in callers {
                if done.insert(caller.clone()) {
                    on_tables(stack, ends, &format!("to_{caller}"), &role, lake.clone());
                }
            }
            Some(())
        }
        _ => None,
    }
}

fn location(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let bucket = ends.target.handles.get("bucket")?.clone();
    let role = ends.source.handles.get("role")?.clone();
    let settings = ends.source.handles.get("settings")?.clone();
    let mut statements = house::bucket_access(&bucket);
    statements.extend(kit::key_statement(stack));
    let suffix = ends.suffix();
    let policy =
        kit::role_policy(stack, ends.from, &format!("{suffix}_access"), &role, &statements);
    stack
        .add(ends.from, &suffix, "aws_lakeformation_resource", "AWS::LakeFormation::Resource")
        .tf("arn", bucket.arn())
        .cfn("ResourceArn", bucket.arn())
        .set("role_arn", "RoleArn", role.arn())
        .cfn("UseServiceLinkedRole", false)
        .after(&policy)
        .after(&settings)
        .done();
    Some(())
}

fn grant(
    stack: &mut Stack<'_>,
    ends: &Ends<'_>,
    suffix: &str,
    role: &Expr,
    actions: &[&str],
    tf: (&str, Expr),
    cfn: Expr,
) {
    let settings = Handle(format!("{}_settings", ends.from.id.snake()));
    stack
        .add(
            ends.from,
            suffix,
            "aws_lakeformation_permissions",
            "AWS::LakeFormation::PrincipalPermissions",
        )
        .tf("principal", role)
        .cfn("Principal", block([("DataLakePrincipalIdentifier", role.clone())]))
        .set("permissions", "Permissions", actions.to_vec())
        .cfn("PermissionsWithGrantOption", list![])
        .tf(tf.0, tf.1)
        .cfn("Resource", cfn)
        .after(&settings)
        .done();
}

/// Jobs make and change tables.
fn on_database(stack: &mut Stack<'_>, ends: &Ends<'_>, suffix: &str, role: &Expr, name: Expr) {
    let cfn =
        block([("Database", block([("CatalogId", Expr::AccountId), ("Name", name.clone())]))]);
    let actions = ["ALTER", "CREATE_TABLE", "DESCRIBE", "DROP"];
    grant(stack, ends, suffix, role, &actions, ("database", block([("name", name)])), cfn);
}

/// Readers see every table of the lake.
fn on_tables(stack: &mut Stack<'_>, ends: &Ends<'_>, suffix: &str, role: &Expr, name: Expr) {
    let tf = block([("database_name", name.clone()), ("wildcard", true.into())]);
    let cfn = block([(
        "Table",
        block([("CatalogId", Expr::AccountId), ("DatabaseName", name), ("TableWildcard", map([]))]),
    )]);
    grant(stack, ends, suffix, role, &["DESCRIBE", "SELECT"], ("table", tf), cfn);
}

fn cost(_: &mut Bill<'_>, _: &Component, _: &LakePermissions) {
    // Permissions are free of charge; what reads the lake is billed by its own service.
}
