//! The second member of an Aurora global database: a cluster with one instance in
//! the region that takes over, which follows the first within a second.

use super::{Base, Engine};
use crate::engine::bind::aws::{kit, recovery, standby};
use crate::engine::bind::expr::{Expr, block, join, list};
use crate::engine::bind::stack::{Handle, Stack};
use crate::engine::graph::Component;

/// What both members have in common.
pub(super) struct First<'a> {
    pub engine: &'a Engine,
    pub base: &'a Base,
    /// The global database, and the name that another region knows it by.
    pub world: Handle,
    pub world_name: Expr,
    /// Has to be there before another member can join.
    pub instance: Handle,
    pub class: &'a str,
    /// Least and most capacity, when it is serverless.
    pub capacity: Option<(f64, f64)>,
    pub backup_days: u32,
    pub protect: bool,
}

pub(super) fn lower(stack: &mut Stack<'_>, it: &Component, first: &First<'_>) {
    let engine = first.engine;
    // What is sealed needs a key of its own region there, even where the first
    // member uses the key of RDS.
    let key = recovery::own_key(stack, it).arn();
    let net = standby::network(stack, it);
    let group = net.as_ref().map(|net| standby::group(stack, it, net));
    let subnets = net.as_ref().map(|net| standby::subnet_group(stack, it, net));
    let parameters = super::cluster::parameters(stack, it, engine, "standby_parameters");
    let parameters = match stack.edit(&parameters) {
        Some(draft) => draft.standby().done(),
        None => parameters,
    };
    let identifier = stack.name_with(it, "standby");
    let main = stack.graph.region.clone();
    let subnet_name = subnets.as_ref().map(|it| it.by_ref("name"));
    let mut draft = stack
        .add(it, "standby", "aws_rds_cluster", "AWS::RDS::DBCluster")
        .standby()
        .set("cluster_identifier", "DBClusterIdentifier", identifier)
        .tf("global_cluster_identifier", first.world.by_ref("id"))
        .cfn("GlobalClusterIdentifier", first.world_name.clone())
        .tf("source_region", Expr::Region)
        .cfn("SourceRegion", main)
        .set("engine", "Engine", engine.name)
        .tf("engine_version", engine.version.as_str())
        .cfn("EngineVersion", engine.version_full.as_str())
        .set("port", "Port", i64::from(engine.port))
        .set("storage_encrypted", "StorageEncrypted", true)
        .set("kms_key_id", "KmsKeyId", key.clone())
        .maybe("db_subnet_group_name", "DBSubnetGroupName", subnet_name.clone())
        .maybe(
            "vpc_security_group_ids",
            "VpcSecurityGroupIds",
            group.as_ref().map(|it| list![kit::group_id(it)]),
        )
        .set(
            "db_cluster_parameter_group_name",
            "DBClusterParameterGroupName",
            parameters.by_ref("name"),
        )
        .set("backup_retention_period", "BackupRetentionPeriod", first.backup_days)
        .set("copy_tags_to_snapshot", "CopyTagsToSnapshot", true)
        .set("iam_database_authentication_enabled", "EnableIAMDatabaseAuthentication", engine.iam)
        .set("deletion_protection", "DeletionProtection", first.protect)
        .tf("skip_final_snapshot", true)
        // The service fills it in, and a difference there would cut the member off.
        .tf(
            "lifecycle",
            block([("ignore_changes", Expr::Hcl("[replication_source_identifier]".to_owned()))]),
        )
        .after(&first.instance)
        .comment("Follows the first member; `aws rds failover-global-cluster` makes it the writer.")
        .skip(
            "CKV2_AWS_8",
            "Aurora backs itself up continuously; a plan of AWS Backup is added where the design has one",
        )
        .skip("CKV_AWS_324", "The first member's logs are kept; this one answers nobody until it takes over");
    if engine.proxy_family == Some("MYSQL") {
        draft = draft.skip(
            "CKV_AWS_326",
            "Point-in-time recovery covers mistakes without the charge for each change that backtracking has",
        );
    }
    if !first.protect {
        draft = draft.skip(
            "CKV_AWS_139",
            "The least costly option can be taken down in one go; the better one is protected",
        );
    }
    if let Some((min, max)) = first.capacity {
        draft = draft.nested(
            "serverlessv2_scaling_configuration",
            "ServerlessV2ScalingConfiguration",
            block([("min_capacity", min.into()), ("max_capacity", max.into())]),
        );
    }
    let cluster = draft.done();
    // Roles belong to the account: the first member's serves here too, by its name.
    let role = stack.name_with(it, "monitor");
    let role: Expr = join!["arn:", Expr::Partition, ":iam::", Expr::AccountId, ":role/", role];
    let draft = stack
        .add(it, "standby_instance", "aws_rds_cluster_instance", "AWS::RDS::DBInstance")
        .standby()
        .set("identifier", "DBInstanceIdentifier", kit::short_name(it, "standby-1", 63))
        .set("cluster_identifier", "DBClusterIdentifier", cluster.by_ref("id"))
        .set("engine", "Engine", engine.name)
        .set("instance_class", "DBInstanceClass", first.class)
        .tf_maybe("db_subnet_group_name", subnet_name)
        .set("publicly_accessible", "PubliclyAccessible", false)
        .set("promotion_tier", "PromotionTier", 1)
        .set("auto_minor_version_upgrade", "AutoMinorVersionUpgrade", true)
        .set("monitoring_interval", "MonitoringInterval", 60)
        .tf("monitoring_role_arn", first.base.monitor.arn())
        .cfn("MonitoringRoleArn", role)
        .tf("copy_tags_to_snapshot", true)
        .skip("CKV_AWS_157", "Aurora keeps six copies of the data in three zones");
    super::instance::insights(draft, engine, first.class, Some(key)).done();
    stack.output(
        &format!("{}_standby_host", it.id.snake()),
        &format!("Where {} is read in the region that takes over.", it.title),
        cluster.att("reader_endpoint", "ReadEndpoint.Address"),
    );
}
