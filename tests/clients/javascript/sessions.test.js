// Sessions of the official JavaScript client: logins, errors, prints, jobs, and the functions it defines by itself.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { DDB, DdbConnectionError, DdbDatabaseError, DdbInt, DdbString, DdbVectorAny, SqlStandard } from 'dolphindb'

import { connected, url } from './connect.js'

test('logs in, evaluates and calls', async () => {
  const ddb = await connected()
  assert.equal((await ddb.eval('1+1')).value, 2)
  assert.equal((await ddb.call('add', [new DdbInt(1), new DdbInt(2)])).value, 3)
  assert.equal((await ddb.eval('getCurrentSessionAndUser()[1]')).value, 'admin')
  assert.equal(String((await ddb.eval('getCurrentSessionAndUser()[0]')).value), ddb.sid)
  assert.equal(await ddb.execute('getNodeAlias()'), 'single')
})

test('a guest connects without login and logs in later', async () => {
  const ddb = await connected({ autologin: false })
  assert.equal(await ddb.execute('getCurrentSessionAndUser()[1]'), 'guest')
  await ddb.call('login', ['admin', '123456'])
  assert.equal(await ddb.execute('getCurrentSessionAndUser()[1]'), 'admin')
  const ticket = await ddb.invoke('getAuthenticatedUserTicket', [])
  const other = await connected({ ticket })
  assert.equal(await other.execute('getCurrentSessionAndUser()[1]'), 'admin')
})

test('a wrong password is refused', async () => {
  await assert.rejects(connected({ password: 'wrong' }), /The user name or password is incorrect/)
})

test('an address without a server is a connection error', async () => {
  await assert.rejects(new DDB('ws://127.0.0.1:1').connect(), DdbConnectionError)
})

test('errors carry the message and leave the session alive', async () => {
  const ddb = await connected()
  await assert.rejects(ddb.eval('throw "bad thing"'), error => error instanceof DdbDatabaseError && error.message.includes('bad thing'))
  await assert.rejects(ddb.eval('x = 1\nnowhere + 1'), /line #2.*nowhere/)
  await assert.rejects(ddb.call('nothing', []), /Can't recognize function name nothing/)
  assert.equal((await ddb.eval('2')).value, 2)
})

test('other dialects are refused by name', async () => {
  await assert.rejects(connected({ python: true }), /Python dialect of scripts is not supported/)
  await assert.rejects(async () => (await connected({ sql: SqlStandard.Oracle })).eval('1'), /Oracle dialect of SQL is not supported/)
})

test('prints arrive while the statement runs', async () => {
  const ddb = await connected()
  const shown = []
  const result = await ddb.eval('print("hello")\nprint("中文")\n5', {
    listener: message => { if (message.type === 'print') shown.push(message.data) },
  })
  assert.deepEqual(shown, ['hello', '中文'])
  assert.equal(result.value, 5)
})

test('requests given at once are answered in order', async () => {
  const ddb = await connected()
  const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => ddb.eval(`x${i} = ${i}; x${i}`)))
  assert.deepEqual(answers.map(answer => answer.value), Array.from({ length: 200 }, (_, i) => i))
})

test('a running statement is cancelled from another connection', async () => {
  const ddb = await connected()
  const failed = assert.rejects(ddb.eval('do { 1 } while(true)'), /cancel/i)
  const judge = await connected()
  while (await judge.execute(`size(exec rootJobId from getConsoleJobs() where sessionId = ${ddb.sid})`) === 0) {
    await sleep(10)
  }
  await ddb.cancel()
  await failed
  assert.equal((await ddb.eval('1')).value, 1)
})

test('an urgent request overtakes a running one of another connection', async () => {
  const busy = await connected()
  const failed = assert.rejects(busy.eval('do { 1 } while(true)'))
  const ddb = await connected()
  assert.equal((await ddb.eval('1+1', { urgent: true })).value, 2)
  await busy.cancel()
  await failed
})

test('invoke sends and receives native values', async () => {
  const ddb = await connected()
  assert.equal(await ddb.invoke('add', [1, 2]), 3)
  assert.deepEqual(await ddb.invoke('reverse', [[1, 2, 3]]), [3, 2, 1])
  assert.deepEqual(await ddb.invoke('concat', [['a', 'b'], '-']), 'a-b')
  assert.equal(await ddb.invoke('def twice (x) { return x * 2 }', [21]), 42)
  const name = await ddb.define('def join_all (parts) {\n    return concat(parts, "+")\n}\n')
  assert.equal(await ddb.invoke(name, [['x', 'y']]), 'x+y')
})

test('functions run on a named node and on several', async () => {
  const ddb = await connected()
  assert.equal((await ddb.call('getNodeAlias', [], { node: 'single' })).value, 'single')
  assert.equal((await ddb.call('add', [new DdbInt(1), new DdbInt(2)], { node: 'single' })).value, 3)
  const table = await ddb.call('getNodeAlias', [], { nodes: ['single'], add_node_alias: true })
  assert.deepEqual(table.data().length, 1)
  const sums = await ddb.call('add', [new DdbInt(1), new DdbInt(2)], { nodes: ['single'], add_node_alias: false })
  assert.equal(sums.data()[0].value, 3)
})

test('several connections keep their own variables', async () => {
  const [first, second] = [await connected(), await connected()]
  await first.upload(['mine'], [new DdbString('first')])
  await assert.rejects(second.eval('mine'), /mine/)
  assert.equal(await first.execute('mine'), 'first')
  assert.equal((await first.call('size', [new DdbVectorAny([new DdbInt(1), new DdbString('x')])])).value, 2)
})

test('many connections', async () => {
  const all = await Promise.all(Array.from({ length: 50 }, () => connected()))
  assert.deepEqual(await Promise.all(all.map((ddb, i) => ddb.execute(`${i} + 1`))), all.map((_, i) => i + 1))
})
