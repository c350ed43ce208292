//! Who may do what, and who did.

use super::spec;

spec! {
    UserDirectory {
        monthly_active_users: f64 = 1000.0, mfa_required: bool = false,
        /// Advanced protection against stolen passwords.
        threat_protection: bool = false,
        federation: bool = false,
        /// Temporary cloud credentials for signed-in users.
        identity_pool: bool = false,
    }
    EncryptionKey { requests_per_month: f64 = 100_000.0, multi_region: bool = false }
    Secret { count: u32 = 1, requests_per_month: f64 = 10_000.0, rotation_days: Option<u32> = None }
    Parameter { count: u32 = 1 }
    AuditTrail { data_events: bool = false, events_per_month: f64 = 100_000.0, retention_days: u32 = 365 }
    ThreatDetection { events_per_month: f64 = 1_000_000.0, log_gb_per_month: f64 = 5.0 }
    ConfigRecorder { items_per_month: f64 = 500.0, rules: u32 = 5 }
    SecurityPosture { checks_per_month: f64 = 2000.0 }
    DataDiscovery { buckets: u32 = 1, gb_scanned_per_month: f64 = 10.0 }
    VulnerabilityScan { images_per_month: f64 = 20.0, machines: u32 = 0, functions: u32 = 0 }
    PolicyStore { requests_per_month: f64 = 100_000.0 }
    Directory { edition: &'static str = "Standard", domain: String = "corp.example.com".to_owned() }
}
