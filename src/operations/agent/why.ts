import { z } from 'zod'
import { offerFields } from '../../queue/queue-records.ts'
import { aboutAgent, pastDecisions, whyNoCall } from '../../queue/why-agent.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { agentShape, mustBeAgent, shownAgent } from './agent-named.ts'

const moment = z.number().nullable()

/** The decisions that are shown; the counts are of all that are kept. */
const SHOWN = 10

export default operation({
  name: 'agent.why',
  summary: 'why an agent gets no call now, and the last decisions of the queues about this agent',
  needs: 'redis',
  role: 'reader',
  positional: ['name'],
  input: z.strictObject({ name: nameOf('agent') }),
  output: z.object({
    agent: agentShape,
    /** Of the agent first, then one for each queue of the agent. Empty fields are left out. */
    reasons: z.array(
      z.object({
        why: z.string(),
        queue: z.string().optional(),
        since: moment.optional(),
        until: moment.optional(),
        reason: z.string().nullable().optional(),
        call: z.string().nullable().optional(),
        callers: z.number().optional(),
        leadsTo: z.string().nullable().optional(),
      }),
    ),
    /** Counts of the decisions that each queue of the agent has kept. */
    past: z.array(
      z.object({
        queue: z.string(),
        decisions: z.number(),
        offered: z.number(),
        behind: z.number(),
        skipped: z.array(z.object({ why: z.string(), times: z.number() })),
      }),
    ),
    /** The last ones, newest first. */
    decisions: z.array(z.object(offerFields)),
  }),
  refusals: ['NOT_FOUND'],
  changes: false,
  async run(parts, { name }) {
    const { roster, queueStore, clock } = parts
    const agent = await mustBeAgent(parts, name)
    const now = clock.now()
    const own = agent.queues.map(({ queue }) => queue)
    const [queues, agents, members, offers] = await Promise.all([
      queueStore.everyQueue(),
      roster.list(now),
      Promise.all(own.map(queue => queueStore.waiting(queue))),
      Promise.all(own.map(queue => queueStore.offers(queue))),
    ])
    return {
      agent: shownAgent(agent, now),
      reasons: whyNoCall(agent, { queues, members: members.flat(), agents, now }),
      past: own.map((queue, at) => pastDecisions(queue, name, offers[at]!)),
      decisions: aboutAgent(name, offers.flat()).slice(0, SHOWN),
    }
  },
})
