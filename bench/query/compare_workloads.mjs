// The questions of workloads.mjs over tables in memory, beside DuckDB and chDB: every answer is compared to 1e-9 before
// anything is timed, then interleaved rounds of one run, one line of JSON a question, the least ratios at the end.
//   node compare_workloads.mjs --package DIST/pelorus-… --data DIR [--peers node_modules] [--client node_modules] [--sets market,iot,g1]
//        [--only id,…] [--rounds 5] [--threads 2] [--ours-only 1] [--scratch /tmp/pelorus-query]
// DIR holds quotes.csv trades.csv readings.csv g1.csv, each with a head of column names. --client has the npm package
// dolphindb; --peers has @duckdb/node-api and, if they are to be compared, chdb. Our times include a
// round trip over the loopback.
// cpu: processor time, which other work on the machine disturbs less than wall time.
// The sets stored_market and stored_iot ask for points, latest values and ranges of tables on disk, in the engine --engine says
// (TSDB, OLAP), partitioned by day and symbol or device: beside a DuckDB file in the order of symbol and time, and MergeTree. Of
// these ours_in_node_ms is the time within the node: the round trip of the client is longer than many of the answers.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { SingleNode, cpu_of, median, options_of } from '../single_node.mjs';
import { sets, stored, workloads } from './workloads.mjs';

const options = options_of({ package: '', data: '.', peers: 'node_modules', client: 'node_modules', sets: 'market,iot,g1', only: '', rounds: '5', threads: '2', port: '18849', scratch: '/tmp/pelorus-query', engine: 'TSDB', 'ours-only': '' });
const load = createRequire(path.resolve(options.peers, 'x.js'));
const file = table => path.resolve(options.data, table + '.csv');
const chosen_sets = options.sets.split(',');
const chosen = workloads.filter(w => chosen_sets.includes(w.set) && (!options.only || options.only.split(',').includes(w.id)));
const tables = [...new Set(chosen.flatMap(w => sets[w.set]))];
const on_disk = chosen_sets.some(set => stored.includes(set));
if (on_disk && !chosen_sets.every(set => stored.includes(set))) throw new Error('sets of stored tables and of tables in memory are asked in runs of their own');
/// How often each is asked before the next one's turn, unless its own answer takes long: medians are of warm repeats; what the
/// first of each turn took, when others have used the caches for seconds, is told apart.
const at_once = 5, long_ms = 1500;
/// The column that parts of a day are told apart by, in stored tables.
const part_columns = { quotes: 'symbol', trades: 'symbol', readings: 'device' };

/// name: [our type, DuckDB's, chDB's]
const symbol = ['SYMBOL', 'varchar', 'LowCardinality(String)'], text = ['SYMBOL', 'varchar', 'String'], real = ['DOUBLE', 'double', 'Float64'];
const whole = ['INT', 'integer', 'Int32'], big = ['LONG', 'bigint', 'Int64'];
const nanos = ['NANOTIMESTAMP', 'timestamp_ns', "DateTime64(9, 'UTC')"], millis = ['TIMESTAMP', 'timestamp', "DateTime64(3, 'UTC')"];
const columns = {
  quotes: { symbol, ts: nanos, bid: real, ofr: real, bidsiz: whole, ofrsiz: whole, mode: symbol, ex: symbol },
  trades: { symbol, ts: nanos, price: real, size: whole, cond: symbol, ex: symbol },
  readings: { ts: millis, device: whole, cpu: real, mem: real, disk: real, bytes_in: big, bytes_out: big, temp: real, status: whole, lat: real, lon: real, noise: real },
  g1: { id1: symbol, id2: symbol, id3: text, id4: whole, id5: whole, id6: whole, v1: whole, v2: whole, v3: real },
};
const order = { quotes: '(symbol, ts)', trades: '(symbol, ts)', readings: '(device, ts)', g1: 'tuple()' };
const numbers = row => row.map(value => Number(value));

