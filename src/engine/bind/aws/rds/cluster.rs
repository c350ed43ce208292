//! Aurora: a cluster on shared storage, with instances of a class or serverless.

use super::member::{self, First};
use super::{ADMIN, Access, Base, Engine, groups, log_groups};
use crate::engine::bind::aws::kit;
use crate::engine::bind::expr::{Expr, block, blocks, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::diag::{Diagnostic, Severity};
use crate::engine::graph::{Component, Kind, RelationalDatabase, RelationalStyle};

/// The writer and the readers; a reader in another zone takes over when the writer fails.
fn instances(spec: &RelationalDatabase) -> u32 {
    1 + spec.replicas.min(15)
}

fn serverless(spec: &RelationalDatabase) -> bool {
    spec.style == RelationalStyle::Serverless
}

pub(super) fn lower(
    stack: &mut Stack<'_>,
    it: &Component,
    spec: &RelationalDatabase,
    engine: &Engine,
    base: &Base,
) -> (Facet, Access) {
    let identifier = stack.name(it);
    let parameters = parameters(stack, it, engine, "parameters");
    let logs = log_groups(stack, it, "cluster", &identifier, engine.logs);
    let key = stack.key_arn.clone();
    let protect = spec.deletion_protection && kit::protect(stack);
    let final_snapshot = stack.name_with(it, "final");
    let mut draft = stack
        .add(it, "", "aws_rds_cluster", "AWS::RDS::DBCluster")
        .set("cluster_identifier", "DBClusterIdentifier", identifier)
        .set("engine", "Engine", engine.name)
        .tf("engine_version", engine.version.as_str())
        .cfn("EngineVersion", engine.version_full.as_str())
        .maybe("database_name", "DatabaseName", engine.database.as_deref())
        .set("port", "Port", i64::from(engine.port))
        .set("master_username", "MasterUsername", ADMIN)
        .set("storage_encrypted", "StorageEncrypted", true)
        .maybe("kms_key_id", "KmsKeyId", key.clone())
        .maybe(
            "db_subnet_group_name",
            "DBSubnetGroupName",
            base.subnets.as_ref().map(|it| it.by_ref("name")),
        )
        .maybe("vpc_security_group_ids", "VpcSecurityGroupIds", groups(base))
        .set(
            "db_cluster_parameter_group_name",
            "DBClusterParameterGroupName",
            parameters.by_ref("name"),
        )
        .set("backup_retention_period", "BackupRetentionPeriod", spec.backup_days.clamp(1, 35))
        .set("preferred_backup_window", "PreferredBackupWindow", "02:00-03:00")
        .set("preferred_maintenance_window", "PreferredMaintenanceWindow", "sun:03:30-sun:04:30")
        .set("copy_tags_to_snapshot", "CopyTagsToSnapshot", true)
        .set(
            "iam_database_authentication_enabled",
            "EnableIAMDatabaseAuthentication",
            engine.iam,
        )
        .tf("enabled_cloudwatch_logs_exports", engine.logs.to_vec())
        .cfn("EnableCloudwatchLogsExports", engine.logs.to_vec())
        .set("deletion_protection", "DeletionProtection", protect)
        .tf("skip_final_snapshot", !protect)
        .skip(
            "CKV2_AWS_8",
            "Aurora backs itself up continuously; a plan of AWS Backup is added where the design has one",
        );
    if engine.proxy_family == Some("MYSQL") {
        draft = draft.skip(
            "CKV_AWS_326",
            "Point-in-time recovery covers mistakes without the charge for each change that backtracking has",
        );
    }
    if protect {
        draft = draft.tf("final_snapshot_identifier", final_snapshot);
    } else {
        draft = draft.skip(
            "CKV_AWS_139",
            "The least costly option can be taken down in one go; the better one is protected",
        );
    }
    if key.is_none() {
        draft = draft.skip(
            "CKV_AWS_327",
            "Sealed with the key of RDS; a key of one's own is part of the better option",
        );
    }
    draft = match &base.login {
        Some(login) => draft
            .tf("master_password", login.tf.clone())
            .cfn("MasterUserPassword", login.cfn.clone()),
        None => draft
            .set("manage_master_user_password", "ManageMasterUserPassword", true)
            .tf_maybe("master_user_secret_kms_key_id", key.clone())
            .cfn_maybe("MasterUserSecret", key.clone().map(|key| block([("KmsKeyId", key)]))),
    };
    if serverless(spec) {
        let (min, max) = capacity(spec);
        draft = draft
            .tf(
                "serverlessv2_scaling_configuration",
                block([("min_capacity", min.into()), ("max_capacity", max.into())]),
            )
            .cfn(
                "ServerlessV2ScalingConfiguration",
                block([("MinCapacity", min.into()), ("MaxCapacity", max.into())]),
            );
    }
    for log in &logs {
        draft = draft.after(log);
    }
    if spec.global {
        // The global database fills it in.
        let ignored = Expr::Hcl("[global_cluster_identifier]".to_owned());
        draft = draft.tf("lifecycle", block([("ignore_changes", ignored)]));
    }
    let cluster = draft.retain().done();
    let class = class(spec, engine, &stack.graph.region);
    let instances: Vec<Handle> = (1..=instances(spec))
        .map(|n| instance(stack, it, engine, base, &cluster, &class, n, key.clone()))
        .collect();
    if let (true, Some(first)) = (spec.global, instances.first()) {
        let (world, world_name) = global(stack, it, &cluster);
        if stack.graph.recovery_region.is_some() {
            let first = First {
                engine,
                base,
                world,
                world_name,
                instance: first.clone(),
                class: &class,
                capacity: serverless(spec).then(|| capacity(spec)),
                backup_days: spec.backup_days.clamp(1, 35),
                protect,
            };
            member::lower(stack, it, &first);
        } else {
            no_second_region(stack, it, engine);
        }
    }
    let secret = match &base.login {
        Some(login) => login.secret.by_ref("arn"),
        None => cluster.att("master_user_secret[0].secret_arn", "MasterUserSecret.SecretArn"),
    };
    let facet = Facet::default()
        .handle("cluster", &cluster)
        .value("arn", cluster.att("arn", "DBClusterArn"))
        .value("name", cluster.by_ref("cluster_identifier"))
        .value("host", cluster.att("endpoint", "Endpoint.Address"));
    let reader =
        (spec.replicas > 0).then(|| cluster.att("reader_endpoint", "ReadEndpoint.Address"));
    let access = Access {
        host: cluster.att("endpoint", "Endpoint.Address"),
        reader,
        secret,
        group: base.group.as_ref().map(kit::group_id),
    };
    (facet, access)
}

/// Capacity in steps of a half.
fn capacity(spec: &RelationalDatabase) -> (f64, f64) {
    let step = |it: f64| (it * 2.0).round() / 2.0;
    let min = step(spec.capacity_min).clamp(0.5, 256.0);
    (min, step(spec.capacity_max).clamp(min.max(1.0), 256.0))
}

fn class(spec: &RelationalDatabase, engine: &Engine, region: &str) -> String {
    if serverless(spec) { "db.serverless".to_owned() } else { engine.class(spec, region) }
}

#[expect(clippy::too_many_arguments, reason = "an instance repeats much of its cluster")]
fn instance(
    stack: &mut Stack<'_>,
    it: &Component,
    engine: &Engine,
    base: &Base,
    cluster: &Handle,
    class: &str,
    n: u32,
    key: Option<Expr>,
) -> Handle {
    let identifier = kit::short_name(it, &n.to_string(), 63);
    let draft = stack
        .add(it, &format!("instance_{n}"), "aws_rds_cluster_instance", "AWS::RDS::DBInstance")
        .set("identifier", "DBInstanceIdentifier", identifier)
        .set("cluster_identifier", "DBClusterIdentifier", cluster.by_ref("id"))
        .set("engine", "Engine", engine.name)
        .set("instance_class", "DBInstanceClass", class)
        .tf_maybe("db_subnet_group_name", base.subnets.as_ref().map(|it| it.by_ref("name")))
        .set("publicly_accessible", "PubliclyAccessible", false)
        .set("promotion_tier", "PromotionTier", n.min(15))
        .set("auto_minor_version_upgrade", "AutoMinorVersionUpgrade", true)
        .set("monitoring_interval", "MonitoringInterval", 60)
        .set("monitoring_role_arn", "MonitoringRoleArn", base.monitor.arn())
        .tf("copy_tags_to_snapshot", true)
        .skip("CKV_AWS_157", "Aurora keeps six copies of the data in three zones");
    super::instance::insights(draft, engine, class, key).done()
}

pub(super) fn parameters(
    stack: &mut Stack<'_>,
    it: &Component,
    engine: &Engine,
    suffix: &str,
) -> Handle {
    let name = stack.name(it);
    let text = format!("Settings of {}", kit::ascii(&it.title));
    let rows = engine.parameters.iter().map(|(name, value)| {
        map([
            ("name", (*name).into()),
            ("value", (*value).into()),
            ("apply_method", "pending-reboot".into()),
        ])
    });
    let values = engine
        .parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Expr::from(*value)))
        .collect();
    stack
        .add(it, suffix, "aws_rds_cluster_parameter_group", "AWS::RDS::DBClusterParameterGroup")
        .set("name", "DBClusterParameterGroupName", name)
        .set("description", "Description", text)
        .set("family", "Family", engine.family.as_str())
        .tf("parameter", blocks(rows.collect()))
        .cfn("Parameters", Expr::Map(values))
        .done()
}

