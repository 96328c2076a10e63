/**
 * What a caller hears while waiting in a queue, by the settings of the queue: music, an announcement at an interval,
 * and the sound while an agent's telephone rings. It goes on whatever the flow does, and yields to each of its verbs.
 * Announcements stop at once when an agent is reserved. Each one that was heard is an event of the call, so the next
 * node knows when the next one is due, and says again what was cut. Used by queue-place.ts.
 */
import { sleep, type Clock } from '../base/clock.ts'
import { CallEnded, CallMoved } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { executeUntil } from '../call/execute.ts'
import { goneSignal } from '../call/gone-signal.ts'
import type { Leg } from '../call/leg.ts'
import type { Playback } from '../call/playback.ts'
import { asSpoken, logMissing, number, type Prompt } from '../call/verbs/prompts.ts'
import { soundFile, soundName, type AppArgument, type Ident } from '../esl/safe-text.ts'
import { eventsIn } from '../journal/call-events.ts'
import type { Place } from '../queue/place.ts'
import { waitingSetting } from '../queue/waiting-rules.ts'

const MINUTE_MS = 60_000

export class QueueSounds {
  readonly #leg: Leg
  readonly #playback: Playback
  readonly #log: Log
  readonly #clock: Clock
  readonly #closing = new AbortController()
  readonly #until: AbortSignal
  #place: Place | null = null
  #isWanted = false
  /** When an announcement was due for which there was nothing to say. */
  #silentAt = 0
  #music: AsyncDisposable | null = null

  constructor(leg: Leg, playback: Playback, log: Log) {
    this.#leg = leg
    this.#playback = playback
    this.#log = log
    this.#clock = leg.steps.journal.clock
    this.#until = AbortSignal.any([this.#closing.signal, goneSignal(leg)])
  }

  /** From here on the caller may hear them: as soon as `has` was called too. */
  open(): void {
    this.#isWanted = true
    this.#begin()
  }

  /** The place is open on this node: not before the end of a replay. */
  has(place: Place): void {
    this.#place = place
    this.#begin()
  }

  /** Nothing more is heard, also what is heard now. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#music?.[Symbol.asyncDispose]()
  }

  #begin(): void {
    const place = this.#place
    if (!this.#isWanted || !place || this.#until.aborted) return
    const sound = waitingSetting(place.settings, 'musicOnHold')
    this.#music ??= sound === '' ? SILENCE : this.#playback.music(soundFile(soundName(sound)))
    void this.#speak(place).catch((error: unknown) => {
      if (error instanceof CallEnded || this.#until.aborted) return
      const { uuid } = this.#leg
      this.#log.error(
        { uuid, error: (error as Error).message },
        'the announcements of a queue failed; the caller hears music',
      )
    })
  }

  /** Ends when the place is over, or when nothing is to be heard any more. */
  async #speak(place: Place): Promise<void> {
    while (!this.#until.aborted) {
      if (place.state === 'offered') await this.#sayTransfer(place)
      if (!(await place.waits())) return
      const { called } = place
      if (await this.#isDue(place, called)) await this.#announce(place, called)
    }
  }

  /** An agent's telephone rings. When the two talk already, nothing is heard. */
  async #sayTransfer(place: Place): Promise<void> {
    await this.#play([waitingSetting(place.settings, 'transferSound')], this.#until, () => place.state === 'offered')
  }

  /** Waits for the next announcement. False: an agent was reserved first, or the place is over. */
  async #isDue(place: Place, called: AbortSignal): Promise<boolean> {
    const every = waitingSetting(place.settings, 'announceEveryMs')
    const last = eventsIn(this.#leg.steps.journal.notes).findLast(
      ({ event, queue }) => event === 'queue.call.announced' && queue === place.queue,
    )
    const due = every === 0 ? Infinity : Math.max(last?.at ?? 0, this.#silentAt, place.joinedAt) + every
    return sleep(this.#clock, due - this.#clock.now(), AbortSignal.any([called, this.#until])).then(
      () => true,
      () => false,
    )
  }

  async #announce(place: Place, called: AbortSignal): Promise<void> {
    const { queue } = place
    if (waitingSetting(place.settings, 'announceEstimate')) await place.learnTalkTime()
    const { prompts, said } = announcement(place)
    if (prompts.length === 0) this.#silentAt = this.#clock.now()
    else if (await this.#play(prompts, AbortSignal.any([called, this.#until])))
      this.#leg.steps.journal.tell('queue.call.announced', { queue, said }, { atOnce: true })
  }

  /** True when all of it was heard. A sound that FreeSWITCH does not have is logged, and left out. */
  async #play(prompts: readonly Prompt[], until: AbortSignal, isWanted = () => true): Promise<boolean> {
    const spoken = asSpoken(prompts.filter(prompt => prompt !== ''))
    if (spoken.length === 0) return false
    try {
      return await this.#playback.interlude(async stop => {
        for (const { app, argument } of spoken) {
          if (stop.aborted || !isWanted()) return
          const end = await executeUntil(this.#leg, app as Ident, argument as string as AppArgument, stop)
          if (end?.get('Application-Response') === 'FILE NOT FOUND') logMissing(this.#leg, argument)
        }
      }, until)
    } catch (error) {
      // the connection was lost: the leg comes back to this node, and the sound is heard again, or the place has moved
      if (error instanceof CallMoved) return false
      throw error
    }
  }
}

const SILENCE: AsyncDisposable = { async [Symbol.asyncDispose]() {} }

/** The sounds, and their meaning for the record of the call. */
function announcement(place: Place): { readonly prompts: readonly Prompt[]; readonly said: string } {
  const { settings, position, estimate } = place
  const parts: { readonly prompts: readonly Prompt[]; readonly said: string }[] = []
  const first = waitingSetting(settings, 'announceSound')
  if (first !== '') parts.push({ prompts: [first], said: first })
  if (waitingSetting(settings, 'announcePosition') && position > 0)
    parts.push({ prompts: ['queue/position', number(position)], said: `position ${position}` })
  if (waitingSetting(settings, 'announceEstimate') && estimate !== null) {
    const minutes = Math.max(1, Math.round(estimate / MINUTE_MS))
    const many: Prompt[] = ['queue/wait-about', number(minutes), 'queue/wait-minutes']
    parts.push({ prompts: minutes === 1 ? ['queue/wait-one-minute'] : many, said: `about ${minutes} min` })
  }
  return { prompts: parts.flatMap(part => part.prompts), said: parts.map(part => part.said).join(', ') }
}
