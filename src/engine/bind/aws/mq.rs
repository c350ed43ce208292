//! Amazon MQ: RabbitMQ and ActiveMQ.

use super::{kit, password};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join, list, map};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{BrokerEngine, Component, MessageBroker};
use crate::engine::requirements::Intent;

binding! {
    MessageBroker {
        service: "mq",
        title: "Amazon MQ",
        docs: "https://docs.aws.amazon.com/amazon-mq/latest/developer-guide/welcome.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/amazon-mq/sla/",
        }),
        limits: &[Limit {
            what: "Storage of a broker",
            value: "200 GB",
            source: "https://docs.aws.amazon.com/amazon-mq/latest/developer-guide/amazon-mq-limits.html",
        }],
        latency_ms: Some((5.0, 20.0)),
    }
}

/// Types that run and are priced; RabbitMQ starts at the large ones.
fn instance(spec: &MessageBroker) -> String {
    if let Some(named) = &spec.instance_type {
        return named.clone();
    }
    match (spec.engine, spec.multi_zone) {
        (BrokerEngine::ActiveMq, false) => "mq.t3.micro",
        _ => "mq.m5.large",
    }
    .to_owned()
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &MessageBroker) {
    let rabbit = spec.engine == BrokerEngine::RabbitMq;
    let group = kit::security_group(stack, it, "");
    let login = password::make(stack, it, "app");
    let name = kit::short_name(it, "", 50);
    let key = stack.key_arn.clone();
    let (mode, subnets) = match (rabbit, spec.multi_zone) {
        (true, true) => ("CLUSTER_MULTI_AZ", usize::MAX),
        (false, true) => ("ACTIVE_STANDBY_MULTI_AZ", 2),
        _ => ("SINGLE_INSTANCE", 1),
    };
    let subnets: Vec<Expr> = stack
        .net
        .as_ref()
        .map(|net| net.private.iter().take(subnets).cloned().collect())
        .unwrap_or_default();
    let (engine, version, port) =
        if rabbit { ("RabbitMQ", "3.13", 5671) } else { ("ActiveMQ", "5.18", 61617) };
    let mut draft = stack
        .add(it, "", "aws_mq_broker", "AWS::AmazonMQ::Broker")
        .set("broker_name", "BrokerName", name)
        .tf("engine_type", engine)
        .cfn("EngineType", engine.to_ascii_uppercase())
        .set("engine_version", "EngineVersion", version)
        .set("host_instance_type", "HostInstanceType", instance(spec))
        .set("deployment_mode", "DeploymentMode", mode)
        .set("publicly_accessible", "PubliclyAccessible", false)
        .set("auto_minor_version_upgrade", "AutoMinorVersionUpgrade", true)
        .tf("user", block([("username", "app".into()), ("password", login.tf.clone())]))
        .cfn("Users", list![map([("Username", "app".into()), ("Password", login.cfn.clone())])]);
    if !subnets.is_empty() {
        draft = draft.set("subnet_ids", "SubnetIds", Expr::List(subnets));
    }
    if let Some(group) = &group {
        draft = draft.set("security_groups", "SecurityGroups", list![kit::group_id(group)]);
    }
    draft = if rabbit {
        // RabbitMQ has no audit log.
        draft
            .tf("logs", block([("general", true.into())]))
            .cfn("Logs", block([("General", true.into())]))
            .skip("CKV_AWS_197", "RabbitMQ has no audit log; its general log is on")
    } else {
        draft
            .tf("logs", block([("general", true.into()), ("audit", "true".into())]))
            .cfn("Logs", block([("General", true.into()), ("Audit", true.into())]))
    };
    draft = match key {
        Some(key) => draft
            .tf(
                "encryption_options",
                block([("use_aws_owned_key", false.into()), ("kms_key_id", key.clone())]),
            )
            .cfn("EncryptionOptions", block([("UseAwsOwnedKey", false.into()), ("KmsKeyId", key)])),
        None => draft.skip(
            "CKV_AWS_209",
            "Sealed with the key that AWS owns; a key of one's own is part of the better option",
        ),
    };
    let broker = draft.done();
    let arn = broker.arn();
    let endpoint: Expr = if rabbit {
        join!["amqps://", broker.by_ref("id"), ".mq.", Expr::Region, ".amazonaws.com:5671"]
    } else {
        join!["ssl://", broker.by_ref("id"), "-1.mq.", Expr::Region, ".amazonaws.com:61617"]
    };
    let secret = login.secret.by_ref("arn");
    let mut facet = Facet::default()
        .handle("broker", &broker)
        .handle("secret", &login.secret)
        .value("arn", arn.clone())
        .value("name", kit::short_name(it, "", 50))
        .value("secret_arn", secret.clone())
        .reference("BROKER_URL", endpoint)
        .reference("BROKER_SECRET_ARN", secret.clone())
        .grant(
            &[
                Intent::Publishes,
                Intent::Writes,
                Intent::Streams,
                Intent::Subscribes,
                Intent::Reads,
            ],
            &["secretsmanager:GetSecretValue"],
            vec![secret],
        );
    if let Some(group) = &group {
        facet = facet.listener(kit::group_id(group), port).value("group", kit::group_id(group));
    }
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &MessageBroker) {
    let zones = if spec.multi_zone { "multi-az" } else { "single-az" };
    let nodes = if spec.engine == BrokerEngine::RabbitMq && spec.multi_zone { 3.0 } else { 1.0 };
    let named = instance(spec);
    // The price list has these by the next size, and by the generation before.
    let (priced, share, note) = match (spec.engine, named.as_str()) {
        (BrokerEngine::RabbitMq, "mq.m5.large") => {
            ("mq.m5.xlarge", 0.5, " × ½: a large broker is half an xlarge one")
        }
        (BrokerEngine::ActiveMq, "mq.t3.micro") => {
            ("mq.t2.micro", 1.0, ", at the price of the generation before")
        }
        (_, other) => (other, 1.0, ""),
    };
    let sku = format!("{priced}|{}|{zones}", spec.engine.name());
    bill.add(it, "Broker", "mq", &sku, Quantity::fixed(HOURS * share), format!("730 h{note}"));
    bill.add(
        it,
        "Storage",
        "mq",
        if spec.engine == BrokerEngine::RabbitMq { "ebs-gb-month" } else { "efs-gb-month" },
        Quantity::fixed(spec.storage_gb * nodes),
        format!("GB × {nodes} nodes"),
    );
}
