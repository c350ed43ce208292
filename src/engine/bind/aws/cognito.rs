//! Amazon Cognito: user pools, and credentials for signed-in users.

use super::kit;
use super::wire::Ends;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, document, join, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{ApiProtocol, Component, HttpApi, UserDirectory};
use crate::engine::requirements::Intent;

binding! {
    UserDirectory {
        service: "cognito",
        title: "Amazon Cognito",
        docs: "https://docs.aws.amazon.com/cognito/latest/developerguide/what-is-amazon-cognito.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/cognito/sla/",
        }),
        limits: &[Limit {
            what: "Sign-ins a second",
            value: "120",
            source: "https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html",
        }],
        latency_ms: None,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &UserDirectory) {
    let name = stack.name(it);
    let protect = kit::protect(stack);
    let mode = if spec.mfa_required { "ON" } else { "OPTIONAL" };
    let active = if protect { "ACTIVE" } else { "INACTIVE" };
    let mut draft = stack
        .add(it, "", "aws_cognito_user_pool", "AWS::Cognito::UserPool")
        .tf("name", name.clone())
        .cfn("UserPoolName", name.clone())
        .set("username_attributes", "UsernameAttributes", list!["email"])
        .tf("auto_verified_attributes", list!["email"])
        .cfn("AutoVerifiedAttributes", list!["email"])
        .set("mfa_configuration", "MfaConfiguration", mode)
        .tf("software_token_mfa_configuration", block([("enabled", true.into())]))
        .cfn("EnabledMfas", list!["SOFTWARE_TOKEN_MFA"])
        .set("deletion_protection", "DeletionProtection", active)
        .tf(
            "password_policy",
            block([
                ("minimum_length", 12.into()),
                ("require_lowercase", true.into()),
                ("require_uppercase", true.into()),
                ("require_numbers", true.into()),
                ("require_symbols", true.into()),
                ("temporary_password_validity_days", 3.into()),
            ]),
        )
        .cfn(
            "Policies",
            block([(
                "PasswordPolicy",
                block([
                    ("MinimumLength", 12.into()),
                    ("RequireLowercase", true.into()),
                    ("RequireUppercase", true.into()),
                    ("RequireNumbers", true.into()),
                    ("RequireSymbols", true.into()),
                    ("TemporaryPasswordValidityDays", 3.into()),
                ]),
            )]),
        )
        .tf(
            "account_recovery_setting",
            block([(
                "recovery_mechanism",
                block([("name", "verified_email".into()), ("priority", 1.into())]),
            )]),
        )
        .cfn(
            "AccountRecoverySetting",
            block([(
                "RecoveryMechanisms",
                list![map([("Name", "verified_email".into()), ("Priority", 1.into())])],
            )]),
        );
    if spec.threat_protection {
        draft = draft
            .set("user_pool_tier", "UserPoolTier", "PLUS")
            .tf("user_pool_add_ons", block([("advanced_security_mode", "ENFORCED".into())]))
            .cfn("UserPoolAddOns", block([("AdvancedSecurityMode", "ENFORCED".into())]));
    }
    let pool = draft.retain().done();
    let client = stack
        .add(it, "client", "aws_cognito_user_pool_client", "AWS::Cognito::UserPoolClient")
        .tf("name", name.clone())
        .cfn("ClientName", name)
        .set("user_pool_id", "UserPoolId", pool.id())
        .set("generate_secret", "GenerateSecret", false)
        .set("prevent_user_existence_errors", "PreventUserExistenceErrors", "ENABLED")
        .set("enable_token_revocation", "EnableTokenRevocation", true)
        .set(
            "explicit_auth_flows",
            "ExplicitAuthFlows",
            list!["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )
        .done();
    let issuer: Expr = join!["https://cognito-idp.", Expr::Region, ".amazonaws.com/", pool.id()];
    let mut facet = Facet::default()
        .handle("user_pool", &pool)
        .handle("user_pool_client", &client)
        .value("arn", pool.arn())
        .value("issuer", issuer)
        .reference("USER_POOL_ID", pool.id())
        .reference("CLIENT_ID", client.id())
        .grant(
            &[Intent::Reads, Intent::Authenticates],
            &["cognito-idp:AdminGetUser", "cognito-idp:ListUsers", "cognito-idp:DescribeUserPool"],
            vec![pool.arn()],
        )
        .grant(
            &[Intent::Writes],
            &[
                "cognito-idp:AdminCreateUser",
                "cognito-idp:AdminUpdateUserAttributes",
                "cognito-idp:AdminDisableUser",
                "cognito-idp:AdminEnableUser",
                "cognito-idp:AdminGetUser",
                "cognito-idp:ListUsers",
            ],
            vec![pool.arn()],
        );
    stack.output("user_pool_id", "Id of the user pool.", pool.id());
    stack.output("user_pool_client_id", "Id that applications sign users in with.", client.id());
    if spec.identity_pool {
        let (identities, role) = identity_pool(stack, it, &pool, &client);
        facet = facet.handle("identity_pool", &identities).handle("identity_role", &role);
    }
    stack.facet(it, facet);
}

/// Temporary credentials of AWS for users who are signed in.
fn identity_pool(
    stack: &mut Stack<'_>,
    it: &Component,
    pool: &Handle,
    client: &Handle,
) -> (Handle, Handle) {
    let name = stack.name(it);
    let provider: Expr = join!["cognito-idp.", Expr::Region, ".amazonaws.com/", pool.id()];
    let identities = stack
        .add(it, "identities", "aws_cognito_identity_pool", "AWS::Cognito::IdentityPool")
        .set("identity_pool_name", "IdentityPoolName", name)
        .set("allow_unauthenticated_identities", "AllowUnauthenticatedIdentities", false)
        .tf(
            "cognito_identity_providers",
            block([
                ("client_id", client.id()),
                ("provider_name", provider.clone()),
                ("server_side_token_check", true.into()),
            ]),
        )
        .cfn(
            "CognitoIdentityProviders",
            list![map([
                ("ClientId", client.id()),
                ("ProviderName", provider),
                ("ServerSideTokenCheck", true.into()),
            ])],
        )
        .done();
    let trust = map([
        ("Version", "2012-10-17".into()),
        (
            "Statement",
            list![map([
                ("Effect", "Allow".into()),
                ("Principal", map([("Federated", "cognito-identity.amazonaws.com".into())])),
                ("Action", "sts:AssumeRoleWithWebIdentity".into()),
                (
                    "Condition",
                    map([
                        (
                            "StringEquals",
                            map([("cognito-identity.amazonaws.com:aud", identities.id())]),
                        ),
                        (
                            "ForAnyValue:StringLike",
                            map([("cognito-identity.amazonaws.com:amr", "authenticated".into())]),
                        ),
                    ]),
                ),
            ])],
        ),
    ]);
    let role_name = stack.name_with(it, "signed-in");
    let role = stack
        .add(it, "signed_in", "aws_iam_role", "AWS::IAM::Role")
        .set("name", "RoleName", role_name)
        .set("assume_role_policy", "AssumeRolePolicyDocument", document(trust))
        .done();
    stack
        .add(
            it,
            "identity_roles",
            "aws_cognito_identity_pool_roles_attachment",
            "AWS::Cognito::IdentityPoolRoleAttachment",
        )
        .set("identity_pool_id", "IdentityPoolId", identities.id())
        .tf("roles", map([("authenticated", role.arn())]))
        .cfn("Roles", map([("authenticated", role.arn())]))
        .done();
    (identities, role)
}

/// Lets an API take only requests of people who are signed in.
pub fn api(stack: &mut Stack<'_>, ends: &Ends<'_>, api: &HttpApi) -> Option<()> {
    let handle = ends.target.handles.get("api")?.clone();
    let pool = ends.source.handles.get("user_pool")?.clone();
    let client = ends.source.handles.get("user_pool_client")?.clone();
    let suffix = format!("{}_authorizer", ends.from.id.snake());
    let name = stack.name(ends.from);
    let authorizer = match api.protocol {
        ApiProtocol::Http => {
            let issuer = ends.source.values.get("issuer")?.clone();
            stack
                .add(
                    ends.to,
                    &suffix,
                    "aws_apigatewayv2_authorizer",
                    "AWS::ApiGatewayV2::Authorizer",
                )
                .set("api_id", "ApiId", handle.id())
                .set("name", "Name", name)
                .set("authorizer_type", "AuthorizerType", "JWT")
                .tf("identity_sources", list!["$request.header.Authorization"])
                .cfn("IdentitySource", list!["$request.header.Authorization"])
                .tf(
                    "jwt_configuration",
                    block([("audience", list![client.id()]), ("issuer", issuer.clone())]),
                )
                .cfn(
                    "JwtConfiguration",
                    block([("Audience", list![client.id()]), ("Issuer", issuer)]),
                )
                .done()
        }
        ApiProtocol::Rest => stack
            .add(ends.to, &suffix, "aws_api_gateway_authorizer", "AWS::ApiGateway::Authorizer")
            .set("rest_api_id", "RestApiId", handle.id())
            .set("name", "Name", name)
            .set("type", "Type", "COGNITO_USER_POOLS")
            .tf("provider_arns", list![pool.arn()])
            .cfn("ProviderARNs", list![pool.arn()])
            .cfn("IdentitySource", "method.request.header.Authorization")
            .done(),
        // A WebSocket API cannot check tokens itself: signed-in users get
        // credentials of AWS and sign the connection with them.
        ApiProtocol::WebSocket => {
            let role = match ends.source.handles.get("identity_role") {
                Some(role) => role.clone(),
                None => identity_pool(stack, ends.from, &pool, &client).1,
            };
            let target = ends.target.values.get("execution_arn")?.clone();
            let statement = kit::allow(&["execute-api:Invoke"], vec![join![target, "/*/$connect"]]);
            kit::role_policy(
                stack,
                ends.from,
                &format!("{}_policy", ends.suffix()),
                &role,
                &[statement],
            );
            return Some(());
        }
    };
    if let Some(facet) = stack.facets.get_mut(&ends.to.id) {
        facet.handles.insert("authorizer", authorizer);
    }
    Some(())
}

/// Lets a load balancer sign people in before it passes their requests on.
pub fn balancer(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    if ends.target.values.get("scheme") != Some(&"https://".into()) {
        return None;
    }
    let pool = ends.source.handles.get("user_pool")?.clone();
    let domain = super::acm::domain(stack, "example.com");
    // Prefixes are shared by everybody in a region: the account makes it unique.
    let prefix: Expr = join![stack.name(ends.from), "-", Expr::AccountId];
    let hosted = stack
        .add(ends.from, "domain", "aws_cognito_user_pool_domain", "AWS::Cognito::UserPoolDomain")
        .set("domain", "Domain", prefix.clone())
        .set("user_pool_id", "UserPoolId", pool.id())
        .done();
    let name = stack.name_with(ends.from, "balancer");
    let client = stack
        .add(
            ends.from,
            "balancer_client",
            "aws_cognito_user_pool_client",
            "AWS::Cognito::UserPoolClient",
        )
        .tf("name", name.clone())
        .cfn("ClientName", name)
        .set("user_pool_id", "UserPoolId", pool.id())
        .set("generate_secret", "GenerateSecret", true)
        .set("prevent_user_existence_errors", "PreventUserExistenceErrors", "ENABLED")
        .tf("allowed_oauth_flows_user_pool_client", true)
        .cfn("AllowedOAuthFlowsUserPoolClient", true)
        .tf("allowed_oauth_flows", list!["code"])
        .cfn("AllowedOAuthFlows", list!["code"])
        .tf("allowed_oauth_scopes", list!["openid", "email"])
        .cfn("AllowedOAuthScopes", list!["openid", "email"])
        .tf("callback_urls", list![join!["https://", domain.clone(), "/oauth2/idpresponse"]])
        .cfn("CallbackURLs", list![join!["https://", domain, "/oauth2/idpresponse"]])
        .set("supported_identity_providers", "SupportedIdentityProviders", list!["COGNITO"])
        .done();
    let tf = block([
        ("type", "authenticate-cognito".into()),
        (
            "authenticate_cognito",
            block([
                ("user_pool_arn", pool.arn()),
                ("user_pool_client_id", client.id()),
                ("user_pool_domain", hosted.by_ref("domain")),
            ]),
        ),
    ]);
    let cfn = block([
        ("Type", "authenticate-cognito".into()),
        (
            "AuthenticateCognitoConfig",
            block([
                ("UserPoolArn", pool.arn()),
                ("UserPoolClientId", client.id()),
                ("UserPoolDomain", hosted.by_ref("domain")),
            ]),
        ),
    ]);
    if let Some(facet) = stack.facets.get_mut(&ends.to.id) {
        facet.values.insert("authenticate", tf);
        facet.values.insert("authenticate_cfn", cfn);
    }
    Some(())
}

/// A user pool that calls a function when people sign up.
pub fn trigger(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let pool = ends.source.handles.get("user_pool")?.clone();
    let function = ends.target.handles.get("function")?.clone();
    stack
        .edit(&pool)?
        .tf("lambda_config", block([("post_confirmation", function.arn())]))
        .cfn("LambdaConfig", block([("PostConfirmation", function.arn())]))
        .done();
    stack
        .add(
            ends.to,
            &format!("from_{}", ends.from.id.snake()),
            "aws_lambda_permission",
            "AWS::Lambda::Permission",
        )
        .set("action", "Action", "lambda:InvokeFunction")
        .set("function_name", "FunctionName", function.att("function_name", "Arn"))
        .set("principal", "Principal", "cognito-idp.amazonaws.com")
        // By name, since the pool refers to the function.
        .set(
            "source_arn",
            "SourceArn",
            join![
                "arn:",
                Expr::Partition,
                ":cognito-idp:",
                Expr::Region,
                ":",
                Expr::AccountId,
                ":userpool/*"
            ],
        )
        .done();
    Some(())
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &UserDirectory) {
    bill.add(
        it,
        "Monthly active users",
        "cognito",
        "mau",
        Quantity::usage(spec.monthly_active_users).beyond(10_000.0),
        "active users beyond 10,000 free",
    );
}
