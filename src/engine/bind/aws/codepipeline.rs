//! AWS CodePipeline: from source over build to what is deployed.
//!
//! A pipeline is written once all its connections are known, so this module
//! reads them from the graph: what it reads is its source, what it builds with
//! is its second stage, what it invokes or writes to is its last.

use super::wire::Ends;
use super::{codecommit, kit};
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, blocks, join, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, Kind, Pipeline};
use crate::engine::requirements::Intent;

binding! {
    Pipeline {
        service: "codepipeline",
        title: "AWS CodePipeline",
        docs: "https://docs.aws.amazon.com/codepipeline/latest/userguide/welcome.html",
        sla: None,
        limits: &[Limit {
            what: "Actions of a pipeline",
            value: "1,000",
            source: "https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html",
        }],
        latency_ms: None,
    }
}

/// An action of a stage, before it is written in either format.
pub struct Action {
    pub stage: &'static str,
    pub name: String,
    pub provider: &'static str,
    pub category: &'static str,
    pub configuration: Expr,
    pub takes: Vec<&'static str>,
    pub gives: Vec<&'static str>,
}

fn lower(stack: &mut Stack<'_>, it: &Component, _spec: &Pipeline) {
    let (bucket, policy) = artifacts(stack, it);
    let role = kit::role(stack, it, "role", "codepipeline.amazonaws.com", &[]);
    stack.allow(
        &it.id,
        kit::allow(
            &["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"],
            vec![join![bucket.arn(), "/*"]],
        ),
    );
    stack.allow(
        &it.id,
        kit::allow(&["s3:GetBucketVersioning", "s3:GetBucketLocation"], vec![bucket.arn()]),
    );
    if let Some(statement) = kit::key_statement(stack) {
        stack.allow(&it.id, statement);
    }
    let source = source(stack, it);
    let mut actions = vec![source];
    // CodePipeline wants two stages at least.
    let builds = stack.graph.targets(&it.id).any(|(_, to)| to.spec.kind() == Kind::Build);
    let deploys = stack
        .graph
        .targets(&it.id)
        .any(|(_, to)| !matches!(to.spec.kind(), Kind::Build | Kind::SourceRepository));
    if !builds && !deploys {
        actions.push(Action {
            stage: "Approve",
            name: "Approve".to_owned(),
            provider: "Manual",
            category: "Approval",
            configuration: Expr::Map(Vec::new()),
            takes: Vec::new(),
            gives: Vec::new(),
        });
    }
    let name = stack.name(it);
    let store = |camel: bool| {
        let key = |tf: &str, cfn: &str| if camel { cfn.to_owned() } else { tf.to_owned() };
        let mut fields =
            vec![(key("location", "Location"), bucket.id()), (key("type", "Type"), "S3".into())];
        if let Some(arn) = &stack.key_arn {
            let sealed = vec![(key("id", "Id"), arn.clone()), (key("type", "Type"), "KMS".into())];
            fields.push((key("encryption_key", "EncryptionKey"), Expr::Block(sealed)));
        }
        Expr::Block(fields)
    };
    let (store_tf, store_cfn) = (store(false), store(true));
    let sealed = stack.key_arn.is_some();
    let mut draft = stack
        .add(it, "", "aws_codepipeline", "AWS::CodePipeline::Pipeline")
        .set("name", "Name", name)
        .set("pipeline_type", "PipelineType", "V2")
        .set("role_arn", "RoleArn", role.arn())
        .tf("artifact_store", store_tf)
        .cfn("ArtifactStore", store_cfn)
        .after(&policy);
    if !sealed {
        draft = draft.skip("CKV_AWS_219", "Artifacts are sealed with the key that S3 manages");
    }
    let pipeline = draft.done();
    for action in actions {
        add_action(stack, &pipeline, action);
    }
    let arn = kit::arn("codepipeline", pipeline.by_ref("name"));
    let facet = Facet::default()
        .handle("pipeline", &pipeline)
        .handle("role", &role)
        .handle("artifacts", &bucket)
        .value("arn", arn.clone())
        .value("name", pipeline.by_ref("name"))
        .reference("PIPELINE", pipeline.by_ref("name"))
        .grant(
            &[Intent::Invokes, Intent::Reads, Intent::Serves],
            &["codepipeline:StartPipelineExecution", "codepipeline:GetPipelineState"],
            vec![arn],
        )
        .principal(&role, None, false);
    stack.facet(it, facet);
}

