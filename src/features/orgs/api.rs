use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::invitations::{self, Invitation, NewInvitation};
use super::lifecycle::{self, Org, OrgPatch};
use super::members::{self, Member, MemberPatch, Transfer};
use super::workspaces::{self, NewWorkspace, Workspace};
use crate::platform::access::{Action, Role};
use crate::platform::ctx::{Ctx, Person};
use crate::platform::db::SystemTx;
use crate::platform::error::{Error, Result};
use crate::platform::events::{self, Event};
use crate::platform::extract::{Json, List, Paging, Path, Query};
use crate::platform::login;
use crate::platform::problem::Errors;
use crate::platform::rate_limit::{self, Limit};
use crate::platform::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_orgs, create_org))
        .routes(routes!(switch_org))
        .routes(routes!(find_org, update_org, delete_org))
        .routes(routes!(restore_org))
        .routes(routes!(transfer_org))
        .routes(routes!(leave_org))
        .routes(routes!(list_members))
        .routes(routes!(find_member, update_member, delete_member))
        .routes(routes!(sign_out_member))
        .routes(routes!(list_invitations, create_invitation))
        .routes(routes!(find_invitation, delete_invitation))
        .routes(routes!(resend_invitation))
        .routes(routes!(list_workspaces, create_workspace))
        .routes(routes!(find_workspace, update_workspace, delete_workspace))
}

