//! How parts talk without waiting for each other.

use super::{choice, spec};

choice! {
    BrokerEngine { RabbitMq = "rabbitmq", ActiveMq = "activemq" }
}

spec! {
    Queue {
        fifo: bool = false, messages_per_month: f64 = 100_000.0, message_kb: f64 = 4.0,
        retention_days: u32 = 4, visibility_seconds: u32 = 180, dead_letter: bool = true, max_receives: u32 = 5,
    }
    Topic { fifo: bool = false, messages_per_month: f64 = 100_000.0, email_deliveries_per_month: f64 = 0.0, push_per_month: f64 = 0.0 }
    EventBus {
        events_per_month: f64 = 100_000.0,
        /// Uses the account's default bus, where the cloud's own events arrive.
        default_bus: bool = false,
        archive_days: Option<u32> = None,
        /// Only events of this source, where one is known.
        source: Option<String> = None,
    }
    EventPipe { events_per_month: f64 = 100_000.0 }
    Schedule { expression: String = "rate(1 day)".to_owned(), invocations_per_month: f64 = 30.0, timezone: String = "UTC".to_owned() }
    Workflow { express: bool = false, executions_per_month: f64 = 10_000.0, steps: f64 = 6.0, duration_seconds: f64 = 2.0 }
    Stream { on_demand: bool = true, shards: u32 = 1, gb_per_month: f64 = 10.0, records_per_month: f64 = 10_000_000.0, retention_hours: u32 = 24 }
    DeliveryStream { gb_per_month: f64 = 10.0, buffer_seconds: u32 = 300, buffer_mb: u32 = 5, convert_to_parquet: bool = false }
    KafkaCluster { brokers: u32 = 2, broker_type: Option<String> = None, storage_gb: f64 = 100.0, serverless: bool = false, gb_per_month: f64 = 100.0 }
    MessageBroker { engine: BrokerEngine = BrokerEngine::RabbitMq, instance_type: Option<String> = None, multi_zone: bool = false, storage_gb: f64 = 20.0 }
}
