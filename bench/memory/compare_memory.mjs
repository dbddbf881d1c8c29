// Memory of a node: idle, with tables in memory beside the raw bytes of their columns (and beside DuckDB and chDB, when installed, each
// in a process of its own), and the most that each of some queries takes. One line of JSON a measurement.
//   node compare_memory.mjs --package DIST/pelorus-… --data DIR [--peers node_modules] [--scratch /tmp/pelorus-memory] [--port 18851] [--threads 2]
// DIR: quotes.csv and trades.csv with heads, as compare_workloads.mjs reads them.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { SingleNode, forget_peak, memory_of, options_of, sleep, two_digits } from '../single_node.mjs';

const options = options_of({ package: '', data: '.', peers: 'node_modules', scratch: '/tmp/pelorus-memory', port: '18851', threads: '2', peer: '' });
const file = table => path.resolve(options.data, `${table}.csv`);
const mb = bytes => two_digits(bytes / 1048576);
/// name: [our type, its bytes, DuckDB's, chDB's]
const symbol = ['SYMBOL', 4, 'varchar', 'LowCardinality(String)'], real = ['DOUBLE', 8, 'double', 'Float64'], whole = ['INT', 4, 'integer', 'Int32'];
const nanos = ['NANOTIMESTAMP', 8, 'timestamp_ns', "DateTime64(9, 'UTC')"], letter = ['CHAR', 1, 'varchar', 'LowCardinality(String)'];
const columns = {
  quotes: { symbol, ts: nanos, bid: real, ofr: real, bidsiz: whole, ofrsiz: whole, mode: letter, ex: letter },
  trades: { symbol, ts: nanos, price: real, size: whole, cond: letter, ex: letter },
};
/// Bytes of the columns a query reads, and a row of its answer; its text.
const queries = {
  sum: ['quotes', ['bid'], 8, 'exec sum(bid) from quotes'],
  by_symbol: ['quotes', ['symbol', 'bid'], 12, 'exec count(*) from (select avg(bid) from quotes group by symbol)'],
  by_minute: ['quotes', ['symbol', 'ts', 'bid'], 20, 'exec count(*) from (select max(bid) from quotes group by symbol, bar(ts, 60s))'],
  moving_average: ['quotes', ['symbol', 'bid'], 12, 'exec sum(m) from (select mavg(bid, 20) as m from quotes context by symbol)'],
  sorted: ['trades', ['symbol', 'ts', 'price', 'size', 'cond', 'ex'], 26, 'exec count(*) from (select * from trades order by price)'],
};
const row_bytes = (table, names) => names.reduce((sum, name) => sum + columns[table][name][1], 0);

/// The growth of this process by the tables, for a peer (--peer says which); one line of JSON.
async function peer() {
  const load = createRequire(path.resolve(options.peers, 'x.js'));
  let run, before;
  if (options.peer === 'duckdb') {
    const connection = await (await load('@duckdb/node-api').DuckDBInstance.create(':memory:', { threads: options.threads })).connect();
    run = sql => connection.run(sql);
    before = memory_of(process.pid).now;
    for (const [table, of] of Object.entries(columns))
      await run(`create table ${table} as select * from read_csv('${file(table)}', header = true, columns = {${Object.entries(of).map(([n, t]) => `'${n}': '${t[2]}'`).join(', ')}})`);
  } else {
    const session = new (load('chdb').Session)();
    run = sql => session.query(sql);
    run('create database b engine = Atomic');
    run('use b');
    before = memory_of(process.pid).now;
    for (const [table, of] of Object.entries(columns)) {
      run(`create table ${table}(${Object.entries(of).map(([n, t]) => `${n} ${t[3]}`).join(', ')}) engine = Memory`);
      const types = Object.entries(of).map(([n, t]) => `${n} ${t[3].startsWith('Low') ? 'String' : t[3]}`).join(', ').replaceAll("'", "\\'");
      run(`insert into ${table} select * from file('${file(table)}', 'CSVWithNames', '${types}') settings max_threads = ${options.threads}, date_time_input_format = 'best_effort'`);
    }
  }
  await sleep(2000);
  console.log(JSON.stringify({ grown: memory_of(process.pid).now - before }));
  process.exit(0);
}
if (options.peer) await peer();

const node = new SingleNode(options.package, options.scratch, options.port, { workerNum: options.threads, maxMemSize: 16 });
await node.start();
await sleep(3000);
const idle = memory_of(node.pid).now;
console.log(JSON.stringify({ what: 'idle', mb: mb(idle) }));
let raw = 0;
const rows = {};
for (const [table, of] of Object.entries(columns)) {
  const names = Object.keys(of);
  const schema = `table(${names.map(n => '`' + n).join('')} as name, ${names.map(n => '`' + of[n][0]).join('')} as type)`;
  await node.run(`share(loadText("${file(table)}", , ${schema}), \`${table})`); // a script knows only tables shared before it
  rows[table] = await node.ask(`rows(${table})`);
  raw += rows[table] * row_bytes(table, names);
}
const loaded_peak = memory_of(node.pid).peak;
let held;
for (const wait of [0, 5000, 15000]) { // what loading has freed goes back to the system by and by
  await sleep(wait);
  held = memory_of(node.pid).now;
  console.log(JSON.stringify({ what: 'tables in memory', after_s: wait / 1000, mb: mb(held - idle), of_raw: two_digits((held - idle) / raw) }));
}
console.log(JSON.stringify({ what: 'loading', peak_mb: mb(loaded_peak - idle), of_raw: two_digits((loaded_peak - idle) / raw) }));
for (const [name, [table, read, answer, text]] of Object.entries(queries)) {
  await node.run(`x = ${text}`); // what the first use allocates once
  await sleep(500);
  forget_peak(node.pid);
  const before = memory_of(node.pid).now;
  await node.run(`x = ${text}`);
  const took = memory_of(node.pid).peak - before;
  const allowed = rows[table] * (row_bytes(table, read) + answer);
  console.log(JSON.stringify({ what: 'query', name, peak_mb: mb(took), of_columns_and_answer: two_digits(took / allowed) }));
}
await node.stop();
const peers = {};
for (const name of ['duckdb', 'chdb']) {
  try {
    const told = execFileSync(process.execPath, [process.argv[1], '--peer', name, '--data', options.data, '--peers', options.peers, '--threads', options.threads], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    peers[name] = JSON.parse(told.trim().split('\n').pop()).grown;
    console.log(JSON.stringify({ what: 'tables in memory', store: name, mb: mb(peers[name]), of_raw: two_digits(peers[name] / raw) }));
  } catch { console.error(`${name} is not installed or has failed: not compared`); }
}
console.log(JSON.stringify({ what: 'memory', raw_mb: mb(raw), idle_mb: mb(idle), of_raw: two_digits((held - idle) / raw), goals: { of_raw: 1.15, idle_mb: 150 },
  ratios: Object.fromEntries(Object.entries(peers).map(([name, bytes]) => [name, two_digits(bytes / (held - idle))])) }));
fs.rmSync(options.scratch, { recursive: true, force: true });
process.exit(0);
