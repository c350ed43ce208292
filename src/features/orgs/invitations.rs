//! Invitations: a link by mail into an organisation, for one person, once.
//!
//! The link counts only together with the address it was sent to, so passing it
//! on lets nobody else in.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{lock, plans, store};
use crate::platform::access::Role;
use crate::platform::crypto::Token;
use crate::platform::ctx::{Ctx, Person};
use crate::platform::db::{SystemTx, TenantTx, Tx};
use crate::platform::error::{Error, Result};
use crate::platform::events::{self, Event};
use crate::platform::login;
use crate::platform::mail::{self, Letter};
use crate::platform::state::AppState;

const LIFETIME: Duration = Duration::days(7);

/// Somebody who was asked to join.
#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
pub struct Invitation {
    pub id: Uuid,
    pub email: String,
    pub role: Role,
    /// The name of who invited, unless they left.
    #[schema(required)]
    pub invited_by: Option<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub expired: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    #[schema(format = "email", min_length = 3, max_length = 254)]
    pub email: String,
    /// At most the caller's own.
    pub role: Role,
}

/// What the link of an invitation says.
#[derive(Clone, Debug, FromRow)]
pub struct Invited {
    pub id: Uuid,
    pub org_id: Uuid,
    pub org: String,
    pub email: String,
    pub role: Role,
    pub invited_by: Option<String>,
    pub two_factor_required: bool,
}

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "select i.id, i.email, i.role, a.name as invited_by, i.created_at, i.expires_at,
                    i.expires_at <= $1 as expired
               from invitation i left join account a on a.id = i.invited_by
              where ",
            $condition
        )
    };
}

pub async fn list(
    tx: &mut TenantTx,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: usize,
) -> Result<Vec<Invitation>> {
    let now = tx.now();
    Ok(sqlx::query_as(select!(
        "($2::timestamptz is null or (i.created_at, i.id) > ($2, $3))
          order by i.created_at, i.id limit $4"
    ))
    .bind(now)
    .bind(after.map(|it| it.0))
    .bind(after.map(|it| it.1))
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(&mut **tx)
    .await?)
}

pub async fn find(tx: &mut TenantTx, id: Uuid) -> Result<Invitation> {
    let now = tx.now();
    sqlx::query_as(select!("i.id = $2"))
        .bind(now)
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::NotFound("invitation"))
}

/// Invites somebody. Another invitation of the same address is replaced.
pub async fn create(
    state: &AppState,
    ctx: &Ctx,
    tx: &mut TenantTx,
    new: &NewInvitation,
) -> Result<Invitation> {
    let email = mail::address("email", &new.email)?;
    if new.role > ctx.role() {
        return Err(Error::invalid("role", "must not be above your own"));
    }
    lock(tx).await?;
    if store::is_member_email(tx, &email).await? {
        return Err(Error::conflict("already_member", "this person is a member already"));
    }
    let members = store::count_members(tx).await?;
    let open: i64 =
        sqlx::query_scalar("select count(*) from invitation where email <> $1 and expires_at > $2")
            .bind(&email)
            .bind(tx.now())
            .fetch_one(&mut **tx)
            .await?;
    plans::room_for(&ctx.org.plan, plans::Resource::Members, members + open)?;
    let token = Token::random();
    let (org_id, id, now) = (tx.org_id(), tx.new_id(), tx.now());
    let id: Uuid = sqlx::query_scalar(
        "insert into invitation (id, org_id, email, role, token_hash, invited_by, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (org_id, email) do update
            set role = excluded.role, token_hash = excluded.token_hash,
                invited_by = excluded.invited_by, created_at = excluded.created_at,
                expires_at = excluded.expires_at
         returning id",
    )
    .bind(id)
    .bind(org_id)
    .bind(&email)
    .bind(new.role)
    .bind(token.hash())
    .bind(ctx.person.id)
    .bind(now)
    .bind(now + LIFETIME)
    .fetch_one(&mut **tx)
    .await?;
    let event = Event::new("invitation.created").on("invitation", id);
    events::emit(tx, event.after(json!({ "email": email, "role": new.role })));
    send(state, ctx, tx, &email, new.role, &token).await?;
    find(tx, id).await
}

