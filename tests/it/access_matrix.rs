//! Every operation of the description, with every role, every scope and every
//! kind of credential, and from another organisation. What is expected is read
//! from the description itself, so that an operation cannot be forgotten; that
//! the description says what is meant is [`ACCESS`]'s to hold.

use std::collections::BTreeMap;

use chrono::Duration;
use cloudgen::platform::access::{Role, Scope};
use cloudgen::platform::api_key::{Mode, Secret};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::access::{ACCESS, call};
use crate::keys::{Made, make, make_in, with_key};
use crate::support::{Answer, App, Caller};

/// What the description says of who may call an operation.
struct Rule {
    /// Like `get /api/v1/me`.
    operation: String,
    /// Needs no credential.
    open: bool,
    /// The scope that a key has to have; absent where no key will do.
    scope: Option<String>,
    /// Every key will do.
    any_key: bool,
    /// The least role; absent for what is done in no organisation.
    role: Option<Role>,
}

fn rules() -> Vec<Rule> {
    let document: Value = serde_json::from_str(&cloudgen::app::openapi()).unwrap();
    let mut rules = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, it) in item.as_object().unwrap() {
            let security = it.get("security").unwrap_or(&document["security"]);
            let ways = security.as_array().unwrap();
            let key = ways.iter().find_map(|it| it["key"].as_array());
            let role = it["x-role"].as_str();
            rules.push(Rule {
                operation: format!("{method} {path}"),
                open: ways.iter().all(|it| it.as_object().unwrap().is_empty()),
                scope: key.and_then(|it| it.first()).map(|it| it.as_str().unwrap().to_owned()),
                any_key: key.is_some_and(Vec::is_empty),
                role: role.map(|it| *Role::ALL.iter().find(|role| role.as_str() == it).unwrap()),
            });
        }
    }
    assert!(rules.len() > 80);
    rules
}

fn body(operation: &str) -> &'static str {
    ACCESS.iter().find(|it| it.0 == operation).map_or("", |it| it.2)
}

/// An enterprise, so that no limit gets in the way.
async fn enterprise(app: &App, name: &str) -> Uuid {
    let org = app.org(name).await;
    app.set_plan(org, "enterprise").await;
    org
}

fn shown(app: &App, made: &Made) -> Caller {
    with_key(app, made.secret.reveal())
}

#[test]
fn the_description_says_what_is_meant() {
    let listed: BTreeMap<_, _> =
        ACCESS.iter().map(|(operation, least, _)| (*operation, *least)).collect();
    for rule in rules() {
        let said = match (rule.open, rule.role) {
            (true, _) => "all",
            (false, Some(role)) => role.as_str(),
            (false, None) => "any",
        };
        assert_eq!(said, listed[rule.operation.as_str()], "{}", rule.operation);
    }
}

/// ASVS V8.2.1
#[tokio::test]
async fn a_key_gets_as_far_as_its_owner_and_not_where_only_people_do() {
    let app = App::new().await;
    let org = enterprise(&app, "Acme").await;
    for rule in rules().iter().filter(|it| !it.open) {
        for role in Role::ALL {
            let account = app.member(org, role).await.account.unwrap();
            for mode in [Mode::Live, Mode::Test] {
                let key = make_in(mode, &app, org, account, Scope::ALL).await;
                let operation = &rule.operation;
                let answer = call(&shown(&app, &key), operation, body(operation)).await;
                let expected = match (&rule.scope, rule.role) {
                    (None, _) if !rule.any_key => Some("person_only"),
                    (_, Some(least)) if role < least => Some("forbidden"),
                    _ => None,
                };
                let what = format!("{operation} with a {mode:?} key of {role:?}: {answer:?}");
                match expected {
                    Some(code) => {
                        assert_eq!(
                            (answer.status, answer.json_code().as_deref()),
                            (403, Some(code)),
                            "{what}"
                        );
                    }
                    None => assert!(![401, 403, 429].contains(&answer.status), "{what}"),
                }
                assert!(answer.status < 500, "{what}");
            }
        }
    }
}

