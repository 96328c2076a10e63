/**
 * The predictive controller inside the product, in virtual time: the dialer, the agents' records, the queue and the
 * matcher are the real ones, over memory stores. What people do is that of the simulator (fate.ts). PostgreSQL and
 * FreeSWITCH are replaced by as little as the dialer needs: a list without an end, and legs with their events.
 */
import { randomUUID } from 'node:crypto'
import { MemoryAgents, memoryRoster } from '../../../src/agent/memory-roster.ts'
import { RosterMirror } from '../../../src/agent/roster-mirror.ts'
import { sleep } from '../../../src/base/clock.ts'
import { silentLog } from '../../../src/base/log.ts'
import type { Placed, Placing } from '../../../src/campaign/attempt.ts'
import { campaignFrom, type Campaign } from '../../../src/campaign/campaign.ts'
import { Dialer, type DialerContext } from '../../../src/campaign/dialer.ts'
import type { NumberHistory } from '../../../src/campaign/pacing/lead-answers.ts'
import type { SwitchEvent } from '../../../src/esl/event.ts'
import { silentEvents } from '../../../src/events/events.ts'
import { leadPlaces } from '../../../src/node/dialling.ts'
import { memoryQueueStore } from '../../../src/queue/memory-store.ts'
import { openQueues } from '../../../src/queue/queue.ts'
import { VirtualClock } from '../../../src/testing/virtual-clock.ts'
import { listAsSql, NO_LIMITS } from '../../dialer-surroundings.ts'
import { waitingCall } from '../../waiting-call.ts'
import { fateOf, leadOf, type Fate } from './fate.ts'
import type { Scenario } from './scenarios.ts'

export interface ProductResult {
  readonly occupancy: number
  readonly abandonedPercent: number
  readonly dials: number
}

const QUEUE = 'sales'

/** What became of the earlier calls to a number, as the claim tells it. */
const BEFORE: Readonly<Record<NumberHistory, string | null>> = {
  new: null,
  answered: 'answered',
  machine: 'machine',
  busy: 'busy',
  unanswered: 'no-answer',
  'unanswered-often': 'no-answer,no-answer,no-answer',
}

/**
 * One campaign of the scenario, for its hours. Agents are at work from the start to the end. `told`: the list tells
 * what became of earlier calls; else every number looks new.
 */
