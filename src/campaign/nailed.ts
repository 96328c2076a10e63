/**
 * Agents who are on the line before any lead is: the house calls them once, their leg waits parked at the switch, and a talk begins in
 * the moment in which a lead says hello. Called are the agents of the queues that a running campaign on this node needs, while they
 * are ready. No process holds a leg: any node joins it, and when the node dies that has called an agent, whoever needs them next cares
 * for them as they are, on the line.
 */
import { isHeldForLead, whyNotNow, type Agent } from '../agent/agent.ts'
import { within, type Timer } from '../base/clock.ts'
import { CallMoved, NotFoundError } from '../base/errors.ts'
import { uuid as parseUuid, type Uuid } from '../esl/words.ts'
import { callAgent, isCalled, NOBODY, type AgentCallParts } from './agent-call.ts'
import { Errands } from './errands.ts'
import type { Floor } from './floor.ts'
import { Line } from './line.ts'
import type { Lines } from './lines.ts'

const CLOSE_MS = 2_000 // half of it may be for leads who are let go
/** Who has left the line may want to: they are not called back in the same breath. */
const LEFT_MS = 5_000
/** Whom this node no longer needs is offered to the others first: a campaign that moves is with its next node within a lease (6 s). */
const OFFER_MS = 10_000

export interface NailedOptions extends AgentCallParts {
  readonly floor: Floor
  /** Is there another node that dials campaigns, and may need the agents whom this one does not? Default: no. */
  readonly othersDial?: (() => boolean) | undefined
  /** Does that other node live? Default: no. */
  readonly isAlive?: ((node: string) => boolean) | undefined
}

export class NailedAgents {
  readonly #options: NailedOptions
  /** On the line, as far as this node needs or has called them. */
  readonly #lines: Lines
  /** Being called or looked for by this node. */
  readonly #errands = new Errands()
  readonly #offers = new Map<string, Timer>()
  readonly #needs = new Map<string, number>()
  readonly #notBefore = new Map<string, number>()
  /** Until it is written down that a line has ended. */
  readonly #departures = new Map<Line, Promise<void>>()
  readonly #listening: Disposable
  #timer: Timer | null = null
  #theirs: Timer | null = null
  #closed = false

  constructor(options: NailedOptions) {
    this.#options = options
    this.#lines = options.lines
    this.#listening = options.floor.on('change', () => this.#look())
    this.lookAfterTheirs()
  }

  /** Agents on the line of whom this node knows. */
  get count(): number { return this.#lines.size }

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

  /** A node is gone, or this one has come: agents whom nobody cares for, and who are not needed soon either, are let go. */
  lookAfterTheirs(): void {
    const { floor, clock } = this.#options
    this.#theirs?.cancel()
    this.#theirs = clock.after(OFFER_MS, () => {
      const alone = floor.all().filter(agent => agent.nailed && this.#isOurs(agent) && !this.#wanted(agent) && !this.#lines.has(agent.name))
      for (const agent of alone) this.#send(agent, stop => this.#find(agent, stop))
    })
  }

