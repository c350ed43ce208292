//! The composition root: the only place that knows every feature. Routers, job
//! handlers and the navigation come together here, and nowhere else.

use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;

pub use crate::features::diagrams::icons;
use crate::features::docs::pages::Document;
pub use crate::features::orgs::operator;
use crate::features::{
    api_keys, artifacts, audit, auth, diagrams, docs, home, operations, orgs, sessions, shares,
    webhooks, workbench,
};
use crate::platform::access::Role;
use crate::platform::cache::Cache;
use crate::platform::clock::Clock;
use crate::platform::config::Config;
use crate::platform::ctx;
use crate::platform::db::Db;
use crate::platform::deprecation::{self, Endings};
use crate::platform::error::FieldError;
use crate::platform::events::Subscriber;
use crate::platform::icons::Icons;
use crate::platform::ids::Ids;
use crate::platform::jobs::Handler;
use crate::platform::live::Live;
use crate::platform::mail::{self, Mailer};
use crate::platform::outbound::Outbound;
use crate::platform::page::{NavItem, Templates};
use crate::platform::problem::Problem;
use crate::platform::quota::Till;
use crate::platform::reading::Readings;
use crate::platform::state::{AppState, Parts};
use crate::platform::usage::Usage;
use crate::platform::{
    api_key, assets, conditional, cors, extract, guard, idempotency, login, page, problem,
};

/// The navigation, in the order it is shown.
const NAV: &[NavItem] = &[
    NavItem { section: "", label: "Start", href: "/", icon: "home", least: Role::Viewer },
    NavItem {
        section: "",
        label: "Sessions",
        href: "/sessions",
        icon: "design",
        least: Role::Viewer,
    },
    NavItem {
        section: "Organisation",
        label: "Settings",
        href: "/settings",
        icon: "settings",
        least: Role::Viewer,
    },
    NavItem {
        section: "Organisation",
        label: "Members",
        href: "/settings/members",
        icon: "people",
        least: Role::Viewer,
    },
    NavItem {
        section: "Organisation",
        label: "API keys",
        href: "/settings/keys",
        icon: "key",
        least: Role::Viewer,
    },
    NavItem {
        section: "Organisation",
        label: "Webhooks",
        href: "/settings/webhooks",
        icon: "plug",
        least: Role::Admin,
    },
    NavItem {
        section: "Organisation",
        label: "Audit trail",
        href: "/settings/audit",
        icon: "log",
        least: Role::Admin,
    },
];

/// Who hears of every event of an organisation, in its transaction.
const SUBSCRIBERS: &[Subscriber] = &[webhooks::hear];

/// What background work there is.
pub fn jobs() -> Vec<Handler> {
    let mut jobs = vec![Handler::of::<mail::Deliver>()];
    jobs.extend(auth::jobs());
    jobs.extend(orgs::jobs());
    jobs.extend(api_keys::jobs());
    jobs.extend(sessions::jobs());
    jobs.extend(artifacts::jobs());
    jobs.extend(webhooks::jobs());
    jobs
}

/// Every operation of the API, with its description.
fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Description::openapi()).nest(
        "/api/v1",
        OpenApiRouter::new()
            .merge(auth::api::routes())
            .merge(orgs::api::routes())
            .merge(audit::api::routes())
            .merge(api_keys::api::routes())
            .merge(sessions::api::routes())
            .merge(shares::api::routes())
            .merge(artifacts::api::routes())
            .merge(diagrams::api::routes())
            .merge(operations::api::routes())
            .merge(webhooks::api::routes()),
    )
}

/// Every page.
fn pages(dev: bool) -> Router<AppState> {
    Router::new()
        .merge(home::pages::routes(dev))
        .merge(artifacts::pages::routes())
        .merge(audit::pages::routes())
        .merge(auth::pages::routes())
        .merge(orgs::pages::routes())
        .merge(sessions::pages::routes())
        .merge(shares::pages::routes())
        .merge(shares::public_routes())
        .merge(webhooks::pages::routes())
        .merge(api_keys::pages::routes())
        .merge(workbench::routes())
}

#[derive(OpenApi)]
#[openapi(
    info(title = "CloudGen", description = "From a description to infrastructure."),
    components(schemas(Problem, FieldError)),
    modifiers(&Credentials),
    security(("key" = []), ("login" = [])),
    servers((url = "/"))
)]
struct Description;

