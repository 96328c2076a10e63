/**
 * The fields of events: one name means one thing in every event. `personal`: the field is personal data of a caller or
 * a lead; the log masks it, and so must whatever delivers events to others.
 */
import { z } from 'zod'

const field = <T extends z.ZodType>(schema: T, description: string, personal = false): T =>
  schema.meta({ description, personal })
const text = (description: string) => field(z.string(), description)
const personal = (description: string) => field(z.string(), description, true)
const milliseconds = (description: string) => field(z.number(), `${description}, in milliseconds`)

export const uuid = text('the call: the uuid of its channel on FreeSWITCH')
export const leg = text('the uuid of the other channel')
export const flow = text('the name of the flow')
export const node = text('the name of the node that had the call before')
export const direction = field(z.enum(['in', 'out']), '`in`: the caller called; `out`: Switchhook dialled the call')
export const from = personal('the number of the caller')
export const to = personal('the number, telephone or extension that was dialled')
export const number = personal('the telephone number of the lead or customer')
export const why = text(
  'why the telephone was not reached (busy, no-answer, declined, …), or why a queue does not keep the caller (full, max-wait, …)',
)
export const said = text('what the caller heard')
export const mode = text(
  'who hears the supervisor: listen (nobody), whisper (the agent), barge (both); stop: no longer there',
)
export const path = text("the file, on FreeSWITCH's machine")
export const outcome = text('the outcome in the record of the call')
export const cause = text('the hang-up cause')
export const hungUpBy = text('who hung up: customer, agent, other, flow, switch')
export const lasted = milliseconds('how long the call lasted')
export const waitedMs = milliseconds('how long the caller had waited in the queue')
export const queue = text('the name of the queue')
export const mailbox = text('the user of FreeSWITCH whose voice mailbox it is')
export const messageMs = milliseconds('the length of the message')
export const waiting = field(z.number(), 'how many messages nobody has heard yet')
export const heard = field(z.number(), 'how many messages were heard and kept')
export const movedFrom = text('the removed queue from which the caller was moved here, with time and place')
export const agent = text('the name of the agent')
export const by = text('the agent who talked with the caller, and transferred the call')
export const status = text('the status that the agent chose')
export const reason = text('the reason of the break, or of the skip, in the words of the agent')
export const state = text('the state of the agent')
export const before = text('the status or state before')
export const campaign = text('the name of the campaign')
export const lead = field(z.number(), 'the id of the lead')
export const disposition = text('the disposition of the attempt, or of the call')
export const again = field(z.number().nullable(), 'when the lead is called again, ms since the epoch; null: never')
export const columns = field(z.record(z.string(), z.string()), 'the other columns of the lead, by their names', true)
export const until = field(z.number(), 'how long the agent may look at the lead, ms since the epoch')
export const how = text(
  'how the preview ended: called, skipped, timed-out, agent-left (hung up, took a break or logged out), withdrawn (the lead must not be called any more)',
)
export const callback = text('the id of the callback')
export const due = field(z.number(), 'when it is due, ms since the epoch')
export const next = field(z.number(), 'when the next attempt is due, ms since the epoch')
export const end = text('how the attempt ended')
export const tries = field(z.number(), 'how often the customer was called so far')
export const freeswitch = text('the FreeSWITCH, as host:port')
export const core = text('the Core-UUID, which names the run of a FreeSWITCH')