  /**
   * 'stay': who is on the line, and whose phone rings, is another node's from now on. 'let-go': everybody goes as soon as the `leads` have
   * been let go, who talks (or is still reserved for one) after the talk. Waits at most 2 s. Default: as `othersDial` says.
   */
  async close(agents: 'stay' | 'let-go' = this.#othersDial ? 'stay' : 'let-go', leads: Promise<unknown> = Promise.resolve()): Promise<void> {
    const { clock } = this.#options
    this.#closed = true
    this.#listening[Symbol.dispose]()
    for (const timer of [this.#timer, this.#theirs]) timer?.cancel()
    for (const offer of this.#offers.values()) offer.cancel()
    this.#errands.stopAll(agents === 'stay' ? new CallMoved('this node closes') : undefined)
    await within(clock, CLOSE_MS, within(clock, CLOSE_MS / 2, leads).then(() => this.#leave(agents)))
    for (const [name, line] of this.#lines) this.#lines.forget(name, line)
  }

  async #leave(agents: 'stay' | 'let-go'): Promise<void> {
    const { floor, roster, clock } = this.#options
    await this.#errands.allDone()
    await Promise.all([...this.#lines].map(async ([name, line]) => {
      const agent = floor.find(name)
      if (agent && !this.#isOurs(agent)) return
      if (agents === 'stay') return this.#write(name, line.leg, NOBODY)
      const now = agent && isHeldForLead(agent) ? await roster.get(name, clock.now()) : agent // the notice of their release may be on the way
      if (now && !isFree(now)) return line.endsWithTalk()
      line.hangUp(clock)
      await this.#departures.get(line)
    }))
  }

  get #othersDial(): boolean {
    return this.#options.othersDial?.() ?? false
  }

  /** On the line, and no other living node cares for them. */
  #isOurs({ nailed }: Agent): boolean {
    const { node, isAlive } = this.#options
    return nailed !== null && (nailed.node === node || nailed.node === NOBODY || !(isAlive?.(nailed.node) ?? false))
  }

  #wanted(agent: Agent): boolean {
    return agent.status !== 'logged-out' && agent.queues.some(tier => (this.#needs.get(tier.queue) ?? 0) > 0)
  }

  #look(): void {
    const { floor, clock } = this.#options
    if (this.#closed) return
    const [now, agents] = [clock.now(), floor.all()]
    for (const [name, moment] of this.#notBefore) if (moment <= now) this.#notBefore.delete(name)
    for (const agent of agents) {
      if (this.#wanted(agent)) this.#lookAfter(agent, now)
      else this.#letGo(agent)
    }
    const known = new Set(agents.map(agent => agent.name))
    for (const [name, line] of this.#lines) if (!known.has(name)) line.hangUp(clock)
    this.#timer?.cancel()
    const rested = floor.nextChange(agents.filter(agent => this.#wanted(agent) && (agent.nailed === null || isCalled(agent))))
    const next = Math.min(rested ?? Infinity, ...this.#notBefore.values())
    if (next < Infinity) this.#timer = clock.after(Math.max(1, next - now), () => this.#look())
  }

  #lookAfter(agent: Agent, now: number): void {
    const { name, nailed } = agent
    const line = this.#lines.get(name)
    if (line) {
      this.#offers.get(name)?.cancel()
      this.#offers.delete(name)
      if (nailed?.leg !== line.leg) this.#send(agent, () => this.#writeAgain(name, line))
      else if (nailed.node === NOBODY) this.#send(agent, () => this.#write(name, line.leg, this.#options.node))
    } else if (nailed === null) {
      if (whyNotNow(agent, now) === null && !this.#notBefore.has(name)) this.#send(agent, stop => this.#call(agent, stop))
    } else if (!isCalled(agent)) {
      this.#send(agent, stop => this.#find(agent, stop))
    } else if (this.#isOurs(agent)) {
      this.#send(agent, stop => this.#call(agent, stop))
    }
  }

  /** A talk is never cut. */
  #letGo(agent: Agent): void {
    const { name, nailed } = agent
    // as those who are on the line already, it is offered to the others first; who has logged out is not
    const moved = this.#othersDial && agent.status !== 'logged-out'
    const stopped = this.#errands.stop(name, moved ? new CallMoved('the agent is for other nodes') : undefined)
    if (moved && stopped) this.lookAfterTheirs()
    const line = this.#lines.get(name)
    if (!line || nailed?.leg !== line.leg) return
    if (!this.#isOurs(agent)) return this.#forget(name, line)
    if (!isFree(agent)) return
    if (!this.#othersDial) return line.hangUp(this.#options.clock)
    if (this.#offers.has(name)) return
    if (nailed.node !== NOBODY) void this.#write(name, line.leg, NOBODY)
    this.#offers.set(name, this.#options.clock.after(OFFER_MS, () => {
      this.#offers.delete(name)
      this.#send(agent, () => this.#notTaken(name, line))
    }))
  }

  async #notTaken(name: string, line: Line): Promise<void> {
    const agent = await this.#options.roster.get(name, this.#options.clock.now())
    if (this.#lines.get(name) === line && agent?.nailed?.node === NOBODY && isFree(agent) && !this.#wanted(agent)) line.hangUp(this.#options.clock)
  }

  /** One errand at a time for each agent; what was heard of them meanwhile is acted upon after it. */
  #send({ name, rev }: Agent, errand: (stop: AbortSignal) => Promise<void>): void {
    if (this.#closed) return
    const { floor, log } = this.#options
    const failed = (error: Error) => log.warn({ agent: name, error: error.message }, 'an agent of a campaign could not be cared for')
    this.#errands.send(name, { errand, failed }, () => {
      const seen = floor.all().find(one => one.name === name)
      if (seen && (seen.rev !== rev || (this.#lines.has(name) && !this.#wanted(seen)))) this.#look()
    })
  }

  async #call(agent: Agent, stop: AbortSignal): Promise<void> {
    const line = await callAgent(agent, this.#options, stop)
    if (line) this.#keep(agent.name, line)
  }

  /** Their leg was another node's, or this one's before it was started anew. If it lives it is listened to, else the record is corrected. */
  async #find(agent: Agent, stop: AbortSignal): Promise<void> {
    const { switchboard, clock, node } = this.#options
    if (await switchboard.isElsewhere(agent.nailed!.core)) return // their leg cannot be asked for here
    const leg = parseUuid(agent.nailed!.leg)
    const line = await Line.find(switchboard, leg, clock, stop)
    if (!line) return this.#write(agent.name, leg, null)
    this.#keep(agent.name, line)
    if (this.#isOurs(agent) && agent.nailed!.node !== node && this.#wanted(agent)) await this.#write(agent.name, leg, node)
  }

  #keep(name: string, line: Line): void {
    this.#lines.keep(name, line)
    const departure = line.ended.then(async () => {
      this.#forget(name, line)
      this.#notBefore.set(name, this.#options.clock.now() + LEFT_MS)
      await this.#errands.done(name) // what it writes must not come after this
      await this.#write(name, line.leg, null)
      this.#departures.delete(line)
      this.#look()
    })
    this.#departures.set(line, departure)
  }

  #forget(name: string, line: Line): void {
    this.#lines.forget(name, line)
    this.#offers.get(name)?.cancel()
    this.#offers.delete(name)
  }

  /** The record does not say that they are on this line. When it says nothing it does from now on; when they are on another, they leave this one. */
  async #writeAgain(name: string, { leg, home }: Line): Promise<void> {
    const { roster, clock, node } = this.#options
    if ((await home.lives(leg)) !== 'yes') return // others have heard of its end before us
    const agent = await roster.nail(name, { leg, node }, clock.now(), ({ nailed, reservation }) => nailed === null && reservation === null)
    if (agent.nailed && agent.nailed.leg !== leg) this.#lines.get(name)?.hangUp(clock)
  }

  /** Who cares for this leg from now on; null: it is gone. Nothing is written when the agent is on another one meanwhile. */
  async #write(name: string, leg: Uuid, node: string | null): Promise<void> {
    const { roster, clock, log } = this.#options
    try {
      await roster.nail(name, node === null ? null : { leg, node }, clock.now(), ({ nailed }) => nailed?.leg === leg)
    } catch (error) {
      if (!(error instanceof NotFoundError)) log.warn({ agent: name, error: (error as Error).message }, 'it was not written down who is on the line')
    }
  }
}

const isFree = ({ state }: Agent): boolean => state === 'idle' || state === 'wrap-up'
