//! Requests from outside: gateways, load balancers, distribution, names.

use super::Ends;
use crate::engine::bind::expr::{Expr, join};
use crate::engine::bind::stack::{Handle, Stack};
use crate::engine::graph::{ApiProtocol, Spec};
use crate::engine::requirements::Intent;

pub fn wire(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    match (&ends.from.spec, &ends.to.spec, ends.connection.intent) {
        (Spec::HttpApi(api), Spec::Function(_), Intent::Invokes) => {
            if api.protocol == ApiProtocol::Rest {
                super::super::api_gateway::rest_function(stack, ends)
            } else {
                api_function(stack, ends, api.protocol)
            }
        }
        (Spec::LoadBalancer(_), Spec::ContainerService(_), Intent::Serves | Intent::Invokes) => {
            super::super::elb::containers(stack, ends)
        }
        (Spec::LoadBalancer(_), Spec::Function(_), Intent::Serves | Intent::Invokes) => {
            super::super::elb::function(stack, ends)
        }
        (Spec::Cdn(_), _, Intent::Serves | Intent::Reads | Intent::Invokes) => {
            super::super::cloudfront::serve(stack, ends)
        }
        // A private zone names its network itself.
        (Spec::DnsZone(zone), Spec::Network(_), _) => zone.private.then_some(()),
        (Spec::DnsZone(_), _, Intent::Resolves) => super::super::route53::record(stack, ends),
        (Spec::WebFirewall(_), _, _) => super::super::waf::protect(stack, ends),
        // Certificates are named by what they authenticate.
        (Spec::Certificate(_), Spec::Cdn(_), Intent::Authenticates) => {
            super::super::cloudfront::distribution(stack, ends.to).map(|_| ())
        }
        (Spec::Certificate(_), Spec::LoadBalancer(_), Intent::Authenticates) => {
            ends.source.values.get("arn").map(|_| ())
        }
        // The zone makes the name of an API, with a certificate for that name.
        (Spec::Certificate(_), Spec::HttpApi(_), Intent::Authenticates) => {
            let named =
                |from: &crate::engine::graph::Component| matches!(from.spec, Spec::DnsZone(_));
            stack.graph.sources(&ends.to.id).any(|(_, from)| named(from)).then_some(())
        }
        (Spec::UserDirectory(_), Spec::HttpApi(api), Intent::Authenticates) => {
            super::super::cognito::api(stack, ends, api)
        }
        (Spec::UserDirectory(_), Spec::LoadBalancer(_), Intent::Authenticates) => {
            super::super::cognito::balancer(stack, ends)
        }
        (Spec::UserDirectory(_), Spec::Function(_), Intent::Invokes) => {
            super::super::cognito::trigger(stack, ends)
        }
        // Images are pulled with the right that the service's execution role has.
        (Spec::ImageRegistry(_), _, Intent::Serves) => image(stack, ends),
        _ => super::compute::edge(stack, ends),
    }
}

/// Where the images of a service are pushed to is what its deployer has to know.
fn image(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let url = ends.source.values.get("url")?.clone();
    stack.output(
        &format!("{}_image_repository", ends.to.id.snake()),
        &format!("Push the image of {} here, then set its image input.", ends.to.title),
        url,
    );
    Some(())
}

/// An HTTP or WebSocket API that hands requests to a function.
fn api_function(stack: &mut Stack<'_>, ends: &Ends<'_>, protocol: ApiProtocol) -> Option<()> {
    let api = ends.source.handles.get("api")?;
    let function = ends.target.handles.get("function")?;
    let suffix = ends.suffix();
    let integration = stack
        .add(ends.from, &suffix, "aws_apigatewayv2_integration", "AWS::ApiGatewayV2::Integration")
        .set("api_id", "ApiId", api.id())
        .set("integration_type", "IntegrationType", "AWS_PROXY")
        .set("integration_uri", "IntegrationUri", ends.target.values.get("invoke_arn")?)
        .done();
    let integration = match protocol {
        ApiProtocol::Http => {
            if let Some(draft) = stack.edit(&integration) {
                draft.set("payload_format_version", "PayloadFormatVersion", "2.0").done();
            }
            integration
        }
        _ => integration,
    };
    routes(stack, ends, protocol, &integration)?;
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

/// The routes that lead to an integration: all paths for the first target, a
/// path of its own for each other.
pub fn routes(
    stack: &mut Stack<'_>,
    ends: &Ends<'_>,
    protocol: ApiProtocol,
    integration: &Handle,
) -> Option<()> {
    let api = ends.source.handles.get("api")?;
    let suffix = ends.suffix();
    let target: Expr = join!["integrations/", integration.id()];
    let taken =
        stack.resources.iter().any(|it| it.component == ends.from.id && it.key.ends_with("_route"));
    let routes: Vec<(String, String)> = match protocol {
        ApiProtocol::WebSocket if taken => {
            vec![(format!("{suffix}_route"), ends.to.id.to_string())]
        }
        ApiProtocol::WebSocket => ["$connect", "$disconnect", "$default"]
            .into_iter()
            .map(|key| (format!("{suffix}_{}_route", &key[1..]), key.to_owned()))
            .collect(),
        _ if taken => vec![
            (format!("{suffix}_route"), format!("ANY /{}", ends.to.id)),
            (format!("{suffix}_below_route"), format!("ANY /{}/{{proxy+}}", ends.to.id)),
        ],
        _ => vec![(format!("{suffix}_route"), "$default".to_owned())],
    };
    let authorizer = ends.source.handles.get("authorizer").cloned();
    for (name, key) in routes {
        let mut route = stack
            .add(ends.from, &name, "aws_apigatewayv2_route", "AWS::ApiGatewayV2::Route")
            .set("api_id", "ApiId", api.id())
            .set("route_key", "RouteKey", key.as_str())
            .set("target", "Target", target.clone());
        route = match &authorizer {
            Some(authorizer) if protocol == ApiProtocol::Http => route
                .set("authorization_type", "AuthorizationType", "JWT")
                .set("authorizer_id", "AuthorizerId", authorizer.id()),
            // Of a WebSocket API only $connect can be authorised.
            _ if protocol == ApiProtocol::WebSocket && key != "$connect" => {
                route.set("authorization_type", "AuthorizationType", "NONE")
            }
            _ => route.set("authorization_type", "AuthorizationType", "AWS_IAM").comment(
                "Nobody signs people in here, so callers sign their requests with AWS credentials.",
            ),
        };
        route.done();
    }
    Some(())
}
