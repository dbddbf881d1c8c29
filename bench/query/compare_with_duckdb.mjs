// Aggregates over a table in memory beside DuckDB, in interleaved rounds of one run; the ratios at the end as one line.
//   node compare_with_duckdb.mjs --bench build-release/bench/query_bench [--rows 10000000,50000000] [--threads 1,2] [--rounds 9]
// Needs the npm package @duckdb/node-api (install it anywhere and say NODE_PATH or --duckdb /path/to/node_modules). Both
// sides are one process each, warm, with equal threads and equal rows; the answers are compared before anything is timed.
// ratio: of medians of wall time; cpu_ratio: of processor time, which other load on the machine disturbs less.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import readline from 'node:readline';

const options = { bench: '', rows: '10000000,50000000', threads: '1,2', rounds: '9', duckdb: 'node_modules' };
for (let i = 2; i + 1 < process.argv.length; i += 2) options[process.argv[i].replace(/^--/, '')] = process.argv[i + 1];
const { DuckDBInstance } = createRequire(path.resolve(options.duckdb, 'x.js'))('@duckdb/node-api');
const median = values => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];

const grouped = key => `count(*) as n, sum(v) as s, avg(v) as a from t group by ${key}`;
const queries = [
  { what: 'sum', ours: 'select sum(v) as s from t', duckdb: 'select sum(v) as s from t' },
  { what: 'group_by_int', ours: `select ${grouped('k')}`, duckdb: `select k, ${grouped('k')}` },
  { what: 'group_by_symbol', ours: `select ${grouped('sym')}`, duckdb: `select sym, ${grouped('sym')}` },
  { what: 'group_by_symbol_as_enum', ours: `select ${grouped('sym')}`, duckdb: `select sym_enum, ${grouped('sym_enum')}` },
];

class Ours {
  constructor(rows) {
    this.process = spawn(path.resolve(options.bench), ['--rows', rows], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = readline.createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }
  async run(threads, query) {
    this.process.stdin.write(`${threads} ${query.ours}\n`);
    return JSON.parse((await this.lines.next()).value);
  }
  stop() { this.process.stdin.end(); }
}

class DuckDB {
  async start(rows) {
    this.connection = await (await DuckDBInstance.create(':memory:')).connect();
    await this.connection.run("create type symbols as enum (select 'S' || range from range(1000))");
    await this.connection.run(`create table t as select k::integer as k, 'S' || k as sym, ('S' || k)::symbols as sym_enum, v from (
      select range * 48271 % 2147483647 % 1000 as k, (range * 69621 % 2147483647 % 1000000)::double / 100.0 as v from range(${rows}))`);
  }
  async run(threads, query) {
    if (threads !== this.threads) await this.connection.run(`set threads = ${threads}`);
    this.threads = threads;
    const begin = performance.now();
    const cpu = process.cpuUsage();
    const reader = await this.connection.runAndReadAll(query.duckdb);
    const ms = performance.now() - begin;
    const used = process.cpuUsage(cpu);
    const columns = reader.getColumnsJS();
    const result = columns.filter(column => typeof column[0] !== 'string').map(column => column.reduce((sum, x) => sum + Number(x), 0));
    return { ms, cpu_ms: (used.user + used.system) / 1000, result };
  }
}

function check(query, ours, duckdb) {
  const close = (a, b) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a));
  if (ours.length !== duckdb.length || !ours.every((x, i) => close(x, duckdb[i]))) throw new Error(`${query.what}: ${ours} and ${duckdb}`);
}

const ratios = [];
for (const rows of options.rows.split(',')) {
  const ours = new Ours(rows);
  const duckdb = new DuckDB();
  await duckdb.start(rows);
  for (const threads of options.threads.split(',').map(Number)) {
    for (const query of queries) check(query, (await ours.run(threads, query)).result, (await duckdb.run(threads, query)).result);
    const seen = queries.map(() => ({ ours: [], duckdb: [] }));
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const [q, query] of queries.entries()) {
        seen[q].ours.push(await ours.run(threads, query));
        seen[q].duckdb.push(await duckdb.run(threads, query));
      }
    }
    for (const [q, query] of queries.entries()) {
      const middle = (system, field) => +median(seen[q][system].map(run => run[field])).toFixed(2);
      const row = { what: query.what, rows: Number(rows), threads, ours_ms: middle('ours', 'ms'), duckdb_ms: middle('duckdb', 'ms') };
      row.ratio = +(row.duckdb_ms / row.ours_ms).toFixed(2);
      row.cpu_ratio = +(middle('duckdb', 'cpu_ms') / middle('ours', 'cpu_ms')).toFixed(2);
      ratios.push(row);
      console.error(JSON.stringify(row));
    }
  }
  ours.stop();
}
console.log(JSON.stringify({ what: 'query_speed', rounds: Number(options.rounds), least_ratio: Math.min(...ratios.map(row => row.ratio)), ratios }));
process.exit(0);
