/**
 * How an attempt to reach a lead ended, and what follows from it: one closed list, one table. A flow returns one of the first group;
 * the switch says the second; the house itself finds the third.
 *
 * A local refusal of the switch (a limit, a gateway that is down; no leg was ever created) is not here: nobody's telephone rang,
 * so it uses up no attempt and the lead is ready again.
 */
import type { Duration } from '../base/duration.ts'
import type { DialOutcome } from '../switch/hangup-cause.ts'

interface Meaning {
  readonly means: string
  /** Who may say so: the flow of the campaign, the outcome of the dial, or the house when nobody else can. */
  readonly by: 'flow' | 'dial' | 'house'
  /**
   * It is known that a person answered: the denominator of the abandonment rate (16 CFR 310.4(b)(4)(i), calls answered by a live
   * person). What is not known counts as no person: a denominator that is too large would hide people who were abandoned.
   */
  readonly human: boolean
  /** Called again after so long, as often as the campaign allows; 'never': the lead is done. A campaign may say otherwise. */
  readonly again: Duration | 'never'
  /** No campaign may call again: the person said so, or the number is nobody's. */
  readonly fixed?: true
}

/*
 * Delays: machine, no answer 2 h (another part of the day), busy 10 min, the rest 30 min (VICIdial's lead recycling default, 1800 s).
 * An abandoned person is left alone for 72 h: Ofcom's rule, the strictest that we know.
 */
export const DISPOSITIONS = {
  talked: { means: 'talked with an agent', by: 'flow', human: true, again: 'never' },
  machine: { means: 'an answering machine', by: 'flow', human: false, again: '2h' },
  silence: { means: 'somebody or something answered and said nothing', by: 'flow', human: false, again: '2h' },
  abandoned: { means: 'a person answered and no agent was free in time', by: 'flow', human: true, again: '72h' },
  declined: {
    means: 'does not want what is offered; other campaigns may still call',
    by: 'flow',
    human: true,
    again: 'never',
  },
  callback: { means: 'asked to be called again', by: 'flow', human: true, again: '1h' },
  'opted-out': {
    means: 'does not want to be called any more, by anybody here',
    by: 'flow',
    human: true,
    again: 'never',
    fixed: true,
  },
  'wrong-number': { means: 'somebody else answered', by: 'flow', human: true, again: 'never', fixed: true },

  busy: { means: 'the line was busy', by: 'dial', human: false, again: '10m' },
  'no-answer': { means: 'it rang and nobody answered', by: 'dial', human: false, again: '2h' },
  rejected: { means: 'the call was turned away while it rang', by: 'dial', human: false, again: '2h' },
  invalid: { means: 'there is no such number', by: 'dial', human: false, again: 'never' },
  failed: { means: 'the network could not do it; the number may be fine', by: 'dial', human: false, again: '30m' },
  cancelled: { means: 'we stopped it while it rang', by: 'dial', human: false, again: '30m' },

  'hung-up': {
    means: 'whoever answered left before the flow had come to a result',
    by: 'house',
    human: false,
    again: '2h',
  },
  error: { means: 'the script failed', by: 'house', human: false, again: '30m' },
  lost: { means: 'nobody can say what became of it: a switch or a node died', by: 'house', human: false, again: '30m' },
} as const satisfies Record<string, Meaning>

/** Every way in which an attempt ends. */
export type AttemptEnd = keyof typeof DISPOSITIONS
type By<Who extends Meaning['by']> = {
  [K in AttemptEnd]: (typeof DISPOSITIONS)[K]['by'] extends Who ? K : never
}[AttemptEnd]

/** What a campaign's flow may return. */
export type Disposition = By<'flow'>
export type DialEnd = By<'dial'>

/** The switch's outcome in a campaign's words: here 'declined' is what a person says, so a call that was turned away is 'rejected'. */
export function dialEnd(outcome: Exclude<DialOutcome, 'answered' | 'refused' | 'lost'>): DialEnd {
  return outcome === 'declined' ? 'rejected' : outcome
}

export const ATTEMPT_ENDS = Object.keys(DISPOSITIONS) as readonly AttemptEnd[]
/** For messages to authors, and for checking what a script without types returned. */
export const FLOW_DISPOSITIONS = ATTEMPT_ENDS.filter(end => meaningOf(end).by === 'flow') as readonly Disposition[]

export function isAttemptEnd(value: unknown): value is AttemptEnd {
  return typeof value === 'string' && Object.hasOwn(DISPOSITIONS, value)
}

export function isDisposition(value: unknown): value is Disposition {
  return isAttemptEnd(value) && meaningOf(value).by === 'flow'
}

/** A table row with the wide type, so that `fixed` and `again` can be asked of any of them. */
export function meaningOf(end: AttemptEnd): Meaning {
  return DISPOSITIONS[end]
}
