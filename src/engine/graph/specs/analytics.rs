//! How data is turned into answers.

use super::spec;

spec! {
    EtlJob { capacity_units: u32 = 2, hours_per_month: f64 = 15.0, crawler: bool = true, streaming: bool = false }
    QueryService { tb_scanned_per_month: f64 = 0.1, scan_limit_gb: f64 = 100.0 }
    HadoopCluster { instance_type: Option<String> = None, core_nodes: u32 = 2, hours_per_month: f64 = 100.0, serverless: bool = false }
    LakePermissions { admins: u32 = 1 }
    Dashboards { authors: u32 = 2, readers: u32 = 10 }
    Airflow { environment_class: &'static str = "mw1.small", workers_max: u32 = 2 }
    StreamAnalytics { processing_units: u32 = 1, state_gb: f64 = 50.0 }
    IngestionPipeline { units_min: u32 = 1, units_max: u32 = 4 }
}