/// Makes the cluster the first member of a global database. Answers with that, and
/// with its name for those that cannot refer to it.
fn global(stack: &mut Stack<'_>, it: &Component, cluster: &Handle) -> (Handle, Expr) {
    let name = stack.name_with(it, "world");
    let protect = kit::protect(stack);
    let world = stack
        .add(it, "world", "aws_rds_global_cluster", "AWS::RDS::GlobalCluster")
        .set("global_cluster_identifier", "GlobalClusterIdentifier", name.clone())
        .tf("source_db_cluster_identifier", cluster.att("arn", "DBClusterArn"))
        .cfn("SourceDBClusterIdentifier", cluster.by_ref("id"))
        .set("deletion_protection", "DeletionProtection", protect)
        .tf("force_destroy", true)
        .comment("Clusters in other regions join with this identifier and the same engine.")
        .done();
    let output = format!("{}_global_cluster", it.id.snake());
    stack.output(&output, "Global database that other regions' clusters join.", world.by_ref("id"));
    (world, name)
}

fn no_second_region(stack: &mut Stack<'_>, it: &Component, engine: &Engine) {
    stack.diagnose(
        Diagnostic::new(
            "second-region-unknown",
            Severity::Note,
            format!(
                "{} is the first member of a global database ({}), but no region is named for the second.",
                it.title, engine.title
            ),
        )
        .help("Name the region that takes over.")
        .on(it.id.as_str()),
    );
}

