-- Everything that happened, written by the transaction that made it happen.
--
-- Rows are only ever added, by app.event_append, each carrying the hash of the
-- one before it in its organisation. There is no foreign key to org on purpose:
-- the trail outlives the organisation it tells of. What concerns no
-- organisation (a refused sign-in of a stranger, say) is kept under the nil id.

create table event (
    org_id      uuid not null,
    seq         bigint not null check (seq > 0),
    id          uuid not null,
    at          timestamptz not null,
    name        text not null,
    outcome     text not null check (outcome in ('success', 'refused', 'failed')),
    actor_kind  text not null,
    actor_id    uuid,
    actor_label text,
    subject     text,
    subject_id  uuid,
    before      jsonb,
    after       jsonb,
    ip          text,
    user_agent  text,
    request_id  text,
    prev        bytea not null check (length(prev) = 32),
    hash        bytea not null check (length(hash) = 32),
    primary key (org_id, seq),
    constraint event_id_key unique (org_id, id)
);
create index event_at_idx on event (org_id, at);
create index event_name_idx on event (org_id, name, seq);
create index event_actor_id_idx on event (org_id, actor_id, seq);
create index event_subject_id_idx on event (org_id, subject_id, seq);

-- The newest link of each chain. Whoever appends holds this row until they
-- commit, which keeps the numbers free of gaps: a rollback gives its back.
create table event_head (
    org_id uuid primary key,
    seq    bigint not null,
    hash   bytea not null
);

select app.protect('event');
select app.protect('event_head');
revoke insert, update, delete on event, event_head from cloudgen_app;

-- Takes the chain's head for the rest of the transaction.
create function app.event_lock(org uuid, genesis bytea, out seq bigint, out hash bytea)
    language plpgsql security definer set search_path = public, pg_temp as
$$
begin
    if current_setting('role', true) = 'cloudgen_app' and org is distinct from app.org_id() then
        raise insufficient_privilege using message = 'events of another organisation';
    end if;
    insert into event_head as h values (org, 0, genesis) on conflict do nothing;
    select h.seq, h.hash into event_lock.seq, event_lock.hash
      from event_head h where h.org_id = org for update;
end
$$;

-- Adds the next link. The hash is made by the caller; that it continues the
-- chain is checked here.
create function app.event_append(link event) returns void
    language plpgsql security definer set search_path = public, pg_temp as
$$
begin
    if current_setting('role', true) = 'cloudgen_app' and link.org_id is distinct from app.org_id() then
        raise insufficient_privilege using message = 'events of another organisation';
    end if;
    update event_head h set seq = link.seq, hash = link.hash
     where h.org_id = link.org_id and h.seq = link.seq - 1 and h.hash = link.prev;
    if not found then
        raise exception 'event % does not continue the chain of %', link.seq, link.org_id;
    end if;
    insert into event select link.*;
end
$$;

revoke execute on function app.event_lock(uuid, bytea), app.event_append(event) from public;
grant execute on function app.event_lock(uuid, bytea), app.event_append(event) to cloudgen_app;

create function app.refuse_change() returns trigger
    language plpgsql as
$$
begin
    raise insufficient_privilege using message = 'the event log is append-only';
end
$$;

create function app.refuse_other_than_next() returns trigger
    language plpgsql as
$$
begin
    if new.org_id <> old.org_id or new.seq <> old.seq + 1 then
        raise insufficient_privilege using message = 'the event log is append-only';
    end if;
    return new;
end
$$;

create trigger append_only before update or delete on event
    for each row execute function app.refuse_change();
create trigger never_truncated before truncate on event
    for each statement execute function app.refuse_change();
create trigger moves_forward before update on event_head
    for each row execute function app.refuse_other_than_next();
create trigger never_deleted before delete on event_head
    for each row execute function app.refuse_change();
create trigger never_truncated before truncate on event_head
    for each statement execute function app.refuse_change();

-- `always`: also for a session that calls itself a replica to skip triggers.
alter table event enable always trigger append_only;
alter table event enable always trigger never_truncated;
alter table event_head enable always trigger moves_forward;
alter table event_head enable always trigger never_deleted;
alter table event_head enable always trigger never_truncated;
