//! Where code runs: the style by rule, the size by load.

use super::profile::{Scope, described, number, windows};
use super::{Ctx, Decision, Draft, Role, sizing};
use crate::engine::graph::specs::*;
use crate::engine::graph::{Kind, NodeId, Reason, Tier};
use crate::engine::requirements::{Intention, WorkloadKind as W};

/// What a computing part has to get done.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demand {
    pub per_month: f64,
    pub average: f64,
    pub peak: f64,
    /// Processor seconds of one request or message.
    pub cpu: f64,
    /// Seconds that one takes, waiting included.
    pub seconds: f64,
}

/// Waiting for databases and others takes this many times the processor time.
const WAITING: f64 = 4.0;
/// Work that is left for later is heavier than a request.
const WORKER_FACTOR: f64 = 5.0;
/// Runs of a job in a month: daily.
const JOB_RUNS: f64 = 30.0;
const JOB_SECONDS: f64 = 60.0;
/// Functions may run for fifteen minutes.
const FUNCTION_SECONDS: u32 = 900;

impl Demand {
    /// The demand on one of `parts` computing parts of a role.
    pub fn of(ctx: &Ctx, role: Role, parts: u32) -> Self {
        let profile = ctx.profile;
        let share = f64::from(parts.max(1));
        let cpu = profile.cpu_seconds;
        let of = |per_month: f64, average: f64, peak: f64, cpu: f64, seconds: f64| Self {
            per_month: per_month / share,
            average: average / share,
            peak: peak / share,
            cpu,
            seconds,
        };
        match role {
            Role::Front => of(
                profile.requests_per_month,
                profile.average_rps,
                profile.peak_rps,
                cpu,
                cpu * WAITING,
            ),
            Role::Worker => {
                let messages = profile.messages_per_month / profile.batch;
                let average = sizing::average_per_second(messages);
                // A queue flattens the peak: workers may lag by minutes.
                let cpu = cpu * WORKER_FACTOR;
                of(messages, average, average * 2.0, cpu, cpu * WAITING)
            }
            Role::Job => {
                let average = sizing::average_per_second(JOB_RUNS);
                of(JOB_RUNS, average, 1.0 / JOB_SECONDS, JOB_SECONDS / 4.0, JOB_SECONDS)
            }
        }
    }
}

/// A computing part of this kind, sized for its demand.
pub(super) fn spec(kind: Kind, ctx: &Ctx, demand: Demand) -> Spec {
    match kind {
        Kind::Function => function(ctx, demand).into(),
        Kind::ContainerService => container(ctx, demand).into(),
        Kind::KubernetesCluster => kubernetes(ctx, demand).into(),
        Kind::VirtualMachines => machines(ctx, demand).into(),
        Kind::MachineScaling => scaling(ctx, demand).into(),
        Kind::BatchCompute => batch(ctx).into(),
        Kind::WebService => {
            let (vcpu, count) =
                sizing::task_shape(demand.peak, demand.cpu, 0.25, ctx.utilisation());
            let vcpu = vcpu.min(4.0);
            let average = sizing::concurrency(demand.average, demand.cpu) / vcpu;
            WebService {
                vcpu,
                // The least memory that is sold with each processor size.
                memory_gib: (vcpu * 2.0).max(0.5).max(f64::from(ctx.profile.runtime_mb) / 1024.0),
                instances_min: 1,
                instances_max: count.clamp(2, 25),
                active_share: average.clamp(0.05, 1.0),
                port: 8080,
            }
            .into()
        }
        Kind::AppPlatform => {
            let vcpu = sizing::vcpus(0.0, 2.0);
            let count = sizing::tasks(demand.peak, demand.cpu, vcpu, ctx.utilisation());
            AppPlatform {
                platform: platform(ctx),
                vcpu,
                memory_gib: 2.0,
                instances_min: ctx.copies(),
                instances_max: (count * 2).max(ctx.copies() + 1),
                load_balanced: ctx.tier > Tier::Good || ctx.profile.standby_needed || count > 1,
            }
            .into()
        }
        _ => Spec::default_of(kind),
    }
}

