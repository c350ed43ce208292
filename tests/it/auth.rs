//! Getting an account, signing in, and keeping the account safe.

use chrono::Duration;
use cloudgen::platform::access::Role;
use insta::assert_snapshot;
use serde_json::json;
use uuid::Uuid;

use crate::pages::well_made;
use crate::support::{Answer, App, Caller, PASSWORD, address, link};

fn form<'a>(email: &'a str, password: &'a str) -> [(&'static str, &'a str); 3] {
    [("name", "Robin"), ("email", email), ("password", password)]
}

async fn me(caller: &Caller) -> u16 {
    caller.get("/api/v1/me").await.status
}

/// A page without what differs each time.
fn words(answer: &Answer, email: &str) -> String {
    let nonce = answer.text.split("nonce=\"").nth(1).map_or("", |it| it.split('"').next().unwrap());
    answer.text.replace(nonce, "NONCE").replace(email, "EMAIL")
}

#[tokio::test]
async fn the_first_account_owns_the_first_organisation() {
    let app = App::new().await;
    let caller = app.anonymous();
    let answer = caller.submit("/sign-up", &form("robin@example.com", PASSWORD)).await;
    assert_eq!(answer.location(), "/");
    assert_eq!(caller.get("/").await.location(), "/orgs");
    assert_eq!(caller.get("/orgs").await.location(), "/orgs/new");
    let page = caller.get("/orgs/new").await.expect(200);
    assert!(page.text.contains("Name your organisation"));
    caller.submit("/orgs/new", &[("name", " ")]).await.expect(422);
    assert_eq!(caller.submit("/orgs/new", &[("name", "Acme")]).await.location(), "/");
    let me = caller.get("/api/v1/me").await.expect(200).json();
    assert_eq!((&me["org"]["name"], &me["org"]["role"]), (&json!("Acme"), &json!("owner")));
    assert!(app.mails().await.is_empty());
    // The next one has to confirm the address.
    let second = app.anonymous();
    second.submit("/sign-up", &form("second@example.com", PASSWORD)).await.expect(200);
    assert_eq!(self::me(&second).await, 401);
}

#[tokio::test]
async fn an_account_is_made_when_the_link_in_the_mail_is_opened() {
    let app = App::new().await;
    app.account("First").await;
    let caller = app.anonymous();
    let email = "robin@example.com";
    let asked = caller.submit("/sign-up", &form(" Robin@Example.com ", PASSWORD)).await.expect(200);
    assert_eq!(asked.template.as_deref(), Some("auth/check_mail.html"));
    well_made("/sign-up", &asked.text);
    let (_, status, _) = app.password_sign_in(email, PASSWORD).await;
    assert_eq!(status, 422, "there is no account yet");

    let link = link(&app.mail("verify", email).await, "/verify/");
    let page = caller.get(&link).await.expect(200);
    assert_eq!(page.template.as_deref(), Some("auth/verify.html"));
    well_made(&link, &page.text);
    assert!(!page.text.contains("name=\"password\""), "this browser asked for the account");
    assert_eq!(me(&caller).await, 401, "looking is not confirming");
    assert_eq!(caller.submit(&link, &[]).await.location(), "/");
    let shown = caller.get("/api/v1/me").await.expect(200).json();
    assert_eq!((&shown["email"], &shown["email_verified"]), (&json!(email), &json!(true)));
    let (_, status, location) = app.password_sign_in("ROBIN@example.com", PASSWORD).await;
    assert_eq!((status, location.as_str()), (303, "/"));

    caller.get(&link).await.expect(404);
    caller.submit(&link, &[]).await.expect(404);
}