/// What a key in the region that takes over is called on a bill.
const COPY_KEY: &str = "Key of the second region";

pub(super) fn cost(
    bill: &mut Bill<'_>,
    it: &Component,
    spec: &RelationalDatabase,
    engine: &Engine,
) {
    let count = f64::from(instances(spec));
    let other = bill.graph.recovery_region.clone().filter(|_| spec.global);
    if serverless(spec) {
        let (min, max) = capacity(spec);
        let average = spec.capacity_average.clamp(min, max);
        // A reader that may take over follows the writer's capacity.
        bill.add(
            it,
            "Capacity",
            "aurora",
            "serverless-v2-acu-hour",
            Quantity::range(
                (average / 2.0).max(min) * count * HOURS,
                average * count * HOURS,
                (average * 2.0).min(max) * count * HOURS,
            ),
            format!("{average} capacity units × {count} instances × 730 h"),
        );
        if let Some(region) = &other {
            // It only replays writes until it takes over.
            bill.add_in(
                region,
                it,
                "Capacity of the second region",
                "aurora",
                "serverless-v2-acu-hour",
                Quantity::range(min * HOURS, average * HOURS, (average * 2.0).min(max) * HOURS),
                format!("{average} capacity units × 730 h"),
            );
        }
    } else {
        let class = engine.class(spec, &bill.graph.region);
        bill.add(
            it,
            "Instances",
            "rds",
            &engine.sku(&class, "single-az"),
            Quantity::fixed(count * HOURS),
            format!("{class} × {count} × 730 h"),
        );
        if let Some(region) = &other {
            bill.add_in(
                region,
                it,
                "Instance of the second region",
                "rds",
                &engine.sku(&class, "single-az"),
                Quantity::fixed(HOURS),
                format!("{class} × 730 h"),
            );
        }
    }
    bill.add(it, "Storage", "aurora", "storage-gb-month", Quantity::fixed(spec.storage_gb), "GB");
    if let Some(region) = &other {
        bill.add_in(
            region,
            it,
            "Storage of the second region",
            "aurora",
            "storage-gb-month",
            Quantity::fixed(spec.storage_gb),
            "the same GB again",
        );
        if !bill.graph.has(Kind::EncryptionKey) && !bill.lines.iter().any(|it| it.item == COPY_KEY)
        {
            let one = Quantity::fixed(1.0);
            bill.add_in(region, it, COPY_KEY, "kms", "key-month", one, "one key");
        }
    }
    bill.add(
        it,
        "I/O requests",
        "aurora",
        "io-million",
        Quantity::usage(spec.io_per_month / 1e6),
        "reads and writes of storage",
    );
    if spec.global {
        bill.unpriced(
            it,
            "Replicated writes",
            spec.io_per_month / 2.0,
            "aurora global replication",
        );
    }
}
