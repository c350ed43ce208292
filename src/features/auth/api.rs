use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::logins::{self, Place};
use super::profile;
use crate::platform::access::{Role, Scope};
use crate::platform::api_key::{Key, Mode};
use crate::platform::ctx::{OrgRef, Person, Signed};
use crate::platform::error::Result;
use crate::platform::extract::{Json, List, Path};
use crate::platform::login::Level;
use crate::platform::problem::Errors;
use crate::platform::state::AppState;

use axum::http::StatusCode;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(find_me, update_me))
        .routes(routes!(list_logins, delete_other_logins))
        .routes(routes!(delete_login))
}

/// The caller.
#[derive(Debug, Serialize, ToSchema)]
struct Me {
    id: Uuid,
    email: String,
    name: String,
    email_verified: bool,
    /// How the caller signed in; `null` when it is a key that calls.
    #[schema(required)]
    level: Option<Level>,
    /// The key that calls; `null` for someone who is signed in.
    #[schema(required)]
    key: Option<MyKey>,
    /// The organisation acted in; `null` for someone who is in none.
    #[schema(required)]
    org: Option<MyOrg>,
}

#[derive(Debug, Serialize, ToSchema)]
struct MyOrg {
    id: Uuid,
    name: String,
    slug: String,
    plan: String,
    role: Role,
}

/// The key that calls.
#[derive(Debug, Serialize, ToSchema)]
struct MyKey {
    id: Uuid,
    name: String,
    mode: Mode,
    scopes: Vec<Scope>,
    /// The workspace it is confined to.
    #[schema(required)]
    workspace_id: Option<Uuid>,
    #[schema(required)]
    expires_at: Option<DateTime<Utc>>,
}

impl MyKey {
    fn of(key: &Key) -> Self {
        Self {
            id: key.id,
            name: key.name.clone(),
            mode: key.mode,
            scopes: key.scopes.clone(),
            workspace_id: key.workspace_id,
            expires_at: key.expires_at,
        }
    }
}

impl Me {
    fn of(person: Person, org: Option<OrgRef>) -> Self {
        Self {
            id: person.id,
            level: person.level(),
            key: person.key().map(MyKey::of),
            email: person.email,
            name: person.name,
            email_verified: person.email_verified,
            org: org.map(|it| MyOrg {
                id: it.id,
                name: it.name,
                slug: it.slug,
                plan: it.plan,
                role: it.role,
            }),
        }
    }
}

/// Tell who is calling.
#[utoipa::path(get, path = "/me", tag = "me", responses((status = 200, body = Me), Errors))]
async fn find_me(Signed(person, org): Signed) -> Result<Json<Me>> {
    Ok(Json(Me::of(person, org)))
}

/// What to change about the caller.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MePatch {
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
}

/// Change the caller's name.
#[utoipa::path(patch, path = "/me", tag = "me", responses((status = 200, body = Me), Errors))]
async fn update_me(
    Signed(mut person, org): Signed,
    Json(patch): Json<MePatch>,
) -> Result<Json<Me>> {
    person.login()?;
    if let Some(name) = patch.name {
        person.name = profile::rename(&person, &name).await?;
    }
    Ok(Json(Me::of(person, org)))
}

/// List where the caller is signed in.
#[utoipa::path(get, path = "/me/logins", tag = "me", responses((status = 200, body = List<Place>), Errors))]
async fn list_logins(person: Person) -> Result<List<Place>> {
    let mut tx = person.begin().await?;
    let items = logins::list(&mut tx, &person).await?;
    Ok(List { items, next: None })
}

/// Sign the caller out everywhere else.
#[utoipa::path(delete, path = "/me/logins", tag = "me", responses((status = 204), Errors))]
async fn delete_other_logins(person: Person) -> Result<StatusCode> {
    let mut tx = person.begin().await?;
    logins::revoke_others(&mut tx, &person).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End one of the caller's logins.
#[utoipa::path(delete, path = "/me/logins/{id}", tag = "me", params(("id" = Uuid, Path)), responses((status = 204), Errors))]
async fn delete_login(person: Person, Path(id): Path<Uuid>) -> Result<StatusCode> {
    let mut tx = person.begin().await?;
    logins::revoke(&mut tx, &person, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
