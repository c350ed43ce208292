//! AWS AppSync: a GraphQL API whose fields are what it is connected to.

use super::kit;
use super::wire::Ends;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join, list};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{Component, GraphqlApi, Kind};
use crate::engine::requirements::Intent;
use std::fmt::Write;

binding! {
    GraphqlApi {
        service: "appsync",
        title: "AWS AppSync",
        docs: "https://docs.aws.amazon.com/appsync/latest/devguide/what-is-appsync.html",
        sla: Some(Sla {
            availability: 0.9995,
            single: 0.9995,
            source: "https://aws.amazon.com/appsync/sla/",
        }),
        limits: &[Limit {
            what: "Time to answer a request",
            value: "30 seconds",
            source: "https://docs.aws.amazon.com/general/latest/gr/appsync.html",
        }],
        latency_ms: Some((20.0, 60.0)),
    }
}

/// A field of the schema and the program that answers it.
struct Field {
    parent: &'static str,
    name: String,
    arguments: &'static str,
    code: String,
}

/// `order-items` as a field: `orderItems`, or with a verb `putOrderItems`.
fn field_name(verb: &str, id: &str) -> String {
    let mut out = verb.to_owned();
    for (n, word) in id.split('-').enumerate() {
        let mut chars = word.chars();
        match chars.next() {
            Some(first) if n > 0 || !verb.is_empty() => out.push(first.to_ascii_uppercase()),
            Some(first) => out.push(first),
            None => {}
        }
        out.push_str(chars.as_str());
    }
    out
}

/// A resolver in AppSync's JavaScript: what it asks, and what it answers.
fn program(imports: &str, request: &str, response: &str) -> String {
    format!(
        "import {{ util }} from '@aws-appsync/utils';\n{imports}\nexport function request(ctx) {{\n  {request}\n}}\n\nexport function response(ctx) {{\n  if (ctx.error) {{\n    util.error(ctx.error.message, ctx.error.type);\n  }}\n  {response}\n}}\n"
    )
}

/// A call of an address over HTTP.
fn call(method: &str, path: &str, body: bool) -> String {
    let body = if body {
        ", body: JSON.stringify(ctx.args.input ?? {}), headers: { 'content-type': 'application/json' }"
    } else {
        ""
    };
    program(
        "",
        &format!(
            "return {{ method: '{method}', resourcePath: {path}, params: {{ query: {{}}{body} }} }};"
        ),
        "return ctx.result.body;",
    )
}

/// The field that a connection becomes, where it can.
fn field(intent: Intent, to: &Component) -> Option<Field> {
    let id = to.id.as_str();
    let (one, item) = ("id: ID!", "id: ID!, input: AWSJSON!");
    let reads = intent == Intent::Reads;
    let (parent, verb) = match (to.spec.kind(), reads) {
        (_, true) => ("Query", ""),
        (Kind::Function | Kind::HttpApi | Kind::FoundationModel, _) => ("Mutation", ""),
        (Kind::EventBus, _) => ("Mutation", "publish"),
        _ => ("Mutation", "put"),
    };
    let (arguments, code) = match to.spec.kind() {
        Kind::Function => (
            "input: AWSJSON",
            program(
                "",
                "return { operation: 'Invoke', payload: { field: ctx.info.fieldName, arguments: ctx.args, identity: ctx.identity } };",
                "return ctx.result;",
            ),
        ),
        Kind::KeyValueStore if reads => (
            one,
            program(
                "",
                "return { operation: 'GetItem', key: util.dynamodb.toMapValues({ KEYS: ctx.args.id }) };",
                "return ctx.result;",
            ),
        ),
        Kind::KeyValueStore => (
            item,
            program(
                "",
                "return { operation: 'PutItem', key: util.dynamodb.toMapValues({ KEYS: ctx.args.id }), attributeValues: util.dynamodb.toMapValues({ data: ctx.args.input }) };",
                "return ctx.result;",
            ),
        ),
        Kind::EventBus => (
            "input: AWSJSON!",
            program(
                "",
                "return { operation: 'PutEvents', events: [{ source: 'api', detailType: ctx.info.fieldName, detail: JSON.parse(ctx.args.input) }] };",
                "return ctx.result;",
            ),
        ),
        Kind::ObjectStore if reads => {
            (one, call("GET", "'/' + util.urlEncode(ctx.args.id)", false))
        }
        Kind::ObjectStore => (item, call("PUT", "'/' + util.urlEncode(ctx.args.id)", true)),
        Kind::SearchIndex if reads => (
            one,
            program(
                "",
                "return { operation: 'GET', path: '/documents/_doc/' + ctx.args.id, params: {} };",
                "return ctx.result;",
            ),
        ),
        Kind::SearchIndex => (
            item,
            program(
                "",
                "return { operation: 'PUT', path: '/documents/_doc/' + ctx.args.id, params: { body: JSON.parse(ctx.args.input) } };",
                "return ctx.result;",
            ),
        ),
        Kind::HttpApi => ("input: AWSJSON", call("POST", "'/'", true)),
        _ => return None,
    };
    Some(Field { parent, name: field_name(verb, id), arguments, code })
}

