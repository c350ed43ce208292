//! Amazon EC2: machines from a launch template.
//!
//! Nobody signs in over the network: Session Manager reaches the machines. Up to
//! [`ALONE`] machines are instances with names; more, or machines that follow
//! load, are an Auto Scaling group over the same template.

use super::kit;
use super::{ec2_auto_scaling, sizing};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, blocks, join, json, list, map, pascal};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{
    Arch, Component, Graph, Kind, MachineScaling, Os, Spec, VirtualMachines,
};
use crate::engine::requirements::Intent;

binding! {
    VirtualMachines {
        service: "ec2",
        title: "Amazon EC2",
        docs: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/concepts.html",
        sla: Some(Sla {
            availability: 0.9999,
            single: 0.995,
            source: "https://aws.amazon.com/compute/sla/",
        }),
        limits: &[Limit {
            what: "Machines on demand, standard families, in a region",
            value: "5 vCPU in a new account, more on request",
            source: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html",
        }],
        latency_ms: Some((30.0, 100.0)),
    }
}

/// As many machines are made one by one; more are a group.
const ALONE: u32 = 4;

const START_LINUX: &str = include_str!("machines/start.sh");
const START_WINDOWS: &str = include_str!("machines/start.ps1");

/// The machine type of a spec in a region.
pub fn machine_type(spec: &VirtualMachines, region: &str) -> String {
    if let Some(named) = &spec.instance_type {
        return named.clone();
    }
    // Windows has no machines with ARM processors.
    let (families, arch) = match (spec.os, spec.arch) {
        (Os::Linux, Arch::Arm64) => (sizing::GENERAL_ARM, Arch::Arm64),
        _ => (sizing::GENERAL_X86, Arch::X86),
    };
    sizing::instance(families, spec.vcpu, spec.memory_gib, arch, region).to_owned()
}

/// Whether a machine type has an ARM processor: its family has a g after the generation.
pub fn is_arm(machine_type: &str) -> bool {
    let family = machine_type.split('.').next().unwrap_or_default();
    let generation = family.trim_start_matches(|c: char| !c.is_ascii_digit());
    family.starts_with("a1") || generation.chars().skip(1).any(|c| c == 'g')
}

/// Where AWS tells the newest image of an operating system.
fn image(os: Os, machine_type: &str) -> String {
    let path = match (os, is_arm(machine_type)) {
        (Os::Windows, _) => "ami-windows-latest/Windows_Server-2022-English-Full-Base",
        (Os::Linux, true) => "ami-amazon-linux-latest/al2023-ami-kernel-default-arm64",
        (Os::Linux, false) => "ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
    };
    format!("resolve:ssm:/aws/service/{path}")
}

fn disk(spec: &VirtualMachines) -> u32 {
    // The Windows image alone fills 30 GB.
    spec.disk_gb.max(if spec.os == Os::Windows { 40 } else { 8 })
}

