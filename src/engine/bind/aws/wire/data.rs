//! Stores that act: databases that call functions, plans that copy stores.

use super::super::kit;
use super::Ends;
use crate::engine::bind::expr::{block, list, map};
use crate::engine::bind::stack::{Handle, Stack};
use crate::engine::graph::Spec;
use crate::engine::requirements::Intent;

pub fn wire(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    match (&ends.from.spec, &ends.to.spec, ends.connection.intent) {
        (Spec::RelationalDatabase(_), Spec::Function(_), Intent::Invokes) => {
            database_function(stack, ends)
        }
        (Spec::DocumentDatabase(_), Spec::Function(_), Intent::Invokes) => {
            changes_function(stack, ends)
        }
        (
            Spec::Function(function),
            Spec::FileSystem(_),
            Intent::Reads | Intent::Writes | Intent::Replicates,
        ) if function.in_network => function_files(stack, ends),
        // The plan's selection names what offers its ARN.
        (Spec::BackupPlan(_), _, Intent::Reads | Intent::Replicates) => {
            ends.target.values.get("arn").map(|_| ())
        }
        (Spec::BackupPlan(_), Spec::Topic(_), Intent::Publishes) => backup_topic(stack, ends),
        _ => None,
    }
}

/// A database whose SQL calls a function: it is given a role that may.
fn database_function(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let function = ends.target.handles.get("function")?;
    let (tf, name, database) =
        match (ends.source.handles.get("cluster"), ends.source.handles.get("database")) {
            (Some(cluster), _) => {
                ("aws_rds_cluster_role_association", "db_cluster_identifier", cluster.by_ref("id"))
            }
            (None, Some(instance)) => (
                "aws_db_instance_role_association",
                "db_instance_identifier",
                instance.by_ref("identifier"),
            ),
            (None, None) => return None,
        };
    let handle = ends.source.handles.get("cluster").or(ends.source.handles.get("database"))?;
    let suffix = ends.suffix();
    let role = kit::role(stack, ends.from, &format!("{suffix}_role"), "rds.amazonaws.com", &[]);
    let statement = kit::allow(&["lambda:InvokeFunction"], vec![function.arn()]);
    kit::role_policy(stack, ends.from, &format!("{suffix}_policy"), &role, &[statement]);
    stack
        .tf_only(ends.from, &suffix, tf)
        .tf(name, database)
        .tf("feature_name", "Lambda")
        .tf("role_arn", role.arn())
        .done();
    let grant = map([("FeatureName", "Lambda".into()), ("RoleArn", role.arn())]);
    stack.edit(handle)?.cfn("AssociatedRoles", list![grant]).done();
    if let Some(group) = ends
        .source
        .values
        .get("group")
        .cloned()
        .or_else(|| ends.source.listener.as_ref().map(|it| it.group.clone()))
    {
        kit::egress(
            stack,
            ends.from,
            &format!("{suffix}_out"),
            &group,
            Some((443, 443)),
            kit::Peer::Cidr("0.0.0.0/0".into()),
            "Calls of Lambda functions",
        );
    }
    Some(())
}

