//! Design sessions: a conversation, the analyses made in it, and what the
//! organisation wants of all of them.
//!
//! What holds: an analysis is never changed, only followed by another; a
//! person's message is never lost once it is acknowledged; an answer ends once.
//! What a page shows of a session changes under it through
//! [`live`](crate::platform::live), with the session's id as the topic.

pub mod api;
pub mod pages;

mod defaults;
mod figures;
mod lifecycle;
mod messages;
mod store;
mod turns;

pub use defaults::{policy, set as set_policy};
pub use figures::{Assumed, table as costs_table};
pub use lifecycle::{SessionPatch, create, delete, duplicate, restore, update};
pub use messages::{
    Fork, Message, analysis_before, find as find_message, find_answer, forks, path, tip,
};
pub use store::{Filter, Session, count, find, list, lock, set_head};
pub use turns::{Input, Turn, begin, checked_setting, checked_text, later, retry, stop};

use crate::platform::jobs::Handler;

pub fn jobs() -> Vec<Handler> {
    vec![Handler::of::<turns::Answer>(), Handler::hourly::<lifecycle::Tidy>(23)]
}
