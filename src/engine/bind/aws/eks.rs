//! Amazon EKS: a Kubernetes cluster with its nodes and what every cluster runs.
//!
//! Programs get their permissions by pod identity: whoever runs as service
//! account `app` in namespace `default` acts with the workload role.

use super::{ec2, kit, sizing};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, document, join, json, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Arch, Component, KubernetesCluster};
use crate::engine::requirements::Intent;

binding! {
    KubernetesCluster {
        service: "eks",
        title: "Amazon EKS",
        docs: "https://docs.aws.amazon.com/eks/latest/userguide/what-is-eks.html",
        sla: Some(Sla {
            availability: 0.9995,
            single: 0.9995,
            source: "https://aws.amazon.com/eks/sla/",
        }),
        limits: &[Limit {
            what: "Nodes of a managed node group",
            value: "450",
            source: "https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html",
        }],
        latency_ms: Some((40.0, 120.0)),
    }
}

/// Where programs in the cluster listen; the manifest that comes along does too.
pub const PORT: u16 = 8080;

/// Stands in until the team's own image is there.
const MANIFEST: &str = include_str!("machines/app.yaml");

/// Every cluster has these; the agent hands out roles to service accounts.
const ADDONS: [&str; 4] = ["vpc-cni", "kube-proxy", "coredns", "eks-pod-identity-agent"];

/// Least for the control plane and two nodes: two zones.
const ZONES: usize = 2;

pub fn node_type(spec: &KubernetesCluster, region: &str) -> String {
    if let Some(named) = &spec.instance_type {
        return named.clone();
    }
    let families = match spec.arch {
        Arch::Arm64 => sizing::GENERAL_ARM,
        Arch::X86 => sizing::GENERAL_X86,
    };
    let (vcpu, memory) = (spec.vcpu_per_node, spec.memory_gib_per_node);
    sizing::instance(families, vcpu, memory, spec.arch, region).to_owned()
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &KubernetesCluster) {
    let Some(net) = stack.net.clone() else {
        stack.diagnose(kit::needs_network(it));
        return;
    };
    if net.private.len() < ZONES {
        stack.diagnose(
            crate::engine::diag::Diagnostic::new(
                "zones-too-few",
                crate::engine::diag::Severity::Error,
                format!("{} needs subnets in two zones.", it.title),
            )
            .help("Give the network two zones or more.")
            .on(it.id.as_str()),
        );
    }
    let name = stack.name(it);
    let logs = kit::log_group(stack, it, "logs", join!["/aws/eks/", name.clone(), "/cluster"]);
    let role =
        kit::role(stack, it, "cluster_role", "eks.amazonaws.com", &["AmazonEKSClusterPolicy"]);
    let cluster = cluster(stack, it, spec, &net.private, &role, &logs);
    let by_name = cluster.by_ref("name");
    // Without a way out, nodes can only join and pull images from public subnets.
    let subnets = if net.has_nat || net.public.is_empty() || spec.serverless_nodes {
        net.private.clone()
    } else {
        net.public.clone()
    };
    let nodes = if spec.serverless_nodes {
        serverless(stack, it, &by_name, &subnets)
    } else {
        nodes(stack, it, spec, &by_name, &subnets)
    };
    for addon in ADDONS {
        // The agent runs on every node, and serverless nodes take no such programs.
        if spec.serverless_nodes && addon == "eks-pod-identity-agent" {
            continue;
        }
        let mut draft = stack
            .add(it, &addon.replace('-', "_"), "aws_eks_addon", "AWS::EKS::Addon")
            .set("cluster_name", "ClusterName", by_name.clone())
            .set("addon_name", "AddonName", addon)
            .tf("resolve_conflicts_on_create", "OVERWRITE")
            .tf("resolve_conflicts_on_update", "OVERWRITE")
            .cfn("ResolveConflicts", "OVERWRITE");
        if addon == "coredns" {
            draft = draft.after(&nodes);
        }
        draft.done();
    }
    let workload = workload(stack, it, &by_name);
    let settings = join!["/", Expr::Var("name_prefix".into()), format!("/{}", it.id)];
    stack
        .add(it, "settings", "aws_ssm_parameter", "AWS::SSM::Parameter")
        .set("name", "Name", settings.clone())
        .set("type", "Type", "String")
        .set("tier", "Tier", "Intelligent-Tiering")
        .set("value", "Value", json(Expr::EnvOf(it.id.clone())))
        .comment("What programs in the cluster connect to, by name; they read it with their role.")
        .skip("CKV2_AWS_34", "Settings are names and addresses; secrets are in Secrets Manager")
        .skip("CKV_AWS_337", "Settings are names and addresses; secrets are in Secrets Manager")
        .done();
    let parameter = kit::arn("ssm", join!["parameter", settings]);
    stack.allow(&it.id, kit::allow(&["ssm:GetParameter"], vec![parameter]));
    stack.files.insert(format!("kubernetes/{}/app.yaml", it.id), MANIFEST.into());
    stack.output(
        &format!("{}_cluster", it.id.snake()),
        "Name of the cluster, for `aws eks update-kubeconfig --name`.",
        by_name.clone(),
    );
    let group = cluster.att("vpc_config[0].cluster_security_group_id", "ClusterSecurityGroupId");
    let facet = Facet::default()
        .handle("cluster", &cluster)
        .handle("nodes", &nodes)
        .handle("role", &workload)
        .value("arn", cluster.arn())
        .value("name", by_name.clone())
        .value("group", group.clone())
        .value("port", u32::from(PORT))
        .reference("CLUSTER_NAME", by_name)
        .reference("CLUSTER_ENDPOINT", cluster.att("endpoint", "Endpoint"))
        .grant(
            &[Intent::Invokes, Intent::Reads, Intent::Serves],
            &["eks:DescribeCluster", "eks:AccessKubernetesApi"],
            vec![cluster.arn()],
        )
        .principal(&workload, Some(group.clone()), true)
        .listener(group, PORT);
    stack.facet(it, facet);
}

