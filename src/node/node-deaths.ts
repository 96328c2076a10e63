/** Logs the death of a node as one line: which node died, and how many of its calls this node took over. */
import type { Log } from '../base/log.ts'
import type { NodeLease } from '../cluster/node-lease.ts'
import type { Taken } from '../journal/call-store.ts'

export interface NodeDeathsOptions {
  readonly node: string
  readonly lease: Pick<NodeLease, 'on' | 'lastSeen'>
  readonly log: Pick<Log, 'warn'>
}

export class NodeDeaths implements Disposable {
  readonly #node: string
  /** Per node that drove them before: calls that this node took over from it since its last death. */
  readonly #taken = new Map<string, number>()
  readonly #listening: Disposable

  constructor({ node, lease, log }: NodeDeathsOptions) {
    this.#node = node
    this.#listening = lease.on('gone', name => {
      const calls = this.#taken.get(name) ?? 0
      this.#taken.delete(name)
      if (lease.lastSeen(name) === null) return // it shut down on purpose, and has logged that itself
      log.warn({ node: name, calls, takenBy: node }, 'a node died; this node took over this many of its calls')
    })
  }

  /**
   * Counts a call that arrived here. FreeSWITCH offers the calls of a dead node within milliseconds, long before the
   * node counts as dead.
   */
  came(taken: Taken | null): void {
    const before = taken?.before?.node
    if (before !== undefined && before !== this.#node) this.#taken.set(before, (this.#taken.get(before) ?? 0) + 1)
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]()
  }
}
