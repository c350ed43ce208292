//! What analytics, intelligence and security services bring along: a bucket of
//! their own, a program in it, and API calls that CloudFormation has no type for.

use super::{kit, s3};
use crate::engine::bind::expr::{Expr, block, document, join, json, list, map};
use crate::engine::bind::stack::{Handle, Stack, Statement};
use crate::engine::graph::{Component, Kind};

/// A private bucket of a component, cleared after some days. `writers` are
/// statements for services that write to it.
pub fn bucket(
    stack: &mut Stack<'_>,
    it: &Component,
    suffix: &str,
    days: u32,
    writers: impl Fn(&Handle) -> Vec<Expr>,
) -> Handle {
    // With the account's twelve digits it stays below the 63 characters of a bucket's name.
    let name = join![kit::short_name(it, suffix, 50), "-", Expr::AccountId];
    s3::plain(stack, it, suffix, name, days, |bucket| {
        let mut policy = kit::tls_only("s3:*", vec![bucket.arn(), join![bucket.arn(), "/*"]]);
        if let Expr::Map(fields) = &mut policy
            && let Some((_, Expr::List(statements))) = fields.get_mut(1)
        {
            statements.extend(writers(bucket));
        }
        document(policy)
    })
}

/// What a role needs to read and write in a bucket of its own.
pub fn bucket_access(bucket: &Handle) -> Vec<Statement> {
    vec![
        kit::allow(
            &["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            vec![join![bucket.arn(), "/*"]],
        ),
        kit::allow(
            &["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"],
            vec![bucket.arn()],
        ),
    ]
}

/// Puts a program into a bucket, for services that read theirs from there.
pub fn upload(
    stack: &mut Stack<'_>,
    it: &Component,
    suffix: &str,
    bucket: &Handle,
    key: &str,
    text: &str,
) -> Handle {
    let path = format!("programs/{}/{}", it.id, key.rsplit('/').next().unwrap_or(key));
    stack.files.insert(path.clone(), text.into());
    let kms = stack.key_arn.clone();
    let object = stack
        .tf_only(it, suffix, "aws_s3_object")
        .tf("bucket", bucket.id())
        .tf("key", key)
        .tf("source", join![Expr::Hcl("path.module".to_owned()), format!("/{path}")])
        .tf("source_hash", Expr::Hcl(format!("filemd5(\"${{path.module}}/{path}\")")));
    let object = match kms {
        Some(kms) => object.tf("kms_key_id", kms).done(),
        None => object.skip("CKV_AWS_186", "Sealed with the key that S3 manages (SSE-S3)").done(),
    };
    let put = map([("Bucket", bucket.id()), ("Key", key.into()), ("Body", text.into())]);
    let gone = map([("Bucket", bucket.id()), ("Key", key.into())]);
    let mut allow = vec![kit::allow(
        &["s3:PutObject", "s3:DeleteObject"],
        vec![join![bucket.arn(), format!("/{key}")]],
    )];
    allow.extend(kit::key_statement(stack));
    call(
        stack,
        it,
        &format!("{suffix}_put"),
        ("s3", "put_object", put),
        Some(("s3", "delete_object", gone)),
        &allow,
    );
    object
}

const CALLER: &str = r#"import json
import time

import boto3
import cfnresponse
from botocore.exceptions import ClientError


def handler(event, context):
    """Makes one call of the AWS API when the stack is made, and one when it goes."""
    gone = event["RequestType"] == "Delete"
    identity = event.get("PhysicalResourceId") or event["LogicalResourceId"]
    step = event["ResourceProperties"].get("OnDelete" if gone else "OnCreate")
    try:
        if step:
            run(json.loads(step))
        cfnresponse.send(event, context, cfnresponse.SUCCESS, {}, identity)
    except Exception as error:
        print(repr(error))
        status = cfnresponse.SUCCESS if gone else cfnresponse.FAILED
        cfnresponse.send(event, context, status, {}, identity, reason=str(error)[:200])


def run(step):
    client = boto3.client(step["service"])
    for attempt in range(6):
        try:
            return getattr(client, step["action"])(**step["parameters"])
        except ClientError as error:
            # A new role needs some seconds until it is known everywhere.
            if "AccessDenied" not in error.response["Error"]["Code"] or attempt == 5:
                raise
            time.sleep(10)
"#;

/// A call of the AWS API: service, method and parameters as boto3 names them.
pub type Api<'a> = (&'a str, &'a str, Expr);

/// A call that CloudFormation makes where it has no resource type, by a function
/// that the whole stack shares. Terraform has a resource for each of these.
pub fn call(
    stack: &mut Stack<'_>,
    it: &Component,
    suffix: &str,
    create: Api<'_>,
    delete: Option<Api<'_>>,
    allow: &[Statement],
) -> Handle {
    let step = |(service, action, parameters): Api<'_>| {
        json(map([
            ("service", service.into()),
            ("action", action.into()),
            ("parameters", parameters),
        ]))
    };
    let (function, role) = caller(stack, it);
    let policy = stack
        .cfn_only(it, &format!("{suffix}_policy"), "AWS::IAM::RolePolicy")
        .cfn("PolicyName", stack_name(it, suffix))
        .cfn("RoleName", role.id())
        .cfn("PolicyDocument", kit::policy(allow))
        .done();
    let mut draft = stack
        .cfn_only(it, suffix, "AWS::CloudFormation::CustomResource")
        .cfn("ServiceToken", function.arn())
        .cfn("OnCreate", step(create))
        .after(&policy);
    if let Some(delete) = delete {
        draft = draft.cfn("OnDelete", step(delete));
    }
    draft.done()
}

fn stack_name(it: &Component, suffix: &str) -> Expr {
    join![Expr::Var("name_prefix".to_owned()), format!("-{}-{}", it.id, suffix.replace('_', "-"))]
}

fn caller(stack: &mut Stack<'_>, it: &Component) -> (Handle, Handle) {
    const FUNCTION: &str = "api_caller";
    const ROLE: &str = "api_caller_role";
    if let (Some(function), Some(role)) = (stack.shared.get(FUNCTION), stack.shared.get(ROLE)) {
        return (function.clone(), role.clone());
    }
    let trust = map([
        ("Version", "2012-10-17".into()),
        (
            "Statement",
            list![map([
                ("Effect", "Allow".into()),
                ("Principal", map([("Service", "lambda.amazonaws.com".into())])),
                ("Action", "sts:AssumeRole".into()),
            ])],
        ),
    ]);
    let name: Expr = join![Expr::Var("name_prefix".to_owned()), "-api-caller"];
    let days = kit::retention_days(stack);
    let key = stack.key_arn.clone();
    let mut logs = stack
        .cfn_only(it, "api_caller_logs", "AWS::Logs::LogGroup")
        .cfn("LogGroupName", join!["/aws/lambda/", name.clone()])
        .cfn("RetentionInDays", days);
    if let Some(key) = key {
        logs = logs.cfn("KmsKeyId", key);
    }
    let logs = logs.done();
    let writes =
        kit::allow(&["logs:CreateLogStream", "logs:PutLogEvents"], vec![join![logs.arn()]]);
    let role = stack
        .cfn_only(it, ROLE, "AWS::IAM::Role")
        .cfn("RoleName", name.clone())
        .cfn("AssumeRolePolicyDocument", trust)
        .cfn(
            "Policies",
            list![map([("PolicyName", "logs".into()), ("PolicyDocument", kit::policy(&[writes]))])],
        )
        .done();
    let function = stack
        .cfn_only(it, FUNCTION, "AWS::Lambda::Function")
        .cfn("FunctionName", name)
        .cfn("Role", role.arn())
        .cfn("Runtime", "python3.13")
        .cfn("Handler", "index.handler")
        .cfn("Timeout", 120)
        .cfn("Code", block([("ZipFile", CALLER.into())]))
        .comment("Calls the AWS API for what CloudFormation has no resource type for.")
        .skip("CKV_AWS_115", "Runs only while the stack is made or deleted")
        .skip("CKV_AWS_116", "CloudFormation waits for its answer and reports a failure")
        .skip("CKV_AWS_117", "Calls public AWS endpoints with IAM; nothing in the network")
        .skip("CKV_AWS_173", "It has no environment variables")
        .done();
    stack.shared.insert(FUNCTION, function.clone());
    stack.shared.insert(ROLE, role.clone());
    (function, role)
}

/// Whether a component is connected to something that listens inside the network.
pub fn reaches_network(stack: &Stack<'_>, it: &Component) -> bool {
    const INSIDE: &[Kind] = &[
        Kind::RelationalDatabase,
        Kind::Cache,
        Kind::DurableCache,
        Kind::KeyValueCache,
        Kind::DocumentDatabase,
        Kind::GraphDatabase,
        Kind::SearchIndex,
        Kind::Warehouse,
        Kind::FileSystem,
        Kind::FileServer,
        Kind::KafkaCluster,
        Kind::MessageBroker,
        Kind::LoadBalancer,
        Kind::ContainerService,
        Kind::KubernetesCluster,
        Kind::VirtualMachines,
    ];
    stack.net.is_some()
        && stack.graph.connections.iter().any(|connection| {
            connection.from == it.id
                && stack
                    .graph
                    .component(&connection.to)
                    .is_some_and(|to| INSIDE.contains(&to.spec.kind()))
        })
}

/// A security group that may call AWS services and partners over HTTPS.
pub fn group(stack: &mut Stack<'_>, it: &Component) -> Option<Handle> {
    let group = kit::security_group(stack, it, "")?;
    kit::egress(
        stack,
        it,
        "https_out",
        &kit::group_id(&group),
        Some((443, 443)),
        kit::Peer::Cidr("0.0.0.0/0".into()),
        "HTTPS to AWS services and partners",
    );
    Some(group)
}

/// Members of one group that speak with each other on every port.
pub fn among_themselves(stack: &mut Stack<'_>, it: &Component, group: &Handle, text: &str) {
    let id = kit::group_id(group);
    kit::ingress(stack, it, "own_in", &id, None, kit::Peer::Group(id.clone()), text);
    kit::egress(stack, it, "own_out", &id, None, kit::Peer::Group(id.clone()), text);
}
