/** Somebody on a telephone, for tests: expectations come one after the other, and time goes on until each has come true. */
import type { Duration } from '../base/duration.ts'
import type { Person } from './switch/person.ts'
import type { Simulation } from './simulation.ts'

export class Actor {
  readonly name: string
  protected readonly sim: Simulation
  readonly #person: Promise<Person>
  #cursor = 0
  #again: Disposable | undefined

  constructor(sim: Simulation, name: string, arrives: () => Promise<Person>) {
    this.sim = sim
    this.name = name
    this.#person = arrives()
    this.#person.catch(() => {}) // whoever waits for this person sees why they never came
  }

  /** The person on the line. */
  protected person(): Promise<Person> {
    return this.sim.until(`${this.name} is on the line`, this.#person, '2m')
  }

  /** Hears this sound, after everything that was expected before: 'ivr/welcome', or 'music moh/calm'. */
  async hears(sound: string, within: Duration = '30s'): Promise<void> {
    const person = await this.person()
    const wanted = sound.replace(/^music /, '')
    const found = () => person.heard.findIndex((heard, at) => at >= this.#cursor && heard.what === wanted)
    await this.sim.until(`${this.name} hears ${sound}`, () => found() >= 0, within)
    this.#cursor = found() + 1
  }

  /** Fails when this sound comes within that time. */
  async doesNotHear(sound: string, within: Duration): Promise<void> {
    const person = await this.person()
    await this.sim.advance(within)
    if (person.heard.slice(this.#cursor).some(heard => heard.what === sound))
      await this.sim.until(`${this.name} does not hear ${sound}`, () => false, '0s')
  }

  /** Fails at once when the call is over: the keys would reach nobody. */
  async presses(keys: string): Promise<void> {
    const person = await this.#onTheLine(`press ${keys}`)
    person.press(keys)
    this.#answersAgain(person, keys)
  }

  /** A question that is asked again, because the node that had heard the answer died, is answered again. */
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

  /** Fails at once when the call is over already. */
  async hangsUp(): Promise<void> {
    const person = await this.#onTheLine('hang up')
    person.hangUp()
    await this.sim.clock.settle()
  }

  async #onTheLine(act: string): Promise<Person> {
    const person = await this.person()
    await this.sim.clock.settle()
    if (person.state === 'gone')
      throw this.sim.failure(`${this.name} cannot ${act}: nobody is on the line, the call ended with ${person.cause}`)
    return person
  }

  async talksWith(name: string, within: Duration = '30s'): Promise<void> {
    const person = await this.person()
    await this.sim.until(`${this.name} talks with ${name}`, () => person.talksWith?.name === name, within)
  }

  /** The call of this person is over. Gives the cause. */
  async ended(within: Duration = '60s'): Promise<string> {
    const person = await this.person()
    await this.sim.until(`${this.name}'s call ends`, () => person.state === 'gone', within)
    return person.cause ?? ''
  }

  /** What the flow of this person's call returned, once its record is written. */
  async outcome(within: Duration = '60s'): Promise<string> {
    const { uuid } = await this.person()
    const record = () => this.sim.records.find(row => row.uuid === uuid)
    await this.sim.until(`the record of ${this.name}'s call`, () => record() !== undefined, within)
    return record()!.outcome
  }

  async uuid(): Promise<string> {
    return (await this.person()).uuid
  }
}
