// What the comparisons share: a single node of a package in a folder of its own, a session on it over the native protocol, and
// what the system says of a process.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(1)); // nodes end on 'exit', below
export const sleep = milliseconds => new Promise(done => setTimeout(done, milliseconds));
export const median = values => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
export const two_digits = value => +value.toFixed(value < 0.1 ? 4 : 2);

/// The options of a command line over their defaults: --name value.
export function options_of(defaults) {
  const options = { ...defaults };
  for (let i = 2; i + 1 < process.argv.length; i += 2) options[process.argv[i].replace(/^--/, '')] = process.argv[i + 1];
  return options;
}

/// Allocated bytes of everything below a folder.
export const disk_bytes = folder => Number(spawnSync('du', ['-sB1', folder]).stdout.toString().split('\t')[0]);

/// Bytes of memory: resident now, and the most so far (since forget_peak).
export function memory_of(pid) {
  const text = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = name => Number(text.match(new RegExp(`${name}:\\s+(\\d+)`))[1]) * 1024;
  return { now: bytes('VmRSS'), peak: bytes('VmHWM') };
}
export const forget_peak = pid => fs.writeFileSync(`/proc/${pid}/clear_refs`, '5');

/// Processor milliseconds a process has used.
export function cpu_of(pid) {
  const field = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return (Number(field[11]) + Number(field[12])) * 10;
}

/// The value of a scalar as the wire has it; other forms are refused.
function scalar_of(bytes) {
  const [type, form] = bytes;
  if (form !== 0) throw new Error(`the answer is no scalar: type ${type}, form ${form}`);
  switch (type) {
    case 0: return null;
    case 1: return bytes.readInt8(2) === 1;
    case 4: return bytes.readInt32LE(2);
    case 5: return Number(bytes.readBigInt64LE(2));
    case 16: return bytes.readDoubleLE(2);
    case 18: return bytes.toString('utf8', 2, bytes.indexOf(0, 2));
    default: throw new Error(`a scalar of type ${type} is not read here`);
  }
}

/// One connection; a request at a time.
export class Session {
  static async open(port, host = '127.0.0.1') {
    const session = new Session();
    session.socket = net.connect(port, host);
    session.socket.setNoDelay(true);
    await new Promise((done, failed) => session.socket.once('connect', done).once('error', failed));
    session.socket.on('error', () => {});
    await session.send('connect\nlogin\nadmin\n123456');
    return session;
  }
  /// The scalar a script ends with, or null.
  ask(script) { return this.send(`script\n${script}`); }
  send(body) {
    return new Promise((done, failed) => {
      let seen = Buffer.alloc(0);
      const end = result => {
        this.socket.off('data', more).off('close', gone);
        result instanceof Error ? failed(result) : done(result);
      };
      const gone = () => end(new Error('the node has closed the connection'));
      const more = part => {
        seen = Buffer.concat([seen, part]);
        const first = seen.indexOf(10), second = first < 0 ? -1 : seen.indexOf(10, first + 1);
        if (second < 0) return;
        const said = seen.toString('utf8', first + 1, second);
        if (said !== 'OK') return end(new Error(said));
        if (seen.toString('utf8', 0, first).split(' ')[1] === '0') return end(null);
        if (seen.length < second + 3) return;
        const value = seen.subarray(second + 1);
        try { end(scalar_of(value)); } catch (error) { if (!(error instanceof RangeError)) end(error); } // RangeError: more bytes come
      };
      this.socket.on('data', more).once('close', gone);
      this.socket.write(`API 0 ${Buffer.byteLength(body)}\n${body}`);
    });
  }
  close() { this.socket.destroy(); }
}

export class SingleNode {
  /// `package_folder` holds server/; `home` is made anew.
  constructor(package_folder, home, port, settings = {}) {
    Object.assign(this, { home, port: Number(port), settings });
    this.server = path.join(home, 'server');
    fs.rmSync(home, { recursive: true, force: true });
    fs.mkdirSync(home, { recursive: true });
    fs.cpSync(path.join(package_folder, 'server'), this.server, { recursive: true });
  }
  /// Milliseconds from the start of the process to its first answer.
  async start() {
    if (await this.answers()) throw new Error(`port ${this.port} is in use: another node would be measured`);
    const begin = performance.now();
    const more = Object.entries(this.settings).flatMap(([name, value]) => [`-${name}`, String(value)]);
    this.process = spawn(path.join(this.server, 'pelorusd'), ['-mode', 'single', '-home', this.server, '-localSite', `127.0.0.1:${this.port}:local`, '-console', '0',
      '-initialAdminPassword', '123456', ...more], { stdio: 'ignore', cwd: this.server });
    let failed = false;
    this.process.once('exit', status => { failed = status !== 0; });
    for (;;) {
      try {
        this.session = await Session.open(this.port);
        await this.session.ask('1 + 1');
        const took = performance.now() - begin;
        // What was started has gone: the node goes on in the background under a process of its own.
        const found = spawnSync('pgrep', ['-f', `localSite 127.0.0.1:${this.port}:`]).stdout.toString();
        this.pid = Number(found.split('\n')[0]);
        process.removeListener('exit', this.end ?? (() => {}));
        process.once('exit', this.end = () => { try { process.kill(this.pid, 'SIGKILL'); } catch { /* it has ended */ } });
        return took;
      } catch (error) {
        if (failed) throw new Error(`the node has ended: see its log in ${this.server}`);
        if (performance.now() - begin > 60000) throw new Error(`the node does not answer: ${error.message}`);
        await sleep(1);
      }
    }
  }
  answers() {
    return new Promise(done => {
      const socket = net.connect(this.port, '127.0.0.1').once('connect', () => { socket.destroy(); done(true); }).once('error', () => done(false));
    });
  }
  ask(script) { return this.session.ask(script); }
  /// For what a script does, whatever its last statement gives.
  async run(script) { await this.session.ask(`${script}\n0`); }
  async stop(signal = 'SIGTERM') {
    this.session.close();
    process.removeListener('exit', this.end);
    process.kill(this.pid, signal);
    while (fs.existsSync(`/proc/${this.pid}`)) await sleep(10);
  }
}
