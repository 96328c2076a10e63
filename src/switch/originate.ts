/**
 * Dials one telephone exactly once and returns the outcome. The new leg gets a uuid that Switchhook chose, so
 * FreeSWITCH can always be asked about it. The first terminal evidence decides: the leg arrives at the listener, it
 * hangs up, or FreeSWITCH refuses before it creates the leg. The reply to the command decides nothing. The verb `dial`,
 * campaigns, click-to-dial and nailed-up agents use it.
 */
import type { Clock, Timer } from '../base/clock.ts'
import { CallMoved, SwitchError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import * as build from '../esl/api.ts'
import { dialString } from '../esl/dialstring.ts'
import type { SwitchEvent } from '../esl/event.ts'
import {
  asValue,
  newUuid,
  varValue,
  type Dial,
  type DisplayName,
  type Endpoint,
  type Ident,
  type Uuid,
  type VarValue,
} from '../esl/safe-text.ts'
import { outcomeOf, refusalOf, type DialOutcome } from './hangup-cause.ts'
import { legStateAt, type LegState } from './leg-state.ts'
import type { Switch } from './switchboard.ts'

export interface OriginateOptions {
  /** The uuid of the new leg: the caller stores it before it calls `originate`. */
  uuid: Uuid
  endpoint: Endpoint
  /**
   * The flow that the answered leg enters; 'leg': it waits at the listener for the code that dialled it.
   * Null: no flow, the leg stays parked at FreeSWITCH. Or it goes beside a talk.
   */
  flow: Ident | build.Beside | null
  /** How long the telephone may ring, in milliseconds. */
  ringForMs: number
  callerId?: Dial | undefined
  callerName?: DisplayName | undefined
  /** Channel variables of the new leg. */
  variables?: ReadonlyMap<Ident, VarValue> | undefined
  /**
   * Aborts the dial: the telephone stops ringing. With CallMoved as reason it rings on, for the next owner of the call.
   * With LOST_RACE the telephone lists no missed call.
   */
  signal?: AbortSignal | undefined
  /** Called when FreeSWITCH has created the leg, when it rings, and when it is answered. */
  onProgress?: ((stage: 'created' | 'ringing' | 'answered') => void) | undefined
  /** Resolves when the leg arrives at the listener: the surest sign that it was answered. */
  arrived?: Promise<unknown> | undefined
  /** An earlier process sent the originate and has died: this call only waits for the outcome. */
  sent?: boolean | undefined
  clock: Clock
  log: Log
}

export interface Origination {
  readonly outcome: DialOutcome
  /** FreeSWITCH's hang-up cause, or the text of its refusal. */
  readonly cause: string
  /** When it hung up, milliseconds since the epoch; absent: it did not, or it is not known. */
  readonly at?: number
  /** True: the far end refused, and FreeSWITCH has told that nothing rang before. Absent: it may have rung. */
  readonly silent?: true
}

/**
 * Another telephone was first. FreeSWITCH then writes `Reason: SIP;cause=200;text="Call completed elsewhere"` into the
 * CANCEL (mod_sofia.c), and the telephone lists no missed call.
 */
export const LOST_RACE = new Error('another telephone was first')

/**
 * Added to FreeSWITCH's own limit, which ends the ringing if this process dies. It counts whole seconds, up to 1 s
 * early.
 */
const SAFETY_SECONDS = 2
/** The variable by which every node knows a leg that some node has dialled. */
export const OWN = 'switchhook_own'
/**
 * A telephone that sends no audio for so many milliseconds counts as dead: `switchhook_media_timeout` of dialplan/, as
 * for callers, else this.
 */
const MEDIA_TIMEOUT_MS = 300_000
/**
 * FreeSWITCH parks an answered leg within 20 ms (measured). A bridge before that would be undone by the parking, and
 * FreeSWITCH would hang up both legs after 20 s.
 */
const PARKED_MS = 100
/**
 * How long a refusal waits before it counts. A refused dial has no leg. If FreeSWITCH did create one, its events come
 * at most this much later (under load they come in any order).
 */
const BEHIND_MS = 250
/** So long after the end of the ringing time FreeSWITCH is asked about a leg that has no result yet. */
const SILENT_MS = 10_000

/**
 * Dials `options.endpoint` at the FreeSWITCH `at`. Returns the outcome; everything that happens at the far end is an
 * outcome and no rejection. When nothing was sent because the command link is down, the outcome is 'refused'.
 */
export async function originate(at: Switch, options: OriginateOptions): Promise<Origination> {
  const { uuid, clock, log, signal } = options
  const job = newUuid()
  using attempt = new Attempt(at, options)
  if (signal?.aborted) return { outcome: 'cancelled', cause: 'ORIGINATOR_CANCEL' }
  using _leg = at.watch(
    uuid,
    event => attempt.legEvent(event),
    end => attempt.settle({ outcome: outcomeOf(end.cause), cause: end.cause, at: end.at }),
  )
  using _job = at.watch(job, event => attempt.jobDone(event))
  using _back = at.on('back', () => void attempt.back())
  const ring = clock.after(options.ringForMs, () => attempt.giveUp('NO_ANSWER'))
  const silent = clock.after(options.ringForMs + SILENT_MS, () => void attempt.ask())
  // after a takeover of the call the telephone rings on: the next node waits for it
  const onAbort = () =>
    signal!.reason instanceof CallMoved
      ? attempt.settle({ outcome: 'cancelled', cause: 'MOVED' })
      : attempt.giveUp(signal!.reason === LOST_RACE ? 'LOSE_RACE' : 'ORIGINATOR_CANCEL')
  signal?.addEventListener('abort', onAbort, { once: true })
  void options.arrived?.then(() => attempt.settle({ outcome: 'answered', cause: 'SUCCESS' }))
  try {
    if (options.sent) attempt.wasSent()
    else
      await at.commands.submit(
        build.originate(
          dialString(options.endpoint, {
            values: variablesOf(options, at.facts.mediaTimeoutMs),
            callerName: options.callerName,
          }),
          options.flow,
        ),
        job,
      )
  } catch (error) {
    if (!(error instanceof SwitchError)) throw error
    if (error.code === 'LINK_DOWN') attempt.settle({ outcome: 'refused', cause: error.message })
    else if (error.code === 'SWITCH_REFUSED') attempt.settle({ outcome: 'refused', cause: error.message })
    // the telephone may ring: events, the listener or the query at the end decide. The originate is never sent again.
    else log.warn({ uuid, error: error.message }, 'originate sent, its receipt is unknown; it is not sent again')
  }
  try {
    return await attempt.result
  } finally {
    ring.cancel()
    silent.cancel()
    signal?.removeEventListener('abort', onAbort)
  }
}

class Attempt {
  readonly result: Promise<Origination>
  settle: (result: Origination) => void = () => {}
  readonly #at: Switch
  readonly #options: OriginateOptions
  #created = false
  #behind: Timer | null = null
  #givenUp: string | null = null
  #told = false
  #rang = false
  /** The last query went unanswered, because FreeSWITCH could not be asked. */
  #silent = false

  constructor(at: Switch, options: OriginateOptions) {
    this.#at = at
    this.#options = options
    this.result = new Promise(resolve => (this.settle = resolve))
  }

  /** Another process sent the originate and received its events until now. */
  wasSent(): void {
    this.#created = true
    void this.#standing().then(stands => stands === 'answered' && this.#answered())
  }

  legEvent(event: SwitchEvent): void {
    const first = !this.#created
    this.#created = true // any event proves that the leg exists or existed
    // the dial was given up before its first event
    if (first && this.#givenUp && !event.name.startsWith('CHANNEL_HANGUP')) void this.#letGo(this.#givenUp)
    switch (event.name) {
      case 'CHANNEL_CREATE':
        return this.#options.onProgress?.('created')
      case 'CHANNEL_PROGRESS':
      case 'CHANNEL_PROGRESS_MEDIA':
        this.#rang = true
        return this.#options.onProgress?.('ringing')
      case 'CHANNEL_ANSWER':
        this.#tellAnswered()
        if (this.#isKept) return void this.#options.clock.after(PARKED_MS, () => this.#answered())
        return this.#answered()
      case 'CHANNEL_HANGUP':
      case 'CHANNEL_HANGUP_COMPLETE': {
        // the hang-up event may arrive before the answer event
        if (!this.#isKept && Number(event.raw('Caller-Channel-Answered-Time') ?? 0) > 0) {
          this.#tellAnswered()
          this.#answered()
        }
        const cause = event.get('Hangup-Cause') ?? 'NORMAL_CLEARING'
        const silent = !this.#givenUp && !this.#rang && neverRang(event)
        return this.settle({
          outcome: outcomeOf(cause),
          cause,
          at: this.#at.timeOf(event),
          ...(silent && { silent }),
        })
      }
    }
  }

  jobDone(event: SwitchEvent): void {
    const answer = event.body.trim()
    if (answer.startsWith('+OK')) {
      this.#answered()
    } else if (!this.#created) {
      // FreeSWITCH refused before a leg existed, so no telephone rang. Reasons: a limit, a gateway that is down, a
      // duplicate uuid, a telephone that is not registered.
      const cause = answer.replace(/^-ERR\s*/, '')
      this.#behind ??= this.#options.clock.after(
        BEHIND_MS,
        () => this.#created || this.settle({ outcome: refusalOf(cause), cause }),
      )
    }
  }

  #tellAnswered(): void {
    if (!this.#told) this.#options.onProgress?.('answered')
    this.#told = true
  }

  [Symbol.dispose](): void {
    this.#behind?.cancel()
  }

  /** The ringing time is over, or the code that dialled has aborted. */
  giveUp(cause: string): void {
    this.#givenUp ??= cause
    if (this.#created || this.#mayTalk(cause)) void this.#letGo(cause)
  }

  /** The event link is up again: asks FreeSWITCH for what the missed events would have reported. */
  async back(): Promise<void> {
    if (this.#silent) return this.ask()
    const stands = await this.#standing()
    if (stands === 'answered') this.#answered()
    else if (stands === 'rings' && this.#givenUp) this.#kill(this.#givenUp)
  }

  /**
   * No result in time: events may have been lost with a link. A leg that may be in a call is never ended on a guess:
   * when FreeSWITCH cannot be asked, the attempt stays open.
   */
  async ask(): Promise<void> {
    const { log, uuid } = this.#options
    const stands = await this.#standing()
    if (stands === 'answered') return this.#answered()
    if (stands === 'unknown' && this.#isForAFlow) {
      if (!this.#silent)
        log.warn(
          { uuid, switch: this.#at.name },
          'a dialled leg has no result and FreeSWITCH could not be asked; it is asked again when the link is back',
        )
      this.#silent = true
      return
    }
    if (stands !== 'gone') await this.#at.attempt(build.uuidKill(uuid, 'ORIGINATOR_CANCEL' as Ident))
    log.warn({ uuid }, 'a dialled leg has no known result; its outcome is lost')
    this.settle({ outcome: outcomeOf('LOST'), cause: 'LOST' })
  }

  /**
   * Ends the leg. A leg that was answered may already talk with an agent although its answer event was missed: so
   * FreeSWITCH is asked before the leg is killed.
   */
  async #letGo(cause: string): Promise<void> {
    if (!this.#mayTalk(cause)) return this.#kill(cause)
    const stands = await this.#standing()
    if (stands === 'answered') return this.#answered()
    // else the leg does not exist yet, or FreeSWITCH cannot be asked: the first event of the leg, the return of the
    // link and the last query lead here again
    if (stands === 'rings') this.#kill(cause)
  }

  /**
   * False: the code that dialled has aborted and no flow waits for the leg, so it is killed whether answered or not.
   */
  #mayTalk(cause: string): boolean {
    return cause === 'NO_ANSWER' || this.#isForAFlow
  }

  /** True when FreeSWITCH keeps the answered leg: no node drives it. */
  get #isKept(): boolean {
    return typeof this.#options.flow !== 'string'
  }

  /** True when an answered leg enters a flow, on any node, and no code of this process waits for the leg itself. */
  get #isForAFlow(): boolean {
    return !this.#isKept && this.#options.arrived === undefined
  }

  /**
   * When code of this process waits for the leg itself, the arrival at the listener settles the result a moment later.
   */
  #answered(): void {
    if (this.#options.arrived === undefined) this.settle({ outcome: 'answered', cause: 'SUCCESS' })
  }

  #standing(): Promise<LegState> {
    return legStateAt(this.#at, this.#options.uuid)
  }

  #kill(cause: string): void {
    void this.#at.attempt(build.uuidKill(this.#options.uuid, cause as Ident))
  }
}

/** The leg had no progress of any kind: FreeSWITCH writes 0 for a moment that did not come. Events may come late. */
const neverRang = (hangup: SwitchEvent): boolean =>
  ['Progress', 'Progress-Media', 'Answered'].every(moment => hangup.raw(`Caller-Channel-${moment}-Time`) === '0')

function variablesOf(options: OriginateOptions, mediaTimeoutMs = MEDIA_TIMEOUT_MS): Map<Ident, VarValue> {
  const set = new Map(options.variables)
  const put = (name: string, value: string) => set.set(name as Ident, varValue(value))
  put('origination_uuid', asValue(options.uuid))
  put(OWN, 'true')
  put('ignore_early_media', 'true') // else early media of a carrier sends an unanswered leg to the listener
  put('originate_timeout', String(Math.ceil(options.ringForMs / 1_000) + SAFETY_SECONDS))
  put('media_timeout', String(mediaTimeoutMs)) // set in the dialplan, after the answer, it has no effect (measured)
  if (options.callerId) put('origination_caller_id_number', options.callerId)
  if (options.flow !== null) return set
  put('park_after_bridge', 'true') // stays in force after a bridge
  put('max_session_transfers', '100000') // else the 70th transfer ends the call; a stuck leg is parked by a transfer
  return set
}
