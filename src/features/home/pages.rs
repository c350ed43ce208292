use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum_extra::extract::cookie::{Cookie, SameSite};
use serde::{Deserialize, Serialize};

use crate::features::workbench;
use crate::platform::access::Action;
use crate::platform::ctx::{Ctx, Signed};
use crate::platform::error::{Error, Result};
use crate::platform::extract::Form;
use crate::platform::page::{Page, View, local_path};
use crate::platform::state::AppState;

pub fn routes(dev: bool) -> Router<AppState> {
    let router = Router::new().route("/", get(start)).route("/theme", post(choose_theme));
    if dev { router.route("/styleguide", get(styleguide)) } else { router }
}

/// For whoever asks whether we live: not part of the site, and not logged in.
pub fn health() -> Router<AppState> {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready))
}

#[derive(Serialize)]
struct Landing {}

impl View for Landing {
    const TEMPLATE: &'static str = "home/landing.html";
    const TITLE: &'static str = "From a description to infrastructure";
}

#[derive(Serialize)]
struct Dashboard {
    /// Where a first description is sent, for those who may.
    describe: Option<&'static str>,
    sessions: Vec<workbench::Item>,
}

impl View for Dashboard {
    const TEMPLATE: &'static str = "home/dashboard.html";
    const TITLE: &'static str = "Start";
}

async fn start(signed: Result<Signed>, ctx: Result<Ctx>) -> Result<Response> {
    match signed {
        Ok(Signed(_, Some(_))) => Ok(Page(dashboard(&ctx?).await?).into_response()),
        Ok(Signed(_, None)) => Ok(Redirect::to("/orgs").into_response()),
        Err(Error::Unauthenticated) => Ok(Page(Landing {}).into_response()),
        Err(err) => Err(err),
    }
}

async fn dashboard(ctx: &Ctx) -> Result<Dashboard> {
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    let sessions = workbench::recent(&mut tx, 6).await?;
    tx.commit().await?;
    Ok(Dashboard { describe: ctx.may(Action::EditSessions).then_some("/sessions"), sessions })
}

#[derive(Serialize)]
struct Styleguide {}

impl View for Styleguide {
    const TEMPLATE: &'static str = "styleguide/index.html";
    const TITLE: &'static str = "Style guide";
}

async fn styleguide() -> Page<Styleguide> {
    Page(Styleguide {})
}

#[derive(Deserialize)]
struct Theme {
    theme: String,
    return_to: Option<String>,
}

async fn choose_theme(State(state): State<AppState>, Form(form): Form<Theme>) -> Result<Response> {
    if !["light", "dark", "system"].contains(&form.theme.as_str()) {
        return Err(Error::invalid("theme", "must be light, dark or system"));
    }
    let cookie = Cookie::build(("theme", form.theme))
        .path("/")
        .http_only(true)
        .secure(state.config.is_https())
        .same_site(SameSite::Lax)
        .permanent()
        .build();
    let mut response = Redirect::to(local_path(form.return_to.as_deref())).into_response();
    let cookie = HeaderValue::try_from(cookie.to_string()).map_err(anyhow::Error::from)?;
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

async fn alive() -> &'static str {
    "ok\n"
}

async fn ready(State(state): State<AppState>) -> Response {
    let answer = sqlx::query_scalar::<_, i32>("select 1").fetch_one(state.db.pool()).await;
    match answer {
        Ok(_) => "ok\n".into_response(),
        Err(err) => {
            tracing::warn!(error = %err, "not ready: the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}
