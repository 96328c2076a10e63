/** The callers and agents in a row of the matrix: many at once, each with a name, all in real time. */
import { ms, type Duration } from '../../src/base/duration.ts'
import type { Person, Place } from '../../src/testing/index.ts'
import { PATIENCE_MS } from '../patience.ts'
import { pause, until, type Rig } from './rig.ts'

export const SORRY = 'switchhook/sorry'

export interface CallOptions {
  /** The flow that they enter. */
  readonly flow: string
  readonly variables?: Readonly<Record<string, string>>
  /** Milliseconds between two of them; default 5. */
  readonly everyMs?: number
}

/** People on the line who have not hung up themselves. */
export class Crowd {
  readonly rig: Rig
  readonly people: Person[] = []
  readonly #left = new Set<Person>()

  constructor(rig: Rig) {
    this.rig = rig
  }

  get uuids(): string[] {
    return this.people.map(person => person.uuid)
  }

  /** This many people call, one after the other. */
  async call(number: number, { flow, variables = {}, everyMs = 5 }: CallOptions): Promise<Person[]> {
    const came: Person[] = []
    for (let at = 0; at < number; at++) {
      const name = `${flow}-${this.people.length + 1}`
      const person = this.rig.sim.world.call({
        from: `+49301${String(100_000 + this.people.length)}`,
        name,
        to: `switchhook-${flow}`,
        variables: { switchhook_dialled: '+4930123000', ...variables },
      })
      this.people.push(person)
      came.push(person)
      if (everyMs > 0) await pause(everyMs)
    }
    return came
  }

  /** They hang up themselves: they do not count as lost. */
  leave(people: readonly Person[] = this.people): void {
    for (const person of people) {
      this.#left.add(person)
      person.hangUp()
    }
  }

  /** Those who were hung up on, or heard the apology. */
  get lost(): Person[] {
    return this.people.filter(
      person => !this.#left.has(person) && (person.state === 'gone' || person.heard.some(({ what }) => what === SORRY)),
    )
  }

  get apologised(): Person[] {
    return this.people.filter(person => person.heard.some(({ what }) => what === SORRY))
  }

  /** Everybody hears this sound now, or has heard it. */
  hear(sound: string, withinMs = PATIENCE_MS): Promise<number> {
    const deaf = () => this.people.filter(person => !person.heard.some(({ what }) => what === sound))
    return until(`everybody of ${this.people.length} hears ${sound}`, () => deaf().length === 0, withinMs).catch(
      (error: Error) => {
        throw new Error(
          `${error.message}; ${deaf().length} do not: ${deaf()
            .slice(0, 3)
            .map(
              person =>
                `${person.name} (${person.state}, heard ${person.heard.map(one => one.what).join(' ') || 'nothing'})`,
            )
            .join(', ')}`,
        )
      },
    )
  }

  /** This node drives all of them. */
  at(node: string, withinMs = PATIENCE_MS): Promise<number> {
    const elsewhere = () => this.people.filter(person => this.rig.oracle.drivenBy(person.uuid) !== node)
    return until(
      `everybody of ${this.people.length} is driven by ${node}`,
      () => elsewhere().length === 0,
      withinMs,
    ).catch((error: Error) => {
      throw new Error(
        `${error.message}; ${elsewhere().length} are not: ${elsewhere()
          .slice(0, 3)
          .map(({ name, uuid, state }) => `${name} ${uuid} (${state}, driven by '${this.rig.oracle.drivenBy(uuid)}')`)
          .join(', ')}`,
      )
    })
  }

  talk(withinMs = PATIENCE_MS): Promise<number> {
    return until(
      `everybody of ${this.people.length} talks`,
      () => this.people.every(person => person.talksWith !== undefined),
      withinMs,
    ).catch((error: Error) => {
      throw new Error(`${error.message}; ${this.people.filter(person => person.talksWith === undefined).length} do not`)
    })
  }
}

export interface AgentOptions {
  readonly queue: string
  readonly number: number
  readonly wrapUpMs?: number
  /** The status at the beginning; default ready. */
  readonly ready?: boolean
  /** Accepts the call with key 1 when asked; default true. */
  readonly accepts?: boolean
  readonly prefix?: string
  /** How long their telephones ring; default 100 ms. */
  readonly rings?: Duration
}

/**
 * This many agents with telephones that answer at once. Their names are <prefix>1, <prefix>2, …; returns their
 * telephones by name.
 */
export async function seat(
  rig: Rig,
  {
    queue,
    number,
    wrapUpMs = ms('60s'),
    ready = true,
    accepts = true,
    prefix = `${queue}-agent-`,
    rings = '100ms',
  }: AgentOptions,
): Promise<Map<string, Place>> {
  if (!(await rig.queueStore.queues()).some(known => known.name === queue))
    await rig.queueStore.put({ name: queue, strategy: 'longest-idle-agent' })
  const places = new Map<string, Place>()
  for (let at = 1; at <= number; at++) {
    const name = `${prefix}${at}`
    const answers = (person: Person) =>
      void person.on('heard', sound => void (sound === 'whisper/press-1' && accepts && person.press('1')))
    places.set(name, rig.sim.world.at(`user/${name}`, { answers: rings, speaks: 'human', rings: answers }))
    await rig.roster.put(
      { name, endpoint: `user/${name}`, wrapUpMs, ringForMs: ms('20s'), queues: [{ queue, level: 1, position: 1 }] },
      Date.now(),
    )
    if (ready) await rig.roster.setStatus(name, 'ready', Date.now())
  }
  return places
}
