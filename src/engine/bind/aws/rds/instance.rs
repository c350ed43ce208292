//! RDS instances: one, with a standby, with read replicas.

use super::{ADMIN, Access, Base, Engine, groups, log_groups, storage_gb};
use crate::engine::bind::aws::kit;
use crate::engine::bind::expr::{Expr, block, blocks, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::diag::{Diagnostic, Severity};
use crate::engine::graph::{Component, RelationalDatabase, RelationalStyle};

/// From this size on, gp3 volumes of RDS are striped and take more operations.
const STRIPED_GB: f64 = 400.0;
const STRIPED_IOPS: u32 = 12_000;

fn multi_zone(spec: &RelationalDatabase, engine: &Engine) -> bool {
    spec.style != RelationalStyle::Single && engine.name != "sqlserver-ex"
}

/// Storage type, with the operations to reserve where the type does not bring them.
fn volume(spec: &RelationalDatabase) -> (&'static str, Option<u32>) {
    match spec.iops {
        0..=3000 => ("gp3", None),
        iops if storage_gb(spec) < STRIPED_GB => ("io1", Some(iops)),
        iops if iops > STRIPED_IOPS => ("gp3", Some(iops)),
        _ => ("gp3", None),
    }
}

pub(super) fn lower(
    stack: &mut Stack<'_>,
    it: &Component,
    spec: &RelationalDatabase,
    engine: &Engine,
    base: &Base,
) -> (Facet, Access) {
    let class = engine.class(spec, &stack.graph.region);
    let identifier = stack.name(it);
    let parameters = parameters(stack, it, engine);
    let options = (engine.name == "oracle-se2").then(|| encrypted_sessions(stack, it, engine));
    let logs = log_groups(stack, it, "instance", &identifier, engine.logs);
    let key = stack.key_arn.clone();
    let storage = storage_gb(spec);
    let (kind, iops) = volume(spec);
    let multi_zone = multi_zone(spec, engine);
    let protect = spec.deletion_protection && kit::protect(stack);
    let final_snapshot = stack.name_with(it, "final");
    let mut draft = stack
        .add(it, "", "aws_db_instance", "AWS::RDS::DBInstance")
        .set("identifier", "DBInstanceIdentifier", identifier)
        .set("engine", "Engine", engine.name)
        .tf("engine_version", engine.version.as_str())
        .cfn("EngineVersion", engine.version_full.as_str())
        .set("instance_class", "DBInstanceClass", class.as_str())
        .maybe("license_model", "LicenseModel", engine.license)
        .maybe("db_name", "DBName", engine.database.as_deref())
        .set("port", "Port", i64::from(engine.port))
        .set("username", "MasterUsername", ADMIN)
        .tf("allocated_storage", storage)
        .cfn("AllocatedStorage", format!("{storage}"))
        // Storage grows by itself; a full disk stops the database.
        .set("max_allocated_storage", "MaxAllocatedStorage", (storage * 5.0).min(65_536.0))
        .set("storage_type", "StorageType", kind)
        .maybe("iops", "Iops", iops)
        .set("storage_encrypted", "StorageEncrypted", true)
        .maybe("kms_key_id", "KmsKeyId", key.clone())
        .set("multi_az", "MultiAZ", multi_zone)
        .maybe(
            "db_subnet_group_name",
            "DBSubnetGroupName",
            base.subnets.as_ref().map(|it| it.by_ref("name")),
        )
        .maybe("vpc_security_group_ids", "VPCSecurityGroups", groups(base))
        .set("publicly_accessible", "PubliclyAccessible", false)
        .set("parameter_group_name", "DBParameterGroupName", parameters.by_ref("name"))
        .maybe("option_group_name", "OptionGroupName", options.map(|it| it.by_ref("name")))
        .set("backup_retention_period", "BackupRetentionPeriod", spec.backup_days.clamp(1, 35))
        .set("backup_window", "PreferredBackupWindow", "02:00-03:00")
        .set("maintenance_window", "PreferredMaintenanceWindow", "sun:03:30-sun:04:30")
        .set("copy_tags_to_snapshot", "CopyTagsToSnapshot", true)
        .set("auto_minor_version_upgrade", "AutoMinorVersionUpgrade", true)
        .set("monitoring_interval", "MonitoringInterval", 60)
        .set("monitoring_role_arn", "MonitoringRoleArn", base.monitor.arn())
        .tf("enabled_cloudwatch_logs_exports", engine.logs.to_vec())
        .cfn("EnableCloudwatchLogsExports", engine.logs.to_vec())
        .set("deletion_protection", "DeletionProtection", protect)
        .tf("skip_final_snapshot", !protect);
    if protect {
        draft = draft.tf("final_snapshot_identifier", final_snapshot);
    } else {
        draft = draft.skip(
            "CKV_AWS_293",
            "The least costly option can be taken down in one go; the better one is protected",
        );
    }
    draft = match &base.login {
        Some(login) => {
            draft.tf("password", login.tf.clone()).cfn("MasterUserPassword", login.cfn.clone())
        }
        None => draft
            .set("manage_master_user_password", "ManageMasterUserPassword", true)
            .tf_maybe("master_user_secret_kms_key_id", key.clone())
            .cfn_maybe("MasterUserSecret", key.clone().map(|key| block([("KmsKeyId", key)]))),
    };
    if engine.iam {
        draft = draft.set(
            "iam_database_authentication_enabled",
            "EnableIAMDatabaseAuthentication",
            true,
        );
    } else {
        draft = draft.skip("CKV_AWS_161", "This engine does not sign in with IAM");
    }
    draft = insights(draft, engine, &class, key);
    if !multi_zone {
        draft = draft.skip(
            "CKV_AWS_157",
            "One zone was chosen for this option: backups bring the data back, a standby would double the cost",
        );
    }
    for log in &logs {
        draft = draft.after(log);
    }
    if engine.name == "oracle-se2" {
        draft =
            draft.comment("The licence is yours: Standard Edition Two, bring your own licence.");
    }
    let database = draft.retain().done();
    let reader = replicas(stack, it, spec, engine, base, &class, &database, &parameters);
    let secret = match &base.login {
        Some(login) => login.secret.by_ref("arn"),
        None => database.att("master_user_secret[0].secret_arn", "MasterUserSecret.SecretArn"),
    };
    let facet = Facet::default()
        .handle("database", &database)
        .value("arn", database.att("arn", "DBInstanceArn"))
        .value("name", database.by_ref("identifier"))
        .value("host", database.att("address", "Endpoint.Address"));
    let access = Access {
        host: database.att("address", "Endpoint.Address"),
        reader,
        secret,
        group: base.group.as_ref().map(kit::group_id),
    };
    (facet, access)
}

/// Performance Insights where the class has room for it; a week of it is free.
pub(super) fn insights<'a>(
    draft: crate::engine::bind::stack::Draft<'a>,
    engine: &Engine,
    class: &str,
    key: Option<Expr>,
) -> crate::engine::bind::stack::Draft<'a> {
    if !engine.has_insights(class) {
        return draft.skip("CKV_AWS_353", "This class is too small for Performance Insights");
    }
    let sealed = key.is_some();
    let draft = draft
        .set("performance_insights_enabled", "EnablePerformanceInsights", true)
        .set("performance_insights_retention_period", "PerformanceInsightsRetentionPeriod", 7)
        .maybe("performance_insights_kms_key_id", "PerformanceInsightsKMSKeyId", key);
    if sealed {
        draft
    } else {
        draft.skip(
            "CKV_AWS_354",
            "Sealed with the key of RDS; a key of one's own is part of the better option",
        )
    }
}

