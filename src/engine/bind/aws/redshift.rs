//! Amazon Redshift: a warehouse, serverless or on nodes.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, blocks, join, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Component, Warehouse};
use crate::engine::requirements::Intent;

binding! {
    Warehouse {
        service: "redshift",
        title: "Amazon Redshift",
        docs: "https://docs.aws.amazon.com/redshift/latest/mgmt/welcome.html",
        sla: Some(Sla {
            // Several nodes over several zones; 0.999 in one zone.
            availability: 0.999,
            single: 0.995,
            source: "https://aws.amazon.com/redshift/sla/",
        }),
        limits: &[Limit {
            what: "Nodes of a cluster of the largest type",
            value: "128",
            source: "https://docs.aws.amazon.com/redshift/latest/mgmt/working-with-clusters.html",
        }],
        latency_ms: Some((300.0, 2000.0)),
    }
}

const PORT: u16 = 5439;
const DATABASE: &str = "warehouse";

fn node_type(spec: &Warehouse) -> &str {
    match &spec.node_type {
        Some(named) => named,
        // Managed storage of a node ends at 32 TB; more compute is for more data.
        None if spec.storage_gb > 4000.0 => "ra3.4xlarge",
        None if spec.storage_gb > 500.0 => "ra3.xlplus",
        None => "ra3.large",
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &Warehouse) {
    let group = kit::security_group(stack, it, "");
    let role = kit::role(stack, it, "role", "redshift.amazonaws.com", &[]);
    let mut facet = if spec.serverless {
        serverless(stack, it, spec, group.as_ref(), &role)
    } else {
        cluster(stack, it, spec, group.as_ref(), &role)
    };
    facet = facet
        .reference("PORT", PORT.to_string())
        .reference("NAME", DATABASE)
        .value("role_arn", role.arn())
        // Loads and unloads with this role.
        .principal(&role, None, false)
        .grant(
            ACCESS,
            &[
                "redshift-data:DescribeStatement",
                "redshift-data:GetStatementResult",
                "redshift-data:CancelStatement",
                "redshift-data:ListStatements",
            ],
            // A statement has no ARN: only who started it sees it.
            vec!["*".into()],
        );
    if let Some(group) = &group {
        facet = facet.listener(kit::group_id(group), PORT);
    }
    stack.facet(it, facet);
}

const ACCESS: &[Intent] = &[Intent::Reads, Intent::Writes, Intent::Streams, Intent::Invokes];

fn serverless(
    stack: &mut Stack<'_>,
    it: &Component,
    spec: &Warehouse,
    group: Option<&Handle>,
    role: &Handle,
) -> Facet {
    let name = stack.name(it);
    let key = stack.key_arn.clone();
    const LOGS: [&str; 3] = ["userlog", "connectionlog", "useractivitylog"];
    let namespace = stack
        .add(it, "", "aws_redshiftserverless_namespace", "AWS::RedshiftServerless::Namespace")
        .set("namespace_name", "NamespaceName", name.clone())
        .set("db_name", "DbName", DATABASE)
        .set("admin_username", "AdminUsername", "dbadmin")
        .set("manage_admin_password", "ManageAdminPassword", true)
        .maybe("kms_key_id", "KmsKeyId", key.clone())
        .maybe("admin_password_secret_kms_key_id", "AdminPasswordSecretKmsKeyId", key)
        .tf("iam_roles", list![role.arn()])
        .cfn("IamRoles", list![role.arn()])
        .tf("log_exports", LOGS.to_vec())
        .cfn("LogExports", LOGS.to_vec())
        .retain()
        .done();
    // Three zones are asked for: with two, private subnets make up the number.
    let subnets = stack.net.as_ref().map(|net| {
        let mut subnets = net.data.clone();
        if subnets.len() < 3 {
            subnets.extend(net.private.iter().cloned());
        }
        Expr::List(subnets)
    });
    let settings = [("require_ssl", "true"), ("enable_user_activity_logging", "true")];
    let tf = settings.iter().map(|(key, value)| {
        map([("parameter_key", (*key).into()), ("parameter_value", (*value).into())])
    });
    let cfn = settings.iter().map(|(key, value)| {
        map([("ParameterKey", (*key).into()), ("ParameterValue", (*value).into())])
    });
    let capacity = spec.capacity_units.max(8).next_multiple_of(8).min(512);
    let workgroup = stack
        .add(
            it,
            "workgroup",
            "aws_redshiftserverless_workgroup",
            "AWS::RedshiftServerless::Workgroup",
        )
        .set("workgroup_name", "WorkgroupName", name)
        .tf("namespace_name", namespace.by_ref("namespace_name"))
        .cfn("NamespaceName", namespace.by_ref("namespace_name"))
        .set("base_capacity", "BaseCapacity", capacity)
        .set("enhanced_vpc_routing", "EnhancedVpcRouting", true)
        .set("publicly_accessible", "PubliclyAccessible", false)
        .maybe("subnet_ids", "SubnetIds", subnets)
        .maybe(
            "security_group_ids",
            "SecurityGroupIds",
            group.map(|group| list![kit::group_id(group)]),
        )
        .tf("config_parameter", blocks(tf.collect()))
        .cfn("ConfigParameters", Expr::List(cfn.collect()))
        .done();
    let arn = workgroup.att("arn", "Workgroup.WorkgroupArn");
    Facet::default()
        .handle("namespace", &namespace)
        .handle("workgroup", &workgroup)
        .value("arn", namespace.att("arn", "Namespace.NamespaceArn"))
        .value("workgroup_arn", arn.clone())
        .value("database", DATABASE)
        .reference("HOST", workgroup.att("endpoint[0].address", "Workgroup.Endpoint.Address"))
        .reference("WORKGROUP", workgroup.by_ref("workgroup_name"))
        .grant(
            ACCESS,
            &[
                "redshift-serverless:GetCredentials",
                "redshift-data:ExecuteStatement",
                "redshift-data:BatchExecuteStatement",
            ],
            vec![arn],
        )
}

fn cluster(
    stack: &mut Stack<'_>,
    it: &Component,
    spec: &Warehouse,
    group: Option<&Handle>,
    role: &Handle,
) -> Facet {
    let name = stack.name(it);
    let key = stack.key_arn.clone();
    let text = kit::ascii(&it.title);
    let subnets = stack.net.as_ref().map(|net| net.data.clone()).map(|subnets| {
        stack
            .add(it, "subnets", "aws_redshift_subnet_group", "AWS::Redshift::ClusterSubnetGroup")
            .tf("name", name.clone())
            .set("description", "Description", format!("Subnets of {text}"))
            .set("subnet_ids", "SubnetIds", Expr::List(subnets))
            .done()
    });
    let settings = [
        ("require_ssl", "true"),
        ("enable_user_activity_logging", "true"),
        ("use_fips_ssl", "true"),
    ];
    let tf = settings
        .iter()
        .map(|(name, value)| map([("name", (*name).into()), ("value", (*value).into())]));
    let cfn = settings.iter().map(|(name, value)| {
        map([("ParameterName", (*name).into()), ("ParameterValue", (*value).into())])
    });
    let parameters = stack
        .add(
            it,
            "parameters",
            "aws_redshift_parameter_group",
            "AWS::Redshift::ClusterParameterGroup",
        )
        .set("name", "ParameterGroupName", name.clone())
        .set("description", "Description", format!("Settings of {text}"))
        .set("family", "ParameterGroupFamily", "redshift-1.0")
        .tf("parameter", blocks(tf.collect()))
        .cfn("Parameters", Expr::List(cfn.collect()))
        .done();
    let nodes = spec.nodes.max(1);
    let protect = kit::protect(stack);
    let last = stack.name_with(it, "final");
    const LOGS: [&str; 3] = ["connectionlog", "userlog", "useractivitylog"];
    let mut draft = stack
        .add(it, "", "aws_redshift_cluster", "AWS::Redshift::Cluster")
        .set("cluster_identifier", "ClusterIdentifier", name)
        .set("database_name", "DBName", DATABASE)
        .set("master_username", "MasterUsername", "dbadmin")
        .set("manage_master_password", "ManageMasterPassword", true)
        .maybe("master_password_secret_kms_key_id", "MasterPasswordSecretKmsKeyId", key.clone())
        .set("node_type", "NodeType", node_type(spec))
        .set("cluster_type", "ClusterType", if nodes > 1 { "multi-node" } else { "single-node" })
        .set("port", "Port", i64::from(PORT))
        .set("encrypted", "Encrypted", true)
        .maybe("kms_key_id", "KmsKeyId", key.clone())
        .set("enhanced_vpc_routing", "EnhancedVpcRouting", true)
        .set("publicly_accessible", "PubliclyAccessible", false)
        .set("allow_version_upgrade", "AllowVersionUpgrade", true)
        .set("automated_snapshot_retention_period", "AutomatedSnapshotRetentionPeriod", 14)
        .set("preferred_maintenance_window", "PreferredMaintenanceWindow", "sun:03:30-sun:04:30")
        .set("cluster_parameter_group_name", "ClusterParameterGroupName", parameters.by_ref("name"))
        .maybe(
            "cluster_subnet_group_name",
            "ClusterSubnetGroupName",
            subnets.map(|it| it.by_ref("name")),
        )
        .maybe(
            "vpc_security_group_ids",
            "VpcSecurityGroupIds",
            group.map(|group| list![kit::group_id(group)]),
        )
        .set("iam_roles", "IamRoles", list![role.arn()])
        .cfn(
            "LoggingProperties",
            block([
                ("LogDestinationType", "cloudwatch".into()),
                ("LogExports", LOGS.to_vec().into()),
            ]),
        )
        .tf("skip_final_snapshot", !protect)
        .skip("CKV_AWS_71", "Logs go to CloudWatch: the resource for logging is beside this one");
    if nodes > 1 {
        draft = draft.set("number_of_nodes", "NumberOfNodes", nodes);
    }
    if protect {
        draft = draft.tf("final_snapshot_identifier", last);
    }
    if key.is_none() {
        draft = draft.skip(
            "CKV_AWS_142",
            "Sealed with the key of Redshift; a key of one's own is part of the better option",
        );
    }
    let cluster = draft.retain().done();
    stack
        .tf_only(it, "logging", "aws_redshift_logging")
        .tf("cluster_identifier", cluster.by_ref("id"))
        .tf("log_destination_type", "cloudwatch")
        .tf("log_exports", LOGS.to_vec())
        .done();
    let id = cluster.by_ref("id");
    let arn = kit::arn("redshift", join!["cluster:", id.clone()]);
    Facet::default()
        .handle("cluster", &cluster)
        .value("arn", arn.clone())
        .value("database", DATABASE)
        .value("secret_arn", cluster.att("master_password_secret_arn", "MasterPasswordSecretArn"))
        .reference("HOST", cluster.att("dns_name", "Endpoint.Address"))
        .reference("CLUSTER", id.clone())
        .grant(
            ACCESS,
            &["redshift:GetClusterCredentialsWithIAM"],
            vec![kit::arn("redshift", join!["dbname:", id, format!("/{DATABASE}")])],
        )
        .grant(
            ACCESS,
            &["redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"],
            vec![arn],
        )
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Warehouse) {
    if spec.serverless {
        let capacity = f64::from(spec.capacity_units.max(8).next_multiple_of(8).min(512));
        bill.add(
            it,
            "Compute",
            "redshift",
            "serverless-rpu-hour",
            Quantity::usage(capacity * spec.hours_per_month.min(HOURS)),
            format!("{capacity} units × {} h of queries", spec.hours_per_month),
        );
    } else {
        let nodes = f64::from(spec.nodes.max(1));
        let node = node_type(spec);
        bill.add(
            it,
            "Nodes",
            "redshift",
            node,
            Quantity::fixed(nodes * HOURS),
            format!("{node} × {nodes} × 730 h"),
        );
    }
    if spec.serverless || node_type(spec).starts_with("ra3") {
        bill.add(
            it,
            "Managed storage",
            "redshift",
            "ra3-managed-gb-month",
            Quantity::fixed(spec.storage_gb),
            "GB",
        );
    }
    bill.add(
        it,
        "Secret",
        "secretsmanager",
        "secret-month",
        Quantity::fixed(1.0),
        "login of the administrator",
    );
}

#[cfg(test)]
mod tests {
    use crate::engine::bind::testing::terraform;
    use crate::engine::graph::Warehouse;

    #[test]
    fn both_ways_to_run_it_ask_for_tls() {
        for serverless in [true, false] {
            let text = terraform("facts", Warehouse { serverless, ..Warehouse::default() });
            assert!(text.contains("require_ssl"), "{text}");
        }
    }
}
