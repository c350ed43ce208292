//! Stores that act: databases that call functions, plans that copy stores.

use super::super::kit;
use super::Ends;
use crate::engine::bind::expr::{list, map};
use crate::engine::bind::stack::Stack;
use crate::engine::graph::Spec;
use crate::engine::requirements::Intent;

pub fn wire(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    match (&ends.from.spec, &ends.to.spec, ends.connection.intent) {
        (Spec::RelationalDatabase(_), Spec::Function(_), Intent::Invokes) => {
            database_function(stack, ends)
        }
        _ => None,
    }
}

/// A database whose SQL calls a function: it is given a role that may.
fn database_function(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let function = ends.target.handles.get("function")?;
    let (tf, name, database) =
        match (ends.source.handles.get("cluster"), ends.source.handles.get("database")) {
            (Some(cluster), _) => {
                ("aws_rds_cluster_role_association", "db_cluster_identifier", cluster.by_ref("id"))
            }
            (None, Some(instance)) => (
                "aws_db_instance_role_association",
                "db_instance_identifier",
                instance.by_ref("identifier"),
            ),
            (None, None) => return None,
        };
    let handle = ends.source.handles.get("cluster").or(ends.source.handles.get("database"))?;
    let suffix = ends.suffix();
    let role = kit::role(stack, ends.from, &format!("{suffix}_role"), "rds.amazonaws.com", &[]);
    let statement = kit::allow(&["lambda:InvokeFunction"], vec![function.arn()]);
    kit::role_policy(stack, ends.from, &format!("{suffix}_policy"), &role, &[statement]);
    stack
        .tf_only(ends.from, &suffix, tf)
        .tf(name, database)
        .tf("feature_name", "Lambda")
        .tf("role_arn", role.arn())
        .done();
    let grant = map([("FeatureName", "Lambda".into()), ("RoleArn", role.arn())]);
    stack.edit(handle)?.cfn("AssociatedRoles", list![grant]).done();
    if let Some(group) = ends
        .source
        .values
        .get("group")
        .cloned()
        .or_else(|| ends.source.listener.as_ref().map(|it| it.group.clone()))
    {
        kit::egress(
            stack,
            ends.from,
            &format!("{suffix}_out"),
            &group,
            Some((443, 443)),
            kit::Peer::Cidr("0.0.0.0/0".into()),
            "Calls of Lambda functions",
        );
    }
    Some(())
}
