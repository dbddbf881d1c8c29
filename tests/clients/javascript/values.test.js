// Values of every type and form: made by scripts and read by the client, sent by the client and judged by scripts.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'

import {
  DdbBlob, DdbBool, DdbChar, DdbDate, DdbDateTime, DdbDict, DdbDouble, DdbForm, DdbFunction, DdbFunctionType, DdbInt, DdbLong,
  DdbNanoTimeStamp, DdbPair, DdbSetInt, DdbSetString, DdbString, DdbTable, DdbTimeStamp, DdbType, DdbVectorAny,
  DdbVectorBool, DdbVectorChar, DdbVectorDatetime, DdbVectorDouble, DdbVectorInt, DdbVectorLong, DdbVectorNanoTimeStamp,
  DdbVectorString, DdbVectorSymbol, DdbVectorTimeStamp, DdbVoid,
} from 'dolphindb'

import { connected } from './connect.js'

let ddb

before(async () => {
  ddb = await connected()
  await ddb.eval('def echo(x) { return x }')
})

const uuid = '5d212a78-cc48-e3b1-4235-b4d91473ee87'
const int128 = 'e1671797c52e15f763380b45e841ec32'

// Scripts, and what the client makes of their values; undefined: not compared.
const scalars = {
  'true': true, '00b': null, '7c': undefined, '-5h': -5, '7': 7, '00i': null, '9223372036854775807l': 9223372036854775807n,
  '1.5f': 1.5, '-2.25': -2.25, '00F': null, '"ümläut 中文"': 'ümläut 中文', '""': '', 'NULL': undefined,
  '2024.02.29': '2024.02.29', '2024.02M': '2024.02M', '01:02:03.004': '01:02:03.004', '13:30m': '13:30m', '01:02:03': '01:02:03',
  '2024.02.29T01:02:03': '2024.02.29 01:02:03', '2024.02.29T01:02:03.004': '2024.02.29 01:02:03.004',
  '01:02:03.000000004': '01:02:03.000000004', '2024.02.29T01:02:03.000000004': '2024.02.29 01:02:03.000000004',
  'datehour(2024.02.29T13:00:00)': undefined, '00d': 'null', 'timestamp(NULL)': 'null',
  [`uuid("${uuid}")`]: uuid, 'ipaddr("192.168.0.1")': '192.168.0.1', [`int128("${int128}")`]: int128,
  'decimal32("123.45", 2)': '123.45', 'decimal64("-0.5", 3)': '-0.500', 'decimal128("12345678901234567890.123", 3)': undefined,
  'complex(1, 2)': undefined, 'point(1, 2)': undefined, 'duration("3H")': undefined,
}

for (const [script, wanted] of Object.entries(scalars)) {
  test(`scalar ${script}`, async () => {
    const value = await ddb.eval(script)
    assert.equal(value.form, DdbForm.scalar)
    if (wanted !== undefined) {
      assert.equal(value.data(), wanted)
    }
    assert.equal((await ddb.call('eqObj', [value, value])).value, true)
    assert.equal((await ddb.call('typestr', [value])).value, (await ddb.eval(`typestr(${script})`)).value)
    await ddb.upload(['back'], [value])
    assert.equal((await ddb.eval(`eqObj(back, ${script})`)).value, true)
  })
}

const vectors = [
  'bool([true, NULL, false])', 'char([1, NULL, -3])', 'short([1, NULL, -3])', '[1, NULL, -3]', 'long([1, NULL, -3])',
  'float([1.5, NULL])', '[1.5, NULL, -3.0]', '["a", "", "中"]', 'symbol(["a", "", "a"])', 'blob(["a", "", "c"])',
  '[2024.01.01, NULL]', '[2024.01M, NULL]', '[01:02:03.004, NULL]', '[13:30m, NULL]', '[01:02:03, NULL]',
  '[2024.01.01T01:02:03, NULL]', '[2024.01.01T01:02:03.004, NULL]', '[01:02:03.000000004, NULL]',
  '[2024.01.01T01:02:03.000000004, NULL]', 'datehour([2024.01.01T01:00:00, NULL])', `take(uuid("${uuid}"), 2)`,
  'take(ipaddr("10.0.0.1"), 2)', `take(int128("${int128}"), 2)`, 'decimal32([1.25, NULL], 2)', 'decimal64([1.25, NULL], 2)',
  'decimal128([1.25, NULL], 2)', 'array(INT, 0)', 'array(STRING, 0)', 'array(ANY, 0)', '(1, `a, [1, 2])', '(1, (2, (3, `x)))',
  'array(INT[], 0).append!([1 2, [3]])', 'array(DOUBLE[], 0).append!([1.5 2.5, [3.0]])',
  'array(DECIMAL64(2)[], 0).append!([decimal64(1.25 2.5, 2), decimal64([3], 2)])',
  'array(TIMESTAMP[], 0).append!([[2024.01.01T00:00:00.001], [2024.01.01T00:00:00.002]])',
]
const others = [
  '3:5', '1..6$2:3', 'matrix([1.5, NULL], [2.5, 3.5])', 'set(3 1 2)', 'set(`a`b)', 'dict(`a`b, 1.5 2.5)', 'dict(1 2, (1, `x))',
  'table(1..3 as a, `x`y`z as b)', 'table(symbol(`x`y`x) as s, symbol(`x`x`z) as t)', 'table(1:0, `a`b, [INT, SYMBOL])',
  'table(array(INT[], 0).append!([1 2, [3]]) as v, decimal64([1.25, NULL], 2) as d)',
]

