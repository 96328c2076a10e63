/** The decisions of queues in words, for `why` and `why agent`. */
import type { WhyNot } from '../../agent/agent.ts'
import { readable } from '../../base/duration.ts'
import type { OfferRecord } from '../../queue/queue-table.ts'
import type { Key } from '../../queue/strategy.ts'
import type { NotForCaller } from '../../queue/usable.ts'
import { timeOf } from './output.ts'

/** Why an agent was left out of a decision. A word of another version of Switchhook stays as it is. */
const LEFT_OUT: Readonly<Record<WhyNot | NotForCaller, string>> = {
  'logged-out': 'logged out',
  break: 'on a break',
  resting: 'rests after a call that was not answered',
  unreachable: 'telephone unreachable',
  unregistered: 'the telephone is not registered',
  'dialled-in': 'takes callers on the line',
  reserved: 'reserved for another call',
  ringing: 'rings for another call',
  talking: 'talks',
  'wrap-up': 'in wrap-up',
  'busy-elsewhere': 'on another call',
  'telephone-in-use': 'shares a telephone with an agent who is offered a call',
  'inbound-only': 'takes no leads of campaigns',
  skill: 'lacks a skill that the caller needs',
  tier: 'the level is not open yet',
  promised: 'the callback was promised by another agent',
  'last-agent': 'the caller is for the agent of the last talk',
  'on-line': 'not on the line at the FreeSWITCH of the lead',
  'less-skilled': 'others have more of the preferred skills',
}
export const leftOut = (why: string): string => (LEFT_OUT as Readonly<Record<string, string>>)[why] ?? why

const AHEAD: Readonly<Record<string, string>> = {
  offered: 'an agent was offered to them already',
  'put-aside': 'did not come when an agent was reserved',
  'nobody-yet': 'the strategy gives them nobody yet',
  'nobody-usable': 'no free agent may have them',
}

/** Says how two agents differ in one part of the key; the first one goes before the second. */
type Part = (first: Key[number], second: Key[number]) => string

const ordinal =
  (what: string): Part =>
  (a, b) =>
    `${what} ${a} is before ${what} ${b}`
const least =
  (say: (value: number) => string): Part =>
  (a, b) =>
    `${say(Number(a))} is less than ${say(Number(b))}`
const earliest =
  (what: string, never: string): Part =>
  (a, b) =>
    a === 0 ? never : `${what} at ${clockOf(a)}, the other's at ${clockOf(b)}`
const either =
  (word: string): Part =>
  () =>
    word

const clockOf = (at: Key[number]): string => timeOf(new Date(Number(at))).slice(11)

const LEVEL = ordinal('level')
const POSITION = ordinal('position')

/** The parts of the key of each strategy, in their order (queue/strategies/). */
export const KEY_PARTS: Readonly<Record<string, readonly Part[]>> = {
  'longest-idle-agent': [LEVEL, earliest('the last talk ended', 'has not talked yet'), POSITION],
  'round-robin': [either('the turn is still to come in this round'), LEVEL, POSITION],
  'top-down': [either('is below the agent who was offered the call last'), LEVEL, POSITION],
  'agent-with-least-talk-time': [LEVEL, least(ms => `${readable(ms)} of talk`), POSITION],
  'agent-with-fewest-calls': [LEVEL, least(calls => `${calls} calls`), POSITION],
  'sequentially-by-agent-order': [LEVEL, POSITION, earliest('the last offer was', 'was offered no call yet')],
  random: [LEVEL, either('drawn by chance')],
  'ring-all': [either('all telephones ring at once')],
  'ring-progressively': [LEVEL, POSITION],
}

type Decision = Pick<OfferRecord, 'strategy' | 'candidates'>

/** Why the first candidate goes before the second: the first part of their keys that differs. */
export function whyFirst({ strategy, candidates }: Decision): string {
  const [first, second] = candidates
  if (!first) return ''
  const [word] = first.key
  // the agent of a lead: no strategy was asked
  if (typeof word === 'string' && strategy !== 'ring-all') return `${first.agent}: ${word}`
  if (!second) return `${first.agent} was the only agent who could have the call`
  const at = first.key.findIndex((part, index) => part !== second.key[index])
  const before = `${first.agent} goes before ${second.agent}`
  if (at < 0) {
    const same = strategy === 'ring-all' ? KEY_PARTS[strategy]![0]!(0, 0) : 'equal in all, so by name'
    return `${before}: ${same}`
  }
  const say = KEY_PARTS[strategy]?.[at] ?? ((a, b) => `${a} is before ${b} (part ${at + 1} of the key)`)
  return `${before}: ${say(first.key[at]!, second.key[at]!)}`
}

/** 'bob (on a break), carl (logged out)' */
export const sayLeftOut = (skipped: readonly { readonly agent: string; readonly why: string }[]): string =>
  skipped.map(({ agent, why }) => `${agent} (${leftOut(why)})`).join(', ')

/** 'a caller was ahead: …' */
export function sayAhead(ahead: readonly { readonly why: string }[]): string {
  const counts = new Map<string, number>()
  for (const { why } of ahead) counts.set(why, (counts.get(why) ?? 0) + 1)
  return [...counts].map(([why, many]) => `${many}: ${AHEAD[why] ?? why}`).join(', ')
}
