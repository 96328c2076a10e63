/**
 * This node's one copy of all agents. The queues, the dialers, the telephones and the definitions read it, because they
 * cannot ask Redis each time. A notice of every write carries the whole record. The copy may be behind: a write that is
 * based on it is refused when the record has another rev, and its author then reads the agent again (`refresh`).
 *
 * An agent whose record this version cannot read does not exist in the copy (agent-record.ts).
 */
import { agentSetting } from './settings.ts'
import { asOf, isHeldForLead, isPresent, nextChange, whyNotNow, type Agent } from './agent.ts'
import { TelephoneIndex } from './telephone-index.ts'
import type { AgentNotice, Roster } from './roster.ts'
import { Emitter } from '../base/emitter.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { Outage } from '../base/outage.ts'
import { RETRY } from '../base/retry.ts'
import { isSetBack, replacesCopy } from './mirrored-records.ts'

type Heard = Extract<AgentNotice, { what: 'agent' }>

/** A record that is new in the copy; null: the agent was removed. Each write comes once. */
interface Written {
  readonly name: string
  readonly agent: Agent | null
  /** When the agent was removed; absent: not known. */
  readonly removedAt?: number | undefined
}

/** `loaded`: all agents were read; `written` has told of each of them before. */
export class RosterMirror extends Emitter<{ loaded: void; written: Written }> {
  readonly #roster: Roster
  readonly #clock: Clock
  readonly #outage: Outage
  readonly #agents = new Map<string, Agent>()
  readonly #telephones = new TelephoneIndex()
  /** What came while all agents are being read; it is applied on top of the read. Null at other times. */
  #late: Heard[] | null = null
  #loaded = false
  #retry: Timer | null = null
  readonly #listening: Disposable

  /** Empty until the roster has answered; then `loaded` is emitted. */
  constructor(roster: Roster, clock: Clock, log: Log) {
    super()
    this.#roster = roster
    this.#clock = clock
    this.#outage = new Outage({ what: 'the list of agents', fields: {}, clock, log })
    this.#listening = roster.onChange(notice => this.#hear(notice))
  }

  close(): void {
    this.#listening[Symbol.dispose]()
    this.#late = null
    this.#retry?.cancel()
  }

  /** False until the roster has answered for the first time. */
  get loaded(): boolean {
    return this.#loaded
  }

