/**
 * Shows that a flow can be gone on with from anywhere: a scripted call is run once undisturbed, and then once more for every entry of its
 * journal with the node killed there, just before the entry is written and just after. What people heard and what came of the call must
 * be the same each time, but for a sound that was cut and is heard again.
 */
import assert from 'node:assert/strict'
import { memoryCallStore } from '../journal/memory-call-store.ts'
import type { CallStore } from '../journal/call-store.ts'
import { Simulation, type NodeName, type SimulateOptions } from './simulation.ts'

/** A call from its first ring to its end: who does what, in sentences. Gets a house of its own each time. */
type Play = (sim: Simulation) => Promise<void>

/** In the first run, and when the node died at this entry: what each person heard, and what remained of each call. */
interface Outcome {
  readonly heard: Readonly<Record<string, readonly string[]>>
  readonly records: readonly string[]
  readonly writes: number
}

/**
 * Kills the node at each entry, and at the `kills` - 1 that come after it. Gives the number of places at which it was killed. Throws when
 * somebody heard, or something came out, differently.
 */
export async function takeoverEverywhere(script: Play, options: SimulateOptions, kills: number): Promise<number> {
  const first = await play(script, options, kills, null)
  let places = 0
  for (let write = 1; write <= first.writes; write++) {
    for (const moment of ['before', 'after'] as const) {
      const where = `the node died ${moment} write ${write} of ${first.writes}`
      let then: Outcome
      try {
        then = await play(script, options, kills, { write, moment })
      } catch (error) {
        throw new assert.AssertionError({ message: `${where}: ${(error as Error).message}` })
      }
      assert.deepEqual(then.heard, first.heard, `${where}, and people heard something else`)
      assert.deepEqual(then.records, first.records, `${where}, and something else came of it`)
      places++
    }
  }
  return places
}

interface Death {
  readonly write: number
  readonly moment: 'before' | 'after'
}

async function play(script: Play, options: SimulateOptions, kills: number, death: Death | null): Promise<Outcome> {
  const store = memoryCallStore()
  const deadly = new DeadlyCalls(store, death, kills)
  const sim = new Simulation(options, deadly.store)
  deadly.die = name => sim.kill(name)
  deadly.rise = name => void sim.open(name)
  // a call needs somebody to go to, and one that has ended goes to nobody: its record is made by reconciliation
  deadly.mayDie = uuid => sim.nodes.size === 2 && sim.switch.channels.get(uuid)?.down === false
  const close = () => sim.close()
  try {
    await sim.until('the house opens', sim.ready)
    await sim.until('the second node opens', sim.open('b'))
    await script(sim)
    await sim.advance('5s')
  } catch (error) {
    await close().catch(() => {}) // what it left behind follows from what went wrong
    throw error
  }
  await close()
  return { heard: whatWasHeard(sim), records: sim.records.map(asLine).sort(), writes: deadly.writes }
}

/** Kills the node that is about to write, or has just written, the entries in question. */
class DeadlyCalls {
  readonly store: CallStore
  writes = 0
  die: (node: NodeName) => void = () => {}
  rise: (node: NodeName) => void = () => {}
  mayDie: (uuid: string) => boolean = () => true
  readonly #death: Death | null
  #left: number

  constructor(calls: CallStore, death: Death | null, kills: number) {
    this.#death = death
    this.#left = kills
    const append: CallStore['append'] = async (uuid, owner, entries) => {
      const dies = this.#isNext(uuid)
      if (dies && this.#death?.moment === 'before') {
        this.#kill(owner.node)
        return new Promise(() => {})
      }
      const ours = await calls.append(uuid, owner, entries)
      if (dies) this.#kill(owner.node)
      return ours
    }
    this.store = {
      append,
      take: (...args) => calls.take(...args),
      restart: (...args) => calls.restart(...args),
      end: (...args) => calls.end(...args),
      owner: uuid => calls.owner(uuid),
      ownersOf: uuids => calls.ownersOf(uuids),
      all: () => calls.all(),
      read: uuid => calls.read(uuid),
    }
  }

  #isNext(uuid: string): boolean {
    this.writes++
    if (this.#death === null || this.#left === 0 || this.writes < this.#death.write || !this.mayDie(uuid)) return false
    this.#left--
    return true
  }

  #kill(node: string): void {
    this.die(node as NodeName)
    if (this.#left > 0) this.rise(node as NodeName) // for the next death
  }
}

/** Sounds and talks in order. What is heard again right after itself (a sound, or a sentence of several) was cut. Music is the background. */
function whatWasHeard(sim: Simulation): Record<string, string[]> {
  const all: Record<string, string[]> = {}
  for (const { who, what } of sim.switch.transcript) {
    const sound = /^(hears (?!moh\/).+|talks with .+)$/.exec(what)?.[1]
    if (sound === undefined) continue
    const heard = (all[who] ??= [])
    heard.push(sound)
    dropRepeat(heard)
  }
  return all
}

/** Sounds of one sentence, at most. */
const LONGEST_SENTENCE = 4

function dropRepeat(heard: string[]): void {
  for (let length = 1; length <= LONGEST_SENTENCE && 2 * length <= heard.length; length++) {
    const [before, last] = [heard.slice(-2 * length, -length), heard.slice(-length)]
    if (before.every((sound, at) => sound === last[at])) return void heard.splice(-length)
  }
}

const asLine = ({
  flow,
  outcome,
  hungUpBy,
  agent,
  queue,
  tags,
  timeline,
  recording,
}: Simulation['records'][number]): string =>
  JSON.stringify({
    flow,
    outcome,
    hungUpBy,
    agent,
    queue,
    tags: [...tags],
    timeline: timeline.map(moment => [moment.event, moment.queue ?? '', moment.agent ?? '']),
    recorded: recording !== null,
  })