fn cluster(
    stack: &mut Stack<'_>,
    it: &Component,
    spec: &KubernetesCluster,
    subnets: &[Expr],
    role: &Handle,
    logs: &Handle,
) -> Handle {
    const LOGS: [&str; 5] = ["api", "audit", "authenticator", "controllerManager", "scheduler"];
    let name = stack.name(it);
    let key = stack.key_arn.clone();
    let types = LOGS.iter().map(|it| map([("Type", (*it).into())])).collect();
    let mut draft = stack
        .add(it, "", "aws_eks_cluster", "AWS::EKS::Cluster")
        .set("name", "Name", name)
        .set("role_arn", "RoleArn", role.arn())
        .tf("enabled_cluster_log_types", LOGS.to_vec())
        .cfn("Logging", block([("ClusterLogging", block([("EnabledTypes", Expr::List(types))]))]))
        .nested(
            "access_config",
            "AccessConfig",
            block([
                ("authentication_mode", "API".into()),
                ("bootstrap_cluster_creator_admin_permissions", true.into()),
            ]),
        )
        .nested("upgrade_policy", "UpgradePolicy", block([("support_type", "STANDARD".into())]));
    let network = block([
        ("subnet_ids", Expr::List(subnets.to_vec())),
        ("endpoint_private_access", true.into()),
        ("endpoint_public_access", spec.public_endpoint.into()),
    ]);
    draft = draft.nested("vpc_config", "ResourcesVpcConfig", network);
    draft = match key {
        Some(key) => {
            let provider = block([("key_arn", key)]);
            let sealed = block([("resources", list!["secrets"]), ("provider", provider)]);
            draft
                .tf("encryption_config", sealed.clone())
                .cfn("EncryptionConfig", list![kit::pascal(sealed)])
        }
        None => draft.skip(
            "CKV_AWS_58",
            "Secrets are sealed with the key that EKS manages in every cluster",
        ),
    };
    if spec.public_endpoint {
        draft = draft
            .skip("CKV_AWS_38", "The design asks for a public endpoint; IAM guards it")
            .skip("CKV_AWS_39", "The design asks for a public endpoint; IAM guards it");
    }
    draft
        .skip("CKV_AWS_339", "Without a version the newest supported one is made")
        .after(logs)
        .done()
}

