//! Two-factor authentication: codes, backup codes, and organisations that
//! insist on it.

use chrono::Duration;
use cloudgen::platform::access::Role;
use serde_json::json;
use tokio::task::JoinSet;

use crate::pages::well_made;
use crate::support::{App, Caller, PASSWORD, address, between};

async fn level(caller: &Caller) -> String {
    let me = caller.get("/api/v1/me").await;
    if me.status == 200 {
        me.json()["level"].as_str().unwrap().to_owned()
    } else {
        "none".to_owned()
    }
}

/// Someone at the challenge page.
async fn challenged(app: &App, name: &str) -> Caller {
    let (caller, status, location) = app.password_sign_in(&address(name), PASSWORD).await;
    assert_eq!((status, location.as_str()), (303, "/sign-in/two-factor"));
    caller
}

async fn show(caller: &Caller, method: &str, code: &str) -> u16 {
    let fields = [("method", method), ("code", code)];
    caller.submit("/sign-in/two-factor", &fields).await.status
}

/// ASVS V6.5.1 V7.2.4
#[tokio::test]
async fn signing_in_needs_a_code_that_works_once() {
    let app = App::new().await;
    let robin = app.newcomer("Robin").await;
    let before = robin.cookie("cloudgen").unwrap();
    let (secret, codes) = app.turn_on_two_factor(&robin).await;
    assert_eq!(codes.len(), 10);
    assert_ne!(robin.cookie("cloudgen").unwrap(), before);
    assert_eq!(level(&robin).await, "two_factor");
    app.mail("two_factor_on", &address("Robin")).await;

    let first = challenged(&app, "Robin").await;
    assert_eq!(level(&first).await, "none", "a password alone is not enough");
    let page = first.get("/sign-in/two-factor").await.expect(200);
    assert_eq!(page.template.as_deref(), Some("auth/two_factor.html"));
    well_made("/sign-in/two-factor", &page.text);
    for wrong in ["000000", "", "12345", "abcdef", &app.code(&secret, 2), &app.code(&secret, -2)] {
        let status = show(&first, "code", wrong).await;
        assert!([422, 429].contains(&status), "{wrong}: {status}");
        app.advance(Duration::seconds(0));
    }
    app.advance(Duration::minutes(2));
    let code = app.code(&secret, 0);
    assert_eq!(show(&first, "code", &code).await, 303);
    assert_eq!(level(&first).await, "two_factor");

    let second = challenged(&app, "Robin").await;
    assert_eq!(show(&second, "code", &code).await, 422, "a code works once");
    app.advance(Duration::seconds(30));
    assert_eq!(show(&second, "code", &app.code(&secret, 0)).await, 303);
}

/// ASVS V6.5.1
#[tokio::test]
async fn of_twenty_uses_of_a_code_at_the_same_time_one_succeeds() {
    let app = App::new().await;
    let robin = app.newcomer("Robin").await;
    let (secret, _) = app.turn_on_two_factor(&robin).await;
    let mut callers = Vec::new();
    for _ in 0..20 {
        callers.push(challenged(&app, "Robin").await);
    }
    let code = app.code(&secret, 0);
    let mut uses = JoinSet::new();
    for caller in callers {
        let code = code.clone();
        uses.spawn(async move { show(&caller, "code", &code).await });
    }
    let statuses = uses.join_all().await;
    assert_eq!(statuses.iter().filter(|it| **it == 303).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|it| [303, 422, 429].contains(it)), "{statuses:?}");
    let looked_at = statuses.iter().filter(|it| **it != 429).count();
    assert!(looked_at >= 2, "several were looked at at once: {statuses:?}");
}

/// ASVS V6.6.3
#[tokio::test]
async fn guessing_codes_is_slowed_down_for_the_account() {
    let app = App::new().await;
    let robin = app.newcomer("Robin").await;
    let (secret, codes) = app.turn_on_two_factor(&robin).await;
    let mut looked_at = 0;
    for _ in 0..4 {
        // A fresh challenge is no fresh start.
        let caller = challenged(&app, "Robin").await;
        for method in ["code", "backup"] {
            for _ in 0..5 {
                looked_at += usize::from(show(&caller, method, "123456").await == 422);
            }
        }
    }
    assert!(looked_at <= 10, "{looked_at}");
    let caller = challenged(&app, "Robin").await;
    assert_eq!(show(&caller, "code", &app.code(&secret, 0)).await, 429);
    assert_eq!(show(&caller, "backup", &codes[0]).await, 429);
    app.advance(Duration::seconds(31));
    assert_eq!(show(&caller, "code", &app.code(&secret, 0)).await, 303);
}

