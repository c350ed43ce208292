-- API keys. A key acts for a member, in one organisation, with at most the
-- member's role. When the member goes, so does the owner of the key, and a key
-- without one opens nothing.

-- A key may be confined to a workspace; NULL outside of such a transaction.
create function app.workspace_id() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('app.workspace_id', true), '')::uuid;

-- Besides the policy for organisations: what lies in a workspace is only there
-- for whoever is not confined to another.
create policy confined on workspace as restrictive to cloudgen_app
    using ((select app.workspace_id()) is null or id = (select app.workspace_id()));

create table api_key (
    id            uuid primary key,
    org_id        uuid not null references org (id) on delete cascade,
    -- Absent: all workspaces.
    workspace_id  uuid,
    -- For whom it acts; absent once they have left.
    account_id    uuid,
    name          text not null check (length(name) between 1 and 100),
    mode          text not null check (mode in ('live', 'test')),
    -- Made on the keys page or through the API, or by approving a device.
    origin        text not null check (origin in ('key', 'device')),
    scopes        text[] not null check (cardinality(scopes) > 0),
    -- Addresses and networks that it works from; empty: from everywhere.
    networks      text[] not null default '{}',
    -- The end of the newest secret, to tell keys apart.
    last4         text not null check (length(last4) = 4),
    created_at    timestamptz not null,
    expires_at    timestamptz,
    rotated_at    timestamptz,
    revoked_at    timestamptz,
    last_used_at  timestamptz,
    last_used_ip  text,
    constraint api_key_org_id_id_key unique (org_id, id),
    constraint api_key_workspace_fkey foreign key (org_id, workspace_id)
        references workspace (org_id, id) on delete cascade,
    constraint api_key_member_fkey foreign key (org_id, account_id)
        references member (org_id, account_id) on delete set null (account_id)
);
create index api_key_org_idx on api_key (org_id, created_at desc, id);
create index api_key_account_id_idx on api_key (org_id, account_id);
create index api_key_workspace_id_idx on api_key (org_id, workspace_id);
select app.protect('api_key');

-- The secrets of a key: one, or two while it is rotated. Only their SHA-256; it
-- is of 178 random bits, so there is nothing to guess.
create table api_key_secret (
    hash       bytea primary key check (length(hash) = 32),
    org_id     uuid not null,
    key_id     uuid not null,
    created_at timestamptz not null,
    -- Set for the older one when the key is rotated.
    expires_at timestamptz,
    constraint api_key_secret_key_fkey foreign key (org_id, key_id)
        references api_key (org_id, id) on delete cascade
);
create index api_key_secret_key_idx on api_key_secret (org_id, key_id);
create index api_key_secret_expires_at_idx on api_key_secret (expires_at);
select app.protect('api_key_secret');
