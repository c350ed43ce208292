//! The wall between organisations.

use cloudgen::platform::access::Role;
use cloudgen::platform::db::{Db, Tx};
use cloudgen::platform::events::Who;
use futures_util::FutureExt as _;
use insta::assert_snapshot;
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

use crate::support::App;

/// Queries that return what is wrong; each must return nothing.
const AUDIT: &[(&str, &str)] = &[
    (
        "the request role is powerful",
        "select rolname::text from pg_roles
          where rolname = 'cloudgen_app' and (rolsuper or rolbypassrls or rolcreaterole or rolcanlogin)",
    ),
    (
        "the request role owns something",
        "select c.oid::regclass::text from pg_class c join pg_roles r on r.oid = c.relowner
          where r.rolname = 'cloudgen_app'",
    ),
    (
        "a table with org_id is not protected: call app.protect",
        "select c.oid::regclass::text from pg_class c
           join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped
          where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
            and not (c.relrowsecurity and exists (
                select from pg_policy p where p.polrelid = c.oid and p.polwithcheck is not null))",
    ),
    (
        "org_id may be null",
        "select c.oid::regclass::text from pg_class c
           join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped
          where c.relkind in ('r', 'p') and not a.attnotnull",
    ),
    (
        "a policy does not ask for the organisation",
        "select polrelid::regclass::text from pg_policy
          where polpermissive and pg_get_expr(polqual, polrelid) !~ 'app\\.org_id'",
    ),
    (
        "the request role may do more than read and write rows",
        "select c.oid::regclass::text from pg_class c
          where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
            and has_table_privilege('cloudgen_app', c.oid, 'TRUNCATE, REFERENCES, TRIGGER')",
    ),
    (
        "a view runs with its owner's rights",
        "select oid::regclass::text from pg_class
          where relkind = 'v' and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema')
            and not coalesce('security_invoker=true' = any (reloptions), false)",
    ),
    (
        "a materialized view, which no policy guards, is readable",
        "select oid::regclass::text from pg_class
          where relkind = 'm' and has_table_privilege('cloudgen_app', oid, 'SELECT')",
    ),
    (
        "a function with its owner's rights is outside of app",
        "select p.oid::regprocedure::text from pg_proc p
          where p.prosecdef and p.pronamespace::regnamespace::text not in ('pg_catalog', 'information_schema', 'app')
            and has_function_privilege('cloudgen_app', p.oid, 'EXECUTE')",
    ),
    (
        "a function with its owner's rights has no fixed search_path",
        "select p.oid::regprocedure::text from pg_proc p
          where p.prosecdef and p.pronamespace = 'app'::regnamespace
            and not exists (select from unnest(p.proconfig) it where it like 'search_path=%pg_temp')",
    ),
    (
        "a foreign key between tenant tables leaves org_id out",
        "select con.conname::text from pg_constraint con
          where con.contype = 'f'
            and exists (select from pg_attribute where attrelid = con.conrelid and attname = 'org_id')
            and exists (select from pg_attribute where attrelid = con.confrelid and attname = 'org_id')
            and not exists (select from pg_attribute
                             where attrelid = con.conrelid and attname = 'org_id' and attnum = any (con.conkey))",
    ),
    (
        "a unique index tells one organisation what another has",
        "select i.indexrelid::regclass::text from pg_index i
          where i.indisunique and not i.indisprimary
            and exists (select from pg_attribute where attrelid = i.indrelid and attname = 'org_id')
            and not exists (select from pg_attribute a
                             where a.attrelid = i.indrelid and a.attname = 'org_id'
                               and a.attnum = any (i.indkey::int2[]))
            and i.indrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)",
    ),
    (
        "a table that holds no organisation's rows is open to requests",
        "select c.oid::regclass::text from pg_class c
          where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and not c.relrowsecurity
            and has_table_privilege('cloudgen_app', c.oid, 'SELECT, INSERT, UPDATE, DELETE')",
    ),
    (
        "requests have a way into the job queue",
        "select nspname::text from pg_namespace
          where nspname = 'graphile_worker' and has_schema_privilege('cloudgen_app', oid, 'USAGE, CREATE')",
    ),
    (
        "row-level security is on without a policy for writes",
        "select c.oid::regclass::text from pg_class c
          where c.relrowsecurity and not exists (
                select from pg_policy p where p.polrelid = c.oid and p.polwithcheck is not null)",
    ),
    (
        "a sequence tells how much others have",
        "select oid::regclass::text from pg_class
          where case relkind when 'S' then has_sequence_privilege('cloudgen_app', oid, 'SELECT, USAGE') end",
    ),
];

/// ASVS V8.4.1
#[tokio::test]
async fn the_schema_keeps_organisations_apart() {
    let app = App::new().await;
    let mut wrong = String::new();
    for (what, query) in AUDIT {
        let found: Vec<String> = sqlx::query_scalar(*query).fetch_all(app.pool()).await.unwrap();
        if !found.is_empty() {
            wrong += &format!("{what}: {found:?}\n");
        }
    }
    assert_snapshot!(wrong, @"");
}

