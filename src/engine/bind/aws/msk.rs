//! Amazon MSK: Apache Kafka, with brokers or serverless.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, document, join, list, map};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Component, KafkaCluster, Kind};
use crate::engine::requirements::Intent;

binding! {
    KafkaCluster {
        service: "msk",
        title: "Amazon MSK",
        docs: "https://docs.aws.amazon.com/msk/latest/developerguide/what-is-msk.html",
        sla: Some(Sla {
            // With brokers in three zones.
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/msk/sla/",
        }),
        limits: &[Limit {
            what: "Brokers of a cluster",
            value: "60",
            source: "https://docs.aws.amazon.com/msk/latest/developerguide/limits.html",
        }],
        latency_ms: Some((10.0, 40.0)),
    }
}

/// Port of clients that sign in with IAM.
const PORT: u16 = 9098;

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &KafkaCluster) {
    let name = kit::short_name(it, "", 64);
    let group = kit::security_group(stack, it, "");
    let subnets = stack.net.as_ref().map(|net| net.private.clone()).unwrap_or_default();
    let groups = Expr::List(group.iter().map(kit::group_id).collect());
    if let Some(group) = &group {
        // Mappings and brokers speak to each other inside the group.
        kit::ingress(
            stack,
            it,
            "inside",
            &kit::group_id(group),
            None,
            kit::Peer::Group(kit::group_id(group)),
            "Brokers and event source mappings",
        );
        kit::egress(
            stack,
            it,
            "inside_out",
            &kit::group_id(group),
            None,
            kit::Peer::Group(kit::group_id(group)),
            "Brokers and event source mappings",
        );
        kit::egress(
            stack,
            it,
            "https_out",
            &kit::group_id(group),
            Some((443, 443)),
            kit::Peer::Cidr("0.0.0.0/0".into()),
            "HTTPS to AWS services",
        );
    }
    let cluster = if spec.serverless {
        stack
            .add(it, "", "aws_msk_serverless_cluster", "AWS::MSK::ServerlessCluster")
            .set("cluster_name", "ClusterName", name.clone())
            .tf(
                "vpc_config",
                block([
                    ("subnet_ids", Expr::List(subnets.clone())),
                    ("security_group_ids", groups.clone()),
                ]),
            )
            .cfn(
                "VpcConfigs",
                list![map([("SubnetIds", Expr::List(subnets)), ("SecurityGroups", groups)])],
            )
            .tf(
                "client_authentication",
                block([("sasl", block([("iam", block([("enabled", true.into())]))]))]),
            )
            .cfn(
                "ClientAuthentication",
                block([("Sasl", map([("Iam", map([("Enabled", true.into())]))]))]),
            )
            .done()
    } else {
        brokers(stack, it, spec, &name, &subnets, &groups)
    };
    let arn = cluster.by_ref("arn");
    let resources = |kind: &str| kit::arn("kafka", join![format!("{kind}/"), name.clone(), "/*"]);
    // Another service reads the cluster across its network when it empties it.
    let shared = stack.graph.targets(&it.id).any(|(_, to)| to.spec.kind() == Kind::DeliveryStream);
    let mut facet = Facet::default()
        .handle("cluster", &cluster)
        .value("arn", arn.clone())
        .value("name", name.clone())
        .reference("KAFKA_CLUSTER_ARN", arn.clone())
        .grant(
            &[Intent::Publishes, Intent::Writes, Intent::Streams],
            &[
                "kafka-cluster:Connect",
                "kafka-cluster:DescribeCluster",
                "kafka-cluster:DescribeTopic",
                "kafka-cluster:CreateTopic",
                "kafka-cluster:WriteData",
                "kafka-cluster:WriteDataIdempotently",
            ],
            vec![arn.clone(), resources("topic")],
        )
        .grant(
            &[Intent::Subscribes, Intent::Reads],
            &[
                "kafka-cluster:Connect",
                "kafka-cluster:DescribeCluster",
                "kafka-cluster:DescribeTopic",
                "kafka-cluster:ReadData",
                "kafka-cluster:DescribeGroup",
                "kafka-cluster:AlterGroup",
            ],
            vec![arn.clone(), resources("topic"), resources("group")],
        )
        .grant(
            &[
                Intent::Subscribes,
                Intent::Reads,
                Intent::Publishes,
                Intent::Writes,
                Intent::Streams,
            ],
            &["kafka:GetBootstrapBrokers", "kafka:DescribeClusterV2"],
            vec![arn.clone()],
        );
    if let Some(group) = &group {
        facet = facet.listener(kit::group_id(group), PORT).value("group", kit::group_id(group));
    }
    if shared {
        let policy = map([
            ("Version", "2012-10-17".into()),
            (
                "Statement",
                list![kit::resource_policy(
                    "DeliveryConnects",
                    map([("Service", "firehose.amazonaws.com".into())]),
                    &[
                        "kafka:CreateVpcConnection",
                        "kafka:GetBootstrapBrokers",
                        "kafka:DescribeCluster",
                        "kafka:DescribeClusterV2"
                    ],
                    vec![arn.clone()],
                    None,
                )],
            ),
        ]);
        let sharing = stack
            .add(it, "sharing", "aws_msk_cluster_policy", "AWS::MSK::ClusterPolicy")
            .set("cluster_arn", "ClusterArn", arn)
            .set("policy", "Policy", document(policy))
            .done();
        facet = facet.handle("sharing", &sharing);
    }
    stack.facet(it, facet);
}

