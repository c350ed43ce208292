//! What moves data between stores, and what joins services over networks.

use super::super::{dms, kit, privatelink};
use super::Ends;
use crate::engine::bind::expr::{Expr, block, join, json, list, map};
use crate::engine::bind::stack::{Handle, Stack};
use crate::engine::graph::{
    Kind, Layer, RelationalDatabase, RelationalEngine, RelationalStyle, Spec,
};
use crate::engine::requirements::Intent;

pub fn wire(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let intent = ends.connection.intent;
    match (ends.from.spec.kind(), ends.to.spec.kind()) {
        (Kind::FileTransfer, Kind::ObjectStore | Kind::FileSystem) => partner(stack, ends),
        (Kind::FileTransfer, Kind::Function) if intent == Intent::Invokes => {
            after_upload(stack, ends)
        }
        (Kind::DataSync, Kind::ObjectStore | Kind::FileSystem) => sync(stack, ends),
        (
            Kind::DatabaseMigration,
            Kind::RelationalDatabase | Kind::KeyValueStore | Kind::ObjectStore | Kind::Stream,
        ) => migrate(stack, ends),
        (Kind::PrivateLink, Kind::LoadBalancer) => offer(stack, ends),
        (Kind::ServiceNetwork, Kind::Function | Kind::LoadBalancer) => join_service(stack, ends),
        (Kind::Directory, Kind::RelationalDatabase) => join_directory(stack, ends),
        _ => None,
    }
}

/// Whether a resource is there already: reading and writing are two connections of one thing.
fn known(stack: &Stack<'_>, key: &str) -> Option<Handle> {
    stack.resources.iter().any(|it| it.key == key).then(|| Handle(key.to_owned()))
}

/// What starts the first task of a mover finds it here.
fn tell(stack: &mut Stack<'_>, ends: &Ends<'_>, task: &Handle) {
    if let Some(facet) = stack.facets.get_mut(&ends.from.id) {
        facet.handles.entry("task").or_insert_with(|| task.clone());
    }
}

/// A user of the transfer server whose home is the store.
fn partner(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let server = ends.source.handles.get("server")?;
    let role = ends.source.handles.get("role")?;
    super::general(stack, ends)?;
    let suffix = format!("user_{}", ends.to.id.snake());
    if known(stack, &format!("{}_{suffix}", ends.from.id.snake())).is_some() {
        return Some(());
    }
    let files = ends.to.spec.kind() == Kind::FileSystem;
    let store = ends.target.values.get(if files { "id" } else { "name" })?;
    let id = server.att("id", "ServerId");
    let mut draft = stack
        .add(ends.from, &suffix, "aws_transfer_user", "AWS::Transfer::User")
        .set("server_id", "ServerId", id)
        .set("user_name", "UserName", ends.to.id.as_str())
        .set("role", "Role", role.arn())
        .set("home_directory", "HomeDirectory", join!["/", store.clone()])
        .comment("Signs in with a key: add each partner's public key to the user.");
    if files {
        draft = draft
            .tf("posix_profile", block([("uid", 1000.into()), ("gid", 1000.into())]))
            .cfn("PosixProfile", block([("Uid", 1000.into()), ("Gid", 1000.into())]));
    }
    draft.done();
    Some(())
}

