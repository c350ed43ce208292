//! Organisations, their workspaces and their people.

use chrono::Duration;
use cloudgen::platform::access::Role;
use serde_json::json;
use uuid::Uuid;

use crate::support::{App, Caller};

fn member(caller: &Caller) -> String {
    format!("/api/v1/members/{}", caller.account.unwrap())
}

/// The account of whoever founded the organisation, taken out of it, so that
/// the test's own owner is the only one.
async fn without_founder(app: &App, org: Uuid, keep: &Caller) {
    sqlx::query("delete from member where org_id = $1 and role = 'owner' and account_id <> $2")
        .bind(org)
        .bind(keep.account)
        .execute(app.pool())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_person_can_be_in_many_organisations_and_switch() {
    let app = App::new().await;
    let robin = app.person("Robin").await;
    robin.get("/api/v1/members").await.expect(409);
    for name in ["Acme", "Acme", "Zeta"] {
        robin.post("/api/v1/orgs", json!({ "name": name })).await.expect(201);
    }
    let orgs = robin.get("/api/v1/orgs").await.expect(200).json();
    let orgs = orgs["items"].as_array().unwrap();
    assert_eq!(orgs.len(), 3);
    assert_eq!(orgs[0]["slug"], "acme");
    assert!(orgs[1]["slug"].as_str().unwrap().starts_with("acme-"));
    assert_eq!(robin.get("/api/v1/org").await.json()["name"], "Zeta", "the new one");
    let first = orgs[0]["id"].as_str().unwrap();
    robin.post(&format!("/api/v1/orgs/{first}/switch"), json!({})).await.expect(204);
    assert_eq!(robin.get("/api/v1/org").await.json()["id"], first);
    let page = robin.get("/orgs").await.expect(200);
    assert!(page.text.contains("Zeta") && page.text.contains("Switch to it"));
    // ASVS V8.2.2
    let other = app.org("Other").await;
    robin.post(&format!("/api/v1/orgs/{other}/switch"), json!({})).await.expect(404);
    robin.submit("/orgs/switch", &[("org", &other.to_string())]).await.expect(404);
}

/// ASVS V8.2.2
#[tokio::test]
async fn of_another_organisation_nothing_is_there() {
    let app = App::new().await;
    let (ours, theirs) = (app.owner().await, app.owner().await);
    let invited = json!({ "email": "new@example.com", "role": "member" });
    let invitation = theirs.post("/api/v1/invitations", invited).await.expect(201).json();
    let workspaces = theirs.get("/api/v1/workspaces").await.json();
    let workspace = workspaces["items"][0]["id"].as_str().unwrap();
    let invitation = invitation["id"].as_str().unwrap();
    let them = theirs.account.unwrap();
    for path in [
        format!("/api/v1/workspaces/{workspace}"),
        format!("/api/v1/members/{them}"),
        format!("/api/v1/invitations/{invitation}"),
    ] {
        ours.get(&path).await.expect(404);
        ours.delete(&path).await.expect(404);
        theirs.get(&path).await.expect(200);
    }
    ours.patch(&format!("/api/v1/workspaces/{workspace}"), json!({ "name": "x" }))
        .await
        .expect(404);
    ours.patch(&format!("/api/v1/members/{them}"), json!({ "role": "viewer" })).await.expect(404);
    ours.post("/api/v1/org/transfer", json!({ "account_id": them })).await.expect(404);
    for path in [format!("/settings/workspaces/{workspace}"), format!("/settings/members/{them}")] {
        ours.get(&path).await.expect(404);
    }
    for path in [
        format!("/settings/workspaces/{workspace}/delete"),
        format!("/settings/members/{them}/remove"),
        format!("/settings/invitations/{invitation}/revoke"),
        format!("/settings/invitations/{invitation}/resend"),
    ] {
        ours.submit(&path, &[]).await.expect(404);
    }
    assert!(!ours.get("/settings/members").await.text.contains("new@example.com"));
}

#[tokio::test]
async fn settings_are_checked_and_recorded() {
    let app = App::new().await;
    let owner = app.owner().await;
    let wrong = json!({ "name": "", "slug": "No Slug", "idle_minutes": 1, "absolute_minutes": 0 });
    let problem = owner.patch("/api/v1/org", wrong).await.expect(422).json();
    let pointers: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(pointers, ["/name", "/slug", "/idle_minutes", "/absolute_minutes"]);
    // ASVS V8.2.3
    for field in ["plan", "id", "delete_after", "role"] {
        owner.patch("/api/v1/org", json!({ field: "enterprise" })).await.expect(422);
    }
    let other = app.owner().await;
    let taken = other.get("/api/v1/org").await.json()["slug"].clone();
    let problem = owner.patch("/api/v1/org", json!({ "slug": taken })).await.expect(409).json();
    assert_eq!(problem["code"], "slug_taken");
    let new = json!({ "name": "Acme Ltd", "slug": "acme-ltd", "two_factor_required_from": "2027-01-01T00:00:00Z" });
    let org = owner.patch("/api/v1/org", new).await.expect(200).json();
    assert_eq!((&org["name"], &org["limits"]["members"]), (&json!("Acme Ltd"), &json!(5)));
    let org = owner.patch("/api/v1/org", json!({ "two_factor_required_from": null })).await.json();
    assert!(org["two_factor_required_from"].is_null() && org["name"] == "Acme Ltd");
    owner.patch("/api/v1/org", json!({})).await.expect(200);
    let events = owner.get("/api/v1/events?name=org.updated").await.json();
    let events = events["items"].as_array().unwrap();
    assert_eq!(events.len(), 2, "nothing changed the third time");
    assert_eq!(events[1]["before"]["name"], "Acme");
    assert_eq!(events[1]["after"]["slug"], "acme-ltd");
    assert!(events[1]["after"].get("plan").is_none(), "only what changed");

    let page = owner.submit("/settings", &[("name", ""), ("slug", "a b")]).await.expect(422);
    assert_eq!(page.template.as_deref(), Some("orgs/general.html"));
    assert!(page.text.contains("Please correct 2 entries"));
    owner.submit("/settings", &[("name", "Acme"), ("slug", "acme-2")]).await.expect(303);
}

#[tokio::test]
async fn an_organisation_always_has_an_owner() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let owner = app.member(org, Role::Owner).await;
    without_founder(&app, org, &owner).await;
    let heir = app.member(org, Role::Member).await;
    let last = |answer: crate::support::Answer| {
        assert_eq!((answer.status, &answer.json()["code"]), (409, &json!("last_owner")));
    };
    last(owner.post("/api/v1/org/leave", json!({})).await);
    last(owner.patch(&member(&owner), json!({ "role": "admin" })).await);
    last(owner.delete(&member(&owner)).await);
    let page = owner.submit("/settings/leave", &[]).await.expect(409);
    assert_eq!(page.template.as_deref(), Some("orgs/leave.html"));
    assert!(owner.get("/settings").await.text.contains("You are its only owner"));

    let to = json!({ "account_id": heir.account.unwrap() });
    owner
        .post("/api/v1/org/transfer", json!({ "account_id": owner.account.unwrap() }))
        .await
        .expect(422);
    owner.post("/api/v1/org/transfer", to).await.expect(204);
    assert_eq!(owner.get("/api/v1/org").await.json()["role"], "admin");
    assert_eq!(heir.get("/api/v1/org").await.json()["role"], "owner");
    let mails = app.mails().await;
    assert_eq!((mails.len(), mails[0].kind.as_str()), (1, "ownership_transferred"));
    owner.post("/api/v1/org/leave", json!({})).await.expect(204);
    last(heir.post("/api/v1/org/leave", json!({})).await);
    let events = app.events(org).await;
    assert_eq!(events[2..], ["org.transferred", "member.left"]);
}