/// Where the source comes from: a repository of the design, or GitHub.
fn source(stack: &mut Stack<'_>, it: &Component) -> Action {
    let repository = stack
        .graph
        .components
        .iter()
        .find(|other| {
            other.spec.kind() == Kind::SourceRepository
                && (stack.graph.connected(&other.id, &it.id)
                    || stack.graph.connected(&it.id, &other.id))
        })
        .map(|other| Handle(other.id.snake()));
    let (provider, configuration) = match repository {
        Some(repository) => {
            for statement in codecommit::source_statements(&repository.arn()) {
                stack.allow(&it.id, statement);
            }
            (
                "CodeCommit",
                map([
                    ("RepositoryName", repository.att("repository_name", "Name")),
                    ("BranchName", codecommit::BRANCH.into()),
                    ("PollForSourceChanges", "false".into()),
                ]),
            )
        }
        None => {
            // Somebody has to accept the connection once, in the console.
            let connection = stack
                .add(
                    it,
                    "github",
                    "aws_codestarconnections_connection",
                    "AWS::CodeStarConnections::Connection",
                )
                // Names of connections have 32 characters at most.
                .tf(
                    "name",
                    Expr::Hcl(format!("substr(\"${{local.name_prefix}}-{}\", 0, 32)", it.id)),
                )
                .cfn("ConnectionName", it.id.as_str())
                .set("provider_type", "ProviderType", "GitHub")
                .comment("Accept the connection once in the console: Developer Tools, Connections.")
                .done();
            let arn = connection.att("arn", "ConnectionArn");
            stack.allow(
                &it.id,
                kit::allow(&["codestar-connections:UseConnection"], vec![arn.clone()]),
            );
            let repository = kit::text_input(
                stack,
                &format!("{}_repository", it.id.snake()),
                "Repository on GitHub that the pipeline follows, as owner/name.",
                Some("owner/repository"),
            );
            (
                "CodeStarSourceConnection",
                map([
                    ("ConnectionArn", arn),
                    ("FullRepositoryId", repository),
                    ("BranchName", codecommit::BRANCH.into()),
                ]),
            )
        }
    };
    Action {
        stage: "Source",
        name: "Source".to_owned(),
        provider,
        category: "Source",
        configuration,
        takes: Vec::new(),
        gives: vec!["source"],
    }
}