export async function runProduct(of: Scenario, seed: number, told = true): Promise<ProductResult> {
  const { answer } = of
  if (typeof answer !== 'number' || of.shifts) throw new Error('only scenarios with one rate and without shifts')
  const clock = new VirtualClock()
  const table = new MemoryAgents()
  const [roster, store] = [memoryRoster(table), memoryQueueStore(table)]
  const mirror = new RosterMirror(roster, clock, silentLog)
  const queues = openQueues({ store, roster, mirror, clock, log: silentLog, node: 'a' })
  const began = clock.now()
  const endsAt = began + of.hours * 3_600_000
  const watchers = new Map<string, (event: SwitchEvent) => void>()
  const at = {
    name: 'fs',
    up: true,
    facts: { core: 'core' },
    watch(uuid: string, hear: (event: SwitchEvent) => void) {
      watchers.set(uuid, hear)
      return { [Symbol.dispose]: () => void watchers.delete(uuid) }
    },
  }
  const tell = (uuid: string, name: string) => watchers.get(uuid)?.({ name } as SwitchEvent)
  const budget = { live: 0, abandoned: 0 }
  let [live, abandoned, busyMs, dials] = [0, 0, 0, 0]
  /** Since when agents talk with people, or wrap up, by the call. */
  const served = new Map<string, number>()
  const ms = (seconds: number) => Math.round(seconds * 1_000)
  const secondsAt = (moment: number) => (moment - began) / 1_000
  /** Which lead of the list an attempt calls. */
  const numbers = new Map<string, number>()
  let claims = 0

  /** From the answer on, as scripts/campaign-leg.ts does it. */
  async function flow(uuid: string, fate: Fate): Promise<void> {
    const answeredAt = clock.now()
    await sleep(clock, ms(fate.detect))
    if (fate.person) live++
    if (!fate.person || fate.falsePositive) {
      if (fate.falsePositive) abandoned++
      if (!fate.missed) return tell(uuid, 'CHANNEL_HANGUP')
    }
    budget.live++
    const place = await queues.enter(waitingCall(uuid), QUEUE, { headStart: '1d', since: answeredAt, onLine: 'core' })
    const left = answeredAt + ms(of.abandonAfter) - clock.now()
    const agent = left > 0 ? await place.agent({ within: `${left}ms` }) : null
    if (!agent || !(await agent.talking())) {
      if (fate.person) abandoned++
      budget.abandoned++
      await place[Symbol.asyncDispose]()
      await sleep(clock, ms(of.message))
      return tell(uuid, 'CHANNEL_HANGUP')
    }
    const talks = clock.now()
    if (fate.person) served.set(uuid, talks)
    await sleep(clock, ms(fate.talk))
    await agent.finished('talked')
    await place[Symbol.asyncDispose]()
    tell(uuid, 'CHANNEL_HANGUP')
    await sleep(clock, ms(fate.wrap))
    await roster.finishWrapUp(agent.name, clock.now(), true)
    if (served.delete(uuid)) busyMs += clock.now() - talks
  }

  async function dial(attempt: string, { may }: Placing): Promise<Placed> {
    if (!may()) return 'not-sent'
    dials++
    const fate = fateOf(of, seed, numbers.get(attempt)!, answer as number, secondsAt(clock.now()))
    numbers.delete(attempt)
    await sleep(clock, ms(fate.ringback))
    if (fate.rings > 0) tell(attempt, 'CHANNEL_PROGRESS')
    await sleep(clock, ms(fate.rings))
    if (!fate.answers) {
      tell(attempt, 'CHANNEL_HANGUP')
      return 'no-answer'
    }
    tell(attempt, 'CHANNEL_ANSWER')
    void flow(attempt, fate)
    return 'answered'
  }

  const list = listAsSql({
    left: () => 1_000,
    expiresAt: () => endsAt + 1e9,
    claim(ids) {
      for (const id of ids) numbers.set(id, claims++)
      return ids
    },
    before: id => (told ? BEFORE[leadOf(of, seed, numbers.get(id)!, secondsAt(clock.now())).facts.history] : null),
  })
  const context = {
    leads: { sql: list },
    attempts: {
      rings: () => false,
      place: (_at: unknown, _campaign: unknown, { attempt }: { attempt: string }, placing: Placing) =>
        dial(attempt, placing),
    },
    wakeup: { on: () => ({ [Symbol.dispose]() {} }), ring: async () => {} },
    nailedLegs: { homeOf: () => at, on: () => ({ [Symbol.dispose]() {} }) },
    onPlace: leadPlaces(store),
    lawOf: async () => ({
      policy: { target: 0.03, connectWithinMs: ms(of.abandonAfter), clock: 'answer', endsAt },
      budget,
    }),
    countsFor: () => true,
    ...NO_LIMITS,
    ...{ roster, mirror, switchboard: { switches: [at], of: () => at }, clock, log: silentLog, events: silentEvents },
    ...{ node: 'a', gateway: 'carrier' },
  } as unknown as DialerContext

  await store.put({ name: QUEUE, strategy: 'longest-idle-agent' })
  for (let n = 0; n < of.agents; n++) {
    const name = `agent-${n}`
    const tiers = [{ queue: QUEUE, level: 1, position: 1 }]
    await roster.put(
      { name, endpoint: `user/${name}`, wrapUpMs: 3_600_000, ringForMs: 20_000, queues: tiers },
      clock.now(),
    )
    await roster.nail(name, { leg: randomUUID(), node: 'a', core: 'core' }, clock.now())
    await roster.setStatus(name, 'ready', clock.now())
  }
  await clock.settle()
  const settings = campaignFrom({ name: 'predictive', queue: QUEUE, mode: 'predictive' })
  const campaign = { ...settings, id: randomUUID(), state: 'running', switches: null } as unknown as Campaign
  const dialer = new Dialer(context, campaign, () => true)
  await clock.runUntil(sleep(clock, endsAt - clock.now()), of.hours * 3_600_000)
  for (const talks of served.values()) busyMs += endsAt - talks
  served.clear()
  const result = {
    occupancy: busyMs / (of.agents * of.hours * 3_600_000),
    abandonedPercent: (100 * abandoned) / Math.max(1, live),
    dials,
  }
  await clock.runUntil(dialer.stop(), 60_000)
  await clock.runUntil(Promise.resolve(queues[Symbol.asyncDispose]()), 60_000)
  mirror.close()
  return result
}
