/**
 * A call from the keyboard: the author dials a flow that runs in a simulation in memory, in real time. It needs neither
 * FreeSWITCH nor stores, so the author reads what a caller would hear a second after saving the script.
 * The command `switchhook dial-in` (node/commands.ts) runs it.
 */
import type { Clock } from '../base/clock.ts'
import { sleep } from '../base/clock.ts'
import { InputError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Catalogue } from '../flow/catalogue.ts'
import { kindOf } from '../flow/define.ts'
import { Simulation } from './simulation.ts'
import type { Person } from './switch/person.ts'

/** Virtual time follows real time in steps of this length. */
const STEP_MS = 50
/** Queues of the shipped flows and of the demo; dialIn adds the queues that the author's flows name. */
const QUEUES = ['sales', 'support', 'operator']
/** Two agents. They answer after 3 s and accept every call that is announced to them. */
const AGENTS = ['alice', 'bob']
const TAKES_CALL = 'whisper/press-1'
/** The caller hangs up so long after the end of the keys: with a closed pipe as keyboard the call would never end. */
const LISTENS_ON_MS = 20_000
const HANGS_UP = /[hq\x03\x04]/i

export interface DialInOptions {
  /** The caller's number. Default +4930123000. */
  readonly from?: string
  /** Parameters of the flow: the channel variables that the dialplan would set. */
  readonly params?: Readonly<Record<string, string>>
}

export interface DialInParts {
  readonly catalogue: Catalogue
  /**
   * Typed characters: 0 to 9, * and # are keys of the telephone; h, q, Ctrl-C and Ctrl-D hang up; others are ignored.
   */
  readonly keys: AsyncIterable<string>
  readonly clock: Clock
  readonly log: Log
  /** Receives one line for each thing that a person hears or does. */
  say(line: string): void
}

export interface DialledIn {
  /** The outcome in the record of the call: 'talked', 'abandoned', … */
  readonly outcome: string
  readonly agent: string | null
  /** FreeSWITCH's hangup cause. */
  readonly cause: string
}

/**
 * Calls the flow and resolves when the call is over. Rejects with NotFoundError when no flow has this name, and with
 * InputError for a flow whose calls Switchhook dials.
 */
export async function dialIn(
  flow: string,
  parts: DialInParts,
  { from = '+4930123000', params = {} }: DialInOptions = {},
): Promise<DialledIn> {
  const { catalogue, clock, keys, log, say } = parts
  const kind = kindOf(catalogue.get(flow))
  if (kind === 'campaign')
    throw new InputError(`flow "${flow}" is a campaignFlow, which dials leads: dial-in needs a flow that callers dial`)
  if (kind === 'callback')
    throw new InputError(
      `flow "${flow}" is a callbackFlow, whose calls are dialled: dial-in needs a flow that callers dial`,
    )
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

/** Passes new transcript lines to `say`. Of identical lines of one person in a row it passes the first. */
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

/** Presses keys as they are typed. Hangs up at a hang-up key, or LISTENS_ON_MS after the input ends. */
async function type(keys: AsyncIterable<string>, caller: Person, clock: Clock): Promise<void> {
  for await (const typed of keys) {
    const end = typed.search(HANGS_UP)
    caller.press((end < 0 ? typed : typed.slice(0, end)).replace(/[^0-9*#]/g, ''))
    if (end >= 0) return caller.hangUp()
  }
  await sleep(clock, LISTENS_ON_MS)
  caller.hangUp()
}