#[tokio::test]
async fn a_link_opened_elsewhere_asks_for_the_password() {
    let app = App::new().await;
    app.account("First").await;
    let email = "victim@example.com";
    app.anonymous().submit("/sign-up", &form(email, PASSWORD)).await.expect(200);
    let link = link(&app.mail("verify", email).await, "/verify/");
    let elsewhere = app.anonymous();
    let page = elsewhere.get(&link).await.expect(200);
    assert!(page.text.contains("name=\"password\""));
    elsewhere.submit(&link, &[]).await.expect(422);
    let page = elsewhere.submit(&link, &[("password", "something else")]).await.expect(422);
    assert_eq!(page.template.as_deref(), Some("auth/verify.html"));
    elsewhere.submit(&link, &[("password", PASSWORD)]).await.expect(303);
    assert_eq!(me(&elsewhere).await, 200);
}

#[tokio::test]
async fn a_link_to_an_account_works_for_a_day_and_the_newest_counts() {
    let app = App::new().await;
    app.account("First").await;
    let email = "robin@example.com";
    let caller = app.anonymous();
    caller.submit("/sign-up", &form(email, PASSWORD)).await.expect(200);
    let first = link(&app.mail("verify", email).await, "/verify/");
    caller.submit("/verify/resend", &[("email", email)]).await.expect(200);
    let second = link(&app.mail("verify", email).await, "/verify/");
    caller.get(&first).await.expect(404);
    caller.get(&second).await.expect(200);
    app.advance(Duration::hours(24));
    caller.get(&second).await.expect(404);
    caller.submit(&second, &[("password", PASSWORD)]).await.expect(404);
}

/// ASVS V6.3.8
#[tokio::test]
async fn nobody_learns_which_addresses_have_accounts() {
    let app = App::new().await;
    app.newcomer("Known").await;
    let (known, unknown) = (address("Known"), "unknown@example.com".to_owned());
    let ask = async |email: &str| {
        let caller = app.anonymous();
        [
            caller.submit("/sign-in", &form(email, "not the password")).await,
            caller.submit("/sign-up", &form(email, PASSWORD)).await,
            caller.submit("/verify/resend", &[("email", email)]).await,
            caller.submit("/forgot-password", &[("email", email)]).await,
        ]
    };
    let (there, not) = (ask(&known).await, ask(&unknown).await);
    for (there, not) in there.iter().zip(&not) {
        assert_eq!(there.status, not.status);
        assert_eq!(words(there, &known), words(not, &unknown));
        let names = |it: &Answer| it.headers.keys().map(|it| it.to_string()).collect::<Vec<_>>();
        assert_eq!(names(there), names(not));
    }
    // The mails tell, and only who reads them.
    let mut mails: Vec<_> =
        app.mails().await.into_iter().map(|it| format!("{} {}", it.to, it.kind)).collect();
    mails.sort();
    assert_eq!(
        mails,
        [
            "known@example.com account_exists",
            "known@example.com account_exists",
            "known@example.com reset_password",
            "unknown@example.com verify",
            "unknown@example.com verify",
        ]
    );
}

/// ASVS V6.3.8
#[tokio::test]
async fn an_unknown_address_takes_as_long_as_a_wrong_password() {
    let app = App::new().await;
    app.newcomer("Known").await;
    let time = async |email: String| {
        let started = std::time::Instant::now();
        app.anonymous().submit("/sign-in", &form(&email, "not the password")).await.expect(422);
        started.elapsed()
    };
    // The least of several: what else runs here only adds.
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for i in 0..7 {
        known.push(time(address("Known")).await);
        unknown.push(time(format!("unknown-{i}@example.com")).await);
    }
    let (known, unknown) = (known.iter().min().unwrap(), unknown.iter().min().unwrap());
    let ratio = known.as_secs_f64() / unknown.as_secs_f64();
    assert!((0.6..1.6).contains(&ratio), "{known:?} against {unknown:?}");
}

