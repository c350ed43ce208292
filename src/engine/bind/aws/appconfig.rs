//! AWS AppConfig.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, join, json, map};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::Bill;
use crate::engine::graph::{AppConfig, Component};
use crate::engine::requirements::Intent;

binding! {
    AppConfig {
        service: "appconfig",
        title: "AWS AppConfig",
        docs: "https://docs.aws.amazon.com/appconfig/latest/userguide/what-is-appconfig.html",
        sla: None,
        limits: &[],
        latency_ms: Some((10.0, 40.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _: &AppConfig) {
    let name = stack.name(it);
    let application = stack
        .add(it, "", "aws_appconfig_application", "AWS::AppConfig::Application")
        .set("name", "Name", name.clone())
        .done();
    let environment = stack
        .add(it, "environment", "aws_appconfig_environment", "AWS::AppConfig::Environment")
        .set("application_id", "ApplicationId", application.id())
        .set("name", "Name", Expr::Var("environment".to_owned()))
        .done();
    let key = stack.key_arn.clone();
    let profile = stack
        .add(
            it,
            "profile",
            "aws_appconfig_configuration_profile",
            "AWS::AppConfig::ConfigurationProfile",
        )
        .set("application_id", "ApplicationId", application.id())
        .set("name", "Name", "features")
        .set("location_uri", "LocationUri", "hosted")
        .set("type", "Type", "AWS.AppConfig.FeatureFlags")
        .maybe("kms_key_identifier", "KmsKeyIdentifier", key)
        .done();
    let profile_id = profile.att("configuration_profile_id", "ConfigurationProfileId");
    let flags = map([
        ("version", "1".into()),
        ("flags", map([("example", map([("name", "Example".into())]))])),
        ("values", map([("example", map([("enabled", false.into())]))])),
    ]);
    let version = stack
        .add(
            it,
            "version",
            "aws_appconfig_hosted_configuration_version",
            "AWS::AppConfig::HostedConfigurationVersion",
        )
        .set("application_id", "ApplicationId", application.id())
        .set("configuration_profile_id", "ConfigurationProfileId", profile_id.clone())
        .set("content_type", "ContentType", "application/json")
        .set("content", "Content", json(flags))
        .done();
    let strategy = stack
        .add(
            it,
            "strategy",
            "aws_appconfig_deployment_strategy",
            "AWS::AppConfig::DeploymentStrategy",
        )
        .set("name", "Name", name)
        .set("deployment_duration_in_minutes", "DeploymentDurationInMinutes", 10)
        .set("final_bake_time_in_minutes", "FinalBakeTimeInMinutes", 5)
        .set("growth_factor", "GrowthFactor", 20)
        .set("growth_type", "GrowthType", "LINEAR")
        .set("replicate_to", "ReplicateTo", "NONE")
        .done();
    let environment_id = environment.att("environment_id", "EnvironmentId");
    stack
        .add(it, "deployment", "aws_appconfig_deployment", "AWS::AppConfig::Deployment")
        .set("application_id", "ApplicationId", application.id())
        .set("environment_id", "EnvironmentId", environment_id.clone())
        .set("configuration_profile_id", "ConfigurationProfileId", profile_id.clone())
        .set(
            "configuration_version",
            "ConfigurationVersion",
            version.att("version_number", "VersionNumber"),
        )
        .set("deployment_strategy_id", "DeploymentStrategyId", strategy.id())
        .done();
    let arn = kit::arn(
        "appconfig",
        join![
            "application/",
            application.id(),
            "/environment/",
            environment_id.clone(),
            "/configuration/",
            profile_id.clone()
        ],
    );
    let facet = Facet::default()
        .handle("application", &application)
        .value("arn", arn.clone())
        .reference("APPLICATION_ID", application.id())
        .reference("ENVIRONMENT_ID", environment_id)
        .reference("PROFILE_ID", profile_id)
        .grant(
            &[Intent::Reads],
            &["appconfig:StartConfigurationSession", "appconfig:GetLatestConfiguration"],
            vec![arn],
        );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &AppConfig) {
    bill.unpriced(it, "Configuration requests", spec.requests_per_month, "appconfig request");
}
