// Subscriptions of the official JavaScript client over its WebSocket subprotocol.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { DDB, DdbForm, DdbVectorString } from 'dolphindb'

import { connected, url } from './connect.js'

const subscribed = []
const waitMs = 30_000

after(() => {
  for (const ddb of subscribed) {
    ddb.disconnect()
  }
})

/** The messages a subscription gives, in order. */
async function subscribe (streaming) {
  const messages = []
  const ddb = new DDB(url, { username: 'admin', password: '123456', streaming: { handler: message => messages.push(message), ...streaming } })
  subscribed.push(ddb)
  await ddb.connect()
  return { ddb, messages, rows: () => messages.flatMap(message => message.error ? [] : message.data.data) }
}

async function until (condition) {
  const end = Date.now() + waitMs
  while (!condition()) {
    assert.ok(Date.now() < end, 'it did not come about')
    await sleep(10)
  }
}

test('the columns come first, then rows with their numbers', async () => {
  const ddb = await connected()
  await ddb.eval('share streamTable(10:0, `id`sym`price, [INT, SYMBOL, DOUBLE]) as jsOut')
  await ddb.eval('jsOut.append!(table(0..2 as id, `a`b`c as sym, 0.5 * 0..2 as price))')
  const { messages, rows } = await subscribe({ table: 'jsOut', action: 'first', offset: 1 })
  await until(() => rows().length === 2)
  assert.equal(messages[0].obj.form, DdbForm.table)
  assert.deepEqual(messages[0].data.columns, ['id', 'sym', 'price'])
  assert.match(messages[0].topic, /^127\.0\.0\.1:\d+:single\/jsOut\/first$/)
  assert.deepEqual(rows(), [{ id: 1, sym: 'b', price: 0.5 }, { id: 2, sym: 'c', price: 1 }])
  assert.equal(messages.at(-1).id, 2n)
  await ddb.eval('jsOut.append!(table(3..4002 as id, take(`a`b`c, 4000) as sym, rand(1.0, 4000) as price))')
  await until(() => rows().length === 4002)
  assert.deepEqual(rows().map(row => row.id), Array.from({ length: 4002 }, (_, i) => i + 1))
  assert.equal(messages.at(-1).id, 4002n)
})

test('values of the filter column and conditions choose rows', async () => {
  const ddb = await connected()
  await ddb.eval('share streamTable(10:0, `id`sym, [INT, SYMBOL]) as jsChosen\ngo\nsetStreamTableFilterColumn(jsChosen, `sym)')
  await ddb.eval('jsChosen.append!(table(0..99 as id, take(`a`b`c`d, 100) as sym))')
  const byValue = await subscribe({ table: 'jsChosen', offset: 0, filters: { column: new DdbVectorString(['b', 'd']) } })
  const byCondition = await subscribe({ table: 'jsChosen', offset: 0, filters: { expression: "id >= 90 and sym in ['a', 'b']" } })
  await until(() => byValue.rows().length === 50 && byCondition.rows().length === 4)
  assert.ok(byValue.rows().every(row => 'bd'.includes(row.sym)))
  assert.deepEqual(byCondition.rows().map(row => row.id), [92, 93, 96, 97])
})

test('what cannot be subscribed to is told', async () => {
  await assert.rejects(subscribe({ table: 'jsNothing' }), /no shared stream table named jsNothing/)
})

test('disconnecting gives the subscription up', async () => {
  const ddb = await connected()
  await ddb.eval('share streamTable(10:0, `id, [INT]) as jsLeft')
  const count = async () => (await ddb.eval('exec count(*) from getStreamingStat().pubTables where tableName = `jsLeft')).value
  const { ddb: subscriber } = await subscribe({ table: 'jsLeft' })
  assert.equal(await count(), 1)
  subscriber.disconnect()
  for (let i = 0; i < 500 && await count() > 0; ++i) {
    await sleep(10)
  }
  assert.equal(await count(), 0)
})
