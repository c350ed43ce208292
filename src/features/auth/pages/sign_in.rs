use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum_extra::extract::CookieJar;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::sign_up::{Next, shown};
use super::{again, signed_in};
use crate::features::auth::sign_in::{self, Factor, Step};
use crate::features::auth::{cookie_name, passkeys, proof, short_cookie};
use crate::platform::crypto::Token;
use crate::platform::ctx::{Client, Person};
use crate::platform::db::Tx;
use crate::platform::error::{Error, ErrorBody, Result};
use crate::platform::events::Who;
use crate::platform::extract::{Form, Json, Query};
use crate::platform::login::{self, Level};
use crate::platform::page::{Flash, Page, View, local_path};
use crate::platform::state::AppState;

/// Stands for a sign-in between password and second factor.
const PENDING: &str = "cloudgen_sign_in";

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/sign-in", get(show).post(submit))
        .route("/sign-in/two-factor", get(show_two_factor).post(two_factor))
        .route("/sign-in/passkey/options", post(passkey_options))
        .route("/sign-in/passkey", post(passkey))
        .route("/sign-out", post(sign_out))
        .route("/confirm", get(show_confirm).post(confirm))
}

#[derive(Default, Serialize)]
struct Typed {
    email: String,
}

#[derive(Serialize)]
struct SignIn {
    form: Typed,
    next: String,
    problem: Option<ErrorBody>,
}

impl View for SignIn {
    const TEMPLATE: &'static str = "auth/sign_in.html";
}

async fn show(person: Option<Person>, Query(query): Query<Next>) -> Response {
    let next = local_path(Some(&query.next)).to_owned();
    if person.is_some() {
        return Redirect::to(&next).into_response();
    }
    Page(SignIn { form: Typed::default(), next: shown(next), problem: None }).into_response()
}

