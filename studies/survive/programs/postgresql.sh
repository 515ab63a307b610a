# what: initdb, PostgreSQL, pgbench with four clients, a parallel query, sorting on disk, COPY, a dump and a crash-free stop; sums, rows and hashes
# needs: initdb postgres psql pgbench pg_dump setpriv
# counts: initdb postgres psql pgbench pg_dump

# PostgreSQL refuses to run as root.
as=()
if [ "$(id -u)" = 0 ]; then
  as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  chown postgres .
fi
export PGHOST=127.0.0.1 PGPORT=$PORT PGUSER=postgres PGDATABASE=postgres HOME=$PWD
"${as[@]}" initdb -D data -U postgres -A trust -E UTF8 --locale=C -N > initdb.log
serve "${as[@]}" postgres -D data -c listen_addresses=127.0.0.1 -p "$PORT" -c unix_socket_directories='' -c fsync=off -c max_connections=20
ask() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }
ready=0
for ((i = 0; i < 600; i++)); do if ask -c 'select 1' > /dev/null 2>&1; then ready=1; break; fi; sleep 0.05; done
[ $ready = 1 ] || fail "PostgreSQL does not answer: $(tail -n 1 server.log)"
pgbench -i -q -s 1 > pgbench.log 2>&1
pgbench -n -c 4 -j 2 -t 100 --random-seed=7 > pgbench.log 2>&1
grep 'number of transactions actually processed' pgbench.log
grep 'number of failed transactions' pgbench.log
ask << 'END'
select count(*), sum(delta) from pgbench_history;
select (select sum(abalance) from pgbench_accounts) = (select sum(bbalance) from pgbench_branches),
  (select sum(abalance) from pgbench_accounts) = (select sum(tbalance) from pgbench_tellers);
set max_parallel_workers_per_gather = 2; set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0;
select count(*), sum(aid), md5(string_agg(aid::text, ',' order by aid)) from pgbench_accounts where aid % 3 = 1;
set work_mem = '64kB';
select md5(string_agg(x, '' order by x)) from (select md5(i::text) as x from generate_series(1, 20000) i) t;
create table words as select i, md5(i::text) as word, jsonb_build_object('n', i, 'list', array[i, i * 2]) as j from generate_series(1, 5000) i;
create index on words using gin (j);
select count(*) from words where j @> '{"n": 77}';
do $$ begin for i in 1 .. 200 loop begin perform 1 / (i % 2); exception when division_by_zero then null; end; end loop; end $$;
END
ask -c 'copy words to stdout' | sha256sum
pg_dump -t words | grep -v -e '^--' -e '^\\\(un\)\?restrict' | sha256sum
stop INT
