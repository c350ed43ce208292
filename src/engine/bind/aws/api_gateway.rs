//! Amazon API Gateway: HTTP, REST and WebSocket APIs.

use super::kit;
use super::wire::Ends;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join, json, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{ApiProtocol, Component, HttpApi};
use crate::engine::requirements::Intent;

binding! {
    HttpApi {
        service: "api-gateway",
        title: "Amazon API Gateway",
        docs: "https://docs.aws.amazon.com/apigateway/latest/developerguide/welcome.html",
        sla: Some(Sla {
            availability: 0.9995,
            single: 0.9995,
            source: "https://aws.amazon.com/api-gateway/sla/",
        }),
        limits: &[
            Limit {
                what: "Integration timeout of an HTTP API",
                value: "30 seconds",
                source: "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html",
            },
            Limit {
                what: "Payload",
                value: "10 MB",
                source: "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html",
            },
            Limit {
                what: "Requests a second, per account and region",
                value: "10,000 steady, 5,000 at once",
                source: "https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html",
            },
        ],
        latency_ms: Some((10.0, 30.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &HttpApi) {
    let name = stack.name(it);
    let log_name: Expr = join!["/aws/apigateway/", name.clone()];
    let logs = kit::log_group(stack, it, "logs", log_name);
    if spec.protocol == ApiProtocol::Rest {
        rest(stack, it, spec, name, &logs);
        return;
    }
    let websocket = spec.protocol == ApiProtocol::WebSocket;
    let mut draft = stack
        .add(it, "", "aws_apigatewayv2_api", "AWS::ApiGatewayV2::Api")
        .set("name", "Name", name)
        .set("protocol_type", "ProtocolType", if websocket { "WEBSOCKET" } else { "HTTP" });
    if websocket {
        draft = draft.set(
            "route_selection_expression",
            "RouteSelectionExpression",
            "$request.body.action",
        );
    }
    let api = draft.done();
    let destination = super::ec2_network::log_arn(&logs);
    let format = json(map([
        ("requestId", "$context.requestId".into()),
        ("ip", "$context.identity.sourceIp".into()),
        ("requestTime", "$context.requestTime".into()),
        ("routeKey", "$context.routeKey".into()),
        ("status", "$context.status".into()),
        ("responseLatency", "$context.integrationLatency".into()),
    ]));
    let limits =
        [("throttling_rate_limit", spec.rate_limit), ("throttling_burst_limit", spec.burst_limit)];
    let stage = stack
        .add(it, "stage", "aws_apigatewayv2_stage", "AWS::ApiGatewayV2::Stage")
        .set("api_id", "ApiId", api.id())
        .tf("name", if websocket { "live" } else { "$default" })
        .cfn("StageName", if websocket { "live" } else { "$default" })
        .set("auto_deploy", "AutoDeploy", true)
        .tf(
            "access_log_settings",
            block([("destination_arn", destination.clone()), ("format", format.clone())]),
        )
        .cfn("AccessLogSettings", block([("DestinationArn", destination), ("Format", format)]))
        .tf("default_route_settings", {
            let mut fields: Vec<(String, Expr)> =
                limits.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
            if websocket {
                fields.push(("logging_level".to_owned(), "OFF".into()));
            }
            Expr::Block(fields)
        })
        .cfn(
            "DefaultRouteSettings",
            block([
                ("ThrottlingRateLimit", spec.rate_limit.into()),
                ("ThrottlingBurstLimit", spec.burst_limit.into()),
            ]),
        )
        .done();
    let host: Expr = join![api.by_ref("id"), ".execute-api.", Expr::Region, ".amazonaws.com"];
    let url: Expr = if websocket {
        join!["wss://", host.clone(), "/live"]
    } else {
        join!["https://", host.clone()]
    };
    stack.output(&format!("{}_url", it.id.snake()), "Address of the API.", url.clone());
    let execution: Expr = kit::arn("execute-api", join![api.by_ref("id")]);
    let facet = Facet::default()
        .handle("api", &api)
        .handle("stage", &stage)
        .value("execution_arn", execution.clone())
        .value("host", host)
        .value("url", url.clone())
        .reference("API_URL", url)
        .grant(
            &[Intent::Invokes, Intent::Reads, Intent::Serves],
            &[if websocket { "execute-api:ManageConnections" } else { "execute-api:Invoke" }],
            vec![join![execution, "/*"]],
        );
    stack.facet(it, facet);
}

/// A REST API. Its deployment and stage come last: they depend on its methods.
fn rest(stack: &mut Stack<'_>, it: &Component, spec: &HttpApi, name: Expr, logs: &Handle) {
    let endpoint = if spec.private { "PRIVATE" } else { "REGIONAL" };
    let api = stack
        .add(it, "", "aws_api_gateway_rest_api", "AWS::ApiGateway::RestApi")
        .set("name", "Name", name)
        .tf("endpoint_configuration", block([("types", list![endpoint])]))
        .cfn("EndpointConfiguration", block([("Types", list![endpoint])]))
        .done();
    // API Gateway refuses a deployment without methods: a health check is always there.
    let health = stack
        .add(it, "health", "aws_api_gateway_resource", "AWS::ApiGateway::Resource")
        .tf("rest_api_id", api.id())
        .cfn("RestApiId", api.id())
        .set("parent_id", "ParentId", api.att("root_resource_id", "RootResourceId"))
        .set("path_part", "PathPart", "health")
        .done();
    let method = stack
        .add(it, "health_get", "aws_api_gateway_method", "AWS::ApiGateway::Method")
        .set("rest_api_id", "RestApiId", api.id())
        .set("resource_id", "ResourceId", health.id())
        .set("http_method", "HttpMethod", "GET")
        .tf("authorization", "NONE")
        .cfn("AuthorizationType", "NONE")
        .cfn(
            "Integration",
            block([
                ("Type", "MOCK".into()),
                ("RequestTemplates", map([("application/json", "{\"statusCode\": 200}".into())])),
                ("IntegrationResponses", list![map([("StatusCode", "200".into())])]),
            ]),
        )
        .cfn("MethodResponses", list![map([("StatusCode", "200".into())])])
        .skip(
            "CKV_AWS_59",
            "A health check that anybody may ask: it answers without touching the system",
        )
        .skip("CKV2_AWS_53", "It takes neither parameters nor a body: there is nothing to validate")
        .done();
    let mock = stack
        .tf_only(it, "health_mock", "aws_api_gateway_integration")
        .tf("rest_api_id", api.id())
        .tf("resource_id", health.id())
        .tf("http_method", method.by_ref("http_method"))
        .tf("type", "MOCK")
        .tf("request_templates", map([("application/json", "{\"statusCode\": 200}".into())]))
        .done();
    for (suffix, kind) in [
        ("health_ok", "aws_api_gateway_method_response"),
        ("health_answer", "aws_api_gateway_integration_response"),
    ] {
        stack
            .tf_only(it, suffix, kind)
            .tf("rest_api_id", api.id())
            .tf("resource_id", health.id())
            .tf("http_method", method.by_ref("http_method"))
            .tf("status_code", "200")
            .after(&mock)
            .done();
    }
    let deployment = stack
        .add(it, "deployment", "aws_api_gateway_deployment", "AWS::ApiGateway::Deployment")
        .set("rest_api_id", "RestApiId", api.id())
        .after(&method)
        .after(&mock)
        .tf("lifecycle", block([("create_before_destroy", true.into())]))
        .done();
    let format = json(map([
        ("requestId", "$context.requestId".into()),
        ("ip", "$context.identity.sourceIp".into()),
        ("requestTime", "$context.requestTime".into()),
        ("httpMethod", "$context.httpMethod".into()),
        ("resourcePath", "$context.resourcePath".into()),
        ("status", "$context.status".into()),
    ]));
    let destination = super::ec2_network::log_arn(logs);
    let stage = stack
        .add(it, "stage", "aws_api_gateway_stage", "AWS::ApiGateway::Stage")
        .set("rest_api_id", "RestApiId", api.id())
        .set("deployment_id", "DeploymentId", deployment.id())
        .set("stage_name", "StageName", "live")
        .set("xray_tracing_enabled", "TracingEnabled", true)
        .tf(
            "access_log_settings",
            block([("destination_arn", destination.clone()), ("format", format.clone())]),
        )
        .cfn("AccessLogSetting", block([("DestinationArn", destination), ("Format", format)]))
        .cfn(
            "MethodSettings",
            list![map([
                ("ResourcePath", "/*".into()),
                ("HttpMethod", "*".into()),
                ("ThrottlingRateLimit", spec.rate_limit.into()),
                ("ThrottlingBurstLimit", spec.burst_limit.into()),
                ("MetricsEnabled", true.into()),
            ])],
        )
        .skip("CKV_AWS_120", "Answers differ per caller; caching is a choice of the application")
        .skip(
            "CKV2_AWS_51",
            "Callers are checked by IAM or by signed tokens, not by client certificates",
        )
        .done();
    stack
        .tf_only(it, "settings", "aws_api_gateway_method_settings")
        .tf("rest_api_id", api.id())
        .tf("stage_name", stage.by_ref("stage_name"))
        .tf("method_path", "*/*")
        .tf(
            "settings",
            block([
                ("throttling_rate_limit", spec.rate_limit.into()),
                ("throttling_burst_limit", spec.burst_limit.into()),
                ("metrics_enabled", true.into()),
            ]),
        )
        .skip("CKV_AWS_225", "Answers differ per caller; caching is a choice of the application")
        .done();
    let host: Expr = join![api.by_ref("id"), ".execute-api.", Expr::Region, ".amazonaws.com"];
    let url: Expr = join!["https://", host.clone(), "/live"];
    stack.output(&format!("{}_url", it.id.snake()), "Address of the API.", url.clone());
    let execution: Expr = kit::arn("execute-api", join![api.by_ref("id")]);
    let stage_arn: Expr = join![
        "arn:",
        Expr::Partition,
        ":apigateway:",
        Expr::Region,
        "::/restapis/",
        api.by_ref("id"),
        "/stages/",
        stage.by_ref("stage_name")
    ];
    let facet = Facet::default()
        .handle("api", &api)
        .handle("stage", &stage)
        .handle("deployment", &deployment)
        .value("root", api.att("root_resource_id", "RootResourceId"))
        .value("execution_arn", execution.clone())
        .value("stage_arn", stage_arn)
        .value("host", host)
        .value("url", url.clone())
        .reference("API_URL", url)
        .grant(
            &[Intent::Invokes, Intent::Reads, Intent::Serves],
            &["execute-api:Invoke"],
            vec![join![execution, "/*"]],
        );
    stack.facet(it, facet);
}

/// A path of a REST API that hands every request below it to a function.
pub fn rest_function(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let uri = ends.target.values.get("invoke_arn")?;
    let function = ends.target.handles.get("function")?;
    rest_path(stack, ends, "AWS_PROXY", uri, None)?;
    stack
        .add(
            ends.to,
            &format!("from_{}", ends.from.id.snake()),
            "aws_lambda_permission",
            "AWS::Lambda::Permission",
        )
        .set("action", "Action", "lambda:InvokeFunction")
        .set("function_name", "FunctionName", function.att("function_name", "Arn"))
        .set("principal", "Principal", "apigateway.amazonaws.com")
        .set("source_arn", "SourceArn", join![ends.source.values.get("execution_arn")?, "/*"])
        .done();
    Some(())
}

/// Adds `/<target>/{proxy+}` with a proxy integration.
pub fn rest_path(
    stack: &mut Stack<'_>,
    ends: &Ends<'_>,
    kind: &str,
    uri: &Expr,
    link: Option<&Expr>,
) -> Option<()> {
    let api = ends.source.handles.get("api")?;
    let deployment = ends.source.handles.get("deployment")?.clone();
    let suffix = ends.suffix();
    let parent = stack
        .add(ends.from, &suffix, "aws_api_gateway_resource", "AWS::ApiGateway::Resource")
        .set("rest_api_id", "RestApiId", api.id())
        .set("parent_id", "ParentId", ends.source.values.get("root")?)
        .set("path_part", "PathPart", ends.to.id.as_str())
        .done();
    let proxy = stack
        .add(
            ends.from,
            &format!("{suffix}_proxy"),
            "aws_api_gateway_resource",
            "AWS::ApiGateway::Resource",
        )
        .set("rest_api_id", "RestApiId", api.id())
        .set("parent_id", "ParentId", parent.id())
        .set("path_part", "PathPart", "{proxy+}")
        .done();
    let authorizer = ends.source.handles.get("authorizer").cloned();
    for (name, resource) in [("root", parent), ("any", proxy)] {
        // A function takes the whole request as one call; a server gets it as it came.
        let passes = kind == "HTTP_PROXY";
        let method = if passes { "ANY" } else { "POST" };
        let below = passes && name == "any";
        let uri = if below { join![uri.clone(), "/{proxy}"] } else { uri.clone() };
        let path = map([("integration.request.path.proxy", "method.request.path.proxy".into())]);
        let mut integration = vec![
            ("Type".to_owned(), Expr::from(kind)),
            ("IntegrationHttpMethod".to_owned(), method.into()),
            ("Uri".to_owned(), uri.clone()),
        ];
        if below {
            integration.push(("RequestParameters".to_owned(), path.clone()));
        }
        if let Some(link) = link {
            integration.push(("ConnectionType".to_owned(), "VPC_LINK".into()));
            integration.push(("ConnectionId".to_owned(), link.clone()));
        }
        let mut draft = stack
            .add(
                ends.from,
                &format!("{suffix}_{name}_method"),
                "aws_api_gateway_method",
                "AWS::ApiGateway::Method",
            )
            .set("rest_api_id", "RestApiId", api.id())
            .set("resource_id", "ResourceId", resource.id())
            .set("http_method", "HttpMethod", "ANY")
            .cfn("Integration", Expr::Block(integration))
            .skip("CKV2_AWS_53", "Requests are passed on whole; the program behind validates them");
        draft = match &authorizer {
            Some(authorizer) => draft
                .tf("authorization", "COGNITO_USER_POOLS")
                .cfn("AuthorizationType", "COGNITO_USER_POOLS")
                .set("authorizer_id", "AuthorizerId", authorizer.id()),
            None => draft.tf("authorization", "AWS_IAM").cfn("AuthorizationType", "AWS_IAM").comment(
                "Nobody signs people in here, so callers sign their requests with AWS credentials.",
            ),
        };
        if below {
            let told = map([("method.request.path.proxy", true.into())]);
            draft = draft.set("request_parameters", "RequestParameters", told);
        }
        let verb = method;
        let method = draft.done();
        let mut integration = stack
            .tf_only(ends.from, &format!("{suffix}_{name}"), "aws_api_gateway_integration")
            .tf("rest_api_id", api.id())
            .tf("resource_id", resource.id())
            .tf("http_method", method.by_ref("http_method"))
            .tf("type", kind)
            .tf("integration_http_method", verb)
            .tf("uri", uri);
        if below {
            integration = integration.tf("request_parameters", path);
        }
        if let Some(link) = link {
            integration = integration.tf("connection_type", "VPC_LINK").tf("connection_id", link);
        }
        let integration = integration.done();
        if let Some(draft) = stack.edit(&deployment) {
            draft.after(&method).after(&integration).done();
        }
    }
    Some(())
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &HttpApi) {
    let requests = spec.requests_per_month / 1e6;
    match spec.protocol {
        // Counted in chunks of 512 KiB.
        ApiProtocol::Http => bill.add(
            it,
            "Requests",
            "apigateway",
            "http-million",
            Quantity::usage(requests * (spec.request_kb / 512.0).ceil().max(1.0)),
            "million requests × 512 KiB chunks",
        ),
        ApiProtocol::Rest => bill.add(
            it,
            "Requests",
            "apigateway",
            "rest-million",
            Quantity::usage(requests),
            "million requests",
        ),
        // Counted in chunks of 32 KiB.
        ApiProtocol::WebSocket => {
            bill.add(
                it,
                "Messages",
                "apigateway",
                "websocket-message-million",
                Quantity::usage(requests * (spec.request_kb / 32.0).ceil().max(1.0)),
                "million messages × 32 KiB chunks",
            );
            bill.add(
                it,
                "Connection minutes",
                "apigateway",
                "websocket-minute-million",
                Quantity::usage(spec.connection_minutes / 1e6),
                "million minutes that clients are connected",
            );
        }
    }
}
