use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Choice, again, roles_up_to};
use crate::features::orgs::invitations::{self, Invitation, NewInvitation};
use crate::features::orgs::members::{self, Member};
use crate::features::orgs::store;
use crate::platform::access::{Action, Role};
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, ErrorBody, Result};
use crate::platform::extract::{Form, List, Paging, Path, Query};
use crate::platform::page::{Flash, Page, View};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/settings/members", get(index))
        .route("/settings/members/invite", get(show_invite).post(invite))
        .route("/settings/members/{id}", get(show).post(update))
        .route("/settings/members/{id}/remove", post(remove))
        .route("/settings/members/{id}/sign-out", post(sign_out))
        .route("/settings/invitations/{id}/resend", post(resend))
        .route("/settings/invitations/{id}/revoke", post(revoke))
}

const PAGE: usize = 50;
/// More open invitations than this are for the API.
const INVITATIONS: usize = 200;

#[derive(Serialize)]
struct Index {
    members: Vec<Member>,
    invitations: Vec<Invitation>,
    can_manage: bool,
    next: Option<String>,
    after: Option<String>,
    total: i64,
}

impl View for Index {
    const TEMPLATE: &'static str = "orgs/members.html";
}

#[derive(Deserialize)]
struct After {
    after: Option<String>,
}

async fn index(ctx: Ctx, Query(query): Query<After>) -> Result<Page<Index>> {
    let after = query.after.filter(|it| !it.is_empty());
    let position = Paging { cursor: after.clone(), limit: None }.after()?;
    let can_manage = ctx.may(Action::ManageMembers);
    let mut tx = ctx.begin(Action::ViewOrg).await?;
    let rows = members::list(&mut tx, position, PAGE + 1).await?;
    let total = store::count_members(&mut tx).await?;
    let invitations = match can_manage {
        true => invitations::list(&mut tx, None, INVITATIONS).await?,
        false => Vec::new(),
    };
    tx.commit().await?;
    let list = List::of(rows, PAGE, |it| (it.name.to_lowercase(), it.account_id));
    let (members, next) = (list.items, list.next);
    Ok(Page(Index { members, invitations, can_manage, next, after, total }))
}

#[derive(Deserialize, Serialize)]
struct InviteForm {
    email: String,
    role: Role,
}

#[derive(Serialize)]
struct Invite {
    form: InviteForm,
    roles: Vec<Choice>,
    problem: Option<ErrorBody>,
}

impl View for Invite {
    const TEMPLATE: &'static str = "orgs/invite.html";
}

async fn show_invite(ctx: Ctx) -> Result<Page<Invite>> {
    ctx.begin(Action::ManageMembers).await?.commit().await?;
    let form = InviteForm { email: String::new(), role: Role::Member };
    Ok(Page(Invite { form, roles: roles_up_to(ctx.role()), problem: None }))
}

async fn invite(
    State(state): State<AppState>,
    ctx: Ctx,
    Form(form): Form<InviteForm>,
) -> Result<Response> {
    let sent = async {
        let mut tx = ctx.begin(Action::ManageMembers).await?;
        let new = NewInvitation { email: form.email.clone(), role: form.role };
        let invitation = invitations::create(&state, &ctx, &mut tx, &new).await?;
        tx.commit().await?;
        Ok(invitation)
    };
    match sent.await {
        Ok(invitation) => Ok(sent_flash(&state, &invitation).redirect("/settings/members")),
        Err(err) => again(err, |problem| Invite {
            form,
            roles: roles_up_to(ctx.role()),
            problem: Some(problem),
        }),
    }
}

fn sent_flash(state: &AppState, invitation: &Invitation) -> Flash {
    let email = &invitation.email;
    Flash::success(match state.mail.directory() {
        Some(directory) => format!("The invitation of {email} is written to {directory}."),
        None => format!("The invitation is on its way to {email}."),
    })
}

#[derive(Serialize)]
struct Show {
    member: Member,
    roles: Vec<Choice>,
    last_owner: bool,
    problem: Option<ErrorBody>,
}

impl View for Show {
    const TEMPLATE: &'static str = "orgs/member.html";
}

async fn member_page(ctx: &Ctx, id: Uuid) -> Result<Show> {
    let mut tx = ctx.begin(Action::ManageMembers).await?;
    let member = members::find(&mut tx, id).await?;
    let last_owner = members::is_last_owner(&mut tx, &member).await?;
    tx.commit().await?;
    // Who is above the caller is shown as they are, and cannot be changed.
    let roles = roles_up_to(ctx.role().max(member.role));
    Ok(Show { member, roles, last_owner, problem: None })
}

async fn show(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Response> {
    Ok(Page(member_page(&ctx, id).await?).into_response())
}

#[derive(Deserialize)]
struct RoleForm {
    role: Role,
}

async fn update(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<RoleForm>) -> Result<Response> {
    let saved = async {
        let mut tx = ctx.begin(Action::ManageMembers).await?;
        let member = members::update(&ctx, &mut tx, id, form.role).await?;
        tx.commit().await?;
        Ok::<_, Error>(member)
    };
    match saved.await {
        Ok(member) => {
            let role = member.role.as_str();
            let flash = Flash::success(format!("{} is now {role}.", member.name));
            Ok(flash.redirect("/settings/members"))
        }
        Err(err) => {
            let page = member_page(&ctx, id).await?;
            again(err, |problem| Show { problem: Some(problem), ..page })
        }
    }
}

async fn remove(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Response> {
    let removed = async {
        let mut tx = ctx.begin(Action::ManageMembers).await?;
        members::remove(&ctx, &mut tx, id).await?;
        tx.commit().await
    };
    match removed.await {
        Ok(()) => Ok(Flash::success("The member is removed.").redirect("/settings/members")),
        Err(err) => {
            let page = member_page(&ctx, id).await?;
            again(err, |problem| Show { problem: Some(problem), ..page })
        }
    }
}

async fn sign_out(
    State(state): State<AppState>,
    ctx: Ctx,
    Path(id): Path<Uuid>,
) -> Result<Response> {
    let ended = async {
        let mut tx = ctx.begin(Action::ManageMembers).await?;
        let member = members::sign_out(&state, &ctx, &mut tx, id).await?;
        tx.commit().await?;
        Ok::<_, Error>(member)
    };
    match ended.await {
        Ok(member) => {
            let flash = Flash::success(format!("{} is signed out everywhere.", member.name));
            Ok(flash.redirect("/settings/members"))
        }
        Err(err) => {
            let page = member_page(&ctx, id).await?;
            again(err, |problem| Show { problem: Some(problem), ..page })
        }
    }
}

async fn resend(State(state): State<AppState>, ctx: Ctx, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = ctx.begin(Action::ManageMembers).await?;
    let invitation = invitations::resend(&state, &ctx, &mut tx, id).await?;
    tx.commit().await?;
    Ok(sent_flash(&state, &invitation).redirect("/settings/members"))
}

async fn revoke(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = ctx.begin(Action::ManageMembers).await?;
    invitations::revoke(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Flash::success("The invitation is withdrawn.").redirect("/settings/members"))
}
