/**
 * The call store in memory, for tests, the demo and the warm-up. All nodes of one process share one object; every
 * method acts in the same turn.
 */
import type { CallStore, Owner, Taken } from './call-store.ts'

interface Remembered {
  owner: Owner
  entries: string[]
}

class MemoryCalls implements CallStore {
  readonly #calls = new Map<string, Remembered>()
  /** The highest epoch so far: a uuid that is used again after its end starts above every epoch that it had. */
  #last = 0

  async take(uuid: string, node: string, begin: string): Promise<Taken> {
    const known = this.#calls.get(uuid)
    const owner = { node, epoch: (known?.owner.epoch ?? this.#last) + 1 }
    this.#last = Math.max(this.#last, owner.epoch)
    const entries = known?.entries ?? [begin]
    this.#calls.set(uuid, { owner, entries })
    return { epoch: owner.epoch, before: known?.owner ?? null, entries: [...entries] }
  }

  async append(uuid: string, owner: Owner, entries: readonly string[]): Promise<boolean> {
    const call = this.#held(uuid, owner)
    call?.entries.push(...entries)
    return call !== undefined
  }

  async restart(uuid: string, owner: Owner, entries: readonly string[]): Promise<boolean> {
    const call = this.#held(uuid, owner)
    if (call) call.entries = [...entries]
    return call !== undefined
  }

  async end(uuid: string, owner: Owner): Promise<boolean> {
    return this.#held(uuid, owner) !== undefined && this.#calls.delete(uuid)
  }

  async owner(uuid: string): Promise<Owner | null> {
    return this.#calls.get(uuid)?.owner ?? null
  }

  async ownersOf(uuids: readonly string[]): Promise<(Owner | null)[]> {
    return uuids.map(uuid => this.#calls.get(uuid)?.owner ?? null)
  }

  async all(): Promise<Map<string, Owner>> {
    return new Map([...this.#calls].map(([uuid, { owner }]) => [uuid, owner]))
  }

  async read(uuid: string): Promise<readonly string[]> {
    return [...(this.#calls.get(uuid)?.entries ?? [])]
  }

  #held(uuid: string, { node, epoch }: Owner): Remembered | undefined {
    const call = this.#calls.get(uuid)
    return call?.owner.epoch === epoch && call.owner.node === node ? call : undefined
  }
}

export function memoryCallStore(): CallStore {
  return new MemoryCalls()
}
