/** The form of a call's record in answers (docs/records.md has the meaning of each field). */
import { z } from 'zod'
import { timelineShape } from '../../events/timeline.ts'

const text = z.string().nullable()
const milliseconds = z.number().nullable()

export const callShape = z.object({
  id: z.string(),
  flow: z.string(),
  direction: z.enum(['inbound', 'outbound']),
  from: text,
  to: text,
  customer: text,
  node: text,
  startedAt: z.date(),
  answeredAt: z.date().nullable(),
  endedAt: z.date().nullable(),
  hangupCause: text,
  outcome: text,
  hungUpBy: text,
  agent: text,
  otherLeg: text,
  queue: text,
  gateway: text,
  waitMs: milliseconds,
  ringMs: milliseconds,
  talkMs: milliseconds,
  holdMs: milliseconds,
  campaign: text,
  lead: z.number().nullable(),
  attempt: text,
  callerId: text,
  crm: z.record(z.string(), z.string()),
  queueTimeline: z.array(timelineShape),
  recording: text,
})
