/**
 * What only the node that drives a call can do with it. Any node may be asked, and asks that node over a channel of
 * Redis (node/node-requests.ts): so an act has a schema, and a node that does not know it does not answer.
 */
import { z } from 'zod'

const call = z.string()

export const CallAct = z.discriminatedUnion('what', [
  /** The caller goes to an extension of the dialplan, and the flow ends. */
  z.looseObject({ what: z.literal('transfer'), call, extension: z.string(), context: z.string().optional() }),
  /** The call goes on in the flow queue-entry. */
  z.looseObject({ what: z.literal('to-queue'), call, queue: z.string() }),
  /** The agent is reserved; then the call goes on in the flow transfer. */
  z.looseObject({ what: z.literal('to-agent'), call, agent: z.string() }),
  /** The call goes on in the flow transfer. */
  z.looseObject({ what: z.literal('to-number'), call, number: z.string() }),
  /** The agent is reserved and rings; when they answer, the agent who talks talks with them, and the caller waits. */
  z.looseObject({ what: z.literal('consult-agent'), call, agent: z.string() }),
  z.looseObject({ what: z.literal('consult-number'), call, number: z.string() }),
  /** The caller talks with the one who was consulted; else with the agent again. */
  z.looseObject({ what: z.literal('end-consultation'), call, how: z.enum(['complete', 'cancel']) }),
  /** The supervisor who listens gets the caller, and the agent is free. */
  z.looseObject({ what: z.literal('take-over'), call }),
])
export type CallAct = z.output<typeof CallAct>
