//! Amazon EMR: a cluster in the network, or an application without servers.

use super::{house, kit};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, document, join, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack, Statement};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, HadoopCluster};
use crate::engine::requirements::Intent;

binding! {
    HadoopCluster {
        service: "emr",
        title: "Amazon EMR",
        docs: "https://docs.aws.amazon.com/emr/latest/ManagementGuide/emr-what-is-emr.html",
        sla: None,
        limits: &[],
        latency_ms: None,
    }
}

const RELEASE: &str = "emr-7.8.0";
const DEFAULT_TYPE: &str = "m6g.xlarge";

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &HadoopCluster) {
    if spec.serverless || stack.net.is_none() {
        application(stack, it);
    } else {
        cluster(stack, it, spec);
    }
}

/// Spark without servers: capacity comes with a job and goes a quarter of an hour after it.
fn application(stack: &mut Stack<'_>, it: &Component) {
    let role = kit::role(stack, it, "role", "emr-serverless.amazonaws.com", &[]);
    let bucket = house::bucket(stack, it, "spark", 365, |_| Vec::new());
    let mut statements = house::bucket_access(&bucket);
    statements.extend(catalogue());
    statements.extend(kit::key_statement(stack));
    kit::role_policy(stack, it, "access", &role, &statements);
    let group = if house::reaches_network(stack, it) { house::group(stack, it) } else { None };
    let name = stack.name(it);
    let net = stack.net.clone();
    let mut draft = stack
        .add(it, "", "aws_emrserverless_application", "AWS::EMRServerless::Application")
        .set("name", "Name", name)
        .set("release_label", "ReleaseLabel", RELEASE)
        .set("type", "Type", "SPARK")
        .set("architecture", "Architecture", "ARM64");
    draft = kit::nest(draft, "auto_start_configuration", block([("enabled", true.into())]));
    draft = kit::nest(
        draft,
        "auto_stop_configuration",
        block([("enabled", true.into()), ("idle_timeout_minutes", 15.into())]),
    );
    draft = kit::nest(
        draft,
        "maximum_capacity",
        block([("cpu", "64 vCPU".into()), ("memory", "256 GB".into()), ("disk", "1000 GB".into())]),
    );
    if let (Some(group), Some(net)) = (&group, net) {
        let config = block([
            ("subnet_ids", Expr::List(net.private)),
            ("security_group_ids", list![kit::group_id(group)]),
        ]);
        draft = kit::nest(draft, "network_configuration", config);
    }
    let application = draft.done();
    let id = application.id();
    let arn: Expr = join![
        "arn:",
        Expr::Partition,
        ":emr-serverless:",
        Expr::Region,
        ":",
        Expr::AccountId,
        ":/applications/",
        id.clone()
    ];
    let pass = Statement {
        actions: vec!["iam:PassRole".to_owned()],
        resources: vec![role.arn()],
        condition: Some((
            "StringEquals".to_owned(),
            "iam:PassedToService".to_owned(),
            "emr-serverless.amazonaws.com".into(),
        )),
    };
    let calls = [Intent::Invokes, Intent::Reads, Intent::Serves];
    let mut facet = Facet::default()
        .handle("application", &application)
        .handle("role", &role)
        .value("arn", arn.clone())
        .reference("APPLICATION_ID", id)
        .reference("ROLE_ARN", role.arn())
        .grant(
            &calls,
            &[
                "emr-serverless:StartJobRun",
                "emr-serverless:GetJobRun",
                "emr-serverless:CancelJobRun",
            ],
            vec![arn.clone(), join![arn, "/jobruns/*"]],
        )
        .principal(&role, group.as_ref().map(kit::group_id), false);
    for intent in calls {
        facet.grants.entry(intent).or_default().push(pass.clone());
    }
    stack.facet(it, facet);
}

/// The tables that Spark finds by name.
fn catalogue() -> Vec<Statement> {
    vec![kit::allow(
        &[
            "glue:GetDatabase",
            "glue:GetDatabases",
            "glue:GetTable",
            "glue:GetTables",
            "glue:GetPartitions",
        ],
        vec![
            kit::arn("glue", join!["catalog"]),
            kit::arn("glue", join!["database/*"]),
            kit::arn("glue", join!["table/*"]),
        ],
    )]
}