/// A change stream whose events start a function.
fn changes_function(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let function = ends.target.handles.get("function")?;
    let cluster = ends.source.values.get("arn")?;
    let secret = ends.source.values.get("secret_arn")?;
    let describe =
        ["rds:DescribeDBClusters", "rds:DescribeDBClusterParameters", "rds:DescribeDBSubnetGroups"];
    stack.allow(&ends.to.id, kit::allow(&["secretsmanager:GetSecretValue"], vec![secret.clone()]));
    // The mapping looks the cluster up and puts an interface into its subnets.
    stack.allow(&ends.to.id, kit::allow(&describe, vec!["*".into()]));
    stack.allow(
        &ends.to.id,
        kit::allow(
            &[
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ],
            vec!["*".into()],
        ),
    );
    if let Some(statement) = kit::key_statement(stack) {
        stack.allow(&ends.to.id, statement);
    }
    stack
        .add(
            ends.to,
            &format!("from_{}", ends.from.id.snake()),
            "aws_lambda_event_source_mapping",
            "AWS::Lambda::EventSourceMapping",
        )
        .set("event_source_arn", "EventSourceArn", cluster)
        .set("function_name", "FunctionName", function.arn())
        .set("starting_position", "StartingPosition", "LATEST")
        .set("batch_size", "BatchSize", 10)
        .tf(
            "document_db_event_source_config",
            block([("database_name", "app".into()), ("full_document", "UpdateLookup".into())]),
        )
        .cfn(
            "DocumentDBEventSourceConfig",
            block([("DatabaseName", "app".into()), ("FullDocument", "UpdateLookup".into())]),
        )
        .tf(
            "source_access_configuration",
            block([("type", "BASIC_AUTH".into()), ("uri", secret.clone())]),
        )
        .cfn(
            "SourceAccessConfigurations",
            list![block([("Type", "BASIC_AUTH".into()), ("URI", secret.clone())])],
        )
        .after(&policy_of(ends))
        .comment(
            "Needs a change stream: run modifyChangeStreams on the cluster for the database app.",
        )
        .done();
    // The mapping's interfaces carry the cluster's own group.
    if let Some(listener) = &ends.source.listener {
        kit::ingress(
            stack,
            ends.from,
            &format!("{}_in", ends.suffix()),
            &listener.group,
            Some((listener.port, listener.port)),
            kit::Peer::Group(listener.group.clone()),
            "Reader of the change stream",
        );
        kit::egress(
            stack,
            ends.from,
            &format!("{}_out", ends.suffix()),
            &listener.group,
            Some((443, listener.port)),
            kit::Peer::Cidr("0.0.0.0/0".into()),
            "Reader of the change stream, to the cluster and to AWS",
        );
    }
    Some(())
}

/// A function that mounts a file system.
fn function_files(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    use super::super::efs::{MOUNT_PATH, MOUNTS};
    super::general(stack, ends)?;
    let function = ends.source.handles.get("function")?;
    let point = ends.target.values.get("access_point_arn")?;
    // Reading and writing are two connections of one mount.
    let mounted = stack
        .resources
        .iter()
        .find(|it| it.key == function.key())
        .and_then(|it| it.tf.as_ref())
        .is_some_and(|side| side.fields.iter().any(|(name, _)| name == "file_system_config"));
    if mounted {
        return Some(());
    }
    let mut draft = stack
        .edit(function)?
        .tf(
            "file_system_config",
            block([("arn", point.clone()), ("local_mount_path", MOUNT_PATH.into())]),
        )
        .cfn(
            "FileSystemConfigs",
            list![block([("Arn", point.clone()), ("LocalMountPath", MOUNT_PATH.into())])],
        );
    for name in MOUNTS {
        if let Some(mount) = ends.target.handles.get(name) {
            draft = draft.after(mount);
        }
    }
    draft.done();
    Some(())
}

/// A vault that tells a topic of failed jobs.
fn backup_topic(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let vault = ends.source.handles.get("vault")?;
    let topic = ends.target.values.get("arn")?;
    let events =
        ["BACKUP_JOB_FAILED", "BACKUP_JOB_EXPIRED", "COPY_JOB_FAILED", "RESTORE_JOB_COMPLETED"];
    stack
        .tf_only(ends.from, &ends.suffix(), "aws_backup_vault_notifications")
        .tf("backup_vault_name", vault.by_ref("name"))
        .tf("sns_topic_arn", topic.clone())
        .tf("backup_vault_events", events.to_vec())
        .done();
    stack
        .edit(vault)?
        .cfn(
            "Notifications",
            block([("BackupVaultEvents", events.to_vec().into()), ("SNSTopicArn", topic.clone())]),
        )
        .done();
    Some(())
}

/// The policy that wiring makes for the target's role: a mapping is refused before it is there.
fn policy_of(ends: &Ends<'_>) -> Handle {
    Handle(format!("{}_policy", ends.to.id.snake()))
}
