/**
 * Agents who are on the line before any lead is: the house calls them once, their leg stays, and a talk begins in the moment in which
 * a lead says hello. Called are the agents of the queues that a running campaign on this node needs, while they are ready.
 *
 * While the phone rings the roster shows them as ringing, under a reservation like any other, so no queue rings them at the same time;
 * its rests apply, and three calls in a row without an answer make a break ('no answer', as max-no-answer of mod_callcenter does).
 */
import { whyNotNow, type Agent, type Outcome } from '../agent/agent.ts'
import type { Roster } from '../agent/roster.ts'
import type { Timer } from '../base/clock.ts'
import { InputError } from '../base/errors.ts'
import type { Call } from '../call/call.ts'
import type { DialOutcome } from '../call/cause.ts'
import type { CallHouse } from '../call/house.ts'
import type { Leg } from '../call/leg.ts'
import { originate } from '../call/originate.ts'
import { dial, endpoint, ident, newUuid, uuid as parseUuid } from '../esl/words.ts'
import type { Floor } from './floor.ts'

const MAX_NO_ANSWER = 3
const LET_GO_MS = 1_500
/** A reservation outlasts the ringing by this much, for the switch to say how it ended. */
const GRACE_MS = 10_000
/** Who has left the line may want to: they are not called back in the same breath. */
const LEFT_MS = 5_000
const REST: Readonly<Record<Exclude<DialOutcome, 'answered'>, Outcome>> = {
  busy: 'busy', 'no-answer': 'no-answer', declined: 'declined', cancelled: 'caller-left',
  invalid: 'failed', failed: 'failed', refused: 'failed',
}

export interface NailedOptions {
  house: CallHouse
  roster: Roster
  floor: Floor
  node: string
}

export class NailedAgents {
  readonly #options: NailedOptions
  readonly #calls = new Map<string, Call>()
  readonly #calling = new Map<string, AbortController>()
  readonly #needs = new Map<string, number>()
  readonly #notBefore = new Map<string, number>()
  /** Legs of other nodes, whose end is awaited. */
  readonly #foreign = new Map<string, Disposable>()
  readonly #listening: Disposable
  #timer: Timer | null = null
  /** Those on the line, until their leaving has been written down. */
  readonly #departures = new Set<Promise<void>>()
  #closed = false

  constructor(options: NailedOptions) {
    this.#options = options
    this.#listening = options.floor.on('change', () => this.#look())
  }

  /** The agent's leg, when it waits (or talks) here. */
  callOf(agent: string): Call | undefined {
    return this.#calls.get(agent)
  }

  get count(): number {
    return this.#calls.size
  }

  /** A running campaign needs the agents of this queue until the answer is disposed; then whoever does not talk is let go. */
  need(queue: string): Disposable {
    let needed = true
    this.#needs.set(queue, (this.#needs.get(queue) ?? 0) + 1)
    this.#look()
    return {
      [Symbol.dispose]: () => {
        if (!needed) return
        needed = false
        this.#needs.set(queue, this.#needs.get(queue)! - 1)
        this.#look()
      },
    }
  }