#[tokio::test]
async fn two_owners_who_leave_at_once_do_not_both_go() {
    let app = App::new().await;
    for _ in 0..5 {
        let org = app.org("Acme").await;
        let (a, b) = (app.member(org, Role::Owner).await, app.member(org, Role::Owner).await);
        sqlx::query("delete from member where org_id = $1 and account_id not in ($2, $3)")
            .bind(org)
            .bind(a.account)
            .bind(b.account)
            .execute(app.pool())
            .await
            .unwrap();
        let (a, b) = tokio::join!(
            a.post("/api/v1/org/leave", json!({})),
            b.post("/api/v1/org/leave", json!({}))
        );
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 409]);
    }
}

/// ASVS V8.2.1 V8.3.2
#[tokio::test]
async fn nobody_reaches_above_their_own_role() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let (owner, admin) = (app.member(org, Role::Owner).await, app.member(org, Role::Admin).await);
    let other = app.member(org, Role::Member).await;
    admin.patch(&member(&owner), json!({ "role": "viewer" })).await.expect(403);
    admin.delete(&member(&owner)).await.expect(403);
    admin.patch(&member(&other), json!({ "role": "owner" })).await.expect(422);
    admin.patch(&member(&admin), json!({ "role": "owner" })).await.expect(422);
    let invited = json!({ "email": "boss@example.com", "role": "owner" });
    admin.post("/api/v1/invitations", invited).await.expect(422);
    admin.patch(&member(&other), json!({ "role": "admin" })).await.expect(200);
    other.get("/api/v1/events").await.expect(200);
    owner.patch(&member(&other), json!({ "role": "viewer" })).await.expect(200);
    other.get("/api/v1/events").await.expect(403);
    let page =
        admin.get(&format!("/settings/members/{}", other.account.unwrap())).await.expect(200);
    assert_eq!(page.template.as_deref(), Some("orgs/member.html"));
    crate::pages::well_made("/settings/members/{id}", &page.text);
    let role = [("role", "member")];
    admin.submit(&format!("/settings/members/{}", other.account.unwrap()), &role).await.expect(303);
    let before_after: Vec<(serde_json::Value, serde_json::Value)> = sqlx::query_as(
        "select before, after from event where org_id = $1 and name = 'member.role_changed' order by seq",
    )
    .bind(org)
    .fetch_all(app.pool())
    .await
    .unwrap();
    assert_eq!(before_after[0].0["role"], "member");
    assert_eq!(before_after[0].1["role"], "admin");
}

