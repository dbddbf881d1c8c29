// Writes the flights of the npm package vega-datasets as blocks that `pelorus demo` reads (src/cli/demo/flights.h).
// Per block, little-endian: u32 rows; rows x i64 ms since 1970, i32 delay, i32 distance; then for origin and destination
// u32 names, that many zero-ended texts, rows x i32 codes. One block for each row group of the file.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { once } from 'node:events'
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'

const NULL_INT = -2147483648
const NULL_LONG = -9223372036854775808n

async function write(bytes) {
  if (!process.stdout.write(bytes)) await once(process.stdout, 'drain')
}

const bytesOf = (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

const times = (micros) => BigInt64Array.from(micros, (value) => (value === null ? NULL_LONG : value / 1000n))
const numbers = (values) => Int32Array.from(values, (value) => (value === null ? NULL_INT : Number(value)))

// Names in the order they appear, and each row's place among them.
function coded(texts) {
  const codes = new Map()
  const rows = Int32Array.from(texts, (text) => {
    const name = text ?? ''
    if (!codes.has(name)) codes.set(name, codes.size)
    return codes.get(name)
  })
  return { names: Buffer.from([...codes.keys()].map((name) => name + '\0').join('')), count: codes.size, rows }
}

async function writeCoded(texts) {
  const { names, count, rows } = coded(texts)
  await write(bytesOf(Uint32Array.of(count)))
  await write(names)
  await write(bytesOf(rows))
}

const here = dirname(fileURLToPath(import.meta.url))
const file = await asyncBufferFromFile(join(here, 'node_modules/vega-datasets/data/flights-3m.parquet'))
const metadata = await parquetMetadataAsync(file)
const parsers = { timestampFromMicroseconds: (value) => value }
let rowStart = 0
for (const group of metadata.row_groups) {
  const rowEnd = rowStart + Number(group.num_rows)
  const columns = { date: [], delay: [], distance: [], origin: [], destination: [] }
  const keep = ({ columnName, columnData }) => columns[columnName].push(columnData)
  await parquetRead({ file, metadata, compressors, parsers, rowStart, rowEnd, onChunk: keep })
  const rows = {}
  for (const [name, parts] of Object.entries(columns)) rows[name] = parts.flatMap((part) => Array.from(part))
  await write(bytesOf(Uint32Array.of(rows.date.length)))
  await write(bytesOf(times(rows.date)))
  await write(bytesOf(numbers(rows.delay)))
  await write(bytesOf(numbers(rows.distance)))
  await writeCoded(rows.origin)
  await writeCoded(rows.destination)
  rowStart = rowEnd
}
