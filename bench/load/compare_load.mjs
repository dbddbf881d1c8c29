// A text file of quotes into a durable partitioned table (time), the table's size on disk, points and latest values, beside
// DuckDB (a file) and chDB (MergeTree, when installed): interleaved rounds of one run, one line of JSON a measurement, the
// ratios at the end.
//   node compare_load.mjs --package DIST/pelorus-… --data quotes.csv [--rounds 3] [--peers node_modules] [--scratch /tmp/load]
// quotes.csv: symbol,ts,bid,ask,bidsiz,asksiz as `--make ROWS` writes it (seeded) when it is missing.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { SingleNode, disk_bytes, median, memory_of, options_of } from '../single_node.mjs';

const options = options_of({ package: '', data: 'quotes.csv', make: '20000000', rounds: '3', peers: 'node_modules', scratch: '/tmp/pelorus-load', port: '18848' });
const load = createRequire(path.resolve(options.peers, 'x.js'));
const { DuckDBInstance } = load('@duckdb/node-api');
let chdb = null;
try { chdb = load('chdb'); } catch { console.error('chdb is not installed: compared with DuckDB only'); }
const seconds = async work => { const begin = performance.now(); const result = await work(); return [(performance.now() - begin) / 1000, result]; };
const emptied = name => { const folder = path.join(options.scratch, name); fs.rmSync(folder, { recursive: true, force: true }); fs.mkdirSync(folder, { recursive: true }); return folder; };

/// The rows in arrival order: five days, times ascending, 500 symbols of unequal weight.
async function make_data() {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const rows = Number(options.make);
  await connection.run('set threads = 2');
  await connection.run(`copy (
    select 'S' || lpad((floor(pow((i * 48271 % 2147483647) / 2147483647.0, 2) * 500))::int::varchar, 4, '0') as symbol,
      strftime(timestamp '2024-01-02 09:30:00' + to_days((i // ${rows / 5})::int) + to_microseconds(((i % ${rows / 5}) * ${23.4e9 / (rows / 5)})::bigint), '%Y.%m.%dT%H:%M:%S.%n') as ts,
      (10000 + (i * 69621 % 2147483647 % 3000))::double / 100 as bid, (10001 + (i * 69621 % 2147483647 % 3000))::double / 100 as ask,
      (1 + i * 16807 % 2147483647 % 50)::int * 100 as bidsiz, (1 + i * 39373 % 2147483647 % 50)::int * 100 as asksiz
    from range(${rows}) t(i)) to '${options.data}' (header, delimiter ',')`);
}

class Ours {
  async start() {
    this.node = new SingleNode(options.package, path.join(options.scratch, 'ours'), options.port);
    await this.node.start();
  }
  make(name, engine) {
    return this.node.run(`if(existsDatabase("dfs://${name}")) dropDatabase("dfs://${name}")
db = database("dfs://${name}", VALUE, 2024.01.02..2024.01.06, , "${engine}")
schema = table(1:0, \`symbol\`ts\`bid\`ask\`bidsiz\`asksiz, [SYMBOL, NANOTIMESTAMP, DOUBLE, DOUBLE, INT, INT])
createPartitionedTable(db, schema, \`quotes, \`ts${engine === 'TSDB' ? ', , `symbol`ts' : ''});`);
  }
  load(name) {
    return this.node.ask(`loadTextEx(database("dfs://${name}"), \`quotes, \`ts, "${path.resolve(options.data)}", , table(\`symbol\`ts\`bid\`ask\`bidsiz\`asksiz as name, \`SYMBOL\`NANOTIMESTAMP\`DOUBLE\`DOUBLE\`INT\`INT as type))
exec count(*) from loadTable("dfs://${name}", \`quotes)`);
  }
  /// Milliseconds of a query in the node, the median of several.
  time(name, query) {
    return this.node.ask(`t = loadTable("dfs://${name}", \`quotes)\nr = ${query}\nresult = array(DOUBLE, 0)\nfor(i in 0:15){ b = now(true)\n r = ${query}\n result.append!((long(now(true)) - long(b)) \\ 1000000.0) }\nmed(result)`);
  }
  stop() { return this.node.stop(); }
}

