/** Asks for digits: plays a sound, waits for keys, and asks again when they are wrong or missing. */
import { ms, type Duration } from '../../base/duration.ts'
import { InputError, SwitchError } from '../../base/errors.ts'
import { appArgument, soundFile, soundName } from '../../esl/safe-text.ts'
import { execute } from '../execute.ts'
import { step } from '../../journal/steps.ts'
import type { Leg } from '../leg.ts'
import type { Playback } from '../playback.ts'

export interface GatherOptions {
  /** How many digits: a number, or the fewest and the most. 1 to 32. */
  digits: number | readonly [fewest: number, most: number]
  /** What is played before the digits; a key interrupts it. */
  prompt: string
  /** Played after a wrong or missing answer. Default: nothing. */
  invalid?: string
  /** How often it is asked. Default 3. */
  tries?: number
  /** How long is waited for the first key after the prompt: 1s or more (FreeSWITCH waits no less). Default 5s. */
  timeout?: Duration
  /** How long is waited between two keys. Default 3s. */
  between?: Duration
  /** The key that ends the answer early. Default #. */
  terminator?: '#' | '*' | 'none'
  /** Keys that are allowed. Default 0123456789. */
  keys?: string
}

/** The variable that play_and_get_digits leaves its answer in; absent when there was no valid one. */
const VARIABLE = 'switchhook_digits'

/** Absent when the last try came to nothing before anybody could answer: the prompt could not be played (switch_ivr_play_say.c, switch_ivr_read). */
const RESULT = 'read_result'

/** Resolves with the digits, or null when no try brought a valid answer. Rejects with SwitchError SOUND_MISSING when the switch has no such prompt. */
export function gather(leg: Leg, playback: Playback, options: GatherOptions): Promise<string | null> {
  const argument = appArgument(gatherArgument(options))
  const fewest = typeof options.digits === 'number' ? options.digits : options.digits[0]
  return step(leg, {
    verb: `gather ${options.prompt}`,
    run() {
      return playback.perform(async () => {
        const end = await execute(leg, 'play_and_get_digits', argument)
        const typed = end.variable(VARIABLE) ?? ''
        if (end.variable(RESULT) === undefined && end.get('Answer-State') !== 'hangup')
          throw new SwitchError(
            'SOUND_MISSING',
            `the switch has no sound '${options.prompt}' (it looks below its sound_prefix)`,
          )
        return typed.length < fewest ? null : typed // too few digits are left in the variable; wrong ones are not (switch_ivr_play_say.c)
      })
    },
  })
}

/** `<min> <max> <tries> <timeout> <terminators> <file> <invalid file> <variable> <regexp> <digit timeout>`; the regexp without backslashes or braces. */
export function gatherArgument({
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
    throw new InputError(`${fewest} to ${most} digits cannot be gathered: 1 to 32 can`)
  if (!Number.isInteger(tries) || tries < 1 || tries > 20)
    throw new InputError(`${tries} tries are not possible: 1 to 20 are`)
  if (!/^[0-9*#]{1,12}$/.test(keys)) throw new InputError(`'${keys}' are not keys of a telephone: 0 to 9, * and # are`)
  const wrong = invalid === undefined ? 'silence_stream://100' : soundFile(soundName(invalid))
  return `${fewest} ${most} ${tries} ${ms(timeout)} ${terminator} ${soundFile(soundName(prompt))} ${wrong} ${VARIABLE} ^[${keys}]+$ ${ms(between)}`
}
