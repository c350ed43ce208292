//! Amazon OpenSearch Service.

use super::{kit, sizing};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, blocks, document, join, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::diag::{Diagnostic, Severity};
use crate::engine::graph::{Component, SearchIndex};
use crate::engine::requirements::Intent;

binding! {
    SearchIndex {
        service: "opensearch",
        title: "Amazon OpenSearch Service",
        docs: "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/what-is.html",
        sla: Some(Sla {
            // Multi-AZ with standby 0.9999; Multi-AZ without it 0.999.
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/opensearch-service/sla/",
        }),
        limits: &[Limit {
            what: "Data nodes of a domain",
            value: "80 (1,002 on request)",
            source: "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/limits.html",
        }],
        latency_ms: Some((15.0, 80.0)),
    }
}

const FAMILIES: &[&str] = &["t3.", "m7g.", "c7g.", "r7g.", "m6g.", "c6g.", "r6g."];

fn data_type(spec: &SearchIndex, region: &str) -> String {
    match &spec.instance_type {
        Some(named) if named.ends_with(".search") => named.clone(),
        Some(named) => format!("{named}.search"),
        None => sizing::search(FAMILIES, spec.vcpu, spec.memory_gib, region)
            .unwrap_or("r6g.large.search")
            .to_owned(),
    }
}

/// Managers only keep the cluster's state: the smallest steady type does.
const MANAGER: &str = "m6g.large.search";