/// Adds an action to a pipeline, in its stage; stages keep the order of delivery.
pub fn add_action(stack: &mut Stack<'_>, pipeline: &Handle, action: Action) {
    const STAGES: [&str; 4] = ["Source", "Build", "Approve", "Deploy"];
    let Some(resource) = stack.resources.iter_mut().find(|it| it.key == pipeline.0) else { return };
    let names = |items: &[&str]| items.iter().map(|it| Expr::from(*it)).collect::<Vec<_>>();
    let mut tf = vec![
        ("name".to_owned(), Expr::from(action.name.clone())),
        ("category".to_owned(), action.category.into()),
        ("owner".to_owned(), "AWS".into()),
        ("provider".to_owned(), action.provider.into()),
        ("version".to_owned(), "1".into()),
    ];
    let mut cfn = vec![
        ("Name".to_owned(), Expr::from(action.name)),
        (
            "ActionTypeId".to_owned(),
            map([
                ("Category", action.category.into()),
                ("Owner", "AWS".into()),
                ("Provider", action.provider.into()),
                ("Version", "1".into()),
            ]),
        ),
    ];
    if !action.configuration.is_empty() {
        tf.push(("configuration".to_owned(), action.configuration.clone()));
        cfn.push(("Configuration".to_owned(), action.configuration));
    }
    for (items, tf_name, cfn_name) in [
        (&action.takes, "input_artifacts", "InputArtifacts"),
        (&action.gives, "output_artifacts", "OutputArtifacts"),
    ] {
        if items.is_empty() {
            continue;
        }
        tf.push((tf_name.to_owned(), Expr::List(names(items))));
        let objects = items.iter().map(|it| map([("Name", (*it).into())])).collect();
        cfn.push((cfn_name.to_owned(), Expr::List(objects)));
    }
    let rank = |stage: &str| STAGES.iter().position(|it| *it == stage).unwrap_or(STAGES.len());
    if let Some(side) = &mut resource.tf {
        let at = side.fields.iter().position(|it| it.0 == "stage");
        let mut stages = match at.map(|at| side.fields.remove(at).1) {
            Some(Expr::Blocks(stages)) => stages,
            _ => Vec::new(),
        };
        let named = |fields: &Vec<(String, Expr)>| {
            fields.iter().any(|(name, it)| name == "name" && *it == Expr::from(action.stage))
        };
        match stages.iter_mut().find(|it| named(it)) {
            Some(fields) => {
                if let Some((_, Expr::Blocks(actions))) =
                    fields.iter_mut().find(|it| it.0 == "action")
                {
                    actions.push(tf);
                }
            }
            None => stages.push(vec![
                ("name".to_owned(), action.stage.into()),
                ("action".to_owned(), Expr::Blocks(vec![tf])),
            ]),
        }
        stages.sort_by_key(|fields| {
            fields.iter().find_map(|(name, it)| match it {
                Expr::Str(it) if name == "name" => Some(rank(it)),
                _ => None,
            })
        });
        side.fields.push(("stage".to_owned(), Expr::Blocks(stages)));
    }
    if let Some(side) = &mut resource.cfn {
        let at = side.fields.iter().position(|it| it.0 == "Stages");
        let mut stages = match at.map(|at| side.fields.remove(at).1) {
            Some(Expr::List(stages)) => stages,
            _ => Vec::new(),
        };
        let name_of = |stage: &Expr| match stage {
            Expr::Map(fields) => fields.iter().find_map(|(name, it)| match it {
                Expr::Str(it) if name == "Name" => Some(it.clone()),
                _ => None,
            }),
            _ => None,
        };
        match stages.iter_mut().find(|it| name_of(it).as_deref() == Some(action.stage)) {
            Some(Expr::Map(fields)) => {
                if let Some((_, Expr::List(actions))) =
                    fields.iter_mut().find(|it| it.0 == "Actions")
                {
                    actions.push(Expr::Map(cfn));
                }
            }
            _ => stages.push(map([
                ("Name", action.stage.into()),
                ("Actions", Expr::List(vec![Expr::Map(cfn)])),
            ])),
        }
        stages.sort_by_key(|it| name_of(it).map(|it| rank(&it)));
        side.fields.push(("Stages".to_owned(), Expr::List(stages)));
    }
}

