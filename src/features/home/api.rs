use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::platform::access::Role;
use crate::platform::ctx::Signed;
use crate::platform::error::Result;
use crate::platform::extract::Json;
use crate::platform::login::Level;
use crate::platform::problem::Errors;
use crate::platform::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(find_me))
}

/// The caller.
#[derive(Debug, Serialize, ToSchema)]
struct Me {
    id: Uuid,
    email: String,
    name: String,
    email_verified: bool,
    /// How the caller signed in.
    level: Level,
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

/// Tell who is calling.
#[utoipa::path(get, path = "/me", tag = "me", responses((status = 200, body = Me), Errors))]
async fn find_me(Signed(person, org): Signed) -> Result<Json<Me>> {
    Ok(Json(Me {
        id: person.id,
        email: person.email,
        name: person.name,
        email_verified: person.email_verified,
        level: person.login.level,
        org: org.map(|it| MyOrg {
            id: it.id,
            name: it.name,
            slug: it.slug,
            plan: it.plan,
            role: it.role,
        }),
    }))
}
