import { z } from 'zod'
import { NotFoundError, Refusal } from '../../base/errors.ts'
import { campaigns } from '../../store/campaigns.ts'
import { deleteQueue } from '../../store/definitions.ts'
import { described, nameOf, removal } from '../fields.ts'
import { operation } from '../operation.ts'
import { queueNamed } from './queue-named.ts'

/** A campaign in these states dials nobody again. */
const OVER: ReadonlySet<string> = new Set(['stopped', 'done'])

const namesOf = (all: readonly { readonly name: string }[]): string => all.map(({ name }) => name).join(', ')

export default operation({
  name: 'queue.remove',
  summary: 'removes a queue that no caller, agent or campaign is in',
  needs: 'stores',
  role: 'administrator',
  positional: ['name'],
  input: z.strictObject({
    name: nameOf('queue'),
    dropCallbacks: described(
      z.boolean(),
      'also when callers wait for a promised callback, which nobody makes then',
    ).default(false),
  }),
  output: removal,
  refusals: ['NOT_FOUND', 'IN_USE'],
  changes: true,
  thing: queueNamed,
  async run({ sql, roster, queueStore, clock }, { name, dropCallbacks }) {
    const agents = (await roster.list(clock.now())).filter(agent => agent.queues.some(({ queue }) => queue === name))
    if (agents.length > 0)
      throw new Refusal(
        'IN_USE',
        `the queue '${name}' has agents: ${namesOf(agents)}; give them other queues first: switchhook agent set <name> --queues <names>`,
      )
    const dialled = (await campaigns(sql)).filter(one => one.queue === name && !OVER.has(one.state))
    if (dialled.length > 0)
      throw new Refusal(
        'IN_USE',
        `the queue '${name}' has campaigns: ${namesOf(dialled)}; stop them, or give them another queue: switchhook campaign set <name> --queue <queue>`,
      )
    const promised = (await queueStore.callbacks(name)).length
    if (promised > 0 && !dropCallbacks)
      throw new Refusal(
        'IN_USE',
        `${promised} callers of the queue '${name}' were promised a callback (switchhook queue callbacks ${name}); with --drop-callbacks nobody calls them`,
      )
    const known = (await queueStore.queues()).map(queue => queue.name)
    if (!(await queueStore.remove(name)))
      throw new Refusal('IN_USE', `callers wait or talk in the queue '${name}'; remove it when they have left`)
    const wasDefined = await deleteQueue(sql, name)
    if (!wasDefined && !known.includes(name)) throw new NotFoundError('queue', name, known)
    return { name, removed: true as const }
  },
})
