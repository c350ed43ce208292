//! AWS Lambda.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join, list};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::emit::package;
use crate::engine::graph::{Arch, Component, Function, Kind, Runtime};
use crate::engine::requirements::Intent;

binding! {
    Function {
        service: "lambda",
        title: "AWS Lambda",
        docs: "https://docs.aws.amazon.com/lambda/latest/dg/welcome.html",
        sla: Some(Sla {
            availability: 0.9995,
            single: 0.9995,
            source: "https://aws.amazon.com/lambda/sla/",
        }),
        limits: &[
            Limit {
                what: "Longest run",
                value: "900 seconds",
                source: "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
            },
            Limit {
                what: "Payload of a synchronous call",
                value: "6 MB",
                source: "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
            },
        ],
        latency_ms: Some((60.0, 250.0)),
    }
}

/// A program that answers any event, and health checks over HTTP.
struct Program {
    runtime: &'static str,
    handler: &'static str,
    file: &'static str,
    source: &'static str,
    /// The team's language when the placeholder is written in another.
    instead_of: Option<&'static str>,
}

const PYTHON: Program = Program {
    runtime: "python3.13",
    handler: "index.handler",
    file: "index.py",
    source: "import json\n\n\ndef handler(event, context):\n    \"\"\"Answers that the function is up; replace it with your own.\"\"\"\n    print(json.dumps({\"received\": list(event)[:20] if isinstance(event, dict) else str(type(event))}))\n    return {\"statusCode\": 200, \"body\": json.dumps({\"status\": \"ok\"})}\n",
    instead_of: None,
};

const NODE: Program = Program {
    runtime: "nodejs22.x",
    handler: "index.handler",
    file: "index.js",
    source: "// Answers that the function is up; replace it with your own.\nexports.handler = async (event) => {\n  console.log(JSON.stringify({ received: Object.keys(event ?? {}).slice(0, 20) }));\n  return { statusCode: 200, body: JSON.stringify({ status: \"ok\" }) };\n};\n",
    instead_of: None,
};

