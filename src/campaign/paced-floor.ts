/**
 * The pacing of one campaign at one FreeSWITCH: its agents there, its calls, and the pacer that decides how many more
 * to dial. A lead can be joined only with an agent on the same FreeSWITCH, so each FreeSWITCH is paced by itself. Used
 * by paced-floors.ts.
 */
import type { Agent } from '../agent/agent.ts'
import type { RosterMirror } from '../agent/roster-mirror.ts'
import type { Clock } from '../base/clock.ts'
import type { Switch } from '../switch/switchboard.ts'
import { PacedAgents } from './paced-agents.ts'
import { PacedCalls } from './paced-calls.ts'
import type { Pacer, PacingBudget, PacingDecision, PacingEvent, PacingPolicy } from './pacing/pacer.ts'

export interface PacedFloorParts {
  readonly at: Switch
  readonly pacer: Pacer
  readonly mirror: RosterMirror
  readonly clock: Clock
  /** Called when a call under way has changed. */
  readonly changed: (event: PacingEvent) => void
  /** Is this agent on the line at this FreeSWITCH, and does the agent take calls of this campaign? */
  readonly serves: (agent: Agent) => boolean
}

export class PacedFloor implements Disposable {
  readonly calls: PacedCalls
  readonly pacer: Pacer
  readonly #parts: PacedFloorParts
  readonly #agents: PacedAgents
  readonly #listening: Disposable

  constructor(parts: PacedFloorParts) {
    const { at, pacer, mirror, clock, changed } = parts
    this.#parts = parts
    this.pacer = pacer
    this.calls = new PacedCalls(
      at,
      () => clock.now(),
      event => {
        pacer.onEvent(event)
        changed(event)
      },
    )
    this.#agents = new PacedAgents(event => pacer.onEvent(event))
    // at once: the pacer learns how long talks and wrap-ups last
    this.#listening = mirror.on('written', ({ name }) => this.#look(name))
  }

  /** How many leads to dial now, for the agents but for `others`. */
  decide(policy: PacingPolicy, budget: PacingBudget, others: readonly string[] = []): PacingDecision {
    const { mirror, clock, serves } = this.#parts
    const now = clock.now()
    const here = mirror.all().filter(agent => serves(agent) && !others.includes(agent.name))
    const names = new Set(here.map(({ name }) => name))
    for (const name of [...this.#agents.names]) if (!names.has(name)) this.#agents.gone(name, now)
    for (const agent of here) this.#agents.seen(agent, now)
    return this.pacer.decide({
      now,
      agents: this.#agents.paced,
      calls: this.calls.paced(policy),
      policy,
      budget,
    })
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]()
    this.calls[Symbol.dispose]()
  }

  #look(name: string): void {
    const { mirror, clock, serves } = this.#parts
    const agent = mirror.find(name)
    if (agent && serves(agent)) this.#agents.seen(agent, clock.now())
    else this.#agents.gone(name, clock.now())
  }
}
