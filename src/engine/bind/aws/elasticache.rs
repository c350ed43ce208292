//! Amazon ElastiCache: Valkey, Redis and Memcached.

use super::{kit, sizing};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, blocks, join, list};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Cache, CacheEngine, Component};
use crate::engine::requirements::Intent;

binding! {
    Cache {
        service: "elasticache",
        title: "Amazon ElastiCache",
        docs: "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/WhatIs.html",
        sla: Some(Sla {
            // Several zones with automatic failover.
            availability: 0.9999,
            single: 0.995,
            source: "https://aws.amazon.com/elasticache/sla/",
        }),
        limits: &[Limit {
            what: "Nodes of a cluster",
            value: "90 (500 on request)",
            source: "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/quota-limits.html",
        }],
        latency_ms: Some((0.5, 1.5)),
    }
}

const FAMILIES: &[&str] = &["cache.t4g.", "cache.m7g.", "cache.r7g.", "cache.m6g.", "cache.r6g."];

fn node_type(spec: &Cache, region: &str) -> String {
    if let Some(named) = &spec.node_type {
        return if named.starts_with("cache.") { named.clone() } else { format!("cache.{named}") };
    }
    // Every shard holds its part of the data.
    let shards = if spec.engine == CacheEngine::Memcached { spec.nodes } else { spec.shards };
    let memory = spec.memory_gib / f64::from(shards.max(1));
    sizing::cache(FAMILIES, memory, spec.engine.name(), region)
        .unwrap_or("cache.r7g.large")
        .to_owned()
}

/// Shards, and replicas of each.
fn shape(spec: &Cache) -> (u32, u32) {
    let shards = spec.shards.max(1);
    let nodes = spec.nodes.max(if spec.multi_zone { shards * 2 } else { shards });
    (shards, (nodes.div_ceil(shards) - 1).min(5))
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &Cache) {
    let group = kit::security_group(stack, it, "");
    let facet = match (spec.engine, spec.serverless) {
        (CacheEngine::Memcached, false) => memcached(stack, it, spec, group.as_ref()),
        (_, true) => serverless(stack, it, spec, group.as_ref()),
        _ => replication_group(stack, it, spec, group.as_ref()),
    };
    stack.facet(it, facet);
}

fn subnet_group(stack: &mut Stack<'_>, it: &Component) -> Option<Handle> {
    let subnets = stack.net.as_ref()?.data.clone();
    let name = stack.name(it);
    let text = format!("Subnets of {}", kit::ascii(&it.title));
    Some(
        stack
            .add(it, "subnets", "aws_elasticache_subnet_group", "AWS::ElastiCache::SubnetGroup")
            .set("name", "CacheSubnetGroupName", name)
            .set("description", "Description", text)
            .set("subnet_ids", "SubnetIds", Expr::List(subnets))
            .done(),
    )
}

/// Who may sign in: one user whose password is a token that IAM signs.
fn users(stack: &mut Stack<'_>, it: &Component, engine: &'static str) -> (Handle, Handle) {
    let name = kit::short_name(it, "", 40);
    let user = stack
        .add(it, "user", "aws_elasticache_user", "AWS::ElastiCache::User")
        .set("user_id", "UserId", name.clone())
        .set("user_name", "UserName", name.clone())
        .set("engine", "Engine", engine)
        .set("access_string", "AccessString", "on ~* +@all -@dangerous")
        .tf("authentication_mode", block([("type", "iam".into())]))
        .cfn("AuthenticationMode", block([("Type", "iam".into())]))
        .done();
    let mut members = vec![user.by_ref("user_id")];
    if engine == "redis" {
        // Redis insists on a user named default: this one may do nothing.
        let nobody = kit::short_name(it, "none", 40);
        let nobody = stack
            .add(it, "nobody", "aws_elasticache_user", "AWS::ElastiCache::User")
            .set("user_id", "UserId", nobody)
            .set("user_name", "UserName", "default")
            .set("engine", "Engine", engine)
            .set("access_string", "AccessString", "off -@all")
            .tf("authentication_mode", block([("type", "no-password-required".into())]))
            .cfn("AuthenticationMode", block([("Type", "no-password-required".into())]))
            .done();
        members.push(nobody.by_ref("user_id"));
    }
    let group = stack
        .add(it, "users", "aws_elasticache_user_group", "AWS::ElastiCache::UserGroup")
        .set("user_group_id", "UserGroupId", name)
        .set("engine", "Engine", engine)
        .set("user_ids", "UserIds", Expr::List(members))
        .done();
    (group, user)
}

