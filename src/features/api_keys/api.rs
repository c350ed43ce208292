use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::device::{self, Refusal};
use super::usage::{self, UsageReport};
use super::{ApiKey, KeyPatch, NewKey, NewSecret, Rotation, seen_by, store};
use crate::platform::access::Action;
use crate::platform::ctx::{Client, Ctx};
use crate::platform::error::Result;
use crate::platform::extract::{Form, Json, List, Paging, Path, Query};
use crate::platform::problem::{AsIs, Errors};
use crate::platform::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_keys, create_key))
        .routes(routes!(find_key, update_key, delete_key))
        .routes(routes!(rotate_key))
        .routes(routes!(find_usage))
        .routes(routes!(create_device_code))
        .routes(routes!(create_device_token))
}

/// List the API keys, the newest first.
///
/// Admins see everybody's, others their own. Keys that ended are listed for 400 days.
#[utoipa::path(get, path = "/keys", tag = "keys", params(Paging), responses((status = 200, body = List<ApiKey>), Errors))]
async fn list_keys(ctx: Ctx, Query(paging): Query<Paging>) -> Result<List<ApiKey>> {
    let (limit, after) = (paging.limit()?, paging.after()?);
    let mut tx = ctx.begin(Action::ViewKeys).await?;
    let rows = store::list(&mut tx, seen_by(&ctx), after, limit + 1).await?;
    Ok(List::of(rows, limit, |it| (it.created_at, it.id)))
}