#[tokio::test]
async fn all_that_is_wrong_with_a_sign_up_is_said_at_once() {
    let app = App::new().await;
    let caller = app.anonymous();
    let page = caller
        .submit("/sign-up", &[("name", ""), ("email", "nowhere"), ("password", "password")])
        .await
        .expect(422);
    well_made("/sign-up", &page.text);
    for words in ["Please correct 3 entries", "Is not a mail address", "tried first"] {
        assert!(page.text.contains(words), "{words}");
    }
    assert!(page.text.contains("value=\"nowhere\""), "what was typed is still there");
    assert!(!page.text.contains("value=\"password\""), "but for the password");
}

/// ASVS V6.3.1
#[tokio::test]
async fn guessing_one_password_is_slowed_down() {
    let app = App::new().await;
    app.newcomer("Robin").await;
    for email in [address("Robin"), "nobody@example.com".to_owned()] {
        for _ in 0..8 {
            assert_eq!(app.password_sign_in(&email, "a wrong password").await.1, 422);
        }
        let (_, status, _) = app.password_sign_in(&email, PASSWORD).await;
        assert_eq!(status, 429, "{email}: not even the right one");
    }
    app.advance(Duration::seconds(31));
    assert_eq!(app.password_sign_in(&address("Robin"), "a wrong password").await.1, 422);
    app.advance(Duration::seconds(31));
    assert_eq!(app.password_sign_in(&address("Robin"), PASSWORD).await.1, 429, "twice as long");
    app.advance(Duration::seconds(31));
    assert_eq!(app.password_sign_in(&address("Robin"), PASSWORD).await.1, 303);
    for _ in 0..8 {
        assert_eq!(app.password_sign_in(&address("Robin"), "a wrong password").await.1, 422);
    }
}

/// ASVS V6.3.1
#[tokio::test]
async fn trying_one_password_on_many_accounts_is_slowed_down() {
    let app = App::new().await;
    let mut statuses = Vec::new();
    for i in 0..70 {
        let email = format!("person-{i}@example.com");
        statuses.push(app.password_sign_in(&email, "Summer2026!").await.1);
    }
    let tried = statuses.iter().filter(|it| **it == 422).count();
    assert_eq!((tried, statuses[69]), (60, 429));
}

/// ASVS V6.5.1
#[tokio::test]
async fn a_forgotten_password_is_replaced_by_a_link() {
    let app = App::new().await;
    let robin = app.newcomer("Robin").await;
    let email = address("Robin");
    let asked = app.anonymous().submit("/forgot-password", &[("email", &email)]).await.expect(200);
    well_made("/forgot-password", &asked.text);
    let link = link(&app.mail("reset_password", &email).await, "/reset-password/");
    let token = link.strip_prefix("/reset-password/").unwrap();

    let browser = app.anonymous();
    let page = browser.get(&link).await.expect(200);
    assert_eq!(page.template.as_deref(), Some("auth/reset_password.html"));
    well_made(&link, &page.text);
    let choose = |password: &'static str| [("token", token), ("password", password)];
    browser.submit("/reset-password", &choose("password1")).await.expect(422);
    let done = browser.submit("/reset-password", &choose("another lake of herons")).await;
    assert_eq!(done.location(), "/sign-in");
    let page = browser.get("/sign-in").await.expect(200);
    assert!(page.text.contains("Your password is changed"), "{}", page.text);

    assert_eq!(me(&robin).await, 401, "all logins have ended");
    assert_eq!(app.password_sign_in(&email, PASSWORD).await.1, 422);
    assert_eq!(app.password_sign_in(&email, "another lake of herons").await.1, 303);
    app.mail("password_changed", &email).await;
    browser.get(&link).await.expect(404);
    browser.submit("/reset-password", &choose("yet another lake")).await.expect(404);
}

