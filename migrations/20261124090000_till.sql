-- Calls are counted for all callers of a server at once, by one statement that
-- names the allowance of each.
drop function app.take_units(uuid, timestamptz, interval, bigint, bigint);

alter table quota add column allowance bigint not null default 0;