for (const script of [...vectors, ...others]) {
  test(`comes back unchanged: ${script}`, async () => {
    const value = await ddb.eval(script)
    await ddb.upload(['back'], [value])
    const check = script.startsWith('table') ? `each(eqObj, values(back), values(${script})).all()`
      : script.startsWith('dict') ? `eqObj(back.values().sort(), (${script}).values().sort()) or back.size() == 2`
      : script.startsWith('set') ? `back == ${script}`
      : `eqObj(back, ${script})`
    assert.equal(Boolean((await ddb.eval(check)).value), true)
  })
}

// What the client makes, and what scripts find.
const made = {
  bool: [new DdbBool(true), 'typestr(x) == "BOOL" and x'],
  'null bool': [new DdbBool(null), 'typestr(x) == "BOOL" and isNull(x)'],
  char: [new DdbChar('a'), 'typestr(x) == "CHAR" and x == 97'],
  int: [new DdbInt(-7), 'typestr(x) == "INT" and x == -7'],
  'null int': [new DdbInt(null), 'typestr(x) == "INT" and isNull(x)'],
  long: [new DdbLong(2n ** 62n), 'x == 4611686018427387904l'],
  double: [new DdbDouble(1.5), 'typestr(x) == "DOUBLE" and x == 1.5'],
  string: [new DdbString('ümläut 中文'), 'typestr(x) == "STRING" and strlen(x) == 15'],
  void: [new DdbVoid(), 'isNull(x)'],
  date: [new DdbDate('2024.02.29'), 'typestr(x) == "DATE" and x == 2024.02.29'],
  datetime: [new DdbDateTime('2024.02.29 01:02:03'), 'typestr(x) == "DATETIME" and x == 2024.02.29T01:02:03'],
  timestamp: [new DdbTimeStamp('2024.02.29 01:02:03.004'), 'x == 2024.02.29T01:02:03.004'],
  nanotimestamp: [new DdbNanoTimeStamp('2024.02.29 01:02:03.004000000'), 'x == 2024.02.29T01:02:03.004000000'],
  blob: [new DdbBlob(Uint8Array.of(97, 98)), 'typestr(x) == "BLOB" and string(x) == "ab"'],
  pair: [new DdbPair(1, 5), 'eqObj(x, 1:5)'],
  function: [new DdbFunction('add', DdbFunctionType.SystemFunc), 'x(1, 2) == 3'],
  'vector of ints': [new DdbVectorInt([1, null, 3]), 'eqObj(x, [1, NULL, 3])'],
  'vector of longs': [new DdbVectorLong([1, null, 3n]), 'eqObj(x, long([1, NULL, 3]))'],
  'vector of doubles': [new DdbVectorDouble([1.5, null]), 'eqObj(x, [1.5, NULL])'],
  'vector of strings': [new DdbVectorString(['a', '', 'c']), 'eqObj(x, ["a", "", "c"])'],
  'vector of symbols': [new DdbVectorSymbol(['a', 'b', 'a']), 'eqObj(x, symbol(`a`b`a))'],
  'vector of bools': [new DdbVectorBool([true, null]), 'eqObj(x, bool([true, NULL]))'],
  'vector of chars': [new DdbVectorChar(Int8Array.of(1, 2)), 'eqObj(x, char(1 2))'],
  'vector of datetimes': [new DdbVectorDatetime(['2024.02.29 01:02:03', null]), 'eqObj(x, [2024.02.29T01:02:03, NULL])'],
  'vector of timestamps': [new DdbVectorTimeStamp(['2024.02.29 01:02:03.004']), 'eqObj(x, [2024.02.29T01:02:03.004])'],
  'vector of nanotimestamps': [new DdbVectorNanoTimeStamp([null]), 'size(x) == 1 and isNull(x[0])'],
  tuple: [new DdbVectorAny([new DdbInt(1), 'a', true]), 'x[0] == 1 and x[1] == `a and x[2]'],
  'set of ints': [new DdbSetInt([1, 2]), 'x == set(1 2)'],
  'set of strings': [new DdbSetString(['a', 'b']), 'x == set(`a`b)'],
  dictionary: [new DdbDict({ one: new DdbInt(1), two: '2', three: true }), 'x["one"] == 1 and x["two"] == "2" and x["three"]'],
  'typed dictionary': [new DdbDict(new DdbVectorInt([1, 2]), new DdbVectorDouble([0.5, 1.5])), 'x[2] == 1.5'],
  'plain text': ['text', 'x == "text"'],
  'plain bool': [false, 'x == false'],
}

