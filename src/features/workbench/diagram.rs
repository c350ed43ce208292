//! The diagram tab: pictures of every kind, what is known of a component that was
//! chosen in one, and files of it to take away.
//!
//! Everything is an address: the kind, what is written on the nodes, the chosen
//! component and the analysis to compare with. Script only makes it quicker.

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::option::{self, Header, TABS};
use super::shell::{self, Loaded, Part, Wish};
use crate::engine::analysis::Format;
use crate::engine::detail;
use crate::engine::diagram::svg::linked;
use crate::engine::diagram::{Direction, Form, Kind, Overlay, Style, Theme};
use crate::engine::graph::Tier;
use crate::features::{analyses, artifacts, diagrams};
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};
use crate::platform::extract::{Path, Query};
use crate::platform::icons::Icons;
use crate::platform::page::{Page, View};
use crate::platform::state::AppState;
use crate::platform::work;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/sessions/{id}/analyses/{number}/{tier}", get(page))
        .route("/sessions/{id}/analyses/{number}/{tier}/diagram", get(page))
        .route("/sessions/{id}/analyses/{number}/{tier}/diagram/{file}", get(download))
}

/// What the address asks for. All of it may be left out.
#[derive(Clone, Debug, Default, Deserialize)]
struct Wanted {
    kind: Option<String>,
    overlay: Option<String>,
    direction: Option<String>,
    theme: Option<String>,
    component: Option<String>,
    /// The number of the analysis to compare with.
    against: Option<i32>,
}

const OVERLAYS: [(&str, &str, Overlay); 4] = [
    ("none", "Nothing", Overlay::None),
    ("cost", "Cost a month", Overlay::Cost),
    ("sla", "Promised uptime", Overlay::Sla),
    ("findings", "Findings", Overlay::Findings),
];

impl Wanted {
    fn kind(&self) -> Kind {
        self.kind.as_deref().and_then(Kind::parse).unwrap_or(Kind::Architecture)
    }

    fn overlay(&self) -> Overlay {
        let known = self.overlay.as_deref().and_then(|it| OVERLAYS.iter().find(|has| has.0 == it));
        known.map_or(Overlay::None, |it| it.2)
    }

    fn direction(&self) -> Direction {
        match self.direction.as_deref() {
            Some("down") => Direction::Down,
            _ => Direction::Right,
        }
    }

    fn style(&self, theme: Theme, icons: &Icons) -> Style {
        let (direction, overlay) = (self.direction(), self.overlay());
        Style { theme, direction, overlay, icons: icons.clone() }
    }

    /// The query of an address with this, one thing changed. What is not known is
    /// left out, so nothing in it needs to be escaped.
    fn query(&self, change: (&str, Option<&str>)) -> String {
        let against = self.against.map(|it| it.to_string());
        let all = [
            ("kind", self.kind.as_deref()),
            ("overlay", self.overlay.as_deref()),
            ("direction", self.direction.as_deref()),
            ("against", against.as_deref()),
            ("component", self.component.as_deref()),
        ];
        let plain = |it: &&str| {
            !it.is_empty() && it.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-')
        };
        let pairs: Vec<String> = all
            .into_iter()
            .map(|(name, value)| (name, if name == change.0 { change.1 } else { value }))
            .filter_map(|(name, value)| Some(format!("{name}={}", value.filter(plain)?)))
            .collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }
}

/// A choice, with the address of what it leads to.
#[derive(Serialize)]
struct Link {
    name: &'static str,
    label: String,
    href: String,
    current: bool,
}

#[derive(Serialize)]
struct Diagram {
    #[serde(flatten)]
    header: Header,
    kind: &'static str,
    kinds: Vec<Link>,
    overlays: Vec<Link>,
    /// The other direction, where the kind has two.
    turn: Option<Link>,
    forms: Vec<Link>,
    earlier: Vec<Link>,
    against: Option<i32>,
    /// The picture for light and for dark ground.
    light: String,
    dark: String,
    component: Option<Value>,
    component_id: String,
    /// Addresses of components: what stands before and behind their names.
    pick: (String, String),
    /// Whether the code of the option can be read line by line.
    has_code: bool,
    unselect: String,
}

impl View for Diagram {
    const TEMPLATE: &'static str = "workbench/option/diagram.html";
}

/// Stands for the id of a component in an address; ids have no capital letters.
const ANY: &str = "COMPONENT";

