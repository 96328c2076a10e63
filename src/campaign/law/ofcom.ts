import type { LawPolicy } from './policy.ts'

/**
 * United Kingdom: Ofcom's policy of 2006 to 2010. The statement of 20 December 2016 keeps the formula; trade sources
 * say that it dropped the 3 % below which Ofcom did not act, so every abandoned call may count. That annex was not
 * read: check it.
 */
export const ofcom: LawPolicy = {
  name: 'ofcom',
  means: 'United Kingdom, Ofcom persistent misuse policy',
  source: 'Ofcom revised statements of 2006, 2008 and 2010 (4.70 to 4.73); statement of 20 December 2016, annex',
  unchecked: ['maxAbandoned', 'deadlineFrom', 'detectionErrors'],
  maxAbandoned: 0.03,
  window: 'day',
  count: 'ofcom',
  connectWithinMs: 2_000,
  deadlineFrom: 'answer',
  minRingMs: 15_000,
  message: true,
  lockMs: 72 * 3_600_000,
  detectionErrors: 0,
}