/// ASVS V6.5.5
#[tokio::test]
async fn a_link_to_a_new_password_works_for_an_hour_and_the_newest_counts() {
    let app = App::new().await;
    app.newcomer("Robin").await;
    let email = address("Robin");
    let ask = async || {
        app.anonymous().submit("/forgot-password", &[("email", &email)]).await.expect(200);
        link(&app.mail("reset_password", &email).await, "/reset-password/")
    };
    let (first, second) = (ask().await, ask().await);
    app.anonymous().get(&first).await.expect(404);
    app.advance(Duration::minutes(59));
    app.anonymous().get(&second).await.expect(200);
    app.advance(Duration::minutes(1));
    app.anonymous().get(&second).await.expect(404);
}

/// ASVS V7.4.3
#[tokio::test]
async fn a_changed_password_ends_the_other_logins() {
    let app = App::new().await;
    let robin = app.newcomer("Robin").await;
    let email = address("Robin");
    let (other, ..) = app.password_sign_in(&email, PASSWORD).await;
    let before = robin.cookie("cloudgen").unwrap();
    let change =
        |current: &'static str, new: &'static str| [("current", current), ("password", new)];
    let path = "/account/password";
    robin.submit(path, &change("a wrong password", "one more lake")).await.expect(422);
    robin.submit(path, &change(PASSWORD, PASSWORD)).await.expect(422);
    robin.submit(path, &change(PASSWORD, "iloveyou")).await.expect(422);
    assert_eq!(
        robin.submit(path, &change(PASSWORD, "one more lake")).await.location(),
        "/account/security"
    );
    assert_eq!((me(&robin).await, me(&other).await), (200, 401));
    assert_ne!(robin.cookie("cloudgen").unwrap(), before);
    app.mail("password_changed", &email).await;
    assert_eq!(app.password_sign_in(&email, "one more lake").await.1, 303);
}

#[tokio::test]
async fn a_changed_address_is_confirmed_by_the_new_and_told_to_the_old() {
    let app = App::new().await;
    let robin = app.newcomer("Robin").await;
    let (old, new) = (address("Robin"), "hood@example.com");
    let ask = |password: &'static str| [("email", new), ("password", password)];
    robin.submit("/account/email", &ask("a wrong password")).await.expect(422);
    robin.submit("/account/email", &ask(PASSWORD)).await.expect(200);
    let mails = app.mails().await;
    let to =
        |kind: &str| mails.iter().find(|it| it.kind == kind).unwrap_or_else(|| panic!("{kind}"));
    assert_eq!((to("email_changing").to.as_str(), to("change_email").to.as_str()), (&*old, new));
    assert!(robin.get("/account").await.text.contains("Waiting for hood@example.com"));

    let link = link(to("change_email"), "/account/email/confirm/");
    let page = app.anonymous().get(&link).await.expect(200);
    assert_eq!(page.template.as_deref(), Some("auth/confirm_email.html"));
    well_made(&link, &page.text);
    assert_eq!(app.password_sign_in(new, PASSWORD).await.1, 422, "looking is not confirming");
    app.anonymous().submit(&link, &[]).await.expect(303);
    assert_eq!(app.password_sign_in(new, PASSWORD).await.1, 303);
    assert_eq!(app.password_sign_in(&old, PASSWORD).await.1, 422);
    app.mail("email_changed", &old).await;
    app.anonymous().submit(&link, &[]).await.expect(404);

    robin.submit("/account/email", &[("email", &old), ("password", PASSWORD)]).await.expect(200);
    let link =
        crate::support::link(&app.mail("change_email", &old).await, "/account/email/confirm/");
    robin.submit("/account/email/cancel", &[]).await.expect(303);
    app.anonymous().submit(&link, &[]).await.expect(404);
}

#[tokio::test]
async fn the_address_of_another_account_cannot_be_taken() {
    let app = App::new().await;
    let robin = app.newcomer("Robin").await;
    app.newcomer("Marian").await;
    let ask = [("email", "marian@example.com"), ("password", PASSWORD)];
    robin.submit("/account/email", &ask).await.expect(200);
    let kinds: Vec<_> = app.mails().await.into_iter().map(|it| (it.kind, it.to)).collect();
    assert!(kinds.contains(&("account_exists".to_owned(), "marian@example.com".to_owned())));
    assert!(!kinds.iter().any(|it| it.0 == "change_email"));
}