/// The schema: a health field, and one field for each connection.
fn schema(stack: &Stack<'_>, it: &Component) -> String {
    let mut queries = String::from("  health: String!\n");
    let mut mutations = String::new();
    for (connection, to) in stack.graph.targets(&it.id) {
        let Some(field) = field(connection.intent, to) else { continue };
        let out = if field.parent == "Query" { &mut queries } else { &mut mutations };
        let line = format!("  {}({}): AWSJSON\n", field.name, field.arguments);
        if !out.contains(&format!("  {}(", field.name)) {
            out.push_str(&line);
        }
    }
    let mut text = format!("type Query {{\n{queries}}}\n");
    if mutations.is_empty() {
        text.push_str("\nschema {\n  query: Query\n}\n");
    } else {
        let _ = write!(
            text,
            "\ntype Mutation {{\n{mutations}}}\n\nschema {{\n  query: Query\n  mutation: Mutation\n}}\n"
        );
    }
    text
}

fn lower(stack: &mut Stack<'_>, it: &Component, _spec: &GraphqlApi) {
    let name = stack.name(it);
    let logs = kit::role(
        stack,
        it,
        "log_role",
        "appsync.amazonaws.com",
        &["service-role/AWSAppSyncPushToCloudWatchLogs"],
    );
    let role = kit::role(stack, it, "role", "appsync.amazonaws.com", &[]);
    let text = schema(stack, it);
    let log = block([
        ("cloudwatch_logs_role_arn", logs.arn()),
        ("field_log_level", "ERROR".into()),
        ("exclude_verbose_content", true.into()),
    ]);
    let log_cfn = block([
        ("CloudWatchLogsRoleArn", logs.arn()),
        ("FieldLogLevel", "ERROR".into()),
        ("ExcludeVerboseContent", true.into()),
    ]);
    let api = stack
        .add(it, "", "aws_appsync_graphql_api", "AWS::AppSync::GraphQLApi")
        .set("name", "Name", name)
        .set("authentication_type", "AuthenticationType", "AWS_IAM")
        .set("xray_enabled", "XrayEnabled", true)
        .set("query_depth_limit", "QueryDepthLimit", 10)
        .set("introspection_config", "IntrospectionConfig", "DISABLED")
        .tf("schema", text.as_str())
        .tf("log_config", log)
        .cfn("LogConfig", log_cfn)
        .done();
    let api_id = api.att("id", "ApiId");
    let written = stack
        .cfn_only(it, "schema", "AWS::AppSync::GraphQLSchema")
        .cfn("ApiId", api_id.clone())
        .cfn("Definition", text)
        .done();
    let nothing = stack
        .add(it, "health_source", "aws_appsync_datasource", "AWS::AppSync::DataSource")
        .set("api_id", "ApiId", api_id.clone())
        .set("name", "Name", "nothing")
        .set("type", "Type", "NONE")
        .done();
    let health = Field {
        parent: "Query",
        name: "health".to_owned(),
        arguments: "",
        code: program("", "return { payload: 'ok' };", "return ctx.result;"),
    };
    resolver(stack, it, "health", &api_id, &written, &nothing, &health);
    let host: Expr = Expr::Either(
        format!(
            "regex(\"^https://([^/]+)\", aws_appsync_graphql_api.{}.uris[\"GRAPHQL\"])[0]",
            api.key()
        ),
        Box::new(api.att("id", "GraphQLDns")),
    );
    let url: Expr = Expr::Either(
        format!("aws_appsync_graphql_api.{}.uris[\"GRAPHQL\"]", api.key()),
        Box::new(api.att("id", "GraphQLUrl")),
    );
    stack.output(&format!("{}_url", it.id.snake()), "Address of the GraphQL API.", url.clone());
    let facet = Facet::default()
        .handle("api", &api)
        .handle("schema", &written)
        .handle("role", &role)
        .value("arn", api.arn())
        .value("api_id", api_id)
        .value("host", host)
        .value("url", url.clone())
        .reference("GRAPHQL_URL", url)
        .grant(
            &[Intent::Invokes, Intent::Reads, Intent::Serves],
            &["appsync:GraphQL"],
            vec![join![api.arn(), "/*"]],
        )
        .principal(&role, None, false);
    stack.facet(it, facet);
}

