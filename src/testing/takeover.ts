/**
 * Proves that a flow survives a takeover at any point. A scripted call runs once undisturbed. Then it runs twice for
 * each entry of its journal: the node is killed just before the entry is written, and just after.
 * People must hear the same and the records must be the same each time; a sound that was cut may be heard again.
 */
import assert from 'node:assert/strict'
import { memoryCallStore } from '../journal/memory-call-store.ts'
import type { CallStore } from '../journal/call-store.ts'
import { Simulation, type NodeName, type SimulateOptions } from './simulation.ts'

/** A scripted call from its first ring to its end. Each run gets its own simulation. */
type Play = (sim: Simulation) => Promise<void>

/** The result of one run: the sounds of each person, the record of each call, and the number of journal writes. */
interface Outcome {
  readonly heard: Readonly<Record<string, readonly string[]>>
  readonly records: readonly string[]
  readonly writes: number
}

/**
 * Kills a node at each journal entry, and at the `kills` - 1 entries after it. Returns the number of disturbed runs.
 * Throws AssertionError when people heard something else or (with `records`) the records differ.
 */
export async function takeoverEverywhere(
  script: Play,
  options: SimulateOptions,
  { kills, records }: { readonly kills: number; readonly records: boolean },
): Promise<number> {
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
      assert.deepEqual(then.heard, first.heard, `${where}: people heard something else`)
      if (records) assert.deepEqual(then.records, first.records, `${where}: the records differ`)
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
  // also in the run without a death: no dialler is there to see that a nailed-up agent has hung up
  const sim = new Simulation({ ...options, reconciles: true }, deadly.store)
  deadly.die = name => sim.kill(name)
  deadly.rise = name => void sim.open(name)
  // the other node takes a live call over, and its reconciliation closes a call that has ended
  deadly.mayDie = () => sim.nodes.size === 2
  const close = () => sim.close()
  try {
    await sim.until('node a opens', sim.ready)
    await sim.until('node b opens', sim.open('b'))
    await script(sim)
    await sim.advance('5s')
  } catch (error) {
    await close().catch(() => {}) // leftovers are a consequence of the first error
    throw error
  }
  await close()
  return { heard: whatWasHeard(sim), records: sim.records.map(asLine).sort(), writes: deadly.writes }
}

/** A call store that kills the node just before or just after it writes a certain journal entry. */
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
    if (this.#left > 0) this.rise(node as NodeName) // the next kill needs a second node again
  }
}

/**
 * Sounds and talks of each person, in order, without music. A sound or a sequence of sounds that is heard twice in a
 * row was cut by the takeover and counts once.
 */
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

/** Largest number of sounds in a sequence that is repeated. */
const LONGEST_SENTENCE = 24

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
    timeline: timeline.map(one => [one.event, one.queue ?? '', one.agent ?? '']),
    recorded: recording !== null,
  })