/// ASVS V7.5.2 V7.4.1
#[tokio::test]
async fn people_see_where_they_are_signed_in_and_end_it() {
    let app = App::new().await;
    let robin = app.newcomer("Robin").await;
    let email = address("Robin");
    let phone = app
        .anonymous()
        .with("user-agent", "Mozilla/5.0 (Android 16; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0");
    phone.submit("/sign-in", &[("email", &email), ("password", PASSWORD)]).await.expect(303);
    let (third, ..) = app.password_sign_in(&email, PASSWORD).await;
    let page = robin.get("/account/security").await.expect(200);
    well_made("/account/security", &page.text);
    assert!(page.text.contains("Firefox on Android") && page.text.contains("This login"));

    let logins = robin.get("/api/v1/me/logins").await.expect(200).json();
    let logins = logins["items"].as_array().unwrap();
    assert_eq!((logins.len(), &logins[0]["current"]), (3, &json!(true)));
    let id = logins.iter().find(|it| it["mobile"] == true).unwrap()["id"].as_str().unwrap();
    robin.submit(&format!("/account/logins/{id}/revoke"), &[]).await.expect(303);
    assert_eq!((me(&robin).await, me(&phone).await, me(&third).await), (200, 401, 200));
    robin.delete(&format!("/api/v1/me/logins/{id}")).await.expect(404);

    let stranger = app.newcomer("Stranger").await;
    let others = stranger.get("/api/v1/me/logins").await.json()["items"][0]["id"].clone();
    robin.delete(&format!("/api/v1/me/logins/{}", others.as_str().unwrap())).await.expect(404);
    assert_eq!(me(&stranger).await, 200);

    robin.submit("/account/logins/revoke-others", &[]).await.expect(303);
    assert_eq!((me(&robin).await, me(&third).await), (200, 401));
    let cookie = robin.cookie("cloudgen").unwrap();
    assert_eq!(robin.submit("/sign-out", &[]).await.location(), "/sign-in");
    assert_eq!(robin.cookie("cloudgen"), None);
    robin.set_cookie(&format!("cloudgen={cookie}"));
    assert_eq!(me(&robin).await, 401, "the token is worth nothing any more");
}

/// ASVS V7.2.3 V7.2.4
#[tokio::test]
async fn signing_in_makes_a_new_session_and_ends_the_former() {
    let app = App::new().await;
    let robin = app.newcomer("Robin").await;
    let before = robin.cookie("cloudgen").unwrap();
    let fields = [("email", "robin@example.com"), ("password", PASSWORD)];
    robin.submit("/sign-in", &fields).await.expect(303);
    let after = robin.cookie("cloudgen").unwrap();
    assert!(before != after && after.len() >= 43);
    let thief = app.anonymous();
    thief.set_cookie(&format!("cloudgen={before}"));
    assert_eq!(me(&thief).await, 401);
    let kept: Vec<Vec<u8>> =
        sqlx::query_scalar("select token_hash from login").fetch_all(app.pool()).await.unwrap();
    assert!(kept.iter().all(|it| it.len() == 32), "hashes only");
}

/// ASVS V7.3.1 V7.3.2
#[tokio::test]
async fn each_organisation_says_how_long_sign_ins_last() {
    let app = App::new().await;
    let robin = app.newcomer("Robin").await;
    robin.submit("/orgs/new", &[("name", "Acme")]).await.expect(303);
    let rules = json!({ "idle_minutes": 30, "absolute_minutes": 720 });
    robin.patch("/api/v1/org", rules).await.expect(200);
    let sign_in = async || app.password_sign_in(&address("Robin"), PASSWORD).await.0;

    let idle = sign_in().await;
    app.advance(Duration::minutes(29));
    assert_eq!(me(&idle).await, 200);
    app.advance(Duration::minutes(31));
    assert_eq!(me(&idle).await, 401);

    let busy = sign_in().await;
    for _ in 0..28 {
        app.advance(Duration::minutes(25));
        assert_eq!(me(&busy).await, 200);
    }
    app.advance(Duration::minutes(25));
    assert_eq!(me(&busy).await, 401, "after twelve hours at the latest");
}

