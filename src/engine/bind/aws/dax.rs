//! Amazon DynamoDB Accelerator: a cache before DynamoDB.

use super::kit;
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, list};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::{Bill, HOURS};
use crate::engine::graph::{Component, KeyValueCache};
use crate::engine::requirements::Intent;

binding! {
    KeyValueCache {
        service: "dax",
        title: "Amazon DynamoDB Accelerator (DAX)",
        docs: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DAX.html",
        sla: None,
        limits: &[Limit {
            what: "Nodes of a cluster",
            value: "11",
            source: "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html",
        }],
        latency_ms: Some((0.6, 2.0)),
    }
}

/// Port of clusters that speak TLS.
const PORT: u16 = 9111;

fn node_type(spec: &KeyValueCache) -> &'static str {
    const LADDER: [(&str, f64); 8] = [
        ("dax.t3.small", 2.0),
        ("dax.t3.medium", 4.0),
        ("dax.r5.large", 16.0),
        ("dax.r5.xlarge", 32.0),
        ("dax.r5.2xlarge", 64.0),
        ("dax.r5.4xlarge", 128.0),
        ("dax.r5.8xlarge", 256.0),
        ("dax.r5.12xlarge", 384.0),
    ];
    LADDER.into_iter().find(|(_, gib)| *gib >= spec.memory_gib).map_or("dax.r5.24xlarge", |it| it.0)
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &KeyValueCache) {
    let group = kit::security_group(stack, it, "");
    let role = kit::role(stack, it, "role", "dax.amazonaws.com", &[]);
    let name = stack.name(it);
    let subnets = stack.net.as_ref().map(|net| net.data.clone()).map(|subnets| {
        stack
            .add(it, "subnets", "aws_dax_subnet_group", "AWS::DAX::SubnetGroup")
            .set("name", "SubnetGroupName", name)
            .set("subnet_ids", "SubnetIds", Expr::List(subnets))
            .done()
    });
    // A cluster's name has 20 characters, fewer than names here may have.
    let id: String = it.id.as_str().chars().take(6).collect();
    let short = Expr::Hcl(format!(
        "\"${{substr(var.project, 0, 7)}}-${{var.environment}}-{}\"",
        id.trim_end_matches('-')
    ));
    let cluster = stack
        .add(it, "", "aws_dax_cluster", "AWS::DAX::Cluster")
        .tf("cluster_name", short)
        .set("description", "Description", kit::ascii(&it.title))
        .set("iam_role_arn", "IAMRoleARN", role.arn())
        .set("node_type", "NodeType", node_type(spec))
        .set("replication_factor", "ReplicationFactor", spec.nodes.clamp(1, 11))
        .maybe("subnet_group_name", "SubnetGroupName", subnets.map(|it| it.by_ref("name")))
        .maybe(
            "security_group_ids",
            "SecurityGroupIds",
            group.as_ref().map(|group| list![kit::group_id(group)]),
        )
        .tf("server_side_encryption", block([("enabled", true.into())]))
        .cfn("SSESpecification", block([("SSEEnabled", true.into())]))
        .set("cluster_endpoint_encryption_type", "ClusterEndpointEncryptionType", "TLS")
        .done();
    let mut facet = Facet::default()
        .handle("cluster", &cluster)
        .value("arn", cluster.arn())
        .reference("ENDPOINT", cluster.att("configuration_endpoint", "ClusterDiscoveryEndpoint"))
        // Reads DynamoDB for whoever asks.
        .principal(&role, group.as_ref().map(kit::group_id), false)
        .grant(
            &[Intent::Reads],
            &["dax:GetItem", "dax:BatchGetItem", "dax:Query", "dax:Scan"],
            vec![cluster.arn()],
        )
        .grant(
            &[Intent::Writes, Intent::Replicates],
            &[
                "dax:GetItem",
                "dax:Query",
                "dax:PutItem",
                "dax:UpdateItem",
                "dax:DeleteItem",
                "dax:BatchWriteItem",
                "dax:ConditionCheckItem",
            ],
            vec![cluster.arn()],
        );
    if let Some(group) = &group {
        facet = facet.listener(kit::group_id(group), PORT);
    }
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &KeyValueCache) {
    let nodes = f64::from(spec.nodes.clamp(1, 11));
    bill.unpriced(it, "Nodes", nodes * HOURS, &format!("dax {} hour", node_type(spec)));
}
