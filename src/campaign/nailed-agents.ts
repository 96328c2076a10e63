/**
 * Agents who are on the line before any lead is: the house calls them once, their leg waits parked at the switch, and a talk begins in
 * the moment in which a lead says hello. Called are the agents of the queues that a running campaign on this node needs, while they
 * are ready. No process holds a leg: any node joins it, and when the node dies that has called an agent, whoever needs them next cares
 * for them as they are, on the line.
 */
import { isHeldForLead, whyNotNow, type Agent } from '../agent/agent.ts'
import { within, type Timer } from '../base/clock.ts'
import { CallMoved, NotFoundError } from '../base/errors.ts'
import { uuid as parseUuid, type Uuid } from '../esl/safe-text.ts'
import { callAgent, isCalled, NOBODY, type AgentCallParts } from './agent-call.ts'
import { PerAgentTasks } from './per-agent-tasks.ts'
import type { RosterMirror } from '../agent/roster-mirror.ts'
import { NailedLeg } from './nailed-leg.ts'
import type { NailedLegs } from './nailed-legs.ts'

const CLOSE_MS = 2_000 // half of it may be for leads who are let go
/** Who has left the line may want to: they are not called back in the same breath. */
const LEFT_MS = 5_000
/** Whom this node no longer needs is offered to the others first: a campaign that moves is with its next node within a lease (6 s). */
const OFFER_MS = 10_000

export interface NailedOptions extends AgentCallParts {
  readonly mirror: RosterMirror
  /** Is there another node that dials campaigns, and may need the agents whom this one does not? Default: no. */
  readonly othersDial?: (() => boolean) | undefined
  /** Does that other node live? Default: no. */
  readonly isAlive?: ((node: string) => boolean) | undefined
}

export class NailedAgents {
  readonly #options: NailedOptions
  /** On the line, as far as this node needs or has called them. */
  readonly #nailedLegs: NailedLegs
  /** Being called or looked for by this node. */
  readonly #tasks = new PerAgentTasks()
  readonly #offers = new Map<string, Timer>()
  readonly #needs = new Map<string, number>()
  readonly #notBefore = new Map<string, number>()
  /** Until it is written down that a line has ended. */
  readonly #departures = new Map<NailedLeg, Promise<void>>()
  readonly #listening: Disposable
  #timer: Timer | null = null
  #theirs: Timer | null = null
  #closed = false

  constructor(options: NailedOptions) {
    this.#options = options
    this.#nailedLegs = options.nailedLegs
    this.#listening = options.mirror.on('change', () => this.#look())
    this.lookAfterTheirs()
  }

