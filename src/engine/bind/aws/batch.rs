//! AWS Batch: queued jobs on Fargate, or on machines where jobs need them.

use super::{ecs, kit, sizing};
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join, json, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Arch, BatchCompute, Component};
use crate::engine::requirements::Intent;

binding! {
    BatchCompute {
        service: "batch",
        title: "AWS Batch",
        docs: "https://docs.aws.amazon.com/batch/latest/userguide/what-is-batch.html",
        sla: None,
        limits: &[Limit {
            what: "Payload of a submitted job",
            value: "30 KiB",
            source: "https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html",
        }],
        latency_ms: None,
    }
}

/// Ends at once and well; it stands in until the team's own image is there.
const PLACEHOLDER: &str = "public.ecr.aws/docker/library/busybox:stable";

/// Whether jobs run on machines: graphics processors are not to be had otherwise.
fn on_machines(spec: &BatchCompute) -> bool {
    spec.machines || spec.gpu > 0
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &BatchCompute) {
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
        "HTTPS to registries, AWS services and partners",
    );
    let logs = {
        let name = join!["/aws/batch/", stack.name(it)];
        kit::log_group(stack, it, "logs", name)
    };
    let outside = !net.has_nat && !net.public.is_empty();
    let subnets = if outside { net.public } else { net.private };
    let machines = on_machines(spec);
    let mut resources = vec![
        (
            "type".to_owned(),
            Expr::from(match (machines, spec.spot) {
                (true, true) => "SPOT",
                (true, false) => "EC2",
                (false, true) => "FARGATE_SPOT",
                (false, false) => "FARGATE",
            }),
        ),
        ("subnets".to_owned(), Expr::List(subnets)),
        ("security_group_ids".to_owned(), list![group_id.clone()]),
    ];
    let mut tf = vec![("max_vcpus".to_owned(), Expr::from(spec.max_vcpus.max(1)))];
    let mut cfn = vec![("MaxvCpus".to_owned(), Expr::from(spec.max_vcpus.max(1)))];
    if machines {
        let profile = machine_profile(stack, it);
        let families: Vec<Expr> = match (spec.gpu > 0, spec.arch) {
            (true, _) => list_of(&["g4dn", "g5"]),
            (false, Arch::Arm64) => list_of(&["m7g", "c7g", "r7g"]),
            (false, Arch::X86) => list_of(&["m7i", "c7i", "r7i"]),
        };
        let strategy =
            if spec.spot { "SPOT_PRICE_CAPACITY_OPTIMIZED" } else { "BEST_FIT_PROGRESSIVE" };
        resources.push(("allocation_strategy".to_owned(), strategy.into()));
        resources.push(("instance_role".to_owned(), profile.arn()));
        tf.push(("min_vcpus".to_owned(), 0.into()));
        tf.push(("instance_type".to_owned(), Expr::List(families.clone())));
        cfn.push(("MinvCpus".to_owned(), 0.into()));
        cfn.push(("InstanceTypes".to_owned(), Expr::List(families)));
    }
    let both = Expr::Block(resources);
    let with = |base: Expr, more: Vec<(String, Expr)>| match base {
        Expr::Block(mut fields) => {
            fields.extend(more);
            Expr::Block(fields)
        }
        other => other,
    };
    let environment = stack
        .add(it, "environment", "aws_batch_compute_environment", "AWS::Batch::ComputeEnvironment")
        .set("type", "Type", "MANAGED")
        .set("state", "State", "ENABLED")
        .tf("compute_resources", with(both.clone(), tf))
        .cfn("ComputeResources", with(kit::pascal(both), cfn))
        .cfn("ReplaceComputeEnvironment", false)
        .done();
    let name = stack.name(it);
    let order = |camel: bool| {
        let (order, environment_name) =
            if camel { ("Order", "ComputeEnvironment") } else { ("order", "compute_environment") };
        block([(order, 1.into()), (environment_name, environment.by_ref("arn"))])
    };
    let queue = stack
        .add(it, "", "aws_batch_job_queue", "AWS::Batch::JobQueue")
        .tf("name", name.clone())
        .cfn("JobQueueName", name)
        .set("state", "State", "ENABLED")
        .set("priority", "Priority", 1)
        .tf("compute_environment_order", order(false))
        .cfn("ComputeEnvironmentOrder", list![order(true)])
        .done();
    let role = kit::role(stack, it, "role", "ecs-tasks.amazonaws.com", &[]);
    let job = job(stack, it, spec, &role, &logs, outside);
    let facet = Facet::default()
        .handle("job_queue", &queue)
        .handle("job_definition", &job)
        .handle("role", &role)
        .value("arn", queue.by_ref("arn"))
        .value("group", group_id.clone())
        .reference("JOB_QUEUE", queue.by_ref("arn"))
        .reference("JOB_DEFINITION", job.by_ref("arn"))
        .grant(
            &[Intent::Invokes, Intent::Reads, Intent::Serves],
            &["batch:SubmitJob"],
            vec![
                queue.by_ref("arn"),
                kit::arn("batch", join!["job-definition/", stack.name(it), "*"]),
            ],
        )
        .principal(&role, Some(group_id), true);
    stack.facet(it, facet);
}

