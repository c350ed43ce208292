//! People who come in by the front door: sign-up, mail, link.

use chrono::Duration;
use cloudgen::platform::mail::Sent;
use totp_rs::{Builder, Secret};

use super::{App, Caller};

pub const PASSWORD: &str = "a lake of quiet herons";

impl App {
    /// Someone with an account of their own making, signed in, in no
    /// organisation. Their address is their name at example.com.
    pub async fn newcomer(&self, name: &str) -> Caller {
        let email = address(name);
        self.account("Someone before").await;
        let caller = self.anonymous();
        let form = [("name", name), ("email", &email), ("password", PASSWORD)];
        caller.submit("/sign-up", &form).await.expect(200);
        let link = link(&self.mail("verify", &email).await, "/verify/");
        caller.submit(&link, &[]).await.expect(303);
        caller
    }

    /// The one mail of this kind to this address that is waiting.
    #[track_caller]
    pub fn mail(&self, kind: &str, to: &str) -> impl Future<Output = Sent> {
        let at = std::panic::Location::caller();
        async move {
            let mails = self.mails().await;
            let mut found: Vec<_> =
                mails.iter().filter(|it| it.kind == kind && it.to == to).cloned().collect();
            let errors: Vec<Option<String>> = sqlx::query_scalar("select error from job_run")
                .fetch_all(self.pool())
                .await
                .unwrap();
            assert_eq!(found.len(), 1, "{at}: one {kind} to {to} in {mails:?}, {errors:?}");
            found.remove(0)
        }
    }

    /// Signs in with a password, from another browser.
    pub async fn password_sign_in(&self, email: &str, password: &str) -> (Caller, u16, String) {
        let caller = self.anonymous();
        let answer = caller.submit("/sign-in", &[("email", email), ("password", password)]).await;
        let location = answer.header("location").to_owned();
        (caller, answer.status, location)
    }

    /// The code that an app shows for `secret` now, or so many steps later.
    pub fn code(&self, secret: &str, steps: i32) -> String {
        let secret = Secret::try_from_base32(secret.replace(' ', "")).unwrap();
        let at = self.state.clock.now() + Duration::seconds(30) * steps;
        let totp = Builder::new().with_secret(secret).with_account_name("x").build().unwrap();
        totp.generate(at.timestamp().try_into().unwrap()).to_string()
    }

    /// Turns two-factor authentication on; returns the secret and the backup
    /// codes.
    pub async fn turn_on_two_factor(&self, caller: &Caller) -> (String, Vec<String>) {
        let page = caller.get("/account/two-factor").await.expect(200);
        let secret = between(&page.text, "id=\"totp-secret\">", "<").to_owned();
        let code = self.code(&secret, 0);
        let page = caller.submit("/account/two-factor", &[("code", &code)]).await.expect(200);
        let codes: Vec<_> = between(&page.text, "id=\"backup-codes\">", "</ol>")
            .split("<li>")
            .skip(1)
            .map(|it| it.split('<').next().unwrap().to_owned())
            .collect();
        // The code is used up.
        self.advance(Duration::minutes(1));
        (secret, codes)
    }
}

pub fn address(name: &str) -> String {
    format!("{}@example.com", name.to_lowercase().replace(' ', "."))
}

/// The path of the link in a mail, which its text and its HTML both have.
#[track_caller]
pub fn link(mail: &Sent, path: &str) -> String {
    let start = mail.text.find(path).unwrap_or_else(|| panic!("no {path} in {mail:?}"));
    let link = mail.text[start..].split_whitespace().next().unwrap().to_owned();
    assert!(mail.html.replace("&#x2f;", "/").contains(&link), "{mail:?}");
    link
}

#[track_caller]
pub fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).unwrap_or_else(|| panic!("no {after} in {rest}")).0
}