fn broker_type(spec: &KafkaCluster) -> String {
    spec.broker_type.clone().unwrap_or_else(|| "kafka.m7g.large".to_owned())
}

/// A cluster of brokers, one or more in each zone.
fn brokers(
    stack: &mut Stack<'_>,
    it: &Component,
    spec: &KafkaCluster,
    name: &Expr,
    subnets: &[Expr],
    groups: &Expr,
) -> crate::engine::bind::stack::Handle {
    let log_name: Expr = join!["/aws/msk/", name.clone()];
    let logs = kit::log_group(stack, it, "logs", log_name);
    let zones = u32::try_from(subnets.len()).unwrap_or(2).max(1);
    let brokers = spec.brokers.max(1).div_ceil(zones) * zones;
    let key = stack.key_arn.clone();
    let gb = spec.storage_gb.ceil().max(1.0);
    let volume = |gb: f64| Expr::from(gb);
    let mut draft = stack
        .add(it, "", "aws_msk_cluster", "AWS::MSK::Cluster")
        .set("cluster_name", "ClusterName", name.clone())
        .set("kafka_version", "KafkaVersion", "3.8.x")
        .set("number_of_broker_nodes", "NumberOfBrokerNodes", brokers)
        .set("enhanced_monitoring", "EnhancedMonitoring", "PER_BROKER")
        .tf(
            "broker_node_group_info",
            block([
                ("instance_type", broker_type(spec).into()),
                ("client_subnets", Expr::List(subnets.to_vec())),
                ("security_groups", groups.clone()),
                (
                    "storage_info",
                    block([("ebs_storage_info", block([("volume_size", volume(gb))]))]),
                ),
                (
                    "connectivity_info",
                    block([(
                        "vpc_connectivity",
                        block([(
                            "client_authentication",
                            block([("sasl", block([("iam", true.into())]))]),
                        )]),
                    )]),
                ),
            ]),
        )
        .cfn(
            "BrokerNodeGroupInfo",
            block([
                ("InstanceType", broker_type(spec).into()),
                ("ClientSubnets", Expr::List(subnets.to_vec())),
                ("SecurityGroups", groups.clone()),
                ("StorageInfo", map([("EBSStorageInfo", map([("VolumeSize", volume(gb))]))])),
                (
                    "ConnectivityInfo",
                    map([(
                        "VpcConnectivity",
                        map([(
                            "ClientAuthentication",
                            map([("Sasl", map([("Iam", map([("Enabled", true.into())]))]))]),
                        )]),
                    )]),
                ),
            ]),
        )
        .tf("client_authentication", block([("sasl", block([("iam", true.into())]))]))
        .cfn(
            "ClientAuthentication",
            block([("Sasl", map([("Iam", map([("Enabled", true.into())]))]))]),
        )
        .tf(
            "logging_info",
            block([(
                "broker_logs",
                block([(
                    "cloudwatch_logs",
                    block([("enabled", true.into()), ("log_group", logs.by_ref("name"))]),
                )]),
            )]),
        )
        .cfn(
            "LoggingInfo",
            block([(
                "BrokerLogs",
                map([(
                    "CloudWatchLogs",
                    map([("Enabled", true.into()), ("LogGroup", logs.by_ref("name"))]),
                )]),
            )]),
        );
    let mut sealed = Vec::new();
    let mut cfn_sealed = Vec::new();
    if let Some(key) = key {
        sealed.push(("encryption_at_rest_kms_key_arn".to_owned(), key.clone()));
        cfn_sealed.push(("EncryptionAtRest".to_owned(), map([("DataVolumeKMSKeyId", key)])));
    }
    sealed.push((
        "encryption_in_transit".to_owned(),
        block([("client_broker", "TLS".into()), ("in_cluster", true.into())]),
    ));
    cfn_sealed.push((
        "EncryptionInTransit".to_owned(),
        map([("ClientBroker", "TLS".into()), ("InCluster", true.into())]),
    ));
    draft = draft
        .tf("encryption_info", Expr::Block(sealed))
        .cfn("EncryptionInfo", Expr::Block(cfn_sealed));
    draft.retain().done()
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &KafkaCluster) {
    if spec.serverless {
        bill.unpriced(it, "Serverless cluster", HOURS, "msk serverless-cluster-hour");
        bill.unpriced(it, "Data in", spec.gb_per_month, "msk serverless-in-gb");
        return;
    }
    let zones = match bill.graph.first(Kind::Network).map(|it| &it.spec) {
        Some(crate::engine::graph::Spec::Network(network)) => network.zones.clamp(1, 6),
        _ => 2,
    };
    let brokers = f64::from(spec.brokers.max(1).div_ceil(zones) * zones);
    bill.add(
        it,
        "Brokers",
        "msk",
        &broker_type(spec),
        Quantity::fixed(brokers * HOURS),
        format!("{brokers} brokers × 730 h"),
    );
    bill.add(
        it,
        "Storage",
        "msk",
        "storage-gb-month",
        Quantity::fixed(spec.storage_gb * brokers),
        format!("GB × {brokers} brokers"),
    );
}
