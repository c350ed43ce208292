use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::again;
use crate::features::orgs::api;
use crate::platform::ctx::{Person, Signed};
use crate::platform::error::{ErrorBody, Result};
use crate::platform::extract::Form;
use crate::platform::page::{Flash, Page, View};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/orgs", get(index))
        .route("/orgs/new", get(show_new).post(create))
        .route("/orgs/switch", post(switch))
}

#[derive(Serialize)]
struct Index {}

impl View for Index {
    const TEMPLATE: &'static str = "orgs/index.html";
}

async fn is_in_any(person: &Person) -> Result<bool> {
    let mut tx = person.begin().await?;
    let any = sqlx::query_scalar("select exists (select from member where account_id = $1)")
        .bind(person.id)
        .fetch_one(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(any)
}

async fn index(person: Person) -> Result<Response> {
    if is_in_any(&person).await? {
        Ok(Page(Index {}).into_response())
    } else {
        Ok(Redirect::to("/orgs/new").into_response())
    }
}

#[derive(Default, Deserialize, Serialize)]
struct Name {
    name: String,
}

#[derive(Serialize)]
struct New {
    form: Name,
    /// Whether this is the person's first organisation.
    first: bool,
    problem: Option<ErrorBody>,
}

impl View for New {
    const TEMPLATE: &'static str = "orgs/new.html";
}

async fn show_new(person: Person) -> Result<Page<New>> {
    let first = !is_in_any(&person).await?;
    Ok(Page(New { form: Name::default(), first, problem: None }))
}

async fn create(
    State(state): State<AppState>,
    Signed(person, _): Signed,
    Form(form): Form<Name>,
) -> Result<Response> {
    match api::found(&state, &person, &form.name).await {
        Ok((tx, _)) => {
            tx.commit().await?;
            Ok(Flash::success("Your organisation is ready.").redirect("/"))
        }
        Err(err) => {
            let first = !is_in_any(&person).await?;
            again(err, |problem| New { form, first, problem: Some(problem) })
        }
    }
}

#[derive(Deserialize)]
struct Chosen {
    org: Uuid,
}

async fn switch(person: Person, Form(form): Form<Chosen>) -> Result<Response> {
    api::switch(&person, form.org).await?;
    Ok(Redirect::to("/").into_response())
}
