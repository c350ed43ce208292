-- What a key in test mode makes is marked, and counted by itself; of sessions
-- such a key sees those that are marked, and no other.

alter table session
    add column mode text not null default 'live' check (mode in ('live', 'test'));

-- Set for a key in test mode; NULL in every other transaction.
create function app.mode() returns text
    language sql stable parallel safe
    return nullif(current_setting('app.mode', true), '');

create policy tried on session as restrictive to cloudgen_app
    using ((select app.mode()) is null or mode = (select app.mode()));

do $$
declare
    part regclass;
begin
    foreach part in array array['message', 'analysis', 'artifact_set', 'share_link']::regclass[] loop
        execute format(
            'create policy tried on %s as restrictive to cloudgen_app
                using ((select app.mode()) is null
                       or exists (select from session s where s.id = session_id))', part);
    end loop;
end
$$;

-- A plan counts what is in the whole organisation, also for a key that sees
-- a part of it.
create function app.count_sessions(counted text) returns bigint
    language sql stable security definer set search_path = public, pg_temp
    return (select count(*) from session
             where org_id = app.org_id() and deleted_at is null and mode = counted);
revoke execute on function app.count_sessions(text) from public;
grant execute on function app.count_sessions(text) to cloudgen_app;
