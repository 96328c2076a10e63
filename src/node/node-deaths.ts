/** The death of a node as one line for the person on night duty: who, how many of its calls this node goes on with. */
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
  /** By the node that had them: calls that came here from it since it was last seen to go. */
  readonly #taken = new Map<string, number>()
  readonly #listening: Disposable

  constructor({ node, lease, log }: NodeDeathsOptions) {
    this.#node = node
    this.#listening = lease.on('gone', name => {
      const calls = this.#taken.get(name) ?? 0
      this.#taken.delete(name)
      if (lease.lastSeen(name) === null) return // it left on purpose, and has said so itself
      log.warn({ node: name, calls, takenBy: node }, 'a node died; this node goes on with these of its calls')
    })
  }

  /** A call came to this node's door. FreeSWITCH brings those of a dead node within milliseconds, long before the node counts as dead. */
  came(taken: Taken | null): void {
    const before = taken?.before?.node
    if (before !== undefined && before !== this.#node) this.#taken.set(before, (this.#taken.get(before) ?? 0) + 1)
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]()
  }
}