/// An organisation that the caller belongs to.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
struct Membership {
    id: Uuid,
    name: String,
    slug: String,
    plan: String,
    /// The caller's role in it.
    role: Role,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewOrg {
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

async fn memberships(tx: &mut SystemTx, person: &Person) -> Result<Vec<Membership>> {
    Ok(sqlx::query_as(
        "select o.id, o.name, o.slug, o.plan, m.role
           from member m join org o on o.id = m.org_id
          where m.account_id = $1 order by lower(o.name), o.id",
    )
    .bind(person.id)
    .fetch_all(&mut **tx)
    .await?)
}

/// List the caller's organisations.
#[utoipa::path(get, path = "/orgs", tag = "organisations", responses((status = 200, body = List<Membership>), Errors))]
async fn list_orgs(person: Person) -> Result<List<Membership>> {
    let mut tx = person.begin().await?;
    let items = memberships(&mut tx, &person).await?;
    Ok(List { items, next: None })
}

/// Organisations that one person founds.
const FOUNDED: Limit = Limit::new(10, chrono::Duration::days(1));

/// Founds an organisation and moves the caller's login to it. The transaction
/// is still to be committed.
pub(super) async fn found(
    state: &AppState,
    person: &Person,
    name: &str,
) -> Result<(SystemTx, Uuid)> {
    super::checked_name(name)?;
    rate_limit::take(state, &format!("org:{}", person.id), FOUNDED).await?;
    let mut tx = person.begin().await?;
    let id = super::found(&mut tx, person.id, name).await?;
    login::switch_org(&mut tx, person.login()?.id, id).await?;
    Ok((tx, id))
}

/// Create an organisation, with the caller as its owner, and act in it.
#[utoipa::path(post, path = "/orgs", tag = "organisations", responses((status = 201, body = Membership), Errors))]
async fn create_org(
    State(state): State<AppState>,
    person: Person,
    Json(new): Json<NewOrg>,
) -> Result<(StatusCode, Json<Membership>)> {
    let (mut tx, id) = found(&state, &person, &new.name).await?;
    let all = memberships(&mut tx, &person).await?;
    tx.commit().await?;
    let founded = all.into_iter().find(|it| it.id == id);
    Ok((StatusCode::CREATED, Json(founded.ok_or(Error::NotFound("organisation"))?)))
}

/// Act in another of the caller's organisations from now on.
#[utoipa::path(post, path = "/orgs/{id}/switch", tag = "organisations", params(("id" = Uuid, Path)), responses((status = 204), Errors))]
async fn switch_org(person: Person, Path(id): Path<Uuid>) -> Result<StatusCode> {
    switch(&person, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn switch(person: &Person, id: Uuid) -> Result<()> {
    let mut tx = person.begin().await?;
    if !login::switch_org(&mut tx, person.login()?.id, id).await? {
        return Err(Error::NotFound("organisation"));
    }
    let switched = Event::new("login.switched").on("account", person.id);
    events::emit_in(&mut tx, id, switched);
    tx.commit().await
}

/// Show the organisation acted in.
#[utoipa::path(get, path = "/org", tag = "organisations", responses((status = 200, body = Org), Errors))]
async fn find_org(ctx: Ctx) -> Result<Json<Org>> {
    let mut tx = ctx.begin(Action::ViewOrg).await?;
    let settings = lifecycle::find(&mut tx).await?;
    Ok(Json(lifecycle::shown(settings, ctx.role())))
}

/// Change the organisation acted in.
///
/// Changing how people sign in needs a recent proof of who you are.
#[utoipa::path(patch, path = "/org", tag = "organisations", responses((status = 200, body = Org), Errors))]
async fn update_org(ctx: Ctx, Json(patch): Json<OrgPatch>) -> Result<Json<Org>> {
    let mut tx = ctx.begin(Action::ManageOrg).await?;
    let settings = lifecycle::update(&ctx, &mut tx, &patch).await?;
    tx.commit().await?;
    Ok(Json(lifecycle::shown(settings, ctx.role())))
}

/// Ask for the deletion of the organisation acted in.
///
/// It happens after 30 days; until then it can be restored.
#[utoipa::path(delete, path = "/org", tag = "organisations", responses((status = 200, body = Org), Errors))]
async fn delete_org(State(state): State<AppState>, ctx: Ctx) -> Result<Json<Org>> {
    let mut tx = ctx.begin(Action::DeleteOrg).await?;
    let settings = lifecycle::delete(&state, &ctx, &mut tx).await?;
    tx.commit().await?;
    Ok(Json(lifecycle::shown(settings, ctx.role())))
}

/// Take back the deletion of the organisation acted in.
#[utoipa::path(post, path = "/org/restore", tag = "organisations", responses((status = 200, body = Org), Errors))]
async fn restore_org(ctx: Ctx) -> Result<Json<Org>> {
    let mut tx = ctx.begin(Action::DeleteOrg).await?;
    let settings = lifecycle::restore(&mut tx).await?;
    tx.commit().await?;
    Ok(Json(lifecycle::shown(settings, ctx.role())))
}

/// Make another member owner, and yourself an admin.
///
/// Needs a recent proof of who you are.
#[utoipa::path(post, path = "/org/transfer", tag = "organisations", responses((status = 204), Errors))]
async fn transfer_org(
    State(state): State<AppState>,
    ctx: Ctx,
    Json(to): Json<Transfer>,
) -> Result<StatusCode> {
    let mut tx = ctx.begin(Action::TransferOrg).await?;
    members::transfer(&state, &ctx, &mut tx, to.account_id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Leave the organisation acted in.
#[utoipa::path(post, path = "/org/leave", tag = "organisations", responses((status = 204), Errors))]
async fn leave_org(ctx: Ctx) -> Result<StatusCode> {
    leave(&ctx).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Leaves, and goes on in another organisation of the caller if there is one.
pub(super) async fn leave(ctx: &Ctx) -> Result<()> {
    let mut tx = ctx.begin(Action::Leave).await?;
    members::remove(ctx, &mut tx, ctx.person.id).await?;
    tx.commit().await?;
    let mut tx = ctx.person.begin().await?;
    let all = memberships(&mut tx, &ctx.person).await?;
    if let Some(other) = all.iter().find(|it| it.id != ctx.org.id) {
        login::switch_org(&mut tx, ctx.person.login()?.id, other.id).await?;
    }
    tx.commit().await
}

/// List the organisation's members by name.
#[utoipa::path(get, path = "/members", tag = "members", params(Paging), responses((status = 200, body = List<Member>), Errors))]
async fn list_members(ctx: Ctx, Query(paging): Query<Paging>) -> Result<List<Member>> {
    let (limit, after) = (paging.limit()?, paging.after()?);
    let mut tx = ctx.begin(Action::ViewOrg).await?;
    let rows = members::list(&mut tx, after, limit + 1).await?;
    Ok(List::of(rows, limit, |it| (it.name.to_lowercase(), it.account_id)))
}

/// Show a member.
#[utoipa::path(get, path = "/members/{id}", tag = "members", params(("id" = Uuid, Path)), responses((status = 200, body = Member), Errors))]
async fn find_member(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Json<Member>> {
    let mut tx = ctx.begin(Action::ViewOrg).await?;
    let member = members::find(&mut tx, id).await?;
    Ok(Json(member))
}

/// Give a member another role.
#[utoipa::path(patch, path = "/members/{id}", tag = "members", params(("id" = Uuid, Path)), responses((status = 200, body = Member), Errors))]
async fn update_member(
    ctx: Ctx,
    Path(id): Path<Uuid>,
    Json(patch): Json<MemberPatch>,
) -> Result<Json<Member>> {
    let mut tx = ctx.begin(Action::ManageMembers).await?;
    let member = members::update(&ctx, &mut tx, id, patch.role).await?;
    tx.commit().await?;
    Ok(Json(member))
}

/// Remove a member, who loses access at once.
#[utoipa::path(delete, path = "/members/{id}", tag = "members", params(("id" = Uuid, Path)), responses((status = 204), Errors))]
async fn delete_member(ctx: Ctx, Path(id): Path<Uuid>) -> Result<StatusCode> {
    let mut tx = ctx.begin(Action::ManageMembers).await?;
    members::remove(&ctx, &mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sign a member out everywhere: each of their logins ends at once, and they are
/// told by mail. Their API keys keep working.
#[utoipa::path(post, path = "/members/{id}/sign-out", tag = "members", params(("id" = Uuid, Path)), responses((status = 204), Errors))]
async fn sign_out_member(
    State(state): State<AppState>,
    ctx: Ctx,
    Path(id): Path<Uuid>,
) -> Result<StatusCode> {
    let mut tx = ctx.begin(Action::ManageMembers).await?;
    members::sign_out(&state, &ctx, &mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the open invitations, the oldest first.
#[utoipa::path(get, path = "/invitations", tag = "members", params(Paging), responses((status = 200, body = List<Invitation>), Errors))]
async fn list_invitations(ctx: Ctx, Query(paging): Query<Paging>) -> Result<List<Invitation>> {
    let (limit, after) = (paging.limit()?, paging.after()?);
    let mut tx = ctx.begin(Action::ManageMembers).await?;
    let rows = invitations::list(&mut tx, after, limit + 1).await?;
    Ok(List::of(rows, limit, |it| (it.created_at, it.id)))
}

/// Invite somebody by mail.
///
/// The link in the mail works once, for seven days. Inviting the same address
/// again replaces the invitation.
#[utoipa::path(post, path = "/invitations", tag = "members", responses((status = 201, body = Invitation), Errors))]
async fn create_invitation(
    State(state): State<AppState>,
    ctx: Ctx,
    Json(new): Json<NewInvitation>,
) -> Result<(StatusCode, Json<Invitation>)> {
    let mut tx = ctx.begin(Action::ManageMembers).await?;
    let invitation = invitations::create(&state, &ctx, &mut tx, &new).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(invitation)))
}

/// Show an invitation.
#[utoipa::path(get, path = "/invitations/{id}", tag = "members", params(("id" = Uuid, Path)), responses((status = 200, body = Invitation), Errors))]
async fn find_invitation(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Json<Invitation>> {
    let mut tx = ctx.begin(Action::ManageMembers).await?;
    let invitation = invitations::find(&mut tx, id).await?;
    Ok(Json(invitation))
}

/// Withdraw an invitation.
#[utoipa::path(delete, path = "/invitations/{id}", tag = "members", params(("id" = Uuid, Path)), responses((status = 204), Errors))]
async fn delete_invitation(ctx: Ctx, Path(id): Path<Uuid>) -> Result<StatusCode> {
    let mut tx = ctx.begin(Action::ManageMembers).await?;
    invitations::revoke(&mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send an invitation again, with a new link.
#[utoipa::path(post, path = "/invitations/{id}/resend", tag = "members", params(("id" = Uuid, Path)), responses((status = 200, body = Invitation), Errors))]
async fn resend_invitation(
    State(state): State<AppState>,
    ctx: Ctx,
    Path(id): Path<Uuid>,
) -> Result<Json<Invitation>> {
    let mut tx = ctx.begin(Action::ManageMembers).await?;
    let invitation = invitations::resend(&state, &ctx, &mut tx, id).await?;
    tx.commit().await?;
    Ok(Json(invitation))
}

/// List the organisation's workspaces by name.
#[utoipa::path(get, path = "/workspaces", tag = "workspaces", params(Paging), responses((status = 200, body = List<Workspace>), Errors))]
async fn list_workspaces(ctx: Ctx, Query(paging): Query<Paging>) -> Result<List<Workspace>> {
    let (limit, after) = (paging.limit()?, paging.after()?);
    let mut tx = ctx.begin(Action::ViewOrg).await?;
    let rows = workspaces::list(&mut tx, after, limit + 1).await?;
    Ok(List::of(rows, limit, |it| (it.name.to_lowercase(), it.id)))
}

/// Create a workspace.
#[utoipa::path(post, path = "/workspaces", tag = "workspaces", responses((status = 201, body = Workspace), Errors))]
async fn create_workspace(
    ctx: Ctx,
    Json(new): Json<NewWorkspace>,
) -> Result<(StatusCode, Json<Workspace>)> {
    let mut tx = ctx.begin(Action::ManageWorkspaces).await?;
    let workspace = workspaces::create(&ctx, &mut tx, &new).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(workspace)))
}

/// Show a workspace.
#[utoipa::path(get, path = "/workspaces/{id}", tag = "workspaces", params(("id" = Uuid, Path)), responses((status = 200, body = Workspace), Errors))]
async fn find_workspace(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Json<Workspace>> {
    let mut tx = ctx.begin(Action::ViewOrg).await?;
    let workspace = workspaces::find(&mut tx, id).await?;
    Ok(Json(workspace))
}

/// Rename a workspace.
#[utoipa::path(patch, path = "/workspaces/{id}", tag = "workspaces", params(("id" = Uuid, Path)), responses((status = 200, body = Workspace), Errors))]
async fn update_workspace(
    ctx: Ctx,
    Path(id): Path<Uuid>,
    Json(patch): Json<NewWorkspace>,
) -> Result<Json<Workspace>> {
    let mut tx = ctx.begin(Action::ManageWorkspaces).await?;
    let workspace = workspaces::rename(&mut tx, id, &patch.name).await?;
    tx.commit().await?;
    Ok(Json(workspace))
}

/// Delete a workspace with everything in it.
#[utoipa::path(delete, path = "/workspaces/{id}", tag = "workspaces", params(("id" = Uuid, Path)), responses((status = 204), Errors))]
async fn delete_workspace(ctx: Ctx, Path(id): Path<Uuid>) -> Result<StatusCode> {
    let mut tx = ctx.begin(Action::ManageWorkspaces).await?;
    workspaces::delete(&mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