/// What callers show to be let in.
struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let key = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("cg_live_…")
            .description(Some("An API key; each operation asks for one of its scopes."))
            .build();
        let about = "The cookie of a sign-in, called `__Host-cloudgen` with https.";
        let login = ApiKey::Cookie(ApiKeyValue::with_description("cloudgen", about));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("key", SecurityScheme::Http(key));
        components.add_security_scheme("login", SecurityScheme::ApiKey(login));
    }
}

/// The OpenAPI document, as it is committed.
pub fn openapi() -> String {
    let mut document =
        serde_json::to_value(api().into_openapi()).expect("the document is plain data");
    docs::contract::complete(&mut document);
    let mut text = serde_json::to_string_pretty(&document).expect("the document is plain data");
    text.push('\n');
    text
}

/// Puts the state together around a database.
pub fn state(config: Config, url: &str, clock: Clock, ids: Ids) -> anyhow::Result<AppState> {
    let db = Db::connect(url, &config, clock.clone(), ids.clone())?.with_subscribers(SUBSCRIBERS);
    let keys = config.keyring()?;
    let mail = Mailer::new(&config, keys.clone())?;
    let outbound = Outbound::new(&config)?;
    let templates = Templates::load();
    let live = Live::new(db.pool().clone());
    let usage = Usage::default();
    let till = Till::new(db.pool().clone(), clock.clone());
    let tariff = api_keys::meter::tariff();
    let logins = login::logins(db.pool().clone(), clock.clone(), tariff.clone());
    let api_keys = api_key::keys(db.pool().clone(), clock.clone(), tariff);
    let readings = Readings::new(db.pool().clone());
    let nav = NAV;
    let cache = Cache::default();
    let icons = match &config.icons {
        Some(directory) => diagrams::icons(directory).context("CLOUDGEN_ICONS")?,
        None => Icons::default(),
    };
    let parts = Parts {
        config,
        db,
        clock,
        ids,
        keys,
        mail,
        live,
        outbound,
        usage,
        till,
        logins,
        api_keys,
        readings,
        templates,
        cache,
        icons,
        nav,
    };
    Ok(AppState::new(parts))
}

/// The whole service as one router.
pub fn router(state: AppState) -> Router {
    let text = openapi();
    let value = serde_json::from_str(&text).expect("the document was just written");
    let document = Arc::new(Document { value, text });

    let limit = RequestBodyLimitLayer::new(state.config.body_limit);
    let endings = Endings { list: docs::endings::ALL, clock: state.clock.clone() };
    let (api, _) = api().split_for_parts();
    let api = api
        .nest("/api/v1", docs::pages::api(document.clone()))
        .route("/api/{*rest}", axum::routing::any(nothing))
        .layer((from_fn_with_state((state.clone(), endings), around_api), limit));

    let pages = pages(state.config.dev)
        .merge(docs::pages::routes(&state, document))
        .route("/static/{*path}", get(assets::serve))
        .route("/robots.txt", get(assets::serve))
        .fallback(nothing)
        .layer((from_fn_with_state(state.clone(), around_pages), limit));

    Router::new()
        .merge(pages)
        .merge(api)
        .merge(home::pages::health())
        .layer((from_fn_with_state(state.clone(), guard::front), CompressionLayer::new()))
        .with_state(state)
}

// Each layer of a router is a service that is copied for each request, together
// with all those within it. What surrounds the API and the pages is therefore
// one layer each, of functions that call each other.

/// What surrounds every page, outermost first.
async fn around_pages(State(state): State<AppState>, request: Request, next: Next) -> Response {
    page::render(&state, request, async |request| {
        guard::inner(&state, request, async |request| {
            guard::catching(request, async |request| next.run(request).await).await
        })
        .await
    })
    .await
}

/// What surrounds every operation of the API, outermost first.
async fn around_api(
    State((state, endings)): State<(AppState, Endings)>,
    request: Request,
    next: Next,
) -> Response {
    cors::layer(&state, request, async |request| {
        problem::as_json(request, async |request| {
            guard::inner(&state, request, async |request| {
                guard::catching(request, async |request| {
                    conditional::layer(request, async |request| {
                        deprecation::layer(&endings, request, async |request| {
                            extract::link(request, async |request| {
                                let request = ctx::accept_keys(request);
                                api_keys::meter::layer(&state, request, async |request| {
                                    idempotency::layer(&state, request, async |request| {
                                        next.run(request).await
                                    })
                                    .await
                                })
                                .await
                            })
                            .await
                        })
                        .await
                    })
                    .await
                })
                .await
            })
            .await
        })
        .await
    })
    .await
}

async fn nothing() -> StatusCode {
    StatusCode::NOT_FOUND
}