/// ASVS V7.4.2
#[tokio::test]
async fn who_is_removed_or_leaves_is_out_at_once() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let admin = app.member(org, Role::Admin).await;
    let (removed, leaver) =
        (app.member(org, Role::Member).await, app.member(org, Role::Member).await);
    removed.get("/api/v1/members").await.expect(200);
    admin.delete(&member(&removed)).await.expect(204);
    removed.get("/api/v1/members").await.expect(409);
    assert_eq!(removed.get("/").await.location(), "/orgs");
    admin.delete(&member(&removed)).await.expect(404);

    leaver.post("/api/v1/orgs", json!({ "name": "Own" })).await.expect(201);
    leaver.post(&format!("/api/v1/orgs/{org}/switch"), json!({})).await.expect(204);
    assert_eq!(leaver.submit("/settings/leave", &[]).await.location(), "/orgs");
    assert_eq!(leaver.get("/api/v1/org").await.expect(200).json()["name"], "Own");
    assert!(app.events(org).await.ends_with(&[
        "member.removed".to_owned(),
        "login.switched".to_owned(),
        "member.left".to_owned()
    ]));
}

/// ASVS V7.4.5
#[tokio::test]
async fn who_manages_members_can_end_all_their_logins() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let admin = app.member(org, Role::Admin).await;
    let lost = app.member(org, Role::Member).await;
    let elsewhere = app.sign_in(lost.account.unwrap(), None).await;
    let sign_out = format!("{}/sign-out", member(&lost));
    admin.post(&sign_out, json!({})).await.expect(204);
    lost.get("/api/v1/members").await.expect(401);
    elsewhere.get("/api/v1/me").await.expect(401);
    admin.get("/api/v1/members").await.expect(200);
    assert_eq!(app.mails().await.iter().filter(|it| it.kind == "signed_out").count(), 1);
    assert!(app.events(org).await.ends_with(&["member.signed_out".to_owned()]));

    let again = app.sign_in(lost.account.unwrap(), Some(org)).await;
    let page = format!("/settings/members/{}", lost.account.unwrap());
    let text = admin.get(&page).await.expect(200).text;
    assert!(text.contains("Sign out everywhere"), "{text}");
    admin.submit(&format!("{page}/sign-out"), &[]).await.expect(303);
    again.get("/api/v1/me").await.expect(401);

    // Nobody reaches above their own role, or into other organisations.
    let owner = app.member(org, Role::Owner).await;
    admin.post(&format!("{}/sign-out", member(&owner)), json!({})).await.expect(403);
    let stranger = app.owner().await;
    stranger.post(&format!("{}/sign-out", member(&admin)), json!({})).await.expect(404);
    owner.get("/api/v1/me").await.expect(200);
    admin.get("/api/v1/me").await.expect(200);
}

