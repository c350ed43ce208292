-- The use of keys once more, added up over operations and over keys: a report on
-- a month reads a few thousand rows of these instead of all.

create function app.add_up(a bigint[], b bigint[]) returns bigint[]
    language sql immutable strict parallel safe as
$$
    select array_agg(coalesce(x, 0) + coalesce(y, 0) order by i)
      from unnest(a, b) with ordinality as pair (x, y, i)
$$;

create table api_usage_of_key (
    org_id        uuid not null,
    key_id        uuid not null,
    day           date not null,
    calls         bigint not null,
    client_errors bigint not null,
    server_errors bigint not null,
    limited       bigint not null,
    units         bigint not null,
    buckets       bigint[] not null,
    primary key (org_id, day, key_id),
    constraint api_usage_of_key_key_fkey foreign key (org_id, key_id)
        references api_key (org_id, id) on delete cascade
);
create index api_usage_of_key_key_idx on api_usage_of_key (org_id, key_id);
select app.protect('api_usage_of_key');

-- Also of keys that are gone.
create table api_usage_of_operation (
    org_id        uuid not null references org (id) on delete cascade,
    day           date not null,
    operation     text not null,
    calls         bigint not null,
    client_errors bigint not null,
    server_errors bigint not null,
    limited       bigint not null,
    units         bigint not null,
    buckets       bigint[] not null,
    primary key (org_id, day, operation)
);
select app.protect('api_usage_of_operation');

insert into api_usage_of_key
select org_id, key_id, day, sum(calls), sum(client_errors), sum(server_errors), sum(limited),
       sum(units),
       array[sum(buckets[1]), sum(buckets[2]), sum(buckets[3]), sum(buckets[4]), sum(buckets[5]),
             sum(buckets[6]), sum(buckets[7]), sum(buckets[8]), sum(buckets[9]), sum(buckets[10]),
             sum(buckets[11])]::bigint[]
  from api_usage
 group by org_id, key_id, day;

insert into api_usage_of_operation
select org_id, day, operation, sum(calls), sum(client_errors), sum(server_errors), sum(limited),
       sum(units),
       array[sum(buckets[1]), sum(buckets[2]), sum(buckets[3]), sum(buckets[4]), sum(buckets[5]),
             sum(buckets[6]), sum(buckets[7]), sum(buckets[8]), sum(buckets[9]), sum(buckets[10]),
             sum(buckets[11])]::bigint[]
  from api_usage
 group by org_id, day, operation;
