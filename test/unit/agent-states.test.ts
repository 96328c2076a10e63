/** The rows of what agents do, on nodes whose clocks are wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryRoster } from '../../src/agent/memory-roster.ts'
import { RosterMirror } from '../../src/agent/roster-mirror.ts'
import { silentLog } from '../../src/base/log.ts'
import { SharedClock } from '../../src/base/shared-clock.ts'
import { keepAgentStates } from '../../src/record/agent-states.ts'
import type { AgentStateRow } from '../../src/store/agent-states.ts'
import { MachineClock, VirtualClock } from '../../src/testing/index.ts'

/** A node that writes rows. Its clock is `aheadMs` ahead; with `hears` it has heard the time of Redis. */
function node(time: VirtualClock, roster: ReturnType<typeof memoryRoster>, aheadMs: number, hears: boolean) {
  const clock = new SharedClock(new MachineClock(time, aheadMs))
  if (hears) {
    const moment = time.monotonic()
    clock.learn({ asked: moment, answered: moment, now: time.now(), aheadMs: 0 })
  }
  const rows: AgentStateRow[] = []
  const mirror = new RosterMirror(roster, clock, silentLog)
  keepAgentStates({ mirror, rows: { put: row => void rows.push(row) }, clock })
  return { clock, rows }
}

test('an agent works and is removed: nodes whose clocks are wrong write the same rows, with the time that all share', async () => {
  const time = new VirtualClock()
  const roster = memoryRoster()
  const right = node(time, roster, 0, true)
  const wrong = node(time, roster, 3_600_000, true)
  const alone = node(time, roster, -3_600_000, false) // it has not heard the time of Redis yet
  await time.settle()
  const queues = [{ queue: 'sales', level: 1, position: 1 }]
  const began = time.now()
  await roster.put({ name: 'alice', endpoint: 'user/1', wrapUpMs: 5_000, ringForMs: 20_000, queues }, right.clock.now())
  await time.advance(1_000)
  await roster.setStatus('alice', 'ready', wrong.clock.now())
  await time.advance(1_000)
  const epoch = await roster.reserve('alice', 'c1', wrong.clock.now(), 10_000)
  await roster.advance('alice', epoch!, 'talking', wrong.clock.now())
  await time.advance(60_000)
  await roster.release('alice', epoch!, 'talked', right.clock.now())
  await time.advance(7_000)
  await roster.setStatus('alice', 'break', wrong.clock.now(), 'lunch')
  await time.advance(1_000)
  assert.equal(await roster.remove('alice', wrong.clock.now()), true)
  await time.settle()
  assert.deepEqual(
    right.rows.map(({ at, status, state }) => [Math.round((at - began) / 1_000), status, state]),
    [
      [0, 'logged-out', 'idle'],
      [1, 'ready', 'idle'],
      [2, 'ready', 'reserved'],
      [2, 'ready', 'talking'],
      [62, 'ready', 'wrap-up'],
      [69, 'break', 'idle'],
      [70, 'logged-out', 'idle'],
    ],
  )
  assert.deepEqual(wrong.rows, right.rows)
  assert.deepEqual(alone.rows, right.rows)
})
