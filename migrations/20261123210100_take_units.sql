-- Takes units from what a caller of the API may use, and tells what it left
-- behind. A function, so that the statement that finds the caller takes them,
-- too. Strict: nothing is taken where anything is not known.
create function app.take_units(
    caller uuid, at timestamptz, span interval, cost bigint, allowance bigint,
    out starts_at timestamptz, out used bigint, out allowed boolean)
    language plpgsql strict volatile set search_path = public, pg_temp as
$$
begin
    insert into quota as q (subject, starts_at, used, allowed)
    values (caller, at, case when cost <= allowance then cost else 0 end, cost <= allowance)
    on conflict (subject) do update
       set starts_at = case when q.starts_at <= at - span then at else q.starts_at end,
           allowed = case when q.starts_at <= at - span then 0 else q.used end + cost <= allowance,
           used = case when q.starts_at <= at - span then 0 else q.used end
                + case when case when q.starts_at <= at - span then 0 else q.used end + cost <= allowance
                       then cost else 0 end
    returning q.starts_at, q.used, q.allowed
         into take_units.starts_at, take_units.used, take_units.allowed;
end
$$;
revoke execute on function app.take_units(uuid, timestamptz, interval, bigint, bigint) from public;