/// What scales these machines, when something does.
fn scaler<'g>(graph: &'g Graph, it: &Component) -> Option<(&'g Component, &'g MachineScaling)> {
    graph.components.iter().filter(|other| graph.connected(&other.id, &it.id)).find_map(|other| {
        match &other.spec {
            Spec::MachineScaling(spec) => Some((other, spec)),
            _ => None,
        }
    })
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &VirtualMachines) {
    let (Some(group), Some(net)) = (kit::security_group(stack, it, ""), stack.net.clone()) else {
        stack.diagnose(kit::needs_network(it));
        return;
    };
    let group_id = kit::group_id(&group);
    kit::egress(
        stack,
        it,
        "https_out",
        &group_id,
        Some((443, 443)),
        kit::Peer::Cidr("0.0.0.0/0".into()),
        "HTTPS to AWS services and partners",
    );
    if spec.public {
        kit::ingress(
            stack,
            it,
            "public_in",
            &group_id,
            Some((spec.port as u16, spec.port as u16)),
            kit::Peer::Cidr("0.0.0.0/0".into()),
            "Requests from the internet",
        );
    }
    let role = kit::role(
        stack,
        it,
        "role",
        "ec2.amazonaws.com",
        &["AmazonSSMManagedInstanceCore", "CloudWatchAgentServerPolicy"],
    );
    let profile = stack
        .add(it, "profile", "aws_iam_instance_profile", "AWS::IAM::InstanceProfile")
        .tf("role", role.att("name", "RoleName"))
        .cfn("Roles", list![role.id()])
        .done();
    let log_name = join!["/aws/ec2/", stack.name(it)];
    let logs = kit::log_group(stack, it, "logs", log_name.clone());
    let settings_name = join!["/", Expr::Var("name_prefix".into()), format!("/{}", it.id)];
    stack
        .add(it, "settings", "aws_ssm_parameter", "AWS::SSM::Parameter")
        .set("name", "Name", settings_name.clone())
        .set("type", "Type", "String")
        .set("tier", "Tier", "Intelligent-Tiering")
        .set("value", "Value", json(Expr::EnvOf(it.id.clone())))
        .skip("CKV2_AWS_34", "Settings are names and addresses; secrets are in Secrets Manager")
        .skip("CKV_AWS_337", "Settings are names and addresses; secrets are in Secrets Manager")
        .done();
    let parameter = kit::arn("ssm", join!["parameter", settings_name.clone()]);
    stack.allow(&it.id, kit::allow(&["ssm:GetParameter"], vec![parameter]));

    // Without a way out of the private subnets, only a public address reaches Systems Manager.
    let outside = spec.public || (!net.has_nat && !net.public.is_empty());
    let subnets =
        if outside && !net.public.is_empty() { net.public.clone() } else { net.private.clone() };
    let scaler = scaler(stack.graph, it);
    let grouped = scaler.is_some() || spec.count > ALONE;
    let machine = machine_type(spec, &stack.graph.region);
    let values =
        [("settings", settings_name), ("port", spec.port.to_string().into()), ("logs", log_name)];
    // Machines of a group get their network from the template, single ones from themselves.
    let network = grouped.then(|| (group_id.clone(), outside));
    let template = template(stack, it, spec, &machine, &profile, &values, network);

    let mut facet = Facet::default()
        .handle("template", &template)
        .handle("role", &role)
        .handle("profile", &profile)
        .handle("logs", &logs)
        .value("group", group_id.clone())
        .value("port", spec.port)
        .grant(
            &[Intent::Invokes],
            &["ec2:StartInstances", "ec2:StopInstances", "ec2:RebootInstances"],
            vec![kit::arn("ec2", "instance/*".into())],
        )
        .principal(&role, Some(group_id.clone()), true)
        .listener(group_id.clone(), spec.port as u16);
    if grouped {
        let (owner, sizes) = match scaler {
            Some((owner, sizes)) => (owner, sizes.clone()),
            None => (
                it,
                MachineScaling {
                    min: spec.count,
                    max: spec.count,
                    desired: spec.count,
                    target_cpu_percent: 60,
                },
            ),
        };
        let scaling = ec2_auto_scaling::group(stack, owner, it, &sizes, &template, subnets);
        facet = facet
            .handle("scaling_group", &scaling)
            .value("scaling_group_arn", scaling.att("arn", "AutoScalingGroupARN"));
    } else {
        facet = instances(stack, it, spec, &template, &subnets, &group_id, outside, facet);
    }
    stack.facet(it, facet);
}