  /** Lets everybody go who does not talk, and waits for that at most 1.5 s. */
  async close(): Promise<void> {
    this.#closed = true
    this.#listening[Symbol.dispose]()
    this.#needs.clear()
    this.#look()
    this.#timer?.cancel()
    for (const watch of this.#foreign.values()) watch[Symbol.dispose]()
    const { clock } = this.#options.house
    let limit: Timer | undefined
    const late = new Promise<void>(resolve => (limit = clock.after(LET_GO_MS, resolve)))
    await Promise.race([Promise.all(this.#departures), late])
    limit?.cancel()
  }

  #wanted(agent: Agent): boolean {
    return agent.status !== 'logged-out' && agent.queues.some(tier => (this.#needs.get(tier.queue) ?? 0) > 0)
  }

  #look(): void {
    const { floor, house } = this.#options
    const now = house.clock.now()
    const agents = floor.all()
    const known = new Set(agents.map(agent => agent.name))
    for (const agent of agents) {
      if (this.#wanted(agent)) {
        if (whyNotNow(agent, now) === null && !this.#isOnTheWay(agent, now)) void this.#bring(agent)
      } else {
        this.#calling.get(agent.name)?.abort()
        const call = this.#calls.get(agent.name)
        if (call && (agent.state === 'idle' || agent.state === 'wrap-up')) house.hangUp(call.leg) // a talk is never cut
      }
    }
    for (const [name, call] of this.#calls) if (!known.has(name)) house.hangUp(call.leg)
    this.#timer?.cancel()
    if (this.#closed) return
    for (const [name, moment] of this.#notBefore) if (moment <= now) this.#notBefore.delete(name)
    const rested = floor.nextChange(agents.filter(agent => this.#wanted(agent) && agent.nailed === null))
    const next = Math.min(rested ?? Infinity, ...this.#notBefore.values())
    if (next < Infinity) this.#timer = house.clock.after(Math.max(1, next - now), () => this.#look())
  }

  #isOnTheWay({ name, nailed }: Agent, now: number): boolean {
    const there = this.#calls.has(name) || this.#calling.has(name) || (nailed !== null && this.#foreign.has(nailed.leg))
    return there || (this.#notBefore.get(name) ?? 0) > now
  }

  async #bring(agent: Agent): Promise<void> {
    const { house, roster } = this.#options
    const giveUp = new AbortController()
    this.#calling.set(agent.name, giveUp)
    try {
      if (agent.nailed && !(await this.#leftBehind(agent))) return
      await this.#call(agent, giveUp.signal)
    } catch (error) {
      house.log.warn({ agent: agent.name, error: (error as Error).message }, 'an agent could not be brought on the line')
      if (error instanceof InputError) await this.#takeABreak(agent.name, 'bad endpoint') // else it would be tried again at once
    } finally {
      this.#calling.delete(agent.name)
    }
    // what was heard of this agent meanwhile was not acted upon
    const now = house.clock.now()
    const seen = await roster.get(agent.name, now).catch(() => null)
    if (seen && seen.rev !== agent.rev) this.#look()
  }

  /** Their leg is another process's. If it is gone, with its node or its switch, the record is corrected; else its end is awaited. */
  async #leftBehind({ name, nailed }: Agent): Promise<boolean> {
    const { house } = this.#options
    const leg = parseUuid(nailed!.leg)
    for (const one of house.switchboard.switches) {
      const watch = one.watch(leg, event => {
        if (event.name === 'CHANNEL_HANGUP') void this.#gone(name, leg)
      })
      if (await one.exists(leg)) {
        this.#foreign.set(leg, watch)
        return false
      }
      watch[Symbol.dispose]()
    }
    await this.#gone(name, leg)
    return true
  }

  async #gone(name: string, leg: string): Promise<void> {
    const { house, roster } = this.#options
    this.#foreign.get(leg)?.[Symbol.dispose]()
    this.#foreign.delete(leg)
    try {
      const agent = await roster.get(name, house.clock.now())
      if (agent?.nailed?.leg === leg) await roster.nail(name, null, house.clock.now())
    } catch (error) {
      house.log.warn({ agent: name, error: (error as Error).message }, 'it was not written down that an agent left the line')
    }
  }

  async #call(agent: Agent, signal: AbortSignal): Promise<void> {
    const { house, roster, node } = this.#options
    const { clock, log } = house
    const uuid = newUuid()
    const to = endpoint(agent.endpoint)
    const epoch = await roster.reserve(agent.name, uuid, clock.now(), agent.ringForMs + GRACE_MS)
    if (epoch === null) return // somebody was faster
    let rest: Outcome = 'failed'
    try {
      await roster.advance(agent.name, epoch, 'ringing', clock.now())
      using expected = house.door.expect(uuid)
      const { callerId } = house.settings
      const { outcome, cause } = await originate(house.switchboard.any(), {
        uuid, endpoint: to, flow: ident('leg'), ringForMs: agent.ringForMs, callerId: callerId === undefined ? undefined : dial(callerId),
        signal, arrived: expected.arrived, clock, log,
      })
      if (outcome === 'answered') {
        rest = 'caller-left' // no rest: they are on the line and free
        await this.#keep(agent.name, await expected.arrived, node)
      } else {
        log.info({ agent: agent.name, outcome, cause }, 'an agent did not come on the line')
        rest = REST[outcome]
      }
    } finally {
      await roster.release(agent.name, epoch, rest, clock.now())
    }
    const now = await roster.get(agent.name, clock.now())
    if (rest === 'no-answer' && now && now.noAnswers >= MAX_NO_ANSWER) await this.#takeABreak(agent.name, 'no answer')
  }

  async #keep(name: string, leg: Leg, node: string): Promise<void> {
    const { house, roster } = this.#options
    leg.returns = true
    this.#calls.set(name, house.callOf(leg))
    // a leg that has moved is on the line still, with another node: its record is that node's to correct
    const departure = Promise.race([leg.ended.then(() => true), leg.moved.then(() => false)]).then(over => {
      if (this.#calls.get(name)?.leg !== leg) return
      this.#calls.delete(name)
      this.#notBefore.set(name, house.clock.now() + LEFT_MS)
      return over ? this.#gone(name, leg.uuid) : undefined
    }).finally(() => this.#departures.delete(departure))
    this.#departures.add(departure)
    try {
      await roster.nail(name, { leg: leg.uuid, node }, house.clock.now())
    } catch (error) {
      house.hangUp(leg) // a line that nobody knows of would be offered to nobody; they are called again
      throw error
    }
    if (this.#closed) house.hangUp(leg)
  }

  async #takeABreak(name: string, reason: string): Promise<void> {
    const { house, roster } = this.#options
    house.log.info({ agent: name, reason }, 'an agent was sent on a break')
    await roster.setStatus(name, 'break', house.clock.now(), reason)
  }
}
