//! How it is watched, built and delivered.

use super::spec;

spec! {
    Monitoring { alarms: u32 = 5, custom_metrics: u32 = 0, dashboard: bool = true, alarm_email: bool = true }
    LogStore { gb_per_month: f64 = 5.0, retention_days: u32 = 30 }
    Tracing { traces_per_month: f64 = 100_000.0, sampling_percent: f64 = 5.0 }
    FleetManager { instances: u32 = 1, patching: bool = true }
    AppConfig { requests_per_month: f64 = 100_000.0 }
    ImageRegistry { storage_gb: f64 = 2.0, images: u32 = 1 }
    Build { minutes_per_month: f64 = 300.0, compute: &'static str = "small" }
    Pipeline { pipelines: u32 = 1 }
    SourceRepository { users: u32 = 5 }
    Deployment { applications: u32 = 1 }
}
