/** What may happen to an agent, and what may not: pure records, no store. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  advanced,
  asOf,
  checkSettings,
  configured,
  held,
  holds,
  LEGAL,
  nailed,
  newAgent,
  nextChange,
  released,
  reserved,
  settled,
  STATES,
  whyNotNow,
  withStatus,
  type Agent,
  type AgentState,
} from '../../src/agent/agent.ts'
import { occupied, vacated } from '../../src/agent/telephone-legs.ts'
import { wrapUpExtended, wrapUpFinished } from '../../src/agent/wrap-up.ts'
import { OUTCOMES, restMs } from '../../src/agent/rest.ts'
import { InputError } from '../../src/base/errors.ts'

const NOW = 1_000_000
const TIERS = [{ queue: 'sales', level: 1, position: 1 }]
const SETTINGS = { name: 'alice', endpoint: 'user/1001', wrapUpMs: 30_000, ringForMs: 20_000, queues: TIERS }

const ready = (): Agent => withStatus(newAgent(SETTINGS, NOW), 'ready', null, NOW)
const claim = { for: 'call-1', queue: 'sales', ttlMs: 10_000 }
const promised = (agent = ready(), now = NOW): { agent: Agent; epoch: number } => {
  const taken = reserved(agent, claim, now)
  assert.ok(taken?.reservation)
  return { agent: taken, epoch: taken.reservation.epoch }
}
const talkingAgent = (agent = ready()) => {
  const { agent: taken, epoch } = promised(agent)
  return { agent: advanced(advanced(taken, epoch, 'ringing', NOW)!, epoch, 'talking', NOW)!, epoch }
}

test('a new agent is logged out and gets no calls', () => {
  const agent = newAgent(SETTINGS, NOW)
  assert.equal(agent.status, 'logged-out')
  assert.equal(whyNotNow(agent, NOW), 'logged-out')
  assert.equal(reserved(agent, claim, NOW), null)
})

test('an agent on a break gets no calls, one who is ready or on demand does', () => {
  assert.equal(whyNotNow(withStatus(ready(), 'break', 'lunch', NOW), NOW), 'break')
  assert.equal(withStatus(ready(), 'break', 'lunch', NOW).reason, 'lunch')
  assert.equal(whyNotNow(withStatus(ready(), 'on-demand', null, NOW), NOW), null)
  assert.equal(whyNotNow(ready(), NOW), null)
})

test('an agent is promised to one caller only', () => {
  const { agent } = promised()
  assert.equal(reserved(agent, { ...claim, for: 'call-2' }, NOW), null)
  assert.equal(whyNotNow(agent, NOW), 'reserved')
})

test('a promise that nobody keeps lapses at its deadline, to the millisecond', () => {
  const { agent, epoch } = promised()
  assert.equal(nextChange(agent, NOW), NOW + 10_000)
  assert.ok(holds(agent, epoch, NOW + 9_999))
  assert.ok(!holds(agent, epoch, NOW + 10_000))
  const free = asOf(agent, NOW + 10_000)
  assert.equal(free.state, 'idle')
  assert.equal(free.stateSince, NOW + 10_000)
  assert.ok(reserved(free, claim, NOW + 10_000))
})

test('a promise can be prolonged while it holds', () => {
  const { agent, epoch } = promised()
  const longer = held(agent, epoch, 10_000, NOW + 5_000)!
  assert.ok(holds(longer, epoch, NOW + 14_999))
  assert.equal(held(longer, epoch + 1, 10_000, NOW), null)
})

test('a phone that rings when its node dies does not ring for ever', () => {
  const { agent, epoch } = promised()
  const ringing = advanced(agent, epoch, 'ringing', NOW)!
  assert.ok(holds(ringing, epoch, NOW + 20_000))
  assert.equal(asOf(ringing, NOW + 30_000).state, 'idle')
})

test('a phone that rings again under the same promise has its time anew, and nobody goes back from talking to ringing', () => {
  const { agent, epoch } = promised()
  const ringing = advanced(advanced(agent, epoch, 'ringing', NOW)!, epoch, 'ringing', NOW + 20_000)!
  assert.equal(ringing.reservation?.deadline, NOW + 50_000)
  assert.equal(ringing.stateSince, NOW)
  const talks = advanced(ringing, epoch, 'talking', NOW + 25_000)!
  assert.equal(advanced(talks, epoch, 'ringing', NOW + 26_000), talks)
})

test('a talk has no deadline', () => {
  const { agent } = talkingAgent()
  assert.equal(nextChange(agent, NOW), null)
  assert.equal(asOf(agent, NOW + 86_400_000).state, 'talking')
})

test('after a talk the agent has their wrap-up, which ends by itself', () => {
  const { agent, epoch } = talkingAgent()
  const wrapping = released(agent, epoch, 'talked', NOW + 60_000)!
  assert.equal(wrapping.state, 'wrap-up')
  assert.equal(wrapping.lastTalkEnded, NOW + 60_000)
  assert.equal(wrapping.reservation, null)
  assert.equal(asOf(wrapping, NOW + 89_999).state, 'wrap-up')
  assert.equal(asOf(wrapping, NOW + 90_000).state, 'idle')
})

test('whatever is said to have come of a talk, it was one: the agent has their wrap-up', () => {
  const { agent, epoch } = talkingAgent()
  for (const outcome of OUTCOMES) assert.equal(released(agent, epoch, outcome, NOW)!.state, 'wrap-up')
})

test('an agent without wrap-up time is free at once', () => {
  const { agent, epoch } = talkingAgent(withStatus(newAgent({ ...SETTINGS, wrapUpMs: 0 }, NOW), 'ready', null, NOW))
  assert.equal(whyNotNow(released(agent, epoch, 'talked', NOW)!, NOW), null)
})

test('a wrap-up can be extended and finished early, and nothing else can', () => {
  const { agent, epoch } = talkingAgent()
  const wrapping = released(agent, epoch, 'talked', NOW)!
  assert.equal(wrapUpExtended(wrapping, 15_000, NOW)!.wrapUpUntil, NOW + 45_000)
  assert.equal(wrapUpFinished(wrapping, NOW)!.state, 'idle')
  assert.equal(wrapUpFinished(ready(), NOW), null)
  assert.equal(wrapUpExtended(agent, 1, NOW), null)
})

test('an agent on demand gets nothing after a talk until they say so', () => {
  const { agent, epoch } = talkingAgent(withStatus(ready(), 'on-demand', null, NOW))
  const wrapping = released(agent, epoch, 'talked', NOW)!
  assert.equal(nextChange(wrapping, NOW), null)
  assert.equal(asOf(wrapping, NOW + 86_400_000).state, 'wrap-up')
  assert.equal(wrapUpExtended(wrapping, 1_000, NOW)!.wrapUpUntil, 'finished')
  assert.equal(whyNotNow(wrapUpFinished(wrapping, NOW)!, NOW), null)
})

test('who did not answer, was busy or declined is left alone for a while', () => {
  for (const outcome of ['no-answer', 'busy', 'declined', 'failed'] as const) {
    const { agent, epoch } = promised()
    const back = released(advanced(agent, epoch, 'ringing', NOW)!, epoch, outcome, NOW)!
    assert.equal(whyNotNow(back, NOW + restMs({}, outcome) - 1), 'resting', outcome)
    assert.equal(whyNotNow(back, NOW + restMs({}, outcome)), null, outcome)
    assert.equal(nextChange(back, NOW), NOW + restMs({}, outcome))
    assert.equal(back.noAnswers, outcome === 'no-answer' ? 1 : 0)
  }
})

test('an agent whose caller hung up is free at once', () => {
  const { agent, epoch } = promised()
  assert.equal(whyNotNow(released(agent, epoch, 'caller-left', NOW)!, NOW), null)
})

test('calls not answered are counted until the agent talks or says that they are ready', () => {
  let agent = configured(ready(), { ...SETTINGS, maxNoAnswers: 0 }, NOW)
  for (let i = 1; i <= 3; i++) {
    const { agent: taken, epoch } = promised(agent, NOW + i * 100_000)
    agent = released(taken, epoch, 'no-answer', NOW + i * 100_000)!
    assert.equal(agent.noAnswers, i)
  }
  assert.equal(withStatus(agent, 'ready', null, NOW).noAnswers, 3)
  const back = withStatus(withStatus(agent, 'break', null, NOW), 'ready', null, NOW)
  assert.equal(back.noAnswers, 0)
  assert.equal(whyNotNow(back, NOW), null)
  const { agent: taken, epoch } = promised(agent, NOW + 400_000)
  assert.equal(advanced(taken, epoch, 'talking', NOW + 400_000)!.noAnswers, 0)
})

test('a late word under an old epoch changes nothing', () => {
  const { agent, epoch } = promised()
  const later = promised(released(agent, epoch, 'caller-left', NOW)!)
  assert.ok(later.epoch > epoch)
  assert.equal(advanced(later.agent, epoch, 'talking', NOW), null)
  assert.equal(released(later.agent, epoch, 'talked', NOW), null)
  assert.equal(held(later.agent, epoch, 1_000, NOW), null)
})

test('epochs stay new when the store lost its last seconds', () => {
  const before = ready()
  const { epoch: lost } = promised(asOf(promised(before, NOW + 1_000).agent, NOW + 21_000), NOW + 21_000)
  const { epoch } = promised(before, NOW + 22_000)
  assert.ok(epoch > lost)
})

test('going on a break during a talk ends neither the talk nor the wrap-up', () => {
  const { agent, epoch } = talkingAgent()
  const leaving = withStatus(agent, 'break', 'lunch', NOW)
  assert.equal(leaving.state, 'talking')
  const wrapping = released(leaving, epoch, 'talked', NOW)!
  assert.equal(wrapping.state, 'wrap-up')
  assert.equal(whyNotNow(asOf(wrapping, NOW + 30_000), NOW + 30_000), 'break')
})

test('an agent who comes back from a call elsewhere has what was left of the wrap-up', () => {
  const { agent, epoch } = talkingAgent()
  const away = occupied(released(agent, epoch, 'talked', NOW)!, 'leg-1', NOW + 5_000)!
  assert.equal(whyNotNow(asOf(away, NOW + 40_000), NOW + 40_000), 'busy-elsewhere')
  assert.equal(vacated(away, 'leg-1', NOW + 10_000)!.state, 'wrap-up')
  assert.equal(vacated(away, 'leg-1', NOW + 40_000)!.state, 'idle')
})

test('an agent who is nailed up talks without ringing', () => {
  const agent = nailed(ready(), { leg: 'leg-1', node: 'a' }, NOW)
  assert.deepEqual(agent.nailed, { leg: 'leg-1', node: 'a', since: NOW })
  const { agent: taken, epoch } = promised(agent)
  assert.equal(advanced(taken, epoch, 'talking', NOW)!.state, 'talking')
  assert.equal(nailed(agent, null, NOW).nailed, null)
})

test('what lapsed is written down once', () => {
  const { agent } = promised()
  assert.equal(settled(agent, NOW), null)
  const written = settled(agent, NOW + 10_000)!
  assert.equal(written.state, 'idle')
  assert.ok(written.rev > agent.rev)
  assert.equal(settled(written, NOW + 10_000), null)
})

test('random steps only ever make legal changes, and time alone never does more than one', () => {
  const seen = new Set<string>()
  let seed = 7
  const pick = (n: number) => (seed = (seed * 48_271) % 2_147_483_647) % n
  let agent = ready()
  let now = NOW
  for (let i = 0; i < 20_000; i++) {
    now += pick(8_000)
    const at = asOf(agent, now)
    if (at.state !== agent.state) seen.add(`${agent.state} ${at.state}`)
    assert.equal(asOf(at, now), at)
    const epoch = at.reservation?.epoch ?? 0
    const outcome = OUTCOMES[pick(6)]!
    const steps = [
      () => reserved(at, claim, now),
      () => advanced(at, epoch, 'ringing', now),
      () => advanced(at, epoch, 'talking', now),
      () => released(at, epoch, outcome, now),
      // a leg that begins during a reservation or a talk: agent-legs.test.ts
      () => (at.state === 'idle' || at.state === 'wrap-up' ? occupied : vacated)(at, 'leg-1', now),
      () => wrapUpFinished(at, now),
      () => withStatus(at, (['ready', 'on-demand', 'break'] as const)[pick(3)]!, null, now),
      () => held(at, epoch, 5_000, now),
      () => configured(at, { ...SETTINGS, wrapUpMs: pick(2) * 30_000 }, now),
    ]
    const next = steps[pick(steps.length)]!()
    if (!next) continue
    assert.ok(next === at || next.rev > at.rev)
    if (next.state !== at.state) seen.add(`${at.state} ${next.state}`)
    agent = next
  }
  const legal = STATES.flatMap((from: AgentState) => LEGAL[from].map(to => `${from} ${to}`))
  assert.deepEqual([...seen].sort(), legal.sort())
})

test('settings that cannot be used are refused in words', () => {
  const bad = [
    { name: 'a b' },
    { name: '' },
    { endpoint: '' },
    { wrapUpMs: -1 },
    { wrapUpMs: NaN },
    { wrapUpMs: 30 * 86_400_000 },
    { ringForMs: 0 },
    { ringForMs: 120_001 },
  ]
  for (const settings of bad) assert.throws(() => checkSettings({ ...SETTINGS, ...settings }), InputError)
  assert.throws(() => checkSettings({ ...SETTINGS, queues: [{ queue: 'sales', level: 0, position: 1 }] }), InputError)
  checkSettings({ ...SETTINGS, name: '1001@example.com' })
})
