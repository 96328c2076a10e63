/** Faults of the way that events take: withheld, late, twice, in another order. For tests; the switch itself knows nothing of it. */
import type { Clock } from '../../base/clock.ts'
import type { SwitchEvent } from './event.ts'

export type Accept = (event: SwitchEvent) => boolean

interface Rule {
  readonly accept: Accept
  /** Everywhere, or only on connections to the inbound port. */
  readonly everywhere: boolean
  apply(event: SwitchEvent, deliver: () => void): void
}

/** Events that wait until they are released, in any order. */
export class HeldEvents implements Disposable {
  readonly #deliveries = new Map<SwitchEvent, (() => void)[]>()
  readonly #end: () => void

  constructor(end: () => void) {
    this.#end = end
  }

  /** In the order in which they happened, each once however many connections wait for it. */
  get events(): SwitchEvent[] {
    return [...this.#deliveries.keys()]
  }

  add(event: SwitchEvent, deliver: () => void): void {
    this.#deliveries.set(event, [...(this.#deliveries.get(event) ?? []), deliver])
  }

  /** Delivers them in this order (places in `events`; those that are not named come after), and holds no more. */
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

  /** Nobody is ever told of such events. */
  withhold(accept: Accept): Disposable {
    return this.#add({ accept, everywhere: true, apply() {} })
  }

  /** The inbound connections are told so many milliseconds later; other events overtake them. */
  delay(accept: Accept, ms: number | ((event: SwitchEvent) => number)): Disposable {
    const apply = (event: SwitchEvent, deliver: () => void) =>
      void this.#clock.after(typeof ms === 'number' ? ms : ms(event), deliver)
    return this.#add({ accept, everywhere: false, apply })
  }

  /** The inbound connections are told twice. */
  repeat(accept: Accept): Disposable {
    const apply = (_: SwitchEvent, deliver: () => void) => {
      deliver()
      deliver()
    }
    return this.#add({ accept, everywhere: false, apply })
  }

  /** Such events wait, on the inbound connections, until they are released in an order of the test's choice. */
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

  /** Delivers the event to one connection, or does what the first rule that fits says. */
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