/// ASVS V6.5.2 V6.5.1
#[tokio::test]
async fn a_backup_code_works_once_and_is_told() {
    let app = App::new().await;
    let robin = app.newcomer("Robin").await;
    let (_, codes) = app.turn_on_two_factor(&robin).await;
    app.mails().await;
    let caller = challenged(&app, "Robin").await;
    let page = caller.get("/sign-in/two-factor?method=backup").await.expect(200);
    well_made("/sign-in/two-factor?method=backup", &page.text);
    assert_eq!(show(&caller, "backup", &codes[3].to_uppercase()).await, 303);
    let mail = app.mail("backup_code_used", &address("Robin")).await;
    assert!(mail.text.contains("9 of 10"), "{}", mail.text);
    let caller = challenged(&app, "Robin").await;
    assert_eq!(show(&caller, "backup", &codes[3]).await, 422);

    let page = robin.submit("/account/backup-codes", &[]).await.expect(200);
    assert_eq!(page.template.as_deref(), Some("account/backup_codes.html"));
    well_made("/account/backup-codes", &page.text);
    app.mail("backup_codes_renewed", &address("Robin")).await;
    assert_eq!(show(&caller, "backup", &codes[0]).await, 422, "the old ones are void");
    let new = between(&page.text, "id=\"backup-codes\"><li>", "<");
    assert_eq!(show(&caller, "backup", new).await, 303);
    let kept: Vec<Vec<u8>> =
        sqlx::query_scalar("select hash from backup_code").fetch_all(app.pool()).await.unwrap();
    assert!(kept.len() == 10 && kept.iter().all(|it| it.len() == 32), "hashes only");
}

#[tokio::test]
async fn turning_it_off_needs_password_and_code() {
    let app = App::new().await;
    let robin = app.newcomer("Robin").await;
    let (secret, _) = app.turn_on_two_factor(&robin).await;
    let (other, ..) = app.password_sign_in(&address("Robin"), PASSWORD).await;
    show(&other, "code", &app.code(&secret, 0)).await;
    app.advance(Duration::minutes(1));
    let code = app.code(&secret, 0);
    let path = "/account/two-factor/off";
    for (password, code) in
        [("a wrong password", code.as_str()), (PASSWORD, "000000"), (PASSWORD, "")]
    {
        let page = robin.submit(path, &[("password", password), ("code", code)]).await.expect(422);
        well_made(path, &page.text);
        assert_eq!(level(&robin).await, "two_factor");
    }
    robin.submit(path, &[("password", PASSWORD), ("code", &code)]).await.expect(303);
    assert_eq!((level(&robin).await.as_str(), level(&other).await.as_str()), ("password", "none"));
    let kinds: Vec<_> = app.mails().await.into_iter().map(|it| it.kind).collect();
    assert!(kinds.contains(&"two_factor_off".to_owned()));
    assert_eq!(app.password_sign_in(&address("Robin"), PASSWORD).await.2, "/");
    robin.submit(path, &[("password", PASSWORD), ("code", &code)]).await.expect(409);
}

/// ASVS V6.5.5
#[tokio::test]
async fn a_challenge_waits_for_ten_minutes() {
    let app = App::new().await;
    let robin = app.newcomer("Robin").await;
    let (secret, _) = app.turn_on_two_factor(&robin).await;
    let caller = challenged(&app, "Robin").await;
    app.advance(Duration::minutes(10));
    assert_eq!(caller.get("/sign-in/two-factor").await.location(), "/sign-in");
    let late = [("method", "code"), ("code", &*app.code(&secret, 0))];
    assert_eq!(caller.submit("/sign-in/two-factor", &late).await.location(), "/sign-in");
    assert_eq!(level(&caller).await, "none");
    let stranger = app.anonymous();
    assert_eq!(stranger.get("/sign-in/two-factor").await.location(), "/sign-in");
    // Someone else instead.
    let caller = challenged(&app, "Robin").await;
    caller.submit("/sign-out", &[]).await.expect(303);
    assert_eq!(caller.get("/sign-in/two-factor").await.location(), "/sign-in");
}

