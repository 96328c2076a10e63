/** Which caller gets which agent, and the recorded reasons: pure snapshots. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  newAgent,
  released,
  reserved,
  withStatus,
  type Agent,
  type AgentStatus,
  type Tier,
} from '../../src/agent/agent.ts'
import { check } from '../../src/queue/invariants.ts'
import { FloorIndex } from '../../src/queue/floor-index.ts'
import { match } from '../../src/queue/match.ts'
import { joined, offered, talking, waitsOn, type Member } from '../../src/queue/member.ts'

const NOW = 1_000_000
const QUEUES = [
  { name: 'sales', strategy: 'longest-idle-agent' },
  { name: 'support', strategy: 'longest-idle-agent' },
] as const

interface About {
  status?: AgentStatus
  lastTalkEnded?: number
  level?: number
  position?: number
  queues?: Tier[]
}

function agent(
  name: string,
  { status = 'ready', lastTalkEnded = 0, level = 1, position = 1, queues }: About = {},
): Agent {
  const tiers = queues ?? [{ queue: 'sales', level, position }]
  const settings = { name, endpoint: `user/${name}`, wrapUpMs: 0, ringForMs: 20_000, queues: tiers }
  return { ...withStatus(newAgent(settings, 1), status, null, 1), lastTalkEnded }
}

let seq = 0
const caller = (call: string, waitedMs: number, queue = 'sales', headStartMs = 0): Member =>
  joined(queue, { call, from: '100', node: 'a', joinedAt: NOW - waitedMs, headStartMs }, ++seq, NOW - waitedMs)

const pairs = (members: Member[], agents: Agent[], queues: Parameters<typeof match>[0]['queues'] = QUEUES) =>
  match({ queues, members, agents, now: NOW }).assignments.map(({ record }) => `${record.call} ${record.agent}`)

test('the agent who has been idle longest gets the call', () => {
  const agents = [
    agent('anna', { lastTalkEnded: 500 }),
    agent('bert', { lastTalkEnded: 400 }),
    agent('carl', { lastTalkEnded: 600 }),
  ]
  assert.deepEqual(pairs([caller('c1', 10)], agents), ['c1 bert'])
})

test('an agent of a lower level comes first, however long others have been idle', () => {
  const agents = [agent('anna', { level: 2, lastTalkEnded: 1 }), agent('bert', { level: 1, lastTalkEnded: 900 })]
  assert.deepEqual(pairs([caller('c1', 10)], agents), ['c1 bert'])
})

test('of agents who have been idle equally long the lower position comes first, then the name', () => {
  assert.deepEqual(pairs([caller('c1', 10)], [agent('anna', { position: 2 }), agent('bert', { position: 1 })]), [
    'c1 bert',
  ])
  assert.deepEqual(pairs([caller('c1', 10)], [agent('bert'), agent('anna')]), ['c1 anna'])
})

test('who has waited longest is served first, and who came first of those who came together', () => {
  const callers = [caller('late', 10), caller('twin-1', 50), caller('twin-2', 50), caller('early', 90)]
  const agents = ['anna', 'bert', 'carl'].map((name, i) => agent(name, { lastTalkEnded: i + 1 }))
  assert.deepEqual(pairs(callers.toReversed(), agents), ['early anna', 'twin-1 bert', 'twin-2 carl'])
})

test('a head start counts like time that was waited', () => {
  const callers = [caller('early', 59_999), caller('important', 0, 'sales', 60_000)]
  assert.deepEqual(pairs(callers, [agent('anna')]), ['important anna'])
  assert.deepEqual(pairs([caller('earlier', 60_001), ...callers], [agent('anna')]), ['earlier anna'])
})

test('an agent of two queues goes to the caller who has waited longest, whichever queue that is', () => {
  const both = agent('anna', {
    queues: [
      { queue: 'sales', level: 1, position: 1 },
      { queue: 'support', level: 1, position: 1 },
    ],
  })
  assert.deepEqual(pairs([caller('c1', 10, 'sales'), caller('c2', 20, 'support')], [both]), ['c2 anna'])
})

test('a caller for whom nobody is free does not hold up the others', () => {
  assert.deepEqual(pairs([caller('c1', 90, 'support'), caller('c2', 10, 'sales')], [agent('anna')]), ['c2 anna'])
})

test('callers who are offered, put aside or talking are not matched', () => {
  const waiting = caller('c1', 10)
  const promised = offered(caller('c2', 50), [{ agent: 'bert', epoch: 5 }], NOW)
  const aside = waitsOn(
    offered(caller('c3', 40), [{ agent: 'bert', epoch: 4 }], NOW),
    { agent: 'bert', epoch: 4 },
    NOW + 1,
    NOW,
  )!
  const talks = talking(
    offered(caller('c4', 60), [{ agent: 'bert', epoch: 3 }], NOW),
    { agent: 'bert', epoch: 3 },
    NOW,
  )!
  assert.deepEqual(pairs([waiting, promised, aside, talks], [agent('anna')]), ['c1 anna'])
  assert.equal(pairs([{ ...aside, passedUntil: NOW }], [agent('anna')]).length, 1)
})

test('a queue without settings is left alone', () => {
  assert.deepEqual(pairs([caller('c1', 10)], [agent('anna')], []), [])
})

test('the record says why this agent, why not the others, and who was passed over', () => {
  const busy = reserved(agent('dora'), { for: 'c9', queue: 'sales', ttlMs: 5_000 }, NOW)!
  const rested = reserved(agent('emil'), { for: 'c9', queue: 'sales', ttlMs: 5_000 }, NOW)!
  const resting = released(rested, rested.reservation!.epoch, 'no-answer', NOW)!
  const agents = [
    agent('anna', { lastTalkEnded: 30 }),
    agent('bert', { lastTalkEnded: 20 }),
    agent('carl', { status: 'break' }),
    busy,
    resting,
    agent('fred', { queues: [{ queue: 'support', level: 1, position: 1 }] }),
    agent('gina', { status: 'logged-out' }),
  ]
  const ahead = offered(caller('c0', 70_000), [{ agent: 'dora', epoch: busy.reservation!.epoch }], NOW)
  const [first, second] = match({
    queues: QUEUES,
    members: [caller('c2', 30_000), ahead, caller('c1', 60_000)],
    agents,
    now: NOW,
  }).assignments
  assert.deepEqual(first!.record, {
    at: NOW,
    queue: 'sales',
    call: 'c1',
    agent: 'bert',
    strategy: 'longest-idle-agent',
    waitedMs: 60_000,
    ahead: [{ call: 'c0', why: 'offered' }],
    candidates: [
      { agent: 'bert', key: [1, 20, 1] },
      { agent: 'anna', key: [1, 30, 1] },
    ],
    skipped: [
      { agent: 'carl', why: 'break' },
      { agent: 'dora', why: 'reserved' },
      { agent: 'emil', why: 'resting' },
      { agent: 'gina', why: 'logged-out' },
    ],
  })
  assert.deepEqual(
    second!.record.candidates.map(candidate => candidate.agent),
    ['anna'],
  )
  assert.deepEqual(second!.record.skipped.at(-1), { agent: 'bert', why: 'reserved' })
})

/** What has changed when all of these records are new, and the index of them. */
function newFloor(members: Member[], agents: Agent[], now = NOW) {
  const floor = new FloorIndex()
  floor.setQueues(QUEUES)
  for (const one of agents) floor.setAgent(one.name, one, now)
  for (const member of members) floor.setMember(member.queue, member.call, member)
  return { floor, changes: floor.takeChanges(now) }
}