#[tokio::test]
async fn the_command_lists_organisations_and_changes_their_plan() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    app.org("Twin").await;
    app.org("Twin").await;
    let run = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_cloudgen"))
            .arg("orgs")
            .args(arguments)
            .env("DATABASE_URL", &app.database.url)
            .env("CLOUDGEN_SECRET_KEY", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=")
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    };
    let (well, said) = run(&["plan", "Acme", "enterprise"]);
    assert!(
        well && said.contains("Acme has the plan enterprise now; before it was free"),
        "{said}"
    );
    let (well, said) = run(&["list"]);
    assert!(well && said.contains(&org.to_string()) && said.contains("enterprise"), "{said}");
    assert!(app.events(org).await.ends_with(&["org.plan_changed".to_owned()]));
    let (well, _) = run(&["plan", &org.to_string(), "enterprise"]);
    assert!(
        well && app.events(org).await.iter().filter(|it| *it == "org.plan_changed").count() == 1
    );

    for (arguments, advice) in [
        (["plan", "Acme", "gold"], "the plans are free, pro, enterprise"),
        (["plan", "Nobody", "pro"], "`cloudgen orgs list` shows all"),
        (["plan", "Twin", "pro"], "give the id of one"),
    ] {
        let (well, said) = run(&arguments);
        assert!(!well && said.contains(advice), "{said}");
    }
}

#[tokio::test]
async fn members_are_listed_by_name_in_parts() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let owner = app.member(org, Role::Owner).await;
    for _ in 0..3 {
        app.member(org, Role::Viewer).await;
    }
    let (mut names, mut path) = (Vec::new(), "/api/v1/members?limit=2".to_owned());
    loop {
        let list = owner.get(&path).await.expect(200).json();
        for item in list["items"].as_array().unwrap() {
            names.push(item["name"].as_str().unwrap().to_lowercase());
        }
        let Some(next) = list["next"].as_str() else { break };
        path = format!("/api/v1/members?limit=2&cursor={next}");
    }
    assert_eq!(names, ["founder", "owner", "viewer", "viewer", "viewer"]);
    owner.get("/api/v1/members?limit=0").await.expect(422);
    owner.get("/api/v1/members?cursor=nonsense").await.expect(422);
    owner.get("/settings/members?after=nonsense").await.expect(422);
}