/// The bucket that stages hand their results on through.
fn artifacts(stack: &mut Stack<'_>, it: &Component) -> (Handle, Handle) {
    let name = join![stack.name_with(it, "artifacts"), "-", Expr::AccountId];
    let key = stack.key_arn.clone();
    let sealed = |camel: bool| {
        let word = |tf: &str, cfn: &str| if camel { cfn.to_owned() } else { tf.to_owned() };
        let mut fields = Vec::new();
        let kind = if key.is_some() { "aws:kms" } else { "AES256" };
        fields.push((word("sse_algorithm", "SSEAlgorithm"), Expr::from(kind)));
        if let Some(key) = &key {
            fields.push((word("kms_master_key_id", "KMSMasterKeyID"), key.clone()));
        }
        Expr::Block(fields)
    };
    let private = block([
        ("block_public_acls", true.into()),
        ("block_public_policy", true.into()),
        ("ignore_public_acls", true.into()),
        ("restrict_public_buckets", true.into()),
    ]);
    let bucket = stack
        .add(it, "artifacts", "aws_s3_bucket", "AWS::S3::Bucket")
        .set("bucket", "BucketName", name)
        .tf("force_destroy", true)
        .cfn("PublicAccessBlockConfiguration", kit::pascal(private.clone()))
        .cfn(
            "BucketEncryption",
            block([(
                "ServerSideEncryptionConfiguration",
                list![map([("ServerSideEncryptionByDefault", sealed(true))])],
            )]),
        )
        .cfn("VersioningConfiguration", block([("Status", "Enabled".into())]))
        .cfn(
            "LifecycleConfiguration",
            block([(
                "Rules",
                list![map([
                    ("Id", "expire".into()),
                    ("Status", "Enabled".into()),
                    ("ExpirationInDays", 30.into()),
                    ("NoncurrentVersionExpiration", map([("NoncurrentDays", 7.into())])),
                ])],
            )]),
        )
        .skip("CKV_AWS_18", "Only the pipeline reads and writes it, and CloudTrail has that")
        .skip("CKV_AWS_144", "Artifacts can be built again")
        .skip("CKV_AWS_145", "Sealed with the option's key where it has one, else with that of S3")
        .skip("CKV2_AWS_62", "Nothing waits for artifacts but the pipeline, which made them")
        .done();
    let mut access = stack
        .tf_only(it, "artifacts_private", "aws_s3_bucket_public_access_block")
        .tf("bucket", bucket.id());
    if let Expr::Block(fields) = private {
        for (name, value) in fields {
            access = access.tf(&name, value);
        }
    }
    access.done();
    stack
        .tf_only(it, "artifacts_sealed", "aws_s3_bucket_server_side_encryption_configuration")
        .tf("bucket", bucket.id())
        .tf("rule", block([("apply_server_side_encryption_by_default", sealed(false))]))
        .done();
    stack
        .tf_only(it, "artifacts_versions", "aws_s3_bucket_versioning")
        .tf("bucket", bucket.id())
        .tf("versioning_configuration", block([("status", "Enabled".into())]))
        .done();
    stack
        .tf_only(it, "artifacts_expiry", "aws_s3_bucket_lifecycle_configuration")
        .tf("bucket", bucket.id())
        .tf(
            "rule",
            blocks(vec![block([
                ("id", "expire".into()),
                ("status", "Enabled".into()),
                ("filter", block([])),
                ("expiration", block([("days", 30.into())])),
                ("noncurrent_version_expiration", block([("noncurrent_days", 7.into())])),
                ("abort_incomplete_multipart_upload", block([("days_after_initiation", 1.into())])),
            ])]),
        )
        .done();
    let policy = stack
        .add(it, "artifacts_policy", "aws_s3_bucket_policy", "AWS::S3::BucketPolicy")
        .set("bucket", "Bucket", bucket.id())
        .set(
            "policy",
            "PolicyDocument",
            crate::engine::bind::expr::document(kit::tls_only(
                "s3:*",
                vec![bucket.arn(), join![bucket.arn(), "/*"]],
            )),
        )
        .done();
    (bucket, policy)
}