fn resolver(
    stack: &mut Stack<'_>,
    it: &Component,
    suffix: &str,
    api: &Expr,
    schema: &Handle,
    source: &Handle,
    field: &Field,
) {
    stack
        .add(it, &format!("{suffix}_resolver"), "aws_appsync_resolver", "AWS::AppSync::Resolver")
        .set("api_id", "ApiId", api)
        .tf("type", field.parent)
        .cfn("TypeName", field.parent)
        .tf("field", field.name.as_str())
        .cfn("FieldName", field.name.as_str())
        .tf("data_source", source.by_ref("name"))
        .cfn("DataSourceName", source.att("name", "Name"))
        .set("code", "Code", field.code.as_str())
        .nested(
            "runtime",
            "Runtime",
            block([("name", "APPSYNC_JS".into()), ("runtime_version", "1.0.0".into())]),
        )
        .after(schema)
        .done();
}

/// What a connection adds: a data source, the permission for it, and the field.
pub fn connect(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let mut field = field(ends.connection.intent, ends.to)?;
    let api = ends.source.values.get("api_id")?.clone();
    let schema = ends.source.handles.get("schema")?.clone();
    let role = ends.source.handles.get("role")?.clone();
    let value = |name: &str| ends.target.values.get(name).cloned();
    let signed = |service: &str, endpoint: Expr| {
        let region = ("signing_region", Expr::Region);
        block([
            ("endpoint", endpoint),
            (
                "authorization_config",
                block([
                    ("authorization_type", "AWS_IAM".into()),
                    ("aws_iam_config", block([region, ("signing_service_name", service.into())])),
                ]),
            ),
        ])
    };
    let mut statements = Vec::new();
    let (kind, tf, tf_value, cfn, cfn_value): (&str, &str, Expr, &str, Expr) =
        match ends.to.spec.kind() {
            Kind::Function => {
                let arn = ends.target.handles.get("function")?.arn();
                statements.push(kit::allow(
                    &["lambda:InvokeFunction"],
                    vec![arn.clone(), join![arn.clone(), ":*"]],
                ));
                (
                    "AWS_LAMBDA",
                    "lambda_config",
                    block([("function_arn", arn.clone())]),
                    "LambdaConfig",
                    block([("LambdaFunctionArn", arn)]),
                )
            }
            Kind::KeyValueStore => {
                statements.push(kit::allow(
                    &["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
                    vec![value("arn")?],
                ));
                let crate::engine::graph::Spec::KeyValueStore(table) = &ends.to.spec else {
                    return None;
                };
                field.code = field.code.replace("KEYS: ctx.args.id", &keys(table));
                (
                    "AMAZON_DYNAMODB",
                    "dynamodb_config",
                    block([("table_name", value("name")?)]),
                    "DynamoDBConfig",
                    block([("TableName", value("name")?), ("AwsRegion", Expr::Region)]),
                )
            }
            Kind::EventBus => {
                statements.push(kit::allow(&["events:PutEvents"], vec![value("arn")?]));
                let bus = block([("event_bus_arn", value("arn")?)]);
                (
                    "AMAZON_EVENTBRIDGE",
                    "event_bridge_config",
                    bus.clone(),
                    "EventBridgeConfig",
                    kit::pascal(bus),
                )
            }
            Kind::ObjectStore => {
                statements.extend(
                    ends.target.grants.get(&ends.connection.intent).cloned().unwrap_or_default(),
                );
                let config = signed("s3", join!["https://", value("domain")?]);
                ("HTTP", "http_config", config.clone(), "HttpConfig", kit::pascal(config))
            }
            Kind::HttpApi => {
                statements.push(kit::allow(
                    &["execute-api:Invoke"],
                    vec![join![value("execution_arn")?, "/*"]],
                ));
                let config = signed("execute-api", join!["https://", value("host")?]);
                ("HTTP", "http_config", config.clone(), "HttpConfig", kit::pascal(config))
            }
            Kind::SearchIndex => {
                statements.extend(
                    ends.target.grants.get(&ends.connection.intent).cloned().unwrap_or_default(),
                );
                let host = value("host")?;
                let endpoint = join!["https://", host];
                (
                    "AMAZON_OPENSEARCH_SERVICE",
                    "opensearchservice_config",
                    block([("endpoint", endpoint.clone())]),
                    "OpenSearchServiceConfig",
                    block([("Endpoint", endpoint), ("AwsRegion", Expr::Region)]),
                )
            }
            _ => return None,
        };
    for statement in statements.into_iter().chain(kit::key_statement(stack)) {
        stack.allow(&ends.from.id, statement);
    }
    let source = Handle(format!("{}_{}", ends.from.id.snake(), ends.suffix()));
    if !stack.resources.iter().any(|it| it.key == source.0) {
        stack
            .add(ends.from, &ends.suffix(), "aws_appsync_datasource", "AWS::AppSync::DataSource")
            .set("api_id", "ApiId", api.clone())
            .set("name", "Name", ends.to.id.snake())
            .set("type", "Type", kind)
            .set("service_role_arn", "ServiceRoleArn", role.arn())
            .tf(tf, tf_value)
            .cfn(cfn, cfn_value)
            .done();
    }
    let suffix =
        format!("{}_{}", ends.suffix(), if field.parent == "Query" { "get" } else { "put" });
    let known = format!("{}_{suffix}_resolver", ends.from.id.snake());
    if !stack.resources.iter().any(|it| it.key == known) {
        resolver(stack, ends.from, &suffix, &api, &schema, &source, &field);
    }
    Some(())
}

/// The key of a table's item, from the one argument.
fn keys(table: &crate::engine::graph::KeyValueStore) -> String {
    let mut out = format!("{}: ctx.args.id", table.partition_key);
    if let Some(sort) = &table.sort_key {
        let _ = write!(out, ", {sort}: ctx.args.id");
    }
    out
}

/// People of a directory may call the API as well as programs.
pub fn people(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let pool = ends.source.handles.get("user_pool")?.id();
    let api = ends.target.handles.get("api")?.clone();
    let provider = |camel: bool| {
        let (kind, config, id) = if camel {
            ("AuthenticationType", "UserPoolConfig", "UserPoolId")
        } else {
            ("authentication_type", "user_pool_config", "user_pool_id")
        };
        let mut pool_fields = vec![(id.to_owned(), pool.clone())];
        if camel {
            pool_fields.push(("AwsRegion".to_owned(), Expr::Region));
        }
        Expr::Block(vec![
            (kind.to_owned(), "AMAZON_COGNITO_USER_POOLS".into()),
            (config.to_owned(), Expr::Block(pool_fields)),
        ])
    };
    stack
        .edit(&api)?
        .tf("additional_authentication_provider", provider(false))
        .cfn("AdditionalAuthenticationProviders", list![provider(true)])
        .done();
    Some(())
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &GraphqlApi) {
    bill.unpriced(it, "Requests", spec.requests_per_month / 1e6, "appsync request-million");
    if spec.realtime_minutes > 0.0 {
        let minutes = spec.realtime_minutes / 1e6;
        bill.unpriced(it, "Connection minutes", minutes, "appsync minute-million");
    }
}

#[cfg(test)]
mod tests {
    use super::field_name;

    #[test]
    fn fields_are_named_like_components() {
        assert_eq!(field_name("", "orders"), "orders");
        assert_eq!(field_name("", "order-items"), "orderItems");
        assert_eq!(field_name("put", "order-items"), "putOrderItems");
    }
}
