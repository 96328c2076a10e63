/** A caller who waits is given to an agent by name, whatever the strategy of the queue says. */
import { z } from 'zod'
import { whyNotNow } from '../../agent/agent.ts'
import { sharingTelephone, usesTelephone } from '../../agent/telephone-index.ts'
import { inBatches } from '../../base/batches.ts'
import { NotFoundError, Refusal } from '../../base/errors.ts'
import { described, parsed } from '../../base/parsed.ts'
import { uuid } from '../../esl/safe-text.ts'
import { byScore, type Member } from '../../queue/member.ts'
import { HOLD_MS } from '../../queue/place.ts'
import { QUEUES_AT_ONCE } from '../../queue/store.ts'
import { mustBeAgent } from '../agent/agent-named.ts'
import { nameOf } from '../fields.ts'
import { operation, type Actor, type PartsFor } from '../operation.ts'
import { mustBeQueues } from './queue-named.ts'

/** Another change may come in between: of the caller, or of the agent. */
const TRIES = 5

const given = z.object({ call: z.string(), queue: z.string(), agent: z.string() })
const agent = described(z.string().min(1), 'the agent, who must be free', '<name>')

export const queueGive = operation({
  name: 'queue.give',
  summary: 'gives a caller who waits to an agent by name: the telephone of the agent rings',
  needs: 'redis',
  role: 'supervisor',
  positional: ['call', 'agent'],
  input: z.strictObject({
    call: described(parsed(uuid), 'the uuid of the call: `switchhook calls --long` shows it'),
    agent,
  }),
  output: given,
  refusals: ['NOT_FOUND', 'WRONG_STATE'],
  changes: true,
  run: (parts, { call, agent: name }, actor) =>
    give(parts, name, actor, async () => {
      const { queueStore } = parts
      const places = await inBatches(await queueStore.queues(), QUEUES_AT_ONCE, one => queueStore.members(one.name))
      const place = places.flat().find(member => member.call === call)
      if (!place) throw new NotFoundError('waiting caller', call, null)
      return place
    }),
})

export const queueTake = operation({
  name: 'queue.take',
  summary: 'gives the caller who waits longest in a queue to an agent, whatever the strategy of the queue says',
  needs: 'redis',
  role: 'supervisor',
  positional: ['name', 'agent'],
  input: z.strictObject({ name: nameOf('queue'), agent }),
  output: given,
  refusals: ['NOT_FOUND', 'WRONG_STATE'],
  changes: true,
  run: (parts, { name: queue, agent: name }, actor) =>
    give(parts, name, actor, async () => {
      await mustBeQueues(parts.queueStore, [queue])
      const waiting = (await parts.queueStore.members(queue)).filter(
        ({ state, callback }) => state === 'waiting' && !callback,
      )
      const [first] = waiting.sort(byScore)
      if (!first) throw new Refusal('WRONG_STATE', `nobody waits in the queue ${queue}`)
      return first
    }),
})

/** Reserves the agent for the caller, as the matcher does: the flow of the caller then dials the agent. */
async function give(
  parts: PartsFor['redis'],
  name: string,
  { who }: Actor,
  find: () => Promise<Member>,
): Promise<z.output<typeof given>> {
  const { queueStore, clock } = parts
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const [member, free] = [await find(), await mustBeAgent(parts, name)]
    const now = clock.now()
    const { call, queue } = member
    if (member.callback)
      throw new Refusal('WRONG_STATE', `${call} is a promised callback: its customer is not on the line`)
    if (member.state !== 'waiting')
      throw new Refusal('WRONG_STATE', `the caller of call ${call} does not wait: ${member.state}`)
    const why = whyNotNow(free, now)
    if (why !== null) throw new Refusal('WRONG_STATE', `agent ${name} takes no call now (${why})`)
    const sharing = sharingTelephone(await parts.roster.list(now), free)
    if (sharing.some(usesTelephone))
      throw new Refusal(
        'WRONG_STATE',
        `agent ${name} takes no call now (another agent has a call at the same telephone)`,
      )
    const record = {
      ...{ at: now, queue, call, agent: name, strategy: 'given', waitedMs: now - member.joinedAt },
      ...{ ahead: [], candidates: [{ agent: name, key: [`given by ${who}`] }], skipped: [] },
    }
    if (await queueStore.assign({ member, agent: free, sharing, record }, member.node, HOLD_MS, now))
      return { call, queue, agent: name }
  }
  throw new Refusal('WRONG_STATE', `agent ${name} or the caller changed at the same time: try again`)
}
