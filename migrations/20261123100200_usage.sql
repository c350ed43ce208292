-- How much keys are used, how much they may be, and devices that ask for one.

-- What a caller of the API has used up of the present window. Unlogged: a write
-- for every call, and after a crash everybody starts afresh.
create unlogged table quota (
    subject   uuid primary key,
    starts_at timestamptz not null,
    used      bigint not null,
    -- Whether the last call fitted in.
    allowed   boolean not null
);
create index quota_starts_at_idx on quota (starts_at);

-- Calls per key, day and operation, added up by the servers every few seconds.
create table api_usage (
    org_id        uuid not null,
    key_id        uuid not null,
    day           date not null,
    -- Like `POST /api/v1/analyze`.
    operation     text not null,
    calls         bigint not null,
    client_errors bigint not null,
    server_errors bigint not null,
    -- Refused because the quota was used up; not among the client errors.
    limited       bigint not null,
    units         bigint not null,
    -- Calls by duration; the bounds are the program's.
    buckets       bigint[] not null,
    primary key (org_id, key_id, day, operation),
    constraint api_usage_key_fkey foreign key (org_id, key_id)
        references api_key (org_id, id) on delete cascade
);
create index api_usage_day_idx on api_usage (org_id, day);
select app.protect('api_usage');

-- A program that waits for somebody to let it in (RFC 8628). It belongs to no
-- organisation until then, so requests that act in one do not see it.
create table device_grant (
    id            uuid primary key,
    -- SHA-256 of what the program polls with.
    device_hash   bytea not null,
    -- What the person types: eight consonants.
    user_code     text not null check (user_code ~ '^[A-Z]{8}$'),
    name          text not null check (length(name) between 1 and 100),
    scopes        text[] not null check (cardinality(scopes) > 0),
    ip            text,
    user_agent    text,
    created_at    timestamptz not null,
    expires_at    timestamptz not null,
    poll_seconds  integer not null,
    polled_at     timestamptz,
    decided_at    timestamptz,
    -- Who let it in, and where; absent when it was turned away.
    by_account    uuid references account (id) on delete cascade,
    in_org        uuid references org (id) on delete cascade,
    constraint device_grant_device_hash_key unique (device_hash),
    constraint device_grant_user_code_key unique (user_code)
);
create index device_grant_expires_at_idx on device_grant (expires_at);
create index device_grant_by_account_idx on device_grant (by_account);
create index device_grant_in_org_idx on device_grant (in_org);