/// What a pipeline builds with, and what it delivers to.
pub fn connect(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let pipeline = ends.source.handles.get("pipeline")?.clone();
    let built = stack.graph.targets(&ends.from.id).any(|(_, to)| to.spec.kind() == Kind::Build);
    let artifact = if built { "built" } else { "source" };
    let target = &ends.target;
    let deploy = |provider: &'static str, configuration: Expr| Action {
        stage: "Deploy",
        name: ends.to.id.to_string(),
        provider,
        category: "Deploy",
        configuration,
        takes: vec![artifact],
        gives: Vec::new(),
    };
    let mut statements = Vec::new();
    let action = match ends.to.spec.kind() {
        // It was made with the pipeline.
        Kind::SourceRepository => return Some(()),
        Kind::Build => {
            let project = target.handles.get("project")?;
            statements.push(kit::allow(
                &["codebuild:StartBuild", "codebuild:BatchGetBuilds"],
                vec![project.arn()],
            ));
            // The build reads its source and leaves its result in the same bucket.
            let bucket = ends.source.handles.get("artifacts")?;
            stack.allow(
                &ends.to.id,
                kit::allow(
                    &["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"],
                    vec![join![bucket.arn(), "/*"]],
                ),
            );
            Action {
                stage: "Build",
                name: ends.to.id.to_string(),
                provider: "CodeBuild",
                category: "Build",
                configuration: map([("ProjectName", project.by_ref("name"))]),
                takes: vec!["source"],
                gives: vec!["built"],
            }
        }
        Kind::ContainerService => {
            let (service, cluster) =
                (target.handles.get("service")?, target.handles.get("cluster")?);
            let service_arn = kit::arn(
                "ecs",
                join!["service/", cluster.by_ref("name"), "/", service.att("name", "Name")],
            );
            statements.push(kit::allow(
                &["ecs:DescribeServices", "ecs:UpdateService"],
                vec![service_arn],
            ));
            // Task definitions have no permissions on a single one.
            statements.push(kit::allow(
                &[
                    "ecs:RegisterTaskDefinition",
                    "ecs:DescribeTaskDefinition",
                    "ecs:DescribeTasks",
                    "ecs:ListTasks",
                    "ecs:TagResource",
                ],
                vec!["*".into()],
            ));
            let mut roles = vec![target.handles.get("execution_role")?.arn()];
            roles.extend(target.principal.as_ref().map(|it| it.role.arn()));
            statements.push(kit::allow(&["iam:PassRole"], roles));
            deploy(
                "ECS",
                map([
                    ("ClusterName", cluster.by_ref("name")),
                    ("ServiceName", service.att("name", "Name")),
                    ("FileName", "imagedefinitions.json".into()),
                ]),
            )
        }
        Kind::ObjectStore => {
            let bucket = target.handles.get("bucket")?;
            statements.push(kit::allow(
                &["s3:PutObject", "s3:PutObjectAcl"],
                vec![join![bucket.arn(), "/*"]],
            ));
            statements.push(kit::allow(&["s3:ListBucket"], vec![bucket.arn()]));
            deploy("S3", map([("BucketName", bucket.id()), ("Extract", "true".into())]))
        }
        Kind::Deployment => {
            let (app, group) = (target.handles.get("application")?, target.handles.get("group")?);
            let names = join![app.by_ref("name"), "/", group.by_ref("deployment_group_name")];
            statements.push(kit::allow(
                &["codedeploy:CreateDeployment", "codedeploy:GetDeployment"],
                vec![kit::arn("codedeploy", join!["deploymentgroup:", names])],
            ));
            statements.push(kit::allow(
                &[
                    "codedeploy:GetApplication",
                    "codedeploy:GetApplicationRevision",
                    "codedeploy:RegisterApplicationRevision",
                ],
                vec![kit::arn("codedeploy", join!["application:", app.by_ref("name")])],
            ));
            statements.push(kit::allow(
                &["codedeploy:GetDeploymentConfig"],
                vec![kit::arn("codedeploy", "deploymentconfig:*".into())],
            ));
            deploy(
                "CodeDeploy",
                map([
                    ("ApplicationName", app.by_ref("name")),
                    ("DeploymentGroupName", group.by_ref("deployment_group_name")),
                ]),
            )
        }
        Kind::AppPlatform => {
            let (app, environment) =
                (target.handles.get("application")?, target.handles.get("environment")?);
            statements.push(kit::allow(
                &[
                    "elasticbeanstalk:CreateApplicationVersion",
                    "elasticbeanstalk:DescribeApplicationVersions",
                    "elasticbeanstalk:DescribeEnvironments",
                    "elasticbeanstalk:DescribeEvents",
                    "elasticbeanstalk:UpdateEnvironment",
                ],
                vec![
                    kit::arn("elasticbeanstalk", join!["application/", app.by_ref("name")]),
                    kit::arn(
                        "elasticbeanstalk",
                        join!["applicationversion/", app.by_ref("name"), "/*"],
                    ),
                    kit::arn(
                        "elasticbeanstalk",
                        join!["environment/", app.by_ref("name"), "/", environment.by_ref("name")],
                    ),
                ],
            ));
            deploy(
                "ElasticBeanstalk",
                map([
                    ("ApplicationName", app.by_ref("name")),
                    ("EnvironmentName", environment.by_ref("name")),
                ]),
            )
        }
        Kind::Function => {
            let function = target.handles.get("function")?;
            statements.push(kit::allow(&["lambda:InvokeFunction"], vec![function.arn()]));
            // The function tells the pipeline how it went.
            stack.allow(
                &ends.to.id,
                // Results of jobs have no permissions on a single one.
                kit::allow(
                    &["codepipeline:PutJobSuccessResult", "codepipeline:PutJobFailureResult"],
                    vec!["*".into()],
                ),
            );
            Action {
                stage: "Deploy",
                name: ends.to.id.to_string(),
                provider: "Lambda",
                category: "Invoke",
                configuration: map([("FunctionName", function.by_ref("function_name"))]),
                takes: vec![artifact],
                gives: Vec::new(),
            }
        }
        Kind::KubernetesCluster => {
            let cluster = target.handles.get("cluster")?;
            statements.push(kit::allow(&["eks:DescribeCluster"], vec![cluster.arn()]));
            let role = ends.source.handles.get("role")?.clone();
            let policy = join![
                "arn:",
                Expr::Partition,
                ":eks::aws:cluster-access-policy/AmazonEKSEditPolicy"
            ];
            let entry = stack
                .add(ends.from, &ends.suffix(), "aws_eks_access_entry", "AWS::EKS::AccessEntry")
                .set("cluster_name", "ClusterName", cluster.by_ref("name"))
                .set("principal_arn", "PrincipalArn", role.arn())
                .cfn(
                    "AccessPolicies",
                    list![map([
                        ("PolicyArn", policy.clone()),
                        (
                            "AccessScope",
                            map([("Type", "namespace".into()), ("Namespaces", list!["default"]),]),
                        ),
                    ])],
                )
                .done();
            stack
                .tf_only(
                    ends.from,
                    &format!("{}_policy", ends.suffix()),
                    "aws_eks_access_policy_association",
                )
                .tf("cluster_name", cluster.by_ref("name"))
                .tf("principal_arn", role.arn())
                .tf("policy_arn", policy)
                .tf(
                    "access_scope",
                    block([("type", "namespace".into()), ("namespaces", list!["default"])]),
                )
                .after(&entry)
                .done();
            deploy(
                "EKS",
                map([
                    ("ClusterName", cluster.by_ref("name")),
                    ("ManifestFiles", "kubernetes/app.yaml".into()),
                    ("Namespace", "default".into()),
                ]),
            )
        }
        _ => return None,
    };
    for statement in statements {
        stack.allow(&ends.from.id, statement);
    }
    add_action(stack, &pipeline, action);
    Some(())
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Pipeline) {
    bill.add(
        it,
        "Active pipelines",
        "codepipeline",
        "pipeline-month",
        Quantity::fixed(f64::from(spec.pipelines)),
        format!("{} pipelines", spec.pipelines),
    );
}
