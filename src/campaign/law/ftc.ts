import type { LawPolicy } from './policy.ts'

/** United States: the Telemarketing Sales Rule. The rule of the FCC, 47 CFR 64.1200(a)(7), has the same numbers. */
export const ftc: LawPolicy = {
  name: 'ftc',
  means: 'United States, FTC Telemarketing Sales Rule',
  source: '16 CFR 310.4(b)(1)(iv) and (b)(4); 47 CFR 64.1200(a)(6) and (7)',
  unchecked: [],
  maxAbandoned: 0.03,
  window: 'campaign',
  count: 'plain',
  connectWithinMs: 2_000,
  deadlineFrom: 'greeting',
  minRingMs: 15_000,
  message: true,
  lockMs: 0,
  detectionErrors: 0,
}
