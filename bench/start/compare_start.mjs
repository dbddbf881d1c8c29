// From the start of a process to its first answer: a single node that is new, one with a table of 10,000 partitions, and, when
// given, the ClickHouse server of Debian's packages; interleaved rounds of one run, medians and ratios at the end.
//   node compare_start.mjs --package DIST/pelorus-… [--clickhouse ROOT] [--rounds 7] [--partitions 10000] [--scratch /tmp/pelorus-start] [--port 18852]
// ROOT: where clickhouse-server and the libraries it needs were unpacked (dpkg -x): usr/sbin/clickhouse-server, usr/lib, lib.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { SingleNode, cpu_of, median, memory_of, options_of, sleep, two_digits } from '../single_node.mjs';

const options = options_of({ package: '', clickhouse: '', rounds: '7', partitions: '10000', scratch: '/tmp/pelorus-start', port: '18852' });
const port = Number(options.port);

/// A server with empty folders in `home`; starts like SingleNode.
class ClickHouse {
  constructor(root, home, port) {
    Object.assign(this, { root: path.resolve(root), home, port });
    fs.rmSync(home, { recursive: true, force: true });
    for (const name of ['data', 'tmp', 'log']) fs.mkdirSync(path.join(home, name), { recursive: true });
    fs.writeFileSync(path.join(home, 'users.xml'), `<yandex><profiles><default/></profiles><quotas><default/></quotas><users><default><password></password>
      <networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></default></users></yandex>`);
    fs.writeFileSync(path.join(home, 'config.xml'), `<yandex><logger><level>error</level><log>${home}/log/a</log><errorlog>${home}/log/b</errorlog></logger>
      <http_port>${port}</http_port><tcp_port>${port + 1}</tcp_port><interserver_http_port>${port + 2}</interserver_http_port><listen_host>127.0.0.1</listen_host>
      <path>${home}/data/</path><tmp_path>${home}/tmp/</tmp_path><users_config>${home}/users.xml</users_config><mark_cache_size>536870912</mark_cache_size></yandex>`);
  }
  ask(query) {
    return new Promise((done, failed) => http.get({ port: this.port, path: `/?query=${encodeURIComponent(query)}` }, answer => {
      answer.resume().on('end', () => (answer.statusCode === 200 ? done() : failed(new Error(`status ${answer.statusCode}`))));
    }).on('error', failed));
  }
  async start() {
    const begin = performance.now(), at = name => path.join(this.root, name);
    this.process = spawn(at('usr/sbin/clickhouse-server'), [`--config-file=${this.home}/config.xml`],
      { stdio: 'ignore', cwd: this.home, env: { ...process.env, LD_LIBRARY_PATH: `${at('usr/lib/x86_64-linux-gnu')}:${at('lib/x86_64-linux-gnu')}` } });
    this.pid = this.process.pid;
    this.gone = new Promise(done => this.process.once('exit', done));
    for (;;) {
      try { await this.ask('select 1 + 1'); return performance.now() - begin; } catch (error) { if (performance.now() - begin > 30000) throw error; await sleep(1); }
    }
  }
  async stop() { this.process.kill('SIGKILL'); await this.gone; }
}

const empty = new SingleNode(options.package, path.join(options.scratch, 'empty'), port);
const full = new SingleNode(options.package, path.join(options.scratch, 'full'), port + 1);
await full.start();
await full.run(`n = ${options.partitions}
t = createPartitionedTable(database("dfs://start", VALUE, 1..n), table(1:0, \`id\`v, [INT, DOUBLE]), \`t, \`id)
t.append!(table(1..n as id, rand(1.0, n) as v));`);
await full.run('flushOLAPCache();');
await full.stop();
const systems = { empty, full, ...(options.clickhouse ? { clickhouse: new ClickHouse(options.clickhouse, path.join(options.scratch, 'clickhouse'), port + 10) } : {}) };
const seen = Object.fromEntries(Object.keys(systems).map(name => [name, []])), first_query = [];
for (let round = 0; round <= Number(options.rounds); ++round) {
  for (const [name, system] of Object.entries(systems)) {
    const ms = await system.start(), line = { round, name, ms: two_digits(ms), cpu_ms: cpu_of(system.pid), mb: two_digits(memory_of(system.pid).now / 1048576) };
    if (name === 'full') {
      const begin = performance.now(), rows = await full.ask('exec count(*) from loadTable("dfs://start", "t")');
      if (rows !== Number(options.partitions)) throw new Error(`${rows} rows after the start`);
      line.first_count_ms = two_digits(performance.now() - begin);
    }
    if (round > 0) { // the first makes the node's folders
      seen[name].push(ms);
      if (line.first_count_ms) first_query.push(line.first_count_ms);
      console.log(JSON.stringify(line));
    }
    await system.stop();
  }
}
const ms = Object.fromEntries(Object.entries(seen).map(([name, values]) => [name, two_digits(median(values))]));
console.log(JSON.stringify({ what: 'start', ms, partitions: Number(options.partitions), partitions_add_ms: two_digits(ms.full - ms.empty), first_count_ms: median(first_query),
  ...(ms.clickhouse ? { ratio: two_digits(ms.clickhouse / ms.empty) } : {}), goals: { process_ms: 200, partitions_add_ms: 500 } }));
fs.rmSync(options.scratch, { recursive: true, force: true });
process.exit(0);
