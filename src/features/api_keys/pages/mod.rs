//! The pages of keys: the list, making one, changing it, its use, and the
//! question whether a device may come in.

mod device;
mod keys;
mod usage;

use axum::Router;
use axum::response::{IntoResponse, Response};

use crate::platform::error::{Error, ErrorBody, Result};
use crate::platform::page::{Page, View, complaint};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new().merge(keys::routes()).merge(usage::routes()).merge(device::routes())
}

/// A refused form, shown again as it was typed.
fn again<V: View>(err: Error, view: impl FnOnce(ErrorBody) -> V) -> Result<Response> {
    let problem = complaint(err)?;
    Ok((problem.status, Page(view(problem))).into_response())
}
