//! Invitations: into an organisation by mail.

use chrono::Duration;
use cloudgen::platform::access::Role;
use serde_json::json;

use crate::pages::well_made;
use crate::support::{App, Caller, PASSWORD, address, link};

async fn invite(app: &App, admin: &Caller, email: &str, role: &str) -> String {
    let new = json!({ "email": email, "role": role });
    admin.post("/api/v1/invitations", new).await.expect(201);
    link(&app.mail("invitation", email).await, "/invitations/")
}

#[tokio::test]
async fn somebody_new_joins_by_the_link_without_another_mail() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let admin = app.member(org, Role::Admin).await;
    let sent = admin
        .submit("/settings/members/invite", &[("email", " New@Example.com "), ("role", "member")])
        .await;
    assert_eq!(sent.location(), "/settings/members");
    let mail = app.mail("invitation", "new@example.com").await;
    assert_eq!(mail.subject, "admin invites you to Acme");
    let link = link(&mail, "/invitations/");
    assert!(admin.get("/settings/members").await.text.contains("new@example.com"));

    let new = app.anonymous();
    let page = new.get(&link).await.expect(200);
    assert_eq!(page.template.as_deref(), Some("orgs/invitation.html"));
    well_made(&link, &page.text);
    let form = new.get(&format!("/sign-up?next={link}")).await.expect(200);
    assert!(form.text.contains("You will then join Acme") && form.text.contains("new@example.com"));
    let fields =
        [("name", "New"), ("email", "new@example.com"), ("password", PASSWORD), ("next", &link)];
    assert_eq!(new.submit("/sign-up", &fields).await.location(), link);
    assert!(app.mails().await.is_empty(), "the invitation was in the mail");
    assert_eq!(new.submit(&link, &[]).await.location(), "/");
    let me = new.get("/api/v1/me").await.json();
    assert_eq!((&me["org"]["name"], &me["org"]["role"]), (&json!("Acme"), &json!("member")));
    assert!(
        app.events(org)
            .await
            .ends_with(&["invitation.created".to_owned(), "member.joined".to_owned()])
    );

    new.get(&link).await.expect(404);
    new.submit(&link, &[]).await.expect(404);
}

#[tokio::test]
async fn a_link_lets_in_only_whom_it_was_sent_to() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let admin = app.member(org, Role::Admin).await;
    let (robin, thief) = (app.newcomer("Robin").await, app.newcomer("Thief").await);
    let link = invite(&app, &admin, &address("Robin"), "viewer").await;
    let page = thief.get(&link).await.expect(200);
    assert!(page.text.contains("This invitation is for robin@example.com"));
    thief.submit(&link, &[]).await.expect(403);
    assert_eq!(
        app.anonymous().submit(&link, &[]).await.location(),
        format!("/sign-in?next={link}")
    );
    // Nor does it make an account for another address without a mail.
    let other =
        [("name", "X"), ("email", "x@example.com"), ("password", PASSWORD), ("next", &link)];
    let stranger = app.anonymous();
    stranger.submit("/sign-up", &other).await.expect(200);
    stranger.get("/api/v1/me").await.expect(401);
    robin.submit(&link, &[]).await.expect(303);
    assert_eq!(robin.get("/api/v1/org").await.json()["role"], "viewer");
}

/// ASVS V6.5.5
#[tokio::test]
async fn invitations_expire_and_can_be_withdrawn_replaced_and_sent_again() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let admin = app.member(org, Role::Owner).await;
    let robin = app.newcomer("Robin").await;
    let email = address("Robin");
    let first = invite(&app, &admin, &email, "viewer").await;
    let second = invite(&app, &admin, &email, "member").await;
    robin.get(&first).await.expect(404);
    let list = admin.get("/api/v1/invitations").await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "one for an address");
    let id = list["items"][0]["id"].as_str().unwrap();
    admin.submit(&format!("/settings/invitations/{id}/resend"), &[]).await.expect(303);
    let third = link(&app.mail("invitation", &email).await, "/invitations/");
    robin.get(&second).await.expect(404);
    robin.get(&third).await.expect(200);
    app.advance(Duration::days(7));
    robin.get(&third).await.expect(404);

    let admin = app.sign_in(admin.account.unwrap(), Some(org)).await;
    assert!(admin.get("/settings/members").await.text.contains("Expired"));
    admin.post(&format!("/api/v1/invitations/{id}/resend"), json!({})).await.expect(200);
    let fourth = link(&app.mail("invitation", &email).await, "/invitations/");
    admin.delete(&format!("/api/v1/invitations/{id}")).await.expect(204);
    let (robin, ..) = app.password_sign_in(&email, PASSWORD).await;
    robin.get(&fourth).await.expect(404);
    robin.submit(&fourth, &[]).await.expect(404);
    robin.get("/api/v1/org").await.expect(409);
}

#[tokio::test]
async fn an_invitation_used_twice_at_once_counts_once() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let admin = app.member(org, Role::Admin).await;
    let robin = app.newcomer("Robin").await;
    let link = invite(&app, &admin, &address("Robin"), "member").await;
    let (a, b) = tokio::join!(robin.submit(&link, &[]), robin.submit(&link, &[]));
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404]);
}

#[tokio::test]
async fn what_cannot_be_an_invitation_is_refused() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let admin = app.member(org, Role::Admin).await;
    let post = async |email: &str, role: &str| {
        admin.post("/api/v1/invitations", json!({ "email": email, "role": role })).await
    };
    post("nowhere", "member").await.expect(422);
    post("x@example.com", "king").await.expect(422);
    let own = admin.get("/api/v1/me").await.json()["email"].as_str().unwrap().to_owned();
    let problem = post(&own, "member").await.expect(409).json();
    assert_eq!(problem["code"], "already_member");
    let fields = [("email", "nowhere"), ("role", "member")];
    let page = admin.submit("/settings/members/invite", &fields).await.expect(422);
    assert_eq!(page.template.as_deref(), Some("orgs/invite.html"));
    well_made("/settings/members/invite", &page.text);
    assert!(app.mails().await.is_empty());
}

#[tokio::test]
async fn open_invitations_count_towards_the_plan() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let admin = app.member(org, Role::Admin).await;
    for i in 0..3 {
        let new = json!({ "email": format!("p{i}@example.com"), "role": "viewer" });
        admin.post("/api/v1/invitations", new).await.expect(201);
    }
    let new = json!({ "email": "one-more@example.com", "role": "viewer" });
    let problem = admin.post("/api/v1/invitations", new).await.expect(409).json();
    assert_eq!(problem["code"], "plan_limit_reached");
    assert_eq!(problem["detail"], "the free plan has room for 5 members");
    // Replacing one needs no more room.
    let again = json!({ "email": "p0@example.com", "role": "member" });
    admin.post("/api/v1/invitations", again).await.expect(201);
    app.advance(Duration::days(8));
    let admin = app.sign_in(admin.account.unwrap(), Some(org)).await;
    let new = json!({ "email": "one-more@example.com", "role": "viewer" });
    admin.post("/api/v1/invitations", new).await.expect(201);
}
