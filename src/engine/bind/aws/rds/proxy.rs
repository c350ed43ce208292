//! RDS Proxy: a pool of connections in front of a database.

use super::{Access, Base, Engine};
use crate::engine::bind::aws::kit;
use crate::engine::bind::expr::{Expr, block, list};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::graph::Component;

/// Puts a proxy before a database; answers with where clients go from now on.
pub(super) fn lower(
    stack: &mut Stack<'_>,
    it: &Component,
    engine: &Engine,
    family: &'static str,
    base: &Base,
    access: Access,
    facet: &Facet,
) -> Access {
    let Some(net) = stack.net.clone() else { return access };
    let (Some(group), Some(database)) =
        (kit::security_group(stack, it, "proxy_sg"), base.group.as_ref())
    else {
        return access;
    };
    if let Some(draft) = stack.edit(&group) {
        draft.skip("CKV2_AWS_5", "The proxy carries it; the check knows no proxies").done();
    }
    let group = kit::group_id(&group);
    let database = kit::group_id(database);
    let text = format!("Connections of the pool to {}", it.title);
    let port = Some((engine.port, engine.port));
    kit::egress(stack, it, "proxy_out", &group, port, kit::Peer::Group(database.clone()), &text);
    kit::ingress(stack, it, "proxy_in", &database, port, kit::Peer::Group(group.clone()), &text);
    let role = kit::role(stack, it, "proxy_role", "rds.amazonaws.com", &[]);
    let mut statements =
        vec![kit::allow(&["secretsmanager:GetSecretValue"], vec![access.secret.clone()])];
    statements.extend(kit::key_statement(stack));
    kit::role_policy(stack, it, "proxy_policy", &role, &statements);
    let name = kit::short_name(it, "pool", 60);
    let text = format!("Login of {}", kit::ascii(&it.title));
    let proxy = stack
        .add(it, "proxy", "aws_db_proxy", "AWS::RDS::DBProxy")
        .set("name", "DBProxyName", name)
        .set("engine_family", "EngineFamily", family)
        .set("require_tls", "RequireTLS", true)
        .set("idle_client_timeout", "IdleClientTimeout", 1800)
        .set("role_arn", "RoleArn", role.arn())
        .set("vpc_subnet_ids", "VpcSubnetIds", Expr::List(net.data.clone()))
        .set("vpc_security_group_ids", "VpcSecurityGroupIds", list![group.clone()])
        .tf(
            "auth",
            block([
                ("auth_scheme", "SECRETS".into()),
                ("description", text.as_str().into()),
                ("iam_auth", "DISABLED".into()),
                ("secret_arn", access.secret.clone()),
            ]),
        )
        .cfn(
            "Auth",
            list![block([
                ("AuthScheme", "SECRETS".into()),
                ("Description", text.into()),
                ("IAMAuth", "DISABLED".into()),
                ("SecretArn", access.secret.clone()),
            ])],
        )
        .done();
    stack
        .tf_only(it, "proxy_pool", "aws_db_proxy_default_target_group")
        .tf("db_proxy_name", proxy.by_ref("name"))
        .tf("connection_pool_config", block([("max_connections_percent", 90.into())]))
        .done();
    let cluster = facet.handles.get("cluster");
    let instance = facet.handles.get("database");
    stack
        .tf_only(it, "proxy_target", "aws_db_proxy_target")
        .tf("db_proxy_name", proxy.by_ref("name"))
        .tf("target_group_name", "default")
        .tf_maybe("db_cluster_identifier", cluster.map(|it| it.by_ref("id")))
        .tf_maybe("db_instance_identifier", instance.map(|it| it.by_ref("identifier")))
        .done();
    // A cluster is a target once it has instances; an instance is named itself.
    let members: Vec<String> = stack
        .resources
        .iter()
        .filter(|resource| {
            cluster.is_some()
                && resource.component == it.id
                && resource.cfn.as_ref().is_some_and(|side| side.kind == "AWS::RDS::DBInstance")
        })
        .map(|resource| resource.key.clone())
        .collect();
    let mut targets = stack
        .cfn_only(it, "proxy_targets", "AWS::RDS::DBProxyTargetGroup")
        .cfn("DBProxyName", proxy.by_ref("name"))
        .cfn("TargetGroupName", "default")
        .cfn("ConnectionPoolConfigurationInfo", block([("MaxConnectionsPercent", 90.into())]))
        .cfn_maybe("DBClusterIdentifiers", cluster.map(|it| list![it.by_ref("id")]))
        .cfn_maybe("DBInstanceIdentifiers", instance.map(|it| list![it.by_ref("identifier")]));
    for member in members {
        targets = targets.after(&crate::engine::bind::stack::Handle(member));
    }
    targets.done();
    Access { host: proxy.att("endpoint", "Endpoint"), group: Some(group), ..access }
}