fn replication_group(
    stack: &mut Stack<'_>,
    it: &Component,
    spec: &Cache,
    group: Option<&Handle>,
) -> Facet {
    let (engine, version, family) = match spec.engine {
        CacheEngine::Redis => ("redis", "7.1", "redis7"),
        _ => ("valkey", "8.0", "valkey8"),
    };
    let subnets = subnet_group(stack, it);
    let (user_group, user) = users(stack, it, engine);
    let log_name = join!["/aws/elasticache/", stack.name(it)];
    let logs = kit::log_group(stack, it, "logs", log_name);
    let (shards, replicas) = shape(spec);
    let clustered = shards > 1;
    let key = stack.key_arn.clone();
    let node = node_type(spec, &stack.graph.region);
    let parameters = if clustered {
        format!("default.{family}.cluster.on")
    } else {
        format!("default.{family}")
    };
    let failover = replicas > 0;
    let log = |kind: &str| {
        (
            block([
                ("destination", logs.by_ref("name")),
                ("destination_type", "cloudwatch-logs".into()),
                ("log_format", "json".into()),
                ("log_type", kind.into()),
            ]),
            block([
                (
                    "DestinationDetails",
                    block([("CloudWatchLogsDetails", block([("LogGroup", logs.by_ref("name"))]))]),
                ),
                ("DestinationType", "cloudwatch-logs".into()),
                ("LogFormat", "json".into()),
                ("LogType", kind.into()),
            ]),
        )
    };
    let (slow_tf, slow_cfn) = log("slow-log");
    let (engine_tf, engine_cfn) = log("engine-log");
    let sealed = key.is_some();
    let mut draft = stack
        .add(it, "", "aws_elasticache_replication_group", "AWS::ElastiCache::ReplicationGroup")
        .set("replication_group_id", "ReplicationGroupId", kit::short_name(it, "", 40))
        .set("description", "ReplicationGroupDescription", kit::ascii(&it.title))
        .set("engine", "Engine", engine)
        .set("engine_version", "EngineVersion", version)
        .set("node_type", "CacheNodeType", node)
        .set("parameter_group_name", "CacheParameterGroupName", parameters)
        .set("port", "Port", 6379)
        .set("automatic_failover_enabled", "AutomaticFailoverEnabled", failover || clustered)
        .set("multi_az_enabled", "MultiAZEnabled", failover)
        .maybe(
            "subnet_group_name",
            "CacheSubnetGroupName",
            subnets.map(|it| it.by_ref("name")),
        )
        .maybe(
            "security_group_ids",
            "SecurityGroupIds",
            group.map(|group| list![kit::group_id(group)]),
        )
        .set("at_rest_encryption_enabled", "AtRestEncryptionEnabled", true)
        .maybe("kms_key_id", "KmsKeyId", key)
        .set("transit_encryption_enabled", "TransitEncryptionEnabled", true)
        .tf("user_group_ids", list![user_group.by_ref("user_group_id")])
        .cfn("UserGroupIds", list![user_group.by_ref("user_group_id")])
        .set("snapshot_retention_limit", "SnapshotRetentionLimit", spec.snapshot_days.min(35))
        .set("snapshot_window", "SnapshotWindow", "02:00-03:00")
        .set("maintenance_window", "PreferredMaintenanceWindow", "sun:03:30-sun:04:30")
        .set("auto_minor_version_upgrade", "AutoMinorVersionUpgrade", true)
        .tf(
            "log_delivery_configuration",
            blocks(vec![slow_tf, engine_tf]),
        )
        .cfn("LogDeliveryConfigurations", list![slow_cfn, engine_cfn])
        .comment("Clients sign in as the user below with a token that their role signs (IAM authentication).");
    draft = if clustered {
        draft.set("num_node_groups", "NumNodeGroups", shards).set(
            "replicas_per_node_group",
            "ReplicasPerNodeGroup",
            replicas,
        )
    } else {
        draft.set("num_cache_clusters", "NumCacheClusters", replicas + 1)
    };
    if !failover {
        draft = draft.skip(
            "CKV2_AWS_50",
            "One node was chosen for this option: what is in the cache can be computed again",
        );
    }
    if !sealed {
        draft = draft.skip(
            "CKV_AWS_191",
            "Sealed with the key of ElastiCache; a key of one's own is part of the better option",
        );
    }
    let cache = draft
        .skip(
            "CKV_AWS_31",
            "Users sign in with IAM through the user group; there is no shared token",
        )
        .done();
    let host = if clustered {
        cache.att("configuration_endpoint_address", "ConfigurationEndPoint.Address")
    } else {
        cache.att("primary_endpoint_address", "PrimaryEndPoint.Address")
    };
    let id = cache.by_ref("id");
    let arn = kit::arn("elasticache", join!["replicationgroup:", id.clone()]);
    let mut facet = connect(Facet::default(), &arn, &user)
        .handle("cache", &cache)
        .value("arn", arn.clone())
        .reference("HOST", host.clone())
        .reference("PORT", "6379")
        .reference("USER", user.by_ref("user_id"))
        .reference("NAME", id);
    if failover && !clustered {
        facet = facet.reference(
            "READER_HOST",
            cache.att("reader_endpoint_address", "ReaderEndPoint.Address"),
        );
    }
    if let Some(group) = group {
        facet = facet.listener(kit::group_id(group), 6379);
    }
    stack.output(&format!("{}_host", it.id.snake()), &format!("Address of {}.", it.title), host);
    facet
}

