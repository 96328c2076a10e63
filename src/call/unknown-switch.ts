/**
 * Calls of a FreeSWITCH that the setting FREESWITCH does not name: another server with the same dialplan, added later.
 * Such a call cannot be served: agents would be dialled on a named FreeSWITCH, and two legs on two servers cannot be
 * joined. It is sent to the fallback at once.
 *
 * A Core-UUID (one run of a FreeSWITCH) is unknown when the event link of every named FreeSWITCH is up and none of
 * them is in that run. One that was just restarted may connect calls before its link is back, or before the loss of
 * its link is noticed: so each of them is asked first.
 */
import type { Clock } from '../base/clock.ts'
import { SwitchError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import * as build from '../esl/api.ts'
import { api } from '../esl/command.ts'
import type { Headers } from '../esl/event.ts'
import type { Ident } from '../esl/safe-text.ts'
import { LEG_PATH } from './arrival.ts'
import type { Arrival } from '../journal/arrival.ts'
import type { Conversation } from './conversation.ts'
import { sendToFallback } from './fallback.ts'
import type { Switch, Switchboard } from '../switch/switchboard.ts'

/** The log names a run once, and again after this time while it still connects calls. */
const TOLD_MS = 60_000
/** The number of runs that are remembered for that. */
const MOST_RUNS = 20

const MISSING =
  'a call came from a FreeSWITCH that the setting FREESWITCH does not name and was sent to the fallback: name its event socket in FREESWITCH on every node, or remove this node from its dialplan'

export class UnknownSwitch {
  readonly #switchboard: Switchboard
  readonly #clock: Clock
  readonly #log: Log
  /** When the log named a run last, by the monotonic clock. */
  readonly #told = new Map<string, number>()
  #calls = 0

  constructor({ switchboard, clock, log }: { switchboard: Switchboard; clock: Clock; log: Log }) {
    this.#switchboard = switchboard
    this.#clock = clock
    this.#log = log
  }

  /** The number of calls that were not served for this reason since this process began. */
  get calls(): number {
    return this.#calls
  }

  /**
   * May this run be one of a named FreeSWITCH? At once for a known run; for any other, each named FreeSWITCH is asked
   * once.
   */
  async serves(core: string): Promise<boolean> {
    const { switches } = this.#switchboard
    if (switches.length === 0 || this.#switchboard.runs(core) || switches.some(one => !one.up)) return true
    return (await Promise.all(switches.map(one => mayBeIn(one, core)))).includes(true)
  }

  /** Sends a call to the fallback. A leg that a flow has dialled is hung up instead, like any unclaimed leg. */
  turnAway(arrival: Arrival, conversation: Conversation, data: Headers, peer: string): void {
    const { uuid, core, path } = arrival
    this.#calls++
    this.#tell(core, { peer, uuid, core, hostname: data.get('FreeSWITCH-Hostname'), calls: this.#calls })
    if (path !== LEG_PATH) return sendToFallback(uuid, conversation)
    conversation.post(api(build.uuidKill(uuid, 'ORIGINATOR_CANCEL' as Ident)))
  }

  #tell(core: string, fields: object): void {
    const now = this.#clock.monotonic()
    if (now - (this.#told.get(core) ?? -Infinity) < TOLD_MS) return
    if (this.#told.size >= MOST_RUNS) this.#told.clear()
    this.#told.set(core, now)
    this.#log.error(fields, MISSING)
  }
}

/**
 * True also when it cannot be asked: its link is down, and it may be in any run by now. The ping of the link limits
 * the time.
 */
async function mayBeIn(one: Switch, core: string): Promise<boolean> {
  try {
    return (await one.ask(build.coreUuid)).trim() === core
  } catch (error) {
    if (!(error instanceof SwitchError)) throw error
    return !one.up
  }
}
