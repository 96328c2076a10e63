/** An agent with a telephone at user/<name>, for flow tests. `Simulation.agent` creates it. */
import { ms, type Duration } from '../base/duration.ts'
import { originate } from '../switch/originate.ts'
import { endpoint, newUuid } from '../esl/safe-text.ts'
import { Actor } from './actor.ts'
import type { Simulation } from './simulation.ts'
import type { Place } from './switch/world.ts'

export interface AgentOptions {
  /** Ring time until the agent answers, or what happens instead. Default 3s. */
  answers?: Duration | 'busy' | 'never' | 'declined'
  /** Length of the wrap-up. Default 10s. */
  wrapUp?: Duration
  /** Time after which an unanswered call counts as not answered. Default 20s. */
  ringFor?: Duration
  /** Queues that the agent serves. Default: every queue of the simulation. */
  queues?: readonly string[]
}

/**
 * A simulated agent. `hears` and `talksWith` are about the current call, and after its end about the next one.
 *
 * @example
 * const alice = sim.agent('alice', { wrapUp: '5s' })
 * await alice.ready()
 * await alice.rings()
 * await alice.accepts()
 * await alice.talksWith('caller')
 */
export class SimulatedAgent {
  readonly name: string
  /** The agent's telephone at user/<name>; `place.behaviour` changes its reaction to calls. */
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
    this.#added.catch(() => {}) // ready, takesBreak and logsOut await the same promise and reject with its error
  }

  /** Sets the agent's status to ready. */
  async ready(): Promise<void> {
    await this.#set('ready')
  }
  /** Sets the agent's status to break, with a reason. */
  async takesBreak(reason = 'lunch'): Promise<void> {
    await this.#set('break', reason)
  }
  /** Sets the agent's status to logged-out. */
  async logsOut(): Promise<void> {
    await this.#set('logged-out')
  }

  /**
   * Makes this a nailed-up agent: the telephone is dialled now, and the nailed-up leg stays parked at FreeSWITCH.
   * Fails when the telephone does not answer within 20 s.
   */
  async isNailedUp(): Promise<void> {
    const { calls } = await this.#sim.until('node a opens', this.#sim.ready)
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
    if (outcome !== 'answered') throw new Error(`agent ${this.name} is not nailed up: the call ended as '${outcome}'`)
    await this.#sim.roster.nail(this.name, { leg: uuid, node: 'test' }, clock.now())
    this.#pickUpLatest()
  }

  /** The agent's state in the roster, such as 'idle' or 'wrap-up'; undefined for an unknown agent. */
  async state(): Promise<string | undefined> {
    return (await this.#sim.roster.get(this.name, this.#sim.clock.now()))?.state
  }
  /** Waits until the agent's state in the roster is `state`. Fails with AssertionError after `within`. */
  async becomes(state: string, within: Duration = '30s'): Promise<void> {
    let seen: string | undefined
    const stop = this.#sim.roster.onChange(notice => {
      if (notice.what === 'agent' && notice.name === this.name) seen = notice.agent?.state
    })
    const now = await this.state()
    seen ??= now // a notice that came meanwhile is newer
    try {
      await this.#sim.until(`${this.name} becomes ${state}`, () => seen === state, within)
    } finally {
      stop[Symbol.dispose]()
    }
  }

  /**
   * Waits until the telephone rings for a call that the test has not seen yet. Fails with AssertionError after
   * `within`.
   */
  async rings(within: Duration = '30s'): Promise<void> {
    const seen = this.#rung
    await this.#sim.until(`${this.name}'s telephone rings`, () => this.place.rang > seen, within)
    this.#pickUpLatest()
  }

  /**
   * Waits until the agent hears this sound in the current call, or in the next one (at most 60 s later) when there is
   * none. Fails with AssertionError.
   */
  async hears(sound: string, within?: Duration): Promise<void> {
    await (await this.#comingCall()).hears(sound, within)
  }
  /** Presses keys in the current call, 250 ms each. Fails with AssertionError when there is none. */
  async presses(keys: string): Promise<void> {
    await this.#latestCall(`press ${keys}`).presses(keys)
  }
  /** Accepts the call that is offered: waits, as `hears` does, for the request to press 1, and presses it. */
  async accepts(within?: Duration): Promise<void> {
    await this.hears('whisper/press-1', within)
    await this.presses('1')
  }
  /** Hangs the current call up. Fails with AssertionError when there is none. */
  async hangsUp(): Promise<void> {
    await this.#latestCall('hang up').hangsUp()
  }
  /** The telephone loses its power in the current call. Fails with AssertionError when there is none. */
  async losesPower(): Promise<void> {
    await this.#latestCall('lose power').losesPower()
  }
  /** Waits until the agent is bridged with this person, in the current call or, as for `hears`, in the next one. */
  async talksWith(name: string, within?: Duration): Promise<void> {
    await (await this.#comingCall()).talksWith(name, within)
  }
  /** Waits until the voices of exactly these people reach the agent in the current call. */
  async hearsVoices(names: readonly string[], within?: Duration): Promise<void> {
    await this.#latestCall('hear a voice').hearsVoices(names, within)
  }
  /** Waits until the current call is over; without one it is about the last call. Returns FreeSWITCH's cause. */
  async ended(within?: Duration): Promise<string> {
    if (this.place.rang === 0) await this.rings('60s')
    return this.#latestCall('end a call').ended(within)
  }

  /** The current call. When it is over, or none has come yet, waits up to 60 s for the next ring. */
  async #comingCall(): Promise<Actor> {
    const latest = this.place.last
    if (this.#call === null || this.place.rang > this.#rung || latest?.state === 'gone') await this.rings('60s')
    return this.#call!
  }

  /** The latest call, over or not. Throws AssertionError when the telephone has not rung yet. */
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