class Ours {
  name = 'ours';
  answers = {}; // by question
  async start() {
    this.node = new SingleNode(options.package, options.scratch, options.port, { workerNum: options.threads, maxMemSize: 16 });
    await this.node.start();
    const { DDB } = await import(pathToFileURL(path.resolve(options.client, 'dolphindb/index.js')));
    this.connection = new DDB(`ws://127.0.0.1:${options.port}`, { username: 'admin', password: '123456' });
    await this.connection.connect();
    for (const table of tables) {
      const of = columns[table], names = Object.keys(of);
      if (on_disk) { await this.store(table, of, names); continue; }
      await this.connection.eval(`${table}_ = loadText("${file(table)}", , table(${names.map(n => '`' + n).join('')} as name, ${names.map(n => '`' + of[n][0]).join('')} as type)); share ${table}_ as ${table}`);
    }
  }
  /// A partitioned table of the file's rows, all of them in merged column files; a variable of the session.
  async store(table, of, names) {
    const part = part_columns[table], types = names.map(n => of[n][0] === 'SYMBOL' && n !== 'symbol' ? 'CHAR' : of[n][0]);
    const list = values => values.map(v => '`' + v).join('');
    await this.connection.eval(`db = database("dfs://${table}", COMPO, [database("", VALUE, 2024.01.01..2024.01.12), database("", HASH, [${of[part][0]}, 4])], , "${options.engine}")
createPartitionedTable(db, table(1:0, ${list(names)}, ${list(types)}), \`${table}, \`ts\`${part}${options.engine === 'TSDB' ? `, , \`${part}\`ts` : ''})
loadTextEx(db, \`${table}, \`ts\`${part}, "${file(table)}", , table(${list(names)} as name, ${list(types)} as type))
flushOLAPCache()${options.engine === 'TSDB' ? `\nfor(chunk in exec chunkId from getChunksMeta("/${table}/%", -1)) triggerTSDBCompaction(chunk)` : ''}
${table} = loadTable("dfs://${table}", \`${table})`);
    await this.node.run(`${table} = loadTable("dfs://${table}", \`${table})`);
  }
  /// Milliseconds of a question within the node, the median of several.
  async in_node(workload) {
    const answer = await this.connection.eval(`took = array(DOUBLE, 0); for(i in 0:21){ began = now(true); r = ${workload.ours}; took.append!((long(now(true)) - long(began)) \\ 1000000.0) }; med(took)`);
    return +Number(answer.value).toFixed(3);
  }
  used() { return cpu_of(this.node.pid); }
  /// The first answer comes by the official client. What is timed asks over a plain socket for the number of its rows, as that
  /// client alone takes longer than many of the answers.
  async run(workload) {
    if (this.answers[workload.id] === undefined) {
      const answer = await this.connection.eval(workload.ours);
      this.answers[workload.id] = numbers(answer.value.map(column => column.value[0]));
    }
    const script = workload.ours.replace(/(^|; )(?=select )/, '$1answer = ') + '; size(answer)';
    const cpu = this.used(), begin = performance.now();
    const rows = await this.node.session.ask(script);
    const ms = performance.now() - begin;
    if (rows !== 1) throw new Error(`${workload.id}: ${rows} rows came, not one`);
    return { ms, cpu_ms: this.used() - cpu, row: this.answers[workload.id] };
  }
  async stop() { this.connection.disconnect(); await this.node.stop(); }
}

class InProcess {
  async run(workload) {
    const cpu = process.cpuUsage(), begin = performance.now();
    const row = numbers(await this.ask(workload[this.name]));
    const ms = performance.now() - begin, used = process.cpuUsage(cpu);
    return { ms, cpu_ms: (used.user + used.system) / 1000, row };
  }
  async stop() {}
}

class DuckDB extends InProcess {
  name = 'duckdb';
  async start() {
    const { DuckDBInstance } = load('@duckdb/node-api');
    const folder = path.join(options.scratch, 'duckdb');
    if (on_disk) { fs.rmSync(folder, { recursive: true, force: true }); fs.mkdirSync(folder, { recursive: true }); }
    this.connection = await (await DuckDBInstance.create(on_disk ? path.join(folder, 'stored.db') : ':memory:', { threads: options.threads })).connect();
    const enums = {};
    for (const table of tables) {
      const of = Object.entries(columns[table]), source = `read_csv('${file(table)}', header = true, columns = {${of.map(([n, t]) => `'${n}': '${t[1]}'`).join(', ')}})`;
      for (const [name, type] of of.filter(([, type]) => type === symbol)) {
        enums[name] = `${table}_${name}`;
        await this.connection.run(`create type ${enums[name]} as enum (select distinct ${name} from ${source} order by 1)`);
      }
      await this.connection.run(`create table ${table} as select ${of.map(([n, t]) => t === symbol ? `${n}::${table}_${n} as ${n}` : n).join(', ')} from ${source}${on_disk ? ` order by ${part_columns[table]}, ts` : ''}`);
    }
    if (on_disk) await this.connection.run('checkpoint');
    // One type for the symbols of both tables, so that they join as they are.
    if (tables.includes('trades')) await this.connection.run('alter table trades alter symbol type quotes_symbol using symbol::varchar::quotes_symbol');
  }
  async ask(sql) { return (await this.connection.runAndReadAll(sql)).getRows()[0].map(value => typeof value === 'object' && value !== null ? value.toString() : value); }
}

