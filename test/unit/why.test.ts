/** A supervisor asks why: why this agent got the call, and why an agent gets none. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { newAgent, released, reserved, withStatus, type Agent, type Tier } from '../../src/agent/agent.ts'
import { KEY_PARTS, sayAhead, sayLeftOut, whyFirst } from '../../src/desk/cli/decision-words.ts'
import { match } from '../../src/queue/match.ts'
import { joined, offered, type Member } from '../../src/queue/member.ts'
import type { QueueSettings } from '../../src/queue/settings.ts'
import { aboutAgent, pastDecisions, whyNoCall } from '../../src/queue/why-agent.ts'
import type { OfferRecord } from '../../src/queue/queue-table.ts'

const NOW = new Date(2026, 2, 2, 10).getTime()
const SECOND = 1_000
const SALES: QueueSettings = { name: 'sales', strategy: 'longest-idle-agent' }

function agent(name: string, more: Partial<Agent> = {}, tiers?: Tier[]): Agent {
  const queues = tiers ?? [{ queue: 'sales', level: 1, position: 1 }]
  const settings = { name, endpoint: `user/${name}`, wrapUpMs: 30 * SECOND, ringForMs: 20 * SECOND, queues }
  return { ...withStatus(newAgent(settings, 1), 'ready', null, NOW - 60 * SECOND), ...more }
}

let seq = 0
const caller = (waitedMs = 10 * SECOND, more: Partial<Member> = {}): Member => ({
  ...joined(
    'sales',
    { call: `c${++seq}`, from: '+49301', node: 'a', joinedAt: NOW - waitedMs, headStartMs: 0 },
    seq,
    NOW - waitedMs,
  ),
  ...more,
})

const decide = (queue: QueueSettings, members: Member[], agents: Agent[]): OfferRecord[] =>
  match({ queues: [queue], members, agents, now: NOW }).assignments.map(({ record }) => ({
    ...{ ...record, epoch: 1, node: 'a' },
  }))

test('every strategy says why the first agent goes before the second', () => {
  // not STRATEGY_BY_NAME: another test of this process may have added a strategy of a team
  const files = readdirSync(new URL('../../src/queue/strategies/', import.meta.url))
  assert.deepEqual(Object.keys(KEY_PARTS).toSorted(), files.map(file => file.replace(/\.ts$/, '')).toSorted())
  const talked = (minutesAgo: number) => ({ lastTalkEnded: NOW - minutesAgo * 60 * SECOND })
  const turn = (at: number) => ({ turns: [{ queue: 'sales', at: NOW - at }] })
  const tier = (level: number, position = 1): Tier[] => [{ queue: 'sales', level, position }]
  const cases: readonly (readonly [strategy: string, first: Agent, second: Agent, words: RegExp])[] = [
    ['longest-idle-agent', agent('anna', {}, tier(1)), agent('bert', {}, tier(2)), /level 1 is before level 2/],
    [
      'longest-idle-agent',
      agent('anna', talked(9)),
      agent('bert', talked(5)),
      /ended at 09:51:00, the other's at 09:55/,
    ],
    ['longest-idle-agent', agent('anna'), agent('bert', talked(5)), /has not talked yet/],
    [
      'longest-idle-agent',
      agent('anna', {}, tier(1, 1)),
      agent('bert', {}, tier(1, 2)),
      /position 1 is before position 2/,
    ],
    ['longest-idle-agent', agent('anna'), agent('bert'), /equal in all, so by name/],
    ['round-robin', agent('bert'), agent('anna', turn(9)), /the turn is still to come in this round/],
    [
      'agent-with-fewest-calls',
      agent('anna', { calls: 2 }),
      agent('bert', { calls: 5 }),
      /2 calls is less than 5 calls/,
    ],
    [
      'agent-with-least-talk-time',
      agent('anna', { talkMs: 60 * SECOND }),
      agent('bert', { talkMs: 90 * SECOND }),
      /1m0s of talk is less than 1m30s of talk/,
    ],
    [
      'sequentially-by-agent-order',
      agent('anna', turn(60 * SECOND)),
      agent('bert', turn(SECOND)),
      /offer was at 09:59:00/,
    ],
    ['sequentially-by-agent-order', agent('anna'), agent('bert', turn(SECOND)), /was offered no call yet/],
    ['ring-all', agent('anna'), agent('bert'), /all telephones ring at once/],
    ['ring-progressively', agent('anna', {}, tier(1, 1)), agent('bert', {}, tier(1, 2)), /position 1 is before/],
  ]
  for (const [strategy, first, second, words] of cases) {
    const [decision] = decide({ name: 'sales', strategy }, [caller()], [second, first])
    assert.equal(decision!.agent, first.name, strategy)
    assert.match(whyFirst(decision!), new RegExp(`^${first.name} goes before ${second.name}: `))
    assert.match(whyFirst(decision!), words)
  }
  const [random] = decide({ name: 'sales', strategy: 'random' }, [caller()], [agent('anna'), agent('bert')])
  assert.match(whyFirst(random!), /drawn by chance/)
  const [below] = decide(
    { name: 'sales', strategy: 'top-down' },
    [caller(10 * SECOND, { lastOffered: 'anna' })],
    [agent('anna'), agent('bert')],
  )
  assert.match(whyFirst(below!), /^bert goes before anna: is below the agent who was offered the call last/)
  const [only] = decide(SALES, [caller()], [agent('anna')])
  assert.equal(whyFirst(only!), 'anna was the only agent who could have the call')
})

test('those who could not have the call, and the callers ahead, are told in words; a word of a newer version as it is', () => {
  const away = withStatus(agent('carl'), 'break', 'lunch', NOW)
  const [decision] = decide(SALES, [caller()], [agent('anna'), away])
  assert.equal(sayLeftOut(decision!.skipped), 'carl (on a break)')
  assert.equal(sayLeftOut([{ agent: 'dora', why: 'in-a-meeting' }]), 'dora (in-a-meeting)')
  assert.equal(
    sayAhead([{ why: 'offered' }, { why: 'offered' }, { why: 'put-aside' }]),
    '2: an agent was offered to them already, 1: did not come when an agent was reserved',
  )
})

/** Queue and reason of each. */
const reasons = (one: Agent, about: { queues?: QueueSettings[]; members?: Member[]; others?: Agent[] } = {}) =>
  whyNoCall(one, {
    ...{ queues: about.queues ?? [SALES], members: about.members ?? [], agents: [one, ...(about.others ?? [])] },
    now: NOW,
  })
