/**
 * Reaches one telephone, exactly once, and says what became of it. The switch is told our uuid, so that it can always be asked.
 * The first terminal evidence decides: the leg at the door, its hang-up, or a refusal before it was created. A reply decides nothing.
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
  /** The uuid that the new leg will have: written down before this is called. */
  uuid: Uuid
  endpoint: Endpoint
  /** The flow that the answered leg enters; 'leg' waits at the door for whoever expects it. Null: none, it waits parked at the switch. */
  flow: Ident | null
  /** Milliseconds that it may ring. */
  ringForMs: number
  callerId?: Dial | undefined
  callerName?: DisplayName | undefined
  /** Variables of the new leg. */
  variables?: ReadonlyMap<Ident, VarValue> | undefined
  /** Gives up: the telephone stops ringing. */
  signal?: AbortSignal | undefined
  /** It was created at the switch, it rings, it was answered. */
  onProgress?: ((stage: 'created' | 'ringing' | 'answered') => void) | undefined
  /** The leg came in by the door: the surest sign that it was answered. */
  arrived?: Promise<unknown> | undefined
  /** A process that has died since has sent it: only its outcome is waited for. */
  sent?: boolean | undefined
  clock: Clock
  log: Log
}

export interface Origination {
  readonly outcome: DialOutcome
  /** FreeSWITCH's cause, or its words for a refusal. */
  readonly cause: string
}

/** The switch's own limit is a safety net behind ours, in case this process dies: its grain is a whole second, up to one early. */
const SAFETY_SECONDS = 2
/** Milliseconds without any sound from a telephone after which it counts as dead; dialplan/ says the same of callers. */
const MEDIA_TIMEOUT_MS = 300_000
/** Who answers is parked within 20 ms (measured). A join before that would be undone by the parking, and hang up both after 20 s. */
const PARKED_MS = 100
/** A refusal has no leg; when one was created after all, its events are at most this far behind (under load they come in any order). */
const BEHIND_MS = 250
/** After the last moment at which something should have happened, the switch is asked. */
const SILENT_MS = 10_000