/// Compiled languages start from the Python program until there is a package.
fn program(runtime: Runtime) -> Program {
    match runtime {
        Runtime::Python => PYTHON,
        Runtime::Node => NODE,
        Runtime::Java => Program { instead_of: Some("java21"), ..PYTHON },
        Runtime::Dotnet => Program { instead_of: Some("dotnet8"), ..PYTHON },
        Runtime::Go => Program { instead_of: Some("provided.al2023"), ..PYTHON },
        Runtime::Ruby => Program { instead_of: Some("ruby3.4"), ..PYTHON },
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &Function) {
    let name = stack.name(it);
    let log_name: Expr = join!["/aws/lambda/", name.clone()];
    let logs = kit::log_group(stack, it, "logs", log_name);
    let in_network = spec.in_network && stack.net.is_some();
    let managed: &[&str] =
        if in_network { &["service-role/AWSLambdaVPCAccessExecutionRole"] } else { &[] };
    let role = kit::role(stack, it, "role", "lambda.amazonaws.com", managed);
    let writes = kit::allow(
        &["logs:CreateLogStream", "logs:PutLogEvents"],
        vec![join![super::ec2_network::log_arn(&logs), ":*"]],
    );
    stack.allow(&it.id, writes);
    let tracing = stack.graph.has(Kind::Tracing);
    if tracing {
        stack.allow(
            &it.id,
            kit::allow(&["xray:PutTraceSegments", "xray:PutTelemetryRecords"], vec!["*".into()]),
        );
    }
    let group = if in_network { kit::security_group(stack, it, "") } else { None };
    if let Some(group) = &group {
        kit::egress(
            stack,
            it,
            "https_out",
            &kit::group_id(group),
            Some((443, 443)),
            kit::Peer::Cidr("0.0.0.0/0".into()),
            "HTTPS to AWS services and partners",
        );
    }
    let program = program(spec.runtime);
    let folder = format!("functions/{}", it.id);
    let archive = format!("{folder}.zip");
    stack.files.insert(format!("{folder}/{}", program.file), program.source.into());
    stack.files.insert(archive.clone(), package::zip([(program.file, program.source.as_bytes())]));
    let key = stack.key_arn.clone();
    let config = group.as_ref().and_then(|group| kit::vpc_config(stack, group));
    let protects_key = key.is_some();
    let mode = if tracing { "Active" } else { "PassThrough" };
    let mut draft = stack
        .add(it, "", "aws_lambda_function", "AWS::Lambda::Function")
        .set("function_name", "FunctionName", name)
        .set("role", "Role", role.arn())
        .set("runtime", "Runtime", program.runtime)
        .set("handler", "Handler", program.handler)
        .tf("architectures", list![spec.arch.name()])
        .cfn("Architectures", list![spec.arch.name()])
        .set("memory_size", "MemorySize", spec.memory_mb)
        .set("timeout", "Timeout", spec.timeout_seconds)
        .tf("filename", join![Expr::Hcl("path.module".to_owned()), format!("/{archive}")])
        .tf(
            "source_code_hash",
            Expr::Hcl(format!("filebase64sha256(\"${{path.module}}/{archive}\")")),
        )
        .cfn("Code", block([("ZipFile", program.source.into())]))
        .maybe(
            "reserved_concurrent_executions",
            "ReservedConcurrentExecutions",
            spec.reserved_concurrency,
        )
        .maybe("kms_key_arn", "KmsKeyArn", key)
        .tf("environment", block([("variables", Expr::EnvOf(it.id.clone()))]))
        .cfn("Environment", block([("Variables", Expr::EnvOf(it.id.clone()))]))
        .tf("tracing_config", block([("mode", mode.into())]))
        .cfn("TracingConfig", block([("Mode", mode.into())]))
        .after(&logs);
    if let Some(config) = config {
        if let Expr::Block(fields) = &config {
            let renamed = fields
                .iter()
                .map(|(name, value)| {
                    let name = if name == "subnet_ids" { "SubnetIds" } else { "SecurityGroupIds" };
                    (name.to_owned(), value.clone())
                })
                .collect();
            draft = draft.cfn("VpcConfig", Expr::Block(renamed));
        }
        draft = draft.tf("vpc_config", config);
    } else {
        draft = draft.skip(
            "CKV_AWS_117",
            "Reaches AWS services by their public endpoints with IAM; nothing it uses is in the network",
        );
    }
    if spec.reserved_concurrency.is_none() {
        draft = draft.skip(
            "CKV_AWS_115",
            "Shares the account's concurrency: a reservation here would take it from other functions",
        );
    }
    if !protects_key {
        draft = draft.skip(
            "CKV_AWS_173",
            "Settings hold names and addresses only; Lambda encrypts them with its own key, secrets are in Secrets Manager",
        );
    }
    draft = draft
        .skip("CKV_AWS_116", "Failed events stay with their source: queues and rules here have dead-letter queues")
        .skip("CKV_AWS_272", "Code comes from this repository and its pipeline; signing needs a profile of the organisation");
    if let Some(language) = program.instead_of {
        draft = draft.comment(format!(
            "Starts with a placeholder in Python. Set runtime to {language} and handler to yours when your package is there."
        ));
    }
    let function = draft.done();
    let mut called = function.arn();
    if spec.provisioned_concurrency > 0 {
        called = warm(stack, it, &function, spec.provisioned_concurrency);
    }
    let mut facet = Facet::default()
        .handle("function", &function)
        .value("arn", called.clone())
        .value("invoke_arn", invoke_arn(&called))
        .reference("FUNCTION_NAME", function.by_ref("function_name"))
        .grant(
            &[Intent::Invokes, Intent::Reads, Intent::Serves],
            &["lambda:InvokeFunction"],
            vec![function.arn(), join![function.arn(), ":*"]],
        )
        .principal(&role, group.as_ref().map(kit::group_id), true);
    if let Some(group) = &group {
        facet = facet.value("group", kit::group_id(group));
    }
    stack.facet(it, facet);
}

/// What API Gateway calls: the invocation path of a function's ARN, in both formats.
pub fn invoke_arn(function: &Expr) -> Expr {
    join![
        "arn:",
        Expr::Partition,
        ":apigateway:",
        Expr::Region,
        ":lambda:path/2015-03-31/functions/",
        function.clone(),
        "/invocations"
    ]
}

/// An alias whose instances are kept warm; answers with what callers call.
fn warm(
    stack: &mut Stack<'_>,
    it: &Component,
    function: &crate::engine::bind::stack::Handle,
    instances: u32,
) -> Expr {
    if let Some(draft) = stack.edit(function) {
        draft.tf("publish", true).done();
    }
    let version = stack
        .cfn_only(it, "version", "AWS::Lambda::Version")
        .cfn("FunctionName", function.by_ref("function_name"))
        .done();
    let alias = stack
        .add(it, "live", "aws_lambda_alias", "AWS::Lambda::Alias")
        .set("name", "Name", "live")
        .set("function_name", "FunctionName", function.by_ref("function_name"))
        .tf("function_version", function.by_ref("version"))
        .cfn("FunctionVersion", version.att("version", "Version"))
        .cfn(
            "ProvisionedConcurrencyConfig",
            block([("ProvisionedConcurrentExecutions", instances.into())]),
        )
        .done();
    stack
        .tf_only(it, "warm", "aws_lambda_provisioned_concurrency_config")
        .tf("function_name", function.by_ref("function_name"))
        .tf("qualifier", alias.by_ref("name"))
        .tf("provisioned_concurrent_executions", instances)
        .done();
    alias.by_ref("arn")
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Function) {
    let (requests, seconds) = match spec.arch {
        Arch::Arm64 => ("requests", "gb-second-arm"),
        Arch::X86 => ("requests", "gb-second"),
    };
    bill.add(
        it,
        "Requests",
        "lambda",
        requests,
        Quantity::usage(spec.requests_per_month).beyond(1_000_000.0),
        "invocations beyond 1 million free",
    );
    let gb = f64::from(spec.memory_mb) / 1024.0;
    bill.add(
        it,
        "Compute",
        "lambda",
        seconds,
        Quantity::usage(spec.requests_per_month * spec.duration_ms / 1000.0 * gb).beyond(400_000.0),
        format!(
            "invocations × {} ms × {} MB, beyond 400,000 GB-s free",
            spec.duration_ms, spec.memory_mb
        ),
    );
    if spec.provisioned_concurrency > 0 {
        bill.add(
            it,
            "Kept warm",
            "lambda",
            if spec.arch == Arch::Arm64 {
                "provisioned-gb-second-arm"
            } else {
                "provisioned-gb-second"
            },
            Quantity::fixed(f64::from(spec.provisioned_concurrency) * gb * HOURS * 3600.0),
            format!("{} instances × {} MB × 730 h", spec.provisioned_concurrency, spec.memory_mb),
        );
    }
    bill.add(
        it,
        "Logs",
        "cloudwatch",
        "logs-gb",
        // About half a kilobyte a call: start, end and report lines and one of the program's own.
        Quantity::usage(spec.requests_per_month * 0.5e-6),
        "invocations × 0.5 kB",
    );
}
