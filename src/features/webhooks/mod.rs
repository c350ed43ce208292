//! Webhooks: tell a customer's server what happens here.
//!
//! Follows the Standard Webhooks specification. What holds: a message is
//! written in the transaction of the change it tells of; it arrives at least
//! once, always under the same `webhook-id`; whoever has the endpoint's secret
//! can tell that it comes from us and is new. How to receive them is in
//! `docs/webhooks.md`.

pub mod api;
pub mod event_types;
pub mod pages;

mod deliver;
mod deliveries;
mod endpoints;
mod hear;
mod replay;
mod schedule;
mod signing;
mod statistics;
mod tidy;

use crate::platform::jobs::Handler;

pub use hear::hear;

pub fn jobs() -> Vec<Handler> {
    vec![Handler::outbound::<deliver::Deliver>(), Handler::hourly::<tidy::Tidy>(41)]
}