#[tokio::test]
async fn the_audit_finds_what_it_looks_for() {
    let app = App::new().await;
    for (seed, expected) in [
        ("create table leak (id uuid primary key, org_id uuid not null)", "not protected"),
        ("create table leak (org_id uuid); select app.protect('leak')", "may be null"),
        ("grant truncate on workspace to cloudgen_app", "more than read and write"),
        ("create view leak as select * from workspace", "owner's rights"),
        ("create unique index leak on workspace (name)", "tells one organisation"),
        (
            "create table leak (org_id uuid not null, of uuid references workspace (id)); select app.protect('leak')",
            "leaves org_id out",
        ),
        ("grant select on login to cloudgen_app", "open to requests"),
        ("create policy leak on workspace to cloudgen_app using (true)", "does not ask"),
    ] {
        let mut tx = app.pool().begin().await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(seed)).execute(&mut *tx).await.unwrap();
        let mut found = Vec::new();
        for (what, query) in AUDIT {
            let rows: Vec<String> = sqlx::query_scalar(*query).fetch_all(&mut *tx).await.unwrap();
            if !rows.is_empty() {
                found.push(*what);
            }
        }
        assert!(found.iter().any(|it| it.contains(expected)), "{seed}: {found:?}");
    }
}

/// ASVS V8.4.1
#[tokio::test]
async fn a_request_sees_and_changes_only_its_own_organisation() {
    let app = App::new().await;
    let (ours, theirs) = (app.org("Ours").await, app.org("Theirs").await);
    let their_workspace: Uuid = sqlx::query_scalar("select id from workspace where org_id = $1")
        .bind(theirs)
        .fetch_one(app.pool())
        .await
        .unwrap();
    let mut tx = app.state.db.tenant(ours, Who::system()).await.unwrap();

    let seen: (i64, i64, i64, i64) = sqlx::query_as(
        "select (select count(*) from org), (select count(*) from workspace),
                (select count(*) from member), (select count(*) from account)",
    )
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    assert_eq!(seen, (1, 1, 1, 1));

    for change in
        ["update workspace set name = 'x' where id = $1", "delete from workspace where id = $1"]
    {
        let done = sqlx::query(change).bind(their_workspace).execute(&mut *tx).await.unwrap();
        assert_eq!(done.rows_affected(), 0, "{change}");
    }
    tx.commit().await.unwrap();

    for (statement, id) in [
        (
            "insert into workspace (id, org_id, name, slug, created_at) values (gen_random_uuid(), $1, 'x', 'x', now())",
            theirs,
        ),
        ("update workspace set org_id = $1", theirs),
        ("insert into member values ($1, (select id from account), 'owner', now())", theirs),
        ("select * from login where account_id = $1", theirs),
        ("select email_verified_at from account where id = $1", theirs),
        ("delete from org where id = $1", ours),
    ] {
        let mut tx = app.state.db.tenant(ours, Who::system()).await.unwrap();
        let done = sqlx::query(statement).bind(id).execute(&mut *tx).await;
        assert!(done.is_err(), "{statement}");
    }
}

#[tokio::test]
async fn nothing_stays_on_a_pooled_connection() {
    let app = App::with(|it| it.pool_size = 2).await;
    let org = app.org("Acme").await;
    for commit in [true, false] {
        let tx = app.state.db.tenant(org, Who::system()).await.unwrap();
        if commit {
            tx.commit().await.unwrap();
        } else {
            drop(tx);
        }
        let mut connections = Vec::new();
        for _ in 0..2 {
            connections.push(app.pool().acquire().await.unwrap());
        }
        for connection in &mut connections {
            let (role, org): (String, Option<Uuid>) =
                sqlx::query_as("select current_setting('role'), app.org_id()")
                    .fetch_one(&mut **connection)
                    .await
                    .unwrap();
            assert_eq!((role.as_str(), org), ("none", None));
        }
    }
}

#[tokio::test]
async fn without_an_organisation_a_request_sees_nothing() {
    let app = App::new().await;
    app.org("Acme").await;
    let mut tx = app.pool().begin().await.unwrap();
    sqlx::query("set local role cloudgen_app").execute(&mut *tx).await.unwrap();
    let count: i64 =
        sqlx::query_scalar("select count(*) from workspace").fetch_one(&mut *tx).await.unwrap();
    assert_eq!(count, 0);
}

#[tokio::test]
async fn a_removed_member_is_out_at_once() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let admin = app.member(org, Role::Admin).await;
    admin.get("/api/v1/events").await.expect(200);
    let mut tx = app.system().await;
    sqlx::query("update member set role = 'viewer' where account_id = $1")
        .bind(admin.account)
        .execute(tx.conn())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    admin.get("/api/v1/events").await.expect(403);
    sqlx::query("delete from member where account_id = $1")
        .bind(admin.account)
        .execute(app.pool())
        .await
        .unwrap();
    admin.get("/api/v1/events").await.expect(409);
    assert!(admin.get("/api/v1/me").await.expect(200).json()["org"].is_null());
}

/// Whoever hangs up while their transaction begins leaves the connection to the
/// next without a role, and without a transaction.
#[tokio::test]
async fn a_transaction_given_up_while_it_begins_leaves_nothing_behind() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let options = (*app.pool().connect_options()).clone();
    let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    let db = Db::new(pool.clone(), app.state.clock.clone(), app.state.ids.clone());
    let standing =
        "select current_setting('role') || coalesce(current_setting('app.org_id', true), '')";
    let mut begun = 0;
    for round in 0..2000 {
        let mut beginning = Box::pin(db.tenant(org, Who::system()));
        // How many turns it takes differs each time; some of these are between
        // the first and the last.
        for _ in 0..round % 500 {
            if beginning.as_mut().now_or_never().is_some() {
                begun += 1;
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(beginning);
        let left: String = sqlx::query_scalar(standing).fetch_one(&pool).await.unwrap();
        assert_eq!(left, "none", "given up in round {round}");
    }
    assert!((1..1999).contains(&begun), "{begun}");
}