/// A function that is called for each file that has arrived.
fn after_upload(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let server = ends.source.handles.get("server")?;
    let function = ends.target.handles.get("function")?;
    let suffix = ends.suffix();
    let role =
        kit::role(stack, ends.from, &format!("{suffix}_role"), "transfer.amazonaws.com", &[]);
    let call = kit::allow(&["lambda:InvokeFunction"], vec![function.arn()]);
    kit::role_policy(stack, ends.from, &format!("{suffix}_policy"), &role, &[call]);
    let workflow = stack
        .add(ends.from, &suffix, "aws_transfer_workflow", "AWS::Transfer::Workflow")
        .tf(
            "steps",
            block([
                ("type", "CUSTOM".into()),
                (
                    "custom_step_details",
                    block([
                        ("name", ends.to.id.as_str().into()),
                        ("target", function.arn()),
                        ("timeout_seconds", 60.into()),
                        ("source_file_location", "${original.file}".into()),
                    ]),
                ),
            ]),
        )
        .cfn(
            "Steps",
            list![block([
                ("Type", "CUSTOM".into()),
                (
                    "CustomStepDetails",
                    block([
                        ("Name", ends.to.id.as_str().into()),
                        ("Target", function.arn()),
                        ("TimeoutSeconds", 60.into()),
                        ("SourceFileLocation", "${original.file}".into()),
                    ]),
                ),
            ])],
        )
        .done();
    stack
        .edit(server)?
        .tf(
            "workflow_details",
            block([(
                "on_upload",
                block([("execution_role", role.arn()), ("workflow_id", workflow.id())]),
            )]),
        )
        .cfn(
            "WorkflowDetails",
            block([(
                "OnUpload",
                list![block([
                    ("ExecutionRole", role.arn()),
                    ("WorkflowId", workflow.att("id", "WorkflowId")),
                ])],
            )]),
        )
        .done();
    Some(())
}