fn cluster(stack: &mut Stack<'_>, it: &Component, spec: &HadoopCluster) {
    let Some(net) = stack.net.clone() else { return };
    let service = kit::role(
        stack,
        it,
        "service_role",
        "elasticmapreduce.amazonaws.com",
        &["service-role/AmazonElasticMapReduceRole"],
    );
    let role = kit::role(stack, it, "role", "ec2.amazonaws.com", &[]);
    let bucket = house::bucket(stack, it, "spark", 365, |_| Vec::new());
    let mut statements = house::bucket_access(&bucket);
    statements.extend(catalogue());
    statements.extend(kit::key_statement(stack));
    let access = kit::role_policy(stack, it, "access", &role, &statements);
    if let Some(statement) = kit::key_statement(stack) {
        kit::role_policy(stack, it, "service_key", &service, &[statement]);
    }
    let profile_name = stack.name_with(it, "machines");
    let profile = stack
        .add(it, "profile", "aws_iam_instance_profile", "AWS::IAM::InstanceProfile")
        .set("name", "InstanceProfileName", profile_name)
        .tf("role", role.att("name", "RoleName"))
        .cfn("Roles", list![role.by_ref("name")])
        .done();
    let Some(group) = house::group(stack, it) else { return };
    let kind = spec.instance_type.clone().unwrap_or_else(|| DEFAULT_TYPE.to_owned());
    let sealed = sealed(stack, it);
    let name = stack.name(it);
    let logs: Expr = join!["s3://", bucket.id(), "/logs/"];
    let subnet = net.private.first().cloned().unwrap_or_else(|| "".into());
    let own = list![kit::group_id(&group)];
    let joined = kit::group_id(&group);
    let count = spec.core_nodes.max(1);
    let protect = kit::protect(stack);
    let mut draft = stack
        .add(it, "", "aws_emr_cluster", "AWS::EMR::Cluster")
        .set("name", "Name", name)
        .set("release_label", "ReleaseLabel", RELEASE)
        .tf("applications", list!["Spark", "Hadoop", "Hive"])
        .cfn(
            "Applications",
            list![
                map([("Name", "Spark".into())]),
                map([("Name", "Hadoop".into())]),
                map([("Name", "Hive".into())])
            ],
        )
        .set("service_role", "ServiceRole", service.arn())
        .cfn("JobFlowRole", profile.by_ref("name"))
        .set("log_uri", "LogUri", logs)
        .cfn("VisibleToAllUsers", true)
        .tf("termination_protection", protect)
        .tf("keep_job_flow_alive_when_no_steps", true)
        .tf(
            "ec2_attributes",
            block([
                ("instance_profile", profile.arn()),
                ("subnet_id", subnet.clone()),
                ("additional_master_security_groups", joined.clone()),
                ("additional_slave_security_groups", joined),
            ]),
        )
        .tf("master_instance_group", block([("instance_type", kind.as_str().into())]))
        .tf(
            "core_instance_group",
            block([("instance_type", kind.as_str().into()), ("instance_count", count.into())]),
        )
        .cfn(
            "Instances",
            block([
                ("Ec2SubnetId", subnet),
                ("AdditionalMasterSecurityGroups", own.clone()),
                ("AdditionalSlaveSecurityGroups", own),
                ("KeepJobFlowAliveWhenNoSteps", true.into()),
                ("TerminationProtected", protect.into()),
                (
                    "MasterInstanceGroup",
                    block([("InstanceCount", 1.into()), ("InstanceType", kind.as_str().into())]),
                ),
                (
                    "CoreInstanceGroup",
                    block([
                        ("InstanceCount", count.into()),
                        ("InstanceType", kind.as_str().into()),
                    ]),
                ),
            ]),
        )
        .after(&access);
    draft = kit::nest(draft, "auto_termination_policy", block([("idle_timeout", 3600.into())]));
    draft = match &sealed {
        Some(sealed) => {
            draft.set("security_configuration", "SecurityConfiguration", sealed.by_ref("name"))
        }
        None => draft.skip("CKV_AWS_171", "Sealed with the keys that S3 and EBS manage"),
    };
    let cluster = draft.done();
    let id = cluster.id();
    let arn = kit::arn("elasticmapreduce", join!["cluster/", id.clone()]);
    let facet = Facet::default()
        .handle("cluster", &cluster)
        .handle("role", &role)
        .value("arn", arn.clone())
        .value("group", kit::group_id(&group))
        .reference("CLUSTER_ID", id)
        .grant(
            &[Intent::Invokes, Intent::Reads, Intent::Serves],
            &[
                "elasticmapreduce:AddJobFlowSteps",
                "elasticmapreduce:DescribeStep",
                "elasticmapreduce:ListSteps",
                "elasticmapreduce:DescribeCluster",
            ],
            vec![arn],
        )
        .principal(&role, Some(kit::group_id(&group)), false);
    stack.facet(it, facet);
}

/// Disks and files are sealed with the option's key.
fn sealed(stack: &mut Stack<'_>, it: &Component) -> Option<Handle> {
    let key = stack.key_arn.clone()?;
    let name = stack.name_with(it, "sealed");
    let config = map([(
        "EncryptionConfiguration",
        map([
            ("EnableInTransitEncryption", false.into()),
            ("EnableAtRestEncryption", true.into()),
            (
                "AtRestEncryptionConfiguration",
                map([
                    (
                        "S3EncryptionConfiguration",
                        map([("EncryptionMode", "SSE-KMS".into()), ("AwsKmsKey", key.clone())]),
                    ),
                    (
                        "LocalDiskEncryptionConfiguration",
                        map([
                            ("EncryptionKeyProviderType", "AwsKms".into()),
                            ("AwsKmsKey", key),
                            ("EnableEbsEncryption", true.into()),
                        ]),
                    ),
                ]),
            ),
        ]),
    )]);
    Some(
        stack
            .add(it, "sealed", "aws_emr_security_configuration", "AWS::EMR::SecurityConfiguration")
            .set("name", "Name", name)
            .set("configuration", "SecurityConfiguration", document(config))
            .skip("CKV_AWS_351", "TLS between nodes needs certificates of the organisation")
            .done(),
    )
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &HadoopCluster) {
    if spec.serverless {
        let vcpu = f64::from(spec.core_nodes + 1) * 4.0 * spec.hours_per_month;
        bill.unpriced(it, "vCPU hours", vcpu, "emr serverless-vcpu-hour");
        bill.unpriced(it, "Memory hours", vcpu * 4.0, "emr serverless-gb-hour");
        return;
    }
    let kind = spec.instance_type.as_deref().unwrap_or(DEFAULT_TYPE);
    let hours = f64::from(spec.core_nodes.max(1) + 1) * spec.hours_per_month;
    bill.add(it, "Machines", "ec2", kind, Quantity::usage(hours), "nodes × hours");
    bill.add(
        it,
        "Disks",
        "ebs",
        "gp2-gb-month",
        Quantity::usage(hours / 730.0 * 64.0),
        "64 GB per node, for the hours that it runs",
    );
    bill.unpriced(it, "EMR fee", hours, "emr node-hour");
}
