-- Webhooks: where an organisation wants to be told what happens, what it was
-- told, and how that went.

create table webhook_endpoint (
    id               uuid primary key,
    org_id           uuid not null references org (id) on delete cascade,
    url              text not null check (length(url) <= 2000),
    description      text not null check (length(description) <= 200),
    -- Which events it hears of; all when empty.
    events           text[] not null,
    -- What deliveries are signed with, sealed for this endpoint. After a
    -- rotation the one before signs along for a while.
    secret           bytea not null,
    old_secret       bytea,
    old_secret_until timestamptz,
    status           text not null check (status in ('active', 'paused', 'disabled')),
    -- Why we stopped sending.
    disabled_reason  text check (disabled_reason in ('gone', 'failing')),
    -- The first failure after the last success.
    failing_since    timestamptz,
    created_at       timestamptz not null,
    constraint webhook_endpoint_org_id_id_key unique (org_id, id)
);
select app.protect('webhook_endpoint');

-- What is said, once for all who are told. The id of an event is that of its
-- message; a receiver knows a repetition by it.
create table webhook_message (
    id         uuid primary key,
    org_id     uuid not null references org (id) on delete cascade,
    type       text not null,
    body       text not null,
    test       boolean not null,
    created_at timestamptz not null,
    constraint webhook_message_org_id_id_key unique (org_id, id)
);
create index webhook_message_created_at_idx on webhook_message (created_at);
select app.protect('webhook_message');

create table webhook_delivery (
    id           uuid primary key,
    org_id       uuid not null,
    endpoint_id  uuid not null,
    message_id   uuid not null,
    type         text not null,
    -- Held while the endpoint is paused.
    status       text not null check (status in ('pending', 'held', 'delivered', 'failed')),
    -- Since it was last asked for, which is what the schedule counts.
    tries        integer not null default 0,
    attempts     integer not null default 0,
    -- Those of one lane are sent one after the other.
    lane         smallint not null default 0,
    next_at      timestamptz,
    -- Of the last attempt: the status answered, or why there is none.
    response     smallint,
    error        text,
    created_at   timestamptz not null,
    delivered_at timestamptz,
    constraint webhook_delivery_org_id_id_key unique (org_id, id),
    foreign key (org_id, endpoint_id) references webhook_endpoint (org_id, id) on delete cascade,
    foreign key (org_id, message_id) references webhook_message (org_id, id) on delete cascade
);
-- Ids grow with time, so they are the order of the list.
create index webhook_delivery_endpoint_idx on webhook_delivery (org_id, endpoint_id, id);
create index webhook_delivery_status_idx on webhook_delivery (org_id, endpoint_id, status, id);
create index webhook_delivery_type_idx on webhook_delivery (org_id, endpoint_id, type, id);
create index webhook_delivery_due_idx on webhook_delivery (endpoint_id, lane, next_at, id)
    where status = 'pending';
-- Lists read a few rows from an index; workers take longer to start than that.
alter table webhook_delivery set (parallel_workers = 0);
create index webhook_delivery_message_idx on webhook_delivery (org_id, message_id);
select app.protect('webhook_delivery');

create table webhook_attempt (
    id               uuid primary key,
    org_id           uuid not null,
    delivery_id      uuid not null,
    at               timestamptz not null,
    url              text not null,
    request_headers  jsonb not null,
    response         smallint,
    error            text,
    response_headers jsonb,
    response_body    text,
    -- There was more of the answer than is kept.
    cut              boolean not null,
    millis           integer not null,
    foreign key (org_id, delivery_id) references webhook_delivery (org_id, id) on delete cascade
);
create index webhook_attempt_delivery_idx on webhook_attempt (org_id, delivery_id, id);
select app.protect('webhook_attempt');

-- Attempts by day, so that nobody has to count a million of them.
create table webhook_day (
    org_id      uuid not null,
    endpoint_id uuid not null,
    day         date not null,
    succeeded   integer not null,
    failed      integer not null,
    millis      bigint not null,
    primary key (org_id, endpoint_id, day),
    foreign key (org_id, endpoint_id) references webhook_endpoint (org_id, id) on delete cascade
);
select app.protect('webhook_day');

-- As app.enqueue, into a queue whose jobs run one after the other.
create function app.enqueue_in(
    queue text, name text, payload json, run_at timestamptz, max_attempts integer, key text)
    returns void
    language plpgsql security definer set search_path = public, pg_temp as
$$
begin
    perform graphile_worker.add_job(
        enqueue_in.name, enqueue_in.payload, queue_name => enqueue_in.queue,
        run_at => enqueue_in.run_at, max_attempts => enqueue_in.max_attempts,
        job_key => enqueue_in.key);
end
$$;
revoke execute on function app.enqueue_in(text, text, json, timestamptz, integer, text) from public;
grant execute on function app.enqueue_in(text, text, json, timestamptz, integer, text) to cloudgen_app;
