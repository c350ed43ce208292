-- Design sessions: the conversation, the analyses made in it, and the files
-- generated from them.

create table session (
    id            uuid primary key,
    org_id        uuid not null,
    workspace_id  uuid not null,
    title         text not null check (length(title) between 1 and 200),
    -- A title that nobody chose follows the requirements.
    title_chosen  boolean not null default false,
    created_by    uuid references account (id) on delete set null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    archived_at   timestamptz,
    -- Set when somebody deleted it; until it is purged that can be taken back.
    deleted_at    timestamptz,
    -- The message that the conversation ends with, on the branch that is shown.
    head_id       uuid,
    -- The number of the newest analysis.
    analyses      integer not null default 0,
    -- What lists show of the newest analysis.
    headline      jsonb,
    constraint session_org_id_id_key unique (org_id, id),
    constraint session_workspace_fkey foreign key (org_id, workspace_id)
        references workspace (org_id, id) on delete cascade
);
create index session_workspace_idx on session (org_id, workspace_id, updated_at desc, id);
create index session_updated_at_idx on session (org_id, updated_at desc, id);
create index session_deleted_at_idx on session (deleted_at) where deleted_at is not null;
create index session_created_by_idx on session (created_by);
select app.protect('session');

-- A turn of the conversation. Turns form a tree: who edits an earlier one
-- starts a branch beside it.
create table message (
    id           uuid primary key,
    org_id       uuid not null,
    session_id   uuid not null,
    parent_id    uuid,
    author       text not null check (author in ('person', 'cloudgen')),
    account_id   uuid references account (id) on delete set null,
    -- How the person was called at the time.
    author_name  text,
    body         text not null check (octet_length(body) <= 200000),
    -- A person's: the setting changed by hand. Ours: what was found and done.
    content      jsonb,
    state        text not null check (state in ('running', 'done', 'stopped', 'failed')),
    -- The analysis that this message made.
    analysis     integer,
    created_at   timestamptz not null,
    finished_at  timestamptz,
    constraint message_org_id_id_key unique (org_id, id),
    constraint message_session_fkey foreign key (org_id, session_id)
        references session (org_id, id) on delete cascade,
    constraint message_parent_fkey foreign key (org_id, parent_id)
        references message (org_id, id) on delete cascade
);
create index message_session_idx on message (org_id, session_id, id);
create index message_parent_idx on message (org_id, parent_id);
create index message_account_id_idx on message (account_id);
select app.protect('message');

-- Requirements and the three options made of them. Never changed.
create table analysis (
    org_id     uuid not null,
    session_id uuid not null,
    number     integer not null check (number > 0),
    -- The analysis that it changes, if any.
    previous   integer,
    message_id uuid not null,
    -- What went into the engine; makes the same analysis again.
    brief      jsonb not null,
    -- What came out: the analysis as JSON, deflated.
    report     bytea not null,
    headline   jsonb not null,
    -- Which engine made it.
    engine     text not null,
    created_at timestamptz not null,
    primary key (org_id, session_id, number),
    constraint analysis_session_fkey foreign key (org_id, session_id)
        references session (org_id, id) on delete cascade
);
select app.protect('analysis');

-- The files of one option in one format: an immutable set, as one archive.
create table artifact_set (
    id          uuid primary key,
    org_id      uuid not null,
    session_id  uuid not null,
    analysis    integer not null,
    tier        text not null check (tier in ('good', 'better', 'best')),
    format      text not null check (format in ('terraform', 'cloudformation')),
    state       text not null check (state in ('queued', 'running', 'ready', 'failed', 'cancelled')),
    -- Why it failed, for people.
    error       text,
    -- One entry per file: path, bytes, lines, SHA-256.
    manifest    jsonb,
    archive     bytea,
    -- SHA-256 of the archive.
    checksum    bytea,
    created_by  uuid references account (id) on delete set null,
    created_at  timestamptz not null,
    finished_at timestamptz,
    constraint artifact_set_org_id_id_key unique (org_id, id),
    constraint artifact_set_analysis_fkey foreign key (org_id, session_id, analysis)
        references analysis (org_id, session_id, number) on delete cascade
);
create unique index artifact_set_one_key on artifact_set (org_id, session_id, analysis, tier, format)
    where state in ('queued', 'running', 'ready');
create index artifact_set_session_idx on artifact_set (org_id, session_id, created_at desc, id);
create index artifact_set_created_by_idx on artifact_set (created_by);
select app.protect('artifact_set');

-- What an organisation wants of every design.
create table org_default (
    org_id     uuid primary key references org (id) on delete cascade,
    policy     jsonb not null,
    updated_at timestamptz not null
);
select app.protect('org_default');

-- A read-only look at one session for whoever has the link.
create table share_link (
    id          uuid primary key,
    org_id      uuid not null,
    session_id  uuid not null,
    token_hash  bytea not null,
    -- What is not shown: names of the organisation, of people, the conversation, costs.
    hidden      text[] not null default '{}',
    created_by  uuid references account (id) on delete set null,
    created_at  timestamptz not null,
    expires_at  timestamptz not null,
    revoked_at  timestamptz,
    last_used_at timestamptz,
    constraint share_link_session_fkey foreign key (org_id, session_id)
        references session (org_id, id) on delete cascade
);
create index share_link_session_idx on share_link (org_id, session_id, created_at desc, id);
-- Not unique, which would tell one organisation what another has; tokens are random.
create index share_link_token_hash_idx on share_link (token_hash);
create index share_link_created_by_idx on share_link (created_by);
select app.protect('share_link');
