//! What a text says about a service it names: engine, size, how many.

use crate::engine::graph::specs::*;
use std::collections::BTreeMap;

fn number(details: &BTreeMap<&'static str, String>, key: &str) -> Option<u32> {
    details
        .get(key)
        .and_then(|it| it.trim().parse::<f64>().ok())
        .filter(|it| it.is_finite() && *it >= 0.0)
        .map(|it| it.min(1e9) as u32)
}

fn decimal(details: &BTreeMap<&'static str, String>, key: &str) -> Option<f64> {
    details
        .get(key)
        .and_then(|it| it.trim().parse::<f64>().ok())
        .filter(|it| it.is_finite() && *it > 0.0)
}

/// What the text says about a service overrides what was computed.
pub(super) fn apply(spec: &mut Spec, details: &BTreeMap<&'static str, String>, count: u32) {
    let text = |key: &str| details.get(key).map(String::as_str);
    let flag = |key: &str| text(key).map(|it| it == "true");
    let variant = text("variant").unwrap_or("");
    let instance = details.get("instance").cloned();
    let nodes = number(details, "nodes").filter(|it| *it > 0).map(|it| it.min(1000));
    match spec {
        Spec::Function(it) => {
            if text("architecture") == Some("arm64") {
                it.arch = Arch::Arm64;
            }
            if let Some(memory) = number(details, "memory_mb") {
                it.memory_mb = memory.clamp(128, 10_240);
            }
            if let Some(timeout) = number(details, "timeout_seconds").or(number(details, "timeout"))
            {
                it.timeout_seconds = timeout.clamp(1, 900);
            }
            if let Some(runtime) = text("runtime") {
                it.runtime = runtime_named(runtime).unwrap_or(it.runtime);
            }
            if flag("in_network") == Some(true) || flag("vpc") == Some(true) {
                it.in_network = true;
            }
            if let Some(warm) = number(details, "provisioned_concurrency") {
                it.provisioned_concurrency = warm.min(1000);
            }
        }
        Spec::ContainerService(it) => {
            if variant == "ec2" || instance.is_some() {
                it.instance_type = Some(instance.unwrap_or_else(|| "t4g.medium".to_owned()));
            }
            if let Some(vcpu) = decimal(details, "vcpu") {
                it.vcpu = vcpu.clamp(0.25, 16.0);
            }
            if let Some(nodes) = nodes.or(number(details, "tasks").filter(|it| *it > 0)) {
                it.tasks_min = nodes.min(1000);
                it.tasks_max = it.tasks_max.max(it.tasks_min * 2);
                it.tasks_average = it.tasks_average.max(f64::from(it.tasks_min));
            }
            if text("purchase") == Some("spot") {
                it.spot = true;
            }
        }
        Spec::KubernetesCluster(it) => {
            it.instance_type = instance.or(it.instance_type.take());
            if it.instance_type.is_some() {
                it.arch = arch_of(it.instance_type.as_deref(), it.arch);
            }
            if variant == "fargate" {
                it.serverless_nodes = true;
            }
            if let Some(nodes) = nodes {
                it.nodes_min = nodes;
                it.nodes_max = it.nodes_max.max(nodes * 2);
                it.nodes_average = it.nodes_average.max(f64::from(nodes));
            }
            if text("purchase") == Some("spot") {
                it.spot = true;
            }
        }
        Spec::VirtualMachines(it) => {
            it.arch = arch_of(instance.as_deref(), it.arch);
            it.instance_type = instance.or(it.instance_type.take());
            if count > 1 {
                it.count = count.min(10_000);
            }
            if let Some(nodes) = nodes {
                it.count = nodes;
            }
            if text("os") == Some("windows") {
                it.os = Os::Windows;
                it.arch = Arch::X86;
                it.disk_gb = it.disk_gb.max(50);
                it.memory_gib = it.memory_gib.max(4.0);
            }
            if text("purchase") == Some("spot") {
                it.spot = true;
            }
        }
        Spec::MachineScaling(it) => {
            if let Some(min) = number(details, "min") {
                it.min = min.min(1000);
                it.desired = it.desired.max(it.min);
                it.max = it.max.max(it.desired);
            }
            if let Some(max) = number(details, "max") {
                it.max = max.clamp(it.min.max(1), 10_000);
                it.desired = it.desired.min(it.max);
            }
        }
        Spec::LoadBalancer(it) => {
            match variant {
                "network" | "nlb" => it.layer = Layer::Tcp,
                "gateway" | "gwlb" => it.layer = Layer::Gateway,
                _ => {}
            }
            if flag("internal") == Some(true) {
                it.internal = true;
            }
        }
        Spec::HttpApi(it) => {
            match variant {
                "rest" => it.protocol = ApiProtocol::Rest,
                "websocket" => it.protocol = ApiProtocol::WebSocket,
                "http" => it.protocol = ApiProtocol::Http,
                _ => {}
            }
            if flag("private") == Some(true) {
                it.private = true;
                it.protocol = ApiProtocol::Rest;
            }
        }
        Spec::RelationalDatabase(it) => relational(it, details, instance, nodes),
        Spec::DocumentDatabase(it) => {
            it.instance_class = instance.or(it.instance_class.take());
            it.instances = nodes.unwrap_or(it.instances).min(16);
            it.storage_gb = decimal(details, "storage_gb").unwrap_or(it.storage_gb);
        }
        Spec::GraphDatabase(it) => {
            it.instance_class = instance.or(it.instance_class.take());
            it.instances = nodes.unwrap_or(it.instances).min(16);
            if variant.contains("serverless") {
                it.serverless = true;
            }
        }
        Spec::Cache(it) => {
            match text("engine") {
                Some("redis") => it.engine = CacheEngine::Redis,
                Some("memcached") => {
                    it.engine = CacheEngine::Memcached;
                    it.multi_zone = false;
                    it.snapshot_days = 0;
                }
                Some("valkey") => it.engine = CacheEngine::Valkey,
                _ => {}
            }
            it.node_type = instance.map(|it| prefixed("cache.", &it)).or(it.node_type.take());
            if it.node_type.is_some() {
                // The text says how large it is.
                it.nodes = (it.nodes / it.shards.max(1)).max(1);
                it.shards = 1;
            }
            if variant.contains("serverless") {
                it.serverless = true;
            }
            if let Some(nodes) = nodes.or((count > 1).then_some(count)) {
                it.nodes = nodes.clamp(1, 500);
                it.multi_zone &= it.nodes > 1;
            }
        }
        Spec::SearchIndex(it) => {
            if variant.contains("serverless") {
                it.serverless = true;
            }
            it.instance_type = instance.or(it.instance_type.take());
            it.nodes = nodes.unwrap_or(it.nodes).min(80);
        }
        Spec::Warehouse(it)
            if instance.is_some() || nodes.is_some() || variant == "provisioned" =>
        {
            it.serverless = false;
            it.node_type = instance.or(it.node_type.take());
            it.nodes = nodes.unwrap_or(it.nodes);
        }
        Spec::KeyValueStore(it) => it.on_demand &= text("billing") != Some("provisioned"),
        Spec::ObjectStore(it) => match variant {
            "website" | "static" => it.purpose = ObjectPurpose::Website,
            "lake" | "data-lake" => it.purpose = ObjectPurpose::Lake,
            "archive" | "glacier" => {
                it.purpose = ObjectPurpose::Archive;
                it.archive_after_days = Some(30);
            }
            "intelligent-tiering" | "tiering" => it.tiering = true,
            _ => {}
        },
        Spec::FileServer(it) => match variant {
            "lustre" => it.kind = FileServerKind::Lustre,
            "ontap" => it.kind = FileServerKind::Ontap,
            "openzfs" => it.kind = FileServerKind::OpenZfs,
            _ => {}
        },
        Spec::Queue(it) => it.fifo |= variant == "fifo" || flag("fifo") == Some(true),
        Spec::Topic(it) => it.fifo |= variant == "fifo" || flag("fifo") == Some(true),
        Spec::Workflow(it) => it.express |= variant == "express",
        Spec::Stream(it) => {
            if let Some(shards) = number(details, "shards").filter(|it| *it > 0) {
                it.on_demand = false;
                it.shards = shards.min(10_000);
            }
        }
        Spec::Schedule(it) => {
            if let Some(when) = text("schedule").or(text("expression"))
                && (when.starts_with("rate(") || when.starts_with("cron("))
            {
                it.expression = when.to_owned();
            }
        }
        Spec::KafkaCluster(it) => {
            it.serverless |= variant.contains("serverless");
            it.broker_type = instance.or(it.broker_type.take());
            it.brokers = nodes.or(number(details, "brokers")).unwrap_or(it.brokers).clamp(2, 90);
        }
        Spec::MessageBroker(it) => {
            match text("engine") {
                Some("rabbitmq") => it.engine = BrokerEngine::RabbitMq,
                Some("activemq") => it.engine = BrokerEngine::ActiveMq,
                _ => {}
            }
            it.instance_type = instance.or(it.instance_type.take());
        }
        Spec::BatchCompute(it) => {
            it.machines |= variant == "ec2" || instance.is_some();
            if flag("gpu") == Some(true) {
                it.gpu = 1;
                it.machines = true;
            }
            if text("purchase") == Some("spot") {
                it.spot = true;
            }
        }
        Spec::HadoopCluster(it) => {
            it.serverless |= variant.contains("serverless");
            it.instance_type = instance.or(it.instance_type.take());
            it.core_nodes = nodes.unwrap_or(it.core_nodes);
        }
        Spec::ModelEndpoint(it) => {
            it.instance_type = instance.map(|it| prefixed("ml.", &it)).or(it.instance_type.take());
            it.serverless |= variant.contains("serverless");
            it.feature_store |=
                variant.contains("feature-store") || flag("feature_store") == Some(true);
            it.notebook |= variant.contains("notebook");
        }
        Spec::FoundationModel(it) => {
            it.knowledge_base |=
                variant.contains("knowledge") || flag("knowledge_base") == Some(true);
            it.agent |= variant.contains("agent") || flag("agent") == Some(true);
            if let Some(model) = text("model") {
                it.model = model.to_owned();
            }
        }
        Spec::GameFleet(it) => {
            it.instance_type = instance.or(it.instance_type.take());
            it.spot |= text("purchase") == Some("spot");
        }
        Spec::DirectConnect(it) => {
            if let Some(gbps) = number(details, "gbps").filter(|it| *it > 0) {
                it.gbps = gbps.min(400);
            }
        }
        Spec::Vpn(it) => it.client |= variant == "client",
        _ => {}
    }
}

