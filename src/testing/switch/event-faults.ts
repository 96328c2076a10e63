/**
 * Faults in the delivery of events, for tests: withheld, delayed, repeated, reordered. The simulated FreeSWITCH itself
 * is unaffected.
 */
import type { Clock } from '../../base/clock.ts'
import type { SwitchEvent } from './event.ts'

export type Accept = (event: SwitchEvent) => boolean

interface Rule {
  readonly accept: Accept
  /** True: on all connections. False: only on connections to the inbound port. */
  readonly everywhere: boolean
  apply(event: SwitchEvent, deliver: () => void): void
}

/** Held events: `release` delivers them, in any order. */
export class HeldEvents implements Disposable {
  readonly #deliveries = new Map<SwitchEvent, (() => void)[]>()
  readonly #end: () => void

  constructor(end: () => void) {
    this.#end = end
  }

  /** The held events in the order in which they happened, each once however many connections wait for it. */
  get events(): SwitchEvent[] {
    return [...this.#deliveries.keys()]
  }

  add(event: SwitchEvent, deliver: () => void): void {
    this.#deliveries.set(event, [...(this.#deliveries.get(event) ?? []), deliver])
  }

  /** Ends the hold and delivers the events. `order`: indexes in `events`; the others follow in their own order. */
  release(order: readonly number[] = []): void {
    this.#end()
    const held = this.events
    const named = order.map(at => held[at]!)
    for (const event of new Set([...named, ...held])) for (const deliver of this.#deliveries.get(event) ?? []) deliver()
    this.#deliveries.clear()
  }

  [Symbol.dispose](): void {
    this.release()
  }
}

export class EventFaults {
  readonly #clock: Clock
  readonly #rules = new Set<Rule>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Drops the accepted events on all connections. */
  withhold(accept: Accept): Disposable {
    return this.#add({ accept, everywhere: true, apply() {} })
  }

  /** Delays the accepted events by `ms` milliseconds on the inbound connections; other events overtake them. */
  delay(accept: Accept, ms: number | ((event: SwitchEvent) => number)): Disposable {
    const apply = (event: SwitchEvent, deliver: () => void) =>
      void this.#clock.after(typeof ms === 'number' ? ms : ms(event), deliver)
    return this.#add({ accept, everywhere: false, apply })
  }

  /** Delivers the accepted events twice on the inbound connections. */
  repeat(accept: Accept): Disposable {
    const apply = (_: SwitchEvent, deliver: () => void) => {
      deliver()
      deliver()
    }
    return this.#add({ accept, everywhere: false, apply })
  }

  /** Holds the accepted events on the inbound connections until the test releases them, in an order of its choice. */
  hold(accept: Accept): HeldEvents {
    const rule = {
      accept,
      everywhere: false,
      apply: (event: SwitchEvent, deliver: () => void) => held.add(event, deliver),
    }
    const held = new HeldEvents(() => void this.#rules.delete(rule))
    this.#add(rule)
    return held
  }

  /** Delivers the event to one connection, or applies the first rule that accepts it. */
  pass(event: SwitchEvent, outbound: boolean, deliver: () => void): void {
    for (const rule of this.#rules)
      if ((rule.everywhere || !outbound) && rule.accept(event)) return rule.apply(event, deliver)
    deliver()
  }

  get any(): boolean {
    return this.#rules.size > 0
  }

  #add(rule: Rule): Disposable {
    this.#rules.add(rule)
    return { [Symbol.dispose]: () => void this.#rules.delete(rule) }
  }
}