/// Create an API key, whose secret is in the answer and shown never again.
///
/// Someone who is signed in needs a recent proof of who they are. A key can make others that may
/// do no more than itself.
#[utoipa::path(post, path = "/keys", tag = "keys", responses((status = 201, body = NewSecret), Errors))]
async fn create_key(
    State(state): State<AppState>,
    ctx: Ctx,
    Json(new): Json<NewKey>,
) -> Result<(StatusCode, Json<NewSecret>)> {
    let mut tx = ctx.begin(Action::EditKeys).await?;
    let made = super::create(&state, &ctx, &mut tx, &new).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Show an API key.
#[utoipa::path(get, path = "/keys/{id}", tag = "keys", params(("id" = Uuid, Path)), responses((status = 200, body = ApiKey), Errors))]
async fn find_key(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Json<ApiKey>> {
    let mut tx = ctx.begin(Action::ViewKeys).await?;
    let key = store::find(&mut tx, id, seen_by(&ctx)).await?;
    Ok(Json(key))
}

/// Change an API key of your own.
#[utoipa::path(patch, path = "/keys/{id}", tag = "keys", params(("id" = Uuid, Path)), responses((status = 200, body = ApiKey), Errors))]
async fn update_key(
    ctx: Ctx,
    Path(id): Path<Uuid>,
    Json(patch): Json<KeyPatch>,
) -> Result<Json<ApiKey>> {
    let mut tx = ctx.begin(Action::EditKeys).await?;
    let key = super::update(&ctx, &mut tx, id, &patch).await?;
    tx.commit().await?;
    Ok(Json(key))
}

/// Revoke an API key, which ends with its next request.
///
/// Admins can revoke everybody's.
#[utoipa::path(delete, path = "/keys/{id}", tag = "keys", params(("id" = Uuid, Path)), responses((status = 204), Errors))]
async fn delete_key(ctx: Ctx, Path(id): Path<Uuid>) -> Result<StatusCode> {
    let mut tx = ctx.begin(Action::EditKeys).await?;
    super::revoke(&ctx, &mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give an API key of your own a new secret, which is shown never again.
///
/// The old one works on for as many hours as you say, 24 when you do not.
#[utoipa::path(post, path = "/keys/{id}/rotate", tag = "keys", params(("id" = Uuid, Path)), responses((status = 200, body = NewSecret), Errors))]
async fn rotate_key(
    ctx: Ctx,
    Path(id): Path<Uuid>,
    Json(rotation): Json<Rotation>,
) -> Result<Json<NewSecret>> {
    let mut tx = ctx.begin(Action::EditKeys).await?;
    let made = super::rotate(&ctx, &mut tx, id, &rotation).await?;
    tx.commit().await?;
    Ok(Json(made))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Only of this key.
    key_id: Option<Uuid>,
    /// The first day; 29 days before the last when absent.
    from: Option<NaiveDate>,
    /// The last day; today when absent.
    until: Option<NaiveDate>,
}

/// Show how much keys were used, by day, operation and key.
///
/// Admins see everybody's, others their own. Days are those of UTC; the figures are up to ten
/// seconds behind, and kept for as long as the plan says.
#[utoipa::path(get, path = "/usage", tag = "keys", params(Asked), responses((status = 200, body = UsageReport), Errors))]
async fn find_usage(ctx: Ctx, Query(asked): Query<Asked>) -> Result<Json<UsageReport>> {
    let mut tx = ctx.begin(Action::ViewUsage).await?;
    if let Some(id) = asked.key_id {
        store::find(&mut tx, id, seen_by(&ctx)).await?;
    }
    let days = usage::days(&ctx, &tx, asked.from, asked.until)?;
    let report = usage::report(&ctx, &mut tx, asked.key_id, days).await?;
    Ok(Json(report))
}

/// A program that wants to be let in (RFC 8628, section 3.1).
#[derive(Debug, Deserialize, ToSchema)]
pub struct DeviceRequest {
    /// Which program it is, for example `cloudgen-cli`.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    pub client_id: String,
    /// Scopes with spaces between; all that the command line uses when absent.
    #[serde(default)]
    #[schema(max_length = 1_000)]
    pub scope: String,
    /// The machine it runs on, to be named in the question and in the list of keys.
    #[serde(default)]
    #[schema(max_length = 255)]
    pub device_name: String,
}

/// What to poll with and what to tell the person.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceCode {
    pub device_code: String,
    /// What the person types, such as `WDJB-MJHT`.
    pub user_code: String,
    /// Where they type it.
    pub verification_uri: String,
    /// The same, with the code filled in.
    pub verification_uri_complete: String,
    /// Seconds until it is too late.
    pub expires_in: i64,
    /// Seconds to wait between polls.
    pub interval: i32,
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct TokenRequest {
    /// `urn:ietf:params:oauth:grant-type:device_code`
    #[serde(default)]
    #[schema(max_length = 100)]
    pub grant_type: String,
    #[serde(default)]
    #[schema(max_length = 200)]
    pub device_code: String,
    #[serde(default)]
    #[schema(max_length = 100)]
    pub client_id: String,
}

/// The key that came of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceToken {
    /// An API key.
    pub access_token: String,
    /// `Bearer`
    pub token_type: &'static str,
    /// Scopes with spaces between.
    pub scope: String,
    /// Seconds until it ends.
    pub expires_in: i64,
    /// The organisation it acts in.
    pub organisation: String,
}

/// Why there is no token (RFC 6749, section 5.2; RFC 8628, section 3.5).
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceError {
    /// `authorization_pending`, `slow_down`, `access_denied`, `expired_token`, `invalid_grant`,
    /// `invalid_request`, `invalid_scope` or `unsupported_grant_type`.
    pub error: &'static str,
    pub error_description: &'static str,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Protocol(error, error_description) => {
                let body = Json(DeviceError { error, error_description });
                (StatusCode::BAD_REQUEST, axum::Extension(AsIs), body).into_response()
            }
            Self::Other(err) => err.into_response(),
        }
    }
}

/// Ask for a person to let a program in (OAuth 2.0 device authorization grant).
#[utoipa::path(post, path = "/device/code", tag = "device", security(()), request_body(content = DeviceRequest, content_type = "application/x-www-form-urlencoded"), responses((status = 200, body = DeviceCode), Errors, (status = 400, body = DeviceError)))]
async fn create_device_code(
    State(state): State<AppState>,
    client: Client,
    Form(request): Form<DeviceRequest>,
) -> Result<Json<DeviceCode>, Refusal> {
    Ok(Json(device::ask(&state, client, &request).await?))
}

/// Poll for what the person decided.
///
/// The key is handed out once.
#[utoipa::path(post, path = "/device/token", tag = "device", security(()), request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"), responses((status = 200, body = DeviceToken), Errors, (status = 400, body = DeviceError)))]
async fn create_device_token(
    State(state): State<AppState>,
    client: Client,
    Form(request): Form<TokenRequest>,
) -> Result<Json<DeviceToken>, Refusal> {
    Ok(Json(device::token(&state, client, &request).await?))
}
