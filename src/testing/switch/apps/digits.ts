/** Applications that ask for digits: play_and_get_digits and read (switch_play_and_get_digits, switch_ivr_read). */
import type { Channel } from '../channel.ts'
import { integer } from '../encoding.ts'
import { takeKey } from '../keys.ts'
import { earlyMedia } from '../media.ts'
import { words } from '../separate.ts'
import { transfer } from '../transfer.ts'
import { pause, type Application } from './application.ts'
import { playFile } from './playback.ts'

interface Question {
  readonly min: number
  readonly max: number
  readonly timeout: number
  readonly digitTimeout: number
  readonly terminators: string
  readonly prompt: string
  readonly variable: string | undefined
}

interface Answer {
  readonly status: 'success' | 'timeout' | 'too small' | 'gone'
  readonly digits: string
}

/** FreeSWITCH raises shorter timeouts to one second. */
const SHORTEST_TIMEOUT_MS = 1_000

/** Plays the prompt until the first digit, then collects the others. */
async function ask(channel: Channel, question: Question): Promise<Answer> {
  channel.variables.set('read_result', undefined)
  if (question.variable) channel.variables.set(question.variable, undefined)
  earlyMedia(channel)
  let digits = ''
  if (question.prompt !== '' && !/^silence$/i.test(question.prompt)) {
    const played = await playFile(channel, question.prompt, digit => {
      digits = digit
      return 'stop'
    })
    if (played === 'missing' || !channel.ready) return { status: 'gone', digits: '' }
  }
  let timedOut = false
  let terminator: string | undefined
  if (digits.length < Math.max(question.min, question.max))
    ({ digits, terminator, timedOut } = await collect(channel, digits, question))
  if (terminator) channel.variables.set('read_terminator_used', terminator)
  const status = question.min > 0 && digits.length < question.min ? 'too small' : timedOut ? 'timeout' : 'success'
  channel.variables.set('read_result', status === 'too small' ? 'failure' : status)
  if (question.max === 1 && digits.length === 1 && question.terminators.includes(digits)) digits = ''
  if (question.variable && digits !== '') channel.variables.set(question.variable, digits)
  return { status, digits }
}

/** Waits for digits until there are enough, a terminator, or nothing for too long. */
async function collect(
  channel: Channel,
  first: string,
  question: Question,
): Promise<{ digits: string; terminator: string | undefined; timedOut: boolean }> {
  let digits = first
  let left = first === '' ? question.timeout : question.digitTimeout
  while (channel.ready) {
    if (left <= 0) return { digits, terminator: undefined, timedOut: true }
    while (channel.digits.length > 0) {
      const digit = takeKey(channel)!
      left = question.digitTimeout
      if (question.terminators.includes(digit)) return { digits, terminator: digit, timedOut: false }
      digits += digit
      if (digits.length >= question.max) return { digits, terminator: undefined, timedOut: false }
    }
    // uuid_break has no effect here: it ends only the prompt.
    channel.breaking = 0
    left -= await pause(channel, left)
  }
  return { digits, terminator: undefined, timedOut: false }
}

export const digitApplications: Record<string, Application> = {
  async play_and_get_digits(channel, data) {
    const [min, max, tries, timeout, terminators, prompt = '', invalid = '', variable, regex, digitTimeout, onFailure] =
      words(data, 11)
    const least = Math.max(0, integer(min))
    const wait = Math.max(SHORTEST_TIMEOUT_MS, integer(timeout))
    const question: Question = {
      min: least,
      max: Math.max(least, integer(max)),
      timeout: wait,
      digitTimeout: integer(digitTimeout) || wait,
      terminators: terminators || '#',
      prompt,
      variable,
    }
    if (regex && variable) channel.variables.set(`${variable}_invalid`, undefined)
    for (let left = integer(tries); left > 0 && channel.ready; left--) {
      const { status, digits } = await ask(channel, question)
      const complete = status === 'success' || (status === 'timeout' && digits.length >= question.min)
      if (question.min === 0 && digits === '' && channel.variables.get('read_terminator_used') !== undefined) return
      if (complete && digits !== '') {
        if (!regex || matches(digits, regex)) return
        if (variable) {
          channel.variables.set(variable, undefined)
          channel.variables.set(`${variable}_invalid`, digits)
        }
      }
      if (!channel.ready) break
      await playFile(channel, invalid)
    }
    if (onFailure && channel.ready) {
      const [extension = '', dialplan, context] = words(onFailure, 4)
      transfer(channel, extension, dialplan, context)
    }
  },
  async read(channel, data) {
    const [min, max, prompt = '', variable, timeout, terminators, digitTimeout] = words(data, 7)
    const least = Math.max(1, integer(min))
    const wait = Math.max(SHORTEST_TIMEOUT_MS, integer(timeout))
    await ask(channel, {
      min: least,
      max: Math.max(least, integer(max)),
      timeout: wait,
      digitTimeout: integer(digitTimeout) || wait,
      terminators: terminators || '#',
      prompt,
      variable,
    })
  },
}

/** switch_regex_match: the expression may match anywhere. An invalid expression matches nothing. */
function matches(digits: string, expression: string): boolean {
  try {
    return new RegExp(expression).test(digits)
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}