fn connect(facet: Facet, arn: &Expr, user: &Handle) -> Facet {
    facet.grant(
        &[Intent::Reads, Intent::Writes, Intent::Replicates],
        &["elasticache:Connect"],
        vec![arn.clone(), user.att("arn", "Arn")],
    )
}

fn serverless(
    stack: &mut Stack<'_>,
    it: &Component,
    spec: &Cache,
    group: Option<&Handle>,
) -> Facet {
    let engine = spec.engine.name();
    let users = match spec.engine {
        CacheEngine::Memcached => None,
        CacheEngine::Redis => Some(users(stack, it, "redis")),
        CacheEngine::Valkey => Some(users(stack, it, "valkey")),
    };
    let subnets =
        stack.net.as_ref().map(|net| Expr::List(net.data.iter().take(3).cloned().collect()));
    let key = stack.key_arn.clone();
    let cap = spec.memory_gib.ceil().max(1.0);
    let mut draft = stack
        .add(it, "", "aws_elasticache_serverless_cache", "AWS::ElastiCache::ServerlessCache")
        .set("name", "ServerlessCacheName", kit::short_name(it, "", 40))
        .set("description", "Description", kit::ascii(&it.title))
        .set("engine", "Engine", engine)
        .maybe("kms_key_id", "KmsKeyId", key)
        .maybe("subnet_ids", "SubnetIds", subnets)
        .maybe(
            "security_group_ids",
            "SecurityGroupIds",
            group.map(|group| list![kit::group_id(group)]),
        )
        // A ceiling on what a runaway client can cost.
        .tf(
            "cache_usage_limits",
            block([("data_storage", block([("maximum", cap.into()), ("unit", "GB".into())]))]),
        )
        .cfn(
            "CacheUsageLimits",
            block([("DataStorage", block([("Maximum", cap.into()), ("Unit", "GB".into())]))]),
        );
    if let Some((users, _)) = &users {
        draft = draft.set("user_group_id", "UserGroupId", users.by_ref("user_group_id")).set(
            "snapshot_retention_limit",
            "SnapshotRetentionLimit",
            spec.snapshot_days.min(35),
        );
    }
    let cache = draft.done();
    let host = cache.att("endpoint[0].address", "Endpoint.Address");
    let port = if spec.engine == CacheEngine::Memcached { 11211 } else { 6379 };
    let mut facet = Facet::default()
        .handle("cache", &cache)
        .value("arn", cache.att("arn", "ARN"))
        .reference("HOST", host)
        .reference("PORT", port.to_string());
    if let Some((_, user)) = &users {
        let arn = cache.att("arn", "ARN");
        facet = connect(facet, &arn, user)
            .reference("USER", user.by_ref("user_id"))
            .reference("NAME", cache.by_ref("name"));
    }
    if let Some(group) = group {
        facet = facet.listener(kit::group_id(group), port);
    }
    facet
}

