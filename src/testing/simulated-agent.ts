/** An agent with a telephone, for tests. */
import { ms, type Duration } from '../base/duration.ts'
import { originate } from '../switch/originate.ts'
import { endpoint, newUuid } from '../esl/safe-text.ts'
import { Actor } from './actor.ts'
import type { Simulation } from './simulation.ts'
import type { Place } from './switch/world.ts'

export interface AgentOptions {
  /** After how long the telephone is picked up; or what happens instead. Default 3s. */
  answers?: Duration | 'busy' | 'never' | 'declined'
  /** Default 10s. */
  wrapUp?: Duration
  /** Default 20s. */
  ringFor?: Duration
  /** Default: every queue of the house. */
  queues?: readonly string[]
}

export class SimulatedAgent {
  readonly name: string
  readonly place: Place
  readonly #sim: Simulation
  readonly #added: Promise<unknown>
  #rung = 0
  #call: Actor | null = null

  constructor(
    sim: Simulation,
    name: string,
    { answers = '3s', wrapUp = '10s', ringFor = '20s', queues }: AgentOptions,
  ) {
    this.name = name
    this.#sim = sim
    this.place = sim.switch.world.at(`user/${name}`, { answers })
    this.#added = sim.ready.then(async () => {
      const serves = queues ?? (await sim.queueStore.queues()).map(queue => queue.name)
      const tiers = serves.map(queue => ({ queue, level: 1, position: 1 }))
      await sim.roster.put(
        { name, endpoint: `user/${name}`, wrapUpMs: ms(wrapUp), ringForMs: ms(ringFor), queues: tiers },
        sim.clock.now(),
      )
    })
    this.#added.catch(() => {}) // told to whoever makes the agent ready
  }

  async ready(): Promise<void> {
    await this.#set('ready')
  }
  async takesBreak(reason = 'lunch'): Promise<void> {
    await this.#set('break', reason)
  }
  async logsOut(): Promise<void> {
    await this.#set('logged-out')
  }

  /** On the line before anybody is called: the telephone is dialled now, and the leg waits parked at the switch. */
  async isNailedUp(): Promise<void> {
    const { calls } = await this.#sim.until('the house opens', this.#sim.ready)
    const { clock } = this.#sim
    const uuid = newUuid()
    const called = originate(calls.switchboard.any(), {
      uuid,
      endpoint: endpoint(`user/${this.name}`),
      flow: null,
      ringForMs: 20_000,
      clock,
      log: calls.log,
    })
    const { outcome } = await this.#sim.until(`${this.name} is on the line`, called)
    if (outcome !== 'answered') throw new Error(`${this.name} did not come on the line: ${outcome}`)
    await this.#sim.roster.nail(this.name, { leg: uuid, node: 'test' }, clock.now())
    this.#pickUpLatest()
  }

  /** The state that the house sees. */
  async state(): Promise<string | undefined> {
    return (await this.#sim.roster.get(this.name, this.#sim.clock.now()))?.state
  }
  async becomes(state: string, within: Duration = '30s'): Promise<void> {
    let seen: string | undefined
    const stop = this.#sim.roster.onChange(notice => {
      if (notice.what === 'agent' && notice.name === this.name) seen = notice.agent?.state
    })
    seen = await this.state()
    try {
      await this.#sim.until(`${this.name} becomes ${state}`, () => seen === state, within)
    } finally {
      stop[Symbol.dispose]()
    }
  }

  /** The telephone rings once more than the test has seen so far. */
  async rings(within: Duration = '30s'): Promise<void> {
    const seen = this.#rung
    await this.#sim.until(`${this.name}'s telephone rings`, () => this.place.rang > seen, within)
    this.#pickUpLatest()
  }

  /** Hears this sound in the call on the telephone; when that is over or has not come yet, in the next one (at most a minute later). */
  async hears(sound: string, within?: Duration): Promise<void> {
    await (await this.#comingCall()).hears(sound, within)
  }
  /** Fails at once when nobody is on the line: the keys would reach nobody. */
  async presses(keys: string): Promise<void> {
    await this.#latestCall(`press ${keys}`).presses(keys)
  }
  /** Fails at once when nobody is on the line. */
  async hangsUp(): Promise<void> {
    await this.#latestCall('hang up').hangsUp()
  }
  /** As `hears`: in this call or, when it is over, in the next one. */
  async talksWith(name: string, within?: Duration): Promise<void> {
    await (await this.#comingCall()).talksWith(name, within)
  }
  /** The call on the telephone is over; when nobody is on the line, the last call that was. Gives the cause. */
  async ended(within?: Duration): Promise<string> {
    if (this.place.rang === 0) await this.rings('60s')
    return this.#latestCall('end a call').ended(within)
  }

  /** The call on the telephone. An agent whose call is over waits for the next ring, as for the first. */
  async #comingCall(): Promise<Actor> {
    const latest = this.place.last
    if (this.#call === null || this.place.rang > this.#rung || latest?.state === 'gone') await this.rings('60s')
    return this.#call!
  }

  /** The last call that came, over or not. Throws when none has come yet. */
  #latestCall(act: string): Actor {
    if (this.place.rang > this.#rung) this.#pickUpLatest()
    if (this.#call === null) throw this.#sim.failure(`${this.name} cannot ${act}: the telephone has not rung yet`)
    return this.#call
  }

  #pickUpLatest(): void {
    this.#rung = this.place.rang
    const person = this.place.last!
    this.#call = new Actor(this.#sim, this.name, () => Promise.resolve(person))
  }

  async #set(status: 'ready' | 'break' | 'logged-out', reason?: string): Promise<void> {
    await this.#sim.until(`${this.name} exists`, this.#added)
    await this.#sim.roster.setStatus(this.name, status, this.#sim.clock.now(), reason)
    await this.#sim.clock.settle()
  }
}
