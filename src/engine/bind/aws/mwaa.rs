//! Amazon Managed Workflows for Apache Airflow.

use super::{house, kit};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join, list};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::diag::{Diagnostic, Severity};
use crate::engine::graph::{Airflow, Component};
use crate::engine::requirements::Intent;

binding! {
    Airflow {
        service: "mwaa",
        title: "Amazon MWAA",
        docs: "https://docs.aws.amazon.com/mwaa/latest/userguide/what-is-mwaa.html",
        sla: None,
        limits: &[],
        latency_ms: None,
    }
}

const DAG: &str = r#"from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.python import PythonOperator


def report():
    print("Airflow is up; put your own workflows beside this file.")


with DAG("ready", start_date=datetime(2025, 1, 1), schedule=timedelta(days=1), catchup=False):
    PythonOperator(task_id="report", python_callable=report)
"#;

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &Airflow) {
    let Some(net) = stack.net.clone() else {
        stack.diagnose(
            Diagnostic::new(
                "airflow-needs-network",
                Severity::Error,
                format!("{} needs a network with private subnets.", it.title),
            )
            .help("Add a network to the design.")
            .on(it.id.as_str()),
        );
        return;
    };
    let bucket = house::bucket(stack, it, "dags", 365, |_| Vec::new());
    let first = house::upload(stack, it, "dag", &bucket, "dags/ready.py", DAG);
    let role = kit::role(stack, it, "role", "airflow-env.amazonaws.com", &[]);
    trust_airflow(stack, it);
    let name = stack.name(it);
    let environment = kit::arn("airflow", join!["environment/", name.clone()]);
    let mut statements = vec![
        kit::allow(&["airflow:PublishMetrics"], vec![environment.clone()]),
        kit::allow(&["s3:GetObject", "s3:GetObjectVersion"], vec![join![bucket.arn(), "/*"]]),
        kit::allow(
            &["s3:ListBucket", "s3:GetBucketPublicAccessBlock", "s3:GetEncryptionConfiguration"],
            vec![bucket.arn()],
        ),
        kit::allow(
            &[
                "logs:CreateLogStream",
                "logs:CreateLogGroup",
                "logs:PutLogEvents",
                "logs:GetLogEvents",
                "logs:GetLogRecord",
                "logs:GetLogGroupFields",
                "logs:GetQueryResults",
            ],
            vec![kit::arn("logs", join!["log-group:airflow-", name.clone(), "-*"])],
        ),
        // These two cannot be limited to a resource.
        kit::allow(
            &[
                "logs:DescribeLogGroups",
                "cloudwatch:PutMetricData",
                "s3:GetAccountPublicAccessBlock",
            ],
            vec!["*".into()],
        ),
        // The queue of the workers belongs to the service's own account.
        kit::allow(
            &[
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:GetQueueUrl",
                "sqs:ReceiveMessage",
                "sqs:SendMessage",
            ],
            vec![join!["arn:", Expr::Partition, ":sqs:", Expr::Region, ":*:airflow-celery-*"]],
        ),
    ];
    statements.extend(stack.key_arn.clone().map(|key| {
        kit::allow(
            &["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*", "kms:Encrypt"],
            vec![key],
        )
    }));
    let access = kit::role_policy(stack, it, "access", &role, &statements);
    let Some(group) = house::group(stack, it) else { return };
    house::among_themselves(stack, it, &group, "Parts of Airflow");
    let log = || block([("enabled", true.into()), ("log_level", "INFO".into())]);
    let logs = block([
        ("dag_processing_logs", log()),
        ("scheduler_logs", log()),
        ("task_logs", log()),
        ("webserver_logs", log()),
        ("worker_logs", log()),
    ]);
    let key = stack.key_arn.clone();
    let subnets: Vec<Expr> = net.private.into_iter().take(2).collect();
    let draft = stack
        .add(it, "", "aws_mwaa_environment", "AWS::MWAA::Environment")
        .set("name", "Name", name)
        .set("airflow_version", "AirflowVersion", "2.10.3")
        .set("environment_class", "EnvironmentClass", spec.environment_class)
        .set("min_workers", "MinWorkers", 1)
        .set("max_workers", "MaxWorkers", spec.workers_max.max(1))
        .set("execution_role_arn", "ExecutionRoleArn", role.arn())
        .set("source_bucket_arn", "SourceBucketArn", bucket.arn())
        .tf("dag_s3_path", "dags/")
        .cfn("DagS3Path", "dags/")
        .set("webserver_access_mode", "WebserverAccessMode", "PRIVATE_ONLY")
        .maybe("kms_key", "KmsKey", key)
        .after(&access)
        .after(&first);
    let draft = kit::nest(draft, "logging_configuration", logs);
    let place = block([
        ("subnet_ids", Expr::List(subnets)),
        ("security_group_ids", list![kit::group_id(&group)]),
    ]);
    let airflow = kit::nest(draft, "network_configuration", place).done();
    let facet = Facet::default()
        .handle("environment", &airflow)
        .value("arn", airflow.arn())
        .reference("ENVIRONMENT", airflow.by_ref("name"))
        .grant(
            &[Intent::Invokes, Intent::Reads],
            &["airflow:CreateCliToken", "airflow:GetEnvironment", "airflow:InvokeRestApi"],
            vec![airflow.arn()],
        )
        .principal(&role, Some(kit::group_id(&group)), false);
    stack.facet(it, facet);
}

/// Airflow's machines and its control plane both take on the role.
fn trust_airflow(stack: &mut Stack<'_>, it: &Component) {
    use crate::engine::bind::expr::{document, map};
    let key = format!("{}_role", it.id.snake());
    let trust = document(map([
        ("Version", "2012-10-17".into()),
        (
            "Statement",
            list![map([
                ("Effect", "Allow".into()),
                (
                    "Principal",
                    map([
                        ("Service", list!["airflow.amazonaws.com", "airflow-env.amazonaws.com"],)
                    ]),
                ),
                ("Action", "sts:AssumeRole".into()),
            ])],
        ),
    ]));
    let Some(role) = stack.resources.iter_mut().find(|it| it.key == key) else { return };
    for side in [&mut role.tf, &mut role.cfn].into_iter().flatten() {
        for (name, value) in &mut side.fields {
            if matches!(name.as_str(), "assume_role_policy" | "AssumeRolePolicyDocument") {
                *value = trust.clone();
            }
        }
    }
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Airflow) {
    let size = spec.environment_class.rsplit('.').next().unwrap_or("small");
    bill.add(
        it,
        "Environment",
        "mwaa",
        &format!("environment-{size}-hour"),
        Quantity::fixed(HOURS),
        "730 h, with two schedulers and the first worker",
    );
    let more = f64::from(spec.workers_max.saturating_sub(1));
    bill.add(
        it,
        "More workers",
        "mwaa",
        &format!("worker-{size}-hour"),
        Quantity::range(0.0, more * HOURS * 0.25, more * HOURS),
        "workers beyond the first × a quarter of 730 h",
    );
    bill.add(
        it,
        "Metadata",
        "mwaa",
        "metadata-gb-month",
        Quantity::fixed(10.0),
        "10 GB of the metadata database",
    );
}