/// ASVS V6.4.3 V6.3.4
#[tokio::test]
async fn a_new_password_does_not_stand_in_for_the_code() {
    let app = App::new().await;
    let robin = app.newcomer("Robin").await;
    app.turn_on_two_factor(&robin).await;
    app.mails().await;
    let waiting = challenged(&app, "Robin").await;
    robin.submit("/forgot-password", &[("email", &address("Robin"))]).await.expect(200);
    let mail = app.mail("reset_password", &address("Robin")).await;
    let link = crate::support::link(&mail, "/reset-password/");
    let token = link.strip_prefix("/reset-password/").unwrap();
    let fields = [("token", token), ("password", "another lake of herons")];
    let browser = app.anonymous();
    assert_eq!(browser.submit("/reset-password", &fields).await.location(), "/sign-in");
    assert_eq!(level(&browser).await, "none");
    assert_eq!(waiting.get("/sign-in/two-factor").await.location(), "/sign-in");
    let (_, _, location) = app.password_sign_in(&address("Robin"), "another lake of herons").await;
    assert_eq!(location, "/sign-in/two-factor");
}

#[tokio::test]
async fn the_secret_is_sealed_for_its_account() {
    let app = App::new().await;
    let (robin, marian) = (app.newcomer("Robin").await, app.newcomer("Marian").await);
    let (secret, _) = app.turn_on_two_factor(&robin).await;
    app.turn_on_two_factor(&marian).await;
    let swap = "update totp t set sealed = o.sealed from totp o where o.account_id <> t.account_id";
    let caller = challenged(&app, "Marian").await;
    sqlx::query(swap).execute(app.pool()).await.unwrap();
    // Robin's secret in Marian's row opens nothing.
    assert_eq!(show(&caller, "code", &app.code(&secret, 0)).await, 500);
    assert_eq!(level(&caller).await, "none");
}

#[tokio::test]
async fn the_set_up_shows_the_same_secret_until_a_code_was_shown() {
    let app = App::new().await;
    let robin = app.newcomer("Robin").await;
    let page = robin.get("/account/two-factor").await.expect(200);
    well_made("/account/two-factor", &page.text);
    assert!(
        page.text.contains("<svg xmlns")
            && page.text.contains("otpauth:&#x2f;&#x2f;totp&#x2f;CloudGen")
    );
    let secret = between(&page.text, "id=\"totp-secret\">", "<");
    let again = robin.submit("/account/two-factor", &[("code", "000000")]).await.expect(422);
    assert_eq!(between(&again.text, "id=\"totp-secret\">", "<"), secret);
    assert_eq!(app.password_sign_in(&address("Robin"), PASSWORD).await.2, "/", "not yet on");
    app.turn_on_two_factor(&robin).await;
    assert_eq!(robin.get("/account/two-factor").await.location(), "/account/security");
}

#[tokio::test]
async fn a_fresh_proof_needs_the_code_too() {
    let app = App::new().await;
    let robin = app.newcomer("Robin").await;
    let (secret, codes) = app.turn_on_two_factor(&robin).await;
    let page = robin.get("/confirm").await.expect(200);
    assert!(page.text.contains("name=\"code\""));
    robin.submit("/confirm", &[("password", PASSWORD)]).await.expect(422);
    let fields = [("password", PASSWORD), ("code", &*app.code(&secret, 0))];
    robin.submit("/confirm", &fields).await.expect(303);
    robin.submit("/confirm", &[("password", PASSWORD), ("code", &codes[0])]).await.expect(303);
}

