/** Who is let into a queue, when callers leave it, and how long they will wait: the rules by their names. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newAgent, withStatus, type Agent, type AgentStatus } from '../../src/agent/agent.ts'
import { parseHours } from '../../src/base/hours.ts'
import type { Reason } from '../../src/queue/overflow.ts'
import {
  nextLeave,
  NO_TALKS,
  overflowOf,
  staffingOf,
  waitForEachPlace,
  whyRefused,
  withTalk,
} from '../../src/queue/waiting-rules.ts'
import type { WaitingGiven } from '../../src/queue/waiting-settings.ts'

const NOW = Date.parse('2026-03-02T10:00:00Z')
const MINUTE = 60_000
const NOTHING: ReadonlySet<Reason> = new Set()

function agent(status: AgentStatus, since = 0, wrapUpMs = 0): Agent {
  const settings = { name: 'a', endpoint: 'user/a', wrapUpMs, ringForMs: 20_000, queues: [] }
  const fresh = newAgent(settings, 0)
  return status === 'logged-out' && since === 0 ? fresh : withStatus({ ...fresh, status: 'ready' }, status, null, since)
}
const READY = [agent('ready')]
const OUT = [agent('logged-out', NOW - 5 * MINUTE), agent('logged-out', NOW - 9 * MINUTE)]
const BREAK = [agent('logged-out', NOW - 9 * MINUTE), agent('break', NOW - 2 * MINUTE)]
const NINE_TO_FIVE = parseHours('Mon-Fri 09:00-17:00 UTC')

for (const [who, staff, settings, refused] of [
  ['anybody by default, with nobody there', [], {}, null],
  ['nobody when no agent is logged in', OUT, { enterWithoutAgents: false }, 'no-agents'],
  ['callers when the agent is on a break', BREAK, { enterWithoutAgents: false }, null],
  ['nobody when every agent is on a break', BREAK, { enterOnBreak: false }, 'all-on-break'],
  ['callers when no agent is logged in, though breaks keep them out', OUT, { enterOnBreak: false }, null],
  ['callers within the hours', READY, { openHours: NINE_TO_FIVE }, null],
  ['nobody outside the hours', READY, { openHours: parseHours('Sat 09:00-17:00 UTC') }, 'closed'],
  ['callers whose wait is not too long', READY, { maxEstimateMs: 4 * MINUTE }, null],
  ['nobody whose wait is too long', READY, { maxEstimateMs: 2 * MINUTE }, 'long-wait'],
] as const satisfies readonly [string, readonly Agent[], WaitingGiven, Reason | null][])
  test(`a queue lets in ${who}`, () => {
    assert.equal(whyRefused(settings, { staffing: staffingOf(staff), estimateMs: 3 * MINUTE, now: NOW }), refused)
  })

test('an estimate that is not known keeps nobody out', () => {
  const facts = { staffing: staffingOf(READY), estimateMs: null, now: NOW }
  assert.equal(whyRefused({ maxEstimateMs: 1 }, facts), null)
})

/** `joined`: minutes ago. `leaves`: the reason and when, minutes from now. */
for (const [who, staff, settings, joined, leaves] of [
  ['stays without limits', OUT, {}, 60, null],
  ['leaves after max-wait-time', READY, { maxWaitMs: 5 * MINUTE }, 3, ['max-wait', 2]],
  ['who has waited too long leaves at once', READY, { maxWaitMs: 5 * MINUTE }, 8, ['max-wait', -3]],
  ['stays while an agent is there', READY, { maxWaitWithoutAgentsMs: MINUTE }, 60, null],
  ['stays while an agent is on a break', BREAK, { maxWaitWithoutAgentsMs: MINUTE }, 60, null],
  [
    'leaves when nobody has been there for max-wait-time-with-no-agent',
    OUT,
    { maxWaitWithoutAgentsMs: 6 * MINUTE, withoutAgentsGraceMs: 0 },
    60,
    ['no-agents', 1],
  ],
  [
    'who has just come waits max-wait-time-with-no-agent and the time-reached',
    OUT,
    { maxWaitWithoutAgentsMs: 2 * MINUTE, withoutAgentsGraceMs: MINUTE },
    0,
    ['no-agents', 3],
  ],
  ['leaves when all are on a break for long', BREAK, { maxWaitOnBreakMs: 3 * MINUTE }, 60, ['all-on-break', 1]],
  ['stays at closing time by default', READY, { openHours: NINE_TO_FIVE }, 60, null],
  ['leaves at closing time', READY, { openHours: NINE_TO_FIVE, leaveWhenClosed: true }, 60, ['closed', 7 * 60]],
  [
    'leaves for the reason that comes first',
    OUT,
    { openHours: NINE_TO_FIVE, leaveWhenClosed: true, maxWaitMs: 90 * MINUTE, maxWaitWithoutAgentsMs: 30 * MINUTE },
    60,
    ['no-agents', 25],
  ],
] as const satisfies readonly [string, readonly Agent[], WaitingGiven, number, readonly [Reason, number] | null][])
  test(`a caller ${who}`, () => {
    const facts = { joinedAt: NOW - joined * MINUTE, staffing: staffingOf(staff), now: NOW }
    const leave = nextLeave(settings, facts, NOTHING)
    assert.deepEqual(leave && [leave.why, (leave.at - NOW) / MINUTE], leaves)
  })

test('a reason that the flow knows is not told again, and the next one is', () => {
  const settings = { maxWaitMs: MINUTE, openHours: NINE_TO_FIVE, leaveWhenClosed: true }
  const facts = { joinedAt: NOW, staffing: staffingOf(READY), now: NOW }
  assert.equal(nextLeave(settings, facts, NOTHING)?.why, 'max-wait')
  assert.equal(nextLeave(settings, facts, new Set(['max-wait']))?.why, 'closed')
  assert.equal(nextLeave(settings, facts, new Set(['max-wait', 'closed'])), null)
})

test('the estimated wait for each place is the handling time over the agents present, from 20 talks on', () => {
  let talks = NO_TALKS
  const staff = [agent('ready', 0, 20_000), agent('on-demand', 0, 40_000), agent('break', 0, 500_000)]
  for (let talk = 0; talk < 20; talk++) {
    assert.equal(waitForEachPlace(talks, staff), null, `${talk} talks`)
    talks = withTalk(talks, talk % 2 ? 60_000 : 120_000)
  }
  assert.equal(talks.meanMs, 90_000)
  assert.equal(waitForEachPlace(talks, staff), (90_000 + 30_000) / 2)
  assert.equal(waitForEachPlace(talks, [agent('break')]), null, 'nobody is present')
})

test('each reason has its own target, and hangs up without one', () => {
  const settings = { whenFull: { to: 'queue', queue: 'sales' }, busySound: 'support/busy' } as const
  assert.deepEqual(overflowOf(settings, 'full'), { overflow: settings.whenFull, sound: 'support/busy' })
  assert.deepEqual(overflowOf(settings, 'long-wait'), { overflow: { to: 'hangup' }, sound: 'support/busy' })
  assert.deepEqual(overflowOf(settings, 'closed'), { overflow: { to: 'hangup' }, sound: '' })
})
