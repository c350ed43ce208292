//! One API call that starts a component, whoever makes it: schedule, rule, pipe or workflow.

use super::super::kit;
use super::Ends;
use crate::engine::bind::expr::{Expr, join, json, list, map};
use crate::engine::bind::stack::{Stack, Statement};
use crate::engine::graph::{Kind, RelationalStyle, Spec};

/// A call of the AWS API with fixed parameters.
pub struct Call {
    /// As Step Functions and Scheduler name it in `aws-sdk:SERVICE:ACTION`.
    pub service: &'static str,
    pub action: &'static str,
    /// Parameters with their names in camel case.
    pub input: Expr,
    pub allow: Vec<Statement>,
    /// Waits for the end in a standard workflow: the integration's resource and
    /// what it needs more.
    pub waits: Option<(&'static str, Vec<Statement>)>,
    /// An integration that only Step Functions has.
    pub only_workflow: Option<&'static str>,
}

impl Call {
    fn new(
        service: &'static str,
        action: &'static str,
        input: Expr,
        allow: Vec<Statement>,
    ) -> Self {
        Self { service, action, input, allow, waits: None, only_workflow: None }
    }

    /// As a task of a state machine.
    pub fn task(&self, standard: bool) -> Expr {
        let tail = match (&self.only_workflow, &self.waits) {
            (Some(resource), _) => format!(":states:::{resource}"),
            (None, Some((resource, _))) if standard => format!(":states:::{resource}"),
            _ => format!(":states:::aws-sdk:{}:{}", self.service, self.action),
        };
        map([
            ("Type", "Task".into()),
            ("Resource", join!["arn:", Expr::Partition, tail]),
            ("Parameters", self.input.clone()),
        ])
    }
}

/// The rule by which Step Functions hears that a job has ended.
fn listens(rule: &str) -> Statement {
    kit::allow(
        &["events:PutTargets", "events:PutRule", "events:DescribeRule"],
        vec![kit::arn("events", join![format!("rule/{rule}")])],
    )
}

/// Roles of this system, handed to one service.
fn pass_role(service: &str) -> Statement {
    let roles: Expr = join![
        "arn:",
        Expr::Partition,
        ":iam::",
        Expr::AccountId,
        ":role/",
        Expr::Var("name_prefix".to_owned()),
        "-*"
    ];
    Statement {
        actions: vec!["iam:PassRole".to_owned()],
        resources: vec![roles],
        condition: Some((
            "StringEquals".to_owned(),
            "iam:PassedToService".to_owned(),
            service.into(),
        )),
    }
}

/// The call that starts the connection's target.
pub fn call(stack: &Stack<'_>, ends: &Ends<'_>) -> Option<Call> {
    let target = &ends.target;
    let value = |name: &str| target.values.get(name).cloned();
    let handle = |name: &str| target.handles.get(name).cloned();
    Some(match &ends.to.spec {
        Spec::Function(_) => Call::new(
            "lambda",
            "invoke",
            map([("FunctionName", value("arn")?), ("InvocationType", "Event".into())]),
            vec![kit::allow(
                &["lambda:InvokeFunction"],
                vec![value("arn")?, join![handle("function")?.arn(), ":*"]],
            )],
        ),
        Spec::Workflow(_) => Call::new(
            "sfn",
            "startExecution",
            map([("StateMachineArn", value("arn")?)]),
            vec![kit::allow(&["states:StartExecution"], vec![value("arn")?])],
        ),
        Spec::ContainerService(_) => container(stack, ends)?,
        Spec::BatchCompute(_) => {
            let queue = handle("job_queue")?.by_ref("arn");
            let definition = handle("job_definition")?.by_ref("arn");
            let job: Expr = join![Expr::Var("name_prefix".to_owned()), format!("-{}", ends.to.id)];
            let mut call = Call::new(
                "batch",
                "submitJob",
                map([("JobName", job), ("JobQueue", queue), ("JobDefinition", definition)]),
                // Jobs get their ids when they are submitted; names of this system start alike.
                vec![kit::allow(
                    &["batch:SubmitJob"],
                    vec![
                        kit::arn(
                            "batch",
                            join!["job-queue/", Expr::Var("name_prefix".to_owned()), "-*"],
                        ),
                        kit::arn(
                            "batch",
                            join!["job-definition/", Expr::Var("name_prefix".to_owned()), "-*"],
                        ),
                    ],
                )],
            );
            call.waits = Some((
                "batch:submitJob.sync",
                vec![
                    kit::allow(&["batch:DescribeJobs", "batch:TerminateJob"], vec!["*".into()]),
                    listens("StepFunctionsGetEventsForBatchJobsRule"),
                ],
            ));
            call
        }
        Spec::EtlJob(_) => {
            let job = handle("job")?;
            let arn = kit::arn("glue", join!["job/", job.by_ref("name")]);
            let mut call = Call::new(
                "glue",
                "startJobRun",
                map([("JobName", job.by_ref("name"))]),
                vec![kit::allow(&["glue:StartJobRun"], vec![arn.clone()])],
            );
            call.waits = Some((
                "glue:startJobRun.sync",
                vec![kit::allow(
                    &["glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"],
                    vec![arn],
                )],
            ));
            call
        }
        Spec::HadoopCluster(_) => {
            let cluster = handle("cluster")?.id();
            let step = map([
                ("Name", "Run".into()),
                ("ActionOnFailure", "CONTINUE".into()),
                (
                    "HadoopJarStep",
                    map([
                        ("Jar", "command-runner.jar".into()),
                        ("Args", list!["spark-submit", "--version"]),
                    ]),
                ),
            ]);
            let arn = kit::arn("elasticmapreduce", join!["cluster/", cluster.clone()]);
            Call::new(
                "emr",
                "addJobFlowSteps",
                map([("JobFlowId", cluster), ("Steps", list![step])]),
                vec![kit::allow(&["elasticmapreduce:AddJobFlowSteps"], vec![arn])],
            )
        }
        Spec::ModelEndpoint(_) => {
            let name =
                handle("endpoint").map(|it| it.att("name", "EndpointName")).or(value("name"))?;
            let arn = kit::arn("sagemaker", join!["endpoint/", name.clone()]);
            Call::new(
                "sagemakerruntime",
                "invokeEndpoint",
                map([
                    ("EndpointName", name),
                    ("ContentType", "application/json".into()),
                    ("Body", "{}".into()),
                ]),
                vec![kit::allow(&["sagemaker:InvokeEndpoint"], vec![arn])],
            )
        }
        Spec::FoundationModel(_) => {
            let allow = target.grants.get(&crate::engine::requirements::Intent::Invokes)?.clone();
            let mut call = Call::new(
                "bedrockruntime",
                "converse",
                map([
                    ("ModelId", value("model_id")?),
                    (
                        "Messages",
                        list![map([
                            ("Role", "user".into()),
                            ("Content", list![map([("Text.$", "States.JsonToString($)".into())])],),
                        ])],
                    ),
                ]),
                allow,
            );
            call.only_workflow = Some("aws-sdk:bedrockruntime:converse");
            call
        }
        Spec::Pipeline(_) => Call::new(
            "codepipeline",
            "startPipelineExecution",
            map([("Name", value("name")?)]),
            vec![kit::allow(&["codepipeline:StartPipelineExecution"], vec![value("arn")?])],
        ),
        Spec::Build(_) => {
            let project = value("name")?;
            let arn = value("arn")?;
            let mut call = Call::new(
                "codebuild",
                "startBuild",
                map([("ProjectName", project)]),
                vec![kit::allow(&["codebuild:StartBuild"], vec![arn.clone()])],
            );
            call.waits = Some((
                "codebuild:startBuild.sync",
                vec![
                    kit::allow(&["codebuild:StopBuild", "codebuild:BatchGetBuilds"], vec![arn]),
                    listens("StepFunctionsGetEventsForCodeBuildStartBuildRule"),
                ],
            ));
            call
        }
        Spec::HttpApi(_) => {
            let mut call = Call::new(
                "apigateway",
                "invoke",
                map([
                    ("ApiEndpoint", value("host")?),
                    ("Method", "POST".into()),
                    ("Path", "/".into()),
                    ("AuthType", "IAM_ROLE".into()),
                ]),
                vec![kit::allow(
                    &["execute-api:Invoke"],
                    vec![join![value("execution_arn")?, "/*"]],
                )],
            );
            call.only_workflow = Some("apigateway:invoke");
            call
        }
        Spec::FleetManager(_) => run_command(
            "AWS-RunPatchBaseline",
            map([("Operation", list!["Scan"])]),
            "Project",
            Expr::Var("project".to_owned()),
        ),
        Spec::VirtualMachines(_) => run_command(
            "AWS-RunShellScript",
            map([("commands", list!["systemctl list-units --failed --no-pager"])]),
            "Name",
            stack.name(ends.to),
        ),
        Spec::RelationalDatabase(database) => {
            let cluster =
                matches!(database.style, RelationalStyle::Cluster | RelationalStyle::Serverless);
            let name: Expr = handle(if cluster { "cluster" } else { "database" })
                .map(|it| it.by_ref(if cluster { "cluster_identifier" } else { "identifier" }))
                .or(value("identifier"))?;
            let (action, field, permission, kind) = if cluster {
                ("startDBCluster", "DbClusterIdentifier", "rds:StartDBCluster", "cluster:")
            } else {
                ("startDBInstance", "DbInstanceIdentifier", "rds:StartDBInstance", "db:")
            };
            Call::new(
                "rds",
                action,
                map([(field, name.clone())]),
                vec![kit::allow(&[permission], vec![kit::arn("rds", join![kind, name])])],
            )
        }
        Spec::DataSync(_) => {
            let task = handle("task")?.by_ref("arn");
            Call::new(
                "datasync",
                "startTaskExecution",
                map([("TaskArn", task.clone())]),
                vec![kit::allow(
                    &[
                        "datasync:StartTaskExecution",
                        "datasync:DescribeTask",
                        "ec2:DescribeNetworkInterfaces",
                    ],
                    vec!["*".into()],
                )],
            )
        }
        Spec::DatabaseMigration(_) => {
            let task = handle("task")?.by_ref("replication_task_arn");
            Call::new(
                "databasemigration",
                "startReplicationTask",
                map([
                    ("ReplicationTaskArn", task.clone()),
                    ("StartReplicationTaskType", "resume-processing".into()),
                ]),
                vec![kit::allow(&["dms:StartReplicationTask"], vec![task])],
            )
        }
        Spec::StreamAnalytics(_) => {
            let name = handle("application").map(|it| it.by_ref("name")).or(value("name"))?;
            let arn = kit::arn("kinesisanalytics", join!["application/", name.clone()]);
            Call::new(
                "kinesisanalyticsv2",
                "startApplication",
                map([("ApplicationName", name)]),
                vec![kit::allow(&["kinesisanalytics:StartApplication"], vec![arn])],
            )
        }
        Spec::QueryService(_) => {
            let allow = target.grants.get(&crate::engine::requirements::Intent::Reads)?.clone();
            let group = handle("workgroup").map(|it| it.by_ref("name")).or(value("workgroup"))?;
            Call::new(
                "athena",
                "startQueryExecution",
                map([("QueryString", "SELECT 1".into()), ("WorkGroup", group)]),
                allow,
            )
        }
        Spec::Warehouse(_) => {
            let allow = target.grants.get(&crate::engine::requirements::Intent::Reads)?.clone();
            let mut fields = vec![("Sql".to_owned(), Expr::from("SELECT 1"))];
            match (handle("workgroup"), value("workgroup"), handle("cluster")) {
                (Some(group), ..) => {
                    fields.push(("WorkgroupName".to_owned(), group.by_ref("workgroup_name")));
                }
                (None, Some(name), _) => fields.push(("WorkgroupName".to_owned(), name)),
                (None, None, Some(cluster)) => {
                    fields.push(("ClusterIdentifier".to_owned(), cluster.id()));
                }
                _ => return None,
            }
            fields.push(("Database".to_owned(), value("database").unwrap_or_else(|| "app".into())));
            Call::new("redshiftdata", "executeStatement", Expr::Map(fields), allow)
        }
        Spec::VideoTranscoder(_) => {
            let role = handle("role").map(|it| it.arn()).or(value("role_arn"))?;
            let bucket = bucket(stack)?;
            Call::new(
                "mediaconvert",
                "createJob",
                map([("Role", role), ("Settings", transcoding(&bucket))]),
                vec![
                    kit::allow(&["mediaconvert:CreateJob"], vec!["*".into()]),
                    pass_role("mediaconvert.amazonaws.com"),
                ],
            )
        }
        Spec::DocumentExtraction(_) => Call::new(
            "textract",
            "startDocumentTextDetection",
            map([(
                "DocumentLocation",
                map([(
                    "S3Object",
                    map([("Bucket", bucket(stack)?), ("Name", "incoming/document.pdf".into())]),
                )]),
            )]),
            with_bucket(stack, &["textract:StartDocumentTextDetection"])?,
        ),
        Spec::ImageAnalysis(_) => Call::new(
            "rekognition",
            "detectLabels",
            map([(
                "Image",
                map([(
                    "S3Object",
                    map([("Bucket", bucket(stack)?), ("Name", "incoming/image.jpg".into())]),
                )]),
            )]),
            with_bucket(stack, &["rekognition:DetectLabels"])?,
        ),
        Spec::SpeechToText(_) => {
            let mut call = Call::new(
                "transcribe",
                "startTranscriptionJob",
                map([
                    ("TranscriptionJobName.$", "$$.Execution.Name".into()),
                    ("LanguageCode", "en-US".into()),
                    (
                        "Media",
                        map([(
                            "MediaFileUri",
                            join!["s3://", bucket(stack)?, "/incoming/speech.mp3"],
                        )]),
                    ),
                ]),
                with_bucket(stack, &["transcribe:StartTranscriptionJob"])?,
            );
            call.only_workflow = Some("aws-sdk:transcribe:startTranscriptionJob");
            call
        }
        Spec::TextAnalysis(_) => {
            let mut call = Call::new(
                "comprehend",
                "detectSentiment",
                map([("LanguageCode", "en".into()), ("Text.$", "States.JsonToString($)".into())]),
                vec![kit::allow(&["comprehend:DetectSentiment"], vec!["*".into()])],
            );
            call.only_workflow = Some("aws-sdk:comprehend:detectSentiment");
            call
        }
        _ => return None,
    })
}

/// The bucket that documents, images and recordings arrive in.
fn bucket(stack: &Stack<'_>) -> Option<Expr> {
    let store = stack.graph.first(Kind::ObjectStore)?;
    stack.facets.get(&store.id)?.values.get("name").cloned()
}

fn with_bucket(stack: &Stack<'_>, actions: &[&str]) -> Option<Vec<Statement>> {
    let store = stack.graph.first(Kind::ObjectStore)?;
    let arn = stack.facets.get(&store.id)?.values.get("arn")?;
    // These services have no permissions on single resources.
    Some(vec![
        kit::allow(actions, vec!["*".into()]),
        kit::allow(&["s3:GetObject"], vec![join![arn.clone(), "/*"]]),
    ])
}

/// A job that makes one video of standard size out of the one that arrived.
fn transcoding(bucket: &Expr) -> Expr {
    let video = map([(
        "CodecSettings",
        map([
            ("Codec", "H_264".into()),
            (
                "H264Settings",
                map([("RateControlMode", "QVBR".into()), ("MaxBitrate", 5_000_000.into())]),
            ),
        ]),
    )]);
    map([
        (
            "Inputs",
            list![map([("FileInput", join!["s3://", bucket.clone(), "/incoming/video.mp4"])])],
        ),
        (
            "OutputGroups",
            list![map([
                (
                    "OutputGroupSettings",
                    map([
                        ("Type", "FILE_GROUP_SETTINGS".into()),
                        (
                            "FileGroupSettings",
                            map([("Destination", join!["s3://", bucket.clone(), "/transcoded/"])]),
                        ),
                    ]),
                ),
                (
                    "Outputs",
                    list![map([
                        ("ContainerSettings", map([("Container", "MP4".into())])),
                        ("VideoDescription", video),
                    ])],
                ),
            ])],
        ),
    ])
}

/// A command on the machines that carry a tag.
fn run_command(document: &str, parameters: Expr, tag: &str, value: Expr) -> Call {
    let documents: Expr =
        join!["arn:", Expr::Partition, ":ssm:", Expr::Region, format!("::document/{document}")];
    let machines: Expr = kit::arn("ec2", join!["instance/*"]);
    Call::new(
        "ssm",
        "sendCommand",
        map([
            ("DocumentName", document.into()),
            (
                "Targets",
                list![map([
                    ("Key", format!("tag:{tag}").into()),
                    ("Values", list![value.clone()]),
                ])],
            ),
            ("Parameters", parameters),
        ]),
        vec![
            kit::allow(&["ssm:SendCommand"], vec![documents]),
            Statement {
                actions: vec!["ssm:SendCommand".to_owned()],
                resources: vec![machines],
                condition: Some((
                    "StringEquals".to_owned(),
                    format!("aws:ResourceTag/{tag}"),
                    value,
                )),
            },
        ],
    )
}

/// One task of a container service, beside those that serve.
fn container(stack: &Stack<'_>, ends: &Ends<'_>) -> Option<Call> {
    let target = &ends.target;
    let cluster = target
        .handles
        .get("cluster")
        .or_else(|| stack.shared.get("cluster"))
        .map(|it| it.by_ref("id"))
        .or_else(|| target.values.get("cluster").cloned())?;
    let definition = target.handles.get("task_definition")?.by_ref("arn");
    let subnets = stack.net.as_ref()?.private.clone();
    let group = target
        .principal
        .as_ref()
        .and_then(|it| it.group.clone())
        .or_else(|| target.values.get("group").cloned())?;
    let tasks =
        kit::arn("ecs", join!["task-definition/", Expr::Var("name_prefix".to_owned()), "-*"]);
    let mut call = Call::new(
        "ecs",
        "runTask",
        map([
            ("Cluster", cluster),
            ("TaskDefinition", definition),
            ("LaunchType", "FARGATE".into()),
            (
                "NetworkConfiguration",
                map([(
                    "AwsvpcConfiguration",
                    map([
                        ("Subnets", Expr::List(subnets)),
                        ("SecurityGroups", list![group]),
                        ("AssignPublicIp", "DISABLED".into()),
                    ]),
                )]),
            ),
        ]),
        vec![kit::allow(&["ecs:RunTask"], vec![tasks]), pass_role("ecs-tasks.amazonaws.com")],
    );
    let running = kit::arn("ecs", join!["task/*"]);
    call.waits = Some((
        "ecs:runTask.sync",
        vec![
            kit::allow(&["ecs:StopTask", "ecs:DescribeTasks"], vec![running]),
            listens("StepFunctionsGetEventsForECSTaskRule"),
        ],
    ));
    Some(call)
}

/// Adds a schedule that starts or sends to the connection's target.
pub fn schedule(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    use crate::engine::bind::expr::block;
    let Spec::Schedule(spec) = &ends.from.spec else { return None };
    let (expression, timezone) = (spec.expression.clone(), spec.timezone.clone());
    let value = |name: &str| ends.target.values.get(name).cloned();
    let note = json(map([
        ("schedule", ends.from.id.as_str().into()),
        ("time", "<aws.scheduler.scheduled-time>".into()),
    ]));
    let mut extra: Option<(&str, Expr)> = None;
    let mut input = Some(note);
    let (arn, allow) = match &ends.to.spec {
        Spec::Function(_) => {
            let function = ends.target.handles.get("function")?.arn();
            let resources = vec![function.clone(), join![function, ":*"]];
            (value("arn")?, vec![kit::allow(&["lambda:InvokeFunction"], resources)])
        }
        Spec::Queue(queue) => {
            if queue.fifo {
                let group = ends.from.id.as_str().into();
                extra = Some(("sqs_parameters", block([("message_group_id", group)])));
            }
            (value("arn")?, vec![kit::allow(&["sqs:SendMessage"], vec![value("arn")?])])
        }
        Spec::Topic(_) => (value("arn")?, vec![kit::allow(&["sns:Publish"], vec![value("arn")?])]),
        Spec::Stream(_) => {
            let key = block([("partition_key", ends.from.id.as_str().into())]);
            extra = Some(("kinesis_parameters", key));
            (value("arn")?, vec![kit::allow(&["kinesis:PutRecord"], vec![value("arn")?])])
        }
        Spec::DeliveryStream(_) => {
            (value("arn")?, vec![kit::allow(&["firehose:PutRecord"], vec![value("arn")?])])
        }
        Spec::EventBus(_) => {
            let source = join![Expr::Var("project".to_owned()), format!(".{}", ends.from.id)];
            extra = Some((
                "eventbridge_parameters",
                block([("detail_type", "Scheduled".into()), ("source", source)]),
            ));
            (value("arn")?, vec![kit::allow(&["events:PutEvents"], vec![value("arn")?])])
        }
        Spec::Workflow(_) => {
            (value("arn")?, vec![kit::allow(&["states:StartExecution"], vec![value("arn")?])])
        }
        _ => {
            let call = call(stack, ends)?;
            if call.only_workflow.is_some() {
                let machine = super::rules::relay(stack, ends.to, &call).by_ref("arn");
                (machine.clone(), vec![kit::allow(&["states:StartExecution"], vec![machine])])
            } else {
                let tail = format!(":scheduler:::aws-sdk:{}:{}", call.service, call.action);
                input = Some(json(call.input));
                (join!["arn:", Expr::Partition, tail], call.allow)
            }
        }
    };
    for statement in allow {
        stack.allow(&ends.from.id, statement);
    }
    let role = ends.source.handles.get("role")?.arn();
    let dead = ends.source.handles.get("dead")?.arn();
    let mut target = vec![
        ("arn".to_owned(), arn),
        ("role_arn".to_owned(), role),
        ("dead_letter_config".to_owned(), block([("arn", dead)])),
        (
            "retry_policy".to_owned(),
            block([
                ("maximum_event_age_in_seconds", 3600.into()),
                ("maximum_retry_attempts", 10.into()),
            ]),
        ),
    ];
    target.extend(input.map(|it| ("input".to_owned(), it)));
    target.extend(extra.map(|(name, it)| (name.to_owned(), it)));
    let key = stack.key_arn.clone();
    let draft = stack
        .add(ends.from, &ends.suffix(), "aws_scheduler_schedule", "AWS::Scheduler::Schedule")
        .maybe("name", "Name", super::rules::pair_name(ends))
        .set("group_name", "GroupName", ends.source.handles.get("group")?.by_ref("name"))
        .set("schedule_expression", "ScheduleExpression", expression.as_str())
        .set("schedule_expression_timezone", "ScheduleExpressionTimezone", timezone.as_str());
    let draft = kit::nest(draft, "flexible_time_window", block([("mode", "OFF".into())]));
    let draft = kit::nest(draft, "target", Expr::Block(target));
    match key {
        Some(key) => draft.set("kms_key_arn", "KmsKeyArn", key).done(),
        None => draft
            .skip("CKV_AWS_297", "Sealed with the key that AWS owns; its input holds no secrets")
            .done(),
    };
    Some(())
}