/// ASVS V6.3.3
#[tokio::test]
async fn an_organisation_can_require_it_from_a_day_on() {
    let app = App::new().await;
    let robin = app.newcomer("Robin").await;
    robin.submit("/orgs/new", &[("name", "Acme")]).await.expect(303);
    let require = |from: &'static str| {
        [
            ("require_two_factor", "on"),
            ("two_factor_from", from),
            ("idle_minutes", "1440"),
            ("absolute_minutes", "43200"),
        ]
    };
    let path = "/settings/security";
    let page = robin.submit(path, &require("2026-11-25")).await.expect(422);
    assert!(page.text.contains("yourself first"), "who asks for it has it");
    app.turn_on_two_factor(&robin).await;
    robin.submit(path, &require("tomorrow")).await.expect(422);
    robin.submit(path, &require("2026-11-25")).await.expect(303);
    let org = robin.get("/api/v1/org").await.json();
    assert_eq!(org["two_factor_required_from"], "2026-11-25T00:00:00Z");

    let marian = app.newcomer("Marian").await;
    let id = marian.get("/api/v1/me").await.json()["id"].as_str().unwrap().parse().unwrap();
    let acme = org["id"].as_str().unwrap().parse().unwrap();
    sqlx::query("insert into member values ($1, $2, 'member', now())")
        .bind::<uuid::Uuid>(acme)
        .bind::<uuid::Uuid>(id)
        .execute(app.pool())
        .await
        .unwrap();
    marian.submit("/orgs/switch", &[("org", &acme.to_string())]).await.expect(303);
    marian.get("/api/v1/members").await.expect(200);
    assert!(marian.get("/account/security").await.text.contains("Acme asks for it"));
    let page = robin.get(path).await.expect(200);
    assert!(page.text.contains("marian@example.com"), "who has not complied");
    let members = robin.get("/api/v1/members").await.json();
    let two_factor = |name: &str| {
        let found = members["items"].as_array().unwrap().iter().find(|it| it["name"] == name);
        found.unwrap()["two_factor"].clone()
    };
    assert_eq!((two_factor("Robin"), two_factor("Marian")), (json!(true), json!(false)));

    for _ in 0..6 {
        app.advance(Duration::hours(11));
        marian.get("/api/v1/me").await.expect(200);
    }
    assert_eq!(
        marian.get("/api/v1/members").await.expect(403).json()["code"],
        "two_factor_required"
    );
    assert_eq!(marian.get("/settings/members").await.location(), "/account/security");
    let confirm = [("password", PASSWORD)];
    marian.submit("/confirm", &confirm).await.expect(303);
    app.turn_on_two_factor(&marian).await;
    marian.get("/api/v1/members").await.expect(200);
}

#[tokio::test]
async fn passkeys_need_a_name_to_be_bound_to_and_a_second_way_in() {
    let app = App::with(|it| it.public_url = "http://localhost:8080".to_owned()).await;
    let robin = app.newcomer("Robin").await;
    assert_eq!(robin.get("/account/passkeys/new").await.location(), "/account/security");
    robin.post("/account/passkeys/options", json!({})).await.expect(409);
    app.turn_on_two_factor(&robin).await;
    let page = robin.get("/account/passkeys/new").await.expect(200);
    assert_eq!(page.template.as_deref(), Some("account/passkey_new.html"));
    well_made("/account/passkeys/new", &page.text);
    let options = robin.post("/account/passkeys/options", json!({})).await.expect(200).json();
    assert_eq!(options["publicKey"]["rp"]["id"], "localhost");
    assert_eq!(options["publicKey"]["authenticatorSelection"]["userVerification"], "required");
    let made_up = [("name", "Key"), ("credential", "{}")];
    robin.submit("/account/passkeys", &made_up).await.expect(422);
    let id = uuid::Uuid::nil();
    robin.submit(&format!("/account/passkeys/{id}/remove"), &[]).await.expect(404);
    robin.submit(&format!("/account/passkeys/{id}/rename"), &[("name", "x")]).await.expect(404);

    let waiting = challenged(&app, "Robin").await;
    waiting.post("/sign-in/passkey/options", json!({})).await.expect(404);
    waiting.submit("/sign-in/passkey", &[("credential", "{}")]).await.expect(422);
    assert_eq!(
        app.anonymous().post("/sign-in/passkey/options", json!({})).await.location(),
        "/sign-in?next=/sign-in/passkey/options"
    );

    let app = App::with(|it| it.public_url = "http://127.0.0.1:8080".to_owned()).await;
    let org = app.org("Acme").await;
    let owner = app.member(org, Role::Owner).await;
    owner.get("/account/passkeys/new").await.expect(404);
    assert!(!owner.get("/account/security").await.text.contains("Passkeys"));
}
