-- What a public link shows and for whose eyes it leaves out what, and whether an
-- organisation has public links at all. Nobody has made one yet.
alter table share_link
    -- The analysis that is shown: what is said later stays inside.
    add column number integer not null,
    -- Parts besides the options at a glance: diagram, costs, why, code.
    add column shown text[] not null,
    -- Names that are left out wherever they are.
    add column words text[] not null default '{}',
    -- The title that is shown; that of the session when empty.
    add column title text not null default '' check (length(title) <= 200),
    add column views bigint not null default 0,
    add constraint share_link_analysis_fkey foreign key (org_id, session_id, number)
        references analysis (org_id, session_id, number) on delete cascade;
create index share_link_analysis_idx on share_link (org_id, session_id, number);

alter table org add column public_links boolean not null default true;
