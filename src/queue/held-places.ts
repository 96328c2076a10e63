/** The places that the flows of this node hold, by call. Used by queue.ts. */
import type { WaitingPlace } from './waiting-place.ts'

export class HeldPlaces implements Iterable<WaitingPlace> {
  readonly #byCall = new Map<string, Set<WaitingPlace>>()
  readonly #inUseFor: (queue: string) => string

  /** `inUseFor`: the queue to which the name of a removed queue leads; else the name itself. */
  constructor(inUseFor: (queue: string) => string) {
    this.#inUseFor = inUseFor
  }

  add(place: WaitingPlace): void {
    const places = this.#byCall.get(place.call.uuid) ?? new Set()
    this.#byCall.set(place.call.uuid, places.add(place))
  }

  delete(place: WaitingPlace): void {
    const places = this.#byCall.get(place.call.uuid)
    if (places?.delete(place) && places.size === 0) this.#byCall.delete(place.call.uuid)
  }

  has(place: WaitingPlace): boolean {
    return this.#byCall.get(place.call.uuid)?.has(place) ?? false
  }

  /** The place of this call in this queue, or in a removed queue whose callers come to this one. */
  find(queue: string, call: string): WaitingPlace | undefined {
    const held = this.#byCall.get(call)
    if (!held) return undefined
    const places = [...held]
    return places.find(place => place.queue === queue) ?? places.find(place => this.#inUseFor(place.queue) === queue)
  }

  *[Symbol.iterator](): Iterator<WaitingPlace> {
    for (const places of this.#byCall.values()) yield* places
  }
}