/// ASVS V7.5.1 V7.2.4
#[tokio::test]
async fn sensitive_changes_need_a_fresh_proof() {
    let app = App::new().await;
    let robin = app.newcomer("Robin").await;
    robin.submit("/orgs/new", &[("name", "Acme")]).await.expect(303);
    robin.get("/account/two-factor").await.expect(200);
    app.advance(Duration::minutes(11));
    for path in ["/account/two-factor", "/settings/transfer", "/settings/delete"] {
        assert_eq!(robin.get(path).await.location(), format!("/confirm?next={path}"));
    }
    for (path, back) in [
        ("/account/backup-codes", "/account/backup-codes"),
        ("/settings/delete", "/settings/delete"),
    ] {
        let answer = robin.submit(path, &[("name", "Acme")]).await;
        assert_eq!(answer.location(), format!("/confirm?next={back}"));
    }
    let refused = robin.delete("/api/v1/org").await.expect(403).json();
    assert_eq!(refused["code"], "reauthentication_required");
    let rules = json!({ "idle_minutes": 30 });
    robin.patch("/api/v1/org", rules.clone()).await.expect(403);
    robin.patch("/api/v1/org", json!({ "name": "Acme Ltd" })).await.expect(200);

    let before = robin.cookie("cloudgen").unwrap();
    let wrong = [("password", "a wrong password"), ("next", "/settings/delete")];
    let page = robin.submit("/confirm", &wrong).await.expect(422);
    well_made("/confirm", &page.text);
    let right = [("password", PASSWORD), ("next", "/settings/delete")];
    assert_eq!(robin.submit("/confirm", &right).await.location(), "/settings/delete");
    assert_ne!(robin.cookie("cloudgen").unwrap(), before);
    let former = app.anonymous();
    former.set_cookie(&format!("cloudgen={before}"));
    assert_eq!(me(&former).await, 401);
    robin.patch("/api/v1/org", rules).await.expect(200);
    let evil = [("password", PASSWORD), ("next", "//evil.example")];
    assert_eq!(robin.submit("/confirm", &evil).await.location(), "/");
}

/// ASVS V7.4.2
#[tokio::test]
async fn a_disabled_account_is_out_at_once() {
    let app = App::new().await;
    let robin = app.newcomer("Robin").await;
    sqlx::query("update account set disabled_at = now() where email = $1")
        .bind(address("Robin"))
        .execute(app.pool())
        .await
        .unwrap();
    assert_eq!(me(&robin).await, 401);
    assert_eq!(app.password_sign_in(&address("Robin"), PASSWORD).await.1, 422);
    robin.submit("/forgot-password", &[("email", &address("Robin"))]).await.expect(200);
    assert!(app.mails().await.is_empty());
}

