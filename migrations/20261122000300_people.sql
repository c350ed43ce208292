-- What people sign in with, how they come into an organisation, and the links
-- that are mailed to them. Nothing here but invitations is within reach of
-- requests that act within an organisation.

-- Since when an account has a second factor. Its organisations may know.
alter table account add column two_factor_at timestamptz;
grant select (two_factor_at) on account to cloudgen_app;

-- Somebody who asked for an account and has yet to open the link in the mail.
-- The account is made then, so that nobody holds an address that is not theirs.
create table sign_up (
    id            uuid primary key,
    email         text not null check (email = lower(email) and email like '%_@_%'),
    name          text not null check (length(name) between 1 and 100),
    password_hash text not null,
    -- Where to go on once the account exists.
    next          text not null,
    -- SHA-256 of the token in the mail; absent until the mail is written.
    token_hash    bytea,
    -- SHA-256 of the token in the cookie of the browser that asked.
    browser_hash  bytea not null,
    created_at    timestamptz not null,
    expires_at    timestamptz not null,
    constraint sign_up_token_hash_key unique (token_hash)
);
create index sign_up_email_idx on sign_up (email);
create index sign_up_expires_at_idx on sign_up (expires_at);

create table password (
    account_id uuid primary key references account (id) on delete cascade,
    -- PHC string.
    hash       text not null,
    set_at     timestamptz not null
);

-- A link in a mail: to choose a new password, or to confirm a new address. A
-- newer one replaces the older.
create table mail_link (
    id         uuid primary key,
    account_id uuid not null references account (id) on delete cascade,
    purpose    text not null check (purpose in ('reset', 'change')),
    -- The address it was sent to.
    email      text not null check (email = lower(email)),
    token_hash bytea not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    constraint mail_link_token_hash_key unique (token_hash),
    constraint mail_link_account_id_purpose_key unique (account_id, purpose)
);
create index mail_link_expires_at_idx on mail_link (expires_at);

-- The secret shared with an authenticator app, sealed for this account. It
-- counts once the person has shown a code.
create table totp (
    account_id   uuid primary key references account (id) on delete cascade,
    sealed       bytea not null,
    confirmed_at timestamptz,
    -- The time step of the last code accepted; only later ones are.
    last_step    bigint not null default 0,
    created_at   timestamptz not null
);

create table backup_code (
    account_id uuid not null references account (id) on delete cascade,
    hash       bytea not null,
    created_at timestamptz not null,
    used_at    timestamptz,
    primary key (account_id, hash)
);

create table passkey (
    id            uuid primary key,
    account_id    uuid not null references account (id) on delete cascade,
    name          text not null check (length(name) between 1 and 60),
    credential_id bytea not null,
    -- The public key and its counter, as webauthn-rs keeps them.
    credential    jsonb not null,
    created_at    timestamptz not null,
    last_used_at  timestamptz,
    constraint passkey_credential_id_key unique (credential_id)
);
create index passkey_account_id_idx on passkey (account_id);

-- Between the password and the second factor. The cookie holds a random token,
-- this its SHA-256.
create table sign_in (
    id         uuid primary key,
    token_hash bytea not null,
    account_id uuid not null references account (id) on delete cascade,
    -- What a passkey is to answer.
    challenge  jsonb,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    constraint sign_in_token_hash_key unique (token_hash)
);
create index sign_in_account_id_idx on sign_in (account_id);
create index sign_in_expires_at_idx on sign_in (expires_at);

-- What a new passkey is to answer, until it does.
create table passkey_registration (
    account_id uuid primary key references account (id) on delete cascade,
    state      jsonb not null,
    expires_at timestamptz not null
);

-- Failures in a row, and until when no further try is looked at. The key is a
-- hash of what is guessed at; it says nothing about whether that exists.
create table guess (
    key           bytea primary key,
    failures      integer not null,
    last_at       timestamptz not null,
    blocked_until timestamptz not null
);
create index guess_last_at_idx on guess (last_at);

-- Somebody who was asked to join.
create table invitation (
    id         uuid primary key,
    org_id     uuid not null references org (id) on delete cascade,
    email      text not null check (email = lower(email) and email like '%_@_%'),
    role       text not null check (role in ('viewer', 'member', 'admin', 'owner')),
    token_hash bytea not null,
    invited_by uuid references account (id) on delete set null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    constraint invitation_email_key unique (org_id, email)
);
select app.protect('invitation');
-- Not unique on purpose: an index over all organisations would tell one what
-- another has. The tokens are random.
create index invitation_token_hash_idx on invitation (token_hash);
create index invitation_invited_by_idx on invitation (invited_by);
create index invitation_expires_at_idx on invitation (expires_at);

create index org_delete_after_idx on org (delete_after) where delete_after is not null;