fn parameters(stack: &mut Stack<'_>, it: &Component, engine: &Engine) -> Handle {
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
        .add(it, "parameters", "aws_db_parameter_group", "AWS::RDS::DBParameterGroup")
        .set("name", "DBParameterGroupName", name)
        .set("description", "Description", text)
        .set("family", "Family", engine.family.as_str())
        .tf("parameter", blocks(rows.collect()))
        .cfn("Parameters", Expr::Map(values))
        .done()
}

/// Oracle encrypts sessions with an option, not with a parameter.
fn encrypted_sessions(stack: &mut Stack<'_>, it: &Component, engine: &Engine) -> Handle {
    let name = stack.name(it);
    let settings = [
        ("SQLNET.ENCRYPTION_SERVER", "REQUIRED"),
        ("SQLNET.ENCRYPTION_TYPES_SERVER", "AES256"),
        ("SQLNET.CRYPTO_CHECKSUM_SERVER", "REQUIRED"),
    ];
    let tf = settings
        .iter()
        .map(|(name, value)| map([("name", (*name).into()), ("value", (*value).into())]));
    let cfn = settings
        .iter()
        .map(|(name, value)| map([("Name", (*name).into()), ("Value", (*value).into())]));
    stack
        .add(it, "options", "aws_db_option_group", "AWS::RDS::OptionGroup")
        .set("name", "OptionGroupName", name)
        .set("option_group_description", "OptionGroupDescription", "Encrypted sessions only")
        .set("engine_name", "EngineName", engine.name)
        .set("major_engine_version", "MajorEngineVersion", engine.version.as_str())
        .tf(
            "option",
            block([
                ("option_name", "NATIVE_NETWORK_ENCRYPTION".into()),
                ("option_settings", blocks(tf.collect())),
            ]),
        )
        .cfn(
            "OptionConfigurations",
            list![map([
                ("OptionName", "NATIVE_NETWORK_ENCRYPTION".into()),
                ("OptionSettings", Expr::List(cfn.collect())),
            ])],
        )
        .done()
}

