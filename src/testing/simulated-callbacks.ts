/** Promised callbacks, for flow tests: what `switchhook callback add` does, and the telephone of the customer. */
import { ms, type Duration } from '../base/duration.ts'
import { dial, newUuid } from '../esl/safe-text.ts'
import type { CallbackFlow } from '../flow/define.ts'
import { Callbacks } from '../queue/callbacks/callbacks.ts'
import type { Callback } from '../queue/callbacks/callback.ts'
import { Actor } from './actor.ts'
import type { Simulation } from './simulation.ts'
import type { Behaviour, Place } from './switch/world.ts'

export interface CallbackOptions {
  /** Default: a different number for each callback, from +49405552000 on. */
  number?: string
  /** Default sales. */
  queue?: string
  /** When it is due, from now on. Default: now. */
  in?: Duration
  /** The agent who promised it. */
  agent?: string
  /** Ring time until the customer answers, or what happens instead. Default 1s. */
  answers?: Behaviour['answers']
}

/**
 * A customer who was promised a callback. `Simulation.callback` creates it. `hears`, `presses` and the others are about
 * the first call that rings.
 */
export class SimulatedCallback extends Actor {
  readonly id = newUuid()
  /** The customer's telephone. */
  readonly place: Place
  readonly added: Promise<unknown>

  constructor(sim: Simulation, flow: CallbackFlow, options: CallbackOptions, number: string) {
    const place = sim.switch.world.at(`sofia/gateway/carrier/${dial(number)}`, {
      answers: options.answers ?? '1s',
      speaks: 'human',
    })
    const rings = place.next()
    super(sim, number, () => rings)
    this.place = place
    sim.install('callback', flow)
    this.added = sim.ready.then(() => this.#add(number, options))
    this.added.catch(() => {}) // every user awaits the same promise and rejects with its error
  }

  /** The row of the callback now. Fails with AssertionError when there is none. */
  async row(): Promise<Callback> {
    await this.sim.until(`the callback of ${this.name} is there`, this.added)
    return (await this.sim.callbacks.withId(this.id))!
  }

  /** Waits until the callback is over and returns its state: done, failed, expired or cancelled. */
  async ends(within: Duration = '2m'): Promise<Callback['state']> {
    let { state } = await this.row()
    for (let left = ms(within); left > 0 && (state === 'waiting' || state === 'calling'); left -= 1_000) {
      await this.sim.advance('1s')
      ;({ state } = await this.row())
    }
    return state
  }

  async #add(number: string, { queue: name = 'sales', agent, in: later = '0s' }: CallbackOptions): Promise<void> {
    const { queueStore, clock, callbacks: table } = this.sim
    const callbacks = new Callbacks({ table, queueStore, clock, events: this.sim.events })
    const queue = await callbacks.queueOf({ queue: name })
    await callbacks.add({ id: this.id, queue: name, number, agent, joinedAt: clock.now() + ms(later) }, queue)
  }
}