fn platform(ctx: &Ctx) -> &'static str {
    let stack = &ctx.needs.stack;
    const NAMES: [(&str, &str); 10] = [
        ("java", "Java"),
        ("spring", "Java"),
        ("node", "Node.js"),
        ("node.js", "Node.js"),
        ("php", "PHP"),
        ("laravel", "PHP"),
        ("ruby", "Ruby"),
        ("go", "Go"),
        (".net", ".NET"),
        ("docker", "Docker"),
    ];
    NAMES.into_iter().find(|(name, _)| stack.contains(*name)).map_or("Python", |(_, it)| it)
}

pub(super) fn runtime(ctx: &Ctx) -> Runtime {
    let stack = &ctx.needs.stack;
    const NAMES: [(&str, Runtime); 18] = [
        ("python", Runtime::Python),
        ("django", Runtime::Python),
        ("flask", Runtime::Python),
        ("fastapi", Runtime::Python),
        ("typescript", Runtime::Node),
        ("node", Runtime::Node),
        ("node.js", Runtime::Node),
        ("nodejs", Runtime::Node),
        ("javascript", Runtime::Node),
        ("java", Runtime::Java),
        ("kotlin", Runtime::Java),
        ("spring", Runtime::Java),
        (".net", Runtime::Dotnet),
        ("dotnet", Runtime::Dotnet),
        ("c#", Runtime::Dotnet),
        ("go", Runtime::Go),
        ("golang", Runtime::Go),
        ("ruby", Runtime::Ruby),
    ];
    NAMES.into_iter().find(|(name, _)| stack.contains(*name)).map_or(Runtime::Python, |(_, it)| it)
}

fn function(ctx: &Ctx, demand: Demand) -> Function {
    // A function's processor share grows with its memory: 1,769 MB is one vCPU.
    // Half of the time is processor time at 512 MB, so memory buys duration.
    let memory_mb = ctx.profile.runtime_mb.max(if demand.seconds > 5.0 { 1024 } else { 256 });
    let concurrent = sizing::concurrency(demand.peak, demand.seconds);
    let warm = if ctx.tier == Tier::Best && ctx.economy < 1 && ctx.profile.completes() {
        // Warm copies for the average, never for more than is used all day.
        sizing::concurrency(demand.average, demand.seconds).ceil().clamp(0.0, 50.0) as u32
    } else {
        0
    };
    Function {
        runtime: runtime(ctx),
        arch: ctx.profile.arch,
        memory_mb,
        timeout_seconds: ((demand.seconds * 10.0).ceil() as u32).clamp(30, FUNCTION_SECONDS),
        requests_per_month: demand.per_month,
        duration_ms: (demand.seconds * 1000.0).round(),
        in_network: false,
        reserved_concurrency: None,
        provisioned_concurrency: warm,
        peak_concurrency: concurrent.max(1.0).ceil(),
    }
}

/// Memory that serverless containers are sold with, by vCPU: least and most GiB.
fn container_memory(vcpu: f64, wanted_gib: f64) -> f64 {
    let (least, most) = match vcpu {
        it if it <= 0.25 => (0.5, 2.0),
        it if it <= 0.5 => (1.0, 4.0),
        it if it <= 1.0 => (2.0, 8.0),
        it if it <= 2.0 => (4.0, 16.0),
        _ => (8.0, 30.0),
    };
    let rounded = if wanted_gib <= 0.5 { 0.5 } else { wanted_gib.ceil() };
    rounded.clamp(least, most)
}

