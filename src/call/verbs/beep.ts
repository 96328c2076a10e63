/**
 * Waits until the greeting of an answering machine is over, so that a message is recorded from its first word. With
 * applications that every FreeSWITCH has, without mod_avmd: detect_silence waits for the pause, and tone_detect
 * listens for a beep meanwhile. The pause decides: a beep of a known tone only makes it shorter. So a beep of another
 * tone, or none, costs a second of silence on the recording, and nothing is said into the greeting.
 *
 * The traps of it (measured, or read in switch_ivr_async.c):
 *
 *   a tone is heard only within 20 Hz   each tone needs an entry, and a leg has 16 entries at most. The names of the
 *                                       entries are the same in every run: FreeSWITCH then uses them again
 *   DETECTED_TONE names no leg          so tone_detect sets a variable of the leg, which every later event carries
 *   the ringing tone is a beep too      mod_avmd took 440 + 480 Hz for one. Never listen for 440 Hz
 *   a voice may hit a tone              that is why a pause must follow
 */
import { ms, type Duration } from '../../base/duration.ts'
import { InputError } from '../../base/errors.ts'
import { execute } from '../execute.ts'
import { step } from '../../journal/steps.ts'
import type { Leg } from '../leg.ts'
import type { Playback } from '../playback.ts'

/**
 * How the greeting ended: 'beep', one of the tones and then a pause; 'silence', a longer pause alone; 'limit': it went
 * on for longer than `within`.
 */
export type GreetingEnd = 'beep' | 'silence' | 'limit'

/** Can these be listened for? 1 to MOST_BEEPS tones of 300 to 3000 Hz. */
export const areBeeps = (tones: readonly number[]): boolean =>
  tones.length >= 1 && tones.length <= MOST_BEEPS && tones.every(tone => tone >= 300 && tone <= 3_000)

export interface BeepOptions {
  /** The longest time to wait. Default 40s, more than 0. */
  within?: Duration
  /** A pause of this length ends the greeting without a beep: 1s or more. Default 2s (jambonz, greetingCompletion). */
  silence?: Duration
  /** The beeps, in Hz: 1 to 8 of 300 to 3000. Default 1000, 1400, 850 and 640 (FreeSWITCH's own voicemail). */
  tones?: readonly number[]
}

/** After a beep so much silence is enough (jambonz); it is also the first part of a pause without a beep. */
const AFTER_BEEP_MS = 1_000
/** In Hz; those of FreeSWITCH's own voicemail. */
export const USUAL_BEEPS: readonly number[] = [1_000, 1_400, 850, 640]
/** FreeSWITCH listens for at most 16 tones on one leg (switch_ivr_async.c, MAX_TONES). */
export const MOST_BEEPS = 8
/** As in detect.ts. */
const LEVEL = 300
const FRAME_MS = 20
/** The rest of a pause may take so much longer than the silence that it needs; then somebody has spoken. */
const LATE_MS = 200
const HEARD = 'switchhook_beep'

/**
 * Resolves with how the greeting ended. After a takeover it listens again, for the whole time. Rejects with CallEnded,
 * and with InputError for tones or times that are not allowed.
 */
export async function beep(leg: Leg, playback: Playback, options: BeepOptions = {}): Promise<GreetingEnd> {
  const within = ms(options.within ?? '40s')
  const silence = ms(options.silence ?? '2s')
  const tones = options.tones ?? USUAL_BEEPS
  if (within <= 0) throw new InputError(`beep(): within is ${options.within}; more than 0 is allowed`)
  if (silence < AFTER_BEEP_MS) throw new InputError(`beep(): silence is ${options.silence}; 1s or more is allowed`)
  if (!areBeeps(tones))
    throw new InputError(`beep(): tones are ${tones.join(', ')}; 1 to ${MOST_BEEPS} of 300 to 3000 Hz are allowed`)
  return step(leg, {
    verb: 'beep',
    run: () =>
      playback.perform(async () => {
        await listen(leg, tones)
        const how = await greetingEnd(leg, within, silence)
        await execute(leg, 'stop_tone_detect')
        return how
      }),
  })
}

async function listen(leg: Leg, tones: readonly number[]): Promise<void> {
  await Promise.all([
    execute(leg, 'unset', HEARD),
    execute(leg, 'set', `execute_on_tone_detect=set ${HEARD}=true`),
    ...tones.map(tone => execute(leg, 'tone_detect', `beep-${tone} ${tone} r`)),
  ])
}

async function greetingEnd(leg: Leg, within: number, silence: number): Promise<GreetingEnd> {
  const { clock } = leg.steps.journal
  const end = clock.monotonic() + within
  let heard = false
  const isQuiet = async (forMs: number, limit: number): Promise<boolean> => {
    const event = await execute(leg, 'detect_silence', `${LEVEL} ${Math.round(forMs / FRAME_MS)} ${Math.round(limit)}`)
    heard ||= event.variable(HEARD) === 'true'
    return event.variable('detect_silence_timeout') !== 'true'
  }
  for (;;) {
    const left = end - clock.monotonic()
    if (left < FRAME_MS || !(await isQuiet(AFTER_BEEP_MS, left))) return 'limit'
    const rest = silence - AFTER_BEEP_MS
    if (heard) return 'beep'
    if (rest === 0 || (await isQuiet(rest, rest + LATE_MS))) return heard ? 'beep' : 'silence'
  }
}
