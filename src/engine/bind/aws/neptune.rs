//! Amazon Neptune: graphs.

use super::{documentdb, kit};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, blocks, join, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Component, GraphDatabase};
use crate::engine::requirements::Intent;

binding! {
    GraphDatabase {
        service: "neptune",
        title: "Amazon Neptune",
        docs: "https://docs.aws.amazon.com/neptune/latest/userguide/intro.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.995,
            source: "https://aws.amazon.com/neptune/sla/",
        }),
        limits: &[Limit {
            what: "Storage of a cluster",
            value: "128 TiB",
            source: "https://docs.aws.amazon.com/neptune/latest/userguide/limits.html",
        }],
        latency_ms: Some((8.0, 40.0)),
    }
}

fn class(spec: &GraphDatabase) -> String {
    if spec.serverless {
        return "db.serverless".to_owned();
    }
    documentdb::class(spec.instance_class.as_ref(), spec.vcpu, spec.memory_gib)
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &GraphDatabase) {
    let group = kit::security_group(stack, it, "");
    let identifier = stack.name(it);
    let subnets = stack.net.as_ref().map(|net| net.data.clone()).map(|subnets| {
        let name = stack.name(it);
        let text = format!("Subnets of {}", kit::ascii(&it.title));
        stack
            .add(it, "subnets", "aws_neptune_subnet_group", "AWS::Neptune::DBSubnetGroup")
            .set("name", "DBSubnetGroupName", name)
            .set("description", "DBSubnetGroupDescription", text)
            .set("subnet_ids", "SubnetIds", Expr::List(subnets))
            .done()
    });
    let parameters = parameters(stack, it);
    let log_name = join!["/aws/neptune/", identifier.clone(), "/audit"];
    let logs = kit::log_group(stack, it, "audit_logs", log_name);
    let key = stack.key_arn.clone();
    let protect = spec.deletion_protection && kit::protect(stack);
    let last = stack.name_with(it, "final");
    let mut draft = stack
        .add(it, "", "aws_neptune_cluster", "AWS::Neptune::DBCluster")
        .set("cluster_identifier", "DBClusterIdentifier", identifier)
        .tf("engine", "neptune")
        .set("engine_version", "EngineVersion", "1.4.5.0")
        .set("port", "DBPort", 8182)
        .set("iam_database_authentication_enabled", "IamAuthEnabled", true)
        .set("storage_encrypted", "StorageEncrypted", true)
        .maybe("kms_key_arn", "KmsKeyId", key.clone())
        .maybe(
            "neptune_subnet_group_name",
            "DBSubnetGroupName",
            subnets.map(|it| it.by_ref("name")),
        )
        .maybe(
            "vpc_security_group_ids",
            "VpcSecurityGroupIds",
            group.as_ref().map(|group| list![kit::group_id(group)]),
        )
        .set(
            "neptune_cluster_parameter_group_name",
            "DBClusterParameterGroupName",
            parameters.by_ref("name"),
        )
        .set("backup_retention_period", "BackupRetentionPeriod", spec.backup_days.clamp(1, 35))
        .set("preferred_backup_window", "PreferredBackupWindow", "02:00-03:00")
        .set("preferred_maintenance_window", "PreferredMaintenanceWindow", "sun:03:30-sun:04:30")
        .set("copy_tags_to_snapshot", "CopyTagsToSnapshot", true)
        .tf("enable_cloudwatch_logs_exports", list!["audit"])
        .cfn("EnableCloudwatchLogsExports", list!["audit"])
        .set("deletion_protection", "DeletionProtection", protect)
        .tf("skip_final_snapshot", !protect)
        .after(&logs);
    if protect {
        draft = draft.tf("final_snapshot_identifier", last);
    }
    if spec.serverless {
        draft = draft
            .tf(
                "serverless_v2_scaling_configuration",
                block([("min_capacity", 1.into()), ("max_capacity", 16.into())]),
            )
            .cfn(
                "ServerlessScalingConfiguration",
                block([("MinCapacity", 1.into()), ("MaxCapacity", 16.into())]),
            );
    }
    if key.is_none() {
        draft = draft.skip(
            "CKV_AWS_280",
            "Sealed with the key of RDS; a key of one's own is part of the better option",
        );
    }
    let cluster = draft.retain().done();
    for n in 1..=spec.instances.clamp(1, 16) {
        let name = kit::short_name(it, &n.to_string(), 63);
        stack
            .add(
                it,
                &format!("instance_{n}"),
                "aws_neptune_cluster_instance",
                "AWS::Neptune::DBInstance",
            )
            .set("identifier", "DBInstanceIdentifier", name)
            .set("cluster_identifier", "DBClusterIdentifier", cluster.by_ref("id"))
            .set("instance_class", "DBInstanceClass", class(spec))
            .set("auto_minor_version_upgrade", "AutoMinorVersionUpgrade", true)
            .tf("publicly_accessible", false)
            .done();
    }
    let host = cluster.att("endpoint", "Endpoint");
    let data = vec![kit::arn(
        "neptune-db",
        join![cluster.att("cluster_resource_id", "ClusterResourceId"), "/*"],
    )];
    let arn = kit::arn("rds", join!["cluster:", cluster.by_ref("id")]);
    let mut facet = Facet::default()
        .handle("cluster", &cluster)
        .value("arn", arn)
        .value("host", host.clone())
        .reference("HOST", host.clone())
        .reference("PORT", "8182")
        .grant(
            &[Intent::Reads],
            &["neptune-db:connect", "neptune-db:ReadDataViaQuery", "neptune-db:GetQueryStatus"],
            data.clone(),
        )
        .grant(
            &[Intent::Writes, Intent::Replicates],
            &[
                "neptune-db:connect",
                "neptune-db:ReadDataViaQuery",
                "neptune-db:WriteDataViaQuery",
                "neptune-db:DeleteDataViaQuery",
                "neptune-db:GetQueryStatus",
            ],
            data,
        );
    if spec.instances > 1 {
        facet = facet.reference("READER_HOST", cluster.att("reader_endpoint", "ReadEndpoint"));
    }
    if let Some(group) = &group {
        facet = facet.listener(kit::group_id(group), 8182);
    }
    stack.output(&format!("{}_host", it.id.snake()), &format!("Address of {}.", it.title), host);
    stack.facet(it, facet);
}