/// A store as one end of a transfer; the task is made once both ends are there.
fn sync(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let reads = ends.connection.intent == Intent::Reads;
    let stem = ends.from.id.snake();
    let suffix = format!("{}_{}", if reads { "source" } else { "target" }, ends.to.id.snake());
    super::general(stack, ends)?;
    if known(stack, &format!("{stem}_{suffix}")).is_some() {
        return Some(());
    }
    let role = ends.source.handles.get("role")?.arn();
    let arn = ends.target.values.get("arn")?.clone();
    let location = if ends.to.spec.kind() == Kind::ObjectStore {
        let list_bucket = kit::allow(
            &["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
            vec![arn.clone()],
        );
        stack.allow(&ends.from.id, list_bucket);
        let policy = Handle(format!("{stem}_policy"));
        stack
            .add(ends.from, &suffix, "aws_datasync_location_s3", "AWS::DataSync::LocationS3")
            .set("s3_bucket_arn", "S3BucketArn", arn)
            .set("subdirectory", "Subdirectory", if reads { "/" } else { "/synced" })
            .tf("s3_config", block([("bucket_access_role_arn", role.clone())]))
            .cfn("S3Config", block([("BucketAccessRoleArn", role)]))
            .after(&policy)
            .done()
    } else {
        let group = ends.source.handles.get("group")?;
        let subnet = stack.net.as_ref()?.private.first()?.clone();
        let group = kit::arn("ec2", join!["security-group/", kit::group_id(group)]);
        let subnet = kit::arn("ec2", join!["subnet/", subnet]);
        let mut draft = stack
            .add(ends.from, &suffix, "aws_datasync_location_efs", "AWS::DataSync::LocationEFS")
            .tf("efs_file_system_arn", arn.clone())
            .cfn("EfsFilesystemArn", arn)
            .set("in_transit_encryption", "InTransitEncryption", "TLS1_2")
            .set("file_system_access_role_arn", "FileSystemAccessRoleArn", role)
            .maybe(
                "access_point_arn",
                "AccessPointArn",
                ends.target.values.get("access_point_arn").cloned(),
            )
            .tf(
                "ec2_config",
                block([
                    ("security_group_arns", list![group.clone()]),
                    ("subnet_arn", subnet.clone()),
                ]),
            )
            .cfn("Ec2Config", block([("SecurityGroupArns", list![group]), ("SubnetArn", subnet)]));
        for name in super::super::efs::MOUNTS {
            if let Some(mount) = ends.target.handles.get(name) {
                draft = draft.after(mount);
            }
        }
        draft.done()
    };
    let other = format!("{stem}_{}_", if reads { "target" } else { "source" });
    // The connection to the other end makes the task.
    let Some(other) = stack.resources.iter().find(|it| it.key.starts_with(&other)) else {
        return Some(());
    };
    let other = Handle(other.key.clone());
    let (source, target) = if reads { (&location, &other) } else { (&other, &location) };
    let logs = ends.source.handles.get("logs")?;
    let group = super::super::ec2_network::log_arn(logs);
    let name = stack.name_with(ends.from, ends.to.id.as_str());
    let task = stack
        .add(
            ends.from,
            &format!("task_{}", ends.to.id.snake()),
            "aws_datasync_task",
            "AWS::DataSync::Task",
        )
        .set("name", "Name", name)
        .set("source_location_arn", "SourceLocationArn", source.att("arn", "LocationArn"))
        .set("destination_location_arn", "DestinationLocationArn", target.att("arn", "LocationArn"))
        .set("cloudwatch_log_group_arn", "CloudWatchLogGroupArn", group)
        .tf(
            "options",
            block([
                ("log_level", "TRANSFER".into()),
                ("verify_mode", "ONLY_FILES_TRANSFERRED".into()),
            ]),
        )
        .cfn(
            "Options",
            block([
                ("LogLevel", "TRANSFER".into()),
                ("VerifyMode", "ONLY_FILES_TRANSFERRED".into()),
            ]),
        )
        .tf("schedule", block([("schedule_expression", "cron(0 1 * * ? *)".into())]))
        .cfn("Schedule", block([("ScheduleExpression", "cron(0 1 * * ? *)".into())]))
        .done();
    tell(stack, ends, &task);
    Some(())
}

/// A store as the target of a migration, with the task that fills it.
fn migrate(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let stem = ends.from.id.snake();
    let suffix = ends.suffix();
    super::general(stack, ends)?;
    if known(stack, &format!("{stem}_{suffix}")).is_some() {
        return Some(());
    }
    let instance = ends.source.handles.get("instance")?;
    let source = ends.source.handles.get("source")?;
    let role = ends.source.handles.get("role")?.arn();
    let key = stack.key_arn.clone();
    let id =
        kit::short_name(ends.from, &ends.to.id.as_str().chars().take(12).collect::<String>(), 63);
    let id_of = |draft: crate::engine::bind::stack::Draft<'_>| {
        draft
            .set("endpoint_id", "EndpointIdentifier", id.clone())
            .set("endpoint_type", "EndpointType", "target")
            .maybe("kms_key_arn", "KmsKeyId", key.clone())
            .after(&Handle(format!("{stem}_policy")))
            .done()
    };
    let target = match &ends.to.spec {
        Spec::RelationalDatabase(spec) => {
            let secret = ends.target.values.get("secret_arn")?.clone();
            let engine = engine(spec);
            let draft = stack
                .add(ends.from, &suffix, "aws_dms_endpoint", "AWS::DMS::Endpoint")
                .set("engine_name", "EngineName", engine)
                .set("database_name", "DatabaseName", spec.database.as_str())
                .set("ssl_mode", "SslMode", if engine == "oracle" { "none" } else { "require" })
                .tf("secrets_manager_arn", secret.clone())
                .tf("secrets_manager_access_role_arn", role.clone())
                .cfn(
                    dms::settings(engine),
                    block([
                        ("SecretsManagerSecretId", secret),
                        ("SecretsManagerAccessRoleArn", role),
                    ]),
                );
            id_of(draft)
        }
        Spec::KeyValueStore(_) => {
            let draft = stack
                .add(ends.from, &suffix, "aws_dms_endpoint", "AWS::DMS::Endpoint")
                .set("engine_name", "EngineName", "dynamodb")
                .tf("service_access_role", role.clone())
                .cfn("DynamoDbSettings", block([("ServiceAccessRoleArn", role)]));
            id_of(draft)
        }
        Spec::Stream(_) => {
            let stream = ends.target.values.get("arn")?.clone();
            let draft = stack
                .add(ends.from, &suffix, "aws_dms_endpoint", "AWS::DMS::Endpoint")
                .set("engine_name", "EngineName", "kinesis")
                .tf(
                    "kinesis_settings",
                    block([
                        ("message_format", "json".into()),
                        ("stream_arn", stream.clone()),
                        ("service_access_role_arn", role.clone()),
                    ]),
                )
                .cfn(
                    "KinesisSettings",
                    block([
                        ("MessageFormat", "json".into()),
                        ("StreamArn", stream),
                        ("ServiceAccessRoleArn", role),
                    ]),
                );
            id_of(draft)
        }
        _ => {
            let bucket = ends.target.values.get("name")?.clone();
            let arn = ends.target.values.get("arn")?.clone();
            stack.allow(&ends.from.id, kit::allow(&["s3:ListBucket"], vec![arn]));
            let draft = stack
                .add(ends.from, &suffix, "aws_dms_s3_endpoint", "AWS::DMS::Endpoint")
                .cfn("EngineName", "s3")
                .tf("bucket_name", bucket.clone())
                .tf("bucket_folder", "migrated")
                .tf("data_format", "parquet")
                .tf("service_access_role_arn", role.clone())
                .cfn(
                    "S3Settings",
                    block([
                        ("BucketName", bucket),
                        ("BucketFolder", "migrated".into()),
                        ("DataFormat", "parquet".into()),
                        ("ServiceAccessRoleArn", role),
                    ]),
                );
            id_of(draft)
        }
    };
    // Every table of every schema; the team narrows it.
    let tables = map([(
        "rules",
        list![map([
            ("rule-type", "selection".into()),
            ("rule-id", "1".into()),
            ("rule-name", "all".into()),
            ("object-locator", map([("schema-name", "%".into()), ("table-name", "%".into())])),
            ("rule-action", "include".into()),
        ])],
    )]);
    let task = stack
        .add(
            ends.from,
            &format!("task_{}", ends.to.id.snake()),
            "aws_dms_replication_task",
            "AWS::DMS::ReplicationTask",
        )
        .set("replication_task_id", "ReplicationTaskIdentifier", id.clone())
        .set("migration_type", "MigrationType", "full-load-and-cdc")
        .tf("replication_instance_arn", instance.by_ref("replication_instance_arn"))
        .cfn("ReplicationInstanceArn", instance.by_ref("replication_instance_arn"))
        .set("source_endpoint_arn", "SourceEndpointArn", source.by_ref("endpoint_arn"))
        .set("target_endpoint_arn", "TargetEndpointArn", target.by_ref("endpoint_arn"))
        .set("table_mappings", "TableMappings", json(tables))
        .done();
    tell(stack, ends, &task);
    Some(())
}

