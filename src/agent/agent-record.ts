/**
 * The stored records of an agent and of a break reason, and the notice of a change of an agent: what Redis holds, and
 * what every node receives.
 */
import { z } from 'zod'
import type { Log } from '../base/log.ts'
import { storedFields } from '../base/settings.ts'
import { RecordCodec } from '../store/record-codec.ts'
import { STATES, STATUSES, type Agent } from './agent.ts'
import type { BreakReason } from './break-reasons.ts'
import type { AgentNotice } from './roster.ts'
import { AGENT_SETTINGS } from './settings.ts'

const moment = z.number()
const tiers = z.array(z.looseObject({ queue: z.string(), level: z.number(), position: z.number() }))

export const agentRecord = new RecordCodec<Agent>({
  what: 'agent',
  schema: z.looseObject({
    name: z.string(),
    endpoint: z.string(),
    wrapUpMs: z.number(),
    ringForMs: z.number(),
    ...storedFields(AGENT_SETTINGS),
    queues: tiers,
    away: tiers.optional(),
    status: z.enum(STATUSES),
    reason: z.string().nullable(),
    statusSince: moment.optional(),
    breakUntil: moment.optional(),
    overdue: z.literal(true).optional(),
    state: z.enum(STATES),
    stateSince: moment,
    lastTalkEnded: moment,
    lastTalk: z
      .looseObject({ call: z.string(), queue: z.string().nullable(), disposition: z.string().optional() })
      .optional(),
    turns: z.array(z.looseObject({ queue: z.string(), at: moment })).optional(),
    wrapUpUntil: z.union([moment, z.literal('finished'), z.null()]),
    restUntil: moment,
    reservation: z
      .looseObject({
        epoch: z.number(),
        for: z.string(),
        queue: z.string().nullable(),
        deadline: moment.nullable(),
        insteadOf: z.string().optional(),
      })
      .nullable(),
    nailed: z.looseObject({ leg: z.string(), node: z.string(), since: moment, core: z.string().optional() }).nullable(),
    legs: z.array(z.string()).optional(),
    dialledIn: z
      .looseObject({ leg: z.string(), flow: z.string(), step: z.string(), served: z.string().optional() })
      .optional(),
    talkMs: z.number().optional(),
    calls: z.number().optional(),
    registeredAt: z.array(z.string()).optional(),
    noAnswers: z.number(),
    unreached: z.number().optional(),
    rev: z.number(),
  }),
})

export const breakReasonRecord = new RecordCodec<BreakReason>({
  what: 'break reason',
  schema: z.looseObject({ reason: z.string(), limitMs: z.number().nullable() }),
})

const Notice = z.looseObject({
  what: z.literal('agent'),
  name: z.string(),
  rev: z.number(),
  agent: z.unknown(),
  removedAt: z.number().optional(),
})

export const agentNotice = (name: string, rev: number, agent: Agent | null, removedAt?: number): string =>
  JSON.stringify({ what: 'agent', name, rev, agent: agent && agentRecord.stamped(agent), removedAt })

/**
 * Null for a notice that this version does not know. An agent whose record cannot be read counts as deleted here: this
 * node does not offer calls to that agent.
 */
export function readAgentNotice(message: unknown, log: Log): AgentNotice | null {
  const notice = Notice.safeParse(message)
  if (!notice.success) return null
  const { agent, ...about } = notice.data
  return { ...about, agent: agent === null ? null : agentRecord.readParsed(agent, `agent ${about.name}`, log) }
}
