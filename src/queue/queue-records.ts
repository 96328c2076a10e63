/** The stored records of queues and of their callers, and the notice of a change of them. */
import { z } from 'zod'
import { storedNeeds } from '../agent/skills.ts'
import { silentLog, type Log } from '../base/log.ts'
import { storedFields } from '../base/settings.ts'
import { RecordCodec } from '../store/record-codec.ts'
import type { LeftPlace } from './left-place.ts'
import type { Member } from './member.ts'
import type { NumberRule } from './number-rules.ts'
import { QUEUE_SETTINGS, type QueueSettings } from './settings.ts'
import type { CallbackRequest, OfferRecord, QueueNotice } from './queue-table.ts'

export const queueRecord = new RecordCodec<QueueSettings>({
  what: 'queue',
  schema: z.looseObject({
    name: z.string(),
    strategy: z.string(),
    movedTo: z.string().optional(),
    ...storedFields(QUEUE_SETTINGS),
  }),
})

const offer = z.looseObject({ agent: z.string(), epoch: z.number() })

export const memberRecord = new RecordCodec<Member>({
  what: 'caller in a queue',
  schema: z.looseObject({
    queue: z.string(),
    call: z.string(),
    from: z.string(),
    node: z.string(),
    joinedAt: z.number(),
    headStartMs: z.number(),
    priority: z.number().optional(),
    isLead: z.literal(true).optional(),
    needs: storedNeeds.optional(),
    onLine: z.string().optional(),
    lastAgent: z.string().optional(),
    rememberMs: z.number().optional(),
    seq: z.number(),
    state: z.enum(['waiting', 'offered', 'talking']),
    offer: offer.nullable(),
    others: z.array(offer).optional(),
    offeredAt: z.number().optional(),
    lastOffered: z.string().optional(),
    passedUntil: z.number(),
    callback: z
      .looseObject({
        order: z.enum(['agent-first', 'customer-first']),
        agent: z.string().optional(),
        agentUntil: z.number().optional(),
        called: z.literal(true).optional(),
      })
      .optional(),
    answeredAt: z.number().nullable(),
    rev: z.number(),
  }),
})

/** How the log names the record of a caller. */
export const callerKey = (call: string, queue: string): string => `caller ${call} in ${queue}`

export const callbackRequestRecord = new RecordCodec<CallbackRequest>({
  what: 'callback',
  schema: z.looseObject({
    queue: z.string(),
    call: z.string(),
    number: z.string(),
    keptAt: z.number(),
    joinedAt: z.number().optional(),
    headStartMs: z.number().optional(),
  }),
})

export const leftPlaceRecord = new RecordCodec<LeftPlace>({
  what: 'place of a caller who hung up',
  schema: z.looseObject({
    call: z.string(),
    number: z.string(),
    joinedAt: z.number(),
    headStartMs: z.number(),
    priority: z.number().optional(),
    until: z.number(),
  }),
})

export const numberRuleRecord = new RecordCodec<NumberRule>({
  what: 'number rule',
  schema: z.looseObject({
    number: z.string(),
    queue: z.string(),
    priority: z.number(),
    blocked: z.boolean(),
    note: z.string(),
  }),
})

/** The fields of the record of a decision, stored and in answers. */
export const offerFields = {
  at: z.number(),
  queue: z.string(),
  call: z.string(),
  agent: z.string(),
  epoch: z.number(),
  others: z.array(z.string()).optional(),
  node: z.string(),
  strategy: z.string(),
  waitedMs: z.number(),
  ahead: z.array(z.looseObject({ call: z.string(), why: z.string() })),
  candidates: z.array(z.looseObject({ agent: z.string(), key: z.array(z.union([z.number(), z.string()])) })),
  skipped: z.array(z.looseObject({ agent: z.string(), why: z.string() })),
}

export const offerRecord = new RecordCodec<OfferRecord>({
  what: 'offer of a call to an agent',
  schema: z.looseObject(offerFields),
})

const Notice = z.discriminatedUnion('what', [
  z.looseObject({ what: z.literal('queue'), queue: z.looseObject({ name: z.string() }) }),
  z.looseObject({
    what: z.literal('member'),
    queue: z.string(),
    call: z.string(),
    rev: z.number(),
    member: z.unknown(),
  }),
])

export const queueNotice = (queue: QueueSettings): string =>
  JSON.stringify({ what: 'queue', queue: queueRecord.stamped(queue) })

export const memberNotice = (queue: string, call: string, rev: number, member: Member | null): string =>
  JSON.stringify({ what: 'member', queue, call, rev, member: member && memberRecord.stamped(member) })

/** Null for a notice, or a record in one, that this version does not know. */
export function readQueueNotice(message: unknown, log: Log = silentLog): QueueNotice | null {
  const notice = Notice.safeParse(message)
  if (!notice.success) return null
  if (notice.data.what === 'queue') {
    const queue = queueRecord.readParsed(notice.data.queue, `queue ${notice.data.queue.name}`, log)
    return queue && { what: 'queue', queue }
  }
  const { what, queue, call, rev } = notice.data
  if (notice.data.member === null) return { what, queue, call, rev, member: null }
  const member = memberRecord.readParsed(notice.data.member, callerKey(call, queue), log)
  return member && { what, queue, call, rev, member }
}
