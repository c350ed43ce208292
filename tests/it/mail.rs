//! Mail is written in the transaction and sent by a job.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloudgen::platform::config::MailTo;
use cloudgen::platform::mail::Letter;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::support::App;

#[tokio::test]
async fn what_waits_in_the_queue_does_not_tell_its_secret() {
    let app = App::new().await;
    let mut tx = app.system().await;
    let values = json!({ "link": "https://cloudgen.example/reset/secret-token" });
    let letter = Letter::new("test_only", "ada@example.com", values);
    app.state.mail.send(&mut tx, &letter).await.unwrap();
    tx.commit().await.unwrap();
    let waiting: String =
        sqlx::query_scalar("select payload::text from graphile_worker._private_jobs")
            .fetch_one(app.pool())
            .await
            .unwrap();
    assert!(
        waiting.contains("sealed")
            && !waiting.contains("secret-token")
            && !waiting.contains("ada@")
    );
}

#[tokio::test]
async fn a_mail_that_cannot_be_written_is_tried_again_and_told() {
    let app = App::new().await;
    let mut tx = app.system().await;
    let letter = Letter::new("test_only", "ada@example.com", json!({}));
    app.state.mail.send(&mut tx, &letter).await.unwrap();
    tx.commit().await.unwrap();
    assert!(app.mails().await.is_empty());
    let runs: Vec<(String, i32, Option<String>)> =
        sqlx::query_as("select name, attempt, error from job_run")
            .fetch_all(app.pool())
            .await
            .unwrap();
    let [(name, attempt, Some(error))] = runs.as_slice() else { panic!("{runs:?}") };
    assert_eq!((name.as_str(), *attempt), ("mail.deliver", 1));
    assert!(error.contains("emails/test_only.txt"), "{error}");
    // Not before its pause is over.
    app.run_jobs().await;
    app.advance(chrono::Duration::minutes(1));
    app.run_jobs().await;
    let runs: i64 =
        sqlx::query_scalar("select count(*) from job_run").fetch_one(app.pool()).await.unwrap();
    assert_eq!(runs, 2);
}

/// A mail server, and what it was told, line by line.
struct Postbox {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Postbox {
    /// One that says it can do what it `offers`.
    async fn open(offers: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let hears = heard.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Whoever hangs up in the middle has said all that there is to hear.
                let _ = converse(stream, offers, &hears).await;
            }
        });
        Self { address, heard }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

async fn converse(
    stream: TcpStream,
    offers: &str,
    heard: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let (input, mut output) = stream.into_split();
    let mut lines = BufReader::new(input).lines();
    output.write_all(b"220 postbox\r\n").await?;
    let mut in_letter = false;
    while let Some(line) = lines.next_line().await? {
        heard.lock().unwrap().push(line.clone());
        if in_letter && line != "." {
            continue;
        }
        let answer = match line.split(' ').next().unwrap_or_default() {
            "EHLO" => format!("250-postbox\r\n250 {offers}"),
            "AUTH" => "235 welcome".to_owned(),
            "DATA" => "354 go on".to_owned(),
            "STARTTLS" => "454 not today".to_owned(),
            _ => "250 fine".to_owned(),
        };
        in_letter = line == "DATA";
        output.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

async fn invite(app: &App) {
    let mut tx = app.system().await;
    let values = json!({ "invited_by": "Jörg", "org": "Acme", "role": "admin", "token": "t0ken" });
    let letter = Letter::new("invitation", "robin@example.com", values);
    app.state.mail.send(&mut tx, &letter).await.unwrap();
    tx.commit().await.unwrap();
    app.run_jobs().await;
}

async fn failures(app: &App) -> Vec<Option<String>> {
    sqlx::query_scalar("select error from job_run where name = 'mail.deliver'")
        .fetch_all(app.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_mail_server_gets_the_letter_in_both_forms() {
    let postbox = Postbox::open("AUTH PLAIN").await;
    let url = format!("smtp://ada:p%40ss@{}?tls=none", postbox.address);
    let app = App::with(|it| it.mail = MailTo::Smtp(url.into())).await;
    invite(&app).await;
    assert_eq!(failures(&app).await, [None]);

    let heard = postbox.heard();
    let said = |line: &str| assert!(heard.iter().any(|it| it == line), "{line} in {heard:#?}");
    said(&format!("AUTH PLAIN {}", STANDARD.encode("\0ada\0p@ss")));
    said("MAIL FROM:<cloudgen@localhost>");
    said("RCPT TO:<robin@example.com>");
    said("To: robin@example.com");
    let letter = heard.join("\n");
    for part in ["multipart/alternative", "text/plain", "text/html", "Subject: =?utf-8?b?"] {
        assert!(letter.contains(part), "{part} in {letter}");
    }
}

#[tokio::test]
async fn nothing_goes_out_in_the_clear_unless_that_is_wanted() {
    // One cannot encrypt, the other promises to and then does not.
    for offers in ["AUTH PLAIN", "STARTTLS"] {
        let postbox = Postbox::open(offers).await;
        let url = format!("smtp://ada:hunter2@{}", postbox.address);
        let app = App::with(|it| it.mail = MailTo::Smtp(url.into())).await;
        invite(&app).await;
        let failures = failures(&app).await;
        let [Some(failure)] = failures.as_slice() else { panic!("{failures:?}") };
        assert!(!failure.contains("hunter2"), "{failure}");
        for line in postbox.heard() {
            let verb = line.split(' ').next().unwrap();
            assert!(["EHLO", "STARTTLS", "QUIT"].contains(&verb), "{offers}: {line}");
        }
    }
}