fn relational(
    it: &mut RelationalDatabase,
    details: &BTreeMap<&'static str, String>,
    instance: Option<String>,
    nodes: Option<u32>,
) {
    let text = |key: &str| details.get(key).map(String::as_str);
    if let Some(engine) = text("engine") {
        it.engine = match engine {
            "mysql" => RelationalEngine::MySql,
            "mariadb" => RelationalEngine::MariaDb,
            "sqlserver" | "sql-server" | "mssql" => RelationalEngine::SqlServer,
            "oracle" => RelationalEngine::Oracle,
            _ => RelationalEngine::Postgres,
        };
    }
    let standby = matches!(
        it.style,
        RelationalStyle::MultiZone | RelationalStyle::Cluster | RelationalStyle::Serverless
    );
    let clusters = matches!(it.engine, RelationalEngine::Postgres | RelationalEngine::MySql);
    match text("variant").unwrap_or("") {
        "aurora-serverless" if clusters => {
            it.replicas = it.replicas.max(u32::from(standby));
            it.style = RelationalStyle::Serverless;
        }
        variant if variant.starts_with("aurora") && clusters => {
            it.replicas = it.replicas.max(u32::from(standby));
            it.style = RelationalStyle::Cluster;
            it.memory_gib = it.memory_gib.max(4.0);
            it.global |= variant.contains("global");
        }
        // Named as a plain instance, it stays one in every option.
        _ if it.style == RelationalStyle::Cluster && !it.global => {
            it.replicas = it.replicas.saturating_sub(1);
            it.style = RelationalStyle::MultiZone;
        }
        _ => {}
    }
    if text("multi_az") == Some("true") && it.style == RelationalStyle::Single {
        it.style = RelationalStyle::MultiZone;
    }
    let licensed = matches!(it.engine, RelationalEngine::SqlServer | RelationalEngine::Oracle);
    if licensed {
        it.replicas = 0;
        it.memory_gib = it.memory_gib.max(4.0);
        it.global = false;
        if it.style == RelationalStyle::Cluster || it.style == RelationalStyle::Serverless {
            it.style = RelationalStyle::MultiZone;
        }
    }
    if let Some(replicas) =
        number(details, "read_replicas").or(nodes.map(|it| it.saturating_sub(1)))
    {
        it.replicas = it.replicas.max(replicas.min(15));
    }
    if let Some(version) = details.get("version") {
        it.version = Some(version.clone());
    }
    if let Some(storage) = decimal(details, "storage_gb") {
        it.storage_gb = storage.clamp(20.0, 65_536.0);
    }
    it.instance_class = instance.map(|it| prefixed("db.", &it)).or(it.instance_class.take());
    it.connection_pool |= text("proxy") == Some("true") || text("connection_pool") == Some("true");
}

