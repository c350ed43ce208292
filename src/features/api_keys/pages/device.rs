use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::again;
use crate::features::api_keys::device::{self, Grant, grouped};
use crate::platform::access::Scope;
use crate::platform::ctx::{Person, Signed};
use crate::platform::error::{Error, ErrorBody, Result};
use crate::platform::extract::{Form, Query};
use crate::platform::page::{Page, View};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new().route("/device", get(show)).route("/device/decide", post(decide))
}

#[derive(Default, Deserialize)]
struct Asked {
    #[serde(default)]
    code: String,
}

/// The code is yet to be typed, or was none.
#[derive(Serialize)]
struct Enter {
    code: String,
    problem: Option<ErrorBody>,
}

impl View for Enter {
    const TEMPLATE: &'static str = "keys/device_code.html";
}

#[derive(Serialize)]
struct Choice {
    value: String,
    label: String,
}

/// What asks, and from where.
#[derive(Serialize)]
struct Confirm {
    grant: Grant,
    code: String,
    scopes: Vec<&'static str>,
    choices: Vec<Choice>,
    org_id: String,
    problem: Option<ErrorBody>,
}

impl View for Confirm {
    const TEMPLATE: &'static str = "keys/device.html";
}

#[derive(Serialize)]
struct Done {
    approved: bool,
    name: String,
}

impl View for Done {
    const TEMPLATE: &'static str = "keys/device_done.html";
}

fn unknown() -> Error {
    Error::invalid("code", "is not one that waits; look again, or start anew on the device")
}

async fn confirm_page(person: &Person, grant: Grant, org_id: Option<Uuid>) -> Result<Confirm> {
    let mut tx = person.begin().await?;
    let orgs = device::memberships(&mut tx, person.id).await?;
    tx.commit().await?;
    Ok(Confirm {
        code: grouped(&grant.user_code),
        scopes: grant.scopes.iter().filter_map(|it| Scope::parse(it)).map(Scope::meaning).collect(),
        grant,
        choices: orgs
            .into_iter()
            .map(|(id, name)| Choice { value: id.to_string(), label: name })
            .collect(),
        org_id: org_id.map_or_else(String::new, |it| it.to_string()),
        problem: None,
    })
}

async fn show(
    State(state): State<AppState>,
    person: Person,
    Signed(_signed, org): Signed,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    if asked.code.trim().is_empty() {
        return Ok(Page(Enter { code: String::new(), problem: None }).into_response());
    }
    // Rather now than when the question is answered.
    person.require_recent()?;
    let found = match device::find(&state, &person, &asked.code).await {
        Ok(found) => found.ok_or_else(unknown),
        Err(err) => Err(err),
    };
    match found {
        Ok(grant) => {
            let org_id = org.map(|it| it.id);
            Ok(Page(confirm_page(&person, grant, org_id).await?).into_response())
        }
        Err(err) => {
            again(err, |problem| Enter { code: asked.code.clone(), problem: Some(problem) })
        }
    }
}

#[derive(Deserialize)]
struct Decision {
    code: String,
    decision: String,
    org_id: Option<Uuid>,
}

async fn decide(
    State(state): State<AppState>,
    person: Person,
    Form(form): Form<Decision>,
) -> Result<Response> {
    let approved = form.decision == "approve";
    let org_id = match (approved, form.org_id) {
        (true, None) => return Err(Error::invalid("org_id", "choose an organisation")),
        (true, org_id) => org_id,
        (false, _) => None,
    };
    let decided = match device::decide(&state, &person, &form.code, org_id).await {
        Ok(decided) => decided.ok_or_else(unknown),
        Err(err) => Err(err),
    };
    match decided {
        Ok(name) => Ok(Page(Done { approved, name }).into_response()),
        Err(err) => match device::find(&state, &person, &form.code).await? {
            Some(grant) => {
                let page = confirm_page(&person, grant, org_id).await?;
                again(err, |problem| Confirm { problem: Some(problem), ..page })
            }
            None => again(err, |problem| Enter { code: form.code, problem: Some(problem) }),
        },
    }
}
