//! The catalogue of problems: what each `code` means, where it comes from, and
//! what to do. A test holds that it names every code that the source can give.

use serde::Serialize;

/// A kind of problem; its page is `/docs/problems/{code}`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Kind {
    pub code: &'static str,
    pub status: u16,
    pub meaning: &'static str,
    pub cause: &'static str,
    pub cure: &'static str,
}

macro_rules! kinds {
    ($($code:ident $status:literal: $meaning:literal, $cause:literal, $cure:literal;)+) => {
        /// Every kind, by status.
        pub const ALL: &[Kind] = &[$(Kind {
            code: stringify!($code), status: $status, meaning: $meaning, cause: $cause, cure: $cure,
        },)+];
    };
}

pub fn find(code: &str) -> Option<&'static Kind> {
    ALL.iter().find(|it| it.code == code)
}

kinds! {
    malformed 400: "The request cannot be read.",
        "The body is no JSON, a parameter in the address has the wrong type, or a header is out of shape.",
        "Compare the request with the reference; `detail` says what could not be read. Sending it again unchanged fails again.";
    refused 400: "The request was refused before it reached an operation.",
        "It breaks the rules of HTTP, or a size limit of the server.",
        "Check the address, the headers and the size of what you send.";
    unauthenticated 401: "Nobody is signed in, and no key was sent.",
        "The header `Authorization` is missing.",
        "Send `Authorization: Bearer cg_…`. Keys are made under Settings, API keys.";
    invalid_key 401: "The key does not work.",
        "It is mistyped (a checksum tells that without a look into the database), expired, revoked, rotated away, or its owner left.",
        "Look at the key's status under Settings, API keys; make another, or rotate in time. Do not try the same key again.";
    forbidden 403: "The caller's role does not allow this.",
        "Operations name the least role they need; a key has at most the role of its owner. Forms sent from another site are refused with it, too.",
        "Ask an admin for the role, or let somebody who has it make the key.";
    missing_scope 403: "The key lacks a scope.",
        "A key does only what its scopes say; `detail` names the one that is missing.",
        "Add the scope to the key if its owner agrees, or use another key.";
    person_only 403: "Only somebody who is signed in can do this.",
        "Deleting an organisation, handing it over and changing an account are never done by a key.",
        "Do it in the browser.";
    address_not_allowed 403: "The key does not work from this network address.",
        "The key has a list of addresses, and the request came from another one.",
        "Call from a listed network, or change the list. Behind a proxy, the installation has to name it as trusted.";
    reauthentication_required 403: "Prove again that it is you.",
        "What would let a thief stay, such as making a key, needs a sign-in of the last ten minutes.",
        "Confirm at `/confirm` in the browser, and send the request again.";
    two_factor_required 403: "The organisation asks for a second factor.",
        "Its admins made two-factor authentication a rule, and the account has none, or the owner of the key has none.",
        "Turn it on under Account, Sign-in and security.";
    not_found 404: "There is no such thing here.",
        "The id is wrong, it was deleted, or it belongs to another organisation or to a workspace that the key is not for: these are not told apart.",
        "Check the id, and which organisation the key acts in (`GET /api/v1/me`).";
    method_not_allowed 405: "Not with this method.",
        "The address exists, and takes other methods.",
        "The header `Allow` lists them.";
    timeout 408: "This took too long.",
        "The request did not arrive in time, or the work took longer than one request may.",
        "Send it again with the same Idempotency-Key; for long work add `Prefer: respond-async`.";
    already_member 409: "This person is a member already.",
        "An invitation was sent to the address of a member.",
        "Change the member's role instead.";
    artifacts_not_ready 409: "The files are not there yet.",
        "They were not generated for this option and format, are still being made, or failed.",
        "Call `POST /api/v1/implement`, or wait until its operation has succeeded.";
    email_taken 409: "The address belongs to another account.",
        "Two accounts cannot share an address.",
        "Use another address, or sign in to the other account.";
    idempotency_key_in_use 409: "The first request with this Idempotency-Key is still running.",
        "The same key was sent twice at the same time. Only the first is carried out.",
        "Wait a second and send it again: you get the answer of the first.";
    key_not_active 409: "The key has expired or is revoked.",
        "Only a key that works can be rotated.",
        "Make a new key.";
    last_owner 409: "The organisation would be left without an owner.",
        "Its only owner would leave, be removed or get another role.",
        "Make somebody else owner first.";
    last_workspace 409: "The organisation needs a workspace.",
        "The only one would be deleted.",
        "Create another one first, or rename this one.";
    no_analysis 409: "The session has no analysis yet.",
        "Nothing was described in it so far.",
        "Send a description: `POST /api/v1/analyze` with the session's id.";
    no_organisation 409: "The caller acts in no organisation.",
        "The account belongs to none, or left the one it acted in.",
        "Create an organisation, or switch to one.";
    not_an_answer 409: "This message is not an answer of CloudGen.",
        "Only answers can be given again or stopped.",
        "Name the answer's id; a message of a person has the answer as its child.";
    not_cancellable 409: "There is nothing to cancel.",
        "The files are made already, or their making has failed.",
        "Look at the operation's state first.";
    not_generated 409: "This option could not be turned into code.",
        "The design asks for something that the format cannot express.",
        "Choose another option or format; the analysis says what is not supported.";
    not_running 409: "The answer has ended already.",
        "It was done, or stopped, before the request came.",
        "Nothing is to be done.";
    passkey_known 409: "This passkey is already known here.",
        "The same authenticator was registered before.",
        "Use it as it is, or register another one.";
    plan_limit_reached 409: "The plan has no room for more.",
        "Members, workspaces, sessions, webhooks and keys are counted; `detail` names the limit.",
        "Delete what is not used any more, or move to a larger plan.";
    public_links_off 409: "The organisation gives no links to people outside.",
        "Its admins turned public links off.",
        "Ask an admin, or invite the person as a viewer.";
    slug_taken 409: "The short name is in use.",
        "Short names are part of addresses, and unique.",
        "Choose another one.";
    still_answering 409: "An answer is still being given in this session.",
        "A session answers one message at a time.",
        "Wait for its operation, or stop the answer.";
    too_many_links 409: "The session has as many links as it can have.",
        "There is a limit for each session.",
        "Revoke one that is not used any more.";
    too_many_passkeys 409: "The account has as many passkeys as it can have.",
        "There is a limit for each account.",
        "Remove one that is not used any more.";
    two_factor_off 409: "Two-factor authentication is not turned on.",
        "What was asked for needs a second factor to be there.",
        "Turn it on under Account, Sign-in and security.";
    two_factor_on 409: "Two-factor authentication is already turned on.",
        "It can be set up once.",
        "Turn it off first to set it up anew.";
    webhook_disabled 409: "The webhook is disabled.",
        "It answered 410, or failed for five days, so nothing is sent to it.",
        "Make it active again (`PATCH` with `status`), then replay.";
    gone 410: "The operation has come to its end.",
        "It was deprecated for at least a year, its answers said so, and its last day is over.",
        "Use what the header `Link` with `rel=\"deprecation\"` leads to.";
    too_large 413: "The request is too large.",
        "Bodies may have a megabyte unless the installation says otherwise.",
        "Send less; a description is text, not files.";
    unsupported_media_type 415: "The body is in another format than the operation takes.",
        "The header `Content-Type` is missing or names something else.",
        "Send `Content-Type: application/json`; the device flow takes forms.";
    range_not_satisfiable 416: "The range lies beyond the end of the file.",
        "A download was resumed after its last byte, or of another version of the file.",
        "`Content-Range` tells the size. Send `If-Range` with the ETag when you resume.";
    invalid 422: "A value is not acceptable.",
        "The request could be read, and a field of it is missing, out of its range, or names nothing. The same Idempotency-Key with another body is refused with it, too.",
        "`errors` lists each complaint with a JSON pointer to the value. Correct them and send the request with a new Idempotency-Key.";
    rate_limited 429: "Too many attempts.",
        "Signing in, sending mails and codes of devices are limited, whoever asks.",
        "Wait for as long as `Retry-After` says.";
    quota_exceeded 429: "The quota of the key is used up.",
        "Each key has so many units within a minute; analyses and generating files take ten. `type` is the registered one for quotas, and `violated-policies` names the policy.",
        "Wait for as long as `Retry-After` says, and spread the calls. `RateLimit` tells before it happens.";
    internal 500: "It failed on our side.",
        "A defect, or something that we depend on is down. Nothing of the request was kept.",
        "Send it again with the same Idempotency-Key. If it stays, report the `request_id`.";
    upstream 502: "Another service did not do its part.",
        "Sending a mail or reaching a server elsewhere failed.",
        "Try again later.";
    unavailable 503: "The server is busy or being restarted.",
        "A request waited too long for its turn.",
        "Try again after a few seconds, with the same Idempotency-Key.";
}
