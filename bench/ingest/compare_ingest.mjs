// Durable blocks of quotes over TCP into a node of ours, beside a ClickHouse server (RowBinary over HTTP, MergeTree), interleaved in
// one run; medians and ratios at the end, one line of JSON a measurement. Both servers run already; the blocks come from the same binary columns.
//   node compare_ingest.mjs --client BUILD/bench/wire_ingest --port 8848 --clickhouse http://127.0.0.1:8123 --data DIR
//        [--rows 4000000] [--batches 1000,10000,100000] [--writers 1,4] [--rounds 3] [--limit BUILD/bench/ingest_limit --directory DIR]
// With --limit each round also measures what the machine allows (ingest_limit, synced, its logs in --directory, on the disk that our
// node writes to), and our share of it is told.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { median, options_of } from '../single_node.mjs';

const options = options_of({ client: 'wire_ingest', port: '8848', clickhouse: 'http://127.0.0.1:8123', data: '.', rows: '4000000', batches: '1000,10000,100000', writers: '1,4', rounds: '3', limit: '', directory: '/tmp' });
const columns = { symbol: 'i32', ts: 'i64', bid: 'f64', ofr: 'f64', bidsiz: 'i32', ofrsiz: 'i32', mode: 'i8', ex: 'i8' };
const types = { i32: 'Int32', i64: 'Int64', f64: 'Float64', i8: 'UInt8' };
const width = type => Number(type.slice(1)) / 8;
const agent = new http.Agent({ keepAlive: true });

const ask = (query, body) => new Promise((done, failed) => {
  const request = http.request(`${options.clickhouse}/?query=${encodeURIComponent(query)}`, { method: 'POST', agent, headers: { 'content-length': body?.length ?? 0 } }, answer => {
    const parts = [];
    answer.on('data', part => parts.push(part));
    answer.on('end', () => (answer.statusCode === 200 ? done(Buffer.concat(parts).toString()) : failed(new Error(Buffer.concat(parts).toString().slice(0, 300)))));
  });
  // The server closes what was idle for some seconds; a request that meets this was not read.
  request.on('error', error => (request.reusedSocket && error.code === 'ECONNRESET' ? ask(query, body).then(done, failed) : failed(error)));
  request.end(body);
});

/// The columns as rows of RowBinary, `batch` rows a block.
function blocks_of(rows, batch) {
  const files = Object.entries(columns).map(([name, type]) => {
    const bytes = Buffer.alloc(rows * width(type));
    const file = fs.openSync(path.join(options.data, `quotes.${name}.${type}`), 'r');
    if (fs.readSync(file, bytes) !== bytes.length) throw new Error(`${options.data} has fewer than ${rows} rows`);
    fs.closeSync(file);
    return [bytes, width(type)];
  });
  const row_bytes = files.reduce((sum, [, bytes]) => sum + bytes, 0);
  const blocks = [];
  for (let first = 0; first < rows; first += batch) {
    const count = Math.min(batch, rows - first), block = Buffer.allocUnsafe(count * row_bytes);
    let at = 0;
    for (let row = first; row < first + count; ++row) {
      for (const [bytes, one] of files) at += bytes.copy(block, at, row * one, (row + 1) * one);
    }
    blocks.push(block);
  }
  return blocks;
}

async function clickhouse(rows, blocks, writers) {
  await ask('drop table if exists compare_ingest');
  const definition = Object.entries(columns).map(([name, type]) => `${name} ${types[type]}`).join(', ');
  await ask(`create table compare_ingest(${definition}) engine = MergeTree partition by intDiv(ts, 86400000000000) order by (symbol, ts)`);
  let next = 0;
  const begin = performance.now();
  await Promise.all(Array.from({ length: writers }, async () => {
    while (next < blocks.length) await ask('insert into compare_ingest format RowBinary', blocks[next++]);
  }));
  const rows_s = rows / (performance.now() - begin) * 1000;
  if (Number(await ask('select count() from compare_ingest')) !== rows) throw new Error('ClickHouse lacks rows');
  await ask('drop table compare_ingest');
  return rows_s;
}

function ours(rows, batch, writers, engine) {
  const done = spawnSync(options.client, ['--port', options.port, '--data', options.data, '--rows', rows, '--batch', batch, '--writers', writers, '--engine', engine].map(String), { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(done.stderr);
  return JSON.parse(done.stdout).rows_s;
}

function limit(rows, batch, writers) {
  const done = spawnSync(options.limit, ['--directory', options.directory, '--rows', rows, '--batch', batch, '--writers', writers].map(String), { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(done.stderr);
  return JSON.parse(done.stdout).rows_s;
}

for (const batch of options.batches.split(',').map(Number)) {
  const rows = Math.min(Number(options.rows), batch * 400), blocks = blocks_of(rows, batch);
  for (const writers of options.writers.split(',').map(Number)) {
    const all = { OLAP: [], TSDB: [], clickhouse: [], ...(options.limit ? { limit: [] } : {}) };
    for (let round = 0; round < Number(options.rounds); ++round) {
      for (const engine of ['OLAP', 'TSDB']) all[engine].push(ours(rows, batch, writers, engine));
      all.clickhouse.push(await clickhouse(rows, blocks, writers));
      if (options.limit) all.limit.push(limit(rows, batch, writers));
    }
    const rates = Object.fromEntries(Object.entries(all).map(([name, values]) => [name, Math.round(median(values))]));
    console.log(JSON.stringify({ batch, writers, rows, rows_s: rates, olap_ratio: +(rates.OLAP / rates.clickhouse).toFixed(2), tsdb_ratio: +(rates.TSDB / rates.clickhouse).toFixed(2),
      ...(options.limit ? { olap_share_of_limit: +(rates.OLAP / rates.limit).toFixed(3), tsdb_share_of_limit: +(rates.TSDB / rates.limit).toFixed(3) } : {}) }));
  }
}
process.exit(0);
