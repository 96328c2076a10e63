/**
 * What a law asks of a campaign's calls: one object for each law (ftc.ts, ofcom.ts, crtc.ts, strict.ts, custom.ts).
 * laws.ts has the list, and the stricter numbers of a campaign. Pure data and pure functions.
 */

/** What the answered calls of a window were. Every answered call that has ended is one of these. */
export interface Sums {
  /** A person answered and was not abandoned. */
  readonly served: number
  /** A person answered, and no agent came in time. */
  readonly abandoned: number
  /** A machine that was given to an agent. */
  readonly machines: number
  /** A call that detection took for a machine; no agent heard it. */
  readonly detected: number
}

/** What a law counts. With estimates these are no whole numbers. */
export interface Counted {
  readonly live: number
  readonly abandoned: number
}

/** `campaign`: the campaign, and from 30 days on each successive period of 30 days from its start. */
export const WINDOWS = ['campaign', 'day', 'month'] as const
export type LawWindow = (typeof WINDOWS)[number]

export const DEADLINES_FROM = ['answer', 'greeting'] as const
type DeadlineFrom = (typeof DEADLINES_FROM)[number]

/** `plain`: each abandoned call counts. `ofcom`: ofcom_uk_drop_calc, with estimates (counting.ts). */
export const COUNTS = ['plain', 'ofcom'] as const
type LawCount = (typeof COUNTS)[number]

/** The names of the numbers of a law. */
type LawNumber = keyof Omit<LawPolicy, 'name' | 'means' | 'source' | 'unchecked'>

export interface LawPolicy {
  readonly name: string
  readonly means: string
  /** Where its numbers are written. */
  readonly source: string
  /** Numbers that nobody has compared with the text of the law yet: check them before you rely on them. */
  readonly unchecked: readonly LawNumber[]
  /** At most this part of the live calls may be abandoned, 0 to 1. */
  readonly maxAbandoned: number
  /** Over which time. `day`: any 24 hours. `month`: a calendar month. */
  readonly window: LawWindow
  readonly count: LawCount
  /** An agent must speak within so many milliseconds, else the call is abandoned. */
  readonly connectWithinMs: number
  /** Where that time begins: at the answer, or at the end of the person's greeting. */
  readonly deadlineFrom: DeadlineFrom
  /** A telephone rings at least so long before an unanswered call is given up, milliseconds. */
  readonly minRingMs: number
  /** A person who is abandoned must hear a message that says who called. */
  readonly message: boolean
  /** After an abandoned call the number is not dialled again for so long, milliseconds; 0: the law has no such time. */
  readonly lockMs: number
  /**
   * With `count` ofcom: the part of the calls that detection took for machines and that were people, 0 to 1, as the
   * operator has measured it. The law wants a reasoned estimate; 0 is none.
   */
  readonly detectionErrors: number
}
