//! Amazon OpenSearch Ingestion.

use super::wire::Ends;
use super::{house, kit};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join, json, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack, Statement};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Component, IngestionPipeline, Spec};
use crate::engine::requirements::Intent;

binding! {
    IngestionPipeline {
        service: "osis",
        title: "Amazon OpenSearch Ingestion",
        docs: "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/ingestion.html",
        sla: None,
        limits: &[],
        latency_ms: None,
    }
}

fn aws(role: &Handle) -> (&'static str, Expr) {
    ("aws", map([("sts_role_arn", role.arn()), ("region", Expr::Region)]))
}

fn to_bucket(role: &Handle, bucket: Expr) -> Expr {
    map([(
        "s3",
        map([
            aws(role),
            ("bucket", bucket),
            ("object_key", map([("path_prefix", "ingested/%{yyyy}/%{MM}/%{dd}/".into())])),
            ("threshold", map([("event_collect_timeout", "60s".into())])),
            ("codec", map([("ndjson", map([]))])),
        ]),
    )])
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &IngestionPipeline) {
    let role = kit::role(stack, it, "role", "osis-pipelines.amazonaws.com", &[]);
    // Where records go until something is connected.
    let bucket = house::bucket(stack, it, "ingest", 90, |_| Vec::new());
    let mut statements = house::bucket_access(&bucket);
    statements.extend(kit::key_statement(stack));
    let access = kit::role_policy(stack, it, "access", &role, &statements);
    // Names have 28 characters at most.
    let id: String = it.id.as_str().chars().take(16).collect();
    let name: Expr =
        join![Expr::Var("environment".to_owned()), format!("-{}", id.trim_end_matches('-'))];
    let logs = kit::log_group(
        stack,
        it,
        "logs",
        join!["/aws/vendedlogs/OpenSearchIngestion/", stack.name(it)],
    );
    let body = map([
        ("version", "2".into()),
        (
            "ingest",
            map([
                ("source", map([("http", map([("path", "/ingest".into())]))])),
                ("sink", list![to_bucket(&role, bucket.id())]),
            ]),
        ),
    ]);
    let group = house::group(stack, it);
    let key = stack.key_arn.clone();
    let net = stack.net.clone();
    let publishing = block([
        ("is_logging_enabled", true.into()),
        ("cloudwatch_log_destination", block([("log_group", logs.by_ref("name"))])),
    ]);
    let cfn_publishing = block([
        ("IsLoggingEnabled", true.into()),
        ("CloudWatchLogDestination", block([("LogGroup", logs.by_ref("name"))])),
    ]);
    let mut draft = stack
        .add(it, "", "aws_osis_pipeline", "AWS::OSIS::Pipeline")
        .set("pipeline_name", "PipelineName", name)
        .set("min_units", "MinUnits", spec.units_min.max(1))
        .set("max_units", "MaxUnits", spec.units_max.max(spec.units_min.max(1)))
        .set("pipeline_configuration_body", "PipelineConfigurationBody", json(body))
        .tf("log_publishing_options", publishing)
        .cfn("LogPublishingOptions", cfn_publishing)
        .after(&access);
    if let Some(key) = key {
        draft = kit::nest(draft, "encryption_at_rest_options", block([("kms_key_arn", key)]));
    }
    if let (Some(group), Some(net)) = (&group, net) {
        let place = block([
            ("subnet_ids", Expr::List(net.private)),
            ("security_group_ids", list![kit::group_id(group)]),
        ]);
        draft = kit::nest(draft, "vpc_options", place);
    }
    let pipeline = draft.done();
    let arn = pipeline.att("pipeline_arn", "PipelineArn");
    let url: Expr = join!["https://", Expr::Index(Box::new(url_list(&pipeline)), 0), "/ingest"];
    let mut facet = Facet::default()
        .handle("pipeline", &pipeline)
        .handle("role", &role)
        .value("arn", arn.clone())
        .reference("URL", url)
        .grant(&[Intent::Publishes, Intent::Streams, Intent::Writes], &["osis:Ingest"], vec![arn])
        .principal(&role, group.as_ref().map(kit::group_id), false);
    if let Some(group) = &group {
        facet = facet.listener(kit::group_id(group), 443);
    }
    stack.facet(it, facet);
}

/// The addresses are a set in Terraform and a list in CloudFormation.
fn url_list(pipeline: &Handle) -> Expr {
    pipeline.att("ingest_endpoint_urls", "IngestEndpointUrls")
}

