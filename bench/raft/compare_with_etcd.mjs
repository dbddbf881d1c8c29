// The replicated log beside etcd on this machine, in interleaved rounds, with the ratios at the end.
//   node compare_with_etcd.mjs --bench build/bench/raft_bench [--etcd /path/to/etcd] [--rounds 3] [--seconds 3] [--clients 1,64] [--failovers 0]
// Without --etcd the Debian package etcd-server is downloaded and unpacked into a temporary directory, not installed.
// Both sides: three processes on loopback, every commit synced, 200-byte values, one request outstanding a client.
// etcd's clients speak gRPC from this program, ours a few bytes over TCP from C++: part of the gap is the client, so
// the CPU seconds of this program are printed for judging it.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import http2 from 'node:http2';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const options = { bench: '', etcd: '', rounds: '3', seconds: '3', clients: '1,64', failovers: '0', value: '200' };
for (let i = 2; i + 1 < process.argv.length; i += 2) options[process.argv[i].replace(/^--/, '')] = process.argv[i + 1];
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'raft_compare_'));
const clientCounts = options.clients.split(',').map(Number);
const sleep = milliseconds => new Promise(done => setTimeout(done, milliseconds));
const median = values => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];

function unpackEtcd() {
  execFileSync('apt-get', ['download', 'etcd-server'], { cwd: scratch, stdio: 'ignore' });
  const file = fs.readdirSync(scratch).find(name => name.endsWith('.deb'));
  execFileSync('dpkg', ['-x', file, 'etcd'], { cwd: scratch });
  return path.join(scratch, 'etcd/usr/bin/etcd');
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise(done => server.once('listening', done));
  const { port } = server.address();
  await new Promise(done => server.close(done));
  return port;
}

// The little of protobuf and gRPC that Put needs: two length-delimited fields inside one frame.
function lengthDelimited(field, bytes) {
  const head = [(field << 3) | 2];
  let rest = bytes.length;
  for (; rest > 127; rest >>= 7) head.push((rest & 127) | 128);
  head.push(rest);
  return Buffer.concat([Buffer.from(head), bytes]);
}