  /** All agents as last written: no passed deadline is applied (agent.ts, `asOf`). */
  get records(): Agent[] {
    return [...this.#agents.values()]
  }

  /** The agents of one queue, as of now. */
  of(queue: string): Agent[] {
    const now = this.#clock.now()
    return [...this.#agents.values()]
      .filter(agent => agent.queues.some(tier => tier.queue === queue))
      .map(agent => asOf(agent, now))
  }

  /** The agents at this telephone, as last written: two may share it. */
  at(telephone: string): readonly Agent[] {
    return [...this.#telephones.at(telephone)].flatMap(name => this.#agents.get(name) ?? [])
  }

  all(): Agent[] {
    const now = this.#clock.now()
    return [...this.#agents.values()].map(agent => asOf(agent, now))
  }

  /**
   * Nailed-up agents who take leads and are free, in the order of the queue: by level, then by the longest time since a
   * talk.
   */
  free(queue: string): Agent[] {
    const now = this.#clock.now()
    const level = (agent: Agent) => agent.queues.find(tier => tier.queue === queue)?.level ?? 0
    return this.of(queue)
      .filter(agent => agent.nailed !== null && agentSetting(agent, 'takesLeads') && whyNotNow(agent, now) === null)
      .sort((a, b) => level(a) - level(b) || a.lastTalkEnded - b.lastTalkEnded || (a.name < b.name ? -1 : 1))
  }

  find(name: string): Agent | undefined {
    const agent = this.#agents.get(name)
    return agent && asOf(agent, this.#clock.now())
  }

  /** Nailed-up agents who are reserved for a lead that is being dialled. */
  held(queue: string): Agent[] {
    return this.of(queue).filter(agent => isHeldForLead(agent) && agent.nailed !== null)
  }

  /** The calls for which a nailed-up agent is reserved, and the calls that talk with one. */
  get served(): ReadonlySet<string> {
    return new Set(this.all().flatMap(({ nailed, reservation }) => (nailed && reservation ? [reservation.for] : [])))
  }

  /** How many leads are being dialled whose agent's nailed-up leg has ended, and who have no other agent yet. */
  unserved(queue: string): number {
    const left = this.of(queue).filter(agent => isHeldForLead(agent) && agent.nailed === null)
    if (left.length === 0) return 0 // the usual case
    const { served } = this
    return left.filter(agent => !served.has(agent.reservation!.for)).length
  }

  /** The next moment at which time alone changes one of these agents, or null. */
  nextChange(agents: readonly Agent[]): number | null {
    const now = this.#clock.now()
    const moments = agents.map(agent => nextChange(agent, now)).filter(moment => moment !== null)
    return moments.length === 0 ? null : Math.min(...moments)
  }

  /**
   * Until it is disposed: the signal aborts when the agent has gone on a break or logged out since the reservation with
   * this epoch (which is not before the moment of the reservation; the agent of a lead may have left before).
   */
  untilAway(name: string, epoch: number): Disposable & { readonly signal: AbortSignal } {
    const away = new AbortController()
    const look = (agent: Agent | null | undefined) =>
      void (agent && !isPresent(agent) && (agent.statusSince ?? 0) >= epoch && away.abort())
    const listening = this.on('written', written => void (written.name === name && look(written.agent)))
    look(this.#agents.get(name))
    return { signal: away.signal, [Symbol.dispose]: () => listening[Symbol.dispose]() }
  }

  /** Applies a record that this node has just written, unless the copy is newer. */
  take(agent: Agent): void {
    this.#apply({ what: 'agent', name: agent.name, rev: agent.rev, agent })
  }

  /** Reads an agent again. A deleted agent is removed from the copy, unless it was added again during the read. */
  refresh(name: string): Promise<Agent | null> {
    return this.#learn(name, () => this.#roster.get(name, this.#clock.now()))
  }

  /** Writes the changes of an agent that time alone has made. */
  async settle(name: string, now: number): Promise<void> {
    await this.#learn(name, () => this.#roster.settle(name, now))
  }

  async #learn(name: string, ask: () => Promise<Agent | null>): Promise<Agent | null> {
    const before = this.#agents.get(name)
    const agent = await ask()
    if (agent && isSetBack(before, agent, this.#agents.get(name))) {
      this.#agents.delete(name)
      this.#telephones.replace(before, null)
    }
    this.#apply({ what: 'agent', name, rev: agent?.rev ?? before?.rev ?? 0, agent })
    return agent
  }

  #hear(notice: AgentNotice): void {
    if (notice.what === 'resync') void this.#readAll()
    else this.#apply(notice)
  }

  #apply(heard: Heard): void {
    this.#late?.push(heard)
    this.#put(heard)
  }

  /** The records of the store replace the copies, even newer ones: the store may have lost its last seconds. */
  async #readAll(): Promise<void> {
    this.#retry?.cancel()
    const late = (this.#late = new Array<Heard>())
    try {
      const agents = await this.#roster.list(this.#clock.now())
      this.#outage.end()
      if (this.#late !== late) return // another read has begun meanwhile, or the mirror is closed
      this.#late = null
      const before = new Set(this.#agents.keys())
      this.#agents.clear()
      this.#telephones.clear()
      for (const agent of agents) {
        before.delete(agent.name)
        this.#agents.set(agent.name, agent)
        this.#telephones.replace(null, agent)
      }
      this.#loaded = true
      for (const agent of agents) this.emit('written', { name: agent.name, agent })
      for (const name of before) this.emit('written', { name, agent: null })
      for (const heard of late) this.#put(heard)
      this.emit('loaded', undefined)
    } catch (error) {
      if (this.#late !== late) return
      this.#outage.away((error as Error).message)
      this.#retry = this.#clock.after(RETRY.rosterRead.pauseMs, () => void this.#readAll())
    }
  }

  #put({ name, rev, agent, removedAt }: Heard): void {
    const known = this.#agents.get(name)
    if (!replacesCopy(known, rev, agent)) return
    if (agent) this.#agents.set(name, agent)
    else this.#agents.delete(name)
    this.#telephones.replace(known, agent)
    this.emit('written', { name, agent, removedAt })
  }
}
