//! Services of one trade each.

use super::spec;

spec! {
    Email { messages_per_month: f64 = 10_000.0, domain: String = "example.com".to_owned(), receive: bool = false }
    CustomerMessaging { sms_per_month: f64 = 1000.0, push_per_month: f64 = 10_000.0 }
    IotHub { devices: f64 = 100.0, messages_per_month: f64 = 1_000_000.0, message_kb: f64 = 1.0, topic: String = "devices/+/telemetry".to_owned() }
    VideoTranscoder { minutes_per_month: f64 = 1000.0, hd_share: f64 = 0.8 }
    FileTransfer { protocols: Vec<&'static str> = vec!["SFTP"], gb_per_month: f64 = 50.0, public: bool = true }
    DatabaseMigration { instance_class: Option<String> = None, storage_gb: f64 = 50.0, multi_zone: bool = false, source_engine: String = "postgres".to_owned(), hours_per_month: f64 = 730.0 }
    DataSync { gb_per_month: f64 = 500.0 }
    Desktops { count: u32 = 10, bundle: &'static str = "standard" }
    GameFleet { instance_type: Option<String> = None, instances_min: u32 = 1, instances_max: u32 = 10, instances_average: f64 = 2.0, spot: bool = false, matchmaking: bool = true }
    ContactCenter { minutes_per_month: f64 = 10_000.0 }
    VideoStream { gb_in_per_month: f64 = 500.0, gb_out_per_month: f64 = 100.0, retention_hours: u32 = 24 }
    Location { requests_per_month: f64 = 100_000.0 }
}
