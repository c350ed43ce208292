//! `cloudgen doctor`: what would keep the server from working, and how to mend
//! it. Looks at everything that the server needs; changes nothing.

use std::future::Future;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::{DateTime, TimeDelta, Utc};
use lettre::Tokio1Executor;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use sqlx::{Connection as _, PgConnection, Row as _};

use crate::platform::clock::Clock;
use crate::platform::config::{Config, MailTo};
use crate::platform::db::MIGRATIONS;
use crate::platform::mail::smtp;
use crate::platform::postgres::{self, Dirs, State};

/// How long a neighbour may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Less than this, and Postgres may soon be unable to write.
const DISK_MIN: u64 = 1 << 30;

/// One-time codes live for 30 seconds; logins and links for longer.
const SKEW_MAX: TimeDelta = TimeDelta::seconds(5);

/// The oldest Postgres that we work with, as it numbers itself.
const POSTGRES_MIN: i32 = 160_000;

/// What was looked at, and what was seen.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
}

impl Check {
    fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, ok: true, detail: detail.into(), mend: None }
    }

    fn problem(name: &'static str, detail: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { name, ok: false, detail: detail.into(), mend: Some(mend.into()) }
    }
}

#[derive(clap::Args)]
pub struct Args {
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

/// Looks at everything, prints it, and fails if there is a problem.
pub async fn run(Args { json }: Args) -> Result<ExitCode> {
    let checks = match Config::from_env() {
        Ok(config) => {
            let mut checks = vec![Check::ok("configuration", "every variable makes sense")];
            checks.extend(examine(&config).await);
            checks
        }
        // Nothing else can be looked at without it.
        Err(problems) => vec![Check::problem(
            "configuration",
            problems.to_string().trim_end(),
            "correct the variables named above",
        )],
    };
    let text = if json { as_json(&checks)? } else { as_text(&checks) };
    std::io::stdout().write_all(text.as_bytes())?;
    let sound = checks.iter().all(|it| it.ok);
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn examine(config: &Config) -> Vec<Check> {
    let mut checks = vec![data_dir(&config.data_dir), disk(&config.data_dir), secret_key(config)];
    checks.extend(database(config).await);
    checks.push(mail(&config.mail).await);
    checks
}

fn as_text(checks: &[Check]) -> String {
    let width = checks.iter().map(|it| it.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Check { name, ok, detail, mend } in checks {
        let verdict = if *ok { "ok     " } else { "PROBLEM" };
        let indent = " ".repeat(verdict.len() + width + 4);
        let detail = detail.replace('\n', &format!("\n{indent}"));
        text.push_str(&format!("{verdict}  {name:width$}  {detail}\n"));
        if let Some(mend) = mend {
            let mend = mend.replace('\n', &format!("\n{indent}"));
            text.push_str(&format!("{indent}To mend it: {mend}\n"));
        }
    }
    let problems = checks.iter().filter(|it| !it.ok).count();
    text.push_str(&match problems {
        0 => "\nAll is well.\n".to_owned(),
        1 => "\n1 problem.\n".to_owned(),
        _ => format!("\n{problems} problems.\n"),
    });
    text
}

fn as_json(checks: &[Check]) -> Result<String> {
    let ok = checks.iter().all(|it| it.ok);
    let report = serde_json::json!({ "ok": ok, "checks": checks });
    Ok(serde_json::to_string_pretty(&report)? + "\n")
}

fn data_dir(path: &Path) -> Check {
    const NAME: &str = "data directory";
    let existing = nearest_existing(path);
    if !is_writable(&existing) {
        let what = format!("{} cannot be written to", existing.display());
        return Check::problem(NAME, what, "change its owner, or set CLOUDGEN_DATA_DIR");
    }
    match std::fs::metadata(path) {
        Err(_) => Check::ok(NAME, format!("{} will be made at the first start", path.display())),
        // 0711 is what the private Postgres leaves when the server is root.
        Ok(it) if it.permissions().mode() & 0o066 != 0 => Check::problem(
            NAME,
            format!("others may look into {}", path.display()),
            format!("chmod go-rw {}", path.display()),
        ),
        Ok(_) => Check::ok(NAME, path.display().to_string()),
    }
}

fn disk(path: &Path) -> Check {
    const NAME: &str = "disk space";
    let existing = nearest_existing(path);
    let free = match rustix::fs::statvfs(&existing) {
        Ok(it) => it.f_bavail.saturating_mul(it.f_frsize),
        Err(why) => {
            let what = format!("{} cannot be examined: {why}", existing.display());
            return Check::problem(NAME, what, "set CLOUDGEN_DATA_DIR to a local directory");
        }
    };
    judge_disk(free, &existing)
}

fn judge_disk(free: u64, at: &Path) -> Check {
    let megabytes = free / 1_000_000;
    let what =
        format!("{}.{} GB free at {}", megabytes / 1000, megabytes % 1000 / 100, at.display());
    if free < DISK_MIN {
        return Check::problem("disk space", what, "free at least 1 GB, or move CLOUDGEN_DATA_DIR");
    }
    Check::ok("disk space", what)
}

fn secret_key(config: &Config) -> Check {
    const NAME: &str = "secret key";
    let path = config.data_dir.join("secret.key");
    if config.secret_key.is_none() && !path.exists() {
        let what = format!("{} will be made at the first start", path.display());
        return Check::ok(NAME, what);
    }
    match config.keyring() {
        Ok(_) if config.secret_key.is_some() => Check::ok(NAME, "from CLOUDGEN_SECRET_KEY"),
        Ok(_) => Check::ok(NAME, format!("{} (keep a copy of it)", path.display())),
        Err(why) => Check::problem(
            NAME,
            format!("{why:#}"),
            "restore the file from a backup: without it, what was sealed stays sealed",
        ),
    }
}

async fn database(config: &Config) -> Vec<Check> {
    const NAME: &str = "database";
    let dirs = Dirs { data: config.data_dir.clone(), cache: config.cache_dir.clone() };
    // Started for the time of the examination, if nobody else keeps it running.
    let mut borrowed = None;
    let url = match &config.database_url {
        Some(url) => url.expose_secret().to_owned(),
        None => match postgres::look(&dirs) {
            Ok(State::Running(url)) => url,
            Ok(State::Absent) => {
                return vec![match postgres::version(&dirs) {
                    Ok(version) => Check::ok(
                        NAME,
                        format!(
                            "PostgreSQL {version} with pgvector will make one at the first start"
                        ),
                    ),
                    Err(why) => Check::problem(
                        NAME,
                        format!("{why:#}"),
                        "run scripts/run once, or set DATABASE_URL",
                    ),
                }];
            }
            Ok(State::Stopped) => match postgres::start(&dirs).await {
                Ok(running) => borrowed.insert(running).url().to_owned(),
                Err(why) => {
                    let mend = "see its log in the data directory, or set DATABASE_URL";
                    return vec![Check::problem(NAME, format!("{why:#}"), mend)];
                }
            },
            Err(why) => {
                let mend = "run this as the account that runs the server";
                return vec![Check::problem(NAME, format!("{why:#}"), mend)];
            }
        },
    };
    let checks = match patiently(PgConnection::connect(&url)).await {
        Ok(mut connection) => {
            let mut checks = vec![
                judge(NAME, server(&mut connection).await),
                judge("migrations", migrations(&mut connection).await),
                judge("clock", clock(&mut connection).await),
            ];
            if connection.close().await.is_err() {
                let mend = "look at the log of Postgres";
                checks.push(Check::problem(NAME, "it broke the connection", mend));
            }
            checks
        }
        // The driver's words name the host and the role, not the password.
        Err(why) => vec![Check::problem(
            NAME,
            format!("no connection: {why:#}"),
            "start it, and compare DATABASE_URL with what it expects",
        )],
    };
    if let Some(running) = borrowed
        && let Err(why) = running.stop().await
    {
        tracing::warn!("the private Postgres did not stop in order: {why:#}");
    }
    checks
}

fn judge(name: &'static str, seen: Result<Check>) -> Check {
    seen.unwrap_or_else(|why| {
        Check::problem(name, format!("{why:#}"), "see what Postgres wrote into its log")
    })
}

/// Its version, its extension, and what our role may do.
async fn server(connection: &mut PgConnection) -> Result<Check> {
    const NAME: &str = "database";
    let row = sqlx::query(
        "select current_setting('server_version_num')::int as number,
                current_setting('server_version') as version,
                current_user::text as role,
                rolsuper or rolbypassrls as above_the_law,
                rolcreaterole
                    or exists (select from pg_roles where rolname = 'cloudgen_app') as has_app_role,
                (select extversion from pg_extension where extname = 'vector') as vector
           from pg_roles
          where rolname = current_user",
    )
    .fetch_one(connection)
    .await?;
    let version: String = row.try_get("version")?;
    let role: String = row.try_get("role")?;
    if row.try_get::<i32, _>("number")? < POSTGRES_MIN {
        let what = format!("PostgreSQL {version} is too old");
        return Ok(Check::problem(NAME, what, "use PostgreSQL 16 or newer"));
    }
    let Some(vector) = row.try_get::<Option<String>, _>("vector")? else {
        let what = format!("PostgreSQL {version} without pgvector");
        let mend =
            "install pgvector, and as a superuser run in this database:\ncreate extension vector;";
        return Ok(Check::problem(NAME, what, mend));
    };
    if row.try_get("above_the_law")? {
        let what = format!("the role {role} ignores row-level security");
        let mend = format!("as a superuser: alter role {role} nosuperuser nobypassrls createrole;");
        return Ok(Check::problem(NAME, what, mend));
    }
    if !row.try_get::<bool, _>("has_app_role")? {
        let what = format!("the role {role} may not create the role cloudgen_app");
        let mend = format!("as a superuser: alter role {role} createrole;");
        return Ok(Check::problem(NAME, what, mend));
    }
    Ok(Check::ok(NAME, format!("PostgreSQL {version} with pgvector {vector}")))
}

async fn migrations(connection: &mut PgConnection) -> Result<Check> {
    let exists: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null")
        .fetch_one(&mut *connection)
        .await?;
    let applied: Vec<(i64, bool, Vec<u8>)> = if exists {
        sqlx::query_as("select version, success, checksum from _sqlx_migrations order by version")
            .fetch_all(connection)
            .await?
    } else {
        Vec::new()
    };
    let known: Vec<(i64, &[u8])> =
        MIGRATIONS.iter().map(|it| (it.version, it.checksum.as_ref())).collect();
    Ok(judge_migrations(&known, &applied))
}

fn judge_migrations(known: &[(i64, &[u8])], applied: &[(i64, bool, Vec<u8>)]) -> Check {
    const NAME: &str = "migrations";
    for (version, success, checksum) in applied {
        if !success {
            let what = format!("{version} was begun and not finished");
            return Check::problem(NAME, what, "restore the backup from before the upgrade");
        }
        match known.iter().find(|(it, _)| it == version) {
            None => {
                let what =
                    format!("the database has {version}, of which this program knows nothing");
                return Check::problem(
                    NAME,
                    what,
                    "use the program that was used last, or a newer one",
                );
            }
            Some((_, known)) if *known != checksum.as_slice() => {
                let what = format!("{version} is not what was applied");
                return Check::problem(NAME, what, "use the program that was released");
            }
            Some(_) => {}
        }
    }
    match known.len() - applied.len() {
        0 => Check::ok(NAME, format!("all {} applied", known.len())),
        missing => Check::problem(
            NAME,
            format!("{missing} of {} not applied", known.len()),
            "cloudgen migrate, or start the server",
        ),
    }
}

async fn clock(connection: &mut PgConnection) -> Result<Check> {
    let ours = Clock::system();
    let before = ours.now();
    let theirs: DateTime<Utc> =
        sqlx::query_scalar("select clock_timestamp()").fetch_one(connection).await?;
    Ok(judge_clock(before, theirs, ours.now()))
}

/// Theirs was read between `before` and `after`, so it is off by at least how far
/// it lies outside of the two.
fn judge_clock(before: DateTime<Utc>, theirs: DateTime<Utc>, after: DateTime<Utc>) -> Check {
    let off = if theirs < before {
        theirs - before
    } else if theirs > after {
        theirs - after
    } else {
        TimeDelta::zero()
    };
    if off.abs() > SKEW_MAX {
        let direction = if off < TimeDelta::zero() { "behind" } else { "ahead of" };
        let what =
            format!("that of the database is {} s {direction} ours", off.abs().num_seconds());
        return Check::problem("clock", what, "let NTP set both, for example with chrony");
    }
    Check::ok("clock", "agrees with that of the database")
}

async fn mail(to: &MailTo) -> Check {
    const NAME: &str = "mail";
    match to {
        MailTo::Smtp(url) => {
            let host = mail_host(url.expose_secret()).to_owned();
            let greeted = patiently(async {
                let server = smtp(url.expose_secret())?.timeout(Some(PATIENCE));
                anyhow::Ok(server.build::<Tokio1Executor>().test_connection().await?)
            });
            match greeted.await {
                Ok(true) => Check::ok(NAME, format!("{host} answers")),
                Ok(false) => {
                    Check::problem(NAME, format!("{host} hung up"), "look at the mail server's log")
                }
                Err(why) => Check::problem(
                    NAME,
                    format!("{host}: {why:#}"),
                    "check address, account and password in CLOUDGEN_MAIL",
                ),
            }
        }
        MailTo::Directory(path) if is_writable(&nearest_existing(path)) => {
            Check::ok(NAME, format!("into {} (set CLOUDGEN_MAIL to send it)", path.display()))
        }
        MailTo::Directory(path) => Check::problem(
            NAME,
            format!("{} cannot be written to", path.display()),
            "change its owner, or set CLOUDGEN_MAIL",
        ),
        MailTo::Memory => Check::ok(NAME, "kept in memory"),
    }
}

/// The host in an address, without the password in front of it.
fn mail_host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default()
}

async fn patiently<T, E>(work: impl Future<Output = Result<T, E>>) -> Result<T>
where
    anyhow::Error: From<E>,
{
    let done = tokio::time::timeout(PATIENCE, work).await;
    Ok(done.with_context(|| format!("no answer within {} s", PATIENCE.as_secs()))??)
}

/// The path itself, or the closest directory above it that is there.
fn nearest_existing(path: &Path) -> PathBuf {
    path.ancestors().find(|it| it.exists()).unwrap_or(Path::new("/")).to_owned()
}

fn is_writable(path: &Path) -> bool {
    use rustix::fs::{Access, access};
    access(path, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_come_with_a_way_to_mend_them() {
        let checks = [
            Check::ok("clock", "agrees"),
            Check::problem("database", "no connection:\nrefused", "start it"),
        ];
        insta::assert_snapshot!(as_text(&checks), @r"
        ok       clock     agrees
        PROBLEM  database  no connection:
                           refused
                           To mend it: start it

        1 problem.
        ");
        let json: serde_json::Value = serde_json::from_str(&as_json(&checks).unwrap()).unwrap();
        assert_eq!(json["ok"], false);
        assert_eq!(
            json["checks"][0],
            serde_json::json!({ "name": "clock", "ok": true, "detail": "agrees" })
        );
        assert_eq!(json["checks"][1]["mend"], "start it");
    }

    #[test]
    fn little_disk_space_is_a_problem() {
        assert!(judge_disk(5_250_000_000, Path::new("/d")).ok);
        insta::assert_snapshot!(judge_disk(5_250_000_000, Path::new("/d")).detail, @"5.2 GB free at /d");
        assert!(!judge_disk(900_000_000, Path::new("/d")).ok);
    }

    #[test]
    fn the_clock_may_differ_by_the_time_of_the_question() {
        let at = |seconds: i64| DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap();
        assert!(judge_clock(at(0), at(9), at(9)).ok, "a slow answer is no wrong clock");
        insta::assert_snapshot!(judge_clock(at(0), at(-7), at(1)).detail, @"that of the database is 7 s behind ours");
        insta::assert_snapshot!(judge_clock(at(0), at(61), at(1)).detail, @"that of the database is 60 s ahead of ours");
    }

    #[test]
    fn migrations_have_to_be_the_known_ones_and_all_of_them() {
        let known: &[(i64, &[u8])] = &[(1, b"a"), (2, b"b")];
        let said = |applied: &[(i64, bool, &[u8])]| {
            let applied: Vec<_> =
                applied.iter().map(|(v, ok, sum)| (*v, *ok, sum.to_vec())).collect();
            judge_migrations(known, &applied).detail
        };
        assert_eq!(said(&[(1, true, b"a"), (2, true, b"b")]), "all 2 applied");
        assert_eq!(said(&[(1, true, b"a")]), "1 of 2 not applied");
        assert_eq!(said(&[(1, true, b"a"), (2, false, b"b")]), "2 was begun and not finished");
        assert_eq!(said(&[(1, true, b"x"), (2, true, b"b")]), "1 is not what was applied");
        assert!(said(&[(1, true, b"a"), (2, true, b"b"), (3, true, b"c")]).contains("has 3"));
    }

    #[test]
    fn the_password_of_the_mail_server_is_not_shown() {
        assert_eq!(
            mail_host("smtp://user:p@ss@mail.example.com:587?tls=required"),
            "mail.example.com:587"
        );
        assert_eq!(mail_host("smtps://mail.example.com"), "mail.example.com");
    }

    #[test]
    fn a_directory_that_is_not_there_is_judged_by_what_it_would_be_made_in() {
        assert_eq!(nearest_existing(Path::new("/tmp/no/such/thing")), Path::new("/tmp"));
        // Nobody, not even root, makes a directory in a file.
        let check = data_dir(Path::new("/etc/passwd/cloudgen"));
        assert!(!check.ok && check.mend.is_some(), "{check:?}");
    }
}
