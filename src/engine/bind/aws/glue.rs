//! AWS Glue: a job, its catalogue and a crawler that fills it.

use super::{house, kit};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, blocks, join, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Component, EtlJob, Kind};
use crate::engine::requirements::Intent;

binding! {
    EtlJob {
        service: "glue",
        title: "AWS Glue",
        docs: "https://docs.aws.amazon.com/glue/latest/dg/what-is-glue.html",
        sla: None,
        limits: &[],
        latency_ms: None,
    }
}

const SCRIPT: &str = r#"import sys

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

# Starts, says what it was given and ends; replace the middle with your own steps.
args = getResolvedOptions(sys.argv, ["JOB_NAME"])
glue = GlueContext(SparkContext.getOrCreate())
job = Job(glue)
job.init(args["JOB_NAME"], args)
glue.get_logger().info(f"{args['JOB_NAME']} is ready")
job.commit()
"#;

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &EtlJob) {
    let bucket = house::bucket(stack, it, "etl", 365, |_| Vec::new());
    let script = house::upload(stack, it, "script", &bucket, "scripts/job.py", SCRIPT);
    let role =
        kit::role(stack, it, "role", "glue.amazonaws.com", &["service-role/AWSGlueServiceRole"]);
    let mut statements = house::bucket_access(&bucket);
    statements.push(kit::allow(
        &["logs:AssociateKmsKey"],
        vec![kit::arn("logs", join!["log-group:/aws-glue/*"])],
    ));
    statements.extend(kit::key_statement(stack));
    let access = kit::role_policy(stack, it, "access", &role, &statements);
    let database = database(stack, it, &bucket);
    let sealed = security(stack, it);
    let connection = house::reaches_network(stack, it).then(|| connection(stack, it)).flatten();
    let name = stack.name(it);
    let address: Expr = join!["s3://", bucket.id(), "/scripts/job.py"];
    let command = if spec.streaming { "gluestreaming" } else { "glueetl" };
    let arguments = map([
        ("--job-language", "python".into()),
        ("--enable-metrics", "true".into()),
        ("--enable-continuous-cloudwatch-log", "true".into()),
        ("--enable-glue-datacatalog", "true".into()),
        ("--job-bookmark-option", "job-bookmark-enable".into()),
        ("--TempDir", join!["s3://", bucket.id(), "/temporary/"]),
    ]);
    let mut draft = stack
        .add(it, "", "aws_glue_job", "AWS::Glue::Job")
        .set("name", "Name", name)
        .tf("role_arn", role.arn())
        .cfn("Role", role.arn())
        .set("glue_version", "GlueVersion", "5.0")
        .set("worker_type", "WorkerType", "G.1X")
        .set("number_of_workers", "NumberOfWorkers", spec.capacity_units.max(2))
        .set("max_retries", "MaxRetries", i64::from(!spec.streaming))
        .set("default_arguments", "DefaultArguments", arguments)
        .tf(
            "command",
            block([
                ("name", command.into()),
                ("python_version", "3".into()),
                ("script_location", address.clone()),
            ]),
        )
        .cfn(
            "Command",
            block([
                ("Name", command.into()),
                ("PythonVersion", "3".into()),
                ("ScriptLocation", address),
            ]),
        )
        .after(&script)
        .after(&access);
    if !spec.streaming {
        draft = draft.set("timeout", "Timeout", 120);
    }
    draft = match &sealed {
        Some(sealed) => {
            draft.set("security_configuration", "SecurityConfiguration", sealed.by_ref("name"))
        }
        None => draft.skip("CKV_AWS_195", "Sealed with the keys that S3 and CloudWatch manage"),
    };
    let mut group = None;
    if let Some((connection, own)) = connection {
        let id = connection.by_ref("name");
        draft = draft
            .tf("connections", list![id.clone()])
            .cfn("Connections", block([("Connections", list![id])]));
        group = Some(kit::group_id(&own));
    }
    let job = draft.done();
    if spec.crawler {
        crawler(stack, it, &role, &database, &bucket, sealed.as_ref(), &access);
    }
    let arn = kit::arn("glue", join!["job/", job.by_ref("name")]);
    let catalogue = vec![
        kit::arn("glue", join!["catalog"]),
        kit::arn("glue", join!["database/", database.by_ref("name")]),
        kit::arn("glue", join!["table/", database.by_ref("name"), "/*"]),
    ];
    let facet = Facet::default()
        .handle("job", &job)
        .handle("database", &database)
        .handle("role", &role)
        .handle("bucket_of_etl", &bucket)
        .value("arn", arn.clone())
        .value("name", job.by_ref("name"))
        .value("database", database.by_ref("name"))
        .reference("JOB_NAME", job.by_ref("name"))
        .reference("DATABASE", database.by_ref("name"))
        .grant(
            &[Intent::Invokes, Intent::Serves],
            &["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns"],
            vec![arn],
        )
        .grant(
            &[Intent::Reads, Intent::Writes],
            &[
                "glue:GetDatabase",
                "glue:GetTable",
                "glue:GetTables",
                "glue:GetPartition",
                "glue:GetPartitions",
                "glue:BatchGetPartition",
            ],
            catalogue,
        )
        .principal(&role, group, false);
    stack.facet(it, facet);
}

