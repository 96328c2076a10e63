/** Collects digits: plays a prompt, waits for keys, and asks again when the answer is wrong or missing. */
import { ms, type Duration } from '../../base/duration.ts'
import { InputError, SwitchError } from '../../base/errors.ts'
import { appArgument, soundFile, soundName } from '../../esl/safe-text.ts'
import { execute } from '../execute.ts'
import { step } from '../../journal/steps.ts'
import type { Leg } from '../leg.ts'
import type { Playback } from '../playback.ts'

export interface GatherOptions {
  /** The number of digits, or the fewest and the most; 1 to 32. */
  digits: number | readonly [fewest: number, most: number]
  /** The sound that is played before the digits; a key interrupts it. */
  prompt: string
  /** The sound that is played after a wrong or missing answer. Default: none. */
  invalid?: string
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

/**
 * Not set when the last try ended before anybody could answer, because the prompt could not be played
 * (switch_ivr_play_say.c, switch_ivr_read).
 */
const RESULT = 'read_result'

/**
 * Resolves with the digits, or with null when no try brought a valid answer. Rejects with CallEnded, and with
 * SwitchError SOUND_MISSING when FreeSWITCH does not have the prompt. Throws InputError for options that are not
 * allowed.
 */
export function gather(leg: Leg, playback: Playback, options: GatherOptions): Promise<string | null> {
  const argument = appArgument(gatherArgument(options))
  const fewest = typeof options.digits === 'number' ? options.digits : options.digits[0]
  return step(leg, {
    verb: 'gather',
    args: [options.prompt],
    run() {
      return playback.perform(async () => {
        const end = await execute(leg, 'play_and_get_digits', argument)
        const typed = end.variable(VARIABLE) ?? ''
        if (end.variable(RESULT) === undefined && end.get('Answer-State') !== 'hangup')
          throw new SwitchError(
            'SOUND_MISSING',
            `FreeSWITCH has no sound '${options.prompt}': put the file below its sound_prefix`,
          )
        // too few digits stay in the variable, wrong ones do not (switch_ivr_play_say.c)
        return typed.length < fewest ? null : typed
      })
    },
  })
}

/**
 * `<min> <max> <tries> <timeout> <terminators> <file> <invalid file> <variable> <regexp> <digit timeout>`; the regexp
 * without backslashes or braces.
 */
function gatherArgument({
  digits,
  prompt,
  invalid,
  tries = 3,
  timeout = '5s',
  between = '3s',
  terminator = '#',
  keys = '0123456789',
}: GatherOptions): string {
  const [fewest, most] = typeof digits === 'number' ? [digits, digits] : digits
  if (!(Number.isInteger(fewest) && Number.isInteger(most) && fewest >= 1 && most <= 32 && fewest <= most))
    throw new InputError(`gather: digits is ${fewest} to ${most}: whole numbers from 1 to 32 are allowed, fewest first`)
  if (!Number.isInteger(tries) || tries < 1 || tries > 20)
    throw new InputError(`gather: tries is ${tries}: a whole number from 1 to 20 is allowed`)
  if (!/^[0-9*#]{1,12}$/.test(keys))
    throw new InputError(`gather: keys is '${keys}': 1 to 12 of 0 to 9, * and # are allowed`)
  const wrong = invalid === undefined ? 'silence_stream://100' : soundFile(soundName(invalid))
  return `${fewest} ${most} ${tries} ${ms(timeout)} ${terminator} ${soundFile(soundName(prompt))} ${wrong} ${VARIABLE} ^[${keys}]+$ ${ms(between)}`
}
