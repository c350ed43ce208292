//! Mail is written in the transaction and sent by a job.

use cloudgen::platform::mail::Letter;
use serde_json::json;

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