fn container(ctx: &Ctx, demand: Demand) -> ContainerService {
    let needed = f64::from(ctx.profile.runtime_mb) / 1024.0;
    let least_vcpu = if needed >= 1.0 { 0.5 } else { 0.25 };
    let (vcpu, peak) = sizing::task_shape(demand.peak, demand.cpu, least_vcpu, ctx.utilisation());
    let average = sizing::concurrency(demand.average, demand.cpu) / (vcpu * ctx.utilisation());
    let min = ctx.copies().max(average.floor().min(10_000.0) as u32);
    ContainerService {
        arch: ctx.profile.arch,
        vcpu,
        memory_gib: container_memory(vcpu, needed),
        tasks_min: min,
        tasks_max: peak.max(min * 2),
        tasks_average: average.max(f64::from(min)),
        port: 8080,
        spot: ctx.needs.preferences.spot == Some(true),
        instance_type: None,
        log_gb_per_month: (demand.per_month * sizing::LOG_KB_PER_REQUEST / 1e6).max(0.1),
    }
}

fn kubernetes(ctx: &Ctx, demand: Demand) -> KubernetesCluster {
    // Pods ask for what containers would; an eighth of a node is the system's.
    let busy = demand.peak * demand.cpu / ctx.utilisation();
    let vcpu = if busy > 40.0 {
        8.0
    } else if busy > 12.0 {
        4.0
    } else {
        2.0
    };
    let peak = sizing::units(busy, vcpu * 0.875);
    let average = sizing::concurrency(demand.average, demand.cpu) / ctx.utilisation();
    let min = ctx.copies().max(2);
    KubernetesCluster {
        arch: ctx.profile.arch,
        vcpu_per_node: vcpu,
        memory_gib_per_node: vcpu * 4.0,
        nodes_min: min,
        nodes_max: peak.max(min * 2),
        nodes_average: (average / (vcpu * 0.875)).max(f64::from(min)),
        spot: ctx.needs.preferences.spot == Some(true),
        log_gb_per_month: (demand.per_month * sizing::LOG_KB_PER_REQUEST / 1e6).max(1.0),
        ..KubernetesCluster::default()
    }
}

fn machines(ctx: &Ctx, demand: Demand) -> VirtualMachines {
    let windows = windows(ctx.needs);
    let busy = demand.peak * demand.cpu / ctx.utilisation();
    let vcpu = if busy > 32.0 {
        8.0
    } else if busy > 8.0 {
        4.0
    } else {
        2.0
    };
    let average = sizing::concurrency(demand.average, demand.cpu) / (vcpu * ctx.utilisation());
    let copies = if ctx.profile.completes() { ctx.copies() } else { 1 };
    VirtualMachines {
        os: if windows { Os::Windows } else { Os::Linux },
        arch: ctx.profile.arch,
        vcpu,
        memory_gib: if windows {
            vcpu * 4.0
        } else if busy < 0.5 {
            1.0
        } else {
            vcpu * 2.0
        },
        count: copies.max(average.ceil().min(1000.0) as u32),
        disk_gb: if windows { 50 } else { 20 },
        spot: ctx.needs.preferences.spot == Some(true),
        ..VirtualMachines::default()
    }
}

fn scaling(ctx: &Ctx, demand: Demand) -> MachineScaling {
    let machine = machines(ctx, demand);
    let busy = demand.peak * demand.cpu;
    let peak = sizing::units(busy, machine.vcpu * ctx.utilisation());
    let min = ctx.copies();
    MachineScaling {
        min,
        max: peak.max(machine.count).max(min * 2),
        desired: machine.count.max(min),
        target_cpu_percent: (ctx.utilisation() * 100.0).round() as u32,
    }
}

fn batch(ctx: &Ctx) -> BatchCompute {
    let jobs = ctx.needs.load.jobs_per_day.filter(|it| it.is_finite() && *it > 0.0);
    let jobs_per_month = jobs.map_or(300.0, |it| (it * 30.0).min(1e9));
    let minutes = 10.0;
    // Jobs of a day that arrive within four hours.
    let at_once = sizing::units(jobs_per_month / 30.0 * minutes, 240.0);
    BatchCompute {
        arch: ctx.profile.arch,
        vcpu: 1.0,
        memory_gib: 2.0,
        max_vcpus: (at_once * 2).max(4),
        jobs_per_month,
        minutes_per_job: minutes,
        gpu: 0,
        spot: ctx.needs.preferences.spot.unwrap_or(ctx.tier == Tier::Good),
        machines: false,
    }
}

