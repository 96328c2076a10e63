/**
 * Predictive: dials before agents are free. The next call is made when the probability that its person finds no agent
 * is at most theta, and theta follows the budget of abandoned calls (budget-control.ts). That probability comes from
 * three estimates that are learned from the campaign's own calls: what becomes of a dialled call by its age
 * (ring-law.ts), the present answer rate (answer-rate.ts), when agents will be free (free-times.ts).
 */
import { z } from 'zod'
import { AnswerRate, answerRateRecord, type Unresolved } from './answer-rate.ts'
import { BudgetControl, budgetControlRecord } from './budget-control.ts'
import { FreeTimes, freeTimesRecord } from './free-times.ts'
import {
  budgetUsed,
  freeAgents,
  type PacedCall,
  type Pacer,
  type PacingDecision,
  type PacingEvent,
  type PacingState,
} from './pacer.ts'
import { RingLaw, ringLawRecord, type TrackedCall } from './ring-law.ts'
import { ShortageRisk } from './shortage-risk.ts'

/** Milliseconds ahead at which answers and free agents are compared. */
const HORIZONS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 17, 20, 25].map(s => s * 1_000)
/** The tables are made anew so often; in the first dials, which teach the most, more often. */
const REBUILD_MS = 8_000
const REBUILD_YOUNG_MS = 2_000
const YOUNG_DIALS = 300
/** The answer rate is estimated so often. */
const ESTIMATE_MS = 500
/**
 * The answer rate counts as higher by so many variances of its estimate: the first seconds are careful, later ones not.
 */
const CAUTION = 3

interface Followed extends TrackedCall, Unresolved {
  human: boolean
  /** The odds that this lead answers, beside those of an average lead: 1 when nothing is known of it. */
  readonly odds: number
}

/** The mean of `pAnswer` is that of about so many dials. */
const LEADS_COMPARED = 500
/**
 * After so many leads the difference of a lead to their mean is believed half: the mean of a few leads is no measure. A
 * first lead who is likely to answer would make all others look unlikely, and far too many would be dialled.
 */
const LEADS_HALF = 20

const followedRecord = z.looseObject({
  id: z.string(),
  dialledAt: z.number(),
  ringAt: z.number().nullable(),
  answeredAt: z.number().nullable(),
  countedTo: z.number(),
  human: z.boolean(),
  odds: z.number(),
  number: z.number(),
  predicted: z.array(z.number()),
  chance: z.number(),
})

export const predictiveRecord = z.looseObject({
  mode: z.literal('predictive'),
  ring: ringLawRecord,
  rate: answerRateRecord,
  free: freeTimesRecord,
  budget: budgetControlRecord,
  followed: z.array(followedRecord),
  dials: z.number(),
  meanAnswer: z.number().nullable(),
  leadsCompared: z.number().optional(),
  forgotten: z.number(),
  talks: z.number(),
  rebuiltAt: z.number().nullable(),
  estimatedAt: z.number().nullable(),
})
export type PredictiveRecord = z.infer<typeof predictiveRecord>

export class Predictive implements Pacer {
  readonly #ring: RingLaw
  readonly #rate: AnswerRate
  readonly #free: FreeTimes
  readonly #budget: BudgetControl
  readonly #risk = new ShortageRisk(HORIZONS.length)
  readonly #followed = new Map<string, Followed>()
  #dials = 0
  /** Mean of `pAnswer` of the leads that were dialled. */
  #meanAnswer: number | null = null
  /** Of how many leads, up to LEADS_COMPARED. */
  #leadsCompared = 0
  #forgotten = 0
  #talks = 0
  #rebuiltAt: number | null = null
  #estimatedAt: number | null = null
  #agents = new Float64Array(64 * HORIZONS.length)
  #calls = new Float64Array(64 * HORIZONS.length)
  readonly #next = new Float64Array(HORIZONS.length)

