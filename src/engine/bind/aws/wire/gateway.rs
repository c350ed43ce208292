//! API gateways that speak to services directly, without a program between.

use super::super::kit;
use super::{Ends, rules};
use crate::engine::bind::expr::{Expr, block, join, list, map};
use crate::engine::bind::stack::{Handle, Stack, Statement};
use crate::engine::graph::{ApiProtocol, Kind, Spec};
use crate::engine::requirements::Intent;

/// Tells apart the two things that an API can do with a table.
fn word_of(request: &Request) -> &'static str {
    if request.reads { "read" } else { "write" }
}

/// What a service is asked, in both kinds of gateway.
struct Request {
    statements: Vec<Statement>,
    /// First-class integration of an HTTP API and its parameters.
    http: Option<(&'static str, Expr)>,
    /// Path of a REST integration below the region, headers and body template.
    rest: (String, Option<&'static str>, Expr),
    reads: bool,
}

pub fn wire(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let Spec::HttpApi(api) = &ends.from.spec else { return None };
    let request = match request(ends) {
        Some(request) => request,
        None => start(stack, ends)?,
    };
    let mut statements = request.statements.clone();
    statements.extend(kit::key_statement(stack));
    match api.protocol {
        ApiProtocol::Rest => rest(stack, ends, &request, &statements),
        ApiProtocol::Http => http(stack, ends, &request, &statements),
        ApiProtocol::WebSocket => None,
    }
}

/// What no gateway can start itself: a small workflow does.
fn start(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<Request> {
    const STARTED: &[Kind] = &[Kind::BatchCompute, Kind::ModelEndpoint, Kind::FoundationModel];
    if !STARTED.contains(&ends.to.spec.kind()) {
        return None;
    }
    let call = super::start::call(stack, ends)?;
    let machine = rules::relay(stack, ends.to, &call).by_ref("arn");
    Some(executes(machine, false))
}

/// Starts a state machine with the body of the call.
fn executes(machine: Expr, reads: bool) -> Request {
    Request {
        statements: vec![kit::allow(&["states:StartExecution"], vec![machine.clone()])],
        http: Some((
            "StepFunctions-StartExecution",
            map([("StateMachineArn", machine.clone()), ("Input", "$request.body".into())]),
        )),
        rest: (
            "states:action/StartExecution".to_owned(),
            Some("'application/x-amz-json-1.0'"),
            join![
                "{\"stateMachineArn\": \"",
                machine,
                "\", \"input\": \"$util.escapeJavaScript($input.body)\"}"
            ],
        ),
        reads,
    }
}

/// The request of each service. The body of the call goes on as it is.
fn request(ends: &Ends<'_>) -> Option<Request> {
    const FORM: Option<&str> = Some("'application/x-www-form-urlencoded'");
    const AMZ: Option<&str> = Some("'application/x-amz-json-1.1'");
    let value = |name: &str| ends.target.values.get(name).cloned();
    let body = || Expr::from("$request.body");
    let reads = ends.connection.intent == Intent::Reads;
    Some(match &ends.to.spec {
        Spec::Queue(queue) => {
            let mut http =
                vec![("QueueUrl".to_owned(), value("url")?), ("MessageBody".to_owned(), body())];
            let mut form = "Action=SendMessage&MessageBody=$util.urlEncode($input.body)".to_owned();
            if queue.fifo {
                http.push(("MessageGroupId".to_owned(), "api".into()));
                form.push_str("&MessageGroupId=api");
            }
            Request {
                statements: vec![kit::allow(&["sqs:SendMessage"], vec![value("arn")?])],
                http: Some(("SQS-SendMessage", Expr::Map(http))),
                rest: ("sqs:path/{account}/{name}".to_owned(), FORM, form.into()),
                reads,
            }
        }
        Spec::Topic(_) => Request {
            statements: vec![kit::allow(&["sns:Publish"], vec![value("arn")?])],
            http: None,
            rest: (
                "sns:action/Publish".to_owned(),
                FORM,
                join![
                    "Action=Publish&TopicArn=$util.urlEncode('",
                    value("arn")?,
                    "')&Message=$util.urlEncode($input.body)"
                ],
            ),
            reads,
        },
        Spec::EventBus(_) => Request {
            statements: vec![kit::allow(&["events:PutEvents"], vec![value("arn")?])],
            http: Some((
                "EventBridge-PutEvents",
                map([
                    ("EventBusName", value("name")?),
                    ("Source", join![Expr::Var("project".to_owned()), ".api"]),
                    ("DetailType", "Request".into()),
                    ("Detail", body()),
                ]),
            )),
            rest: (
                "events:action/PutEvents".to_owned(),
                AMZ,
                join![
                    "{\"Entries\": [{\"EventBusName\": \"",
                    value("name")?,
                    "\", \"Source\": \"",
                    Expr::Var("project".to_owned()),
                    ".api\", \"DetailType\": \"Request\", \"Detail\": \"$util.escapeJavaScript($input.body)\"}]}"
                ],
            ),
            reads,
        },
        Spec::Stream(_) => Request {
            statements: vec![kit::allow(&["kinesis:PutRecord"], vec![value("arn")?])],
            http: Some((
                "Kinesis-PutRecord",
                map([
                    ("StreamName", value("name")?),
                    ("Data", body()),
                    ("PartitionKey", "$context.requestId".into()),
                ]),
            )),
            rest: (
                "kinesis:action/PutRecord".to_owned(),
                AMZ,
                join![
                    "{\"StreamName\": \"",
                    value("name")?,
                    "\", \"Data\": \"$util.base64Encode($input.body)\", \"PartitionKey\": \"$context.requestId\"}"
                ],
            ),
            reads,
        },
        Spec::DeliveryStream(_) => Request {
            statements: vec![kit::allow(&["firehose:PutRecord"], vec![value("arn")?])],
            http: None,
            rest: (
                "firehose:action/PutRecord".to_owned(),
                AMZ,
                join![
                    "{\"DeliveryStreamName\": \"",
                    value("name")?,
                    "\", \"Record\": {\"Data\": \"$util.base64Encode($input.body)\"}}"
                ],
            ),
            reads,
        },
        Spec::Workflow(_) => executes(value("arn")?, reads),
        Spec::KeyValueStore(table) => {
            let key = table.partition_key.as_str();
            let sort =
                table.sort_key.as_ref().map(|sort| format!(", \"{sort}\": {{\"S\": \"item\"}}"));
            let sort = sort.unwrap_or_default();
            let (action, tail) = if reads {
                (
                    "GetItem",
                    format!(
                        "\", \"Key\": {{\"{key}\": {{\"S\": \"$input.params('id')\"}}{sort}}}}}"
                    ),
                )
            } else {
                (
                    "PutItem",
                    format!(
                        "\", \"Item\": {{\"{key}\": {{\"S\": \"$context.requestId\"}}{sort}, \"data\": {{\"S\": \"$util.escapeJavaScript($input.body)\"}}}}}}"
                    ),
                )
            };
            Request {
                statements: vec![kit::allow(
                    &[if reads { "dynamodb:GetItem" } else { "dynamodb:PutItem" }],
                    vec![value("arn")?],
                )],
                http: None,
                rest: (
                    format!("dynamodb:action/{action}"),
                    Some("'application/x-amz-json-1.0'"),
                    join!["{\"TableName\": \"", value("name")?, tail],
                ),
                reads,
            }
        }
        _ => return None,
    })
}

/// A route of an HTTP API. Services without an integration of that kind are
/// called by a small workflow, which every HTTP API can start.
fn http(
    stack: &mut Stack<'_>,
    ends: &Ends<'_>,
    request: &Request,
    statements: &[Statement],
) -> Option<()> {
    let api = ends.source.handles.get("api")?.clone();
    let suffix = format!("{}_{}", ends.suffix(), word_of(request));
    let (subtype, parameters, statements) = match &request.http {
        Some((subtype, parameters)) => (*subtype, parameters.clone(), statements.to_vec()),
        None => {
            let machine = relay(stack, ends, request, statements)?;
            let arn = machine.by_ref("arn");
            let action =
                if request.reads { "states:StartSyncExecution" } else { "states:StartExecution" };
            let subtype = if request.reads {
                "StepFunctions-StartSyncExecution"
            } else {
                "StepFunctions-StartExecution"
            };
            let input = if request.reads {
                Expr::from("{\"id\": \"$request.querystring.id\"}")
            } else {
                "$request.body".into()
            };
            (
                subtype,
                map([("StateMachineArn", arn.clone()), ("Input", input)]),
                vec![kit::allow(&[action], vec![arn])],
            )
        }
    };
    let role = rules::role(stack, ends, "apigateway.amazonaws.com", &statements);
    let integration = stack
        .add(ends.from, &suffix, "aws_apigatewayv2_integration", "AWS::ApiGatewayV2::Integration")
        .set("api_id", "ApiId", api.id())
        .set("integration_type", "IntegrationType", "AWS_PROXY")
        .set("integration_subtype", "IntegrationSubtype", subtype)
        .set("credentials_arn", "CredentialsArn", role.arn())
        .set("payload_format_version", "PayloadFormatVersion", "1.0")
        .set("request_parameters", "RequestParameters", parameters)
        .done();
    let method = if request.reads { "GET" } else { "POST" };
    let route = stack
        .add(
            ends.from,
            &format!("{suffix}_route"),
            "aws_apigatewayv2_route",
            "AWS::ApiGatewayV2::Route",
        )
        .set("api_id", "ApiId", api.id())
        .set("route_key", "RouteKey", format!("{method} /{}", ends.to.id))
        .set("target", "Target", join!["integrations/", integration.id()]);
    match ends.source.handles.get("authorizer") {
        Some(authorizer) => route
            .set("authorization_type", "AuthorizationType", "JWT")
            .set("authorizer_id", "AuthorizerId", authorizer.id())
            .done(),
        None => route
            .set("authorization_type", "AuthorizationType", "AWS_IAM")
            .comment(
                "Nobody signs people in here, so callers sign their requests with AWS credentials.",
            )
            .done(),
    };
    Some(())
}

/// An express workflow of one task, for what HTTP APIs cannot call themselves.
fn relay(
    stack: &mut Stack<'_>,
    ends: &Ends<'_>,
    request: &Request,
    statements: &[Statement],
) -> Option<Handle> {
    let value = |name: &str| ends.target.values.get(name).cloned();
    let (resource, parameters) = match &ends.to.spec {
        Spec::Topic(_) => {
            ("sns:publish", map([("TopicArn", value("arn")?), ("Message.$", "$".into())]))
        }
        Spec::DeliveryStream(_) => (
            "aws-sdk:firehose:putRecord",
            map([
                ("DeliveryStreamName", value("name")?),
                ("Record", map([("Data.$", "States.JsonToString($)".into())])),
            ]),
        ),
        Spec::KeyValueStore(table) => {
            let id: Expr = if request.reads { "$.id".into() } else { "$$.Execution.Name".into() };
            let mut fields = vec![(table.partition_key.clone(), map([("S.$", id)]))];
            fields.extend(
                table.sort_key.iter().map(|sort| (sort.clone(), map([("S", "item".into())]))),
            );
            let resource = if request.reads {
                "dynamodb:getItem"
            } else {
                let data = map([("S.$", "States.JsonToString($)".into())]);
                fields.push(("data".to_owned(), data));
                "dynamodb:putItem"
            };
            let name = if request.reads { "Key" } else { "Item" };
            (resource, map([("TableName", value("name")?), (name, Expr::Map(fields))]))
        }
        _ => return None,
    };
    let word = word_of(request);
    let key = format!("api_{word}");
    let machine = Handle(format!("{}_{key}", ends.to.id.snake()));
    if stack.resources.iter().any(|it| it.key == machine.0) {
        return Some(machine);
    }
    let task = map([
        ("Type", "Task".into()),
        ("Resource", join!["arn:", Expr::Partition, format!(":states:::{resource}")]),
        ("Parameters", parameters),
    ]);
    let role = kit::role(stack, ends.to, &format!("{key}_role"), "states.amazonaws.com", &[]);
    kit::role_policy(stack, ends.to, &format!("{key}_policy"), &role, statements);
    let title = kit::ascii(&ends.to.title);
    let definition = super::super::step_functions::single(&format!("Ask {title}"), task);
    Some(super::super::step_functions::machine(stack, ends.to, &key, &role, true, &definition))
}

/// A resource and a method of a REST API, with the answers that they give.
fn rest(
    stack: &mut Stack<'_>,
    ends: &Ends<'_>,
    request: &Request,
    statements: &[Statement],
) -> Option<()> {
    let api = ends.source.handles.get("api")?.clone();
    let deployment = ends.source.handles.get("deployment")?.clone();
    let root = ends.source.values.get("root")?.clone();
    let role = rules::role(stack, ends, "apigateway.amazonaws.com", statements);
    let suffix = ends.suffix();
    let path = Handle(format!("{}_{suffix}", ends.from.id.snake()));
    if !stack.resources.iter().any(|it| it.key == path.0) {
        stack
            .add(ends.from, &suffix, "aws_api_gateway_resource", "AWS::ApiGateway::Resource")
            .set("rest_api_id", "RestApiId", api.id())
            .set("parent_id", "ParentId", root)
            .set("path_part", "PathPart", ends.to.id.as_str())
            .done();
    }
    let (tail, content_type, template) = &request.rest;
    let uri = if let Spec::Queue(_) = ends.to.spec {
        let name = ends.target.handles.get("queue")?.att("name", "QueueName");
        join![
            "arn:",
            Expr::Partition,
            ":apigateway:",
            Expr::Region,
            ":sqs:path/",
            Expr::AccountId,
            "/",
            name
        ]
    } else {
        join!["arn:", Expr::Partition, ":apigateway:", Expr::Region, format!(":{tail}")]
    };
    let http_method = if request.reads { "GET" } else { "POST" };
    let word = format!("{suffix}_{}", http_method.to_ascii_lowercase());
    if stack.resources.iter().any(|it| it.key == format!("{}_{word}", ends.from.id.snake())) {
        return Some(());
    }
    let mut headers = Vec::new();
    if let Some(content_type) = content_type {
        headers
            .push(("integration.request.header.Content-Type".to_owned(), (*content_type).into()));
    }
    let headers = Expr::Map(headers);
    let templates = map([("application/json", template.clone())]);
    let answer = map([("application/json", "{\"status\": \"ok\"}".into())]);
    let answer = if request.reads { map([]) } else { answer };
    let mut ok = vec![("StatusCode".to_owned(), Expr::from("200"))];
    if !answer.is_empty() {
        ok.push(("ResponseTemplates".to_owned(), answer.clone()));
    }
    let failed = map([("StatusCode", "502".into()), ("SelectionPattern", "[45]\\d\\d".into())]);
    let mut draft = stack
        .add(ends.from, &word, "aws_api_gateway_method", "AWS::ApiGateway::Method")
        .set("rest_api_id", "RestApiId", api.id())
        .set("resource_id", "ResourceId", path.id())
        .set("http_method", "HttpMethod", http_method)
        .cfn(
            "Integration",
            block([
                ("Type", "AWS".into()),
                ("IntegrationHttpMethod", "POST".into()),
                ("Uri", uri.clone()),
                ("Credentials", role.arn()),
                ("PassthroughBehavior", "NEVER".into()),
                ("RequestParameters", headers.clone()),
                ("RequestTemplates", templates.clone()),
                ("IntegrationResponses", list![Expr::Map(ok), failed]),
            ]),
        )
        .cfn(
            "MethodResponses",
            list![map([("StatusCode", "200".into())]), map([("StatusCode", "502".into())])],
        )
        .skip(
            "CKV2_AWS_53",
            "The body is data to the service behind; whoever reads it validates it",
        );
    if request.reads {
        draft = draft
            .tf("request_parameters", map([("method.request.querystring.id", true.into())]))
            .cfn("RequestParameters", map([("method.request.querystring.id", true.into())]));
    }
    draft = match ends.source.handles.get("authorizer") {
        Some(authorizer) => draft
            .tf("authorization", "COGNITO_USER_POOLS")
            .cfn("AuthorizationType", "COGNITO_USER_POOLS")
            .set("authorizer_id", "AuthorizerId", authorizer.id()),
        None => draft.tf("authorization", "AWS_IAM").cfn("AuthorizationType", "AWS_IAM").comment(
            "Nobody signs people in here, so callers sign their requests with AWS credentials.",
        ),
    };
    let method = draft.done();
    let integration = stack
        .tf_only(ends.from, &format!("{word}_call"), "aws_api_gateway_integration")
        .tf("rest_api_id", api.id())
        .tf("resource_id", path.id())
        .tf("http_method", method.by_ref("http_method"))
        .tf("type", "AWS")
        .tf("integration_http_method", "POST")
        .tf("uri", uri)
        .tf("credentials", role.arn())
        .tf("passthrough_behavior", "NEVER")
        .tf("request_parameters", headers)
        .tf("request_templates", templates)
        .done();
    for (code, pattern) in [("200", None), ("502", Some("[45]\\d\\d"))] {
        let response = stack
            .tf_only(ends.from, &format!("{word}_{code}"), "aws_api_gateway_method_response")
            .tf("rest_api_id", api.id())
            .tf("resource_id", path.id())
            .tf("http_method", method.by_ref("http_method"))
            .tf("status_code", code)
            .done();
        let mut draft = stack
            .tf_only(
                ends.from,
                &format!("{word}_{code}_answer"),
                "aws_api_gateway_integration_response",
            )
            .tf("rest_api_id", api.id())
            .tf("resource_id", path.id())
            .tf("http_method", method.by_ref("http_method"))
            .tf("status_code", response.by_ref("status_code"))
            .after(&integration);
        draft = match pattern {
            Some(pattern) => draft.tf("selection_pattern", pattern),
            None if answer.is_empty() => draft,
            None => draft.tf("response_templates", answer.clone()),
        };
        draft.done();
    }
    if let Some(draft) = stack.edit(&deployment) {
        draft.after(&method).after(&integration).done();
    }
    Some(())
}
