//! Where data rests: engines by need, sizes by rate and volume.

use super::{Ctx, sizing};
use crate::engine::graph::specs::*;
use crate::engine::graph::{Kind, Tier};
use crate::engine::requirements::{DataClass, Needs};

/// A store of this kind, sized for a share of the load.
pub(super) fn spec(kind: Kind, ctx: &Ctx, parts: u32) -> Spec {
    let profile = ctx.profile;
    let share = f64::from(parts.max(1));
    let requests = profile.requests_per_month / share;
    let reads = requests * profile.read_share;
    let writes = requests - reads;
    let data_gb = profile.database_gb / share;
    let files_gb = profile.files_gb / share;
    let shape = sizing::database(
        profile.peak_rps / share,
        profile.average_rps / share,
        data_gb,
        ctx.utilisation(),
    );
    let backup_days = if ctx.hardened() { 30 } else { 7 };
    match kind {
        Kind::RelationalDatabase => relational(ctx, &shape, data_gb).into(),
        Kind::KeyValueStore => KeyValueStore {
            reads_per_month: reads * 2.0,
            writes_per_month: writes.max(requests * 0.1),
            storage_gb: data_gb.min(profile.database_gb).max(1.0),
            point_in_time_recovery: true,
            replicas: replicas(ctx),
            ..KeyValueStore::default()
        }
        .into(),
        Kind::KeyValueCache => KeyValueCache {
            nodes: if ctx.standby() { 2 + ctx.replicas() } else { 1 },
            ..KeyValueCache::default()
        }
        .into(),
        Kind::DocumentDatabase => DocumentDatabase {
            vcpu: shape.vcpu,
            memory_gib: shape.memory_gib.max(4.0),
            instances: instances(ctx),
            storage_gb: data_gb,
            backup_days,
            io_per_month: shape.io_per_month,
            ..DocumentDatabase::default()
        }
        .into(),
        Kind::GraphDatabase => GraphDatabase {
            vcpu: shape.vcpu,
            memory_gib: shape.memory_gib.max(4.0),
            instances: instances(ctx),
            storage_gb: data_gb,
            backup_days,
            io_per_month: shape.io_per_month,
            ..GraphDatabase::default()
        }
        .into(),
        Kind::WideColumnStore => WideColumnStore {
            reads_per_month: reads * 2.0,
            writes_per_month: writes.max(profile.messages_per_month),
            storage_gb: data_gb,
        }
        .into(),
        Kind::TimeSeriesStore => TimeSeriesStore {
            writes_per_month: profile.messages_per_month / share,
            // A measured value takes about 100 bytes; a year of them is kept.
            storage_gb: (profile.messages_per_month * 12.0 * 1e-7 / share).max(1.0),
            queries_per_month: (requests * 0.01).max(1000.0),
            ..TimeSeriesStore::default()
        }
        .into(),
        Kind::Cache => cache(ctx, data_gb).into(),
        Kind::DurableCache => DurableCache {
            memory_gib: sizing::cache_gib(data_gb, profile.sessions).max(1.37),
            nodes: if ctx.standby() { 2 + ctx.replicas() } else { 1 },
            gb_written_per_month: writes * profile.item_kb / 1e6,
            ..DurableCache::default()
        }
        .into(),
        Kind::SearchIndex => search(ctx, data_gb).into(),
        Kind::Warehouse => Warehouse {
            storage_gb: data_gb.max(100.0),
            capacity_units: sizing::units(data_gb, 1000.0).clamp(1, 16) * 8,
            ..Warehouse::default()
        }
        .into(),
        Kind::ObjectStore => ObjectStore {
            storage_gb: files_gb,
            writes_per_month: (requests * 0.02).max(1000.0),
            reads_per_month: (requests * 0.2).max(1000.0),
            versioned: true,
            infrequent_after_days: (files_gb > 100.0).then_some(30),
            access_logs: ctx.tier == Tier::Best && ctx.economy < 1,
            replicate: ctx.multi_region(),
            ..ObjectStore::default()
        }
        .into(),
        Kind::ExpressStore => ExpressStore {
            storage_gb: files_gb.min(1000.0),
            writes_per_month: writes,
            reads_per_month: reads,
        }
        .into(),
        Kind::TableStore => TableStore { storage_gb: files_gb, ..TableStore::default() }.into(),
        Kind::FileSystem => FileSystem {
            storage_gb: files_gb,
            one_zone: ctx.tier == Tier::Good && !ctx.profile.standby_needed && !profile.strict,
            gb_transferred_per_month: files_gb * 2.0,
            ..FileSystem::default()
        }
        .into(),
        Kind::FileServer => FileServer {
            storage_gb: files_gb.max(32.0),
            multi_zone: ctx.standby(),
            backup_days,
            ..FileServer::default()
        }
        .into(),
        _ => Spec::default_of(kind),
    }
}