const words = (...given: Parameters<typeof reasons>) =>
  reasons(...given).map(one => ('queue' in one ? `${one.queue} ${one.why}` : one.why))

test('an agent who is not ready is told so first, with since when, how long, and the words of the break', () => {
  const waits = { members: [caller()] }
  assert.deepEqual(reasons(withStatus(agent('anna'), 'break', 'lunch', NOW - SECOND), waits)[0], {
    ...{ why: 'break', since: NOW - SECOND, until: null, reason: 'lunch', call: null },
  })
  assert.deepEqual(words(withStatus(agent('anna'), 'logged-out', null, NOW)), ['logged-out', 'sales nobody-waits'])
  const taken = reserved(agent('anna'), { for: 'call-9', queue: 'sales', ttlMs: 9 * SECOND }, NOW)!
  assert.deepEqual(reasons(taken)[0], { why: 'reserved', since: NOW, until: null, reason: null, call: 'call-9' })
  const missed = released(taken, taken.reservation!.epoch, 'no-answer', NOW)!
  assert.deepEqual(
    reasons(missed)[0],
    { why: 'resting', since: NOW, until: missed.restUntil, reason: null, call: null },
    'and for how long',
  )
  assert.deepEqual(words(agent('anna', { restUntil: NOW + SECOND, unreached: 2 }))[0], 'unreachable')
})

test('an agent who is ready is told what is wrong with each queue', () => {
  assert.deepEqual(words(agent('anna', {}, [])), ['no-queue'])
  const queues = [SALES, { name: 'old', strategy: 'random', movedTo: 'sales' }]
  const tiers = ['sales', 'old', 'gone'].map(queue => ({ queue, level: 1, position: 1 }))
  assert.deepEqual(words(agent('anna', {}, tiers), { queues }), [
    'sales nobody-waits',
    'old queue-removed',
    'gone queue-unknown',
  ])
  const offeredTo = offered(caller(), [{ agent: 'bert', epoch: 1 }], NOW)
  assert.deepEqual(words(agent('anna'), { members: [offeredTo] }), ['sales nobody-waits'], 'bert has that caller')
  assert.deepEqual(words(agent('anna'), { members: [caller()] }), ['sales next'])
})

test('an agent is told which rule of the queue keeps the callers from them, and until when', () => {
  const second = agent('anna', {}, [{ queue: 'sales', level: 2, position: 1 }])
  const busy = reserved(agent('bert'), { for: 'x', queue: 'sales', ttlMs: 9 * SECOND }, NOW)!
  const tierWait: QueueSettings = { ...SALES, tierWaitMs: 30 * SECOND }
  const members = [caller(10 * SECOND), caller(5 * SECOND)]
  assert.deepEqual(reasons(second, { queues: [tierWait], members, others: [busy] }), [
    { why: 'tier', queue: 'sales', callers: 2, until: NOW + 20 * SECOND },
  ])
  const german: QueueSettings = { ...SALES, skills: [{ skill: 'german', level: 1, requiredMs: 3_600_000 }] }
  assert.deepEqual(words(agent('anna'), { queues: [german], members }), ['sales skill'])
  assert.deepEqual(
    words(withStatus(second, 'break', null, NOW), { queues: [tierWait], members, others: [busy] }),
    ['break', 'sales tier'],
    'both, for the break may end first',
  )
})

test('the past decisions about an agent are counted: offered, another one first, and why they could not', () => {
  const away = withStatus(agent('carl'), 'break', null, NOW)
  const offers = [
    ...decide(SALES, [caller()], [agent('anna'), agent('bert'), away]),
    ...decide(SALES, [caller()], [agent('anna'), agent('carl', { lastTalkEnded: NOW })]),
    ...decide({ ...SALES, strategy: 'ring-all' }, [caller()], [agent('anna'), agent('carl')]),
    ...decide(SALES, [caller()], [agent('bert')]),
  ]
  assert.deepEqual(pastDecisions('sales', 'carl', offers), {
    ...{ queue: 'sales', decisions: 3, offered: 1, behind: 1, skipped: [{ why: 'break', times: 1 }] },
  })
  assert.equal(aboutAgent('carl', offers).length, 3)
  assert.equal(aboutAgent('anna', offers).length, 3)
})
