//! One option in depth, for programs: its costs at any load, and its components.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::store;
use crate::engine::analysis::{Analysis, Design, Format};
use crate::engine::cost::whatif::RANGE;
use crate::engine::detail::{self, Scenario};
use crate::engine::graph::Tier;
use crate::features::analyses::{self, Replay};
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};
use crate::platform::extract::{Json, Path, Query};
use crate::platform::problem::Errors;
use crate::platform::state::AppState;
use crate::platform::work;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(find_costs))
        .routes(routes!(export_costs))
        .routes(routes!(find_component))
}

/// What to assume about load.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Assumed {
    /// Multiple of the expected load, from 0.1 to 10; 1 when absent.
    pub load: Option<f64>,
    /// Growth of load from month to month as a share: 0.05 is 5 %.
    pub growth: Option<f64>,
    /// How many months are looked ahead, up to 120; 36 when absent.
    pub months: Option<u32>,
}

impl Assumed {
    pub fn scenario(self) -> Result<Scenario> {
        let standard = Scenario::default();
        let load = self.load.unwrap_or(standard.load);
        if !(RANGE.0..=RANGE.1).contains(&load) {
            return Err(Error::invalid(
                "load",
                "must be between 0.1 and 10 times the expected load",
            ));
        }
        let growth = self.growth.unwrap_or(standard.growth);
        if !(-0.5..=1.0).contains(&growth) {
            return Err(Error::invalid("growth", "must be between -0.5 and 1 a month"));
        }
        let months = self.months.unwrap_or(standard.months);
        if !(1..=120).contains(&months) {
            return Err(Error::invalid("months", "must be between 1 and 120"));
        }
        Ok(Scenario { load, growth, months })
    }
}

/// Asks an analysis something about one option, off the threads that answer
/// requests.
async fn ask<T: Send + 'static>(
    state: &AppState,
    (made, tier): (Replay, Tier),
    question: impl FnOnce(&Analysis, &Design) -> Option<T> + Send + 'static,
) -> Result<T> {
    let made = made.make(state).await?;
    let answer = work::run(move || {
        let design = made.options.iter().find(|it| it.graph.tier == tier)?;
        question(&made, design)
    });
    answer.await?.ok_or(Error::NotFound("option or component"))
}

async fn find(
    state: &AppState,
    ctx: &Ctx,
    (id, number, option): (Uuid, i32, &str),
) -> Result<(Replay, Tier)> {
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    store::find(&mut tx, id).await?;
    let made = analyses::replay(state, &mut tx, id, number).await?;
    tx.commit().await?;
    Ok((made, Tier::parse(option).ok_or(Error::NotFound("option"))?))
}

/// Find what an option costs at a load: lines, sums by component and by kind,
/// the curve over loads, and a forecast.
#[utoipa::path(get, path = "/sessions/{id}/analyses/{number}/options/{option}/costs", tag = "sessions",
    params(("id" = Uuid, Path), ("number" = i32, Path), ("option" = String, Path, description = "`good`, `better` or `best`"), Assumed),
    responses((status = 200, body = Object), Errors))]
async fn find_costs(
    State(state): State<AppState>,
    ctx: Ctx,
    Path((id, number, option)): Path<(Uuid, i32, String)>,
    Query(assumed): Query<Assumed>,
) -> Result<Json<Value>> {
    let found = find(&state, &ctx, (id, number, &option)).await?;
    let scenario = assumed.scenario()?;
    let costs = ask(&state, found, move |_, it| Some(detail::costs(&it.graph, scenario)));
    Ok(Json(costs.await?))
}

/// Download what an option costs at a load as a table.
#[utoipa::path(get, path = "/sessions/{id}/analyses/{number}/options/{option}/costs.csv", tag = "sessions",
    params(("id" = Uuid, Path), ("number" = i32, Path), ("option" = String, Path, description = "`good`, `better` or `best`"), Assumed),
    responses((status = 200, content_type = "text/csv", body = String), Errors))]
async fn export_costs(
    State(state): State<AppState>,
    ctx: Ctx,
    Path((id, number, option)): Path<(Uuid, i32, String)>,
    Query(assumed): Query<Assumed>,
) -> Result<Response> {
    table(&state, &ctx, id, number, &option, assumed).await
}

/// The answer with the table; also what the page's button asks for.
pub async fn table(
    state: &AppState,
    ctx: &Ctx,
    id: Uuid,
    number: i32,
    option: &str,
    assumed: Assumed,
) -> Result<Response> {
    let found = find(state, ctx, (id, number, option)).await?;
    let (scenario, tier) = (assumed.scenario()?, found.1);
    let table = ask(state, found, move |_, it| Some(detail::costs_csv(&it.graph, scenario.load)));
    let name = format!("attachment; filename=\"costs-{number}-{}.csv\"", tier.name());
    let name = HeaderValue::try_from(name).map_err(anyhow::Error::from)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, table.await?).into_response())
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct InFormat {
    /// Where to look for its code: `terraform` or `cloudformation`; the
    /// organisation's default when absent.
    #[param(value_type = Option<String>)]
    format: Option<Format>,
}

/// Find a component of an option: settings, cost, SLA and limits with their
/// sources, reasons, and the lines of its code.
#[utoipa::path(get, path = "/sessions/{id}/analyses/{number}/options/{option}/components/{component}", tag = "sessions",
    params(("id" = Uuid, Path), ("number" = i32, Path), ("option" = String, Path, description = "`good`, `better` or `best`"), ("component" = String, Path), InFormat),
    responses((status = 200, body = Object), Errors))]
async fn find_component(
    State(state): State<AppState>,
    ctx: Ctx,
    Path((id, number, option, component)): Path<(Uuid, i32, String, String)>,
    Query(query): Query<InFormat>,
) -> Result<Json<Value>> {
    let found = find(&state, &ctx, (id, number, &option)).await?;
    let format = match query.format {
        Some(format) => format,
        None => {
            let mut tx = ctx.begin(Action::ViewSessions).await?;
            let brief = analyses::brief(&mut tx, id, number).await?;
            drop(tx);
            brief.format()
        }
    };
    let told = move |made: &Analysis, it: &Design| detail::component(made, it, &component, format);
    Ok(Json(ask(&state, found, told).await?))
}
