// Changes of metadata, every one durable when it is answered: tables created one after another, and 1,000 partitions that one append brings
// into being, beside chDB (MergeTree, which does not sync them) and a DuckDB file (tables only), when installed; interleaved
// rounds of one run, medians and ratios at the end. Commits of the controllers' log: bench/raft/compare_with_etcd.mjs.
//   node compare_metadata.mjs --package DIST/pelorus-… [--peers node_modules] [--rounds 5] [--tables 100] [--partitions 1000]
//        [--scratch /tmp/pelorus-metadata] [--port 18856]
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { SingleNode, median, options_of, two_digits } from '../single_node.mjs';

const options = options_of({ package: '', peers: 'node_modules', rounds: '5', tables: '100', partitions: '1000', scratch: '/tmp/pelorus-metadata', port: '18856' });
const load = createRequire(path.resolve(options.peers, 'x.js'));
const tables = Number(options.tables), partitions = Number(options.partitions);
const timed = async work => { const begin = performance.now(); await work(); return performance.now() - begin; };
const empty_folder = name => { const folder = path.join(options.scratch, name); fs.rmSync(folder, { recursive: true, force: true }); fs.mkdirSync(folder, { recursive: true }); return folder; };

/// Each: tables_ms of one round, partitions_ms of one round; what a round made is dropped untimed.
class Ours {
  async open() {
    this.node = new SingleNode(options.package, path.join(options.scratch, 'ours'), options.port);
    await this.node.start();
    await this.node.run('db = database("dfs://tables", VALUE, 1..10)\nempty = table(1:0, `id`v, [INT, DOUBLE]);');
  }
  async tables(round) {
    const took = await timed(async () => { for (let i = 0; i < tables; ++i) await this.node.run(`createPartitionedTable(db, empty, "t${round}_${i}", \`id);`); });
    await this.node.run(`for(i in 0..${tables - 1}) dropTable(db, "t${round}_" + string(i));`);
    return took;
  }
  async partitions() {
    await this.node.run(`p = createPartitionedTable(database("dfs://parts", VALUE, 1..${partitions}), empty, \`p, \`id)\nrows = table(1..${partitions} as id, rand(1.0, ${partitions}) as v);`);
    const took = await timed(() => this.node.run('p.append!(rows);'));
    if (await this.node.ask('exec count(*) from p') !== partitions) throw new Error('rows are missing');
    const cold = await timed(() => this.node.run('flushOLAPCache();'));
    await this.node.run('dropDatabase("dfs://parts");');
    return { took, flushed: took + cold };
  }
  close() { return this.node.stop(); }
}

class ChDB {
  async open() {
    this.session = new (load('chdb').Session)(empty_folder('chdb'));
    this.session.query('create database b engine = Atomic');
  }
  async tables(round) {
    const took = await timed(() => { for (let i = 0; i < tables; ++i) this.session.query(`create table b.t${round}_${i}(id Int32, v Float64) engine = MergeTree partition by id order by id`); });
    for (let i = 0; i < tables; ++i) this.session.query(`drop table b.t${round}_${i} sync`);
    return took;
  }
  async partitions() {
    this.session.query('create table b.p(id Int32, v Float64) engine = MergeTree partition by id order by id');
    const took = await timed(() => this.session.query(`insert into b.p select number + 1, rand() / 4294967296 from numbers(${partitions}) settings max_partitions_per_insert_block = 0, max_threads = 2`));
    if (Number(String(this.session.query('select count() from b.p', 'TabSeparated'))) !== partitions) throw new Error('chDB lacks rows');
    this.session.query('drop table b.p sync');
    return { took };
  }
  close() {}
}

class DuckDB {
  async open() { this.connection = await (await load('@duckdb/node-api').DuckDBInstance.create(path.join(empty_folder('duckdb'), 'q.db'), { threads: '2' })).connect(); }
  async tables(round) {
    const took = await timed(async () => { for (let i = 0; i < tables; ++i) await this.connection.run(`create table t${round}_${i}(id integer, v double)`); });
    for (let i = 0; i < tables; ++i) await this.connection.run(`drop table t${round}_${i}`);
    return took;
  }
  close() {}
}

const systems = { ours: new Ours() };
for (const [name, module, Peer] of [['chdb', 'chdb', ChDB], ['duckdb', '@duckdb/node-api', DuckDB]]) {
  try { load.resolve(module); systems[name] = new Peer(); } catch { console.error(`${module} is not installed: not compared`); }
}
for (const system of Object.values(systems)) await system.open();
const seen = {};
const note = (name, what, ms) => { ((seen[what] ??= {})[name] ??= []).push(ms); };
for (let round = 0; round < Number(options.rounds); ++round) {
  for (const [name, system] of Object.entries(systems)) {
    const line = { round, name };
    line.tables_ms = await system.tables(round);
    note(name, 'tables', line.tables_ms);
    if (system.partitions) {
      const made = await system.partitions();
      Object.assign(line, { partitions_ms: made.took, flushed_ms: made.flushed });
      note(name, 'partitions', made.took);
    }
    console.log(JSON.stringify(line, (_, value) => (typeof value === 'number' ? two_digits(value) : value)));
  }
}
for (const system of Object.values(systems)) await system.close();
for (const [what, times] of Object.entries(seen)) {
  const ms = Object.fromEntries(Object.entries(times).map(([name, values]) => [name, two_digits(median(values))]));
  console.log(JSON.stringify({ what, count: what === 'tables' ? tables : partitions, ms,
    ratios: Object.fromEntries(Object.entries(ms).filter(([name]) => name !== 'ours').map(([name, value]) => [name, two_digits(value / ms.ours)])), ...(what === 'partitions' ? { goals: { chdb: 10 } } : { goals: { duckdb: 3 } }) }));
}
fs.rmSync(options.scratch, { recursive: true, force: true });
process.exit(0);
