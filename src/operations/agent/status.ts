/** The status that an agent chooses: one operation for each. */
import { z } from 'zod'
import { described } from '../../base/parsed.ts'
import type { AgentStatus } from '../../agent/agent.ts'
import { nameOf } from '../fields.ts'
import { operation } from '../operation.ts'
import { agentNamed, agentShape, shownAgent } from './agent-named.ts'

const statusOperation = (name: `agent.${string}`, status: AgentStatus, summary: string) =>
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
      return shownAgent(await roster.setStatus(agent, status, now, reason), now)
    },
  })

export const agentReady = statusOperation('agent.ready', 'ready', 'takes calls')
export const agentBreak = statusOperation('agent.break', 'break', 'takes no new calls for a while')
export const agentOut = statusOperation('agent.out', 'logged-out', 'is logged out and takes no calls')