/// Connects what the pipeline reads from or writes to.
pub fn connect(
    stack: &mut Stack<'_>,
    ends: &Ends<'_>,
    other: &Component,
    reads: bool,
) -> Option<()> {
    let (own, far) = if other.id == ends.to.id {
        (&ends.source, &ends.target)
    } else {
        (&ends.target, &ends.source)
    };
    let pipeline = own.handles.get("pipeline")?.clone();
    let role = own.handles.get("role")?.clone();
    let owner = if other.id == ends.to.id { ends.from } else { ends.to };
    let value = |name: &str| far.values.get(name).cloned();
    let (part, statements) = match (&other.spec, reads) {
        (Spec::SearchIndex(_), false) => (
            map([(
                "opensearch",
                map([
                    ("hosts", list![join!["https://", value("endpoint")?]]),
                    ("index", "events".into()),
                    aws(&role),
                ]),
            )]),
            vec![
                kit::allow(&["es:DescribeDomain"], vec![value("arn")?]),
                kit::allow(&["es:ESHttp*"], vec![join![value("arn")?, "/*"]]),
            ],
        ),
        (Spec::ObjectStore(_), false) => {
            let bucket = far.handles.get("bucket")?;
            (to_bucket(&role, bucket.id()), house::bucket_access(bucket))
        }
        (Spec::ObjectStore(_), true) => {
            let bucket = far.handles.get("bucket")?;
            let scan = map([
                ("scheduling", map([("interval", "PT1H".into())])),
                ("buckets", list![map([("bucket", map([("name", bucket.id())]))])]),
            ]);
            let source = map([
                ("acknowledgments", true.into()),
                ("codec", map([("newline", map([]))])),
                ("scan", scan),
                aws(&role),
            ]);
            (
                map([("s3", source)]),
                vec![
                    kit::allow(&["s3:GetObject"], vec![join![bucket.arn(), "/*"]]),
                    kit::allow(&["s3:ListBucket"], vec![bucket.arn()]),
                ],
            )
        }
        (Spec::Stream(_), true) => (
            map([(
                "kinesis",
                map([
                    (
                        "streams",
                        list![map([
                            ("stream_name", value("name")?),
                            ("initial_position", "LATEST".into()),
                        ])],
                    ),
                    ("codec", map([("ndjson", map([]))])),
                    aws(&role),
                ]),
            )]),
            vec![kit::allow(
                &[
                    "kinesis:DescribeStream",
                    "kinesis:DescribeStreamSummary",
                    "kinesis:DescribeStreamConsumer",
                    "kinesis:RegisterStreamConsumer",
                    "kinesis:SubscribeToShard",
                    "kinesis:GetRecords",
                    "kinesis:GetShardIterator",
                    "kinesis:ListShards",
                ],
                vec![value("arn")?, join![value("arn")?, "/consumer/*"]],
            )],
        ),
        _ => return None,
    };
    set(stack, &pipeline, part, reads);
    let suffix = format!("{}_{}", if reads { "from" } else { "to" }, other.id.snake());
    permit(stack, owner, &suffix, &role, statements);
    Some(())
}

fn permit(
    stack: &mut Stack<'_>,
    owner: &Component,
    suffix: &str,
    role: &Handle,
    mut statements: Vec<Statement>,
) {
    statements.extend(kit::key_statement(stack));
    // A bucket may be told of twice: as what is read, and as what announces its objects.
    let key = format!("{}_{suffix}", owner.id.snake());
    if !stack.resources.iter().any(|it| it.key == key) {
        kit::role_policy(stack, owner, suffix, role, &statements);
    }
}

/// Puts a source in place of the one there is, or a sink beside those there are;
/// the first connected one replaces the pipeline's own bucket.
fn set(stack: &mut Stack<'_>, pipeline: &Handle, part: Expr, source: bool) {
    let Some(resource) = stack.resources.iter_mut().find(|it| it.key == pipeline.0) else { return };
    for side in [&mut resource.tf, &mut resource.cfn].into_iter().flatten() {
        for (_, value) in side
            .fields
            .iter_mut()
            .filter(|it| it.0.to_lowercase().replace('_', "") == "pipelineconfigurationbody")
        {
            let Expr::Json(body) = value else { continue };
            let Expr::Map(fields) = body.as_mut() else { continue };
            let Some((_, Expr::Map(stage))) = fields.iter_mut().find(|it| it.0 == "ingest") else {
                continue;
            };
            let first = !stage.iter().any(|it| it.0 == "workers");
            for (name, value) in stage.iter_mut() {
                match (name.as_str(), source, value) {
                    ("source", true, value) => *value = part.clone(),
                    ("sink", false, Expr::List(sinks)) => {
                        if first {
                            sinks.clear();
                        }
                        sinks.push(part.clone());
                    }
                    _ => {}
                }
            }
            if !source && first {
                stage.push(("workers".to_owned(), 2.into()));
            }
        }
    }
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &IngestionPipeline) {
    let least = f64::from(spec.units_min.max(1));
    bill.add(
        it,
        "Ingestion units",
        "opensearch",
        "serverless-ocu-hour",
        Quantity::range(least, least, f64::from(spec.units_max).max(least)).times(HOURS),
        "OCUs × 730 h",
    );
}
