//! Amazon DocumentDB: documents in the manner of MongoDB.

use super::{kit, password};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, blocks, join, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Component, DocumentDatabase};
use crate::engine::requirements::Intent;

binding! {
    DocumentDatabase {
        service: "documentdb",
        title: "Amazon DocumentDB",
        docs: "https://docs.aws.amazon.com/documentdb/latest/developerguide/what-is.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.995,
            source: "https://aws.amazon.com/documentdb/sla/",
        }),
        limits: &[Limit {
            what: "Size of a document",
            value: "16 MB",
            source: "https://docs.aws.amazon.com/documentdb/latest/developerguide/limits.html",
        }],
        latency_ms: Some((4.0, 15.0)),
    }
}

/// Classes by memory, of the current generation that all regions have.
pub fn class(named: Option<&String>, vcpu: f64, memory_gib: f64) -> String {
    if let Some(named) = named {
        return if named.starts_with("db.") { named.clone() } else { format!("db.{named}") };
    }
    const LADDER: [(&str, f64, f64); 7] = [
        ("db.t3.medium", 2.0, 4.0),
        ("db.r6g.large", 2.0, 16.0),
        ("db.r6g.xlarge", 4.0, 32.0),
        ("db.r6g.2xlarge", 8.0, 64.0),
        ("db.r6g.4xlarge", 16.0, 128.0),
        ("db.r6g.8xlarge", 32.0, 256.0),
        ("db.r6g.16xlarge", 64.0, 512.0),
    ];
    LADDER
        .into_iter()
        .find(|(_, vcpus, gib)| *vcpus >= vcpu && *gib >= memory_gib)
        .map_or("db.r6g.16xlarge", |it| it.0)
        .to_owned()
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &DocumentDatabase) {
    let group = kit::security_group(stack, it, "");
    let login = password::make(stack, it, "dbadmin");
    let identifier = stack.name(it);
    let subnets = stack.net.as_ref().map(|net| net.data.clone()).map(|subnets| {
        let name = stack.name(it);
        let text = format!("Subnets of {}", kit::ascii(&it.title));
        stack
            .add(it, "subnets", "aws_docdb_subnet_group", "AWS::DocDB::DBSubnetGroup")
            .set("name", "DBSubnetGroupName", name)
            .set("description", "DBSubnetGroupDescription", text)
            .set("subnet_ids", "SubnetIds", Expr::List(subnets))
            .done()
    });
    let parameters = parameters(stack, it);
    const LOGS: [&str; 2] = ["audit", "profiler"];
    let logs: Vec<Handle> = LOGS
        .iter()
        .map(|log| {
            let name = join!["/aws/docdb/", identifier.clone(), format!("/{log}")];
            kit::log_group(stack, it, &format!("{log}_logs"), name)
        })
        .collect();
    let key = stack.key_arn.clone();
    let protect = spec.deletion_protection && kit::protect(stack);
    let last = stack.name_with(it, "final");
    let mut draft = stack
        .add(it, "", "aws_docdb_cluster", "AWS::DocDB::DBCluster")
        .set("cluster_identifier", "DBClusterIdentifier", identifier)
        .tf("engine", "docdb")
        .set("engine_version", "EngineVersion", "5.0.0")
        .set("port", "Port", 27017)
        .set("master_username", "MasterUsername", "dbadmin")
        .tf("master_password", login.tf.clone())
        .cfn("MasterUserPassword", login.cfn.clone())
        .set("storage_encrypted", "StorageEncrypted", true)
        .maybe("kms_key_id", "KmsKeyId", key.clone())
        .maybe("db_subnet_group_name", "DBSubnetGroupName", subnets.map(|it| it.by_ref("name")))
        .maybe(
            "vpc_security_group_ids",
            "VpcSecurityGroupIds",
            group.as_ref().map(|group| list![kit::group_id(group)]),
        )
        .set(
            "db_cluster_parameter_group_name",
            "DBClusterParameterGroupName",
            parameters.by_ref("name"),
        )
        .set("backup_retention_period", "BackupRetentionPeriod", spec.backup_days.clamp(1, 35))
        .set("preferred_backup_window", "PreferredBackupWindow", "02:00-03:00")
        .set("preferred_maintenance_window", "PreferredMaintenanceWindow", "sun:03:30-sun:04:30")
        .tf("enabled_cloudwatch_logs_exports", LOGS.to_vec())
        .cfn("EnableCloudwatchLogsExports", LOGS.to_vec())
        .set("deletion_protection", "DeletionProtection", protect)
        .tf("skip_final_snapshot", !protect);
    if protect {
        draft = draft.tf("final_snapshot_identifier", last);
    }
    if key.is_none() {
        draft = draft.skip(
            "CKV_AWS_182",
            "Sealed with the key of RDS; a key of one's own is part of the better option",
        );
    }
    for log in &logs {
        draft = draft.after(log);
    }
    let cluster = draft.retain().done();
    let class = class(spec.instance_class.as_ref(), spec.vcpu, spec.memory_gib);
    for n in 1..=spec.instances.clamp(1, 16) {
        let name = kit::short_name(it, &n.to_string(), 63);
        stack
            .add(
                it,
                &format!("instance_{n}"),
                "aws_docdb_cluster_instance",
                "AWS::DocDB::DBInstance",
            )
            .set("identifier", "DBInstanceIdentifier", name)
            .set("cluster_identifier", "DBClusterIdentifier", cluster.by_ref("id"))
            .set("instance_class", "DBInstanceClass", class.as_str())
            .set("auto_minor_version_upgrade", "AutoMinorVersionUpgrade", true)
            .done();
    }
    let host = cluster.att("endpoint", "Endpoint");
    let secret = login.secret.by_ref("arn");
    let arn = kit::arn("rds", join!["cluster:", cluster.by_ref("id")]);
    let mut facet = Facet::default()
        .handle("cluster", &cluster)
        .value("arn", arn)
        .value("secret_arn", secret.clone())
        .value("host", host.clone())
        .reference("HOST", host.clone())
        .reference("PORT", "27017")
        .reference("SECRET_ARN", secret.clone())
        .grant(
            &[Intent::Reads, Intent::Writes, Intent::Replicates],
            &["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
            vec![secret],
        );
    if spec.instances > 1 {
        facet = facet.reference("READER_HOST", cluster.att("reader_endpoint", "ReadEndpoint"));
    }
    if let Some(group) = &group {
        facet = facet.listener(kit::group_id(group), 27017);
    }
    stack.output(&format!("{}_host", it.id.snake()), &format!("Address of {}.", it.title), host);
    stack.facet(it, facet);
}

fn parameters(stack: &mut Stack<'_>, it: &Component) -> Handle {
    const SETTINGS: [(&str, &str); 3] =
        [("tls", "enabled"), ("audit_logs", "enabled"), ("profiler", "enabled")];
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
            "aws_docdb_cluster_parameter_group",
            "AWS::DocDB::DBClusterParameterGroup",
        )
        .set("name", "Name", name)
        .set("description", "Description", text)
        .set("family", "Family", "docdb5.0")
        .tf("parameter", blocks(rows.collect()))
        .cfn("Parameters", Expr::Map(values))
        .done()
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &DocumentDatabase) {
    let class = class(spec.instance_class.as_ref(), spec.vcpu, spec.memory_gib);
    let count = f64::from(spec.instances.clamp(1, 16));
    bill.add(
        it,
        "Instances",
        "docdb",
        &class,
        Quantity::fixed(count * HOURS),
        format!("{class} × {count} × 730 h"),
    );
    bill.add(it, "Storage", "docdb", "storage-gb-month", Quantity::fixed(spec.storage_gb), "GB");
    bill.add(
        it,
        "I/O requests",
        "docdb",
        "io-million",
        Quantity::usage(spec.io_per_month / 1e6),
        "reads and writes of storage",
    );
    let kept = spec.storage_gb * 0.1 * (f64::from(spec.backup_days) / 7.0 - 1.0).max(0.0);
    bill.add(
        it,
        "Backups",
        "docdb",
        "backup-gb-month",
        Quantity::fixed(kept),
        "a tenth of the data for each week beyond the first",
    );
    bill.add(
        it,
        "Secret",
        "secretsmanager",
        "secret-month",
        Quantity::fixed(1.0),
        "login of the administrator",
    );
}