fn template(
    stack: &mut Stack<'_>,
    it: &Component,
    spec: &VirtualMachines,
    machine: &str,
    profile: &Handle,
    values: &[(&str, Expr)],
    network: Option<(Expr, bool)>,
) -> Handle {
    let name = stack.name(it);
    let key = stack.key_arn.clone();
    let (script, file) = match spec.os {
        Os::Linux => (START_LINUX, "start.sh"),
        Os::Windows => (START_WINDOWS, "start.ps1"),
    };
    let path = format!("machines/{}/{file}", it.id);
    stack.files.insert(path.clone(), script.into());
    let settings = Expr::Call(
        "templatefile",
        vec![
            join![Expr::Hcl("path.module".to_owned()), format!("/{path}")],
            Expr::Map(values.iter().map(|(name, it)| ((*name).to_owned(), it.clone())).collect()),
        ],
    );
    let device = if spec.os == Os::Windows { "/dev/sda1" } else { "/dev/xvda" };
    let volume = |camel: bool| {
        let name = |tf: &str, cfn: &str| if camel { cfn.to_owned() } else { tf.to_owned() };
        let mut fields = vec![
            (name("volume_size", "VolumeSize"), Expr::from(disk(spec))),
            (name("volume_type", "VolumeType"), "gp3".into()),
            (name("encrypted", "Encrypted"), true.into()),
        ];
        if let Some(key) = &key {
            fields.push((name("kms_key_id", "KmsKeyId"), key.clone()));
        }
        Expr::Block(vec![
            (name("device_name", "DeviceName"), device.into()),
            (name("ebs", "Ebs"), Expr::Block(fields)),
        ])
    };
    let mut data = vec![
        ("ImageId".to_owned(), Expr::from(image(spec.os, machine))),
        ("InstanceType".to_owned(), machine.into()),
        ("UserData".to_owned(), map([("Fn::Base64", filled(script, values))])),
    ];
    let mut draft = stack
        .add(it, "", "aws_launch_template", "AWS::EC2::LaunchTemplate")
        .tf("name", name.clone())
        .cfn("LaunchTemplateName", name.clone())
        .tf("update_default_version", true)
        .tf("image_id", image(spec.os, machine))
        .tf("instance_type", machine)
        .tf("user_data", Expr::Call("base64encode", vec![settings]))
        .comment("Session Manager reaches the machines; no port is open for that.");
    let metadata = block([
        ("http_endpoint", "enabled".into()),
        ("http_tokens", "required".into()),
        ("http_put_response_hop_limit", 1.into()),
    ]);
    let profile_of = |camel: bool| {
        let key = if camel { "Arn" } else { "arn" };
        block([(key, profile.arn())])
    };
    // The provider's default tags do not reach what a template starts; patching finds machines by these.
    let marks = [
        ("Name", name.clone()),
        ("Project", Expr::Var("project".to_owned())),
        ("PatchGroup", Expr::Var("name_prefix".to_owned())),
    ];
    let tags = map(marks.clone());
    draft = draft
        .tf("iam_instance_profile", profile_of(false))
        .tf("metadata_options", metadata.clone())
        .tf("monitoring", block([("enabled", true.into())]))
        .tf("block_device_mappings", volume(false))
        .tf("tag_specifications", {
            blocks(
                ["instance", "volume"]
                    .into_iter()
                    .map(|kind| block([("resource_type", kind.into()), ("tags", tags.clone())]))
                    .collect(),
            )
        });
    data.extend([
        ("IamInstanceProfile".to_owned(), profile_of(true)),
        ("MetadataOptions".to_owned(), pascal(metadata)),
        ("Monitoring".to_owned(), block([("Enabled", true.into())])),
        ("BlockDeviceMappings".to_owned(), list![volume(true)]),
        (
            "TagSpecifications".to_owned(),
            Expr::List(
                ["instance", "volume"]
                    .into_iter()
                    .map(|kind| {
                        map([("ResourceType", kind.into()), ("Tags", kit::tag_list(&marks))])
                    })
                    .collect(),
            ),
        ),
    ]);
    match network {
        Some((group, true)) => {
            let interface = |groups: &str| {
                let mut fields = vec![
                    ("device_index".to_owned(), Expr::from(0)),
                    ("associate_public_ip_address".to_owned(), true.into()),
                ];
                fields.push((groups.to_owned(), list![group.clone()]));
                Expr::Block(fields)
            };
            draft = draft.tf("network_interfaces", interface("security_groups"));
            data.push(("NetworkInterfaces".to_owned(), list![pascal(interface("groups"))]));
        }
        Some((group, false)) => {
            draft = draft.tf("vpc_security_group_ids", list![group.clone()]);
            data.push(("SecurityGroupIds".to_owned(), list![group]));
        }
        None => {}
    }
    if spec.spot {
        let market = block([("market_type", "spot".into())]);
        data.push(("InstanceMarketOptions".to_owned(), pascal(market.clone())));
        draft = draft.tf("instance_market_options", market);
    }
    draft = draft.cfn("LaunchTemplateData", Expr::Block(data));
    if spec.public {
        draft = draft.skip("CKV_AWS_88", "The design asks for machines that the internet reaches");
    }
    draft.done()
}