/// DMS's word for a database of ours.
fn engine(spec: &RelationalDatabase) -> &'static str {
    let cluster = matches!(spec.style, RelationalStyle::Cluster | RelationalStyle::Serverless);
    match spec.engine {
        RelationalEngine::Postgres if cluster => "aurora-postgresql",
        RelationalEngine::Postgres => "postgres",
        RelationalEngine::MySql if cluster => "aurora",
        RelationalEngine::MySql => "mysql",
        RelationalEngine::MariaDb => "mariadb",
        RelationalEngine::SqlServer => "sqlserver",
        RelationalEngine::Oracle => "oracle",
    }
}

/// Puts a load balancer behind the door that other networks come to.
fn offer(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let service = ends.source.handles.get("service")?;
    let arn = ends.target.values.get("arn")?.clone();
    let Spec::LoadBalancer(spec) = &ends.to.spec else { return None };
    if spec.layer != Layer::Http {
        // It can be offered as it is.
        let resource = stack.resources.iter_mut().find(|it| it.key == service.key())?;
        for side in [&mut resource.tf, &mut resource.cfn].into_iter().flatten() {
            for (name, value) in &mut side.fields {
                if let (
                    "network_load_balancer_arns" | "NetworkLoadBalancerArns",
                    Expr::List(arns),
                ) = (name.as_str(), value)
                {
                    arns.push(arn.clone());
                }
            }
        }
        return Some(());
    }
    let door = ends.source.handles.get("load_balancer")?;
    let port = match ends.target.values.get("port") {
        Some(Expr::Int(port)) => *port,
        _ => 80,
    };
    let vpc = ends.source.values.get("vpc_id")?.clone();
    let secure = port == 443;
    let protocol = if secure { "HTTPS" } else { "HTTP" };
    let suffix = ends.suffix();
    let name: String = ends.from.id.as_str().chars().take(5).collect();
    let listener = ends.target.handles.get("listener").cloned();
    let mut draft = stack
        .add(ends.from, &suffix, "aws_lb_target_group", "AWS::ElasticLoadBalancingV2::TargetGroup")
        .tf("name_prefix", format!("{}-", name.trim_end_matches('-')))
        .set("target_type", "TargetType", "alb")
        .set("protocol", "Protocol", "TCP")
        .set("port", "Port", port)
        .set("vpc_id", "VpcId", vpc)
        // The balancer answers 404 to what no rule takes; that is healthy too.
        .tf(
            "health_check",
            block([
                ("protocol", protocol.into()),
                ("path", "/".into()),
                ("matcher", "200-499".into()),
            ]),
        )
        .cfn("HealthCheckProtocol", protocol)
        .cfn("HealthCheckPath", "/")
        .cfn("Matcher", block([("HttpCode", "200-499".into())]))
        .cfn("Targets", list![block([("Id", arn.clone()), ("Port", port.into())])])
        .skip("CKV_AWS_378", "TCP passes through; TLS ends at the load balancer behind it");
    if let Some(listener) = &listener {
        draft = draft.after(listener);
    }
    let group = draft.done();
    let mut attachment = stack
        .tf_only(ends.from, &format!("{suffix}_target"), "aws_lb_target_group_attachment")
        .tf("target_group_arn", group.by_ref("arn"))
        .tf("target_id", arn)
        .tf("port", port);
    if let Some(listener) = &listener {
        attachment = attachment.after(listener);
    }
    attachment.done();
    stack
        .add(
            ends.from,
            &format!("{suffix}_listener"),
            "aws_lb_listener",
            "AWS::ElasticLoadBalancingV2::Listener",
        )
        .set("load_balancer_arn", "LoadBalancerArn", door.by_ref("arn"))
        .set("port", "Port", i64::from(privatelink::PORT))
        .set("protocol", "Protocol", "TCP")
        .tf(
            "default_action",
            block([("type", "forward".into()), ("target_group_arn", group.by_ref("arn"))]),
        )
        .cfn(
            "DefaultActions",
            list![block([("Type", "forward".into()), ("TargetGroupArn", group.by_ref("arn"))])],
        )
        .done();
    if let Some(listener) = &ends.target.listener {
        super::path(stack, ends, &listener.group, listener.port);
    }
    Some(())
}