/// Regions that a table replicates into.
fn replicas(ctx: &Ctx) -> Vec<String> {
    if !ctx.multi_region() {
        return Vec::new();
    }
    let mut regions: Vec<String> = ctx.needs.regions.iter().skip(1).cloned().collect();
    regions.retain(|it| ctx.policy.allows_region(it) && *it != ctx.profile.region);
    if regions.is_empty() {
        regions.extend(ctx.profile.recovery_region.clone());
    }
    regions
}

/// Members of a database cluster: the writer, a standby, readers.
fn instances(ctx: &Ctx) -> u32 {
    1 + u32::from(ctx.standby()) + ctx.replicas()
}

fn relational(ctx: &Ctx, shape: &sizing::DatabaseShape, data_gb: f64) -> RelationalDatabase {
    let engine = engine(ctx.needs);
    let style = style(ctx, engine);
    let cluster = matches!(style, RelationalStyle::Cluster | RelationalStyle::Serverless);
    // A quarter of the sold units holds the working set at rest.
    let capacity = (shape.memory_gib / 2.0).max(0.5);
    RelationalDatabase {
        engine,
        style,
        vcpu: shape.vcpu,
        memory_gib: least_memory(engine, cluster).max(shape.memory_gib),
        storage_gb: sizing::provisioned_gb(data_gb, ctx.profile.growth),
        iops: shape.iops,
        replicas: match style {
            // The reader of a cluster is its standby too.
            RelationalStyle::Cluster | RelationalStyle::Serverless => {
                u32::from(ctx.standby()) + ctx.replicas()
            }
            _ if matches!(engine, RelationalEngine::SqlServer | RelationalEngine::Oracle) => 0,
            _ => ctx.replicas(),
        },
        capacity_min: 0.5,
        capacity_max: (capacity * 2.0).clamp(1.0, 128.0),
        capacity_average: capacity.clamp(0.5, 128.0),
        backup_days: if ctx.profile.strict || ctx.tier == Tier::Best {
            35
        } else if ctx.tier == Tier::Better {
            14
        } else {
            7
        },
        global: cluster && ctx.multi_region(),
        connection_pool: false,
        deletion_protection: true,
        io_per_month: shape.io_per_month.max(1_000_000.0),
        ..RelationalDatabase::default()
    }
}

/// The smallest machines of engines with licences and of clusters.
fn least_memory(engine: RelationalEngine, cluster: bool) -> f64 {
    match engine {
        RelationalEngine::SqlServer | RelationalEngine::Oracle => 4.0,
        _ if cluster => 4.0,
        _ => 1.0,
    }
}

