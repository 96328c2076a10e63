/**
 * What follows when an attempt has ended: when the lead is called again, and at which of its numbers. Pure. Used by
 * settle-attempt.ts.
 */
import { ms, type Duration } from '../base/duration.ts'
import type { LeadNumber } from '../store/lead-numbers.ts'
import type { Campaign } from './campaign.ts'
import { meaningOf, type AttemptEnd } from './disposition.ts'

/** An attempt that has ended, and the numbers of its lead. */
export interface EndedAttempt {
  readonly end: AttemptEnd
  readonly now: number
  /** In their order, with this attempt counted. */
  readonly numbers: readonly LeadNumber[]
  /** The position of the number that was called. */
  readonly current: number
  /** Calls to that number that ended so, with this one. */
  readonly sameEnds: number
  /** That number must not be called again: it is on a list. */
  readonly blocked?: boolean
  /** The time at which the person asked to be called, ms since the epoch; with 'callback' it goes first. */
  readonly wanted?: number | undefined
}

export interface NextCall {
  /** Wall clock milliseconds; null: the lead is done. */
  readonly again: number | null
  /** The position of the number that is called then. */
  readonly position: number
  /** The number that was called is not called again. */
  readonly closes: boolean
}

/** The number is at fault, not the person: another number of the lead may be right. */
const OF_THE_NUMBER: readonly AttemptEnd[] = ['invalid', 'wrong-number']
/** Without a word of the campaign, these ends lead to the next number: B, N, NA and DC of VICIdial's auto_alt_dial. */
const NEXT_NUMBER: readonly AttemptEnd[] = ['busy', 'no-answer', ...OF_THE_NUMBER]

export function nextCall(campaign: Pick<Campaign, 'retry' | 'maxAttempts'>, ended: EndedAttempt): NextCall {
  const { end, now, numbers, current, sameEnds, blocked = false, wanted } = ended
  const { again, fixed } = meaningOf(end)
  const rule = campaign.retry[end] ?? {}
  const delay = fixed ? 'never' : (rule.after ?? again)
  const called = numbers.find(({ position }) => position === current)
  const done: NextCall = { again: null, position: current, closes: true }
  if (end === 'callback' && wanted !== undefined && !blocked)
    return { again: Math.max(wanted, now), position: current, closes: false } // asked for: no limit of attempts counts
  const toNext = rule.nextNumber ?? NEXT_NUMBER.includes(end)
  if (delay === 'never' && !OF_THE_NUMBER.includes(end) && !toNext) return done
  const closes =
    blocked ||
    delay === 'never' ||
    (called?.attempts ?? 0) >= campaign.maxAttempts ||
    sameEnds >= (rule.most ?? Infinity)
  const open = numbers.filter(
    one => !one.closed && one.attempts < campaign.maxAttempts && !(closes && one.position === current),
  )
  const [first] = open
  if (!first) return done
  const next = open.find(({ position }) => position > current)
  if ((toNext || closes) && next) return { again: now, position: next.position, closes }
  // every number was called once in this round, or there is only one
  const stays = !toNext && !closes
  const pause = delay === 'never' ? (campaign.retry['no-answer']?.after ?? meaningOf('no-answer').again) : delay
  if (pause === 'never') return done
  return { again: now + ms(pause as Duration), position: stays ? current : first.position, closes }
}
