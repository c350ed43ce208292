use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::drawing::{self, Wish};
use crate::engine::diagram::{Direction, Form, Kind, Overlay, Style, Theme};
use crate::engine::graph::Tier;
use crate::features::analyses;
use crate::features::artifacts::api::download;
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};
use crate::platform::extract::{Json, List, Path, Query};
use crate::platform::icons::Icons;
use crate::platform::problem::Errors;
use crate::platform::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_diagrams)).routes(routes!(find_diagram))
}

/// A kind of picture of an option.
#[derive(Debug, Serialize, ToSchema)]
struct Diagram {
    /// `architecture`, `network`, `sequence`, `data-flow` or `cost`.
    kind: &'static str,
    /// For people.
    title: &'static str,
    forms: Vec<Written>,
    /// Whether it can be drawn against an earlier analysis.
    comparable: bool,
}

/// A form that it can be had in.
#[derive(Debug, Serialize, ToSchema)]
struct Written {
    /// `svg`, `png`, `pdf`, `mermaid`, `drawio`, `d2` or `structurizr`.
    form: &'static str,
    media_type: &'static str,
    /// Where it is.
    href: String,
}

/// List the diagrams that there are of an option, each with its forms.
#[utoipa::path(get, path = "/sessions/{id}/analyses/{number}/options/{option}/diagrams", tag = "diagrams",
    params(("id" = Uuid, Path), ("number" = i32, Path), ("option" = String, Path, description = "`good`, `better` or `best`")),
    responses((status = 200, body = List<Diagram>), Errors))]
async fn list_diagrams(
    ctx: Ctx,
    Path((id, number, option)): Path<(Uuid, i32, String)>,
) -> Result<Json<List<Diagram>>> {
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    analyses::exists(&mut tx, id).await?;
    analyses::find(&mut tx, id, number).await?;
    drop(tx);
    let tier = Tier::parse(&option).ok_or(Error::NotFound("option"))?.name();
    let here = format!("/api/v1/sessions/{id}/analyses/{number}/options/{tier}/diagrams");
    let items = Kind::ALL
        .into_iter()
        .map(|kind| Diagram {
            kind: kind.name(),
            title: kind.title(),
            forms: kind
                .forms()
                .iter()
                .map(|form| Written {
                    form: form.name(),
                    media_type: form.media(),
                    href: format!("{here}/{}.{}", kind.name(), form.name()),
                })
                .collect(),
            comparable: kind == Kind::Architecture,
        })
        .collect();
    Ok(Json(List { items, next: None }))
}

/// How it is to look.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Look {
    /// `light` or `dark`; light when absent.
    theme: Option<String>,
    /// Where the flow goes: `right` or `down`; right when absent.
    direction: Option<String>,
    /// What stands on components besides their names: `none`, `cost`, `sla` or `findings`.
    overlay: Option<String>,
    /// The number of an earlier analysis: what was added, removed and changed since stands out.
    against: Option<i32>,
}

impl Look {
    fn style(&self, icons: &Icons) -> Result<Style> {
        fn named<T>(
            field: &'static str,
            given: Option<&str>,
            known: &[(&'static str, T)],
        ) -> Result<T>
        where
            T: Copy + Default,
        {
            let Some(given) = given else { return Ok(T::default()) };
            let found = known.iter().find(|it| it.0 == given).map(|it| it.1);
            found.ok_or_else(|| {
                let names: Vec<&str> = known.iter().map(|it| it.0).collect();
                Error::invalid(field, format!("must be one of {}", names.join(", ")))
            })
        }
        Ok(Style {
            theme: named("theme", self.theme.as_deref(), &Theme::NAMES)?,
            direction: named("direction", self.direction.as_deref(), &Direction::NAMES)?,
            overlay: named("overlay", self.overlay.as_deref(), &Overlay::NAMES)?,
            icons: icons.clone(),
        })
    }
}

/// Draw an option. The same analysis, kind, form and look give the same bytes.
#[utoipa::path(get, path = "/sessions/{id}/analyses/{number}/options/{option}/diagrams/{diagram}", tag = "diagrams",
    params(("id" = Uuid, Path), ("number" = i32, Path), ("option" = String, Path, description = "`good`, `better` or `best`"),
        ("diagram" = String, Path, description = "kind and form, such as `architecture.svg`, as listed"), Look),
    responses(
        (status = 200, description = "The picture, in the form that was asked for", content(
            (String = "image/svg+xml"), (String = "text/plain"), (String = "application/vnd.jgraph.mxfile"),
            (Vec<u8> = "image/png"), (Vec<u8> = "application/pdf"))),
        (status = 206, description = "a part of it", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 304, description = "it is the one that the caller has"), Errors))]
async fn find_diagram(
    State(state): State<AppState>,
    ctx: Ctx,
    headers: HeaderMap,
    Path((id, number, option, diagram)): Path<(Uuid, i32, String, String)>,
    Query(look): Query<Look>,
) -> Result<Response> {
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    analyses::exists(&mut tx, id).await?;
    let made = analyses::replay(&state, &mut tx, id, number).await?;
    let before = match look.against {
        Some(number) => Some(analyses::replay(&state, &mut tx, id, number).await?),
        None => None,
    };
    drop(tx);
    let tier = Tier::parse(&option).ok_or(Error::NotFound("option"))?;
    let (kind, form) = parse(&diagram)?;
    let wish = Wish { tier, kind, form, style: look.style(&state.icons)? };
    let content = drawing::draw(&state, &made, before.as_ref(), wish).await?;
    let name = format!("{number}-{}-{}.{}", tier.name(), kind.name(), form.extension());
    Ok(download(&headers, content.to_vec(), form.media(), &name))
}

/// Kind and form of a name such as `architecture.svg`.
fn parse(diagram: &str) -> Result<(Kind, Form)> {
    let (kind, form) = diagram.rsplit_once('.').unwrap_or((diagram, ""));
    let list = |names: Vec<&str>| names.join(", ");
    let kind = Kind::parse(kind).ok_or_else(|| {
        let known = list(Kind::ALL.map(Kind::name).to_vec());
        Error::invalid("diagram", format!("{kind:?} is no kind of diagram; there are {known}"))
    })?;
    let form = Form::parse(form).ok_or_else(|| {
        let known = list(kind.forms().iter().map(|it| it.name()).collect());
        let message =
            format!("{form:?} is no form of a {} diagram; there are {known}", kind.name());
        Error::invalid("diagram", message)
    })?;
    Ok((kind, form))
}
