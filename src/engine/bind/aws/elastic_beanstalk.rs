//! AWS Elastic Beanstalk: an application on machines that the platform manages.

use super::{kit, sizing};
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, blocks, join, json, list, map};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{AppPlatform, Arch, Component};
use crate::engine::requirements::Intent;

binding! {
    AppPlatform {
        service: "elastic-beanstalk",
        title: "AWS Elastic Beanstalk",
        docs: "https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/Welcome.html",
        sla: None,
        limits: &[Limit {
            what: "Environments of an account and region",
            value: "200",
            source: "https://docs.aws.amazon.com/general/latest/gr/elasticbeanstalk.html",
        }],
        latency_ms: Some((30.0, 100.0)),
    }
}

/// The platform whose name is known for certain; others are named by who deploys.
const PYTHON: &str = "64bit Amazon Linux 2023 v4.9.0 running Python 3.12";

fn machine_type(spec: &AppPlatform, region: &str) -> &'static str {
    sizing::instance(sizing::GENERAL_X86, spec.vcpu, spec.memory_gib, Arch::X86, region)
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &AppPlatform) {
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
    let service = kit::role(
        stack,
        it,
        "service_role",
        "elasticbeanstalk.amazonaws.com",
        &[
            "service-role/AWSElasticBeanstalkEnhancedHealth",
            "AWSElasticBeanstalkManagedUpdatesCustomerRolePolicy",
        ],
    );
    let role = kit::role(
        stack,
        it,
        "role",
        "ec2.amazonaws.com",
        &["AWSElasticBeanstalkWebTier", "AmazonSSMManagedInstanceCore"],
    );
    let profile = stack
        .add(it, "profile", "aws_iam_instance_profile", "AWS::IAM::InstanceProfile")
        .tf("role", role.att("name", "RoleName"))
        .cfn("Roles", list![role.id()])
        .done();
    let settings = join!["/", Expr::Var("name_prefix".into()), format!("/{}", it.id)];
    stack
        .add(it, "settings", "aws_ssm_parameter", "AWS::SSM::Parameter")
        .set("name", "Name", settings.clone())
        .set("type", "Type", "String")
        .set("tier", "Tier", "Intelligent-Tiering")
        .set("value", "Value", json(Expr::EnvOf(it.id.clone())))
        .comment("What the application connects to; it reads this when it starts.")
        .skip("CKV2_AWS_34", "Settings are names and addresses; secrets are in Secrets Manager")
        .skip("CKV_AWS_337", "Settings are names and addresses; secrets are in Secrets Manager")
        .done();
    let parameter = kit::arn("ssm", join!["parameter", settings.clone()]);
    stack.allow(&it.id, kit::allow(&["ssm:GetParameter"], vec![parameter]));
    let platform = kit::text_input(
        stack,
        &format!("{}_platform", it.id.snake()),
        "Solution stack; `aws elasticbeanstalk list-available-solution-stacks` tells the newest.",
        (spec.platform == "Python").then_some(PYTHON),
    );
    let name = stack.name(it);
    let application = stack
        .add(it, "", "aws_elastic_beanstalk_application", "AWS::ElasticBeanstalk::Application")
        .tf("name", name.clone())
        .cfn("ApplicationName", name)
        .done();
    let outside = !net.has_nat && !net.public.is_empty();
    let front = if net.public.is_empty() { net.private.clone() } else { net.public.clone() };
    let machines = if outside { net.public.clone() } else { net.private.clone() };
    let comma = |items: Vec<Expr>| {
        let mut parts = Vec::new();
        for (n, it) in items.into_iter().enumerate() {
            if n > 0 {
                parts.push(",".into());
            }
            parts.push(it);
        }
        Expr::Join(parts)
    };
    let most = spec.instances_max.max(spec.instances_min).max(1);
    let machine = machine_type(spec, &stack.graph.region);
    let mut options: Vec<(&str, &str, Expr)> = vec![
        ("aws:autoscaling:asg", "MinSize", spec.instances_min.max(1).to_string().into()),
        ("aws:autoscaling:asg", "MaxSize", most.to_string().into()),
        ("aws:autoscaling:launchconfiguration", "DisableIMDSv1", "true".into()),
        ("aws:autoscaling:launchconfiguration", "IamInstanceProfile", profile.by_ref("name")),
        ("aws:autoscaling:launchconfiguration", "RootVolumeType", "gp3".into()),
        ("aws:autoscaling:launchconfiguration", "SecurityGroups", group_id.clone()),
        ("aws:ec2:instances", "InstanceTypes", machine.into()),
        ("aws:ec2:vpc", "AssociatePublicIpAddress", outside.to_string().into()),
        ("aws:ec2:vpc", "Subnets", comma(machines)),
        ("aws:ec2:vpc", "VPCId", net.vpc_id.clone()),
        ("aws:elasticbeanstalk:application:environment", "SETTINGS_PARAMETER", settings),
        ("aws:elasticbeanstalk:cloudwatch:logs", "RetentionInDays", {
            super::kit::retention_days(stack).to_string().into()
        }),
        ("aws:elasticbeanstalk:cloudwatch:logs", "StreamLogs", "true".into()),
        ("aws:elasticbeanstalk:environment", "ServiceRole", service.arn()),
        ("aws:elasticbeanstalk:healthreporting:system", "SystemType", "enhanced".into()),
        ("aws:elasticbeanstalk:managedactions", "ManagedActionsEnabled", "true".into()),
        ("aws:elasticbeanstalk:managedactions", "PreferredStartTime", "Sun:02:00".into()),
        ("aws:elasticbeanstalk:managedactions:platformupdate", "UpdateLevel", "minor".into()),
    ];
    if spec.load_balanced {
        options.extend([
            ("aws:elasticbeanstalk:environment", "EnvironmentType", "LoadBalanced".into()),
            ("aws:elasticbeanstalk:environment", "LoadBalancerType", "application".into()),
            ("aws:ec2:vpc", "ELBSubnets", comma(front)),
            ("aws:elasticbeanstalk:command", "DeploymentPolicy", "Rolling".into()),
        ]);
    } else {
        options.push(("aws:elasticbeanstalk:environment", "EnvironmentType", {
            "SingleInstance".into()
        }));
    }
    options.sort_by_key(|it| (it.0, it.1));
    let environment_name = Expr::from(it.id.as_str());
    let environment = stack
        .add(
            it,
            "environment",
            "aws_elastic_beanstalk_environment",
            "AWS::ElasticBeanstalk::Environment",
        )
        // Names of environments have 40 characters at most and are the account's.
        .tf("name", Expr::Hcl(format!("substr(\"${{local.name_prefix}}-{}\", 0, 40)", it.id)))
        .cfn("EnvironmentName", environment_name)
        .tf("application", application.by_ref("name"))
        .cfn("ApplicationName", application.by_ref("name"))
        .set("solution_stack_name", "SolutionStackName", platform)
        .tf(
            "setting",
            blocks(
                options
                    .iter()
                    .map(|(space, name, value)| {
                        block([
                            ("namespace", (*space).into()),
                            ("name", (*name).into()),
                            ("value", value.clone()),
                        ])
                    })
                    .collect(),
            ),
        )
        .cfn(
            "OptionSettings",
            Expr::List(
                options
                    .iter()
                    .map(|(space, name, value)| {
                        map([
                            ("Namespace", (*space).into()),
                            ("OptionName", (*name).into()),
                            ("Value", value.clone()),
                        ])
                    })
                    .collect(),
            ),
        )
        .done();
    let host = environment.att("endpoint_url", "EndpointURL");
    let url: Expr = join!["http://", host.clone()];
    stack.output(&format!("{}_url", it.id.snake()), "Address of the application.", url.clone());
    let facet = Facet::default()
        .handle("application", &application)
        .handle("environment", &environment)
        .handle("role", &role)
        .value("host", host)
        .value("url", url.clone())
        .value("group", group_id.clone())
        .value("http_only", true)
        .reference("URL", url)
        .grant(
            &[Intent::Invokes, Intent::Reads, Intent::Serves],
            &["elasticbeanstalk:DescribeEnvironments"],
            vec![kit::arn("elasticbeanstalk", join!["environment/", stack.name(it), "/*"])],
        )
        .principal(&role, Some(group_id), true);
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &AppPlatform) {
    let machine = machine_type(spec, &bill.graph.region);
    let least = f64::from(spec.instances_min.max(1));
    let machines = Quantity::range(least, least, f64::from(spec.instances_max).max(least));
    bill.add(
        it,
        "Machines",
        "ec2",
        machine,
        machines.times(HOURS),
        format!("{least} machines × 730 h, {machine}"),
    );
    let disks = format!("{least} machines × 10 GB");
    bill.add(it, "Disks", "ebs", "gp3-gb-month", machines.times(10.0), disks);
    if spec.load_balanced {
        bill.add(it, "Load balancer", "alb", "hour", Quantity::fixed(HOURS), "730 h");
        bill.add(
            it,
            "Capacity units of the load balancer",
            "alb",
            "lcu-hour",
            Quantity::usage(HOURS),
            "one unit × 730 h",
        );
    }
}