/** Never rejects for what happens at the far end. Rejects with SwitchError LINK_DOWN when nothing was sent because no link is up. */
export async function originate(at: Switch, options: OriginateOptions): Promise<Origination> {
  const { uuid, clock, log, signal } = options
  const job = newUuid()
  using attempt = new Attempt(at, options)
  if (signal?.aborted) return { outcome: 'cancelled', cause: 'ORIGINATOR_CANCEL' }
  using _leg = at.watch(
    uuid,
    event => attempt.legEvent(event),
    end => attempt.settle({ outcome: outcomeOf(end.cause), cause: end.cause }),
  )
  using _job = at.watch(job, event => attempt.jobDone(event))
  using _back = at.on('back', () => void attempt.back())
  const ring = clock.after(options.ringForMs, () => attempt.giveUp('NO_ANSWER'))
  const silent = clock.after(options.ringForMs + SILENT_MS, () => void attempt.ask())
  // a telephone that rings for a caller whom another node drives rings on, for that node
  const onAbort = () =>
    signal!.reason instanceof CallMoved
      ? attempt.settle({ outcome: 'cancelled', cause: 'MOVED' })
      : attempt.giveUp('ORIGINATOR_CANCEL')
  signal?.addEventListener('abort', onAbort, { once: true })
  void options.arrived?.then(() => attempt.settle({ outcome: 'answered', cause: 'SUCCESS' }))
  try {
    if (options.sent) attempt.wasSent()
    else
      await at.commands.submit(
        build.originate(
          dialString(options.endpoint, { values: variablesOf(options), callerName: options.callerName }),
          options.flow,
        ),
        job,
      )
  } catch (error) {
    if (!(error instanceof SwitchError)) throw error
    if (error.code === 'LINK_DOWN') attempt.settle({ outcome: 'refused', cause: error.message })
    else if (error.code === 'SWITCH_REFUSED') attempt.settle({ outcome: 'refused', cause: error.message })
    // in doubt: it may be ringing. Events, the door or the question at the end will tell; it is never sent again.
    else log.warn({ uuid, error: error.message }, 'it is not known whether an originate reached the switch')
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
  /** The last question has been asked, and nobody could answer it. */
  #silent = false

  constructor(at: Switch, options: OriginateOptions) {
    this.#at = at
    this.#options = options
    this.result = new Promise(resolve => (this.settle = resolve))
  }

  /** Its events until now went to somebody else. */
  wasSent(): void {
    this.#created = true
    void this.#standing().then(stands => stands === 'answered' && this.#answered())
  }

  legEvent(event: SwitchEvent): void {
    const first = !this.#created
    this.#created = true // whatever is told of it: it exists, or did
    if (first && this.#givenUp && !event.name.startsWith('CHANNEL_HANGUP')) void this.#letGo(this.#givenUp) // given up before anything was heard of it
    switch (event.name) {
      case 'CHANNEL_CREATE':
        return this.#options.onProgress?.('created')
      case 'CHANNEL_PROGRESS':
      case 'CHANNEL_PROGRESS_MEDIA':
        return this.#options.onProgress?.('ringing')
      case 'CHANNEL_ANSWER':
        this.#tellAnswered()
        if (this.#options.flow === null) return void this.#options.clock.after(PARKED_MS, () => this.#answered())
        return this.#answered()
      case 'CHANNEL_HANGUP':
      case 'CHANNEL_HANGUP_COMPLETE': {
        // its end may be heard before its answer is
        if (this.#options.flow !== null && Number(event.raw('Caller-Channel-Answered-Time') ?? 0) > 0) {
          this.#tellAnswered()
          this.#answered()
        }
        const cause = event.get('Hangup-Cause') ?? 'NORMAL_CLEARING'
        return this.settle({ outcome: outcomeOf(cause), cause })
      }
    }
  }

  jobDone(event: SwitchEvent): void {
    const answer = event.body.trim()
    if (answer.startsWith('+OK')) {
      this.#answered()
    } else if (!this.#created) {
      // refused before any leg existed: a limit, a gateway that is down, a duplicate, a telephone that is not registered. Nothing rang.
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

  /** The time to ring is over, or nobody wants it any more. */
  giveUp(cause: string): void {
    this.#givenUp ??= cause
    if (this.#created || this.#mayTalk(cause)) void this.#letGo(cause)
  }

  /** The link is up again: what was not heard is asked for. */
  async back(): Promise<void> {
    if (this.#silent) return this.ask()
    const stands = await this.#standing()
    if (stands === 'answered') this.#answered()
    else if (stands === 'rings' && this.#givenUp) this.#kill(this.#givenUp)
  }

  /** Nothing was heard for too long: events may have been lost with a link. A leg that may talk is nobody's to give up on a guess. */
  async ask(): Promise<void> {
    const { log, uuid } = this.#options
    const stands = await this.#standing()
    if (stands === 'answered') return this.#answered()
    if (stands === 'unknown' && this.#isForAFlow) {
      if (!this.#silent)
        log.warn(
          { uuid, switch: this.#at.name },
          'the switch cannot be asked what became of a leg; it is asked again when its link is back',
        )
      this.#silent = true
      return
    }
    if (stands !== 'gone') await this.#at.attempt(build.uuidKill(uuid, 'ORIGINATOR_CANCEL' as Ident))
    log.warn({ uuid }, 'the switch never said what became of a leg')
    this.settle({ outcome: outcomeOf('LOST'), cause: 'LOST' })
  }

  /** Whoever answered may talk by now, with a flow and an agent, and nobody has heard of it: the switch is asked before anybody is cut off. */
  async #letGo(cause: string): Promise<void> {
    if (!this.#mayTalk(cause)) return this.#kill(cause)
    const stands = await this.#standing()
    if (stands === 'answered') return this.#answered()
    // not there yet, or the switch cannot be asked: its first event, the link that is back and the last question come here again
    if (stands === 'rings') this.#kill(cause)
  }

  /** A leg that its caller has given up is wanted by nobody, answered or not; any other may talk. */
  #mayTalk(cause: string): boolean {
    return cause === 'NO_ANSWER' || this.#isForAFlow
  }

  /** Whoever answers is a flow's from then on, on whichever node: nobody here waits for the leg itself. */
  get #isForAFlow(): boolean {
    return this.#options.flow !== null && this.#options.arrived === undefined
  }

  /** With somebody who waits for the leg itself the door tells, a moment later. */
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

function variablesOf(options: OriginateOptions): Map<Ident, VarValue> {
  const set = new Map(options.variables)
  const put = (name: string, value: string) => set.set(name as Ident, varValue(value))
  put('origination_uuid', asValue(options.uuid))
  put('ignore_early_media', 'true') // else a carrier that plays before it answers brings an unanswered leg to the door
  put('originate_timeout', String(Math.ceil(options.ringForMs / 1_000) + SAFETY_SECONDS))
  put('media_timeout', String(MEDIA_TIMEOUT_MS)) // said in the dialplan, behind the answer, it has no effect (measured)
  if (options.callerId) put('origination_caller_id_number', options.callerId)
  if (options.flow !== null) return set
  put('park_after_bridge', 'true') // not used up by a talk
  put('max_session_transfers', '100000') // else the 70th ends the call; a leg that got stuck is parked by a transfer
  return set
}
