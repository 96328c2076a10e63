/** Threads that wait for other channels, such as an originate for its legs. Every event of a channel pokes them. */
import type { Channel } from './channel.ts'
import type { Pulse } from './pulse.ts'

export class Watchers {
  readonly #pulses = new Map<Channel, Set<Pulse>>()

  watch(channel: Channel, pulse: Pulse): void {
    const pulses = this.#pulses.get(channel) ?? new Set()
    this.#pulses.set(channel, pulses.add(pulse))
  }

  unwatch(channel: Channel, pulse: Pulse): void {
    const pulses = this.#pulses.get(channel)
    pulses?.delete(pulse)
    if (pulses?.size === 0) this.#pulses.delete(channel)
  }

  poke(channel: Channel): void {
    for (const pulse of this.#pulses.get(channel) ?? []) pulse.poke()
  }

  /** Ends all watches: the waiting threads never continue. */
  stop(): void {
    for (const pulses of this.#pulses.values()) for (const pulse of pulses) pulse.stop()
    this.#pulses.clear()
  }
}