/// Machines that EKS replaces and updates.
fn nodes(
    stack: &mut Stack<'_>,
    it: &Component,
    spec: &KubernetesCluster,
    cluster: &Expr,
    subnets: &[Expr],
) -> Handle {
    let role = kit::role(
        stack,
        it,
        "node_role",
        "ec2.amazonaws.com",
        &[
            "AmazonEKSWorkerNodePolicy",
            "AmazonEKS_CNI_Policy",
            "AmazonEC2ContainerRegistryReadOnly",
            "AmazonSSMManagedInstanceCore",
        ],
    );
    let machine = node_type(spec, &stack.graph.region);
    let image =
        if ec2::is_arm(&machine) { "AL2023_ARM_64_STANDARD" } else { "AL2023_x86_64_STANDARD" };
    let key = stack.key_arn.clone();
    let mut disk = vec![
        ("volume_size".to_owned(), Expr::from(spec.disk_gb)),
        ("volume_type".to_owned(), "gp3".into()),
        ("encrypted".to_owned(), true.into()),
    ];
    if let Some(key) = key {
        disk.push(("kms_key_id".to_owned(), key));
    }
    let volume = block([("device_name", "/dev/xvda".into()), ("ebs", Expr::Block(disk))]);
    // One hop: programs in pods do not get the role of their node.
    let metadata = block([
        ("http_endpoint", "enabled".into()),
        ("http_tokens", "required".into()),
        ("http_put_response_hop_limit", 1.into()),
    ]);
    let template = stack
        .add(it, "node", "aws_launch_template", "AWS::EC2::LaunchTemplate")
        .tf("block_device_mappings", volume.clone())
        .tf("metadata_options", metadata.clone())
        .tf("update_default_version", true)
        .cfn(
            "LaunchTemplateData",
            block([
                ("BlockDeviceMappings", list![kit::pascal(volume)]),
                ("MetadataOptions", kit::pascal(metadata)),
            ]),
        )
        .done();
    let most = spec.nodes_max.max(spec.nodes_min).max(1);
    stack
        .add(it, "nodes", "aws_eks_node_group", "AWS::EKS::Nodegroup")
        .set("cluster_name", "ClusterName", cluster)
        .tf("node_role_arn", role.arn())
        .cfn("NodeRole", role.arn())
        .tf("subnet_ids", Expr::List(subnets.to_vec()))
        .cfn("Subnets", Expr::List(subnets.to_vec()))
        .set("ami_type", "AmiType", image)
        .set("capacity_type", "CapacityType", if spec.spot { "SPOT" } else { "ON_DEMAND" })
        .set("instance_types", "InstanceTypes", list![machine])
        .nested(
            "scaling_config",
            "ScalingConfig",
            block([
                ("min_size", spec.nodes_min.into()),
                ("max_size", most.into()),
                ("desired_size", spec.nodes_min.max(1).into()),
            ]),
        )
        .nested("update_config", "UpdateConfig", block([("max_unavailable", 1.into())]))
        .tf(
            "launch_template",
            block([("id", template.id()), ("version", template.by_ref("latest_version"))]),
        )
        .cfn(
            "LaunchTemplate",
            block([
                ("Id", template.id()),
                ("Version", template.att("latest_version", "LatestVersionNumber")),
            ]),
        )
        .tf(
            "lifecycle",
            block([("ignore_changes", Expr::Hcl("[scaling_config[0].desired_size]".to_owned()))]),
        )
        .done()
}