test('an offer stands as long as the agent is promised under its epoch', () => {
  const promised = reserved(agent('anna'), { for: 'c1', queue: 'sales', ttlMs: 5_000 }, NOW)!
  const { epoch } = promised.reservation!
  const member = offered(caller('c1', 10), [{ agent: 'anna', epoch }], NOW)
  const unfounded = (members: Member[], agents: Agent[], now: number) => {
    const { floor, changes } = newFloor(members, agents, now)
    return floor.unfounded(changes, now).map(({ offer }) => offer.epoch)
  }
  assert.deepEqual(unfounded([member], [promised], NOW + 4_999), [])
  assert.deepEqual(unfounded([member], [promised], NOW + 5_000), [epoch])
  assert.deepEqual(unfounded([member], [], NOW), [epoch])
  const older = { ...member, offer: { agent: 'anna', epoch: epoch - 1 } }
  assert.deepEqual(unfounded([older], [promised], NOW), [epoch - 1])
  const { floor } = newFloor([member], [promised])
  floor.setAgent('anna', null, NOW)
  assert.equal(floor.unfounded(floor.takeChanges(NOW), NOW).length, 1, 'a change of the agent alone is enough')
})

test('the next look is at the first moment that changes anything', () => {
  const promised = reserved(agent('anna'), { for: 'c1', queue: 'sales', ttlMs: 5_000 }, NOW)!
  const aside = { ...caller('c2', 10), passedUntil: NOW + 3_000 }
  const next = (members: Member[], agents: Agent[]) => newFloor(members, agents).floor.nextLook
  assert.equal(next([], [agent('bert')]), null)
  assert.equal(next([], [promised, agent('bert')]), NOW + 5_000)
  assert.equal(next([aside], [promised]), NOW + 3_000)
  const { floor } = newFloor([aside], [promised])
  floor.decideLater(aside, NOW + 1_000)
  assert.equal(floor.nextLook, NOW + 1_000)
  assert.deepEqual([...floor.takeChanges(NOW + 1_000).members], [aside])
  assert.equal(floor.nextLook, NOW + 5_000)
})