class ChDB extends InProcess {
  name = 'chdb';
  async start() {
    const { Session } = load('chdb');
    this.session = new Session();
    this.session.query('create database b engine = Atomic');
    this.session.query('use b');
    for (const table of tables) {
      const of = Object.entries(columns[table]);
      this.session.query(`create table ${table}(${of.map(([n, t]) => `${n} ${t[2]}`).join(', ')}) engine = MergeTree order by ${order[table]}`);
      const types = of.map(([n, t]) => `${n} ${t === symbol ? 'String' : t[2]}`).join(', ').replaceAll("'", "\\'");
      this.session.query(`insert into ${table} select * from file('${file(table)}', 'CSVWithNames', '${types}') settings max_threads=${options.threads}, date_time_input_format='best_effort'`);
      this.session.query(`optimize table ${table} final`);
    }
  }
  async ask(sql) { return JSON.parse(String(this.session.query(`${sql} settings max_threads=${options.threads}`, 'JSONCompactEachRow')).split('\n')[0]); }
}

const systems = [new Ours()];
if (!options['ours-only']) {
  systems.push(new DuckDB());
  try { load.resolve('chdb'); systems.push(new ChDB()); } catch { console.error('chdb is not installed: compared with DuckDB only'); }
}
for (const system of systems) { const begin = performance.now(); await system.start(); console.error(`${system.name} has its tables after ${((performance.now() - begin) / 1000).toFixed(1)} s`); }
const close = (a, b) => a.length === b.length && a.every((x, i) => Math.abs(x - b[i]) <= 1e-9 * Math.max(1, Math.abs(x)));
const report = [];
for (const workload of chosen) {
  const taking = systems.filter(system => workload[system.name]), seen = {}, took = {};
  let expected, differs;
  for (const system of taking) {
    try {
      const { row, ms } = await system.run(workload);
      expected ??= row;
      took[system.name] = ms;
      if (!close(expected, row)) differs = `${system.name} answers ${row}, ${taking[0].name} ${expected}`;
    } catch (error) { differs = `${system.name}: ${error.message}`; }
    seen[system.name] = [];
  }
  const firsts = Object.fromEntries(taking.map(system => [system.name, []]));
  if (differs) { console.log(JSON.stringify({ w: workload.w, id: workload.id, not_timed: differs.slice(0, 300) })); report.push({ id: workload.id, goal: workload.goal }); continue; }
  for (let round = 0; round < Number(options.rounds); ++round) {
    for (const system of taking) {
      const runs = [];
      while (runs.length < (took[system.name] < long_ms ? at_once : 1)) runs.push(await system.run(workload));
      firsts[system.name].push(runs[0]);
      seen[system.name].push(...runs);
    }
  }
  const line = { w: workload.w, id: workload.id, goal: workload.goal };
  for (const system of taking) {
    line[system.name + '_ms'] = +median(seen[system.name].map(run => run.ms)).toFixed(2);
    line[system.name + '_cpu_ms'] = +Math.min(...seen[system.name].map(run => run.cpu_ms)).toFixed(1);
  }
  if (on_disk) line.ours_in_node_ms = await systems[0].in_node(workload);
  const peers = taking.slice(1).map(system => system.name);
  if (peers.length > 0) {
    line.ratio = +(Math.min(...peers.map(peer => line[peer + '_ms'])) / line.ours_ms).toFixed(2);
    const first_ms = Object.fromEntries(taking.map(({ name }) => [name, median(firsts[name].map(run => run.ms))]));
    line.first_ratio = +(Math.min(...peers.map(peer => first_ms[peer])) / first_ms.ours).toFixed(2);
    line.cpu_ratio = +(Math.min(...peers.map(peer => line[peer + '_cpu_ms'])) / Math.max(line.ours_cpu_ms, 1)).toFixed(2);
  }
  console.log(JSON.stringify(line));
  report.push(line);
}
for (const system of systems) await system.stop();
console.log(JSON.stringify({ what: 'query_workloads', ...(on_disk ? { engine: options.engine } : {}), threads: Number(options.threads), below_goal: report.filter(line => !(line.ratio >= line.goal)).map(line => line.id),
  geometric_mean: +Math.exp(report.filter(l => l.ratio).reduce((sum, l) => sum + Math.log(l.ratio), 0) / Math.max(1, report.filter(l => l.ratio).length)).toFixed(2) }));
process.exit(0);
