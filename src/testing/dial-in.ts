/**
 * A call from the keyboard: one person dials a flow in a house in memory, in the time of the clock on the wall. Nothing else is needed, no
 * switch and no store, so an author hears (reads) what a caller would, a second after the script was saved.
 */
import type { Clock } from '../base/clock.ts'
import { sleep } from '../base/clock.ts'
import { InputError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Catalogue } from '../flow/catalogue.ts'
import { kindOf } from '../flow/define.ts'
import { Simulation } from './simulation.ts'
import type { Person } from './switch/person.ts'

/** The time of the house follows that of the wall in such steps. */
const STEP_MS = 50
/** Queues that the shipped flows and the demo have; those of the flows come to them. */
const QUEUES = ['sales', 'support', 'operator']
/** Two agents, who pick up after 3 s and take whoever is announced to them. */
const AGENTS = ['alice', 'bob']
const TAKES_CALL = 'whisper/press-1'
/** Without a keyboard that lasts (a pipe that has ended) nobody would ever hang up. */
const LISTENS_ON_MS = 20_000
const HANGS_UP = /[hq\x03\x04]/i

export interface DialInOptions {
  /** The caller's number. Default +4930123000. */
  readonly from?: string
  /** Parameters of the flow, as the dialplan would set them. */
  readonly params?: Readonly<Record<string, string>>
}

export interface DialInParts {
  readonly catalogue: Catalogue
  /** What is typed: 0 to 9, * and # are keys of the telephone, h hangs up, anything else is nothing. It may end. */
  readonly keys: AsyncIterable<string>
  readonly clock: Clock
  readonly log: Log
  /** Gets what everybody hears and does, a line each. */
  say(line: string): void
}

export interface DialledIn {
  /** As in the record of the call: 'talked', 'abandoned', … */
  readonly outcome: string
  readonly agent: string | null
  /** Why the call ended, in FreeSWITCH's words. */
  readonly cause: string
}

/** Resolves when the call is over. Rejects with NotFoundError when there is no such flow, and with InputError for a flow of campaigns: those call people. */
export async function dialIn(
  flow: string,
  parts: DialInParts,
  { from = '+4930123000', params = {} }: DialInOptions = {},
): Promise<DialledIn> {
  const { catalogue, clock, keys, log, say } = parts
  if (kindOf(catalogue.get(flow)) === 'campaign')
    throw new InputError(`'${flow}' is a flow for campaigns: it calls people, and nobody dials in to it`)
  const sim = new Simulation({ log, queues: [...new Set([...QUEUES, ...catalogue.uses.queues])] })
  for (const name of catalogue.names) sim.install(name, catalogue.get(name))
  await sim.advance('0s')
  for (const name of AGENTS) await staff(sim, name)
  const caller = sim.switch.world.call({
    from,
    name: 'caller',
    to: `switchhook-${flow}`,
    variables: { ...params },
    speaks: 'human',
  })
  void type(keys, caller, clock)
  const tell = teller(sim, say)
  const record = () => sim.records.find(one => one.uuid === caller.uuid)
  for (let began = clock.monotonic(), passed = 0; !record(); passed += STEP_MS) {
    tell()
    const early = passed + STEP_MS - (clock.monotonic() - began)
    if (early > 0) await sleep(clock, early)
    await sim.clock.advance(STEP_MS)
  }
  tell()
  const { outcome, agent, end } = record()!
  return { outcome, agent, cause: end.cause }
}

/** Says what has happened since the last time; of a sound that somebody hears again and again, the first. */
function teller(sim: Simulation, say: (line: string) => void): () => void {
  let told = 0
  const last = new Map<string, string>()
  return () => {
    const lines = sim.transcript().split('\n')
    for (const line of lines.slice(told)) {
      const [, who = '', what = ''] = /^ *[\d.]+s {2}(\S+) (.*)$/.exec(line) ?? []
      if (what !== last.get(who)) say(line)
      last.set(who, what)
    }
    told = lines.length
  }
}

async function staff(sim: Simulation, name: string): Promise<void> {
  const agent = sim.agent(name)
  agent.place.behaviour = {
    ...agent.place.behaviour,
    rings: person => void person.on('heard', sound => sound === TAKES_CALL && person.press('1')),
  }
  await agent.ready()
}

/** Keys as they come; the receiver is put down at the end of them, a while later. */
async function type(keys: AsyncIterable<string>, caller: Person, clock: Clock): Promise<void> {
  for await (const typed of keys) {
    const end = typed.search(HANGS_UP)
    caller.press((end < 0 ? typed : typed.slice(0, end)).replace(/[^0-9*#]/g, ''))
    if (end >= 0) return caller.hangUp()
  }
  await sleep(clock, LISTENS_ON_MS)
  caller.hangUp()
}
