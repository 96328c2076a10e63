/**
 * A simulated person on a telephone, for flow tests: a caller, a lead or an agent. Each expectation (`hears`,
 * `talksWith`, `ended`) advances virtual time until it is true. After its time limit it fails with the transcript.
 */
import type { Duration } from '../base/duration.ts'
import type { Person } from './switch/person.ts'
import type { Simulation } from './simulation.ts'

/**
 * A person in a simulation. `Simulation.call`, `Simulation.lead` and `SimulatedAgent` create actors.
 *
 * @example
 * const caller = sim.call(hello)
 * await caller.hears('ivr/hello')
 * await caller.presses('2')
 * await caller.ended()
 */
export class Actor {
  /** The name in the transcript and in failures. */
  readonly name: string
  protected readonly sim: Simulation
  readonly #person: Promise<Person>
  #cursor = 0
  #again: Disposable | undefined

  constructor(sim: Simulation, name: string, arrives: () => Promise<Person>) {
    this.sim = sim
    this.name = name
    this.#person = arrives()
    this.#person.catch(() => {}) // every expectation awaits the same promise and rejects with its error
  }

  /** The person, once on the line. Fails after 2 minutes of virtual time. */
  protected person(): Promise<Person> {
    return this.sim.until(`${this.name} is on the line`, this.#person, '2m')
  }

  /**
   * Waits until this person hears a sound after the last expected one: 'ivr/welcome', or 'music moh/calm'. Names have
   * no root folder and no extension. Fails with AssertionError after `within`.
   */
  async hears(sound: string, within: Duration = '30s'): Promise<void> {
    const person = await this.person()
    const found = () => person.heard.findIndex((heard, at) => at >= this.#cursor && isSound(heard.what, sound))
    await this.sim.until(`${this.name} hears ${sound}`, () => found() >= 0, within)
    this.#cursor = found() + 1
  }

  /** Lets `within` pass. Fails with AssertionError when this person heard the sound after the last expected one. */
  async doesNotHear(sound: string, within: Duration): Promise<void> {
    const person = await this.person()
    await this.sim.advance(within)
    if (person.heard.slice(this.#cursor).some(heard => isSound(heard.what, sound)))
      await this.sim.until(`${this.name} does not hear ${sound}`, () => false, '0s')
  }

  /** Presses keys: 0 to 9, * and #, 250 ms each. Fails with AssertionError when the call is over. */
  async presses(keys: string): Promise<void> {
    const person = await this.#onTheLine(`press ${keys}`)
    person.press(keys)
    this.#answersAgain(person, keys)
  }

  /** Presses the same keys again when the same prompt plays after a node died: the dead node had lost the answer. */
  #answersAgain(person: Person, keys: string): void {
    const asked = person.heard.at(-1)?.what
    let deaths = this.sim.deaths
    this.#again?.[Symbol.dispose]()
    this.#again = person.on('heard', what => {
      if (what !== asked || this.sim.deaths === deaths) return
      deaths = this.sim.deaths
      person.press(keys)
    })
  }

  /** Hangs up. Fails with AssertionError when the call is already over. */
  async hangsUp(): Promise<void> {
    const person = await this.#onTheLine('hang up')
    person.hangUp()
    await this.sim.clock.settle()
  }

  /** The telephone loses its power: no more audio comes, and no hang-up. Fails as `hangsUp` does. */
  async losesPower(): Promise<void> {
    const person = await this.#onTheLine('lose power')
    person.losesPower()
  }

  async #onTheLine(act: string): Promise<Person> {
    const person = await this.person()
    await this.sim.clock.settle()
    if (person.state === 'gone')
      throw this.sim.failure(`${this.name} cannot ${act}: nobody is on the line, the call ended with ${person.cause}`)
    return person
  }

  /** Waits until this person is bridged with the person of this name. Fails with AssertionError after `within`. */
  async talksWith(name: string, within: Duration = '30s'): Promise<void> {
    const person = await this.person()
    await this.sim.until(`${this.name} talks with ${name}`, () => person.talksWith?.name === name, within)
  }

  /** Waits until the voices of exactly these people reach this person. Fails with AssertionError after `within`. */
  async hearsVoices(names: readonly string[], within: Duration = '30s'): Promise<void> {
    const person = await this.person()
    const wanted = [...names].sort().join(', ')
    await this.sim.until(
      `${this.name} hears the voices of ${wanted}`,
      () => person.voices.join(', ') === wanted,
      within,
    )
  }

  /** Waits until the call of this person is over. Returns FreeSWITCH's cause, such as 'NORMAL_CLEARING'. */
  async ended(within: Duration = '60s'): Promise<string> {
    const person = await this.person()
    await this.sim.until(`${this.name}'s call ends`, () => person.state === 'gone', within)
    return person.cause ?? ''
  }

  /**
   * Waits for the record of this person's call. Returns its outcome: the word that the flow returned, else one such as
   * 'talked' or 'abandoned' (record/call-record.ts). Fails with AssertionError after `within`.
   */
  async outcome(within: Duration = '60s'): Promise<string> {
    const { uuid } = await this.person()
    const record = () => this.sim.records.find(row => row.uuid === uuid)
    await this.sim.until(`the record of ${this.name}'s call`, () => record() !== undefined, within)
    return record()!.outcome
  }

  /** The uuid of this person's leg. Fails with AssertionError when the person is not on the line after 2 minutes. */
  async uuid(): Promise<string> {
    return (await this.person()).uuid
  }
}

/** Music on hold is heard under its own name: `expected` may be 'music moh/calm'. */
const isSound = (heard: string, expected: string) => heard === expected.replace(/^music /, '')
