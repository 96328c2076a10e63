import type { LawPolicy } from './policy.ts'

/**
 * Canada: only the 5 % are read in a source. The rest is as we know the rule, or, where we know nothing (ring,
 * message), the strictest number of another law.
 */
export const crtc: LawPolicy = {
  name: 'crtc',
  means: 'Canada, CRTC Unsolicited Telecommunications Rules',
  source: 'CRTC Telecom Decision 2007-48',
  unchecked: ['window', 'connectWithinMs', 'deadlineFrom', 'minRingMs', 'message', 'lockMs'],
  maxAbandoned: 0.05,
  window: 'month',
  count: 'plain',
  connectWithinMs: 2_000,
  deadlineFrom: 'greeting',
  minRingMs: 15_000,
  message: true,
  lockMs: 0,
  detectionErrors: 0,
}
