//! The pages of keys, of their use, and of devices that ask to be let in.

use std::time::Duration;

use cloudgen::platform::access::Role;
use cloudgen::platform::usage::Call;
use serde_json::json;
use uuid::Uuid;

use crate::api_keys::create;
use crate::browser::Browser;
use crate::keys::with_key;
use crate::pages::well_made;
use crate::support::{App, Caller};

/// Keys, their use over a month, and a device that waits; for pages to show.
async fn furnished(app: &App) -> (Caller, String, String) {
    let org = app.org("Acme").await;
    app.set_plan(org, "pro").await;
    let owner = app.member(org, Role::Owner).await;
    let wide = json!({ "name": "GitHub Actions, shop", "scopes": ["sessions:read", "sessions:write", "artifacts:read"], "expires_at": "2027-02-20T12:00:00Z" });
    let (id, secret) = create(&owner, wide).await;
    let test = json!({ "name": "Pipeline rehearsal", "mode": "test", "scopes": ["sessions:read"], "expires_at": "2026-12-01T12:00:00Z" });
    create(&owner, test).await;
    let (gone, _) = create(&owner, json!({ "name": "Old laptop", "scopes": ["org:read"] })).await;
    owner.delete(&format!("/api/v1/keys/{gone}")).await.expect(204);
    with_key(app, &secret).get("/api/v1/sessions").await.expect(200);
    use_for_a_month(app, org, id.parse().unwrap()).await;
    let (_, code) = ask_in_named(app).await;
    (owner, id, code)
}

/// More on some days than on others, some of it slow, refused or failed.
async fn use_for_a_month(app: &App, org_id: Uuid, key_id: Uuid) {
    for days in 0..30_i64 {
        let busy = 20 + (days * 37) % 61 - 14 * ((days + 1) % 7 / 5);
        for (operation, share) in
            [("POST /api/v1/analyze", 9), ("GET /api/v1/artifacts/{session_id}/archive", 5)]
        {
            for nth in 0..busy * share {
                let status = match nth % 100 {
                    0..91 => 200,
                    91..95 => 429,
                    95..98 => 422,
                    _ => 503,
                };
                let ms = [8, 20, 20, 40, 40, 40, 90, 90, 200, 700][(nth % 10) as usize];
                app.state.usage.record(Call {
                    org_id,
                    key_id,
                    operation: operation.to_owned(),
                    status,
                    took: Duration::from_millis(ms),
                    units: 4,
                    ip: None,
                    at: app.state.clock.now() - chrono::Duration::days(days),
                });
            }
        }
    }
    app.state.usage.flush(&app.state).await.unwrap();
}

async fn ask_in_named(app: &App) -> (String, String) {
    let fields = [("client_id", "CloudGen CLI"), ("device_name", "heron")];
    let caller = app.anonymous().with("user-agent", "cloudgen/0.1.0 (linux; x86_64)");
    let asked = caller.submit("/api/v1/device/code", &fields).await.expect(200).json();
    let text = |name: &str| asked[name].as_str().unwrap().to_owned();
    (text("device_code"), text("user_code"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_of_keys_are_for_everyone() {
    let (app, base) = App::served().await;
    let (owner, id, code) = furnished(&app).await;
    let browser = Browser::start().await;
    let cookie = owner.cookie("cloudgen").unwrap();
    browser.become_caller(&base, Some(("cloudgen", &cookie))).await;
    let mut problems = Vec::new();
    for (template, path) in [
        ("keys/index.html", "/settings/keys".to_owned()),
        ("keys/show.html", format!("/settings/keys/{id}")),
        ("keys/rotate.html", format!("/settings/keys/{id}/rotate")),
        ("keys/usage.html", format!("/settings/keys/{id}/usage")),
        ("keys/usage.html", "/settings/keys/usage?days=90".to_owned()),
        ("keys/device.html", format!("/device?code={code}")),
    ] {
        let page = owner.get(&path).await.expect(200);
        assert_eq!(page.template.as_deref(), Some(template), "{path}");
        well_made(&path, &page.text);
        problems.extend(browser.survey(&format!("{base}{path}")).await);
    }
    assert!(problems.is_empty(), "{problems:#?}");
    // Calls, how long they took, and units: one bar for each of 30 days.
    let usage = owner.get(&format!("/settings/keys/{id}/usage")).await.expect(200).text;
    let charts: Vec<&str> = usage.split("<figure class=\"chart\">").skip(1).collect();
    assert_eq!(charts.len(), 3);
    assert!(charts.iter().all(|it| it.matches("<rect class=\"slot\"").count() == 30));
    assert!(charts[0].contains("class=\"bad\"") && charts[1].contains("class=\"more\""));
    assert!(charts[1].contains("half within ") && charts[1].contains(" ms, 95 % within "));
}

#[tokio::test]
async fn the_forms_of_keys_work_without_script() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let owner = app.member(org, Role::Owner).await;
    let empty = owner.get("/settings/keys").await.expect(200);
    assert!(empty.text.contains("No API keys yet"));
    let refused = owner
        .submit("/settings/keys/new", &[("name", "typed"), ("networks", "here"), ("mode", "test")])
        .await
        .expect(422);
    well_made("/settings/keys/new", &refused.text);
    assert!(
        refused.text.contains("value=\"typed\"") && refused.text.contains("Choose at least one")
    );

    let (id, _) =
        create(&owner, json!({ "name": "one", "scopes": ["org:read", "audit:read"] })).await;
    let path = format!("/settings/keys/{id}");
    let fields = [
        ("name", "two"),
        ("scope.org:read", "on"),
        ("networks", "192.0.2.1, 198.51.100.0/24\n2001:db8::/32"),
        ("expires_at", "2026-12-24"),
    ];
    assert_eq!(owner.submit(&path, &fields).await.location(), path);
    let key = owner.get(&format!("/api/v1/keys/{id}")).await.expect(200).json();
    assert_eq!(key["networks"].as_array().unwrap().len(), 3);
    assert_eq!(
        (&key["scopes"], &key["expires_at"]),
        (&json!(["org:read"]), &json!("2026-12-24T23:59:59Z"))
    );
    owner.submit(&path, &[("name", "two")]).await.expect(422);
    let page = owner.submit(&format!("{path}/rotate"), &[("overlap_hours", "1")]).await.expect(200);
    assert_eq!(page.template.as_deref(), Some("keys/created.html"));
    assert_eq!(owner.submit(&format!("{path}/revoke"), &[]).await.location(), "/settings/keys");
    let page = owner.get(&path).await.expect(200);
    well_made(&path, &page.text);
    assert!(page.text.contains("This key is revoked"));
}