/// The engine that is in use, else PostgreSQL.
pub(super) fn engine(needs: &Needs) -> RelationalEngine {
    const NAMES: [(&str, RelationalEngine); 13] = [
        ("postgres", RelationalEngine::Postgres),
        ("postgresql", RelationalEngine::Postgres),
        ("mysql", RelationalEngine::MySql),
        ("mariadb", RelationalEngine::MariaDb),
        ("sqlserver", RelationalEngine::SqlServer),
        ("sql-server", RelationalEngine::SqlServer),
        ("sql server", RelationalEngine::SqlServer),
        ("mssql", RelationalEngine::SqlServer),
        ("oracle", RelationalEngine::Oracle),
        ("wordpress", RelationalEngine::MySql),
        ("drupal", RelationalEngine::MySql),
        ("magento", RelationalEngine::MySql),
        ("laravel", RelationalEngine::MySql),
    ];
    NAMES
        .into_iter()
        .find(|(name, _)| needs.stack.contains(*name))
        .map_or(RelationalEngine::Postgres, |(_, it)| it)
}

/// Single or with a standby by option; a cluster in the best one, where the
/// engine has one and nothing speaks against it.
fn style(ctx: &Ctx, engine: RelationalEngine) -> RelationalStyle {
    let clusters = matches!(engine, RelationalEngine::Postgres | RelationalEngine::MySql)
        && !ctx.profile.no_clusters
        && ctx.needs.preferences.open_source != Some(true);
    let scope = ctx.profile.completes();
    if clusters && scope && ctx.needs.preferences.serverless == Some(true) {
        return RelationalStyle::Serverless;
    }
    if clusters && scope && (ctx.multi_region() || (ctx.tier == Tier::Best && ctx.economy < 2)) {
        RelationalStyle::Cluster
    } else if ctx.standby() {
        RelationalStyle::MultiZone
    } else {
        RelationalStyle::Single
    }
}

fn cache(ctx: &Ctx, data_gb: f64) -> Cache {
    let memory = sizing::cache_gib(data_gb, ctx.profile.sessions);
    // Beyond the largest usual node the keys are spread.
    let shards = sizing::units(memory, 52.26).min(90);
    let copies = if ctx.standby() { 2 + ctx.replicas() } else { 1 };
    let engine = if ctx.needs.stack.contains("memcached") {
        CacheEngine::Memcached
    } else if ctx.needs.stack.contains("redis") {
        CacheEngine::Redis
    } else {
        CacheEngine::Valkey
    };
    Cache {
        engine,
        memory_gib: memory / f64::from(shards),
        nodes: copies * shards,
        shards,
        multi_zone: copies > 1 && engine != CacheEngine::Memcached,
        serverless: ctx.needs.preferences.serverless == Some(true),
        snapshot_days: if engine == CacheEngine::Memcached {
            0
        } else {
            1 + 6 * u32::from(ctx.hardened())
        },
        ..Cache::default()
    }
}

fn search(ctx: &Ctx, data_gb: f64) -> SearchIndex {
    // Replicas, overhead and free space together: 2.9 times the source, per the
    // sizing guide of OpenSearch; half of it without a replica.
    let nodes = if ctx.tier == Tier::Best && ctx.economy < 2 {
        3
    } else if ctx.standby() {
        2
    } else {
        1
    };
    let indexed = (data_gb * 0.5).max(5.0) * if nodes > 1 { 2.9 } else { 1.45 };
    let per_node = (indexed / f64::from(nodes)).max(10.0);
    let more = sizing::units(per_node, 2000.0);
    SearchIndex {
        vcpu: if per_node > 500.0 { 4.0 } else { 2.0 },
        memory_gib: if per_node > 500.0 {
            32.0
        } else if per_node > 100.0 {
            16.0
        } else {
            2.0
        },
        nodes: nodes * more,
        managers: if ctx.tier == Tier::Best && ctx.economy < 1 { 3 } else { 0 },
        storage_gb_per_node: (per_node / f64::from(more)).ceil(),
        ..SearchIndex::default()
    }
}

/// Personal data is there to be found in files.
pub(super) fn holds_personal_files(needs: &Needs) -> bool {
    needs.data.iter().any(|it| {
        matches!(
            it,
            DataClass::Personal | DataClass::Health | DataClass::Payment | DataClass::Children
        )
    })
}
