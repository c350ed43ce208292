//! Where data rests.

use super::{choice, spec};

choice! {
    RelationalEngine {
        Postgres = "postgres", MySql = "mysql", MariaDb = "mariadb",
        SqlServer = "sqlserver", Oracle = "oracle",
    }
    /// How a relational database is run.
    RelationalStyle {
        /// One instance.
        Single = "single",
        /// An instance and a standby in another zone.
        MultiZone = "multi-zone",
        /// A cluster with shared storage (Aurora).
        Cluster = "cluster",
        /// A cluster whose capacity follows load (Aurora Serverless v2).
        Serverless = "serverless",
    }
    CacheEngine { Valkey = "valkey", Redis = "redis", Memcached = "memcached" }
    /// What a bucket is for.
    ObjectPurpose {
        Files = "files", Website = "website", Lake = "lake", Archive = "archive", Logs = "logs", Artifacts = "artifacts",
    }
    FileServerKind { Windows = "windows", Lustre = "lustre", Ontap = "ontap", OpenZfs = "openzfs" }
}

spec! {
    RelationalDatabase {
        engine: RelationalEngine = RelationalEngine::Postgres,
        style: RelationalStyle = RelationalStyle::Single,
        /// Major version; the binding has the default.
        version: Option<String> = None,
        vcpu: f64 = 2.0,
        memory_gib: f64 = 4.0,
        /// When the text names one.
        instance_class: Option<String> = None,
        storage_gb: f64 = 20.0,
        iops: u32 = 3000,
        replicas: u32 = 0,
        /// Capacity units of a serverless cluster.
        capacity_min: f64 = 0.5,
        capacity_max: f64 = 4.0,
        capacity_average: f64 = 1.0,
        backup_days: u32 = 7,
        database: String = "app".to_owned(),
        /// Replicates into the recovery region.
        global: bool = false,
        connection_pool: bool = false,
        deletion_protection: bool = true,
        /// I/O requests in a month, where they are charged.
        io_per_month: f64 = 10_000_000.0,
    }
    KeyValueStore {
        on_demand: bool = true,
        reads_per_month: f64 = 1_000_000.0,
        writes_per_month: f64 = 200_000.0,
        read_units: u32 = 5,
        write_units: u32 = 5,
        storage_gb: f64 = 1.0,
        partition_key: String = "pk".to_owned(),
        sort_key: Option<String> = Some("sk".to_owned()),
        /// Emits a stream of changes.
        stream: bool = false,
        point_in_time_recovery: bool = true,
        /// Regions it replicates into.
        replicas: Vec<String> = Vec::new(),
        expiry_attribute: Option<String> = None,
    }
    KeyValueCache { memory_gib: f64 = 16.0, nodes: u32 = 1 }
    DocumentDatabase {
        vcpu: f64 = 2.0, memory_gib: f64 = 4.0, instance_class: Option<String> = None,
        instances: u32 = 1, storage_gb: f64 = 20.0, backup_days: u32 = 7,
        io_per_month: f64 = 10_000_000.0, deletion_protection: bool = true,
    }
    GraphDatabase {
        vcpu: f64 = 2.0, memory_gib: f64 = 4.0, instance_class: Option<String> = None,
        instances: u32 = 1, storage_gb: f64 = 20.0, backup_days: u32 = 7,
        io_per_month: f64 = 10_000_000.0, serverless: bool = false, deletion_protection: bool = true,
    }
    WideColumnStore { reads_per_month: f64 = 1_000_000.0, writes_per_month: f64 = 500_000.0, storage_gb: f64 = 5.0 }
    TimeSeriesStore {
        writes_per_month: f64 = 10_000_000.0, storage_gb: f64 = 10.0, queries_per_month: f64 = 10_000.0,
        memory_hours: u32 = 24, magnetic_days: u32 = 365,
    }
    Cache {
        engine: CacheEngine = CacheEngine::Valkey,
        memory_gib: f64 = 1.0,
        node_type: Option<String> = None,
        /// Nodes in all, replicas included.
        nodes: u32 = 1,
        shards: u32 = 1,
        multi_zone: bool = false,
        snapshot_days: u32 = 1,
        serverless: bool = false,
    }
    DurableCache { memory_gib: f64 = 6.0, node_type: Option<String> = None, nodes: u32 = 1, shards: u32 = 1, gb_written_per_month: f64 = 10.0 }
    SearchIndex {
        vcpu: f64 = 2.0, memory_gib: f64 = 4.0, instance_type: Option<String> = None,
        nodes: u32 = 1, managers: u32 = 0, storage_gb_per_node: f64 = 20.0, serverless: bool = false,
    }
    Warehouse {
        node_type: Option<String> = None, nodes: u32 = 2, serverless: bool = true,
        capacity_units: u32 = 8, hours_per_month: f64 = 60.0, storage_gb: f64 = 100.0,
    }
    ObjectStore {
        purpose: ObjectPurpose = ObjectPurpose::Files,
        storage_gb: f64 = 10.0,
        writes_per_month: f64 = 100_000.0,
        reads_per_month: f64 = 1_000_000.0,
        versioned: bool = true,
        /// Days until objects move to an infrequent class, and to the archive.
        infrequent_after_days: Option<u32> = None,
        archive_after_days: Option<u32> = None,
        expire_after_days: Option<u32> = None,
        tiering: bool = false,
        /// Objects cannot be deleted for this long.
        lock_days: Option<u32> = None,
        /// Copies into the recovery region.
        replicate: bool = false,
        access_logs: bool = false,
        /// Emits events when objects arrive.
        notify: bool = false,
        /// Browsers upload directly.
        cors: bool = false,
    }
    ExpressStore { storage_gb: f64 = 10.0, writes_per_month: f64 = 100_000.0, reads_per_month: f64 = 1_000_000.0 }
    TableStore { storage_gb: f64 = 10.0, writes_per_month: f64 = 10_000.0, reads_per_month: f64 = 100_000.0 }
    FileSystem { storage_gb: f64 = 10.0, infrequent_share: f64 = 0.5, provisioned_mibps: f64 = 0.0, one_zone: bool = false, gb_transferred_per_month: f64 = 10.0 }
    FileServer { kind: FileServerKind = FileServerKind::Windows, storage_gb: f64 = 100.0, throughput_mbps: u32 = 32, multi_zone: bool = false, backup_days: u32 = 7 }
    BackupPlan {
        daily_retention_days: u32 = 35, monthly_retention_days: u32 = 0, storage_gb: f64 = 20.0,
        copy_to_region: bool = false, locked: bool = false,
    }
}
