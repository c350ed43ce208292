//! The people of an organisation and their roles.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{lock, store};
use crate::platform::access::Role;
use crate::platform::api_key;
use crate::platform::ctx::Ctx;
use crate::platform::db::TenantTx;
use crate::platform::error::{Error, Result};
use crate::platform::events::{self, Event};
use crate::platform::mail::Letter;
use crate::platform::state::AppState;

/// Someone who belongs to the organisation.
#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
pub struct Member {
    pub account_id: Uuid,
    pub name: String,
    pub email: String,
    pub role: Role,
    /// Whether signing in needs a second factor.
    pub two_factor: bool,
    pub joined_at: DateTime<Utc>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberPatch {
    /// At most the caller's own.
    pub role: Role,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// The member who becomes owner.
    pub account_id: Uuid,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select m.account_id, a.name, a.email, m.role,
                    a.two_factor_at is not null as two_factor, m.created_at as joined_at
               from member m join account a on a.id = m.account_id ",
            $rest
        )
    };
}

/// By name; a position in the list is a name and an account.
pub async fn list(
    tx: &mut TenantTx,
    after: Option<(String, Uuid)>,
    limit: usize,
) -> Result<Vec<Member>> {
    Ok(sqlx::query_as(select!(
        "where $1::text is null or (lower(a.name), m.account_id) > ($1, $2)
         order by lower(a.name), m.account_id limit $3"
    ))
    .bind(after.as_ref().map(|it| it.0.as_str()))
    .bind(after.as_ref().map(|it| it.1))
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(&mut **tx)
    .await?)
}

/// Those who sign in with a password alone.
pub async fn without_two_factor(tx: &mut TenantTx) -> Result<Vec<Member>> {
    Ok(sqlx::query_as(select!(
        "where a.two_factor_at is null order by lower(a.name), m.account_id"
    ))
    .fetch_all(&mut **tx)
    .await?)
}

pub async fn find(tx: &mut TenantTx, account_id: Uuid) -> Result<Member> {
    sqlx::query_as(select!("where m.account_id = $1"))
        .bind(account_id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::NotFound("member"))
}

/// Whether the organisation would have no owner without this member.
pub async fn is_last_owner(tx: &mut TenantTx, member: &Member) -> Result<bool> {
    Ok(member.role == Role::Owner && store::count_owners(tx).await? == 1)
}

async fn keep_an_owner(tx: &mut TenantTx, member: &Member) -> Result<()> {
    if is_last_owner(tx, member).await? {
        let message = "this is the only owner; make someone else owner first";
        return Err(Error::conflict("last_owner", message));
    }
    Ok(())
}

async fn set_role(tx: &mut TenantTx, account_id: Uuid, role: Role) -> Result<()> {
    sqlx::query("update member set role = $2 where account_id = $1")
        .bind(account_id)
        .bind(role)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Gives a member another role. Nobody gives one above their own, or changes
/// that of somebody above them.
pub async fn update(ctx: &Ctx, tx: &mut TenantTx, account_id: Uuid, role: Role) -> Result<Member> {
    lock(tx).await?;
    let before = find(tx, account_id).await?;
    if before.role > ctx.role() {
        return Err(Error::Forbidden);
    }
    if role > ctx.role() {
        return Err(Error::invalid("role", "must not be above your own"));
    }
    if role == before.role {
        return Ok(before);
    }
    keep_an_owner(tx, &before).await?;
    set_role(tx, account_id, role).await?;
    let changed = Event::new("member.role_changed").on("account", account_id);
    let changed = changed.before(json!({ "email": before.email, "role": before.role }));
    events::emit(tx, changed.after(json!({ "role": role })));
    Ok(Member { role, ..before })
}

/// Takes a member out. They lose access with their next request.
pub async fn remove(ctx: &Ctx, tx: &mut TenantTx, account_id: Uuid) -> Result<()> {
    lock(tx).await?;
    let member = find(tx, account_id).await?;
    if member.role > ctx.role() {
        return Err(Error::Forbidden);
    }
    keep_an_owner(tx, &member).await?;
    let name = if account_id == ctx.person.id { "member.left" } else { "member.removed" };
    api_key::revoke_all_of(tx, account_id).await?;
    sqlx::query("delete from member where account_id = $1")
        .bind(account_id)
        .execute(&mut **tx)
        .await?;
    let gone = Event::new(name).on("account", account_id);
    events::emit(tx, gone.before(json!({ "email": member.email, "role": member.role })));
    Ok(())
}

/// Ends all logins of a member, wherever they are signed in, and tells them.
pub async fn sign_out(
    state: &AppState,
    ctx: &Ctx,
    tx: &mut TenantTx,
    account_id: Uuid,
) -> Result<Member> {
    let member = find(tx, account_id).await?;
    if member.role > ctx.role() {
        return Err(Error::Forbidden);
    }
    let count: i64 =
        sqlx::query_scalar("select app.sign_out($1)").bind(account_id).fetch_one(&mut **tx).await?;
    let signed_out = Event::new("member.signed_out").on("account", account_id);
    let signed_out = signed_out.after(json!({ "email": member.email, "logins": count }));
    events::emit(tx, signed_out);
    let values = json!({ "name": member.name, "org": ctx.org.name, "by": ctx.person.name });
    state.mail.send(tx, &Letter::new("signed_out", &member.email, values)).await?;
    Ok(member)
}

/// Makes another member owner, and the caller an admin.
pub async fn transfer(
    state: &AppState,
    ctx: &Ctx,
    tx: &mut TenantTx,
    account_id: Uuid,
) -> Result<()> {
    ctx.person.require_recent()?;
    lock(tx).await?;
    let to = find(tx, account_id).await?;
    if to.account_id == ctx.person.id {
        return Err(Error::invalid("account_id", "is you"));
    }
    set_role(tx, to.account_id, Role::Owner).await?;
    set_role(tx, ctx.person.id, Role::Admin).await?;
    let transferred = Event::new("org.transferred").on("org", tx.org_id());
    let transferred = transferred.before(json!({ "owner": ctx.person.email }));
    events::emit(tx, transferred.after(json!({ "owner": to.email })));
    let values = json!({ "name": to.name, "org": ctx.org.name, "by": ctx.person.name });
    state.mail.send(tx, &Letter::new("ownership_transferred", &to.email, values)).await?;
    Ok(())
}

/// The owners, to be told what happens to their organisation.
pub async fn owners(tx: &mut TenantTx) -> Result<Vec<Member>> {
    Ok(sqlx::query_as(select!("where m.role = 'owner' order by m.account_id"))
        .fetch_all(&mut **tx)
        .await?)
}
