use axum::Router;
use axum::routing::{get, post};

use super::{actions, list, option, session};
use crate::platform::state::AppState;

pub use list::recent;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/sessions", get(list::index).post(list::create))
        .route("/sessions/new", get(list::new))
        .route("/sessions/form", post(list::create_of_form))
        .route("/sessions/{id}", get(session::newest))
        .route("/sessions/{id}/events", get(session::events))
        .route("/sessions/{id}/analyses/{number}", get(session::overview))
        .route("/sessions/{id}/analyses/{number}/{tier}", get(option::first))
        .route("/sessions/{id}/analyses/{number}/{tier}/{tab}", get(option::tab))
        .route("/sessions/{id}/analyses/{number}/{tier}/generate", post(option::generate))
        .route("/sessions/{id}/analyses/{number}/{tier}/download/{format}", get(option::download))
        .route("/sessions/{id}/messages", post(actions::say))
        .route("/sessions/{id}/settings", post(actions::set))
        .route("/sessions/{id}/messages/{message}/stop", post(actions::stop))
        .route("/sessions/{id}/messages/{message}/retry", post(actions::retry))
        .route("/sessions/{id}/branch", post(actions::branch))
        .route("/sessions/{id}/rename", post(actions::rename))
        .route("/sessions/{id}/archive", post(actions::archive))
        .route("/sessions/{id}/duplicate", post(actions::duplicate))
        .route("/sessions/{id}/delete", post(actions::delete))
        .route("/sessions/{id}/restore", post(actions::restore))
}