/// A text with its `${name}` places filled.
pub fn filled(text: &str, values: &[(&str, Expr)]) -> Expr {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        parts.push(Expr::from(before));
        match values.iter().find(|it| it.0 == name) {
            Some((_, value)) => parts.push(value.clone()),
            None => parts.push(format!("${{{name}}}").into()),
        }
        rest = after;
    }
    parts.push(rest.into());
    Expr::Join(parts)
}

/// Machines one by one, spread over the zones.
#[expect(clippy::too_many_arguments, reason = "a machine has this many sides")]
fn instances(
    stack: &mut Stack<'_>,
    it: &Component,
    spec: &VirtualMachines,
    template: &Handle,
    subnets: &[Expr],
    group: &Expr,
    outside: bool,
    mut facet: Facet,
) -> Facet {
    let handles = ["machine_0", "machine_1", "machine_2", "machine_3"];
    let mut ids = Vec::new();
    let mut arns = Vec::new();
    for (n, handle) in handles.iter().enumerate().take(spec.count.max(1) as usize) {
        let Some(subnet) = subnets.get(n % subnets.len().max(1)) else { break };
        let suffix = format!("machine_{}", n + 1);
        let name = stack.name_with(it, &(n + 1).to_string());
        let stem = stack.name(it);
        let protect = kit::protect(stack) && !spec.spot;
        let mut draft = stack
            .add(it, &suffix, "aws_instance", "AWS::EC2::Instance")
            .tf("launch_template", block([("id", template.id()), ("version", "$Latest".into())]))
            .cfn(
                "LaunchTemplate",
                block([
                    ("LaunchTemplateId", template.id()),
                    ("Version", template.att("latest_version", "LatestVersionNumber")),
                ]),
            )
            .tf("subnet_id", subnet)
            .tf("vpc_security_group_ids", list![group.clone()])
            .tf("associate_public_ip_address", outside)
            .cfn(
                "NetworkInterfaces",
                list![map([
                    ("DeviceIndex", "0".into()),
                    ("SubnetId", subnet.clone()),
                    ("GroupSet", list![group.clone()]),
                    ("AssociatePublicIpAddress", outside.into()),
                ])],
            )
            .tf("tags", map([("Name", name.clone()), ("Deployment", stem.clone())]))
            .cfn("Tags", kit::tag_list(&[("Name", name), ("Deployment", stem)]))
            .skip("CKV_AWS_8", "The launch template encrypts the disks")
            .skip("CKV_AWS_79", "The launch template demands version 2 of the metadata service")
            .skip("CKV_AWS_126", "The launch template turns detailed monitoring on")
            .skip("CKV_AWS_135", "Machines of these generations are always EBS-optimised")
            .skip("CKV2_AWS_41", "The launch template gives the machine its role");
        if !spec.spot {
            draft = draft.set("disable_api_termination", "DisableApiTermination", protect);
        }
        if outside {
            draft = draft.skip(
                "CKV_AWS_88",
                "Without a NAT gateway a public address is the way to Systems Manager; the security group lets in what the design connects only",
            );
        }
        let instance = draft.done();
        ids.push(instance.id());
        arns.push(kit::arn("ec2", join!["instance/", instance.id()]));
        facet = facet.handle(handle, &instance);
        if n == 0 {
            facet = facet
                .value("instance_id", instance.id())
                .value("private_ip", instance.att("private_ip", "PrivateIp"));
        }
        if spec.public {
            let address = stack
                .add(it, &format!("address_{}", n + 1), "aws_eip", "AWS::EC2::EIP")
                .set("domain", "Domain", "vpc")
                .tf("instance", instance.id())
                .cfn("InstanceId", instance.id())
                .done();
            if n == 0 {
                let ip = address.by_ref("public_ip");
                stack.output(
                    &format!("{}_address", it.id.snake()),
                    "Public address of the first machine.",
                    ip.clone(),
                );
                facet = facet.value("public_ip", ip);
            }
        }
    }
    if let Some(host) = facet.values.get("private_ip").cloned() {
        let url = join!["http://", host.clone(), format!(":{}", spec.port)];
        facet = facet.reference("URL", url);
    }
    facet.value("instance_ids", Expr::List(ids)).value("instance_arns", Expr::List(arns))
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &VirtualMachines) {
    let machine = machine_type(spec, &bill.graph.region);
    let count = f64::from(spec.count.max(1));
    let machines = match scaler(bill.graph, it) {
        Some((_, sizes)) => Quantity::range(
            f64::from(sizes.min.max(1)),
            count.max(f64::from(sizes.min)),
            f64::from(sizes.max).max(count),
        ),
        None => Quantity::fixed(count),
    };
    let word = if spec.spot { "machines at the on-demand price" } else { "machines" };
    bill.add(
        it,
        "Machines",
        "ec2",
        &machine,
        machines.times(HOURS),
        format!("{count} {word} × 730 h, {machine}"),
    );
    if spec.os == Os::Windows {
        bill.unpriced(it, "Windows licence", count * HOURS, "ec2 windows licence");
    }
    let disk = f64::from(disk(spec));
    bill.add(
        it,
        "Disks",
        "ebs",
        "gp3-gb-month",
        machines.times(disk),
        format!("{count} machines × {disk} GB"),
    );
    bill.add(
        it,
        "Detailed monitoring",
        "ec2-extras",
        "detailed-monitoring-metric-month",
        machines.times(7.0),
        format!("{count} machines × 7 metrics"),
    );
    if spec.public || !bill.graph.has(Kind::NatGateway) {
        bill.add(
            it,
            "Public addresses",
            "vpc",
            "public-ipv4-hour",
            machines.times(HOURS),
            format!("{count} addresses × 730 h"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::bind::testing;
    use crate::engine::graph::{Network, Reason, Tier};

    #[test]
    fn processors_are_told_by_family() {
        for arm in
            ["t4g.small", "m7g.large", "c6gn.xlarge", "im4gn.large", "a1.large", "x2gd.large"]
        {
            assert!(is_arm(arm), "{arm}");
        }
        for x86 in ["t3.small", "m7i.large", "g4dn.xlarge", "g5.xlarge", "p3.2xlarge"] {
            assert!(!is_arm(x86), "{x86}");
        }
    }

    #[test]
    fn machines_that_scale_are_one_group_over_the_template() {
        let reason = || Reason::rule("A test asks for it.");
        let mut graph = testing::empty(Tier::Better);
        graph.add("network", "Network", Network::default(), reason());
        let machines = graph.add("web", "Web", VirtualMachines::default(), reason());
        assert!(testing::terraform_of(&graph).contains("\"aws_instance\""));
        let scaling = graph.add("scale", "Scaling", MachineScaling::default(), reason());
        graph.connect(&scaling, &machines, Intent::Invokes, reason());
        let text = testing::terraform_of(&graph);
        assert!(text.contains("resource \"aws_autoscaling_group\" \"scale\""), "{text}");
        assert!(!text.contains("\"aws_instance\""), "{text}");
    }

    #[test]
    fn places_of_a_text_are_filled() {
        let text = filled("a ${b} c ${d}", &[("b", Expr::from("B"))]);
        assert_eq!(text, join!["a ", "B", " c ", "${d}", ""]);
    }
}
