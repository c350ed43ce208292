//! The pages of design sessions: describe, compare three options, refine by
//! chat, take the code.
//!
//! A session's page has two panes: the conversation, and beside it the options
//! or one of them. [`shell`] gathers what both need, whoever fills the right
//! one. Every state has an address, and the page of an address is the one truth
//! about it: `static/workbench.js` only asks for it again, with the header
//! `x-part`, when a notice says that something changed, and swaps in the parts
//! that did. Without script the same forms and links lead through the same pages.
//!
//! # How a pane is added
//!
//! A tab of an option is a line in [`option::TABS`], a handler's arm in
//! [`option`] and a template `workbench/option/<tab>.html` that extends
//! `layouts/option.html` and fills `block tab`. Its view flattens
//! [`option::Header`], which flattens [`shell::Shell`]. Script of a tab is a
//! module of its own, loaded in `block head` of `layouts/workbench.html` for all
//! tabs, as panes are swapped without a new page: it listens to `workbench:pane`
//! on `document`, which is fired whenever a pane was put in. A pane that changes
//! under its address, as files become ready, changes `data-rev` of `#pane`.

pub mod option;

mod conversation;
mod costs;
mod diagram;
mod fields;
mod list;
mod settings;
mod shell;
mod show;
mod talk;
mod why;

use axum::Router;

use crate::platform::state::AppState;

pub use costs::{Figures, WEIGHT as FIGURES_WEIGHT, Wish as CostWish, figures};
pub use list::{Item, recent};
pub use show::{Card, Row, TIERS, cards, rows};
pub use why::{Record, Remarks, records, remarks};

pub fn routes() -> Router<AppState> {
    Router::new()
        .merge(list::routes())
        .merge(diagram::routes())
        .merge(show::routes())
        .merge(option::routes())
        .merge(talk::routes())
}