fn memcached(stack: &mut Stack<'_>, it: &Component, spec: &Cache, group: Option<&Handle>) -> Facet {
    let subnets = subnet_group(stack, it);
    let nodes = spec.nodes.max(if spec.multi_zone { 2 } else { 1 }).min(40);
    let node = node_type(spec, &stack.graph.region);
    let zones = if nodes > 1 { "cross-az" } else { "single-az" };
    let cache = stack
        .add(it, "", "aws_elasticache_cluster", "AWS::ElastiCache::CacheCluster")
        .set("cluster_id", "ClusterName", kit::short_name(it, "", 40))
        .set("engine", "Engine", "memcached")
        .set("engine_version", "EngineVersion", "1.6.22")
        .set("node_type", "CacheNodeType", node)
        .set("num_cache_nodes", "NumCacheNodes", nodes)
        .set("az_mode", "AZMode", zones)
        .set("port", "Port", 11211)
        .maybe("subnet_group_name", "CacheSubnetGroupName", subnets.map(|it| it.by_ref("name")))
        .maybe(
            "security_group_ids",
            "VpcSecurityGroupIds",
            group.map(|group| list![kit::group_id(group)]),
        )
        .set("transit_encryption_enabled", "TransitEncryptionEnabled", true)
        .set("maintenance_window", "PreferredMaintenanceWindow", "sun:03:30-sun:04:30")
        .skip("CKV_AWS_134", "Memcached has no snapshots: what it holds can be computed again")
        .done();
    let host = cache.att("cluster_address", "ConfigurationEndpoint.Address");
    let mut facet =
        Facet::default().handle("cache", &cache).reference("HOST", host).reference("PORT", "11211");
    if let Some(group) = group {
        facet = facet.listener(kit::group_id(group), 11211);
    }
    facet
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Cache) {
    if spec.serverless {
        bill.unpriced(it, "Stored data", spec.memory_gib, "elasticache serverless gb-hour");
        bill.unpriced(it, "Processing units", 1.0, "elasticache serverless ecpu");
        return;
    }
    let node = node_type(spec, &bill.graph.region);
    let nodes = if spec.engine == CacheEngine::Memcached {
        spec.nodes.max(if spec.multi_zone { 2 } else { 1 }).min(40)
    } else {
        let (shards, replicas) = shape(spec);
        shards * (replicas + 1)
    };
    bill.add(
        it,
        "Nodes",
        "elasticache",
        &format!("{node}|{}", spec.engine.name()),
        Quantity::fixed(f64::from(nodes) * HOURS),
        format!("{node} × {nodes} × 730 h"),
    );
    if spec.engine != CacheEngine::Memcached {
        bill.add(
            it,
            "Snapshots",
            "elasticache",
            "backup-gb-month",
            Quantity::fixed(spec.memory_gib * f64::from(spec.snapshot_days))
                .beyond(spec.memory_gib),
            "GB of each day kept, one of them free",
        );
        bill.add(
            it,
            "Logs",
            "cloudwatch",
            "logs-gb",
            Quantity::usage(0.2),
            "GB of slow and engine logs",
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::bind::testing::terraform;
    use crate::engine::graph::{Cache, CacheEngine};

    #[test]
    fn a_named_node_type_is_used_as_it_is() {
        let spec = Cache { node_type: Some("cache.m4.large".to_owned()), ..Cache::default() };
        assert!(terraform("sessions", spec).contains("\"cache.m4.large\""));
    }

    #[test]
    fn every_engine_encrypts_on_the_way() {
        for engine in [CacheEngine::Valkey, CacheEngine::Redis, CacheEngine::Memcached] {
            let text = terraform("sessions", Cache { engine, nodes: 2, ..Cache::default() });
            assert!(text.contains("transit_encryption_enabled = true"), "{text}");
        }
    }
}
