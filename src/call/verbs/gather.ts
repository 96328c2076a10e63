/** Collects digits: plays a prompt, waits for keys, and asks again when the answer is wrong or missing. */
import { ms, type Duration } from '../../base/duration.ts'
import { InputError } from '../../base/errors.ts'
import { appArgument, type AppArgument } from '../../esl/safe-text.ts'
import { execute } from '../execute.ts'
import { step } from '../../journal/steps.ts'
import type { Leg } from '../leg.ts'
import type { Playback } from '../playback.ts'
import { asOneFile, asSpoken, soundMissing, type Prompt } from './prompts.ts'

export interface GatherOptions {
  /** The number of digits, or the fewest and the most; 1 to 32. */
  digits: number | readonly [fewest: number, most: number]
  /** What is played before the digits: one or more sounds. A key during any of them ends them and counts. */
  prompt: Prompt | readonly Prompt[]
  /** The sound that is played after a wrong or missing answer. Default: none. */
  invalid?: Prompt
  /** The number of times that the prompt is played, 1 to 20. Default 3. */
  tries?: number
  /** The wait for the first key after the prompt, 1s or more (FreeSWITCH waits no less). Default 5s. */
  timeout?: Duration
  /** The wait between two keys. Default 3s. */
  between?: Duration
  /** The key that ends the answer early. Default #. */
  terminator?: '#' | '*' | 'none'
  /** The keys that are valid, 1 to 12 of 0 to 9, * and #. Default 0123456789. */
  keys?: string
}

/** The variable for the answer of play_and_get_digits; not set when there was no valid answer. */
const VARIABLE = 'switchhook_digits'
/** What was typed when it was not valid. */
const INVALID = `${VARIABLE}_invalid`

/**
 * Not set when the last try ended before anybody could answer, because the prompt could not be played
 * (switch_ivr_play_say.c, switch_ivr_read).
 */
const RESULT = 'read_result'

/** FreeSWITCH's word for no prompt. */
const NO_PROMPT = 'silence' as string as AppArgument
const NO_SOUND = 'silence_stream://100' as string as AppArgument

/** One question as FreeSWITCH is asked it. */
interface Question {
  readonly fewest: number
  readonly most: number
  readonly tries: number
  readonly timeoutMs: number
  readonly betweenMs: number
  readonly terminator: string
  readonly keys: string
}

/**
 * Resolves with the digits, or with null when no try brought a valid answer. Keys that were typed ahead (play,
 * `typeAhead`) count as typed; no prompt is played when they are enough. Rejects with CallEnded, and with SwitchError
 * SOUND_MISSING when FreeSWITCH does not have the prompt; of a list it skips the sounds that it does not have. Throws
 * InputError for options that are not allowed.
 */
export function gather(leg: Leg, playback: Playback, options: GatherOptions): Promise<string | null> {
  const question = questionOf(options)
  const prompts = asSpoken(options.prompt)
  const invalid = options.invalid === undefined ? [] : asSpoken(options.invalid)
  const names = prompts.map(({ argument }) => argument)
  if (names.length === 0) throw new InputError('gather: the prompt is an empty list; give at least one sound')
  const { next } = leg.steps
  return step(leg, {
    verb: 'gather',
    args: typeof options.prompt === 'string' ? [options.prompt] : names,
    run() {
      const typed = playback.typedAhead.take(next)
      return playback.perform(async () => {
        const early = typed === '' ? null : await goOn(leg, question, typed)
        if (early !== null) return early
        const wrong = invalid.length === 0 ? NO_SOUND : await asOneFile(leg, invalid)
        const { result, digits } = await ask(leg, question, await asOneFile(leg, prompts), wrong)
        if (result === undefined) throw soundMissing(names.join(', '))
        return digits.length < question.fewest ? null : digits
      })
    },
  })
}

/**
 * The answer that begins with the keys `typed`, or null: then they are no part of a valid answer, and the question is
 * asked from its beginning.
 */
async function goOn(leg: Leg, question: Question, typed: string): Promise<string | null> {
  const { fewest, most, terminator, keys, betweenMs } = question
  const at = typed.indexOf(terminator)
  const begun = (at < 0 ? typed : typed.slice(0, at)).slice(0, most)
  if ([...begun].some(key => !keys.includes(key))) return null
  if (at >= 0 || begun.length === most) return begun.length < fewest ? null : begun
  const rest = { ...question, fewest: 1, most: most - begun.length, tries: 1, timeoutMs: betweenMs }
  const { digits, wrong } = await ask(leg, rest, NO_PROMPT, NO_SOUND)
  const whole = begun + digits
  return wrong || whole.length < fewest ? null : whole
}

/** Too few digits stay in the variable, wrong ones do not (switch_ivr_play_say.c). */
async function ask(leg: Leg, question: Question, prompt: AppArgument, invalid: AppArgument) {
  const { fewest, most, tries, timeoutMs, betweenMs, terminator, keys } = question
  const end = await execute(
    leg,
    'play_and_get_digits',
    // the regexp without backslashes or braces
    appArgument(
      `${fewest} ${most} ${tries} ${timeoutMs} ${terminator} ${prompt} ${invalid} ${VARIABLE} ^[${keys}]+$ ${betweenMs}`,
    ),
  )
  return {
    result: end.get('Answer-State') === 'hangup' ? 'hangup' : end.variable(RESULT),
    digits: end.variable(VARIABLE) ?? '',
    wrong: end.variable(INVALID) !== undefined,
  }
}

/** Throws InputError. */
function questionOf({
  digits,
  tries = 3,
  timeout = '5s',
  between = '3s',
  terminator = '#',
  keys = '0123456789',
}: GatherOptions): Question {
  const [fewest, most] = typeof digits === 'number' ? [digits, digits] : digits
  if (!(Number.isInteger(fewest) && Number.isInteger(most) && fewest >= 1 && most <= 32 && fewest <= most))
    throw new InputError(`gather: digits is ${fewest} to ${most}: whole numbers from 1 to 32 are allowed, fewest first`)
  if (!Number.isInteger(tries) || tries < 1 || tries > 20)
    throw new InputError(`gather: tries is ${tries}: a whole number from 1 to 20 is allowed`)
  if (!/^[0-9*#]{1,12}$/.test(keys))
    throw new InputError(`gather: keys is '${keys}': 1 to 12 of 0 to 9, * and # are allowed`)
  return { fewest, most, tries, timeoutMs: ms(timeout), betweenMs: ms(between), terminator, keys }
}
