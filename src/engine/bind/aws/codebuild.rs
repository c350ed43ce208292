//! AWS CodeBuild: builds and tests in containers that live as long as the build.

use super::kit;
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Build, Component, Graph, Kind};
use crate::engine::requirements::Intent;

binding! {
    Build {
        service: "codebuild",
        title: "AWS CodeBuild",
        docs: "https://docs.aws.amazon.com/codebuild/latest/userguide/welcome.html",
        sla: None,
        limits: &[Limit {
            what: "Longest build",
            value: "36 hours",
            source: "https://docs.aws.amazon.com/codebuild/latest/userguide/limits.html",
        }],
        latency_ms: None,
    }
}

/// Builds an image where there is a registry for it, and says what it has else.
const BUILDSPEC: &str = "version: 0.2\nphases:\n  pre_build:\n    commands:\n      - echo \"Building ${CODEBUILD_RESOLVED_SOURCE_VERSION:-latest}\"\n  build:\n    commands:\n      - if [ -f build.sh ]; then bash build.sh; else ls; fi\nartifacts:\n  files:\n    - '**/*'\n";

/// Size of the machine that builds, and its price key.
fn machine(compute: &str) -> (&'static str, &'static str) {
    match compute {
        "large" => ("BUILD_GENERAL1_LARGE", "linux-large-minute"),
        "medium" => ("BUILD_GENERAL1_MEDIUM", "linux-medium-minute"),
        _ => ("BUILD_GENERAL1_SMALL", "linux-small-minute"),
    }
}

/// Whether a pipeline hands it its source.
fn in_pipeline(graph: &Graph, it: &Component) -> bool {
    graph.sources(&it.id).any(|(_, from)| from.spec.kind() == Kind::Pipeline)
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &Build) {
    let name = stack.name(it);
    let logs = kit::log_group(stack, it, "logs", join!["/aws/codebuild/", name.clone()]);
    let role = kit::role(stack, it, "role", "codebuild.amazonaws.com", &[]);
    let writes = kit::allow(
        &["logs:CreateLogStream", "logs:PutLogEvents"],
        vec![join![super::ec2_network::log_arn(&logs), ":*"]],
    );
    stack.allow(&it.id, writes);
    let images = stack.graph.targets(&it.id).any(|(_, to)| to.spec.kind() == Kind::ImageRegistry);
    let repository = stack
        .graph
        .components
        .iter()
        .find(|other| {
            other.spec.kind() == Kind::SourceRepository
                && (stack.graph.connected(&other.id, &it.id)
                    || stack.graph.connected(&it.id, &other.id))
        })
        .map(|other| crate::engine::bind::stack::Handle(other.id.snake()));
    let pipeline = in_pipeline(stack.graph, it);
    let mut source = vec![("buildspec".to_owned(), Expr::from(BUILDSPEC))];
    match (&repository, pipeline) {
        (_, true) => source.push(("type".to_owned(), "CODEPIPELINE".into())),
        (Some(repository), false) => {
            source.push(("type".to_owned(), "CODECOMMIT".into()));
            source.push(("location".to_owned(), repository.att("clone_url_http", "CloneUrlHttp")));
        }
        (None, false) => source.push(("type".to_owned(), "NO_SOURCE".into())),
    }
    let source = Expr::Block(source);
    let source_cfn = match kit::pascal(source.clone()) {
        Expr::Block(fields) => Expr::Block(
            fields
                .into_iter()
                .map(|(name, it)| (if name == "Buildspec" { "BuildSpec".into() } else { name }, it))
                .collect(),
        ),
        other => other,
    };
    let artifacts =
        block([("type", if pipeline { "CODEPIPELINE" } else { "NO_ARTIFACTS" }.into())]);
    let environment = |camel: bool| {
        let key = |text: &str| {
            if camel { crate::engine::bind::expr::pascal_name(text) } else { text.to_owned() }
        };
        let mut fields = vec![
            (key("compute_type"), machine(spec.compute).0.into()),
            (key("image"), "aws/codebuild/amazonlinux-x86_64-standard:5.0".into()),
            (key("type"), "LINUX_CONTAINER".into()),
            // Docker needs it, nothing else does.
            (key("privileged_mode"), images.into()),
        ];
        if camel {
            fields.push(("EnvironmentVariables".to_owned(), Expr::EnvListOf(it.id.clone())));
        } else {
            let content = block([
                ("name", Expr::Hcl("environment_variable.key".to_owned())),
                ("value", Expr::Hcl("environment_variable.value".to_owned())),
            ]);
            let each = block([("for_each", Expr::EnvOf(it.id.clone())), ("content", content)]);
            fields.push(("dynamic \"environment_variable\"".to_owned(), each));
        }
        Expr::Block(fields)
    };
    let key = stack.key_arn.clone();
    if let Some(statement) = kit::key_statement(stack) {
        stack.allow(&it.id, statement);
    }
    let written = block([(
        "cloudwatch_logs",
        block([("group_name", logs.by_ref("name")), ("status", "ENABLED".into())]),
    )]);
    let mut draft = stack
        .add(it, "", "aws_codebuild_project", "AWS::CodeBuild::Project")
        .set("name", "Name", name)
        .set("service_role", "ServiceRole", role.arn())
        .tf("build_timeout", 60)
        .cfn("TimeoutInMinutes", 60)
        .maybe("encryption_key", "EncryptionKey", key.clone())
        .tf("source", source)
        .cfn("Source", source_cfn)
        .nested("artifacts", "Artifacts", artifacts)
        .tf("environment", environment(false))
        .cfn("Environment", environment(true))
        .tf("logs_config", written)
        .cfn(
            "LogsConfig",
            block([(
                "CloudWatchLogs",
                block([("GroupName", logs.by_ref("name")), ("Status", "ENABLED".into())]),
            )]),
        );
    if images {
        draft = draft.skip("CKV_AWS_316", "It builds container images, which needs Docker");
    }
    if key.is_none() {
        draft = draft.skip("CKV_AWS_147", "Artifacts are sealed with the key that S3 manages");
    }
    let project = draft.done();
    let facet = Facet::default()
        .handle("project", &project)
        .handle("role", &role)
        .value("arn", project.arn())
        .value("name", project.by_ref("name"))
        .reference("PROJECT", project.by_ref("name"))
        .grant(
            &[Intent::Invokes, Intent::Reads, Intent::Serves],
            &["codebuild:StartBuild", "codebuild:BatchGetBuilds", "codebuild:StopBuild"],
            vec![project.arn()],
        )
        .principal(&role, None, true);
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Build) {
    let (_, key) = machine(spec.compute);
    let free = if key == "linux-small-minute" { 100.0 } else { 0.0 };
    bill.add(
        it,
        "Build minutes",
        "codebuild",
        key,
        Quantity::usage(spec.minutes_per_month).beyond(free),
        if free > 0.0 { "minutes beyond 100 free" } else { "minutes" },
    );
}