/// `r5.large` of a database is `db.r5.large`.
fn prefixed(prefix: &str, instance: &str) -> String {
    if instance.starts_with(prefix) { instance.to_owned() } else { format!("{prefix}{instance}") }
}

/// Processors of a named instance type: `g` after the generation is ARM.
fn arch_of(instance: Option<&str>, known: Arch) -> Arch {
    let Some(instance) = instance else { return known };
    let family = instance.split('.').next().unwrap_or("");
    let after = family.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let suffix = after.trim_start_matches(|c: char| c.is_ascii_digit());
    if suffix.starts_with('g') || family == "a1" { Arch::Arm64 } else { Arch::X86 }
}

fn runtime_named(name: &str) -> Option<Runtime> {
    let name = name.to_ascii_lowercase();
    [
        ("python", Runtime::Python),
        ("node", Runtime::Node),
        ("typescript", Runtime::Node),
        ("javascript", Runtime::Node),
        ("java", Runtime::Java),
        ("dotnet", Runtime::Dotnet),
        (".net", Runtime::Dotnet),
        ("c#", Runtime::Dotnet),
        ("go", Runtime::Go),
        ("ruby", Runtime::Ruby),
    ]
    .into_iter()
    .find(|(prefix, _)| name.starts_with(prefix))
    .map(|(_, it)| it)
}