fn list_of(items: &[&str]) -> Vec<Expr> {
    items.iter().map(|it| (*it).into()).collect()
}

/// The role that machines of the environment join their cluster with.
fn machine_profile(stack: &mut Stack<'_>, it: &Component) -> Handle {
    let role = kit::role(
        stack,
        it,
        "machine_role",
        "ec2.amazonaws.com",
        &["service-role/AmazonEC2ContainerServiceforEC2Role"],
    );
    stack
        .add(it, "machine_profile", "aws_iam_instance_profile", "AWS::IAM::InstanceProfile")
        .tf("role", role.att("name", "RoleName"))
        .cfn("Roles", list![role.id()])
        .done()
}

fn job(
    stack: &mut Stack<'_>,
    it: &Component,
    spec: &BatchCompute,
    role: &Handle,
    logs: &Handle,
    outside: bool,
) -> Handle {
    let machines = on_machines(spec);
    let image = kit::text_input(
        stack,
        &format!("{}_image", it.id.snake()),
        &format!("Container image of {}; the default ends at once.", kit::ascii(&it.title)),
        Some(PLACEHOLDER),
    );
    let execution = (!machines).then(|| {
        kit::role(
            stack,
            it,
            "execution_role",
            "ecs-tasks.amazonaws.com",
            &["service-role/AmazonECSTaskExecutionRolePolicy"],
        )
    });
    let (vcpu, memory) = if machines {
        (spec.vcpu.ceil().max(1.0).to_string(), (spec.memory_gib * 1024.0) as u32)
    } else {
        let (cpu, memory) = ecs::task_size(spec.vcpu, spec.memory_gib);
        ((f64::from(cpu) / 1024.0).to_string(), memory)
    };
    let properties = |camel: bool| {
        let key = |text: &str| {
            let mut chars = text.chars();
            let first = chars.next().map(|c| if camel { c.to_ascii_uppercase() } else { c });
            first.into_iter().chain(chars).collect::<String>()
        };
        let object = |fields: Vec<(&str, Expr)>| {
            Expr::Map(fields.into_iter().map(|(name, value)| (key(name), value)).collect())
        };
        let need = |kind: &str, amount: String| {
            object(vec![("type", kind.into()), ("value", amount.into())])
        };
        let mut needs = vec![need("VCPU", vcpu.clone()), need("MEMORY", memory.to_string())];
        if spec.gpu > 0 {
            needs.push(need("GPU", spec.gpu.to_string()));
        }
        let options = map([
            ("awslogs-group", logs.by_ref("name")),
            ("awslogs-region", Expr::Region),
            ("awslogs-stream-prefix", it.id.as_str().into()),
        ]);
        let mut fields = vec![
            ("image", image.clone()),
            ("command", list!["true"]),
            ("jobRoleArn", role.arn()),
            ("resourceRequirements", Expr::List(needs)),
            ("environment", Expr::EnvListOf(it.id.clone())),
            (
                "logConfiguration",
                object(vec![("logDriver", "awslogs".into()), ("options", options)]),
            ),
        ];
        if let Some(execution) = &execution {
            let arch = if spec.arch == Arch::Arm64 { "ARM64" } else { "X86_64" };
            let address = if outside { "ENABLED" } else { "DISABLED" };
            fields.push(("executionRoleArn", execution.arn()));
            fields.push(("networkConfiguration", object(vec![("assignPublicIp", address.into())])));
            fields.push((
                "runtimePlatform",
                object(vec![
                    ("cpuArchitecture", arch.into()),
                    ("operatingSystemFamily", "LINUX".into()),
                ]),
            ));
        }
        object(fields)
    };
    let name = stack.name(it);
    // Three times what a job takes on average; a job that hangs costs money.
    let limit = ((spec.minutes_per_job * 180.0) as u32).max(600);
    stack
        .add(it, "job", "aws_batch_job_definition", "AWS::Batch::JobDefinition")
        .tf("name", name.clone())
        .cfn("JobDefinitionName", name)
        .set("type", "Type", "container")
        .set(
            "platform_capabilities",
            "PlatformCapabilities",
            list![if machines { "EC2" } else { "FARGATE" }],
        )
        .set("propagate_tags", "PropagateTags", true)
        .tf("container_properties", json(properties(false)))
        .cfn("ContainerProperties", properties(true))
        .nested("retry_strategy", "RetryStrategy", block([("attempts", 3.into())]))
        .nested("timeout", "Timeout", block([("attempt_duration_seconds", limit.into())]))
        .done()
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &BatchCompute) {
    let hours = spec.jobs_per_month * spec.minutes_per_job / 60.0;
    let run = format!("{} jobs × {} min", spec.jobs_per_month, spec.minutes_per_job);
    if on_machines(spec) {
        let families: &[&str] = match (spec.gpu > 0, spec.arch) {
            (true, _) => &["g4dn.", "g5."],
            (false, Arch::Arm64) => sizing::STEADY_ARM,
            (false, Arch::X86) => sizing::STEADY_X86,
        };
        let arch = if spec.gpu > 0 { Arch::X86 } else { spec.arch };
        let region = bill.graph.region.clone();
        let machine = sizing::instance(families, spec.vcpu, spec.memory_gib, arch, &region);
        bill.add(
            it,
            "Machines",
            "ec2",
            machine,
            Quantity::usage(hours),
            format!("{run}, {machine} at the on-demand price"),
        );
    } else {
        let (cpu, memory) = ecs::task_size(spec.vcpu, spec.memory_gib);
        let arm = spec.arch == Arch::Arm64;
        let (vcpu, gib) = (f64::from(cpu) / 1024.0, f64::from(memory) / 1024.0);
        bill.add(
            it,
            "vCPU",
            "fargate",
            if arm { "vcpu-hour-arm" } else { "vcpu-hour" },
            Quantity::usage(hours * vcpu),
            format!("{run} × {vcpu} vCPU"),
        );
        bill.add(
            it,
            "Memory",
            "fargate",
            if arm { "gb-hour-arm" } else { "gb-hour" },
            Quantity::usage(hours * gib),
            format!("{run} × {gib} GiB"),
        );
    }
    bill.add(
        it,
        "Logs",
        "cloudwatch",
        "logs-gb",
        // About a megabyte a job.
        Quantity::usage(spec.jobs_per_month * 0.001),
        "jobs × 1 MB",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graphics_processors_need_machines() {
        assert!(!on_machines(&BatchCompute::default()));
        assert!(on_machines(&BatchCompute { gpu: 1, ..BatchCompute::default() }));
    }
}
