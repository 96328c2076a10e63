/**
 * Nailed-up agents: Switchhook calls an agent once, the nailed-up leg waits parked in FreeSWITCH, and a talk begins in
 * the moment in which a lead answers or a caller of the agent's queues gets the agent. This node calls the ready agents
 * of the queues that a running campaign on this node needs, and those with the setting staysOnLine. No process holds a
 * nailed-up leg: any node can join it. The roster records which node watches it. When that node dies, another node that
 * needs the agent takes the leg over as it is.
 */
import { agentSetting } from '../agent/settings.ts'
import { isHeldForLead, whyNotNow, type Agent } from '../agent/agent.ts'
import { within, type Timer } from '../base/clock.ts'
import { CallMoved, NotFoundError } from '../base/errors.ts'
import { uuid as parseUuid, type Uuid } from '../esl/safe-text.ts'
import { callAgent, isCalled, NOBODY, type AgentCallParts } from './agent-call.ts'
import { PerAgentTasks } from './per-agent-tasks.ts'
import type { RosterMirror } from '../agent/roster-mirror.ts'
import { NailedLeg } from './nailed-leg.ts'
import type { NailedLegs } from './nailed-legs.ts'

const CLOSE_MS = 2_000 // up to half of it waits for the leads
/** An agent may have hung up the nailed-up leg on purpose: they are not called again before this delay. */
const LEFT_MS = 5_000
/**
 * An agent whom this node no longer needs is offered to other nodes first: a campaign moves to its next node within a
 * lease (6 s).
 */
const OFFER_MS = 10_000
/**
 * A change of an agent is looked at at once, and all agents after this delay: a task may have failed, a node may have
 * died. So the cost of a change does not grow with the number of agents.
 */
const ALL_AFTER_MS = 1_000
/** A task that failed is tried again after this, or with the next look at all agents. */
const FAILED_MS = 5_000

export interface NailedOptions extends AgentCallParts {
  readonly mirror: RosterMirror
  /** Does another node dial campaigns? It may need the agents whom this node does not need. Default: no. */
  readonly othersDial?: (() => boolean) | undefined
  /** Is that node alive? Default: no. */
  readonly isAlive?: ((node: string) => boolean) | undefined
}

export class NailedAgents {
  readonly #options: NailedOptions
  /** The nailed-up legs of agents whom this node needs or has called. */
  readonly #nailedLegs: NailedLegs
  /** Calls and searches of this node that are under way, by agent. */
  readonly #tasks = new PerAgentTasks()
  readonly #offers = new Map<string, Timer>()
  readonly #needs = new Map<string, number>()
  readonly #notBefore = new Map<string, number>()
  /** Legs that are watched, until their end is in the roster. */
  readonly #departures = new Map<NailedLeg, Promise<void>>()
  readonly #listening: Disposable
  /** The next look at all agents, and its time. */
  #timer: Timer | null = null
  #timerAt = Infinity
  #theirs: Timer | null = null
  #closed = false

  constructor(options: NailedOptions) {
    this.#options = options
    this.#nailedLegs = options.nailedLegs
    this.#listening = options.mirror.on('written', ({ name }) => this.#lookAt(name))
    this.#lookWithin(ALL_AFTER_MS)
    this.lookAfterTheirs()
  }

  /** The number of nailed-up legs that this node watches. */
  get count(): number {
    return this.#nailedLegs.size
  }

  /**
   * A running campaign needs the agents of this queue until the result is disposed; then agents who do not talk are
   * released.
   */
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

