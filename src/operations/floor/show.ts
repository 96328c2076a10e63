import { z } from 'zod'
import { AGENT_WORDS, wordOf, type AgentWord } from '../../agent/words.ts'
import { STATES, STATUSES } from '../../agent/agent.ts'
import { agentRows, queueRows } from '../../store/definitions.ts'
import { agentsAt, queuesAt, type PastAgent } from '../../store/past-floor.ts'
import { moment } from '../fields.ts'
import { operation } from '../operation.ts'

const count = z.number()

export default operation({
  name: 'floor.show',
  summary: 'the floor at a moment of the past, to the second, as far back as KEEP_SEGMENTS: queues and agents',
  needs: 'database',
  role: 'reader',
  positional: ['at'],
  input: z.strictObject({ at: moment }),
  output: z.object({
    at: z.date(),
    /** The queues and agents of today: those that were removed since are not shown. */
    queues: z.array(
      z.object({
        name: z.string(),
        /** Callers who waited, those for whom a telephone rang too. */
        waiting: count,
        longestWaitMs: count.nullable(),
        talking: count,
        /** The agents who are in this queue today, by what they did. */
        agents: z.object(Object.fromEntries(AGENT_WORDS.map(word => [word, count])) as Record<AgentWord, typeof count>),
      }),
    ),
    agents: z.array(
      z.object({ name: z.string(), word: z.enum(AGENT_WORDS), stateSince: count, reason: z.string().nullable() }),
    ),
  }),
  refusals: [],
  changes: false,
  async run({ sql }, { at: asked }) {
    const at = new Date(asked)
    const [defined, queues] = await Promise.all([agentRows(sql), queueRows(sql)])
    const names = defined.map(({ name }) => name)
    const [agents, busy] = await Promise.all([agentsAt(sql, names, at), queuesAt(sql, at)])
    const words = new Map(agents.map(agent => [agent.name, wordAt(agent, asked)]))
    return {
      at,
      queues: queues.filter(isInUse).map(({ name }) => {
        const { waiting = 0, longestSince = null, talking = 0 } = busy.find(one => one.queue === name) ?? {}
        const staff = defined.filter(agent => agent.queues.some(({ queue }) => queue === name))
        const counts = Object.fromEntries(AGENT_WORDS.map(word => [word, 0])) as Record<AgentWord, number>
        for (const agent of staff) counts[words.get(agent.name) ?? 'out'] += 1
        const longestWaitMs = longestSince === null ? null : asked - longestSince.getTime()
        return { name, waiting, longestWaitMs, talking, agents: counts }
      }),
      agents: agents.map(({ name, since, reason }) => ({
        ...{ name, reason, word: words.get(name)! },
        stateSince: since.getTime(),
      })),
    }
  },
})

/** A removed queue may lead to another one. */
const isInUse = ({ movedTo }: { readonly movedTo?: string | undefined }): boolean => movedTo === undefined

/** An unknown status or state is one of another version. */
function wordAt({ status, state, restsUntil }: PastAgent, at: number): AgentWord {
  return wordOf(
    {
      status: STATUSES.find(one => one === status) ?? 'logged-out',
      state: STATES.find(one => one === state) ?? 'idle',
      reservation: null,
      restUntil: restsUntil?.getTime() ?? 0,
      unreached: 0,
    },
    at,
  )
}
