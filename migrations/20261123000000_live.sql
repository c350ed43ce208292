-- What pages that watch something are told: numbered per topic (a session, say),
-- and read from a number on, so that a dropped line costs nothing. Notices are
-- kept for a day; what they tell of is in tables of its own.

create table live_topic (
    org_id uuid not null references org (id) on delete cascade,
    id     uuid not null,
    seq    bigint not null,
    at     timestamptz not null,
    primary key (org_id, id)
);
create index live_topic_at_idx on live_topic (at);
select app.protect('live_topic');

create table live_notice (
    org_id uuid not null,
    topic  uuid not null,
    seq    bigint not null,
    name   text not null,
    data   jsonb not null,
    at     timestamptz not null,
    primary key (org_id, topic, seq),
    constraint live_notice_topic_fkey foreign key (org_id, topic)
        references live_topic (org_id, id) on delete cascade
);
create index live_notice_at_idx on live_notice (at);
select app.protect('live_notice');
