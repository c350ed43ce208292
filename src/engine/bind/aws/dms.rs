//! AWS Database Migration Service.

use super::kit;
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, document, join, list, map};
use crate::engine::bind::stack::{Facet, Stack, Variable, VariableKind};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, DatabaseMigration};
use crate::engine::requirements::Intent;

binding! {
    DatabaseMigration {
        service: "dms",
        title: "AWS Database Migration Service",
        docs: "https://docs.aws.amazon.com/dms/latest/userguide/Welcome.html",
        sla: None,
        limits: &[Limit {
            what: "Storage of a replication instance",
            value: "6 TB",
            source: "https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Limits.html",
        }],
        latency_ms: None,
    }
}

fn class(spec: &DatabaseMigration) -> String {
    match &spec.instance_class {
        Some(named) if named.starts_with("dms.") => named.clone(),
        Some(named) => format!("dms.{named}"),
        None => "dms.t3.medium".to_owned(),
    }
}

/// DMS's word for what a text calls the source.
fn engine(text: &str) -> (&'static str, u16) {
    let text = text.to_ascii_lowercase();
    if text.contains("oracle") {
        ("oracle", 1521)
    } else if text.contains("sql server") || text.contains("sqlserver") || text.contains("mssql") {
        ("sqlserver", 1433)
    } else if text.contains("maria") {
        ("mariadb", 3306)
    } else if text.contains("mysql") {
        ("mysql", 3306)
    } else {
        ("postgres", 5432)
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &DatabaseMigration) {
    let group = kit::security_group(stack, it, "");
    // The role reads the secrets of both ends.
    let role = regional_role(stack, it);
    let name = stack.name(it);
    let key = stack.key_arn.clone();
    let subnets = stack.net.as_ref().map(|net| net.private.clone()).map(|subnets| {
        let text = format!("Subnets of {}", kit::ascii(&it.title));
        stack
            .add(
                it,
                "subnets",
                "aws_dms_replication_subnet_group",
                "AWS::DMS::ReplicationSubnetGroup",
            )
            .set("replication_subnet_group_id", "ReplicationSubnetGroupIdentifier", name.clone())
            .set("replication_subnet_group_description", "ReplicationSubnetGroupDescription", text)
            .set("subnet_ids", "SubnetIds", Expr::List(subnets))
            .comment(
                "The account needs the role dms-vpc-role once; the console makes it on first use.",
            )
            .done()
    });
    let mut draft = stack
        .add(it, "", "aws_dms_replication_instance", "AWS::DMS::ReplicationInstance")
        .set(
            "replication_instance_id",
            "ReplicationInstanceIdentifier",
            kit::short_name(it, "", 63),
        )
        .set("replication_instance_class", "ReplicationInstanceClass", class(spec))
        .set("allocated_storage", "AllocatedStorage", spec.storage_gb.ceil().max(5.0))
        .set("multi_az", "MultiAZ", spec.multi_zone)
        .set("publicly_accessible", "PubliclyAccessible", false)
        .set("auto_minor_version_upgrade", "AutoMinorVersionUpgrade", true)
        .maybe("kms_key_arn", "KmsKeyId", key.clone())
        .maybe(
            "replication_subnet_group_id",
            "ReplicationSubnetGroupIdentifier",
            subnets.map(|it| it.by_ref("id")),
        )
        .maybe(
            "vpc_security_group_ids",
            "VpcSecurityGroupIds",
            group.as_ref().map(|group| list![kit::group_id(group)]),
        );
    if key.is_none() {
        draft = draft.skip(
            "CKV_AWS_212",
            "Sealed with the key of DMS; a key of one's own is part of the better option",
        );
    }
    let instance = draft.done();
    let (engine, port) = engine(&spec.source_engine);
    let word = it.id.snake();
    let secret = stack.variable(
        &format!("{word}_source_secret_arn"),
        Variable {
            kind: VariableKind::String,
            description: "Secret with host, port, username and password of the source database."
                .to_owned(),
            default: None,
            pattern: Some((
                "^arn:aws[a-z-]*:secretsmanager:".to_owned(),
                "The ARN of a secret in Secrets Manager.".to_owned(),
            )),
        },
    );
    let database = kit::text_input(
        stack,
        &format!("{word}_source_database"),
        "Name of the source database.",
        Some("app"),
    );
    let read = kit::allow(
        &["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
        vec![secret.clone()],
    );
    stack.allow(&it.id, read);
    let source = stack
        .add(it, "source", "aws_dms_endpoint", "AWS::DMS::Endpoint")
        .set("endpoint_id", "EndpointIdentifier", kit::short_name(it, "source", 63))
        .set("endpoint_type", "EndpointType", "source")
        .set("engine_name", "EngineName", engine)
        .set("database_name", "DatabaseName", database)
        .set("ssl_mode", "SslMode", if engine == "oracle" { "none" } else { "require" })
        .maybe("kms_key_arn", "KmsKeyId", key)
        .tf("secrets_manager_arn", secret.clone())
        .tf("secrets_manager_access_role_arn", role.arn())
        .cfn(
            settings(engine),
            crate::engine::bind::expr::block([
                ("SecretsManagerSecretId", secret),
                ("SecretsManagerAccessRoleArn", role.arn()),
            ]),
        )
        .done();
    if let Some(group) = &group {
        kit::egress(
            stack,
            it,
            "source_out",
            &kit::group_id(group),
            Some((port, port)),
            kit::Peer::Cidr("0.0.0.0/0".into()),
            "To the source database",
        );
        kit::egress(
            stack,
            it,
            "https_out",
            &kit::group_id(group),
            Some((443, 443)),
            kit::Peer::Cidr("0.0.0.0/0".into()),
            "To Secrets Manager and logs",
        );
    }
    let facet = Facet::default()
        .handle("instance", &instance)
        .handle("source", &source)
        .handle("role", &role)
        .principal(&role, group.as_ref().map(kit::group_id), false)
        .grant(
            &[Intent::Invokes, Intent::Reads, Intent::Serves],
            &["dms:StartReplicationTask", "dms:StopReplicationTask"],
            vec![kit::arn("dms", join!["task:*"])],
        );
    stack.facet(it, facet);
}

/// What CloudFormation calls the settings of an engine.
pub fn settings(engine: &str) -> &'static str {
    match engine {
        "oracle" => "OracleSettings",
        "sqlserver" => "MicrosoftSqlServerSettings",
        "mysql" | "mariadb" | "aurora" => "MySqlSettings",
        "docdb" => "DocDbSettings",
        _ => "PostgreSqlSettings",
    }
}

/// DMS takes on roles as its regional principal.
fn regional_role(stack: &mut Stack<'_>, it: &Component) -> crate::engine::bind::stack::Handle {
    let service = join!["dms.", Expr::Region, ".amazonaws.com"];
    let trust = map([
        ("Version", "2012-10-17".into()),
        (
            "Statement",
            list![map([
                ("Effect", "Allow".into()),
                ("Principal", map([("Service", service)])),
                ("Action", "sts:AssumeRole".into()),
            ])],
        ),
    ]);
    let name = stack.name_with(it, "role");
    stack
        .add(it, "role", "aws_iam_role", "AWS::IAM::Role")
        .set("name", "RoleName", name)
        .set("assume_role_policy", "AssumeRolePolicyDocument", document(trust))
        .done()
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &DatabaseMigration) {
    let class = class(spec);
    let size = class.trim_start_matches("dms.");
    let zones = if spec.multi_zone { "multi-az" } else { "single-az" };
    bill.add(
        it,
        "Replication instance",
        "dms",
        &format!("{size}|{zones}"),
        Quantity::fixed(spec.hours_per_month),
        format!("{class} × {} h", spec.hours_per_month),
    );
    bill.add(
        it,
        "Storage",
        "dms",
        &format!("gp2-gb-month|{zones}"),
        Quantity::fixed(spec.storage_gb).beyond(50.0),
        "GB beyond 50 that come with the instance",
    );
}