fn parameters(stack: &mut Stack<'_>, it: &Component) -> Handle {
    const SETTINGS: [(&str, &str); 2] =
        [("neptune_enable_audit_log", "1"), ("neptune_query_timeout", "120000")];
    let name = stack.name(it);
    let text = format!("Settings of {}", kit::ascii(&it.title));
    let rows = SETTINGS
        .iter()
        .map(|(name, value)| map([("name", (*name).into()), ("value", (*value).into())]));
    let values =
        SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), Expr::from(*value))).collect();
    stack
        .add(
            it,
            "parameters",
            "aws_neptune_cluster_parameter_group",
            "AWS::Neptune::DBClusterParameterGroup",
        )
        .set("name", "Name", name)
        .set("description", "Description", text)
        .set("family", "Family", "neptune1.4")
        .tf("parameter", blocks(rows.collect()))
        .cfn("Parameters", Expr::Map(values))
        .done()
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &GraphDatabase) {
    let count = f64::from(spec.instances.clamp(1, 16));
    let class = class(spec);
    bill.add(
        it,
        if spec.serverless { "Capacity units" } else { "Instances" },
        "neptune",
        &class,
        Quantity::fixed(count * HOURS),
        format!("{class} × {count} × 730 h"),
    );
    bill.add(it, "Storage", "neptune", "storage-gb-month", Quantity::fixed(spec.storage_gb), "GB");
    bill.add(
        it,
        "I/O requests",
        "neptune",
        "io-million",
        Quantity::usage(spec.io_per_month / 1e6),
        "reads and writes of storage",
    );
    let kept = spec.storage_gb * 0.1 * (f64::from(spec.backup_days) / 7.0 - 1.0).max(0.0);
    bill.add(
        it,
        "Backups",
        "neptune",
        "backup-gb-month",
        Quantity::fixed(kept),
        "a tenth of the data for each week beyond the first",
    );
}
