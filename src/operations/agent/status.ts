/** The status that an agent chooses: one operation for each. */
import { z } from 'zod'
import { described } from '../../base/parsed.ts'
import type { Agent } from '../../agent/agent.ts'
import type { Roster } from '../../agent/roster.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { agentNamed, agentShape, shownAgent } from './agent-named.ts'

const statusOperation = (
  name: `agent.${string}`,
  summary: string,
  choose: (roster: Roster, agent: string, now: number, reason: string | undefined) => Promise<Agent>,
) =>
  operation({
    name,
    summary,
    needs: 'redis',
    role: 'supervisor',
    positional: ['name', 'reason'],
    input: z.strictObject({
      name: nameOf('agent'),
      reason: described(z.string().max(200), 'why, in the words of the agent').optional(),
    }),
    output: agentShape,
    refusals: ['NOT_FOUND'],
    changes: true,
    thing: agentNamed,
    async run({ roster, clock }, { name: agent, reason }) {
      const now = clock.now()
      return shownAgent(await choose(roster, agent, now, reason), now)
    },
  })

export const agentReady = statusOperation('agent.ready', 'takes calls', (roster, agent, now, reason) =>
  roster.setStatus(agent, 'ready', now, reason),
)
export const agentOnDemand = statusOperation(
  'agent.on-demand',
  'takes one call, and the next one when the agent ends the wrap-up',
  (roster, agent, now, reason) => roster.setStatus(agent, 'on-demand', now, reason),
)
export const agentBreak = statusOperation(
  'agent.break',
  'takes no new calls for a while',
  (roster, agent, now, reason) => roster.takeBreak(agent, reason ?? null, now),
)
export const agentOut = statusOperation('agent.out', 'is logged out and takes no calls', (roster, agent, now, reason) =>
  roster.setStatus(agent, 'logged-out', now, reason),
)
