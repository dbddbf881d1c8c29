// Bytes on disk of a table of quotes in both engines, beside ClickHouse's default (chDB, MergeTree) and a DuckDB file; raw bytes
// are 38 a row. One line of JSON a store, the ratios at the end: sizes do not depend on what else the machine does.
//   node compare_size.mjs --package DIST/pelorus-… --data DIR [--peers node_modules] [--scratch /tmp/pelorus-size] [--port 18850]
// DIR/quotes.csv: symbol,ts,bid,ofr,bidsiz,ofrsiz,mode,ex with a head, in order of time. DuckDB keeps it in this order and, in a
// second table, by symbol and time; MergeTree and TSDB sort by symbol and time, OLAP keeps the order of arrival.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { SingleNode, disk_bytes, options_of, two_digits } from '../single_node.mjs';

const options = options_of({ package: '', data: '.', peers: 'node_modules', scratch: '/tmp/pelorus-size', port: '18850' });
const load = createRequire(path.resolve(options.peers, 'x.js'));
const csv = path.resolve(options.data, 'quotes.csv');
const kRowBytes = 4 + 8 + 8 + 8 + 4 + 4 + 1 + 1;
const say = (store, facts) => console.log(JSON.stringify({ store, ...facts }));

/// { OLAP, TSDB }: the bytes of each engine's partitions once everything is in sorted and merged files.
async function ours() {
  const node = new SingleNode(options.package, path.join(options.scratch, 'ours'), options.port);
  await node.start();
  const sizes = {};
  for (const engine of ['OLAP', 'TSDB']) {
    const name = `dfs://size_${engine.toLowerCase()}`;
    await node.run(`db = database("${name}", COMPO, [database("", VALUE, 2024.01.02..2024.01.08), database("", HASH, [SYMBOL, 4])], , "${engine}")
q = table(1:0, \`symbol\`ts\`bid\`ofr\`bidsiz\`ofrsiz\`mode\`ex, [SYMBOL,NANOTIMESTAMP,DOUBLE,DOUBLE,INT,INT,CHAR,CHAR])
createPartitionedTable(db, q, \`quotes, \`ts\`symbol${engine === 'TSDB' ? ', , `symbol`ts' : ''});`);
    const rows = await node.ask(`loadTextEx(database("${name}"), \`quotes, \`ts\`symbol, "${csv}", , table(q.schema().colDefs.name as name, q.schema().colDefs.typeString as type))
flushOLAPCache()
exec count(*) from loadTable("${name}", \`quotes)`);
    const chunks = `(exec chunkId from getChunksMeta("/size_${engine.toLowerCase()}/%", -1))`;
    if (engine === 'TSDB') await node.run(`for(chunk in ${chunks}) { triggerTSDBCompaction(chunk) };`);
    const size = () => node.ask(`exec sum(diskUsage) from getTabletsMeta("/size_${engine.toLowerCase()}/%", "quotes", true, -1)`);
    sizes[engine] = await size();
    for (let quiet = 0; quiet < 3;) { // merging goes on behind the call
      await node.run('sleep(1000)');
      const now = await size();
      quiet = now === sizes[engine] ? quiet + 1 : 0;
      sizes[engine] = now;
    }
    sizes.rows = rows;
    say(`ours, ${engine}`, { rows, bytes: sizes[engine], raw_over_size: two_digits(rows * kRowBytes / sizes[engine]) });
  }
  await node.stop();
  return sizes;
}

async function duckdb() {
  const { DuckDBInstance } = load('@duckdb/node-api');
  const columns = "{'symbol': 'varchar', 'ts': 'timestamp_ns', 'bid': 'double', 'ofr': 'double', 'bidsiz': 'integer', 'ofrsiz': 'integer', 'mode': 'varchar', 'ex': 'varchar'}";
  const sizes = {};
  for (const [order, clause] of [['arrival', ''], ['sorted', 'order by symbol, ts']]) {
    const folder = path.join(options.scratch, `duckdb-${order}`);
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
    const instance = await DuckDBInstance.create(path.join(folder, 'q.db'), { threads: '2' });
    const connection = await instance.connect();
    await connection.run(`create table quotes as select * from read_csv('${csv}', header = true, columns = ${columns}) ${clause}`);
    await connection.run('checkpoint');
    const [{ used_blocks, block_size }] = (await connection.runAndReadAll('pragma database_size')).getRowObjects();
    connection.closeSync();
    instance.closeSync();
    sizes[order] = Number(used_blocks) * Number(block_size); // the file may hold free blocks besides
    say(`DuckDB, ${order}`, { bytes: sizes[order], file_bytes: disk_bytes(folder) });
  }
  return sizes;
}

function chdb() {
  const { Session } = load('chdb');
  const folder = path.join(options.scratch, 'chdb');
  fs.rmSync(folder, { recursive: true, force: true });
  const session = new Session(folder);
  session.query('create database b engine = Atomic');
  session.query(`create table b.quotes(symbol LowCardinality(String), ts DateTime64(9, 'UTC'), bid Float64, ofr Float64, bidsiz Int32, ofrsiz Int32, mode LowCardinality(String), ex LowCardinality(String))
    engine = MergeTree partition by toDate(ts) order by (symbol, ts)`);
  session.query(`insert into b.quotes select * from file('${csv}', 'CSVWithNames', 'symbol String, ts DateTime64(9, \\'UTC\\'), bid Float64, ofr Float64, bidsiz Int32, ofrsiz Int32, mode String, ex String')
    settings max_threads = 2, date_time_input_format = 'best_effort'`);
  session.query('optimize table b.quotes final');
  const bytes = Number(String(session.query("select sum(bytes_on_disk) from system.parts where active and table = 'quotes'", 'TabSeparated')));
  say('chDB, MergeTree', { bytes });
  return bytes;
}

const mine = await ours(), duck = await duckdb(), clickhouse = chdb();
const ratio = (a, b) => two_digits(a / b);
console.log(JSON.stringify({ what: 'size', rows: mine.rows, raw_bytes: mine.rows * kRowBytes,
  olap: { of_clickhouse: ratio(mine.OLAP, clickhouse), of_duckdb_arrival: ratio(mine.OLAP, duck.arrival) },
  tsdb: { of_clickhouse: ratio(mine.TSDB, clickhouse), of_duckdb_sorted: ratio(mine.TSDB, duck.sorted) },
  best_of_duckdb: ratio(Math.min(mine.OLAP, mine.TSDB), Math.min(duck.arrival, duck.sorted)), goals: { of_clickhouse: 0.75, of_duckdb: 1.1 } }));
fs.rmSync(options.scratch, { recursive: true, force: true });
process.exit(0);