  constructor(record?: PredictiveRecord) {
    this.#ring = new RingLaw(HORIZONS, record?.ring)
    this.#rate = new AnswerRate(record?.rate)
    this.#free = new FreeTimes(HORIZONS, record?.free)
    this.#budget = new BudgetControl(record?.budget)
    if (!record) return
    for (const { id, ...call } of record.followed) this.#followed.set(id, call)
    this.#dials = record.dials
    this.#meanAnswer = record.meanAnswer
    this.#leadsCompared = record.leadsCompared ?? 0
    this.#forgotten = record.forgotten
    this.#talks = record.talks
    this.#rebuiltAt = record.rebuiltAt
    this.#estimatedAt = record.estimatedAt
  }

  /** What this pacer knows. Its tables are made anew, so this one and a restored one decide the same from now on. */
  save(): PredictiveRecord {
    return {
      mode: 'predictive',
      ring: this.#ring.save(),
      rate: this.#rate.save(),
      free: this.#free.save(),
      budget: this.#budget.save(),
      followed: [...this.#followed].map(([id, call]) => ({ id, ...call, predicted: [...call.predicted] })),
      dials: this.#dials,
      meanAnswer: this.#meanAnswer,
      leadsCompared: this.#leadsCompared,
      forgotten: this.#forgotten,
      talks: this.#talks,
      rebuiltAt: this.#rebuiltAt,
      estimatedAt: this.#estimatedAt,
    }
  }

  onEvent(event: PacingEvent): void {
    switch (event.type) {
      case 'dialled':
        if (!this.#followed.has(event.call)) this.#follow(event.call, event.at, event.at, event.pAnswer)
        return
      case 'ringing':
      case 'answered':
      case 'human':
      case 'ended':
        return this.#onCall(event.type, event.call, event.at)
      case 'connected':
      case 'abandoned':
        this.#followed.delete(event.call)
        return
      case 'talk-ended':
      case 'wrap-ended':
        this.#talks += event.type === 'talk-ended' ? 1 : 0
        this.#free.ended(event.agent, event.type === 'talk-ended' ? 'talk' : 'wrap', event.at, event.lastedMs)
        return
      case 'logged-out':
        this.#free.left(event.agent)
        return
      case 'logged-in':
    }
  }

  #follow(id: string, dialledAt: number, countedTo: number, pAnswer?: number): Followed {
    const odds = this.#oddsOf(pAnswer)
    if (pAnswer !== undefined) {
      this.#leadsCompared = Math.min(LEADS_COMPARED, this.#leadsCompared + 1)
      this.#meanAnswer = (this.#meanAnswer ?? pAnswer) + (pAnswer - (this.#meanAnswer ?? pAnswer)) / this.#leadsCompared
    }
    this.#rate.dialled()
    this.#dials += 1
    const call: Followed = {
      dialledAt,
      ringAt: null,
      answeredAt: null,
      countedTo,
      human: false,
      odds,
      number: this.#dials,
      predicted: this.#rate.predictions,
      chance: this.#rate.rate,
    }
    this.#followed.set(id, call)
    return call
  }

  /** A call that another owner dialled: it counts from now on (left-truncated). */
  #meet(seen: PacedCall, now: number): Followed | null {
    if (seen.phase === 'waiting') return null
    const call = this.#follow(seen.id, seen.dialledAt, now, seen.pAnswer)
    if (seen.phase === 'dialing') return call
    call.ringAt = seen.phaseAt
    if (seen.phase === 'answered') call.answeredAt = seen.phaseAt
    return call
  }

