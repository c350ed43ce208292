use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum_extra::extract::CookieJar;
use serde::{Deserialize, Serialize};

use super::{again, check_mail, link_expired, signed_in};
use crate::features::auth::sign_up::{self, Asked, Step};
use crate::features::auth::{cookie_name, short_cookie};
use crate::features::orgs;
use crate::platform::crypto::Token;
use crate::platform::ctx::{Client, Person};
use crate::platform::error::{ErrorBody, Result};
use crate::platform::events::Who;
use crate::platform::extract::{Form, Path, Query};
use crate::platform::mail;
use crate::platform::page::{Page, View, local_path};
use crate::platform::state::AppState;

/// Tells the browser that asked for an account from others.
const BROWSER: &str = "cloudgen_sign_up";

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/sign-up", get(show).post(submit))
        .route("/verify/resend", post(resend))
        .route("/verify/{token}", get(show_verify).post(verify))
}

#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    pub next: String,
}

/// What was typed, but for the password.
#[derive(Default, Serialize)]
struct Typed {
    name: String,
    email: String,
}

#[derive(Serialize)]
struct SignUp {
    form: Typed,
    next: String,
    /// The organisation that the invitation is for.
    invited_to: Option<String>,
    problem: Option<ErrorBody>,
}

impl View for SignUp {
    const TEMPLATE: &'static str = "auth/sign_up.html";
}

async fn show(
    State(state): State<AppState>,
    person: Option<Person>,
    Query(query): Query<Next>,
) -> Result<Response> {
    let next = local_path(Some(&query.next)).to_owned();
    if person.is_some() {
        return Ok(Redirect::to(&next).into_response());
    }
    let mut tx = state.db.system(Who::system()).await?;
    let invitation = orgs::invited_by_path(&mut tx, &next).await?;
    let (email, invited_to) = match invitation {
        Some(it) => (it.email, Some(it.org)),
        None => (String::new(), None),
    };
    let form = Typed { name: String::new(), email };
    Ok(Page(SignUp { form, next: shown(next), invited_to, problem: None }).into_response())
}

/// The start page needs no mention.
pub fn shown(next: String) -> String {
    if next == "/" { String::new() } else { next }
}

#[derive(Deserialize)]
struct Submitted {
    name: String,
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

async fn submit(
    State(state): State<AppState>,
    client: Client,
    Form(form): Form<Submitted>,
) -> Result<Response> {
    let next = local_path(Some(&form.next)).to_owned();
    let asked =
        Asked { name: &form.name, email: &form.email, password: &form.password, next: &next };
    match sign_up::begin(&state, &client, asked).await {
        Ok(Step::SignedIn(token)) => {
            Ok((signed_in(&state, &token), Redirect::to(&next)).into_response())
        }
        Ok(Step::CheckMail { email, browser }) => {
            let jar = CookieJar::new().add(short_cookie(&state.config, BROWSER, &browser));
            Ok((jar, check_mail(&state, email, "verify")).into_response())
        }
        Err(err) => again(err, |problem| SignUp {
            form: Typed { name: form.name, email: form.email },
            next: shown(next),
            invited_to: None,
            problem: Some(problem),
        }),
    }
}

#[derive(Deserialize)]
struct Resend {
    email: String,
}

async fn resend(
    State(state): State<AppState>,
    client: Client,
    Form(form): Form<Resend>,
) -> Result<Response> {
    let email = mail::address("email", &form.email)?;
    sign_up::again(&state, &client, &email).await?;
    Ok(check_mail(&state, email, "verify").into_response())
}

#[derive(Serialize)]
struct Verify {
    token: String,
    email: String,
    /// Another browser than the one that asked for the account.
    ask_password: bool,
    problem: Option<ErrorBody>,
}

impl View for Verify {
    const TEMPLATE: &'static str = "auth/verify.html";
}

fn browser(state: &AppState, jar: &CookieJar) -> Option<Token> {
    let name = cookie_name(&state.config, BROWSER);
    jar.get(&name).map(|it| Token::shown(it.value()))
}

/// A page with a button, because mail programs open links by themselves.
async fn show_verify(
    State(state): State<AppState>,
    jar: CookieJar,
    Path(token): Path<String>,
) -> Result<Response> {
    let Some(found) = sign_up::find(&state, &Token::shown(&token)).await? else {
        return Ok(link_expired("/sign-up", "Create an account"));
    };
    let ask_password = !found.began_in(browser(&state, &jar).as_ref());
    Ok(Page(Verify { token, email: found.email, ask_password, problem: None }).into_response())
}

#[derive(Deserialize)]
struct Confirmed {
    #[serde(default)]
    password: String,
}

async fn verify(
    State(state): State<AppState>,
    client: Client,
    jar: CookieJar,
    Path(token): Path<String>,
    Form(form): Form<Confirmed>,
) -> Result<Response> {
    let browser = browser(&state, &jar);
    let shown = Token::shown(&token);
    match sign_up::finish(&state, &client, &shown, browser.as_ref(), &form.password).await {
        Ok(Some((login, next))) => {
            let mut gone = short_cookie(&state.config, BROWSER, &Token::shown(""));
            gone.make_removal();
            let jar = signed_in(&state, &login).add(gone);
            Ok((jar, Redirect::to(local_path(Some(&next)))).into_response())
        }
        Ok(None) => Ok(link_expired("/sign-up", "Create an account")),
        Err(err) => {
            let email = match sign_up::find(&state, &shown).await? {
                Some(found) => found.email,
                None => return Err(err),
            };
            again(err, |problem| Verify {
                token,
                email,
                ask_password: true,
                problem: Some(problem),
            })
        }
    }
}