/// ASVS V16.3.1
#[tokio::test]
async fn what_people_do_with_their_accounts_is_recorded() {
    let app = App::new().await;
    let robin = app.newcomer("Robin").await;
    robin.submit("/orgs/new", &[("name", "Acme")]).await.expect(303);
    let org: Uuid =
        robin.get("/api/v1/me").await.json()["org"]["id"].as_str().unwrap().parse().unwrap();
    app.password_sign_in(&address("Robin"), "a wrong password").await;
    app.password_sign_in(&address("Robin"), PASSWORD).await;
    robin.submit("/account", &[("name", "Robin Hood")]).await.expect(303);
    let new = [("current", PASSWORD), ("password", "one more lake")];
    robin.submit("/account/password", &new).await.expect(303);
    robin.submit("/sign-out", &[]).await.expect(303);
    assert_eq!(
        app.events(org).await,
        [
            "org.created",
            "workspace.created",
            "login.created failed",
            "login.created",
            "account.renamed",
            "password.changed",
            "login.ended",
        ]
    );
    app.password_sign_in("nobody@example.com", "a wrong password").await;
    let nobody = app.events(Uuid::nil()).await;
    assert_eq!(nobody, ["account.created", "login.created", "login.created failed"]);
    let told: Vec<String> = sqlx::query_scalar("select row_to_json(e)::text from event e")
        .fetch_all(app.pool())
        .await
        .unwrap();
    let secrets = ["a wrong password", PASSWORD, "one more lake", "argon2"];
    assert!(!told.iter().any(|it| secrets.iter().any(|secret| it.contains(secret))));
}

#[tokio::test]
async fn the_caller_can_be_renamed_and_nothing_else() {
    let app = App::new().await;
    let member = app.owner().await;
    let answer = member.patch("/api/v1/me", json!({ "name": " Robin  Hood " })).await.expect(200);
    assert_eq!(answer.json()["name"], "Robin Hood");
    member.patch("/api/v1/me", json!({ "name": "" })).await.expect(422);
    // ASVS V8.2.3
    member.patch("/api/v1/me", json!({ "name": "R", "email": "x@example.com" })).await.expect(422);
}

#[tokio::test]
async fn people_without_a_password_do_not_sign_in_by_one() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let member = app.member(org, Role::Member).await;
    let email = member.get("/api/v1/me").await.json()["email"].as_str().unwrap().to_owned();
    assert_eq!(app.password_sign_in(&email, "").await.1, 422);
    assert_eq!(app.password_sign_in(&email, "nobody has this password").await.1, 422);
}

#[tokio::test]
async fn what_has_expired_is_tidied_away() {
    let app = App::new().await;
    app.newcomer("Robin").await;
    app.anonymous().submit("/sign-up", &form("late@example.com", PASSWORD)).await.expect(200);
    app.anonymous().submit("/forgot-password", &[("email", &address("Robin"))]).await.expect(200);
    app.password_sign_in("nobody@example.com", "a wrong password").await;
    app.mails().await;
    let count = async || -> (i64, i64, i64) {
        sqlx::query_as(
            "select (select count(*) from sign_up), (select count(*) from mail_link),
                    (select count(*) from guess)",
        )
        .fetch_one(app.pool())
        .await
        .unwrap()
    };
    assert_eq!(count().await, (1, 1, 1));
    app.advance(Duration::hours(25));
    // Due by the clock of the test.
    sqlx::query("select graphile_worker.add_job('auth.tidy', '{}', run_at => $1)")
        .bind(app.state.clock.now())
        .execute(app.pool())
        .await
        .unwrap();
    app.run_jobs().await;
    assert_eq!(count().await, (0, 0, 0));
}

#[tokio::test]
async fn where_to_go_on_survives_signing_in_and_stays_on_the_site() {
    let app = App::new().await;
    let robin = app.newcomer("Robin").await;
    assert_eq!(robin.get("/sign-in?next=/account").await.location(), "/account");
    let page = app.anonymous().get("/sign-in?next=/account").await.expect(200);
    assert!(page.text.contains("name=\"next\" value=\"&#x2f;account\""));
    for (next, location) in [("/account", "/account"), ("https://evil.example", "/"), ("//e", "/")]
    {
        let fields = [("email", "robin@example.com"), ("password", PASSWORD), ("next", next)];
        assert_eq!(app.anonymous().submit("/sign-in", &fields).await.location(), location);
    }
    assert_snapshot!(app.anonymous().get("/account").await.location(), @"/sign-in?next=/account");
}
