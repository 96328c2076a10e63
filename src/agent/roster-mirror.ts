/**
 * This node's copy of all agents, updated by notices. The dialers read all agents at every turn and cannot ask Redis
 * each time.
 */
import { asOf, isHeldForLead, nextChange, whyNotNow, type Agent } from './agent.ts'
import type { AgentNotice, Roster } from './roster.ts'
import { Emitter } from '../base/events.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { Outage } from '../base/outage.ts'
import { RETRY } from '../base/retry.ts'

type Heard = Extract<AgentNotice, { what: 'agent' }>

export class RosterMirror extends Emitter<{ change: void }> {
  readonly #roster: Roster
  readonly #clock: Clock
  readonly #outage: Outage
  readonly #agents = new Map<string, Agent>()
  /** The notices that arrived while all agents are being read; null at other times. */
  #heard: Map<string, Heard> | null = null
  #retry: Timer | null = null
  readonly #listening: Disposable

  /** Empty until the roster has answered; then `change` is emitted. */
  constructor(roster: Roster, clock: Clock, log: Log) {
    super()
    this.#roster = roster
    this.#clock = clock
    this.#outage = new Outage({ what: 'the list of agents for campaigns', fields: {}, clock, log })
    this.#listening = roster.onChange(notice => this.#hear(notice))
  }

  close(): void {
    this.#listening[Symbol.dispose]()
    this.#heard = null
    this.#retry?.cancel()
  }

  /** The agents of one queue, as of now. */
  of(queue: string): Agent[] {
    const now = this.#clock.now()
    return [...this.#agents.values()]
      .filter(agent => agent.queues.some(tier => tier.queue === queue))
      .map(agent => asOf(agent, now))
  }

  /** The agent at this endpoint, as last written. */
  at(endpoint: string): Agent | undefined {
    for (const agent of this.#agents.values()) if (agent.endpoint === endpoint) return agent
    return undefined
  }

  all(): Agent[] {
    const now = this.#clock.now()
    return [...this.#agents.values()].map(agent => asOf(agent, now))
  }

  /** Nailed-up agents who are free, in the order of the queue: by level, then by the longest time since a talk. */
  free(queue: string): Agent[] {
    const now = this.#clock.now()
    const level = (agent: Agent) => agent.queues.find(tier => tier.queue === queue)?.level ?? 0
    return this.of(queue)
      .filter(agent => agent.nailed !== null && whyNotNow(agent, now) === null)
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

  #hear(notice: AgentNotice): void {
    if (notice.what === 'resync') return void this.#readAll()
    this.#heard?.set(notice.name, notice)
    if (!this.#put(notice)) return
    this.emit('change', undefined)
  }

  /** The records of the store replace the copies, even newer ones: the store may have lost its last seconds. */
  async #readAll(): Promise<void> {
    this.#retry?.cancel()
    const heard = (this.#heard = new Map<string, Heard>())
    try {
      const agents = await this.#roster.list(this.#clock.now())
      this.#outage.end()
      if (this.#heard !== heard) return // another read has begun meanwhile, or the mirror is closed
      this.#heard = null
      this.#agents.clear()
      for (const agent of agents) this.#agents.set(agent.name, agent)
      for (const notice of heard.values()) this.#put(notice)
      this.emit('change', undefined)
    } catch (error) {
      if (this.#heard !== heard) return
      this.#outage.away((error as Error).message)
      this.#retry = this.#clock.after(RETRY.rosterRead.pauseMs, () => void this.#readAll())
    }
  }

  #put({ name, rev, agent }: Heard): boolean {
    if ((this.#agents.get(name)?.rev ?? 0) > rev) return false
    if (agent) this.#agents.set(name, agent)
    else this.#agents.delete(name)
    return true
  }
}