async fn send(
    state: &AppState,
    ctx: &Ctx,
    tx: &mut TenantTx,
    email: &str,
    role: Role,
    token: &Token,
) -> Result<()> {
    let values = json!({
        "invited_by": ctx.person.name, "org": ctx.org.name, "role": role, "token": token.reveal(),
    });
    Ok(state.mail.send(tx, &Letter::new("invitation", email, values)).await?)
}

/// Sends a new link; the former no longer works.
pub async fn resend(
    state: &AppState,
    ctx: &Ctx,
    tx: &mut TenantTx,
    id: Uuid,
) -> Result<Invitation> {
    let token = Token::random();
    let now = tx.now();
    let row: Option<(String, Role)> = sqlx::query_as(
        "update invitation set token_hash = $2, expires_at = $3 where id = $1
         returning email, role",
    )
    .bind(id)
    .bind(token.hash())
    .bind(now + LIFETIME)
    .fetch_optional(&mut **tx)
    .await?;
    let (email, role) = row.ok_or(Error::NotFound("invitation"))?;
    if role > ctx.role() {
        return Err(Error::Forbidden);
    }
    let event = Event::new("invitation.sent_again").on("invitation", id);
    events::emit(tx, event.after(json!({ "email": email })));
    send(state, ctx, tx, &email, role, &token).await?;
    find(tx, id).await
}

pub async fn revoke(tx: &mut TenantTx, id: Uuid) -> Result<()> {
    let email: Option<String> =
        sqlx::query_scalar("delete from invitation where id = $1 returning email")
            .bind(id)
            .fetch_optional(&mut **tx)
            .await?;
    let email = email.ok_or(Error::NotFound("invitation"))?;
    let event = Event::new("invitation.revoked").on("invitation", id);
    events::emit(tx, event.before(json!({ "email": email })));
    Ok(())
}

/// The invitation that a token belongs to, while it works.
pub async fn by_token(tx: &mut SystemTx, token: &Token) -> Result<Option<Invited>> {
    Ok(sqlx::query_as(
        "select i.id, i.org_id, o.name as org, i.email, i.role, a.name as invited_by,
                o.two_factor_required_from is not null as two_factor_required
           from invitation i
           join org o on o.id = i.org_id
           left join account a on a.id = i.invited_by
          where i.token_hash = $1 and i.expires_at > $2",
    )
    .bind(token.hash())
    .bind(tx.now())
    .fetch_optional(&mut **tx)
    .await?)
}

/// The same, where the token is in a path to go on to after signing up.
pub async fn by_path(tx: &mut SystemTx, path: &str) -> Result<Option<Invited>> {
    match path.strip_prefix("/invitations/") {
        Some(token) => by_token(tx, &Token::shown(token)).await,
        None => Ok(None),
    }
}

/// Joins. `None` if the invitation no longer works.
pub async fn accept(person: &Person, token: &Token) -> Result<Option<Invited>> {
    let mut tx = person.begin().await?;
    let Some(invited) = by_token(&mut tx, token).await? else { return Ok(None) };
    if invited.email != person.email {
        return Err(Error::Forbidden);
    }
    let done = sqlx::query("delete from invitation where id = $1 and token_hash = $2")
        .bind(invited.id)
        .bind(token.hash())
        .execute(&mut *tx)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(None);
    }
    // By the link in a mail, so the address is theirs.
    sqlx::query(
        "update account set email_verified_at = coalesce(email_verified_at, $2) where id = $1",
    )
    .bind(person.id)
    .bind(tx.now())
    .execute(&mut *tx)
    .await?;
    if store::join(&mut tx, invited.org_id, person.id, invited.role).await? {
        let joined = Event::new("member.joined").on("account", person.id);
        let values = json!({ "email": person.email, "role": invited.role });
        events::emit_in(&mut tx, invited.org_id, joined.after(values));
    }
    login::switch_org(&mut tx, person.login()?.id, invited.org_id).await?;
    tx.commit().await?;
    Ok(Some(invited))
}
