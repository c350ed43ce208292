-- What requests and jobs need besides their own tables: rate limits, answers
-- kept for repeated requests, the way into the job queue and its history.

-- When each bucket will be full again (generic cell rate algorithm).
create table rate_limit (
    key     bytea primary key,
    full_at timestamptz not null
);
create index rate_limit_full_at_idx on rate_limit (full_at);

-- The answer to a request that carried an Idempotency-Key, written by the
-- transaction of the request itself: either both happened or neither.
create table idempotent_answer (
    scope        bytea not null,
    key          text not null,
    fingerprint  bytea not null,
    status       smallint not null,
    content_type text,
    location     text,
    body         bytea not null,
    created_at   timestamptz not null,
    primary key (scope, key)
);
create index idempotent_answer_created_at_idx on idempotent_answer (created_at);

-- Enqueues a job within the caller's transaction. The queue's own schema is
-- made after ours, and requests have no rights in it.
create function app.enqueue(name text, payload json, run_at timestamptz, max_attempts integer, key text)
    returns void
    language plpgsql security definer set search_path = public, pg_temp as
$$
begin
    perform graphile_worker.add_job(
        enqueue.name, enqueue.payload, run_at => enqueue.run_at,
        max_attempts => enqueue.max_attempts, job_key => enqueue.key);
end
$$;
revoke execute on function app.enqueue(text, json, timestamptz, integer, text) from public;
grant execute on function app.enqueue(text, json, timestamptz, integer, text) to cloudgen_app;

-- The queue forgets jobs that are done; this remembers them, without what they
-- carried.
create table job_run (
    id          uuid primary key,
    job_id      bigint not null,
    name        text not null,
    attempt     integer not null,
    started_at  timestamptz not null,
    finished_at timestamptz,
    error       text
);
create index job_run_started_at_idx on job_run (started_at);
