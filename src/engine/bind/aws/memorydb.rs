//! Amazon MemoryDB: a data store in memory that keeps what is written.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, list};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS};
use crate::engine::graph::{Component, DurableCache};
use crate::engine::requirements::Intent;

binding! {
    DurableCache {
        service: "memorydb",
        title: "Amazon MemoryDB",
        docs: "https://docs.aws.amazon.com/memorydb/latest/devguide/what-is-memorydb.html",
        sla: Some(Sla {
            availability: 0.9999,
            single: 0.995,
            source: "https://aws.amazon.com/memorydb/sla/",
        }),
        limits: &[Limit {
            what: "Shards of a cluster",
            value: "500",
            source: "https://docs.aws.amazon.com/memorydb/latest/devguide/quota-limits.html",
        }],
        latency_ms: Some((0.8, 4.0)),
    }
}

fn node_type(spec: &DurableCache) -> String {
    if let Some(named) = &spec.node_type {
        return if named.starts_with("db.") { named.clone() } else { format!("db.{named}") };
    }
    const LADDER: [(&str, f64); 8] = [
        ("db.t4g.small", 1.37),
        ("db.t4g.medium", 3.09),
        ("db.r7g.large", 13.07),
        ("db.r7g.xlarge", 26.32),
        ("db.r7g.2xlarge", 52.82),
        ("db.r7g.4xlarge", 105.81),
        ("db.r7g.8xlarge", 209.55),
        ("db.r7g.16xlarge", 419.09),
    ];
    let memory = spec.memory_gib / f64::from(spec.shards.max(1));
    LADDER
        .into_iter()
        .find(|(_, gib)| *gib >= memory * 0.9)
        .map_or("db.r7g.16xlarge", |it| it.0)
        .to_owned()
}

fn shape(spec: &DurableCache) -> (u32, u32) {
    let shards = spec.shards.max(1);
    (shards, (spec.nodes.max(shards).div_ceil(shards) - 1).min(5))
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &DurableCache) {
    let group = kit::security_group(stack, it, "");
    let name = kit::short_name(it, "", 40);
    let user = stack
        .add(it, "user", "aws_memorydb_user", "AWS::MemoryDB::User")
        .set("user_name", "UserName", name.clone())
        .set("access_string", "AccessString", "on ~* &* +@all -@dangerous")
        .tf("authentication_mode", block([("type", "iam".into())]))
        .cfn("AuthenticationMode", block([("Type", "iam".into())]))
        .done();
    let acl = stack
        .add(it, "acl", "aws_memorydb_acl", "AWS::MemoryDB::ACL")
        .set("name", "ACLName", name.clone())
        .set("user_names", "UserNames", list![user.by_ref("user_name")])
        .done();
    let subnets = stack.net.as_ref().map(|net| net.data.clone()).map(|subnets| {
        stack
            .add(it, "subnets", "aws_memorydb_subnet_group", "AWS::MemoryDB::SubnetGroup")
            .set("name", "SubnetGroupName", name.clone())
            .set("subnet_ids", "SubnetIds", Expr::List(subnets))
            .done()
    });
    let (shards, replicas) = shape(spec);
    let key = stack.key_arn.clone();
    let sealed = key.is_some();
    let mut draft = stack
        .add(it, "", "aws_memorydb_cluster", "AWS::MemoryDB::Cluster")
        .set("name", "ClusterName", name)
        .set("description", "Description", kit::ascii(&it.title))
        .set("engine", "Engine", "valkey")
        .set("engine_version", "EngineVersion", "7.2")
        .set("node_type", "NodeType", node_type(spec))
        .set("num_shards", "NumShards", shards)
        .set("num_replicas_per_shard", "NumReplicasPerShard", replicas)
        .set("acl_name", "ACLName", acl.by_ref("name"))
        .maybe("subnet_group_name", "SubnetGroupName", subnets.map(|it| it.by_ref("name")))
        .maybe(
            "security_group_ids",
            "SecurityGroupIds",
            group.as_ref().map(|group| list![kit::group_id(group)]),
        )
        .set("tls_enabled", "TLSEnabled", true)
        .maybe("kms_key_arn", "KmsKeyId", key)
        .set("snapshot_retention_limit", "SnapshotRetentionLimit", 7)
        .set("snapshot_window", "SnapshotWindow", "02:00-03:00")
        .set("maintenance_window", "MaintenanceWindow", "sun:03:30-sun:04:30")
        .set("auto_minor_version_upgrade", "AutoMinorVersionUpgrade", true)
        .comment("Clients sign in as the user above with a token that their role signs (IAM authentication).");
    if !sealed {
        draft = draft.skip(
            "CKV_AWS_201",
            "Sealed with the key of MemoryDB; a key of one's own is part of the better option",
        );
    }
    let cluster = draft.retain().done();
    let host = cluster.att("cluster_endpoint[0].address", "ClusterEndpoint.Address");
    let arn = cluster.att("arn", "ARN");
    let mut facet = Facet::default()
        .handle("cache", &cluster)
        .value("arn", arn.clone())
        .reference("HOST", host.clone())
        .reference("PORT", "6379")
        .reference("USER", user.by_ref("user_name"))
        .reference("NAME", cluster.by_ref("name"))
        .grant(
            &[Intent::Reads, Intent::Writes, Intent::Replicates],
            &["memorydb:Connect"],
            vec![arn, user.att("arn", "Arn")],
        );
    if let Some(group) = &group {
        facet = facet.listener(kit::group_id(group), 6379);
    }
    stack.output(&format!("{}_host", it.id.snake()), &format!("Address of {}.", it.title), host);
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &DurableCache) {
    let (shards, replicas) = shape(spec);
    let nodes = f64::from(shards * (replicas + 1));
    let node = node_type(spec);
    bill.unpriced(it, "Nodes", nodes * HOURS, &format!("memorydb {node} hour"));
    bill.unpriced(it, "Data written", spec.gb_written_per_month, "memorydb written-gb");
}

#[cfg(test)]
mod tests {
    use super::node_type;
    use crate::engine::graph::DurableCache;

    #[test]
    fn memory_is_divided_among_shards() {
        let spec = DurableCache { memory_gib: 24.0, shards: 2, ..DurableCache::default() };
        assert_eq!(node_type(&spec), "db.r7g.large");
    }
}
