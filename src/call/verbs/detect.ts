/**
 * Answering machine detection: a person says a short word and waits, a machine talks on. With applications that every
 * FreeSWITCH has, without an extra module: detect_audio waits for the first sound, detect_silence for the pause behind
 * it (20 ms a hit).
 */
import { ms, type Duration } from '../../base/duration.ts'
import { appArgument } from '../../esl/safe-text.ts'
import { execute } from '../execute.ts'
import { step } from '../../journal/steps.ts'
import type { Leg } from '../leg.ts'
import type { Playback } from '../playback.ts'

/** The result of detect; 'silence': nothing was said within `initialSilence`. */
export type Heard = 'person' | 'machine' | 'silence'

/** A verdict, and how it came about. */
interface Detection {
  readonly heard: Heard
  /**
   * 'no-sound': nothing was said within `initialSilence`; 'long-greeting': longer than `greeting`; 'pause': a short
   * greeting and then a pause; 'takeover': the node died while it listened, so a person is assumed.
   */
  readonly why: 'no-sound' | 'long-greeting' | 'pause' | 'takeover'
  /** When it was decided: milliseconds after it began to listen; null: not known after a takeover. */
  readonly ms: number | null
}

export interface DetectOptions {
  /** No sound within this time: 'silence'. Default 2500ms (initial_silence of Asterisk's app_amd). */
  initialSilence?: Duration
  /**
   * A greeting, from its first sound to the end of its pause, that is longer than this: 'machine'. Default 1500ms
   * (greeting of app_amd).
   */
  greeting?: Duration
  /**
   * A pause of this length ends the greeting: 'person'. Default 600ms, not the 800 of app_amd: this time is missing
   * from the two seconds in which an agent must speak (16 CFR 310.4(b)(4)).
   */
  afterGreeting?: Duration
}

/** The default of `afterGreeting`. */
export const AFTER_GREETING: Duration = '600ms'

/** The energy above which a frame counts as sound; measured with ordinary speech and line noise at 8 kHz. */
const LEVEL = 300
const FRAME_MS = 20
/** Two frames of sound count as a sound; one may be a click. */
const SOUND_HITS = 2

/**
 * Resolves with 'person', 'machine' or 'silence'. After a takeover it resolves with 'person'. Rejects with CallEnded.
 * The journal gets the verdict with its figures, before the step is written.
 */
export function detect(leg: Leg, playback: Playback, options: DetectOptions = {}): Promise<Heard> {
  const initial = ms(options.initialSilence ?? '2500ms')
  const greeting = ms(options.greeting ?? '1500ms')
  const pause = Math.round(ms(options.afterGreeting ?? AFTER_GREETING) / FRAME_MS)
  const { clock } = leg.steps.journal
  return step(leg, {
    verb: 'detect',
    intent: () => null,
    // the greeting may be over: a person must not be taken for silence, and the law's two seconds are running
    recover: () =>
      Promise.resolve(noted(leg, { heard: 'person', why: 'takeover', ms: null }, clock.now(), pause * FRAME_MS)),
    run: () =>
      playback.perform(async () => {
        const began = clock.monotonic()
        const after = () => Math.round(clock.monotonic() - began)
        const sound = await execute(leg, 'detect_audio', appArgument(`${LEVEL} ${SOUND_HITS} ${initial}`))
        if (sound.variable('detect_audio_timeout') === 'true')
          return noted(leg, { heard: 'silence', why: 'no-sound', ms: after() }, leg.times.of(sound))
        const quiet = await execute(leg, 'detect_silence', appArgument(`${LEVEL} ${pause} ${greeting}`))
        return quiet.variable('detect_silence_timeout') === 'true'
          ? noted(leg, { heard: 'machine', why: 'long-greeting', ms: after() }, leg.times.of(quiet))
          : noted(leg, { heard: 'person', why: 'pause', ms: after() }, leg.times.of(quiet), pause * FRAME_MS)
      }),
  })
}

/** `at`: when FreeSWITCH had the answer, ms since the epoch. `pauseMs`: a person's greeting ended so long before. */
function noted(leg: Leg, { heard, why, ms: after }: Detection, at: number, pauseMs = 0): Heard {
  const greetedAt = heard === 'person' ? at - pauseMs : null
  leg.steps.journal.note({ kind: 'detected', heard, greetedAt, why, ms: after }, { at })
  return heard
}