for (const [name, [value, check]] of Object.entries(made)) {
  test(`the client's ${name} is uploaded and given to functions`, async () => {
    await ddb.upload(['x'], [value])
    assert.equal(Boolean((await ddb.eval(check)).value), true)
    await ddb.eval(`def judge(x) { return ${check} }`)
    assert.equal(Boolean((await ddb.call('judge', [value])).value), true)
  })
}

test('tables are made, uploaded, appended and read back', async () => {
  const table = new DdbTable([
    new DdbVectorInt([1, null, 3], 'i'), new DdbVectorDouble([1.5, null, -2], 'd'), new DdbVectorString(['a', '', 'ümläut'], 's'),
    new DdbVectorSymbol(['x', 'y', 'x'], 'y'), new DdbVectorTimeStamp(['2024.01.01 00:00:00.001', null, null], 't'),
  ], 'sent')
  await ddb.upload(['sent'], [table])
  const back = await ddb.eval('sent')
  assert.equal(back.form, DdbForm.table)
  assert.deepEqual(back.data(), table.data())
  await ddb.eval('share table(1:0, `i`d`s`y`t, [INT, DOUBLE, STRING, SYMBOL, TIMESTAMP]) as jsTarget')
  assert.equal((await ddb.call('tableInsert', ['jsTarget', table])).value, 3)
  assert.equal((await ddb.call('tableInsert{jsTarget}', [table])).value, 3)
  assert.deepEqual((await ddb.eval('select * from jsTarget')).data(), [...table.data(), ...table.data()])
  const full = (await ddb.eval('select i, y from jsTarget limit 1')).data({ table: 'full' })
  assert.deepEqual(full.columns, ['i', 'y'])
  await ddb.eval('undef(`jsTarget, SHARED)')
})

test('blobs keep their zero bytes', async () => {
  const blob = await ddb.call('echo', [new DdbBlob(Uint8Array.of(97, 0, 98))])
  assert.equal(blob.type, DdbType.blob)
  assert.deepEqual([...blob.value], [97, 0, 98])
})

test('a large table crosses in one message', async () => {
  const rows = 500000
  const numbers = new DdbVectorInt(Int32Array.from({ length: rows }, (_, i) => i), 'n')
  const texts = new DdbVectorString(Array.from({ length: rows }, (_, i) => `row ${i}`), 's')
  const back = await ddb.call('echo', [new DdbTable([numbers, texts], 't')])
  assert.equal(back.rows, rows)
  assert.equal(back.value[0].value[rows - 1], rows - 1)
  assert.equal(back.value[1].value[rows - 1], `row ${rows - 1}`)
})

test('an object may stay unparsed and be sent on', async () => {
  const raw = await ddb.eval('table(1..3 as a)', { parse_object: false })
  assert.ok(raw.buffer.length > 0)
})

test('charts', async () => {
  const { form, value } = await ddb.eval('plot(1.5 2 as price, `a`b, `Prices`day, LINE, extras={multiYAxes: true})')
  assert.equal(form, DdbForm.chart)
  assert.equal(value.type, 4)
  assert.equal(value.stacking, false)
  assert.equal(value.titles.chart, 'Prices')
  assert.equal(value.titles.x_axis, 'day')
  assert.deepEqual(value.extras, { multi_y_axes: true })
  assert.deepEqual([...value.data.value.data], [1.5, 2])
  assert.deepEqual(value.data.value.rows.value, ['a', 'b'])
  assert.deepEqual(value.data.value.cols.value, ['price'])
  const histogram = await ddb.eval('plotHist(1 2 3, 5, 0:4)')
  assert.equal(histogram.value.bin_count.value, 5)
  assert.equal(histogram.value.bin_end.value, 4)
})