function putFrame(key, value) {
  const body = Buffer.concat([lengthDelimited(1, Buffer.from(key)), lengthDelimited(2, value)]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

function put(session, key, value, patience = 5000) {
  return new Promise(done => {
    const stream = session.request({ ':method': 'POST', ':path': '/etcdserverpb.KV/Put', 'content-type': 'application/grpc', te: 'trailers' });
    let status;
    const finish = ok => { clearTimeout(timer); stream.close(); done(ok); };
    const timer = setTimeout(() => finish(false), patience);
    stream.on('response', headers => { status = headers['grpc-status'] ?? status; });
    stream.on('trailers', headers => { status = headers['grpc-status'] ?? status; });
    stream.on('error', () => finish(false));
    stream.on('data', () => {});
    stream.on('end', () => finish(String(status) === '0'));
    stream.end(putFrame(key, value));
  });
}

class Etcd {
  async start(binary) {
    this.binary = binary;
    this.directory = fs.mkdtempSync(path.join(scratch, 'etcd_data_'));
    this.members = [];
    for (let i = 0; i < 3; i++) this.members.push({ name: `m${i}`, client: await freePort(), peer: await freePort() });
    this.members.forEach(member => this.launch(member));
    while (!(await this.answers(this.members[0], 500))) await sleep(20);
  }
  launch(member) {
    const url = port => `http://127.0.0.1:${port}`;
    member.process = spawn(this.binary, ['--name', member.name, '--data-dir', path.join(this.directory, member.name), '--log-level', 'error',
      '--listen-client-urls', url(member.client), '--advertise-client-urls', url(member.client),
      '--listen-peer-urls', url(member.peer), '--initial-advertise-peer-urls', url(member.peer),
      '--initial-cluster', this.members.map(each => `${each.name}=${url(each.peer)}`).join(','),
      '--heartbeat-interval', '50', '--election-timeout', '300'], { stdio: 'ignore' });
  }
  open(member) {
    const session = http2.connect(`http://127.0.0.1:${member.client}`);
    session.on('error', () => {});
    return session;
  }
  async answers(member, patience) {
    const session = this.open(member);
    const ok = await put(session, 'probe', Buffer.from('x'), patience);
    session.destroy();
    return ok;
  }
  /// The fastest member is the leader: the others forward.
  async leader() {
    const times = [];
    for (const member of this.members) {
      const session = this.open(member);
      await put(session, 'probe', Buffer.from('x'));
      const begin = performance.now();
      for (let i = 0; i < 10; i++) await put(session, 'probe', Buffer.from('x'));
      times.push({ member, took: performance.now() - begin });
      session.destroy();
    }
    return times.sort((a, b) => a.took - b.took)[0].member;
  }
  async load(clients) {
    const leader = await this.leader();
    const sessions = Array.from({ length: Math.min(clients, 16) }, () => this.open(leader));
    const value = Buffer.alloc(Number(options.value), 'v');
    const waits = [];
    const begin = performance.now();
    const end = begin + Number(options.seconds) * 1000;
    await Promise.all(Array.from({ length: clients }, async (_, client) => {
      for (let i = 0; performance.now() < end; i++) {
        const sent = performance.now();
        if (await put(sessions[client % sessions.length], `k${client}_${i % 1000}`, value)) waits.push(performance.now() - sent);
      }
    }));
    const seconds = (performance.now() - begin) / 1000;
    sessions.forEach(session => session.destroy());
    waits.sort((a, b) => a - b);
    const at = part => +(waits[Math.floor(part * (waits.length - 1))] ?? 0).toFixed(3);
    return { what: 'put', clients, ops_s: Math.round(waits.length / seconds), p50_ms: at(0.5), p99_ms: at(0.99) };
  }
  stop() {
    this.members.forEach(member => member.process.kill('SIGKILL'));
    fs.rmSync(this.directory, { recursive: true, force: true });
  }
}

function ours(failovers) {
  const text = execFileSync(path.resolve(options.bench), ['--directory', path.join(scratch, 'ours'), '--clients', options.clients, '--seconds', options.seconds,
    '--value', options.value, '--failovers', String(failovers)], { encoding: 'utf8' });
  return text.trim().split('\n').map(line => JSON.parse(line));
}

const etcdBinary = options.etcd || unpackEtcd();
const seen = { ours: [], etcd: [] };
const note = (system, row) => { seen[system].push(row); console.log(JSON.stringify({ system, ...row })); };
for (let round = 0; round < Number(options.rounds); round++) {
  for (const row of ours(0)) note('ours', row);
  const etcd = new Etcd();
  await etcd.start(etcdBinary);
  const cpu = process.cpuUsage();
  for (const clients of clientCounts) note('etcd', await etcd.load(clients));
  const used = process.cpuUsage(cpu);
  note('etcd', { what: 'client_cpu_s', seconds: +((used.user + used.system) / 1e6).toFixed(2) });
  etcd.stop();
}
for (const clients of clientCounts) {
  const pick = (system, field) => median(seen[system].filter(row => row.what === 'put' && row.clients === clients).map(row => row[field]));
  console.log(JSON.stringify({
    what: 'ratio', clients, ours_ops_s: pick('ours', 'ops_s'), etcd_ops_s: pick('etcd', 'ops_s'),
    ops: +(pick('ours', 'ops_s') / pick('etcd', 'ops_s')).toFixed(2), p99: +(pick('etcd', 'p99_ms') / pick('ours', 'p99_ms')).toFixed(2),
  }));
}
if (Number(options.failovers) > 0) {
  for (const row of ours(Number(options.failovers))) if (row.what === 'failover') note('ours', row);
}
fs.rmSync(scratch, { recursive: true, force: true });