  /**
   * Call it after a node has died or this one has started: after OFFER_MS unwatched nailed-up legs that no campaign
   * here needs are watched, then released.
   */
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
   * 'stay': nailed-up legs and ringing phones are left to other nodes. 'let-go': the legs are hung up as soon as
   * `leads` settles; the leg of an agent who talks, or is still reserved for a lead, ends after the talk. Waits at most
   * 2 s. Default: 'stay' when another node dials.
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
        // the notice of the agent's release may be under way, so the roster is read
        const now = agent && isHeldForLead(agent) ? await roster.get(name, clock.now()) : agent
        if (now && !isFree(now)) return nailedLeg.endsWithTalk()
        nailedLeg.hangUp(clock)
        await this.#departures.get(nailedLeg)
      }),
    )
  }

  get #othersDial(): boolean {
    return this.#options.othersDial?.() ?? false
  }

  /** Nailed up, and no other living node watches the leg. */
  #isOurs({ nailed }: Agent): boolean {
    const { node, isAlive } = this.#options
    return nailed !== null && (nailed.node === node || nailed.node === NOBODY || !(isAlive?.(nailed.node) ?? false))
  }

  #wanted(agent: Agent): boolean {
    if (agent.status === 'logged-out') return false
    if (agentSetting(agent, 'staysOnLine')) return true
    return agentSetting(agent, 'takesLeads') && agent.queues.some(tier => (this.#needs.get(tier.queue) ?? 0) > 0)
  }

  #lookAt(name: string): void {
    const { mirror, clock } = this.#options
    if (this.#closed) return
    const agent = mirror.find(name)
    if (agent) this.#see(agent, clock.now())
    else this.#nailedLegs.get(name)?.hangUp(clock)
    this.#lookWithin(Math.min(ALL_AFTER_MS, this.#untilChange(agent ? [agent] : [])))
  }

  #look(): void {
    const { mirror, clock } = this.#options
    if (this.#closed) return
    this.#timer?.cancel()
    this.#timerAt = Infinity
    const [now, agents] = [clock.now(), mirror.all()]
    for (const [name, moment] of this.#notBefore) if (moment <= now) this.#notBefore.delete(name)
    for (const agent of agents) this.#see(agent, now)
    for (const [name, nailedLeg] of this.#nailedLegs) if (!mirror.find(name)) nailedLeg.hangUp(clock)
    this.#lookWithin(this.#untilChange(agents))
  }

  #see(agent: Agent, now: number): void {
    if (this.#wanted(agent)) this.#lookAfter(agent, now)
    else this.#letGo(agent)
  }

  /** The time until one of these agents may be called, at least 1 ms. Infinity: a change of the agent comes first. */
  #untilChange(agents: readonly Agent[]): number {
    const { mirror, clock } = this.#options
    const rested = mirror.nextChange(
      agents.filter(agent => this.#wanted(agent) && (agent.nailed === null || isCalled(agent))),
    )
    const next = Math.min(rested ?? Infinity, ...this.#notBefore.values())
    return Math.max(1, next - clock.now())
  }

  #lookWithin(ms: number): void {
    const { clock } = this.#options
    const at = clock.now() + ms
    if (at >= this.#timerAt) return
    this.#timer?.cancel()
    this.#timerAt = at
    this.#timer = clock.after(ms, () => this.#look())
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

  /** Releases an agent whom no campaign here needs. Never ends a talk. */
  #letGo(agent: Agent): void {
    const { name, nailed } = agent
    if (!this.#tasks.has(name) && !this.#nailedLegs.has(name)) return // nearly all agents, at each change of one
    // a ringing phone is offered to other nodes first, as a nailed-up leg is; not for an agent who has logged out
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

  /** One task at a time for each agent; changes that arrive meanwhile are handled after it. */
  #send({ name, rev }: Agent, errand: (stop: AbortSignal) => Promise<void>): void {
    if (this.#closed) return
    const { mirror, log } = this.#options
    const failed = (error: Error) => {
      log.warn({ agent: name, error: error.message }, 'task for a nailed-up agent failed; it is tried again')
      this.#lookWithin(FAILED_MS)
    }
    this.#tasks.send(name, { errand, failed }, () => {
      const seen = mirror.find(name)
      if (seen && (seen.rev !== rev || (this.#nailedLegs.has(name) && !this.#wanted(seen)))) this.#lookAt(name)
    })
  }

  async #call(agent: Agent, stop: AbortSignal): Promise<void> {
    const nailedLeg = await callAgent(agent, this.#options, stop)
    if (nailedLeg) this.#keep(agent.name, nailedLeg)
  }

  /**
   * Another node watched the leg, or this one before a restart. A leg that exists is watched, else the record is
   * corrected.
   */
  async #find(agent: Agent, stop: AbortSignal): Promise<void> {
    const { switchboard, clock, node } = this.#options
    if (await switchboard.isElsewhere(agent.nailed!.core)) return // this node has no connection to the leg's FreeSWITCH
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
      await this.#tasks.done(name) // the task must not write after this
      await this.#write(name, nailedLeg.leg, null)
      this.#departures.delete(nailedLeg)
      this.#lookAt(name)
    })
    this.#departures.set(nailedLeg, departure)
  }

  #forget(name: string, nailedLeg: NailedLeg): void {
    this.#nailedLegs.forget(name, nailedLeg)
    this.#offers.get(name)?.cancel()
    this.#offers.delete(name)
  }

  /**
   * The roster does not have this leg. Without another leg it is written again; with another one, this leg is hung up.
   */
  async #writeAgain(name: string, { leg, home }: NailedLeg): Promise<void> {
    const { roster, clock, node } = this.#options
    if ((await home.lives(leg)) !== 'yes') return // another node has recorded its end before
    const agent = await roster.nail(
      name,
      { leg, node },
      clock.now(),
      ({ nailed, reservation }) => nailed === null && reservation === null,
    )
    if (agent.nailed && agent.nailed.leg !== leg) this.#nailedLegs.get(name)?.hangUp(clock)
  }

  /**
   * Writes which node watches this leg; null: the leg is gone. Writes nothing when the agent has another leg meanwhile.
   */
  async #write(name: string, leg: Uuid, node: string | null): Promise<void> {
    const { roster, clock, log } = this.#options
    try {
      await roster.nail(name, node === null ? null : { leg, node }, clock.now(), ({ nailed }) => nailed?.leg === leg)
    } catch (error) {
      if (!(error instanceof NotFoundError))
        log.warn({ agent: name, error: (error as Error).message }, 'writing a nailed-up leg to the roster failed')
    }
  }
}

const isFree = ({ state }: Agent): boolean => state === 'idle' || state === 'wrap-up'
