-- People, organisations, and the wall between organisations.
--
-- Requests run as the role cloudgen_app with app.org_id set for the length of
-- their transaction; row-level security then decides what exists for them. The
-- tables belong to the role that migrates, which sees everything and is used
-- for sign-in and background work only.

create schema app;

-- Roles belong to the cluster, not to the database: databases that are migrated
-- at the same time race to create this one, and the first wins.
do $$
begin
    create role cloudgen_app nologin;
exception
    when duplicate_object or unique_violation then null;
end
$$;

-- Whoever created the role may still lack the right to become it.
do $$
begin
    if not pg_has_role(current_user, 'cloudgen_app', 'set') then
        execute format('grant cloudgen_app to %I', current_user);
    end if;
exception
    -- Two migrations granting at once; the other one did it.
    when unique_violation or internal_error then null;
end
$$;

grant usage on schema public, app to cloudgen_app;

-- The organisation of the current transaction; NULL (which matches no row)
-- outside a tenant transaction. A setting that was once set on a pooled
-- connection reads back as '' rather than NULL, hence nullif.
create function app.org_id() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('app.org_id', true), '')::uuid;

-- Puts a table that has an `org_id` column under tenant isolation.
create function app.protect(target regclass) returns void
    language plpgsql as
$$
begin
    execute format('alter table %s enable row level security', target);
    execute format(
        'create policy tenant on %s to cloudgen_app
            using (org_id = (select app.org_id())) with check (org_id = (select app.org_id()))', target);
    execute format('grant select, insert, update, delete on %s to cloudgen_app', target);
end
$$;

-- A person. What they sign in with is kept in tables of its own, out of reach
-- of requests that act within an organisation.
create table account (
    id                uuid primary key,
    email             text not null check (email = lower(email) and email like '%_@_%'),
    name              text not null check (length(name) between 1 and 100),
    email_verified_at timestamptz,
    disabled_at       timestamptz,
    created_at        timestamptz not null,
    constraint account_email_key unique (email)
);

create table org (
    id                       uuid primary key,
    name                     text not null check (length(name) between 1 and 100),
    slug                     text not null check (slug ~ '^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$'),
    plan                     text not null default 'free' check (plan in ('free', 'pro', 'enterprise')),
    -- How long a sign-in to this organisation lasts without use, and at most.
    idle_minutes             integer not null default 1440 check (idle_minutes between 5 and 43200),
    absolute_minutes         integer not null default 43200 check (absolute_minutes between 15 and 129600),
    -- From this moment members need a second factor to act here.
    two_factor_required_from timestamptz,
    -- Set when the owner asked for deletion; until then it can be taken back.
    delete_after             timestamptz,
    created_at               timestamptz not null,
    constraint org_slug_key unique (slug)
);

create table member (
    org_id     uuid not null references org (id) on delete cascade,
    account_id uuid not null references account (id) on delete cascade,
    role       text not null check (role in ('viewer', 'member', 'admin', 'owner')),
    created_at timestamptz not null,
    primary key (org_id, account_id)
);
create index member_account_id_idx on member (account_id);
select app.protect('member');

-- An organisation sees itself, and of people only its members.
alter table org enable row level security;
create policy tenant on org to cloudgen_app
    using (id = (select app.org_id())) with check (id = (select app.org_id()));
grant select, update on org to cloudgen_app;

alter table account enable row level security;
create policy tenant on account to cloudgen_app
    using (exists (select from member m where m.account_id = account.id and m.org_id = (select app.org_id())))
    with check (false);
grant select (id, email, name, created_at) on account to cloudgen_app;

create table workspace (
    id         uuid primary key,
    org_id     uuid not null references org (id) on delete cascade,
    name       text not null check (length(name) between 1 and 100),
    slug       text not null check (slug ~ '^[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?$'),
    created_at timestamptz not null,
    -- For foreign keys that carry the organisation along.
    constraint workspace_org_id_id_key unique (org_id, id),
    constraint workspace_slug_key unique (org_id, slug)
);
select app.protect('workspace');

-- A sign-in. The cookie holds a random token, this table its SHA-256.
create table login (
    id                 uuid primary key,
    token_hash         bytea not null,
    account_id         uuid not null references account (id) on delete cascade,
    current_org_id     uuid references org (id) on delete set null,
    level              text not null check (level in ('password', 'two_factor')),
    reauthenticated_at timestamptz not null,
    created_at         timestamptz not null,
    last_seen_at       timestamptz not null,
    idle_seconds       integer not null,
    idle_expires_at    timestamptz not null,
    expires_at         timestamptz not null,
    ip                 text,
    user_agent         text,
    constraint login_token_hash_key unique (token_hash)
);
create index login_account_id_idx on login (account_id);
create index login_current_org_id_idx on login (current_org_id);
create index login_expires_at_idx on login (expires_at);
