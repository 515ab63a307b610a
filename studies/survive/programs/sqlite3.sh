# what: sqlite3: tables, indexes, joins, windows, recursion, JSON, a vacuum, an integrity check and a dump read back; printed
# needs: sqlite3
# counts: sqlite3
# quick
cat > commands.sql << 'END'
pragma journal_mode = wal;
create table t(id integer primary key, a int, b text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 40000) insert into t select i, i * 7919 % 1009, hex(i * i) || substr('xxxxxxxxxxxxxxxxxxxxxxxx', 1, i % 24) from n;
create index by_a on t(a, b);
select a, count(*), max(b), sum(length(b)) from t group by a order by 2 desc, a limit 5;
select count(*) from t x join t y on x.a = y.a and x.id < y.id where x.a < 200;
select id, sum(a) over (order by id rows 10 preceding) from t where id % 5000 = 0;
select group_concat(b, '') is not null, length(group_concat(b, '')) from t;
select json_group_array(json_object('id', id, 'a', a)) from t where id % 4000 = 1;
update t set b = b || b where a % 3 = 0; delete from t where a % 5 = 0;
vacuum; pragma integrity_check; select count(*), sum(length(b)) from t;
END
sqlite3 -batch data.db < commands.sql
sqlite3 -batch data.db .dump > dump.sql
sha256sum dump.sql
sqlite3 -batch copy.db < dump.sql
sqlite3 -batch copy.db 'select count(*), sum(id), sum(length(b)) from t'