/// Database names are lower case with underscores.
fn database(stack: &mut Stack<'_>, it: &Component, bucket: &Handle) -> Handle {
    let name = stack.name(it);
    let address: Expr = join!["s3://", bucket.id(), "/data/"];
    stack
        .add(it, "catalogue", "aws_glue_catalog_database", "AWS::Glue::Database")
        .tf("name", name.clone())
        .tf("location_uri", address.clone())
        .cfn("CatalogId", Expr::AccountId)
        .cfn("DatabaseInput", block([("Name", name), ("LocationUri", address)]))
        .done()
}

fn security(stack: &mut Stack<'_>, it: &Component) -> Option<Handle> {
    let key = stack.key_arn.clone()?;
    let name = stack.name_with(it, "sealed");
    let part = |value: &str, names: [&'static str; 2]| {
        block([(names[0], value.into()), (names[1], key.clone())])
    };
    let tf = block([
        ("cloudwatch_encryption", part("SSE-KMS", ["cloudwatch_encryption_mode", "kms_key_arn"])),
        (
            "job_bookmarks_encryption",
            part("CSE-KMS", ["job_bookmarks_encryption_mode", "kms_key_arn"]),
        ),
        ("s3_encryption", part("SSE-KMS", ["s3_encryption_mode", "kms_key_arn"])),
    ]);
    let cfn = block([
        ("CloudWatchEncryption", part("SSE-KMS", ["CloudWatchEncryptionMode", "KmsKeyArn"])),
        ("JobBookmarksEncryption", part("CSE-KMS", ["JobBookmarksEncryptionMode", "KmsKeyArn"])),
        ("S3Encryptions", blocks(vec![part("SSE-KMS", ["S3EncryptionMode", "KmsKeyArn"])])),
    ]);
    Some(
        stack
            .add(
                it,
                "sealed",
                "aws_glue_security_configuration",
                "AWS::Glue::SecurityConfiguration",
            )
            .set("name", "Name", name)
            .tf("encryption_configuration", tf)
            .cfn("EncryptionConfiguration", cfn)
            .done(),
    )
}

/// The way into the network, for jobs that read databases there.
fn connection(stack: &mut Stack<'_>, it: &Component) -> Option<(Handle, Handle)> {
    let subnet = stack.net.as_ref()?.private.first()?.clone();
    let group = house::group(stack, it)?;
    house::among_themselves(stack, it, &group, "Workers of one job");
    let name = stack.name_with(it, "network");
    let zone = Expr::Zone(0);
    let place = block([
        ("availability_zone", zone.clone()),
        ("subnet_id", subnet.clone()),
        ("security_group_id_list", list![kit::group_id(&group)]),
    ]);
    let cfn = block([
        ("Name", name.clone()),
        ("ConnectionType", "NETWORK".into()),
        ("ConnectionProperties", map([])),
        (
            "PhysicalConnectionRequirements",
            block([
                ("AvailabilityZone", zone),
                ("SubnetId", subnet),
                ("SecurityGroupIdList", list![kit::group_id(&group)]),
            ]),
        ),
    ]);
    let connection = stack
        .add(it, "network", "aws_glue_connection", "AWS::Glue::Connection")
        .tf("name", name)
        .tf("connection_type", "NETWORK")
        .tf("physical_connection_requirements", place)
        .cfn("CatalogId", Expr::AccountId)
        .cfn("ConnectionInput", cfn)
        .done();
    Some((connection, group))
}