async fn page(
    State(state): State<AppState>,
    ctx: Ctx,
    part: Part,
    Path((id, number, tier)): Path<(Uuid, i32, String)>,
    (Query(wish), Query(wanted)): (Query<Wish>, Query<Wanted>),
) -> Result<Page<Diagram>> {
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    let loaded = shell::load(&ctx, &mut tx, part, (id, Some(number)), &wish).await?;
    let sets = artifacts::list(&mut tx, id, Some(number)).await?;
    let made = analyses::replay(&state, &mut tx, id, number).await?;
    let kind = wanted.kind();
    let on_nodes = kind == Kind::Architecture;
    let before = match wanted.against {
        Some(it) if it != number && on_nodes => {
            Some(analyses::replay(&state, &mut tx, id, it).await?)
        }
        _ => None,
    };
    tx.commit().await?;
    let Loaded { shell, report } = loaded;
    let report = report.ok_or(Error::NotFound("analysis"))?;
    let header = option::header(shell, &report, &tier, TABS[0].0, &sets)?;
    let here = format!("{}/diagram", header.here);
    let address = format!("{here}{}", wanted.query(("component", Some(ANY))));
    let pick = match address.split_once(ANY) {
        Some((before, behind)) => (before.to_owned(), behind.to_owned()),
        None => (address, String::new()),
    };
    let drawn = async |theme| -> Result<String> {
        let style = wanted.style(theme, &state.icons);
        let tier = Tier::parse(&tier).ok_or(Error::NotFound("option"))?;
        let drawing = diagrams::Wish { tier, kind, form: Form::Svg, style };
        let svg = diagrams::draw(&state, &made, before.as_ref(), drawing).await?;
        let chosen = wanted.component.as_deref().unwrap_or_default();
        let svg = String::from_utf8_lossy(&svg);
        Ok(linked(&svg, chosen, |id| format!("{}{id}{}", pick.0, pick.1)))
    };
    let (light, dark) = (drawn(Theme::Light).await?, drawn(Theme::Dark).await?);
    let component = match wanted.component.clone() {
        Some(id) => {
            let (made, tier) = (made.make(&state).await?, tier.clone());
            let tell = move || {
                let design = made.options.iter().find(|it| it.graph.tier.name() == tier)?;
                detail::component(&made, design, &id, Format::Terraform)
            };
            work::run(tell).await?
        }
        None => None,
    };
    let link = |name, label: &str, query: String, current| Link {
        name,
        label: label.to_owned(),
        href: format!("{here}{query}"),
        current,
    };
    let kinds = Kind::ALL
        .iter()
        .map(|it| {
            let fresh = Wanted { against: None, ..wanted.clone() };
            link(it.name(), it.title(), fresh.query(("kind", Some(it.name()))), *it == kind)
        })
        .collect();
    let overlay = wanted.overlay();
    let overlays = OVERLAYS
        .iter()
        .filter(|_| on_nodes)
        .map(|it| link(it.0, it.1, wanted.query(("overlay", Some(it.0))), it.2 == overlay))
        .collect();
    let turn = on_nodes.then(|| match wanted.direction() {
        Direction::Right => {
            link("down", "Top down", wanted.query(("direction", Some("down"))), false)
        }
        Direction::Down => link("right", "Left to right", wanted.query(("direction", None)), false),
    });
    let files = wanted.query(("component", None));
    let forms = kind
        .forms()
        .iter()
        .map(|it| Link {
            name: it.name(),
            label: label(*it).to_owned(),
            href: format!("{here}/{}.{}{files}", kind.name(), it.name()),
            current: false,
        })
        .collect();
    let earlier = header
        .shell
        .analyses
        .iter()
        .filter(|it| it.number != number && on_nodes)
        .map(|it| Link {
            name: "against",
            label: "Analysis".to_owned(),
            href: it.number.to_string(),
            current: wanted.against == Some(it.number),
        })
        .collect();
    let has_code = sets
        .iter()
        .any(|it| it.tier == header.tier && it.format == "terraform" && it.state == "ready");
    Ok(Page(Diagram {
        kind: kind.name(),
        kinds,
        overlays,
        turn,
        forms,
        earlier,
        against: wanted.against.filter(|it| *it != number),
        light,
        dark,
        component,
        component_id: wanted.component.clone().unwrap_or_default(),
        pick,
        has_code,
        unselect: format!("{here}{}", wanted.query(("component", None))),
        header,
    }))
}

/// What each form is good for, where its name does not say.
fn label(form: Form) -> &'static str {
    match form {
        Form::Svg => "SVG, sharp at any size",
        Form::Png => "PNG image",
        Form::Pdf => "PDF page",
        Form::Mermaid => "Mermaid",
        Form::Drawio => "draw.io",
        Form::D2 => "D2",
        Form::Structurizr => "Structurizr",
    }
}

/// A picture as a file, such as `architecture.svg`. It never changes.
async fn download(
    State(state): State<AppState>,
    ctx: Ctx,
    Path((id, number, tier, file)): Path<(Uuid, i32, String, String)>,
    Query(wanted): Query<Wanted>,
) -> Result<Response> {
    let named = file.split_once('.').and_then(|it| Some((Kind::parse(it.0)?, Form::parse(it.1)?)));
    let (kind, form) = named.ok_or(Error::NotFound("diagram"))?;
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    analyses::exists(&mut tx, id).await?;
    let tier = Tier::parse(&tier).ok_or(Error::NotFound("option"))?;
    if !kind.forms().contains(&form) {
        return Err(Error::NotFound("diagram"));
    }
    let made = analyses::replay(&state, &mut tx, id, number).await?;
    let before = match wanted.against {
        Some(it) if kind == Kind::Architecture => {
            Some(analyses::replay(&state, &mut tx, id, it).await?)
        }
        _ => None,
    };
    tx.commit().await?;
    let theme = if wanted.theme.as_deref() == Some("dark") { Theme::Dark } else { Theme::Light };
    let wish = diagrams::Wish { tier, kind, form, style: wanted.style(theme, &state.icons) };
    let bytes = diagrams::draw(&state, &made, before.as_ref(), wish).await?;
    let headers = [
        (header::CONTENT_TYPE, form.media().to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}.{}\"", kind.name(), form.extension()),
        ),
        (header::CACHE_CONTROL, "private, max-age=3600".to_owned()),
    ];
    Ok((headers, bytes.to_vec()).into_response())
}
