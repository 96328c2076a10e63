import { z } from 'zod'
import { described } from '../../base/parsed.ts'
import { FieldFaults, NotFoundError, Refusal } from '../../base/errors.ts'
import { targetQueues } from '../../queue/overflow.ts'
import { moveQueue } from '../../recovery/definitions.ts'
import { campaigns } from '../../store/campaigns.ts'
import { deleteQueue } from '../../store/definitions.ts'
import { nameOf, removal } from '../fields.ts'
import { callbacksOf, openCallbacksIn } from '../callback/callback-named.ts'
import { operation, type StoreParts } from '../operation.ts'
import { mustBeQueues, queueNamed } from './queue-named.ts'

/** A campaign in these states dials nobody again. */
const OVER: ReadonlySet<string> = new Set(['stopped', 'done'])

const namesOf = (all: readonly { readonly name: string }[]): string => all.map(({ name }) => name).join(', ')

export default operation({
  name: 'queue.remove',
  summary: 'removes a queue that no agent or campaign is in; its callers may go to another queue',
  needs: 'stores',
  role: 'administrator',
  positional: ['name'],
  input: z.strictObject({
    name: nameOf('queue'),
    moveTo: described(
      z.string().min(1),
      'callers who wait, promised callbacks, and callers who still ask for the removed queue go to this queue; callers who talk finish their talk',
      '<queue>',
    ).optional(),
    dropCallbacks: described(
      z.boolean(),
      'also when callers wait for a promised callback, which nobody makes then',
    ).default(false),
  }),
  output: removal.extend({
    movedTo: z
      .object({
        queue: z.string(),
        /** Each of them has a place there as soon as the node of the call hears of the removal. */
        waiting: z.number(),
        /** They keep their place in the removed queue until their talk ends. */
        talking: z.number(),
        callbacks: z.number(),
      })
      .optional(),
  }),
  refusals: ['NOT_FOUND', 'IN_USE'],
  changes: true,
  thing: queueNamed,
  async run(parts, { name, moveTo, dropCallbacks }) {
    await mustHaveNoAgents(parts, name)
    await mustHaveNoCampaigns(parts, name)
    if (moveTo !== undefined) return { name, removed: true as const, movedTo: await move(parts, name, moveTo) }

    const { sql, queueStore } = parts
    const every = await queueStore.everyQueue()
    const leading = every.filter(({ movedTo }) => movedTo === name)
    if (leading.length > 0)
      throw new Refusal(
        'IN_USE',
        `the callers of removed queues go to the queue '${name}': ${namesOf(leading)}; remove it with --move-to <queue>, or remove those names first`,
      )
    const sending = every.filter(queue => queue.name !== name && targetQueues(queue).includes(name))
    if (sending.length > 0)
      throw new Refusal(
        'IN_USE',
        `queues send callers to the queue '${name}': ${namesOf(sending)}; remove it with --move-to <queue>, or change their settings first`,
      )
    const promised = await openCallbacksIn(parts, name)
    if (promised.length > 0 && !dropCallbacks)
      throw new Refusal(
        'IN_USE',
        `${promised.length} callers of the queue '${name}' were promised a callback (switchhook queue callbacks ${name}); with --move-to <queue> that queue has the callbacks, with --drop-callbacks nobody calls them`,
      )
    const isEmpty = (await queueStore.members(name)).every(({ callback }) => callback)
    if (isEmpty) for (const { id } of promised) await callbacksOf(parts).cancel(id)
    if (!isEmpty || !(await queueStore.remove(name)))
      throw new Refusal(
        'IN_USE',
        `callers wait or talk in the queue '${name}'; remove it with --move-to <queue>, or when they have left`,
      )
    const wasDefined = await deleteQueue(sql, name)
    if (wasDefined || every.some(queue => queue.name === name)) return { name, removed: true as const }
    throw new NotFoundError(
      'queue',
      name,
      (await queueStore.queues()).map(queue => queue.name),
    )
  },
})

async function move(parts: StoreParts, name: string, to: string) {
  if (to === name)
    throw new FieldFaults([{ field: 'moveTo', message: `'${to}' is the queue that is removed; give another queue` }])
  const { queueStore, clock } = parts
  const [queue] = await mustBeQueues(queueStore, [name, to])
  const callbacks = await openCallbacksIn(parts, name)
  const members = (await queueStore.members(name)).filter(({ callback }) => !callback)
  await moveQueue(parts, queue, to, clock.now())
  const talking = members.filter(({ state }) => state === 'talking').length
  return { queue: to, waiting: members.length - talking, talking, callbacks: callbacks.length }
}

async function mustHaveNoAgents({ roster, clock }: StoreParts, queue: string): Promise<void> {
  const agents = (await roster.list(clock.now())).filter(agent => agent.queues.some(tier => tier.queue === queue))
  if (agents.length > 0)
    throw new Refusal(
      'IN_USE',
      `the queue '${queue}' has agents: ${namesOf(agents)}; give them other queues first: switchhook agent set <name> --queues <names>`,
    )
}

async function mustHaveNoCampaigns({ sql }: StoreParts, queue: string): Promise<void> {
  const dialled = (await campaigns(sql)).filter(one => one.queue === queue && !OVER.has(one.state))
  if (dialled.length > 0)
    throw new Refusal(
      'IN_USE',
      `the queue '${queue}' has campaigns: ${namesOf(dialled)}; stop them, or give them another queue: switchhook campaign set <name> --queue <queue>`,
    )
}