/// ASVS V8.2.1 V8.4.1
#[tokio::test]
async fn each_operation_asks_for_the_scope_it_names() {
    let app = App::new().await;
    let org = enterprise(&app, "Acme").await;
    let owner = app.member(org, Role::Owner).await.account.unwrap();
    let mut callers = Vec::new();
    for scope in Scope::ALL {
        callers.push((scope.as_str(), shown(&app, &make(&app, org, owner, &[*scope]).await)));
    }
    for rule in rules().iter().filter(|it| !it.open && !it.any_key) {
        let operation = &rule.operation;
        for (scope, caller) in &callers {
            let answer = call(caller, operation, body(operation)).await;
            let code = (answer.status == 403).then(|| answer.json_code().unwrap());
            let expected = match rule.scope.as_deref() {
                None => Some("person_only"),
                Some(asked) if asked != *scope => Some("missing_scope"),
                Some(_) => None,
            };
            assert_eq!(code.as_deref(), expected, "{operation} with {scope}: {answer:?}");
            assert!(answer.status != 401 && answer.status < 500, "{operation}: {answer:?}");
        }
        // Looking takes a scope that changes nothing. Invitations and links are
        // the exception: who is about to come in, and what is hidden from whom,
        // is for those who may let them in.
        let asks = ["/invitations", "/shares"].iter().any(|it| operation.contains(it));
        if let (true, false, Some(scope)) = (operation.starts_with("get "), asks, &rule.scope) {
            assert!(scope.ends_with(":read"), "{operation} is let in by {scope}");
        }
    }
}

/// ASVS V7.4.1 V8.3.2
#[tokio::test]
async fn what_has_ended_opens_nothing() {
    let app = App::new().await;
    let org = enterprise(&app, "Acme").await;
    let now = app.state.clock.now();
    let mut ended: Vec<(&str, Caller)> = Vec::new();
    for (name, end) in [
        ("a key that has expired", "update api_key set expires_at = $2 where id = $1"),
        ("a key that is revoked", "update api_key set revoked_at = $2 where id = $1"),
        (
            "a secret whose overlap is over",
            "update api_key_secret set expires_at = $2 where key_id = $1",
        ),
        (
            "a key whose owner is disabled",
            "update account set disabled_at = $2 where id = (select account_id from api_key where id = $1)",
        ),
        (
            "a key whose owner has left",
            "delete from member using (select $2::timestamptz) t
              where account_id = (select account_id from api_key where id = $1)",
        ),
    ] {
        for mode in [Mode::Live, Mode::Test] {
            let owner = app.member(org, Role::Owner).await.account.unwrap();
            let key = make_in(mode, &app, org, owner, Scope::ALL).await;
            sqlx::query(end).bind(key.id).bind(now).execute(app.pool()).await.unwrap();
            ended.push((name, shown(&app, &key)));
        }
    }
    ended.push(("a key that never was", with_key(&app, Secret::random(Mode::Live).reveal())));
    ended.push(("a key that is mistyped", with_key(&app, "cg_live_nothing")));
    for (name, end) in [
        ("a login that is over", "update login set expires_at = $2 where account_id = $1"),
        ("a login that was idle", "update login set idle_expires_at = $2 where account_id = $1"),
        (
            "a login that was ended",
            "delete from login using (select $2::timestamptz) t where account_id = $1",
        ),
        ("a login of a disabled account", "update account set disabled_at = $2 where id = $1"),
    ] {
        let owner = app.member(org, Role::Owner).await;
        sqlx::query(end).bind(owner.account).bind(now).execute(app.pool()).await.unwrap();
        ended.push((name, owner));
    }
    for rule in rules() {
        for (name, caller) in &ended {
            let answer = call(&caller.clone(), &rule.operation, body(&rule.operation)).await;
            let refused = answer.status == 401;
            assert_eq!(refused, !rule.open, "{} with {name}: {answer:?}", rule.operation);
        }
    }
}

/// One of everything that an organisation can have.
struct Things {
    org: Uuid,
    ids: BTreeMap<&'static str, String>,
}

