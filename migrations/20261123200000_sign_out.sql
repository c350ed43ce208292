-- Who manages members may end their logins, and sees nothing of them.
create function app.sign_out(member_account uuid) returns bigint
    language plpgsql security definer set search_path = public, pg_temp as
$$
declare
    ended bigint;
begin
    delete from login l
     where l.account_id = member_account
       and exists (select from member m
                    where m.account_id = member_account and m.org_id = app.org_id());
    get diagnostics ended = row_count;
    return ended;
end
$$;
revoke execute on function app.sign_out(uuid) from public;
grant execute on function app.sign_out(uuid) to cloudgen_app;
