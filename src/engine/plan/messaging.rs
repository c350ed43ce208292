//! How parts talk without waiting for each other: volumes from load.

use super::{Ctx, sizing};
use crate::engine::graph::specs::*;
use crate::engine::graph::{Kind, Tier};

/// A messaging part of this kind, sized for a share of the messages.
pub(super) fn spec(kind: Kind, ctx: &Ctx, parts: u32) -> Spec {
    let profile = ctx.profile;
    let messages = profile.messages_per_month / f64::from(parts.max(1));
    let rate = sizing::average_per_second(messages) * sizing::PEAK_FACTOR;
    let gb = messages * profile.item_kb / 1e6;
    match kind {
        Kind::Queue => Queue {
            messages_per_month: messages,
            message_kb: profile.item_kb.clamp(1.0, 256.0),
            retention_days: if ctx.hardened() { 14 } else { 4 },
            ..Queue::default()
        }
        .into(),
        Kind::Topic => Topic { messages_per_month: messages, ..Topic::default() }.into(),
        Kind::EventBus => EventBus {
            events_per_month: messages,
            archive_days: (ctx.tier == Tier::Best && ctx.economy < 1).then_some(30),
            ..EventBus::default()
        }
        .into(),
        Kind::EventPipe => EventPipe { events_per_month: messages }.into(),
        Kind::Workflow => {
            Workflow { executions_per_month: messages.min(10_000_000.0), ..Workflow::default() }
                .into()
        }
        Kind::Stream => Stream {
            // Provisioned shards cost less once they are busy most of the time.
            on_demand: rate < 1000.0,
            shards: sizing::shards(rate, profile.item_kb),
            gb_per_month: gb,
            records_per_month: messages,
            retention_hours: if ctx.tier == Tier::Best && ctx.economy < 2 { 168 } else { 24 },
        }
        .into(),
        Kind::DeliveryStream => {
            DeliveryStream { gb_per_month: gb, ..DeliveryStream::default() }.into()
        }
        Kind::KafkaCluster => {
            let brokers = if ctx.standby() { 3 } else { 2 };
            // Each record is kept for a week on as many brokers as there are copies.
            let stored = gb / 30.0 * 7.0 * f64::from(brokers).min(3.0);
            KafkaCluster {
                brokers: brokers * sizing::units(rate * profile.item_kb / 1000.0, 30.0),
                storage_gb: (stored / f64::from(brokers)).max(50.0).ceil(),
                gb_per_month: gb,
                ..KafkaCluster::default()
            }
            .into()
        }
        Kind::MessageBroker => MessageBroker {
            engine: if ctx.needs.stack.contains("activemq") || ctx.needs.stack.contains("jms") {
                BrokerEngine::ActiveMq
            } else {
                BrokerEngine::RabbitMq
            },
            multi_zone: ctx.standby() && ctx.profile.completes()
                || ctx.tier > Tier::Good && ctx.economy < 3,
            ..MessageBroker::default()
        }
        .into(),
        _ => Spec::default_of(kind),
    }
}