/// How the parts that answer people run: the kind, and what spoke for it.
pub(super) struct Style {
    pub kind: Kind,
    pub because: String,
    pub against: Vec<(&'static str, String)>,
}

/// Frameworks that run as servers which keep state between requests.
const SERVER_FRAMEWORKS: &[&str] = &[
    "rails",
    "ruby on rails",
    "django",
    "laravel",
    "spring",
    "spring boot",
    "wordpress",
    "drupal",
    "magento",
    "asp.net",
    "phoenix",
    "elixir",
    "php",
    "tomcat",
    "jboss",
    "docker",
];

/// The application is written with a framework that runs as a server.
pub(super) fn serves_pages(ctx: &Ctx) -> bool {
    SERVER_FRAMEWORKS.iter().any(|it| ctx.needs.stack.contains(*it))
}

/// What the least servers cost a month: a container, a load balancer, a NAT
/// gateway and a small database.
pub(super) const IDLE_SERVERS: f64 = 75.0;

/// Chooses the compute style: prohibitions and preferences first, then what the
/// workload needs, then what its load costs.
pub(super) fn style(ctx: &Ctx) -> Option<Style> {
    let needs = ctx.needs;
    let wish = &needs.preferences;
    let profile = ctx.profile;
    let month = number(profile.requests_per_month);
    let chosen = |kind: Kind, because: String, against: Vec<(&'static str, String)>| {
        profile.allows(kind).then_some(Style { kind, because, against })
    };
    let framework = SERVER_FRAMEWORKS.iter().find(|it| needs.stack.contains(**it));
    let kubernetes = wish.kubernetes == Some(true) || needs.stack.contains("kubernetes");
    let orchestrator = described(needs, &[W::ContainerPlatform]);
    let lock_in = wish.open_source == Some(true);
    let machines = described(needs, &[W::VirtualMachine]);
    let long_lived = described(needs, &[W::GameServer]);
    let sessions = described(needs, &[W::WebApp, W::Ecommerce, W::Cms, W::Microservices]);
    let moves = needs.intent == Intention::Migrate;
    let fast = needs.latency_ms.is_some_and(|(ms, _)| ms > 0.0 && ms < 50.0);
    let poor = needs.budget.is_some_and(|it| it < IDLE_SERVERS)
        && profile.requests_per_month <= sizing::FUNCTION_BREAK_EVEN
        && !super::parts::says_relational_of(needs);
    let rules = [
        kubernetes.then(|| {
            chosen(
                Kind::KubernetesCluster,
                "Kubernetes is asked for".into(),
                vec![(
                    "Serverless containers",
                    "would cost less to run, but are not Kubernetes".into(),
                )],
            )
        }),
        (wish.serverless == Some(true) || wish.scale_to_zero).then(|| {
            chosen(
                Kind::Function,
                "it has to be serverless and cost nothing while idle".into(),
                vec![("Containers", "at least one copy runs at all times".into())],
            )
        }),
        (wish.virtual_machines == Some(true) || machines.is_some()).then(|| {
            chosen(
                Kind::VirtualMachines,
                "virtual machines are asked for".into(),
                vec![(
                    "Serverless containers",
                    "would need no patching, but are not machines".into(),
                )],
            )
        }),
        (wish.containers == Some(true) || orchestrator.is_some() || lock_in).then(|| {
            chosen(
                Kind::ContainerService,
                if lock_in && wish.containers != Some(true) {
                    "containers run on any cloud, so nothing is locked in".into()
                } else {
                    "containers are asked for".to_owned()
                },
                vec![
                    ("Kubernetes", "its control plane and nodes need people to run them".into()),
                    ("Functions", "their interface differs on every cloud".into()),
                ],
            )
        }),
        (poor && framework.is_none() && !moves && !fast).then(|| {
            chosen(
                Kind::Function,
                "the budget is less than servers cost while nobody comes".into(),
                vec![(
                    "Containers",
                    "two small ones with their network cost 75 dollars without any request".into(),
                )],
            )
        }),
        framework.map(|name| {
            chosen(
                Kind::ContainerService,
                format!("{name} runs as a server, which a container carries as it is"),
                vec![("Functions", format!("{name} would have to be adapted and starts slowly"))],
            )
        }),
        moves.then(|| {
            chosen(
                Kind::ContainerService,
                "an application that moves over keeps running as a server".into(),
                vec![("Functions", "the application would have to be rewritten".into())],
            )
        }),
        (sessions.is_some() || long_lived.is_some()).then(|| {
            chosen(
                Kind::ContainerService,
                format!(
                    "a server-rendered application runs as a server ({month} requests a month)"
                ),
                vec![
                    ("Functions", "fit single requests better than a whole application".into()),
                    ("Kubernetes", "its control plane and nodes need people to run them".into()),
                    ("Virtual machines", "have to be patched and scale more slowly".into()),
                ],
            )
        }),
        fast.then(|| {
            chosen(
                Kind::ContainerService,
                "cold starts of functions would miss the response time".into(),
                vec![("Functions", "start in 0.1 to 1 s when they were idle".into())],
            )
        }),
        (profile.requests_per_month <= sizing::FUNCTION_BREAK_EVEN).then(|| {
            chosen(
                Kind::Function,
                format!(
                    "{month} requests a month cost less by the call than copies that always run \
                     (break-even at {})",
                    number(sizing::FUNCTION_BREAK_EVEN)
                ),
                vec![(
                    "Containers",
                    "at least one copy and a load balancer run at all times".into(),
                )],
            )
        }),
    ];
    rules.into_iter().flatten().flatten().next().or_else(|| {
        const REST: &[Kind] = &[
            Kind::ContainerService,
            Kind::Function,
            Kind::WebService,
            Kind::VirtualMachines,
            Kind::KubernetesCluster,
            Kind::AppPlatform,
        ];
        profile.choose(REST).map(|kind| Style {
            kind,
            because: if kind == Kind::ContainerService {
                format!("{month} requests a month keep containers busy, which then cost less than functions")
            } else {
                "what would fit better is excluded".to_owned()
            },
            against: vec![(
                "Functions",
                format!("cost more above {} requests a month", number(sizing::FUNCTION_BREAK_EVEN)),
            )],
        })
    })
}

/// Adds a computing part for a role and says why it is of this kind.
pub(super) fn place(
    draft: &mut Draft,
    id: &str,
    title: &str,
    role: Role,
    style: &Style,
    parts: u32,
    reason: Reason,
) -> Option<NodeId> {
    let ctx = draft.ctx;
    let demand = Demand::of(&ctx, role, parts);
    let node = draft.add(id, title, spec(style.kind, &ctx, demand), reason)?;
    draft.roles.insert(node.clone(), role);
    let mut decision =
        Decision::new("compute", style.kind.title(), format!("{}.", capital(&style.because)))
            .so(consequence(style.kind))
            .on([node.clone()]);
    for (what, why_not) in &style.against {
        decision = decision.instead_of(*what, why_not.clone());
    }
    draft.decide(decision);
    let machines = style.kind == Kind::VirtualMachines;
    if machines && (ctx.tier > Tier::Good || ctx.profile.scope >= Scope::Specified) {
        let group = draft.add(
            &format!("{id}-scaling"),
            &format!("{title} scaling"),
            scaling(&ctx, demand),
            Reason::rule("Replaces failed machines and follows the load."),
        );
        if let Some(group) = group {
            draft.roles.insert(group, role);
        }
    }
    Some(node)
}

fn consequence(kind: Kind) -> &'static str {
    match kind {
        Kind::Function => "No capacity to manage; a call ends after 15 minutes at the latest.",
        Kind::ContainerService => "No machines to patch; at least one copy is always paid for.",
        Kind::KubernetesCluster => "Portable and extensible; upgrades and add-ons need people.",
        Kind::VirtualMachines => "Full control; operating systems have to be patched.",
        _ => "Little to run; the platform sets the limits.",
    }
}

pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}