  /** Agents on the line of whom this node knows. */
  get count(): number {
    return this.#nailedLegs.size
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

  /** A node is gone, or this one has come: agents whom nobody cares for, and who are not needed soon either, are let go. */
  lookAfterTheirs(): void {
    const { mirror, clock } = this.#options
    this.#theirs?.cancel()
    this.#theirs = clock.after(OFFER_MS, () => {
      const alone = mirror
        .all()
        .filter(
          agent => agent.nailed && this.#isOurs(agent) && !this.#wanted(agent) && !this.#nailedLegs.has(agent.name),
        )
      for (const agent of alone) this.#send(agent, stop => this.#find(agent, stop))
    })
  }

  /**
   * 'stay': who is on the line, and whose phone rings, is another node's from now on. 'let-go': everybody goes as soon as the `leads` have
   * been let go, who talks (or is still reserved for one) after the talk. Waits at most 2 s. Default: as `othersDial` says.
   */
  async close(
    agents: 'stay' | 'let-go' = this.#othersDial ? 'stay' : 'let-go',
    leads: Promise<unknown> = Promise.resolve(),
  ): Promise<void> {
    const { clock } = this.#options
    this.#closed = true
    this.#listening[Symbol.dispose]()
    for (const timer of [this.#timer, this.#theirs]) timer?.cancel()
    for (const offer of this.#offers.values()) offer.cancel()
    this.#tasks.stopAll(agents === 'stay' ? new CallMoved('this node closes') : undefined)
    await within(
      clock,
      CLOSE_MS,
      within(clock, CLOSE_MS / 2, leads).then(() => this.#leave(agents)),
    )
    for (const [name, nailedLeg] of this.#nailedLegs) this.#nailedLegs.forget(name, nailedLeg)
  }

  async #leave(agents: 'stay' | 'let-go'): Promise<void> {
    const { mirror, roster, clock } = this.#options
    await this.#tasks.allDone()
    await Promise.all(
      [...this.#nailedLegs].map(async ([name, nailedLeg]) => {
        const agent = mirror.find(name)
        if (agent && !this.#isOurs(agent)) return
        if (agents === 'stay') return this.#write(name, nailedLeg.leg, NOBODY)
        const now = agent && isHeldForLead(agent) ? await roster.get(name, clock.now()) : agent // the notice of their release may be on the way
        if (now && !isFree(now)) return nailedLeg.endsWithTalk()
        nailedLeg.hangUp(clock)
        await this.#departures.get(nailedLeg)
      }),
    )
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
    const { mirror, clock } = this.#options
    if (this.#closed) return
    const [now, agents] = [clock.now(), mirror.all()]
    for (const [name, moment] of this.#notBefore) if (moment <= now) this.#notBefore.delete(name)
    for (const agent of agents) {
      if (this.#wanted(agent)) this.#lookAfter(agent, now)
      else this.#letGo(agent)
    }
    const known = new Set(agents.map(agent => agent.name))
    for (const [name, nailedLeg] of this.#nailedLegs) if (!known.has(name)) nailedLeg.hangUp(clock)
    this.#timer?.cancel()
    const rested = mirror.nextChange(
      agents.filter(agent => this.#wanted(agent) && (agent.nailed === null || isCalled(agent))),
    )
    const next = Math.min(rested ?? Infinity, ...this.#notBefore.values())
    if (next < Infinity) this.#timer = clock.after(Math.max(1, next - now), () => this.#look())
  }

  #lookAfter(agent: Agent, now: number): void {
    const { name, nailed } = agent
    const nailedLeg = this.#nailedLegs.get(name)
    if (nailedLeg) {
      this.#offers.get(name)?.cancel()
      this.#offers.delete(name)
      if (nailed?.leg !== nailedLeg.leg) this.#send(agent, () => this.#writeAgain(name, nailedLeg))
      else if (nailed.node === NOBODY) this.#send(agent, () => this.#write(name, nailedLeg.leg, this.#options.node))
    } else if (nailed === null) {
      if (whyNotNow(agent, now) === null && !this.#notBefore.has(name))
        this.#send(agent, stop => this.#call(agent, stop))
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
    const stopped = this.#tasks.stop(name, moved ? new CallMoved('the agent is for other nodes') : undefined)
    if (moved && stopped) this.lookAfterTheirs()
    const nailedLeg = this.#nailedLegs.get(name)
    if (!nailedLeg || nailed?.leg !== nailedLeg.leg) return
    if (!this.#isOurs(agent)) return this.#forget(name, nailedLeg)
    if (!isFree(agent)) return
    if (!this.#othersDial) return nailedLeg.hangUp(this.#options.clock)
    if (this.#offers.has(name)) return
    if (nailed.node !== NOBODY) void this.#write(name, nailedLeg.leg, NOBODY)
    this.#offers.set(
      name,
      this.#options.clock.after(OFFER_MS, () => {
        this.#offers.delete(name)
        this.#send(agent, () => this.#notTaken(name, nailedLeg))
      }),
    )
  }

  async #notTaken(name: string, nailedLeg: NailedLeg): Promise<void> {
    const agent = await this.#options.roster.get(name, this.#options.clock.now())
    if (
      this.#nailedLegs.get(name) === nailedLeg &&
      agent?.nailed?.node === NOBODY &&
      isFree(agent) &&
      !this.#wanted(agent)
    )
      nailedLeg.hangUp(this.#options.clock)
  }

  /** One errand at a time for each agent; what was heard of them meanwhile is acted upon after it. */
  #send({ name, rev }: Agent, errand: (stop: AbortSignal) => Promise<void>): void {
    if (this.#closed) return
    const { mirror, log } = this.#options
    const failed = (error: Error) =>
      log.warn({ agent: name, error: error.message }, 'an agent of a campaign could not be cared for')
    this.#tasks.send(name, { errand, failed }, () => {
      const seen = mirror.all().find(one => one.name === name)
      if (seen && (seen.rev !== rev || (this.#nailedLegs.has(name) && !this.#wanted(seen)))) this.#look()
    })
  }

  async #call(agent: Agent, stop: AbortSignal): Promise<void> {
    const nailedLeg = await callAgent(agent, this.#options, stop)
    if (nailedLeg) this.#keep(agent.name, nailedLeg)
  }

  /** Their leg was another node's, or this one's before it was started anew. If it lives it is listened to, else the record is corrected. */
  async #find(agent: Agent, stop: AbortSignal): Promise<void> {
    const { switchboard, clock, node } = this.#options
    if (await switchboard.isElsewhere(agent.nailed!.core)) return // their leg cannot be asked for here
    const leg = parseUuid(agent.nailed!.leg)
    const nailedLeg = await NailedLeg.find(switchboard, leg, clock, stop)
    if (!nailedLeg) return this.#write(agent.name, leg, null)
    this.#keep(agent.name, nailedLeg)
    if (this.#isOurs(agent) && agent.nailed!.node !== node && this.#wanted(agent))
      await this.#write(agent.name, leg, node)
  }

  #keep(name: string, nailedLeg: NailedLeg): void {
    this.#nailedLegs.keep(name, nailedLeg)
    const departure = nailedLeg.ended.then(async () => {
      this.#forget(name, nailedLeg)
      this.#notBefore.set(name, this.#options.clock.now() + LEFT_MS)
      await this.#tasks.done(name) // what it writes must not come after this
      await this.#write(name, nailedLeg.leg, null)
      this.#departures.delete(nailedLeg)
      this.#look()
    })
    this.#departures.set(nailedLeg, departure)
  }

  #forget(name: string, nailedLeg: NailedLeg): void {
    this.#nailedLegs.forget(name, nailedLeg)
    this.#offers.get(name)?.cancel()
    this.#offers.delete(name)
  }

  /** The record does not say that they are on this line. When it says nothing it does from now on; when they are on another, they leave this one. */
  async #writeAgain(name: string, { leg, home }: NailedLeg): Promise<void> {
    const { roster, clock, node } = this.#options
    if ((await home.lives(leg)) !== 'yes') return // others have heard of its end before us
    const agent = await roster.nail(
      name,
      { leg, node },
      clock.now(),
      ({ nailed, reservation }) => nailed === null && reservation === null,
    )
    if (agent.nailed && agent.nailed.leg !== leg) this.#nailedLegs.get(name)?.hangUp(clock)
  }

  /** Who cares for this leg from now on; null: it is gone. Nothing is written when the agent is on another one meanwhile. */
  async #write(name: string, leg: Uuid, node: string | null): Promise<void> {
    const { roster, clock, log } = this.#options
    try {
      await roster.nail(name, node === null ? null : { leg, node }, clock.now(), ({ nailed }) => nailed?.leg === leg)
    } catch (error) {
      if (!(error instanceof NotFoundError))
        log.warn({ agent: name, error: (error as Error).message }, 'it was not written down who is on the line')
    }
  }
}

const isFree = ({ state }: Agent): boolean => state === 'idle' || state === 'wrap-up'
