/**
 * The place of a caller who has hung up while waiting: the next call of the same number to the same queue gets it, once
 * (setting resumeWithin). The store keeps it in the step that removes the caller, and gives it in the step that enters
 * the next call. As in mod_callcenter (abandoned-resume-allowed), the time between the two calls counts as waited.
 */
import { dialable } from '../esl/phone-number.ts'
import type { Joining, Member } from './member.ts'

/** The number by which a caller is known again: a withheld one is nobody's. */
export const knownNumber = (from: string): string | null => dialable(from)

/** The place of a caller who has hung up while waiting, for the next call of the same number. */
export interface LeftPlace extends Pick<Member, 'call' | 'joinedAt' | 'headStartMs' | 'priority'> {
  /** As esl/phone-number.ts writes it. */
  readonly number: string
  /** The next call gets the place before this moment, ms since the epoch. */
  readonly until: number
}

/** For whom a place is kept, and how long. */
export interface Returning {
  readonly number: string
  readonly forMs: number
}

/** Who may enter a queue, and with which place. */
export interface EntryLimits {
  /** So many callers may wait; 0: any number. */
  readonly most: number
  /** A place that a caller of this number has left is taken over; null: no place is. */
  readonly number: string | null
}

export const NO_LIMITS: EntryLimits = { most: 0, number: null }

export const leftPlace = (
  { call, joinedAt, headStartMs, priority }: Member,
  now: number,
  { number, forMs }: Returning,
): LeftPlace => ({
  call,
  joinedAt,
  headStartMs,
  ...(priority !== undefined && { priority }),
  number,
  until: now + forMs,
})

/** The part of a left place that the new one takes over. */
export const timeOf = ({ joinedAt, headStartMs, priority }: LeftPlace): Partial<Joining> => ({
  joinedAt,
  headStartMs,
  ...(priority !== undefined && { priority }),
})