impl Things {
    /// A pattern of the description as the address of one of these.
    fn address(&self, pattern: &str) -> String {
        let mut before = "";
        let mut parts = Vec::new();
        for part in pattern.split('/') {
            parts.push(match (before, part) {
                (_, "{number}") => "1",
                (_, "{option}") => "better",
                (_, "{diagram}") => "architecture.svg",
                (_, "{path}") => "main.tf",
                (before, it) if it.starts_with('{') => self
                    .ids
                    .get(before)
                    .unwrap_or_else(|| panic!("{pattern}: make one of the {before}")),
                (_, it) => it,
            });
            before = part;
        }
        parts.join("/")
    }

    /// Every row of the organisation, table by table; the trail of what was
    /// done and counters of use aside.
    async fn rows(&self, app: &App) -> BTreeMap<String, String> {
        let tables: Vec<String> = sqlx::query_scalar(
            "select c.table_name::text from information_schema.columns c
               join information_schema.tables t using (table_schema, table_name)
              where c.table_schema = 'public' and c.column_name = 'org_id'
                and t.table_type = 'BASE TABLE' and c.table_name not like 'api_usage%'",
        )
        .fetch_all(app.pool())
        .await
        .unwrap();
        assert!(tables.len() > 12, "{tables:?}");
        let mut rows = BTreeMap::new();
        for table in tables {
            let query = format!(
                "select coalesce(string_agg(md5(t::text), ' ' order by t::text), '')
                   from {table} t where org_id = $1"
            );
            let found: String = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
                .bind(self.org)
                .fetch_one(app.pool())
                .await
                .unwrap();
            rows.insert(table, found);
        }
        rows
    }
}

fn id(answer: Answer) -> String {
    answer.json()["id"].as_str().unwrap().to_owned()
}

async fn furnished(app: &App) -> (Caller, Things) {
    let org = enterprise(app, "Org zqcanary").await;
    let owner = app.member(org, Role::Owner).await;
    let mut ids = BTreeMap::new();
    let text = json!({ "text": "A web shop called Zqcanary with PostgreSQL for 100 users" });
    let made = owner.post("/api/v1/analyze", text).await.expect(200).json();
    let session = made["session_id"].as_str().unwrap().to_owned();
    let at = format!("/api/v1/sessions/{session}");
    ids.insert("messages", made["answer"]["id"].as_str().unwrap().to_owned());
    let component = made["analysis"]["options"][1]["components"][0]["id"].as_str().unwrap();
    ids.insert("components", component.to_owned());
    app.run_jobs().await;
    let sets = owner.get(&format!("/api/v1/artifacts/{session}")).await.expect(200).json();
    ids.insert("operations", sets["items"][0]["id"].as_str().unwrap().to_owned());
    ids.insert("artifacts", session.clone());
    ids.insert("shares", id(owner.post(&format!("{at}/shares"), json!({})).await.expect(201)));
    ids.insert("sessions", session);
    let hook = json!({ "url": "https://example.com/zqcanary" });
    let hook = id(owner.post("/api/v1/webhooks", hook).await.expect(201));
    let sent = owner.post(&format!("/api/v1/webhooks/{hook}/test"), json!({})).await.expect(202);
    ids.insert("deliveries", id(sent));
    ids.insert("webhooks", hook);
    let key = json!({ "name": "Zqcanary", "scopes": ["org:read"] });
    ids.insert("keys", id(owner.post("/api/v1/keys", key).await.expect(201)));
    let shelf = json!({ "name": "Zqcanary" });
    ids.insert("workspaces", id(owner.post("/api/v1/workspaces", shelf).await.expect(201)));
    let invited = json!({ "email": "zqcanary@example.com", "role": "member" });
    ids.insert("invitations", id(owner.post("/api/v1/invitations", invited).await.expect(201)));
    let member = app.member(org, Role::Member).await.account.unwrap();
    ids.insert("members", member.to_string());
    ids.insert("orgs", org.to_string());
    let login: Uuid = sqlx::query_scalar("select id from login where account_id = $1")
        .bind(owner.account)
        .fetch_one(app.pool())
        .await
        .unwrap();
    ids.insert("logins", login.to_string());
    (owner, Things { org, ids })
}