/// Nodes that AWS runs, one per pod.
fn serverless(stack: &mut Stack<'_>, it: &Component, cluster: &Expr, subnets: &[Expr]) -> Handle {
    let role = kit::role(
        stack,
        it,
        "pod_role",
        "eks-fargate-pods.amazonaws.com",
        &["AmazonEKSFargatePodExecutionRolePolicy"],
    );
    let name = stack.name(it);
    let spaces = ["default", "kube-system"];
    stack
        .add(it, "nodes", "aws_eks_fargate_profile", "AWS::EKS::FargateProfile")
        .set("cluster_name", "ClusterName", cluster)
        .set("fargate_profile_name", "FargateProfileName", name)
        .set("pod_execution_role_arn", "PodExecutionRoleArn", role.arn())
        .tf("subnet_ids", Expr::List(subnets.to_vec()))
        .cfn("Subnets", Expr::List(subnets.to_vec()))
        .tf(
            "selector",
            crate::engine::bind::expr::blocks(
                spaces.iter().map(|it| block([("namespace", (*it).into())])).collect(),
            ),
        )
        .cfn(
            "Selectors",
            Expr::List(spaces.iter().map(|it| map([("Namespace", (*it).into())])).collect()),
        )
        .done()
}

/// The role of the programs in the cluster.
fn workload(stack: &mut Stack<'_>, it: &Component, cluster: &Expr) -> Handle {
    let trust = map([
        ("Version", "2012-10-17".into()),
        (
            "Statement",
            list![map([
                ("Effect", "Allow".into()),
                ("Principal", map([("Service", "pods.eks.amazonaws.com".into())])),
                ("Action", list!["sts:AssumeRole", "sts:TagSession"]),
            ])],
        ),
    ]);
    let name = stack.name_with(it, "app");
    let role = stack
        .add(it, "role", "aws_iam_role", "AWS::IAM::Role")
        .set("name", "RoleName", name)
        .set("assume_role_policy", "AssumeRolePolicyDocument", document(trust))
        .done();
    stack
        .add(it, "identity", "aws_eks_pod_identity_association", "AWS::EKS::PodIdentityAssociation")
        .set("cluster_name", "ClusterName", cluster)
        .set("namespace", "Namespace", "default")
        .set("service_account", "ServiceAccount", "app")
        .set("role_arn", "RoleArn", role.arn())
        .done();
    role
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &KubernetesCluster) {
    bill.add(it, "Control plane", "eks", "cluster-hour", Quantity::fixed(HOURS), "730 h");
    let nodes = Quantity::range(
        f64::from(spec.nodes_min),
        spec.nodes_average.max(f64::from(spec.nodes_min)),
        f64::from(spec.nodes_max).max(spec.nodes_average),
    );
    let average = spec.nodes_average;
    if spec.serverless_nodes {
        for (item, key, size) in [
            ("vCPU", "vcpu-hour", spec.vcpu_per_node),
            ("Memory", "gb-hour", spec.memory_gib_per_node),
        ] {
            let formula = format!("{average} nodes × {size} × 730 h");
            bill.add(it, item, "fargate", key, nodes.times(size * HOURS), formula);
        }
    } else {
        let machine = node_type(spec, &bill.graph.region);
        let word = if spec.spot { "nodes at the on-demand price" } else { "nodes" };
        bill.add(
            it,
            "Nodes",
            "ec2",
            &machine,
            nodes.times(HOURS),
            format!("{average} {word} × 730 h, {machine}"),
        );
        bill.add(
            it,
            "Disks of nodes",
            "ebs",
            "gp3-gb-month",
            nodes.times(f64::from(spec.disk_gb)),
            format!("{average} nodes × {} GB", spec.disk_gb),
        );
    }
    bill.add(
        it,
        "Logs",
        "cloudwatch",
        "logs-gb",
        Quantity::usage(spec.log_gb_per_month),
        "GB of logs in a month",
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::bind::testing;
    use crate::engine::graph::{Network, Reason, Tier};

    #[test]
    fn programs_have_a_role_and_the_endpoint_is_private() {
        let reason = || Reason::rule("A test asks for it.");
        let mut graph = testing::empty(Tier::Better);
        graph.add("network", "Network", Network::default(), reason());
        graph.add("cluster", "Cluster", KubernetesCluster::default(), reason());
        let text = testing::terraform_of(&graph);
        assert!(text.contains("endpoint_public_access  = false"), "{text}");
        assert!(text.contains("aws_eks_pod_identity_association"), "{text}");
        assert!(text.contains("AL2023_ARM_64_STANDARD"), "{text}");
    }
}
