/**
 * Agents in this process's memory: for tests and for the demo. Every read and write happens in the same turn of the
 * event loop.
 */
import { Emitter } from '../base/emitter.ts'
import type { Events } from '../events/events.ts'
import type { Agent } from './agent.ts'
import type { BreakReason } from './break-reasons.ts'
import { rosterOver, type AgentNotice, type AgentTable, type Roster } from './roster.ts'

export class MemoryAgents implements AgentTable {
  readonly #records = new Map<string, Agent>()
  readonly #breakReasons = new Map<string, BreakReason>()
  readonly #notices = new Emitter<{ notice: AgentNotice }>()

  async read(name: string): Promise<Agent | null> {
    return this.#records.get(name) ?? null
  }

  async readAll(): Promise<Agent[]> {
    return [...this.#records.values()]
  }

  async swap(name: string, rev: number, next: Agent): Promise<boolean> {
    return this.has(name, rev) && this.write(name, next)
  }

  async remove(name: string, rev: number, at: number): Promise<boolean> {
    if (!this.has(name, rev) || !this.#records.delete(name)) return false
    this.#notices.emit('notice', { what: 'agent', name, rev, agent: null, removedAt: at })
    return true
  }

  /** The two halves of a swap, for the queue store: it writes an agent and a caller in one turn. */
  has(name: string, rev: number): boolean {
    return (this.#records.get(name)?.rev ?? 0) === rev
  }

  write(name: string, next: Agent): true {
    this.#records.set(name, next)
    this.#notices.emit('notice', { what: 'agent', name, rev: next.rev, agent: next })
    return true
  }

  async readBreakReasons(): Promise<BreakReason[]> {
    return [...this.#breakReasons.values()].sort((a, b) => (a.reason < b.reason ? -1 : 1))
  }

  async writeBreakReason(reason: BreakReason): Promise<void> {
    this.#breakReasons.set(reason.reason, reason)
  }

  async deleteBreakReason(reason: string): Promise<boolean> {
    return this.#breakReasons.delete(reason)
  }

  onChange(listener: (notice: AgentNotice) => void): Disposable {
    const listening = this.#notices.on('notice', listener)
    queueMicrotask(() => listener({ what: 'resync' }))
    return listening
  }
}

/** `agents` is the table itself, for the queue store that shares it. */
export function memoryRoster(agents = new MemoryAgents(), events?: Events): Roster {
  return rosterOver(agents, events)
}
