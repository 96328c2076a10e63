import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { silentLog, type Log } from '../../src/base/log.ts'
import { RecordCodec } from '../../src/store/record-codec.ts'
import { RecordMemo } from '../../src/store/record-memo.ts'

interface Seat {
  readonly name: string
  readonly floor: number
}

function heard() {
  const faults: string[] = []
  const log: Log = {
    ...silentLog,
    error: (({ why }: { why: string }) => void faults.push(why)) as unknown as Log['error'],
  }
  return { faults, log }
}

const schema = z.looseObject({ name: z.string(), floor: z.number() })
const first = new RecordCodec<Seat>({ what: 'seat', schema })
/** In its first version a seat had its floor in words. */
const second = new RecordCodec<Seat>({
  what: 'seat',
  schema,
  upgrades: [({ storey, ...seat }) => ({ ...seat, floor: storey === 'ground' ? 0 : 1 })],
})

test('a record is read as it was written', () => {
  assert.equal(first.write({ name: 'a', floor: 2 }), '{"v":1,"name":"a","floor":2}')
  assert.deepEqual(first.read(first.write({ name: 'a', floor: 2 }), 'a'), { name: 'a', floor: 2 })
})

test('a record of an older node is upgraded, and one without a version has the first', () => {
  assert.deepEqual(second.read('{"v":1,"name":"a","storey":"ground"}', 'a'), { name: 'a', floor: 0 })
  assert.deepEqual(second.read('{"name":"a","storey":"upper"}', 'a'), { name: 'a', floor: 1 })
  assert.equal(second.write({ name: 'a', floor: 1 }), '{"v":2,"name":"a","floor":1}')
})

test('what a newer node of the same version has added is kept by an older one', () => {
  const read = first.read('{"v":1,"name":"a","floor":2,"window":true}', 'a')!
  assert.equal(first.write(read), '{"v":1,"name":"a","floor":2,"window":true}')
})

test('what cannot be read is reported once, with the reason, and skipped', () => {
  const { faults, log } = heard()
  const unreadable = ['{"v":2,"name":"a","floor":2}', '{"v":1,"name":"a"}', 'not JSON', '[]', '{"v":"x"}']
  for (const [at, text] of unreadable.entries()) {
    assert.equal(first.read(text, `seat ${at}`, log), null)
    assert.equal(first.read(text, `seat ${at}`, log), null)
  }
  assert.equal(faults.length, unreadable.length)
  assert.match(faults[0]!, /it has version 2, and this node reads up to version 1/)
  assert.match(faults[1]!, /floor/)
  assert.match(faults[2]!, /not a JSON object/)
})

test('a record whose text is the same is not read again; one that has changed, or was away, is', () => {
  const { faults, log } = heard()
  const memo = new RecordMemo(first, name => `seat ${name}`)
  const [a, b, broken] = ['{"name":"a","floor":1}', '{"name":"b","floor":1}', '{"name":"c"}']
  const [a1, b1] = memo.read({ a, b, broken }, log)
  const [a2, b2] = memo.read({ a, b: '{"name":"b","floor":2}', broken }, log)
  assert.equal(a2, a1, 'the same object')
  assert.deepEqual([b1?.floor, b2?.floor], [1, 2])
  memo.read({ b }, log)
  const [a3] = memo.read({ a }, log)
  assert.deepEqual(a3, a1)
  assert.notEqual(a3, a1, 'it was forgotten')
  assert.equal(faults.length, 1)
})
