//! The workbench: sessions in the browser. Conversation on the left, the design
//! on the right.
//!
//! Every state has an address: the session, the number of the analysis, the
//! option, the tab, and within a tab its file or component. A pane is a
//! template that extends `layouts/session.html` and fills its block `pane`;
//! its handler gets what every pane shows from [`session::shell`]. Pages are
//! whole without script; `static/workbench.js` swaps in what has changed.

pub mod pages;

mod actions;
mod list;
mod option;
mod session;