test('the check finds what must never be', () => {
  const promised = reserved(agent('anna'), { for: 'c1', queue: 'sales', ttlMs: 5_000 }, NOW)!
  const offer = { agent: 'anna', epoch: promised.reservation!.epoch }
  const good = offered(caller('c1', 10), [offer], NOW)
  const faults = (members: Member[], agents: Agent[]) => check({ queues: QUEUES, members, agents, now: NOW })
  assert.deepEqual(faults([good], [promised]), [])
  assert.match(faults([], [promised]).join(), /agent anna is reserved for caller c1, who has no such place in sales/)
  assert.match(
    faults([good, offered(caller('c2', 5), [offer], NOW)], [promised]).join(),
    /agent anna is reserved for callers c1 and c2/,
  )
  assert.match(
    faults([good], [agent('anna')]).join(),
    /caller c1 in sales is offered agent anna, who is not reserved for this caller/,
  )
  assert.match(
    faults([caller('c3', 5)], [agent('anna')]).join(),
    /caller c3 waits in sales although agent anna is free/,
  )
  assert.match(faults([{ ...good, offer: null }], []).join(), /caller c1 in sales is offered without an agent/)
})

test('a campaign may hold an agent whom no queue knows of', () => {
  const forLead = reserved(agent('anna'), { for: 'lead-1', queue: null, ttlMs: 5_000 }, NOW)!
  assert.deepEqual(check({ queues: QUEUES, members: [], agents: [forLead], now: NOW }), [])
})

/** On the line, and reserved for a lead who is called. */
function heldFor(name: string, call: string, dialledAt: number, onTheLine = true): Agent {
  const there = { ...agent(name), nailed: onTheLine ? { leg: name, node: 'a', since: 1 } : null }
  return reserved(there, { for: call, queue: null, ttlMs: NOW }, dialledAt)!
}

test('a lead who has answered and whose agent has left gets the agent of the lead who was dialled last and has not answered', () => {
  const agents = [
    heldFor('anna', 'lead-1', 10, false),
    heldFor('bert', 'lead-2', 20),
    heldFor('carl', 'lead-3', 40),
    heldFor('dora', 'lead-4', 50),
    heldFor('emil', 'lead-5', 30),
  ]
  const [one, ...others] = match({
    queues: QUEUES,
    members: [caller('lead-1', 10), caller('lead-4', 5)],
    agents,
    now: NOW,
  }).assignments
  assert.deepEqual(
    [one!.record.call, one!.agent.name, one!.insteadOf],
    ['lead-1', 'carl', 'lead-3'],
    'dora is for a lead who has answered',
  )
  assert.deepEqual(
    others.map(({ record, agent: who, insteadOf }) => [record.call, who.name, insteadOf]),
    [['lead-4', 'dora', undefined]],
  )
  const taken = reserved(one!.agent, { for: 'lead-1', queue: 'sales', ttlMs: 1_000, insteadOf: 'lead-3' }, NOW)
  assert.equal(taken?.reservation?.for, 'lead-1')
})

test('the lead whose agent was given away so gets the agent of the next one who has not answered, until their own is free again', () => {
  const left = heldFor('anna', 'lead-1', 10, false)
  const lent = reserved(
    heldFor('bert', 'lead-2', 20),
    { for: 'lead-1', queue: 'sales', ttlMs: 1_000, insteadOf: 'lead-2' },
    NOW,
  )!
  const agents = [left, lent, heldFor('carl', 'lead-3', 15)]
  const [one, ...others] = match({
    queues: QUEUES,
    members: [caller('lead-2', 10), caller('c1', 90_000)],
    agents,
    now: NOW,
  }).assignments
  assert.deepEqual([one!.record.call, one!.agent.name, one!.insteadOf, others.length], ['lead-2', 'carl', 'lead-3', 0])
  assert.deepEqual(pairs([caller('lead-2', 10)], [left, agent('bert'), heldFor('carl', 'lead-3', 15)]), ['lead-2 bert'])
})

test('nobody else takes the agent of a lead who is being called, and a lead takes nobody while somebody is free', () => {
  const ringing = [heldFor('anna', 'lead-1', 10), heldFor('bert', 'lead-2', 20)]
  assert.deepEqual(pairs([caller('c1', 90_000)], ringing), [])
  assert.equal(reserved(ringing[0]!, { for: 'c1', queue: 'sales', ttlMs: 1_000 }, NOW), null)
  const left = heldFor('carl', 'lead-3', 30, false)
  assert.deepEqual(pairs([caller('lead-3', 10)], [...ringing, left, agent('dora')]), ['lead-3 dora'])
})