/// Read replicas; answers with the address of the first.
#[expect(clippy::too_many_arguments, reason = "a replica repeats most of its source")]
fn replicas(
    stack: &mut Stack<'_>,
    it: &Component,
    spec: &RelationalDatabase,
    engine: &Engine,
    base: &Base,
    class: &str,
    source: &Handle,
    parameters: &Handle,
) -> Option<Expr> {
    if spec.replicas == 0 {
        return None;
    }
    if !engine.replicas {
        stack.diagnose(
            Diagnostic::new(
                "replicas-need-another-edition",
                Severity::Warning,
                format!("{} makes read replicas in its enterprise edition only.", engine.title),
            )
            .help("Choose PostgreSQL or MySQL, or add the enterprise edition by hand.")
            .on(it.id.as_str()),
        );
        return None;
    }
    let key = stack.key_arn.clone();
    let mut first = None;
    for n in 1..=spec.replicas.min(15) {
        let identifier = kit::short_name(it, &format!("r{n}"), 63);
        let draft = stack
            .add(it, &format!("replica_{n}"), "aws_db_instance", "AWS::RDS::DBInstance")
            .set("identifier", "DBInstanceIdentifier", identifier)
            .tf("replicate_source_db", source.by_ref("identifier"))
            .cfn("SourceDBInstanceIdentifier", source.by_ref("identifier"))
            .set("instance_class", "DBInstanceClass", class)
            .tf("storage_encrypted", true)
            .tf_maybe("kms_key_id", key.clone())
            .set("multi_az", "MultiAZ", false)
            .maybe("vpc_security_group_ids", "VPCSecurityGroups", groups(base))
            .set("publicly_accessible", "PubliclyAccessible", false)
            .set("parameter_group_name", "DBParameterGroupName", parameters.by_ref("name"))
            .set("copy_tags_to_snapshot", "CopyTagsToSnapshot", true)
            .set("auto_minor_version_upgrade", "AutoMinorVersionUpgrade", true)
            .set("monitoring_interval", "MonitoringInterval", 60)
            .set("monitoring_role_arn", "MonitoringRoleArn", base.monitor.arn())
            .tf("enabled_cloudwatch_logs_exports", engine.logs.to_vec())
            .cfn("EnableCloudwatchLogsExports", engine.logs.to_vec())
            .set(
                "iam_database_authentication_enabled",
                "EnableIAMDatabaseAuthentication",
                engine.iam,
            )
            .tf("skip_final_snapshot", true)
            .skip("CKV_AWS_157", "A read replica: its source has the standby")
            .skip("CKV_AWS_293", "A read replica holds no data of its own")
            .skip("CKV_AWS_133", "A read replica: its source is backed up");
        let replica = insights(draft, engine, class, key.clone()).done();
        first.get_or_insert(replica.att("address", "Endpoint.Address"));
    }
    first
}

pub(super) fn cost(
    bill: &mut Bill<'_>,
    it: &Component,
    spec: &RelationalDatabase,
    engine: &Engine,
) {
    let class = engine.class(spec, &bill.graph.region);
    let multi_zone = multi_zone(spec, engine);
    let licensed = engine.license.is_some();
    let (zone, count) = match (multi_zone, licensed) {
        (true, false) => ("multi-az", 1.0),
        // Lists have one zone only; a standby costs as much as the instance.
        (true, true) => ("single-az", 2.0),
        (false, _) => ("single-az", 1.0),
    };
    bill.add(
        it,
        if multi_zone { "Instance and standby" } else { "Instance" },
        "rds",
        &engine.sku(&class, zone),
        Quantity::fixed(count * HOURS),
        format!("{class} × {count} × 730 h"),
    );
    let replicas = if engine.replicas { f64::from(spec.replicas) } else { 0.0 };
    bill.add(
        it,
        "Read replicas",
        "rds",
        &engine.sku(&class, "single-az"),
        Quantity::fixed(replicas * HOURS),
        format!("{class} × {replicas} × 730 h"),
    );
    let (kind, iops) = volume(spec);
    let storage = storage_gb(spec);
    let copies = replicas + if multi_zone { 2.0 } else { 1.0 };
    if kind == "gp3" && multi_zone {
        bill.add(
            it,
            "Storage",
            "rds",
            "gp3-gb-month|multi-az",
            Quantity::fixed(storage),
            "GB in two zones",
        );
        bill.add(
            it,
            "Storage of replicas",
            "rds",
            "gp3-gb-month|single-az",
            Quantity::fixed(storage * replicas),
            format!("GB × {replicas} replicas"),
        );
    } else {
        let sku = format!("{kind}-gb-month|single-az");
        bill.add(
            it,
            "Storage",
            "rds",
            &sku,
            Quantity::fixed(storage * copies),
            format!("GB × {copies} copies"),
        );
    }
    if let Some(iops) = iops {
        let extra = if kind == "gp3" { iops - STRIPED_IOPS } else { iops };
        bill.add(
            it,
            "Reserved operations",
            "rds",
            &format!("{kind}-iops-month|single-az"),
            Quantity::fixed(f64::from(extra) * copies),
            format!("{extra} a second × {copies} copies"),
        );
    }
    if engine.name.starts_with("oracle") {
        bill.unpriced(it, "Licence of Oracle Database, brought along", 1.0, "oracle-se2 licence");
    }
}
