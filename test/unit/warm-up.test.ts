import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock as clock } from '../../src/base/clock.ts'
import { silentLog, type Log } from '../../src/base/log.ts'
import { serveNobody, warmUp } from '../../src/node/warm-up.ts'

test('calls of nobody are served to their end, those that were driven before where their journal says that they were', async () => {
  assert.deepEqual(await serveNobody(30, clock), { served: 30, again: 0 })
})

test('a machine on which nothing gets on does not keep a node from its callers: after two seconds no other call of nobody begins', async () => {
  let reads = 0
  const late = { ...clock, monotonic: () => clock.monotonic() + (reads++ > 3 ? 2_000 : 0) }
  const { served } = await serveNobody(1_000, late)
  assert.ok(served < 1_000)
})

test('calls of nobody that are under way when the two seconds are over are broken off', async () => {
  const short = { ...clock, after: (ms: number, fn: () => void) => clock.after(ms === 2_000 ? 0 : ms, fn) }
  const { served } = await serveNobody(1_000, short)
  assert.ok(served < 1_000)
})

test('the log says how many were served, and without any it says nothing', async () => {
  const said: [object, string][] = []
  const log = { ...silentLog, info: ((fields: object, text: string) => void said.push([fields, text])) as Log['info'] }
  await warmUp(0, { clock, log })
  assert.deepEqual(said, [])
  await warmUp(2, { clock, log })
  const [[fields, text] = [{}, '']] = said
  assert.match(text, /warm-up/)
  assert.deepEqual({ ...fields, ms: 0 }, { calls: 2, served: 2, ms: 0 })
})
