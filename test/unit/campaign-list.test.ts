/** Lists with the faults of real ones: a fault affects only its own line. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCsv, type CsvRecord } from '../../src/campaign/csv.ts'

async function read(text: string | Buffer, chunk = 1_000_000): Promise<CsvRecord[]> {
  const bytes = Buffer.from(text as string)
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk)
  }
  const all: CsvRecord[] = []
  for await (const records of readCsv(chunks())) all.push(...records)
  return all
}
const cellsOf = async (text: string | Buffer) => (await read(text)).map(record => record.cells)

test('a list is read with commas, semicolons or tabs, with or without a byte order mark, from Windows and from old Macs', async () => {
  const wanted = [
    ['phone', 'name'],
    ['123', 'a'],
    ['456', 'b'],
  ]
  const lists = [
    'phone,name\n123,a\n456,b\n',
    '\ufeffphone;name\r\n123;a\r\n456;b',
    'phone\tname\r123\ta\r456\tb\r',
    '"phone","name"\n"123","a"\n\n456 , b\n,\n',
  ]
  for (const list of lists) assert.deepEqual(await cellsOf(list), wanted, list)
  assert.deepEqual(await cellsOf(Buffer.from('\ufeffphone,name\r\n123,a\r\n456,b\r\n', 'utf16le')), wanted)
})

test('a quoted cell may hold quotes, commas and line ends', async () => {
  const list = 'phone,note\n1,"a ""b"", c"\n2,"two\r\nlines"\n3,12" pipe\n'
  assert.deepEqual(await cellsOf(list), [
    ['phone', 'note'],
    ['1', 'a "b", c'],
    ['2', 'two\r\nlines'],
    ['3', '12" pipe'],
  ])
})

test('a stray quote costs its own line and no other', async () => {
  const records = await read('phone,note\n1,"a"b\n2,good\n3,"never closed\n4,good\n5,good\n')
  assert.deepEqual(
    records.map(({ line, cells, fault }) => [line, cells?.[0] ?? null, fault !== undefined]),
    [
      [1, 'phone', false],
      [2, null, true],
      [3, '2', false],
      [4, null, true],
      [5, '4', false],
      [6, '5', false],
    ],
  )
})

test('two stray quotes lines apart do not swallow the lines between them', async () => {
  const records = await read('phone,note\n1,"oops\n2,good\n3,good\n4,also" oops\n5,good\n')
  assert.deepEqual(
    records.filter(record => record.fault === undefined).map(record => record.cells![0]),
    ['phone', '2', '3', '4', '5'],
  )
})

test('the same is read however the bytes are cut', async () => {
  const list = Buffer.from('\ufeffphone,nöte\r\n1,"zwei\r\nZeilen"\r\n2,"o""k"\r\n3,"stray\r\n4,€\r\n')
  const whole = await read(list)
  for (const chunk of [1, 2, 3, 5, 7, 16]) assert.deepEqual(await read(list, chunk), whole, `${chunk} bytes at a time`)
})

test('lines are counted as an editor counts them', async () => {
  const records = await read('phone,note\n\n1,"a\nb\nc"\n2,x\n')
  assert.deepEqual(
    records.map(record => record.line),
    [1, 3, 6],
  )
})

test('a quote that is never closed in a long list is found within a hundred lines', async () => {
  const records = await read(
    `phone,note\n1,"open\n${Array.from({ length: 2_000 }, (_, n) => `${n + 10},x\n`).join('')}`,
  )
  assert.equal(records.filter(record => record.fault).length, 1)
  assert.equal(records.length, 2_002)
})