async function duckdb_load(round) {
  const folder = emptied('duckdb');
  const instance = await DuckDBInstance.create(path.join(folder, 'q.db'));
  const connection = await instance.connect();
  await connection.run('set threads = 2');
  await connection.run('create table quotes(symbol varchar, ts timestamp_ns, bid double, ask double, bidsiz integer, asksiz integer)');
  const [took] = await seconds(async () => {
    await connection.run(`insert into quotes select symbol, strptime(ts, '%Y.%m.%dT%H:%M:%S.%n')::timestamp_ns, bid, ask, bidsiz, asksiz from read_csv('${options.data}', header = true,
      columns = {'symbol': 'varchar', 'ts': 'varchar', 'bid': 'double', 'ask': 'double', 'bidsiz': 'integer', 'asksiz': 'integer'})`);
    await connection.run('checkpoint');
  });
  const size = disk_bytes(folder);
  const times = {};
  if (round === 0) {
    for (const [what, query] of Object.entries({
      point_day: "select count(*), avg(bid) from quotes where symbol = 'S0250' and ts >= '2024-01-04' and ts < '2024-01-05'",
      last_one: "select last(bid order by ts) from quotes where symbol = 'S0250'",
      range_30min: "select sum(bid) from quotes where ts >= '2024-01-04 11:00:00' and ts < '2024-01-04 11:30:00'" })) {
      const all = [];
      for (let i = 0; i < 7; ++i) all.push((await seconds(() => connection.runAndReadAll(query)))[0] * 1000);
      times[what] = median(all);
    }
  }
  connection.closeSync();
  instance.closeSync();
  return { took, size, times };
}

async function chdb_load() {
  if (!chdb) return null;
  const session = new chdb.Session(emptied('chdb'));
  session.query('create database b engine = Atomic');
  session.query('create table b.quotes(symbol LowCardinality(String), ts DateTime64(9), bid Float64, ask Float64, bidsiz Int32, asksiz Int32) engine = MergeTree order by (symbol, ts)');
  const [took] = await seconds(async () => session.query(`insert into b.quotes select symbol, parseDateTime64BestEffort(replaceRegexpOne(ts, '^(....).(..).(..)T', '\\\\1-\\\\2-\\\\3 '), 9), bid, ask, bidsiz, asksiz
    from file('${path.resolve(options.data)}', 'CSVWithNames', 'symbol String, ts String, bid Float64, ask Float64, bidsiz Int32, asksiz Int32')`));
  const size = Number(session.query("select sum(bytes_on_disk) from system.parts where active and table = 'quotes'", 'TabSeparated').toString());
  session.cleanup();
  return { took, size };
}

if (!fs.existsSync(options.data)) await make_data();
const raw = fs.statSync(options.data).size;
console.log(JSON.stringify({ csv_bytes: raw }));
const ours = new Ours();
await ours.start();
const all = { olap: [], tsdb: [], duckdb: [], chdb: [] };
const sizes = {};
let duck_times = {};
for (let round = 0; round < Number(options.rounds); ++round) {
  for (const engine of ['olap', 'tsdb']) {
    await ours.make(engine, engine.toUpperCase());
    const [took, rows] = await seconds(async () => ours.load(engine));
    await ours.node.run('flushOLAPCache();');
    all[engine].push(took);
    console.log(JSON.stringify({ round, engine, seconds: took, rows }));
  }
  const duck = await duckdb_load(round);
  if (round === 0) duck_times = duck.times;
  all.duckdb.push(duck.took);
  sizes.duckdb = duck.size;
  console.log(JSON.stringify({ round, engine: 'duckdb', seconds: duck.took }));
  const clickhouse = await chdb_load();
  if (clickhouse) { all.chdb.push(clickhouse.took); sizes.chdb = clickhouse.size; console.log(JSON.stringify({ round, engine: 'chdb', seconds: clickhouse.took })); }
}
const times = {};
for (const [what, query] of Object.entries({
  point_day: 'select count(*), avg(bid) from t where symbol = `S0250, date(ts) = 2024.01.04',
  last_one: 'select last(bid) from t where symbol = `S0250',
  range_30min: 'select sum(bid) from t where ts between 2024.01.04T11:00:00.000000000 : 2024.01.04T11:29:59.999999999' })) {
  times[what] = { tsdb: await ours.time('tsdb', query), olap: await ours.time('olap', query), duckdb: duck_times[what] };
}
for (const engine of ['olap', 'tsdb'])
  sizes[engine] = await ours.node.ask(`exec sum(diskUsage) from getTabletsMeta("/${engine}/%", "quotes", true, -1)`);
const { peak } = memory_of(ours.node.pid);
await ours.stop();
const ratio = engine => Object.fromEntries(['duckdb', 'chdb'].filter(peer => all[peer].length).map(peer => [peer, +(median(all[peer]) / median(all[engine])).toFixed(2)]));
console.log(JSON.stringify({ load_s: Object.fromEntries(Object.entries(all).filter(([, v]) => v.length).map(([k, v]) => [k, +median(v).toFixed(2)])),
  ratio_olap: ratio('olap'), ratio_tsdb: ratio('tsdb'), sizes, times_ms: times, node_peak_bytes: peak }));
process.exit(0);