/// Finds tables in the data every night.
fn crawler(
    stack: &mut Stack<'_>,
    it: &Component,
    role: &Handle,
    database: &Handle,
    own: &Handle,
    sealed: Option<&Handle>,
    access: &Handle,
) {
    const NIGHT: &str = "cron(15 2 * * ? *)";
    let graph = stack.graph;
    let mut paths: Vec<Expr> = graph
        .connections
        .iter()
        .filter(|connection| connection.from == it.id)
        .filter_map(|connection| graph.component(&connection.to))
        .filter(|to| to.spec.kind() == Kind::ObjectStore)
        .map(|to| join!["s3://", Handle(to.id.snake()).id(), "/"])
        .collect();
    paths.dedup();
    if paths.is_empty() {
        paths.push(join!["s3://", own.id(), "/data/"]);
    }
    let name = stack.name_with(it, "crawler");
    let tf = paths.iter().map(|path| block([("path", path.clone())])).collect();
    let cfn = paths.into_iter().map(|path| map([("Path", path)])).collect();
    let mut draft = stack
        .add(it, "crawler", "aws_glue_crawler", "AWS::Glue::Crawler")
        .set("name", "Name", name)
        .set("role", "Role", role.arn())
        .set("database_name", "DatabaseName", database.by_ref("name"))
        .tf("schedule", NIGHT)
        .cfn("Schedule", block([("ScheduleExpression", NIGHT.into())]))
        .tf("s3_target", blocks(tf))
        .cfn("Targets", block([("S3Targets", Expr::List(cfn))]))
        .after(access);
    draft = match sealed {
        Some(sealed) => draft
            .tf("security_configuration", sealed.by_ref("name"))
            .cfn("CrawlerSecurityConfiguration", sealed.by_ref("name")),
        None => draft.skip("CKV_AWS_195", "Sealed with the keys that S3 and CloudWatch manage"),
    };
    draft.done();
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &EtlJob) {
    let hours = if spec.streaming { HOURS } else { spec.hours_per_month };
    let quantity = f64::from(spec.capacity_units.max(2)) * hours;
    let quantity =
        if spec.streaming { Quantity::fixed(quantity) } else { Quantity::usage(quantity) };
    bill.add(it, "Jobs", "glue", "dpu-hour", quantity, "DPUs × hours that jobs run");
    if spec.crawler {
        bill.add(
            it,
            "Crawler",
            "glue",
            "crawler-dpu-hour",
            Quantity::fixed(2.0 * 30.0 * 10.0 / 60.0),
            "2 DPUs × 30 nights × 10 minutes",
        );
    }
    bill.add(
        it,
        "Scripts and results",
        "s3",
        "standard-gb-month",
        Quantity::fixed(10.0),
        "10 GB in the job's own bucket",
    );
}

#[cfg(test)]
mod tests {
    use crate::engine::bind::testing::{cloudformation, terraform};
    use crate::engine::graph::EtlJob;

    #[test]
    fn the_script_is_in_the_bucket_before_the_job_in_both_formats() {
        let text = terraform("nightly", EtlJob::default());
        assert!(text.contains("resource \"aws_s3_object\" \"nightly_script\""), "{text}");
        let text = cloudformation("nightly", EtlJob::default());
        assert!(text.contains("put_object"), "{text}");
        assert!(text.contains("Type: AWS::Glue::Crawler"), "{text}");
    }
}