/// Data nodes and the zones they are spread over; two zones want an even number.
fn shape(spec: &SearchIndex, zones: usize) -> (u32, u32) {
    match (spec.nodes.max(1), zones) {
        (1, _) | (_, 0 | 1) => (spec.nodes.max(1), 1),
        (nodes, zones) if nodes >= 3 && zones >= 3 => (nodes, 3),
        (nodes, _) => (nodes.next_multiple_of(2), 2),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &SearchIndex) {
    if spec.serverless {
        stack.diagnose(
            Diagnostic::new(
                "search-runs-on-nodes",
                Severity::Warning,
                format!("{} runs on nodes: its code has no serverless collection.", it.title),
            )
            .help("Keep the domain, or replace it with a collection of OpenSearch Serverless by hand.")
            .on(it.id.as_str()),
        );
    }
    let group = kit::security_group(stack, it, "");
    let logs = logs(stack, it);
    let node = data_type(spec, &stack.graph.region);
    let zones = stack.net.as_ref().map_or(1, |net| net.data.len());
    let (nodes, zones) = shape(spec, zones);
    let key = stack.key_arn.clone();
    let root: Expr = join!["arn:", Expr::Partition, ":iam::", Expr::AccountId, ":root"];
    // Roles of this account, as far as their own policies allow.
    let access = map([
        ("Version", "2012-10-17".into()),
        (
            "Statement",
            list![kit::resource_policy(
                "RolesOfThisAccount",
                map([("AWS", root)]),
                &["es:ESHttp*"],
                vec![kit::arn("es", join!["domain/*"])],
                None,
            )],
        ),
    ]);
    // A domain's name has 28 characters, fewer than names here may have.
    let id: String = it.id.as_str().chars().take(11).collect();
    let name = Expr::Hcl(format!(
        "\"${{substr(var.project, 0, 10)}}-${{var.environment}}-{}\"",
        id.trim_end_matches('-')
    ));
    let mut cluster_tf = vec![
        ("instance_type".to_owned(), Expr::from(node.as_str())),
        ("instance_count".to_owned(), nodes.into()),
        ("zone_awareness_enabled".to_owned(), (zones > 1).into()),
    ];
    let mut cluster_cfn = vec![
        ("InstanceType".to_owned(), Expr::from(node.as_str())),
        ("InstanceCount".to_owned(), nodes.into()),
        ("ZoneAwarenessEnabled".to_owned(), (zones > 1).into()),
    ];
    if spec.managers > 0 {
        // Three, or no majority survives the loss of one.
        let managers = spec.managers.max(3);
        cluster_tf.extend([
            ("dedicated_master_enabled".to_owned(), true.into()),
            ("dedicated_master_type".to_owned(), MANAGER.into()),
            ("dedicated_master_count".to_owned(), managers.into()),
        ]);
        cluster_cfn.extend([
            ("DedicatedMasterEnabled".to_owned(), true.into()),
            ("DedicatedMasterType".to_owned(), MANAGER.into()),
            ("DedicatedMasterCount".to_owned(), managers.into()),
        ]);
    }
    if zones > 1 {
        cluster_tf.push((
            "zone_awareness_config".to_owned(),
            block([("availability_zone_count", zones.into())]),
        ));
        cluster_cfn.push((
            "ZoneAwarenessConfig".to_owned(),
            block([("AvailabilityZoneCount", zones.into())]),
        ));
    }
    let size = spec.storage_gb_per_node.ceil().max(10.0);
    const LOGS: [&str; 3] = ["INDEX_SLOW_LOGS", "SEARCH_SLOW_LOGS", "ES_APPLICATION_LOGS"];
    let publish_tf = LOGS.iter().map(|kind| {
        block([("cloudwatch_log_group_arn", logs.0.arn()), ("log_type", (*kind).into())])
    });
    let publish_cfn = LOGS.iter().map(|kind| {
        (
            (*kind).to_owned(),
            block([
                ("CloudWatchLogsLogGroupArn", super::ec2_network::log_arn(&logs.0)),
                ("Enabled", true.into()),
            ]),
        )
    });
    const TLS: &str = "Policy-Min-TLS-1-2-PFS-2023-10";
    let mut draft = stack
        .add(it, "", "aws_opensearch_domain", "AWS::OpenSearchService::Domain")
        .tf("domain_name", name)
        .set("engine_version", "EngineVersion", "OpenSearch_2.19")
        .tf("cluster_config", Expr::Block(cluster_tf))
        .cfn("ClusterConfig", Expr::Block(cluster_cfn))
        .tf(
            "ebs_options",
            block([
                ("ebs_enabled", true.into()),
                ("volume_type", "gp3".into()),
                ("volume_size", size.into()),
            ]),
        )
        .cfn(
            "EBSOptions",
            block([
                ("EBSEnabled", true.into()),
                ("VolumeType", "gp3".into()),
                ("VolumeSize", size.into()),
            ]),
        )
        .tf("node_to_node_encryption", block([("enabled", true.into())]))
        .cfn("NodeToNodeEncryptionOptions", block([("Enabled", true.into())]))
        .tf(
            "domain_endpoint_options",
            block([("enforce_https", true.into()), ("tls_security_policy", TLS.into())]),
        )
        .cfn(
            "DomainEndpointOptions",
            block([("EnforceHTTPS", true.into()), ("TLSSecurityPolicy", TLS.into())]),
        )
        .set("access_policies", "AccessPolicies", document(access))
        .tf("log_publishing_options", blocks(publish_tf.collect()))
        .cfn("LogPublishingOptions", Expr::Map(publish_cfn.collect()))
        .after(&logs.1)
        .skip(
            "CKV_AWS_317",
            "Audit logs need users inside the domain; here IAM says who may call, and CloudTrail who changed it",
        )
        .skip("CKV2_AWS_52", "IAM says who may call, role by role; there are no users inside the domain");
    draft = match key {
        Some(key) => draft
            .tf("encrypt_at_rest", block([("enabled", true.into()), ("kms_key_id", key.clone())]))
            .cfn("EncryptionAtRestOptions", block([("Enabled", true.into()), ("KmsKeyId", key)])),
        None => draft
            .tf("encrypt_at_rest", block([("enabled", true.into())]))
            .cfn("EncryptionAtRestOptions", block([("Enabled", true.into())]))
            .skip(
                "CKV_AWS_247",
                "Sealed with the key of OpenSearch; a key of one's own is part of the better option",
            ),
    };
    if spec.managers == 0 {
        draft = draft
            .skip(
                "CKV2_AWS_59",
                "Few nodes manage themselves; managers of their own are part of the best option",
            )
            .skip(
                "CKV_AWS_318",
                "Few nodes manage themselves; managers of their own are part of the best option",
            );
    }
    let domain = draft.retain().done();
    if let (Some(net), Some(group)) = (stack.net.clone(), &group) {
        let subnets: Vec<Expr> = net.data.iter().take(zones as usize).cloned().collect();
        let groups = list![kit::group_id(group)];
        if let Some(draft) = stack.edit(&domain) {
            draft
                .tf(
                    "vpc_options",
                    block([
                        ("subnet_ids", Expr::List(subnets.clone())),
                        ("security_group_ids", groups.clone()),
                    ]),
                )
                .cfn(
                    "VPCOptions",
                    block([("SubnetIds", Expr::List(subnets)), ("SecurityGroupIds", groups)]),
                )
                .comment("The account needs the role AWSServiceRoleForAmazonOpenSearchService: aws iam create-service-linked-role --aws-service-name opensearchservice.amazonaws.com, once.")
                .done();
        }
    }
    let endpoint = domain.att("endpoint", "DomainEndpoint");
    let items = vec![join![domain.arn(), "/*"]];
    let mut facet = Facet::default()
        .handle("domain", &domain)
        .value("arn", domain.arn())
        .value("endpoint", endpoint.clone())
        .reference("ENDPOINT", join!["https://", endpoint.clone()])
        .grant(&[Intent::Reads], &["es:ESHttpGet", "es:ESHttpHead", "es:ESHttpPost"], items.clone())
        .grant(
            &[Intent::Writes, Intent::Streams, Intent::Replicates],
            &[
                "es:ESHttpGet",
                "es:ESHttpHead",
                "es:ESHttpPost",
                "es:ESHttpPut",
                "es:ESHttpPatch",
                "es:ESHttpDelete",
            ],
            items,
        );
    if let Some(group) = &group {
        facet = facet.listener(kit::group_id(group), 443).value("group", kit::group_id(group));
    }
    stack.output(
        &format!("{}_endpoint", it.id.snake()),
        &format!("Address of {}.", it.title),
        endpoint,
    );
    stack.facet(it, facet);
}

/// A log group with the policy that lets the service write to it.
fn logs(stack: &mut Stack<'_>, it: &Component) -> (Handle, Handle) {
    let name = join!["/aws/opensearch/", stack.name(it)];
    let group = kit::log_group(stack, it, "logs", name);
    let policy = map([
        ("Version", "2012-10-17".into()),
        (
            "Statement",
            list![kit::resource_policy(
                "SearchWrites",
                map([("Service", "es.amazonaws.com".into())]),
                &["logs:CreateLogStream", "logs:PutLogEvents"],
                vec![join![super::ec2_network::log_arn(&group), ":*"]],
                Some(("StringEquals", "aws:SourceAccount", Expr::AccountId)),
            )],
        ),
    ]);
    let name = stack.name(it);
    let policy = stack
        .add(it, "logs_policy", "aws_cloudwatch_log_resource_policy", "AWS::Logs::ResourcePolicy")
        .set("policy_name", "PolicyName", name)
        .tf("policy_document", document(policy.clone()))
        .cfn("PolicyDocument", crate::engine::bind::expr::json(policy))
        .done();
    (group, policy)
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &SearchIndex) {
    let zones = bill
        .graph
        .components
        .iter()
        .find_map(|it| match &it.spec {
            crate::engine::graph::Spec::Network(network) => Some(network.zones as usize),
            _ => None,
        })
        .unwrap_or(1);
    let (nodes, _) = shape(spec, zones);
    let node = data_type(spec, &bill.graph.region);
    let count = f64::from(nodes);
    bill.add(
        it,
        "Data nodes",
        "opensearch",
        &node,
        Quantity::fixed(count * HOURS),
        format!("{node} × {nodes} × 730 h"),
    );
    if spec.managers > 0 {
        let managers = f64::from(spec.managers.max(3));
        bill.add(
            it,
            "Managers",
            "opensearch",
            MANAGER,
            Quantity::fixed(managers * HOURS),
            format!("{MANAGER} × {managers} × 730 h"),
        );
    }
    bill.add(
        it,
        "Storage",
        "opensearch",
        "gp3-gb-month",
        Quantity::fixed(spec.storage_gb_per_node.ceil().max(10.0) * count),
        format!("GB × {nodes} nodes"),
    );
    bill.add(
        it,
        "Logs",
        "cloudwatch",
        "logs-gb",
        Quantity::usage(0.5),
        "GB of slow and application logs",
    );
}
