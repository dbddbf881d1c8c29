// The official JavaScript client (WebSocket) against a node without storage.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { createInterface } from 'node:readline'

import {
  DDB, DdbDatabaseError, DdbForm, DdbInt, DdbLong, DdbString, DdbType, DdbVectorDouble, DdbVectorInt, DdbVectorString, DdbVectorSymbol,
  DdbTable, DdbDict, DdbBlob,
} from 'dolphindb'

const build = process.env.PELORUS_BUILD || new URL('../../../build', import.meta.url).pathname
let node
let url

before(async () => {
  node = spawn(`${build}/memory_node`, ['0'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [port] = await once(createInterface(node.stdout), 'line')
  url = `ws://127.0.0.1:${port}`
})

after(async () => {
  node.stdin.end()
  await once(node, 'exit')
})

async function connected (options = {}) {
  const ddb = new DDB(url, { username: 'admin', password: '123456', ...options })
  await ddb.connect()
  await ddb.eval('def echo(x){ return x }')
  return ddb
}

test('logs in, evaluates, and names errors', async () => {
  const ddb = await connected()
  assert.equal((await ddb.eval('1+1')).value, 2)
  await assert.rejects(ddb.eval('throw "bad thing"'), error => error instanceof DdbDatabaseError && error.message.includes('bad thing'))
  assert.equal((await ddb.call('add', [new DdbInt(1), new DdbInt(2)])).value, 3)
  ddb.disconnect()
})

test('a wrong password is refused', async () => {
  await assert.rejects(connected({ password: 'wrong' }), /The user name or password is incorrect/)
})

test('uploads come back unchanged', async () => {
  const ddb = await connected()
  const table = new DdbTable([
    new DdbVectorInt([1, null, 3], 'i'),
    new DdbVectorDouble([1.5, null, -2], 'd'),
    new DdbVectorString(['a', '', 'ümläut'], 's'),
    new DdbVectorSymbol(['x', 'y', 'x'], 'y'),
  ], 't')
  await ddb.upload(['a', 'b', 't'], [new DdbInt(1), new DdbString('xyz'), table])
  assert.equal((await ddb.eval('b')).value, 'xyz')
  const back = await ddb.eval('t')
  assert.equal(back.form, DdbForm.table)
  assert.equal(back.rows, 3)
  assert.deepEqual(back.to_rows().map(row => row.s), table.to_rows().map(row => row.s))
  assert.deepEqual(back.to_rows(), table.to_rows())
  ddb.disconnect()
})

test('dictionaries, longs and blobs with zero bytes come back', async () => {
  const ddb = await connected()
  const dictionary = await ddb.call('echo', [new DdbDict({ one: new DdbInt(1), two: new DdbString('2') })])
  assert.equal(dictionary.form, DdbForm.dict)
  assert.equal((await ddb.call('echo', [new DdbLong(2n ** 62n)])).value, 2n ** 62n)
  const blob = await ddb.call('echo', [new DdbBlob(Uint8Array.of(97, 0, 98))])
  assert.equal(blob.type, DdbType.blob)
  assert.deepEqual([...blob.value], [97, 0, 98])
  ddb.disconnect()
})

test('prints arrive while the statement runs', async t => {
  const ddb = await connected()
  try {
    await ddb.eval('funcByName(`print)')
  } catch {
    ddb.disconnect()
    return t.skip('print() is not built in yet')
  }
  const shown = []
  await ddb.eval('print("hello")', { listener: message => { if (message.type === 'print') shown.push(message.data) } })
  assert.deepEqual(shown, ['hello'])
  ddb.disconnect()
})

test('a large table crosses in one message', async () => {
  const ddb = await connected()
  const numbers = new DdbVectorInt(Array.from({ length: 500000 }, (_, i) => i), 'n')
  const back = await ddb.call('echo', [new DdbTable([numbers], 't')])
  assert.equal(back.rows, 500000)
  assert.equal(back.value[0].value[499999], 499999)
  ddb.disconnect()
})