#[tokio::test]
async fn workspaces_are_made_renamed_and_deleted_within_the_plan() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let owner = app.member(org, Role::Owner).await;
    let made =
        owner.post("/api/v1/workspaces", json!({ "name": "Platform" })).await.expect(201).json();
    let again =
        owner.post("/api/v1/workspaces", json!({ "name": "Platform" })).await.expect(201).json();
    assert_eq!(made["slug"], "platform");
    assert_ne!(again["slug"], "platform");
    let full =
        owner.post("/api/v1/workspaces", json!({ "name": "Fourth" })).await.expect(409).json();
    assert_eq!(full["code"], "plan_limit_reached");
    assert_eq!(full["detail"], "the free plan has room for 3 workspaces");
    let page = owner.get("/settings/workspaces").await.expect(200);
    assert!(page.text.contains("Your plan has room for 3 workspaces"));
    app.set_plan(org, "pro").await;
    assert_eq!(owner.submit("/settings/workspaces", &[("name", "Fourth")]).await.status, 303);
    owner.submit("/settings/workspaces", &[("name", "")]).await.expect(422);

    let path = format!("/api/v1/workspaces/{}", made["id"].as_str().unwrap());
    let renamed = owner.patch(&path, json!({ "name": "Core" })).await.expect(200).json();
    assert_eq!((&renamed["name"], &renamed["slug"]), (&json!("Core"), &json!("platform")));
    let page = owner.get(&path.replace("/api/v1", "/settings")).await.expect(200);
    assert_eq!(page.template.as_deref(), Some("orgs/workspace.html"));
    crate::pages::well_made("/settings/workspaces/{id}", &page.text);
    let page = path.replace("/api/v1", "/settings");
    owner.submit(&page, &[("name", "")]).await.expect(422);
    owner.submit(&page, &[("name", "Heart")]).await.expect(303);
    owner.submit(&format!("{page}/delete"), &[]).await.expect(303);
    owner.get(&path).await.expect(404);

    let all = owner.get("/api/v1/workspaces").await.json();
    let ids: Vec<_> =
        all["items"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    let (last, rest) = ids.split_last().unwrap();
    for id in rest {
        owner.delete(&format!("/api/v1/workspaces/{id}")).await.expect(204);
    }
    let refused = owner.delete(&format!("/api/v1/workspaces/{last}")).await.expect(409).json();
    assert_eq!(refused["code"], "last_workspace");
}

/// ASVS V2.3.4
#[tokio::test]
async fn workspaces_made_at_once_do_not_exceed_the_plan() {
    let app = App::new().await;
    let owner = app.owner().await;
    let make = || owner.post("/api/v1/workspaces", json!({ "name": "One more" }));
    let answers = tokio::join!(make(), make(), make(), make());
    let statuses = [answers.0.status, answers.1.status, answers.2.status, answers.3.status];
    assert_eq!(statuses.iter().filter(|it| **it == 201).count(), 2, "{statuses:?}");
}

#[tokio::test]
async fn a_deletion_can_be_taken_back_for_thirty_days() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let owner = app.member(org, Role::Owner).await;
    let wrong = owner.submit("/settings/delete", &[("name", "Other")]).await.expect(422);
    assert_eq!(wrong.template.as_deref(), Some("orgs/delete.html"));
    owner.submit("/settings/delete", &[("name", "Acme")]).await.expect(303);
    let mails = app.mails().await;
    assert_eq!((mails.len(), mails[0].kind.as_str()), (2, "org_deletion"), "each owner is told");
    assert!(mails[0].text.contains("22 December 2026"), "{}", mails[0].text);
    let page = owner.get("/settings").await.expect(200);
    assert!(page.text.contains("is going to be deleted"));
    owner.get("/api/v1/members").await.expect(200);
    assert_eq!(
        owner.post("/api/v1/org/restore", json!({})).await.expect(200).json()["delete_after"],
        json!(null)
    );
    app.advance(Duration::days(30));
    app.run_jobs().await;
    let exists = async || -> bool {
        sqlx::query_scalar("select exists (select from org where id = $1)")
            .bind(org)
            .fetch_one(app.pool())
            .await
            .unwrap()
    };
    assert!(exists().await, "it was taken back");

    let owner = app.sign_in(owner.account.unwrap(), Some(org)).await;
    owner.delete("/api/v1/org").await.expect(200);
    app.advance(Duration::days(29));
    app.run_jobs().await;
    assert!(exists().await);
    app.advance(Duration::days(1));
    app.run_jobs().await;
    assert!(!exists().await);
    let owner = app.sign_in(owner.account.unwrap(), None).await;
    owner.get("/api/v1/org").await.expect(409);
    let events = app.events(org).await;
    assert_eq!(
        events[2..],
        [
            "org.deletion_requested",
            "org.deletion_cancelled",
            "org.deletion_requested",
            "org.deleted"
        ],
        "the trail stays"
    );
}