/// ASVS V8.2.2 V8.4.1
#[tokio::test]
async fn another_organisation_finds_and_changes_nothing_however_it_comes() {
    let app = App::new().await;
    let (owner, things) = furnished(&app).await;
    let theirs = |text: &str| {
        text.to_lowercase().contains("zqcanary")
            || things.ids.values().any(|it| it.len() == 36 && text.contains(it.as_str()))
    };
    // The canary sings where it lives, or the rest would prove nothing.
    let mut sang = 0;
    for rule in rules()
        .iter()
        .filter(|it| it.operation.starts_with("get ") && !it.operation.ends_with("/events"))
    {
        let pattern = rule.operation.trim_start_matches("get ");
        sang += usize::from(theirs(&owner.get(&things.address(pattern)).await.text));
    }
    assert!(sang > 20, "{sang}");

    let before = things.rows(&app).await;
    let mut asked = 0;
    for rule in rules().iter().filter(|it| !it.open) {
        let (method, pattern) = rule.operation.split_once(' ').unwrap();
        let named = pattern.contains('{');
        // Ids within bodies, too, are those of the other organisation.
        let text = match pattern {
            "/api/v1/implement" => {
                body(&rule.operation).replace(&Uuid::nil().to_string(), &things.ids["sessions"])
            }
            "/api/v1/org/transfer" => {
                body(&rule.operation).replace(&Uuid::nil().to_string(), &things.ids["members"])
            }
            _ => body(&rule.operation).to_owned(),
        };
        // Everyone is new, as some of what they do ends their organisation or themselves.
        let org = enterprise(&app, "Other").await;
        let login = app.member(org, Role::Owner).await;
        let account = app.member(org, Role::Owner).await.account.unwrap();
        let live = shown(&app, &make_in(Mode::Live, &app, org, account, Scope::ALL).await);
        let test = shown(&app, &make_in(Mode::Test, &app, org, account, Scope::ALL).await);
        for (who, caller) in [("a login", login), ("a live key", live), ("a test key", test)] {
            let sent = (!text.is_empty()).then(|| ("application/json", text.clone()));
            let answer = caller.send(&method.to_uppercase(), &things.address(pattern), sent).await;
            asked += 1;
            let what = format!("{} with {who}: {answer:?}", rule.operation);
            let by_person = who == "a login" || rule.scope.is_some() || rule.any_key;
            match (named, by_person) {
                (_, false) => assert_eq!(answer.status, 403, "{what}"),
                (true, true) => assert_eq!(answer.status, 404, "{what}"),
                (false, true) => assert!(answer.status < 500, "{what}"),
            }
            // What they sent themselves may be told back to them as the instance.
            let told = answer.text.replace(&things.address(pattern), "");
            assert!(!theirs(&told), "{what}");
        }
    }
    assert!(asked > 240, "{asked}");

    let stranger = app.owner().await;
    let (session, shelf, key) =
        (&things.ids["sessions"], &things.ids["workspaces"], &things.ids["keys"]);
    let texts = json!({ "text": "Add a cache", "session_id": session });
    stranger.post("/api/v1/analyze", texts).await.expect(404);
    let text = json!({ "text": "A web shop with PostgreSQL", "workspace_id": shelf });
    stranger.post("/api/v1/analyze", text).await.expect(404);
    stranger.post("/api/v1/sessions", json!({ "workspace_id": shelf })).await.expect(404);
    let scopes = json!({ "name": "x", "scopes": ["sessions:read"], "workspace_id": shelf });
    stranger.post("/api/v1/keys", scopes).await.expect(422);
    let own = id(stranger.post("/api/v1/sessions", json!({})).await.expect(201));
    let moved = json!({ "workspace_id": shelf });
    stranger.patch(&format!("/api/v1/sessions/{own}"), moved).await.expect(404);
    let follows = json!({ "text": "Add a cache", "parent_id": things.ids["messages"] });
    stranger.post(&format!("/api/v1/sessions/{own}/messages"), follows).await.expect(404);
    let listed = stranger.get(&format!("/api/v1/sessions?workspace_id={shelf}")).await.expect(200);
    assert_eq!(listed.json()["items"], json!([]));
    stranger.get(&format!("/api/v1/usage?key_id={key}")).await.expect(404);

    app.advance(Duration::seconds(1));
    assert_eq!(before, things.rows(&app).await, "something of theirs was changed");
}