#[derive(Deserialize)]
struct Submitted {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

async fn submit(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    Form(form): Form<Submitted>,
) -> Result<Response> {
    let next = local_path(Some(&form.next)).to_owned();
    match sign_in::with_password(&state, &client, &form.email, &form.password).await {
        Ok(Step::SignedIn(token)) => {
            end_former(&state, &client, &headers).await?;
            Ok((signed_in(&state, &token), Redirect::to(&next)).into_response())
        }
        Ok(Step::SecondFactor(token)) => {
            let jar = CookieJar::new().add(short_cookie(&state.config, PENDING, &token));
            Ok((jar, Redirect::to(&two_factor_path(&next, ""))).into_response())
        }
        Err(err) => again(err, |problem| SignIn {
            form: Typed { email: form.email },
            next: shown(next),
            problem: Some(problem),
        }),
    }
}

/// Whoever signs in anew leaves the login they came with.
async fn end_former(state: &AppState, client: &Client, headers: &HeaderMap) -> Result<()> {
    match login::token(headers, &state.config) {
        Some(former) => sign_in::sign_out(state, Who::anonymous(client.clone()), &former).await,
        None => Ok(()),
    }
}

fn two_factor_path(next: &str, method: &str) -> String {
    let mut query = Vec::new();
    if !method.is_empty() {
        query.push(format!("method={method}"));
    }
    if next != "/" {
        query.push(format!("next={}", encode(next)));
    }
    let mark = if query.is_empty() { "" } else { "?" };
    format!("/sign-in/two-factor{mark}{}", query.join("&"))
}

fn encode(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(byte);
    text.bytes()
        .map(|byte| match plain(&byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

#[derive(Serialize)]
struct TwoFactor {
    next: String,
    method: &'static str,
    passkeys: bool,
    problem: Option<ErrorBody>,
}

impl View for TwoFactor {
    const TEMPLATE: &'static str = "auth/two_factor.html";
}

#[derive(Deserialize)]
struct Chosen {
    method: Option<String>,
    #[serde(default)]
    next: String,
}

fn pending(state: &AppState, jar: &CookieJar) -> Option<Token> {
    jar.get(&cookie_name(&state.config, PENDING)).map(|it| Token::shown(it.value()))
}

/// The sign-in took too long, or went through elsewhere.
fn over() -> Response {
    Flash::info("That took too long. Please sign in again.").redirect("/sign-in")
}

async fn show_two_factor(
    State(state): State<AppState>,
    jar: CookieJar,
    Query(chosen): Query<Chosen>,
) -> Result<Response> {
    let next = local_path(Some(&chosen.next)).to_owned();
    let page = two_factor_page(&state, &jar, next, chosen.method.as_deref(), None).await?;
    Ok(page.map_or_else(over, |it| Page(it).into_response()))
}

async fn two_factor_page(
    state: &AppState,
    jar: &CookieJar,
    next: String,
    method: Option<&str>,
    problem: Option<ErrorBody>,
) -> Result<Option<TwoFactor>> {
    let Some(token) = pending(state, jar) else { return Ok(None) };
    let mut tx = state.db.system(Who::system()).await?;
    let Some(waiting) = sign_in::pending(&mut tx, &token).await? else { return Ok(None) };
    let has_passkeys = passkeys::are_possible(&state.config)
        && !passkeys::list(&mut tx, waiting.account.id).await?.is_empty();
    let method = match method {
        Some("backup") => "backup",
        Some("code") => "code",
        Some("passkey") | None if has_passkeys => "passkey",
        _ => "code",
    };
    Ok(Some(TwoFactor { next: shown(next), method, passkeys: has_passkeys, problem }))
}

#[derive(Deserialize)]
struct Code {
    code: String,
    #[serde(default)]
    method: String,
    #[serde(default)]
    next: String,
}

async fn two_factor(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    Form(form): Form<Code>,
) -> Result<Response> {
    let factor = match form.method.as_str() {
        "backup" => Factor::Backup(&form.code),
        _ => Factor::Code(&form.code),
    };
    let method = if form.method == "backup" { "backup" } else { "code" };
    show_factor(&state, &client, &headers, factor, &form.next, method).await
}

#[derive(Deserialize)]
struct Credential {
    credential: String,
    #[serde(default)]
    next: String,
}

async fn passkey(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    Form(form): Form<Credential>,
) -> Result<Response> {
    let factor = Factor::Passkey(&form.credential);
    show_factor(&state, &client, &headers, factor, &form.next, "passkey").await
}

async fn show_factor(
    state: &AppState,
    client: &Client,
    headers: &HeaderMap,
    factor: Factor<'_>,
    next: &str,
    method: &str,
) -> Result<Response> {
    let jar = CookieJar::from_headers(headers);
    let next = local_path(Some(next)).to_owned();
    let Some(token) = pending(state, &jar) else { return Ok(over()) };
    match sign_in::with_factor(state, client, &token, factor).await {
        Ok(Some(login)) => {
            end_former(state, client, headers).await?;
            let mut gone = short_cookie(&state.config, PENDING, &Token::shown(""));
            gone.make_removal();
            Ok((signed_in(state, &login).add(gone), Redirect::to(&next)).into_response())
        }
        Ok(None) => Ok(over()),
        Err(err) => {
            let body = crate::platform::page::complaint(err)?;
            let page = two_factor_page(state, &jar, next, Some(method), Some(body.clone())).await?;
            Ok(page.map_or_else(over, |it| (body.status, Page(it)).into_response()))
        }
    }
}

/// What the browser asks the passkey, as JSON for the script.
async fn passkey_options(State(state): State<AppState>, jar: CookieJar) -> Result<Json<Value>> {
    let token = pending(&state, &jar).ok_or(Error::Unauthenticated)?;
    let mut tx = state.db.system(Who::system()).await?;
    let waiting = sign_in::pending(&mut tx, &token).await?.ok_or(Error::Unauthenticated)?;
    let (options, expected) = passkeys::challenge(&state, &mut tx, waiting.account.id).await?;
    sign_in::set_challenge(&mut tx, waiting.id, &expected).await?;
    tx.commit().await?;
    Ok(Json(options))
}

async fn sign_out(
    State(state): State<AppState>,
    client: Client,
    person: Option<Person>,
    headers: HeaderMap,
) -> Result<Response> {
    if let Some(token) = login::token(&headers, &state.config) {
        let who = person.map_or_else(|| Who::anonymous(client), |it| it.who());
        sign_in::sign_out(&state, who, &token).await?;
    }
    let mut tx = state.db.system(Who::system()).await?;
    let jar = CookieJar::from_headers(&headers);
    if let Some(token) = pending(&state, &jar) {
        sqlx::query("delete from sign_in where token_hash = $1")
            .bind(token.hash())
            .execute(tx.conn())
            .await?;
        tx.commit().await?;
    }
    let mut gone = short_cookie(&state.config, PENDING, &Token::shown(""));
    gone.make_removal();
    let jar = CookieJar::new().add(login::forget(&state.config)).add(gone);
    Ok((jar, Redirect::to("/sign-in")).into_response())
}

#[derive(Serialize)]
struct Confirm {
    next: String,
    email: String,
    two_factor: bool,
    problem: Option<ErrorBody>,
}

impl View for Confirm {
    const TEMPLATE: &'static str = "auth/confirm.html";
}

async fn show_confirm(person: Person, Query(query): Query<Next>) -> Page<Confirm> {
    let next = local_path(Some(&query.next)).to_owned();
    let two_factor = person.level() == Some(Level::TwoFactor);
    Page(Confirm { next, email: person.email, two_factor, problem: None })
}

#[derive(Deserialize)]
struct Proof {
    password: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    next: String,
}

async fn confirm(
    State(state): State<AppState>,
    person: Person,
    Form(form): Form<Proof>,
) -> Result<Response> {
    let next = local_path(Some(&form.next)).to_owned();
    match proof::confirm(&state, &person, &form.password, &form.code).await {
        Ok(token) => Ok((signed_in(&state, &token), Redirect::to(&next)).into_response()),
        Err(err) => again(err, |problem| Confirm {
            next,
            two_factor: person.level() == Some(Level::TwoFactor),
            email: person.email,
            problem: Some(problem),
        }),
    }
}
