import type { LawPolicy } from './policy.ts'

/**
 * For a campaign that names no law: of each number the strictest of the laws that we know, with one exception. The two
 * seconds begin at the end of the greeting, not at the answer. Answering machine detection takes up to 1.5 s of a
 * person's greeting, and a person who picks up and speaks a second later would be abandoned while an agent is free.
 */
export const strict: LawPolicy = {
  name: 'strict',
  means: 'no law is named: the strictest number of each law that is known',
  source: '3 % of 16 CFR 310.4(b)(4), in any 24 hours and with 72 h as in the policy of Ofcom',
  unchecked: [],
  maxAbandoned: 0.03,
  window: 'day',
  count: 'plain',
  connectWithinMs: 2_000,
  deadlineFrom: 'greeting',
  minRingMs: 15_000,
  message: true,
  lockMs: 72 * 3_600_000,
  detectionErrors: 0,
}