  #onCall(type: 'ringing' | 'answered' | 'human' | 'ended', id: string, at: number): void {
    const call = this.#followed.get(id)
    if (!call || call.human) return
    if (type === 'ringing') {
      if (call.ringAt === null) this.#ring.rang(call, at)
      return
    }
    if (type === 'answered') {
      if (call.answeredAt === null) this.#ring.answered(call, at)
      return
    }
    const human = type === 'human'
    if (human) this.#ring.human(call, at)
    else this.#ring.ended(call, at)
    this.#rate.resolved(call.predicted, this.#dials - call.number, human)
    call.human = human
    if (!human) this.#followed.delete(id)
  }

  decide(state: PacingState): PacingDecision {
    this.#learn(state)
    const { now, policy, budget, calls, agents } = state
    const free = freeAgents(state)
    const theta = this.#budget.theta(budget, policy, now, agents.length)
    const J = HORIZONS.length

    if (this.#agents.length < agents.length * J) this.#agents = new Float64Array(2 * agents.length * J)
    if (this.#calls.length < calls.length * J) this.#calls = new Float64Array(2 * calls.length * J)
    let waiting = 0
    let unresolved = 0
    let expected = 0
    const rate = Math.min(0.95, this.#rate.rate + CAUTION * this.#rate.deviation ** 2)
    for (const seen of calls) {
      const call = this.#followed.get(seen.id) ?? this.#meet(seen, now)
      if (seen.phase === 'waiting') waiting += 1
      else if (call && !call.human) {
        const chance = this.#ring.chance(call, withOdds(rate, call.odds), now)
        expected += chance
        this.#ring.answersBy(call, now, chance, this.#calls, unresolved * J)
        unresolved += 1
      }
    }
    expected += waiting
    let busy = 0
    for (const agent of agents) {
      if (agent.leaving || agent.state === 'free') continue
      this.#free.freeBy(agent.state, now - agent.since, this.#agents, busy * J)
      busy += 1
    }
    const figures = (howMany: number, risk: number | null) => ({
      callsPerAgent: agents.length > 0 ? (calls.length + howMany) / agents.length : 0,
      theta,
      risk,
      predictedAnswers: expected,
      answerRate: this.#rate.rate,
      budgetUsed: budgetUsed(state),
    })
    if (agents.length === 0) return { howMany: 0, why: 'no-agents', figures: figures(0, null) }
    if (theta === null) {
      const howMany = Math.max(0, free - calls.length)
      return { howMany, why: 'budget', figures: figures(howMany, null) }
    }
    this.#risk.begin(free - waiting, this.#agents, busy, this.#calls, unresolved, this.#rate.deviation / rate)
    const nextIs = (n: number) => {
      const chance = withOdds(rate, this.#oddsOf(state.nextLeads?.[n]))
      for (let j = 0; j < J; j++) this.#next[j] = chance * this.#ring.newCallBy(j)
    }
    let howMany = 0
    nextIs(0)
    let risk = this.#risk.next(this.#next)
    while (risk <= theta && howMany < this.#risk.mostDials) {
      this.#risk.add(this.#next)
      howMany += 1
      if (state.nextLeads) nextIs(howMany)
      risk = this.#risk.next(this.#next)
    }
    return { howMany, why: 'risk', figures: figures(howMany, risk) }
  }

  #oddsOf(pAnswer: number | undefined): number {
    const mean = this.#meanAnswer
    if (pAnswer === undefined || mean === null) return 1
    const odds = (pAnswer * (1 - mean)) / ((1 - pAnswer) * mean)
    return odds ** (this.#leadsCompared / (this.#leadsCompared + LEADS_HALF))
  }

  #learn(state: PacingState): void {
    const { now } = state
    if (this.#estimatedAt === null || now - this.#estimatedAt >= ESTIMATE_MS) {
      this.#estimatedAt = now
      const unresolved: Followed[] = []
      for (const call of this.#followed.values()) {
        if (call.human) continue
        call.chance = this.#ring.chance(call, withOdds(this.#rate.rate, call.odds), now)
        unresolved.push(call)
      }
      this.#rate.estimate(unresolved, this.#dials)
    }
    if (this.#rebuiltAt !== null && now - this.#rebuiltAt < (this.#dials < YOUNG_DIALS ? REBUILD_YOUNG_MS : REBUILD_MS))
      return
    this.#rebuiltAt = now
    const underWay = new Set(state.calls.map(call => call.id))
    for (const id of this.#followed.keys()) if (!underWay.has(id)) this.#followed.delete(id) // its end was not told
    for (const call of this.#followed.values()) if (!call.human) this.#ring.spend(call, now)
    this.#free.look(state.agents, now)
    this.#ring.forget(this.#dials - this.#forgotten)
    this.#forgotten = this.#dials
    this.#free.forget(this.#talks)
    this.#talks = 0
    this.#ring.rebuild()
    const { connectWithinMs, clock } = state.policy
    this.#free.rebuild(connectWithinMs + (clock === 'greeting-end' ? this.#ring.detectMs : 0))
  }
}

/** A probability whose odds are multiplied. */
const withOdds = (rate: number, odds: number): number => (rate * odds) / (1 - rate + rate * odds)
