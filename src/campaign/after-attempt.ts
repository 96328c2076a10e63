/**
 * When the lead of an ended attempt is called again and at which number, by the word that counts for it and by the law.
 * Used when an attempt is settled, and when an agent corrects it.
 */
import type { CountsAs } from '../store/attempts.ts'
import { mustNotBeCalled } from '../store/do-not-call.ts'
import { countEnds, numbersOf, saveNumber } from '../store/lead-numbers.ts'
import type { LeadRelease, LeadRow } from '../store/leads.ts'
import type { Transaction } from '../store/sql.ts'
import type { Campaign } from './campaign.ts'
import { policyOf } from './law/laws.ts'
import { nextCall } from './next-call.ts'
import type { Word } from './own-dispositions.ts'

export interface AttemptWord {
  readonly word: Word
  readonly countsAs: CountsAs
  /** The number that was called. */
  readonly phone: string
  /** The delay begins here, however late the word was given. Milliseconds since the epoch, as all times here. */
  readonly endedAt: number
  /** When the person wants to be called; undefined: not said. */
  readonly callAt?: number | undefined
  readonly now: number
  /** The attempt is in the counts of the lead and of its number: it was settled before. */
  readonly isCounted: boolean
}

/** Writes the count of the number that was called. Resolves with what follows for the lead. */
export async function afterAttempt(
  tx: Transaction,
  campaign: Campaign,
  lead: LeadRow,
  { word, countsAs, phone, endedAt, callAt, now, isCounted }: AttemptWord,
): Promise<Pick<LeadRelease, 'again' | 'number'>> {
  if (lead.removedAt !== null) return { again: null }
  const before = await numbersOf(tx, lead)
  const current = before.find(one => one.phone === phone)?.position ?? lead.currentNumber
  const numbers = before.map(one => {
    if (one.position !== current) return one
    return isCounted ? { ...one, closed: false } : { ...one, attempts: one.attempts + 1 } // its last word may open it again
  })
  const sameEnds = await countEnds(tx, lead.id, phone, word.name)
  const blocked = await mustNotBeCalled(tx, campaign.id, phone)
  const retry =
    word.again === null
      ? campaign.retry
      : { ...campaign.retry, [word.as]: { ...campaign.retry[word.as], after: word.again } }
  const next = nextCall(
    { retry, maxAttempts: campaign.maxAttempts },
    { end: word.as, now: endedAt, numbers, current, sameEnds, blocked, wanted: callAt },
  )
  // the person asked for a call at that time: it is none that the law forbids
  const isLocked = countsAs === 'abandoned' && callAt === undefined
  const earliest = Math.max(now, isLocked ? endedAt + policyOf(campaign.law).lockMs : endedAt)
  const again = next.again === null ? null : Math.max(next.again, earliest)
  if (numbers.length === 1) return { again }
  const called = numbers.find(one => one.position === current)!
  await saveNumber(tx, lead.id, { ...called, closed: called.closed || next.closes })
  const { position, place } = numbers.find(one => one.position === next.position)!
  return { again, number: { position, place } }
}