/// Makes a service of the network out of a function or a load balancer.
fn join_service(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let network = ends.source.handles.get("service_network")?;
    let suffix = ends.suffix();
    if known(stack, &format!("{}_{suffix}", ends.from.id.snake())).is_some() {
        return Some(());
    }
    let function = ends.target.handles.get("function");
    let target = match function {
        Some(function) => function.arn(),
        None => ends.target.values.get("arn")?.clone(),
    };
    if let Spec::LoadBalancer(spec) = &ends.to.spec
        && spec.layer != Layer::Http
    {
        return None;
    }
    let name =
        kit::short_name(ends.from, &ends.to.id.as_str().chars().take(10).collect::<String>(), 40);
    let vpc = stack.net.as_ref()?.vpc_id.clone();
    let mut group = stack
        .add(ends.from, &suffix, "aws_vpclattice_target_group", "AWS::VpcLattice::TargetGroup")
        .set("name", "Name", name.clone());
    let target = if function.is_some() {
        group = group
            .set("type", "Type", "LAMBDA")
            .cfn("Targets", list![block([("Id", target.clone())])]);
        block([("id", target)])
    } else {
        let port = match ends.target.values.get("port") {
            Some(Expr::Int(port)) => *port,
            _ => 80,
        };
        let protocol = if port == 443 { "HTTPS" } else { "HTTP" };
        group = group
            .set("type", "Type", "ALB")
            .tf(
                "config",
                block([
                    ("port", port.into()),
                    ("protocol", protocol.into()),
                    ("protocol_version", "HTTP1".into()),
                    ("vpc_identifier", vpc.clone()),
                ]),
            )
            .cfn(
                "Config",
                block([
                    ("Port", port.into()),
                    ("Protocol", protocol.into()),
                    ("ProtocolVersion", "HTTP1".into()),
                    ("VpcIdentifier", vpc),
                ]),
            )
            .cfn("Targets", list![block([("Id", target.clone()), ("Port", port.into())])]);
        block([("id", target), ("port", port.into())])
    };
    let group = group.done();
    stack
        .tf_only(ends.from, &format!("{suffix}_target"), "aws_vpclattice_target_group_attachment")
        .tf("target_group_identifier", group.id())
        .tf("target", target)
        .done();
    let service = stack
        .add(
            ends.from,
            &format!("{suffix}_service"),
            "aws_vpclattice_service",
            "AWS::VpcLattice::Service",
        )
        .set("name", "Name", name.clone())
        .set("auth_type", "AuthType", "NONE")
        .comment("The network's policy says which roles may call.")
        .done();
    stack
        .add(
            ends.from,
            &format!("{suffix}_listener"),
            "aws_vpclattice_listener",
            "AWS::VpcLattice::Listener",
        )
        .set("name", "Name", "https")
        .set("service_identifier", "ServiceIdentifier", service.att("id", "Id"))
        .set("protocol", "Protocol", "HTTPS")
        .set("port", "Port", 443)
        .tf(
            "default_action",
            block([(
                "forward",
                block([(
                    "target_groups",
                    block([("target_group_identifier", group.id()), ("weight", 100.into())]),
                )]),
            )]),
        )
        .cfn(
            "DefaultAction",
            block([(
                "Forward",
                block([(
                    "TargetGroups",
                    list![block([
                        ("TargetGroupIdentifier", group.att("id", "Id")),
                        ("Weight", 100.into()),
                    ])],
                )]),
            )]),
        )
        .done();
    stack
        .add(
            ends.from,
            &format!("{suffix}_association"),
            "aws_vpclattice_service_network_service_association",
            "AWS::VpcLattice::ServiceNetworkServiceAssociation",
        )
        .set("service_identifier", "ServiceIdentifier", service.att("id", "Id"))
        .set("service_network_identifier", "ServiceNetworkIdentifier", network.att("id", "Id"))
        .done();
    if let Some(function) = function {
        stack
            .add(
                ends.to,
                &format!("from_{}", ends.from.id.snake()),
                "aws_lambda_permission",
                "AWS::Lambda::Permission",
            )
            .set("action", "Action", "lambda:InvokeFunction")
            .set("function_name", "FunctionName", function.att("function_name", "Arn"))
            .set("principal", "Principal", "vpc-lattice.amazonaws.com")
            .set("source_arn", "SourceArn", group.att("arn", "Arn"))
            .done();
    }
    Some(())
}

/// A database whose users are those of a directory.
fn join_directory(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let directory = ends.source.values.get("id")?.clone();
    let database = ends.target.handles.get("database").or(ends.target.handles.get("cluster"))?;
    let role = kit::role(
        stack,
        ends.to,
        &format!("from_{}", ends.from.id.snake()),
        "rds.amazonaws.com",
        &["service-role/AmazonRDSDirectoryServiceAccess"],
    );
    stack
        .edit(database)?
        .set("domain", "Domain", directory)
        .tf("domain_iam_role_name", role.att("name", "RoleName"))
        .cfn("DomainIAMRoleName", role.id())
        .done();
    Some(())
}
