/** The queue that an operation names, and its form in answers. */
import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { STRATEGIES, type QueueSettings, type QueueStore } from '../../queue/store.ts'
import { described } from '../fields.ts'

export const strategy = described(
  z.enum(STRATEGIES, { error: ({ input }) => `'${String(input)}' is no strategy; allowed: ${STRATEGIES.join(', ')}` }),
  `which free agent gets a call first: ${STRATEGIES.join(', ')}`,
  '<strategy>',
)

export const queueShape = z.object({ name: z.string(), strategy: z.string() })

/** The settings of a queue; null when there is none of this name. */
export async function queueNamed(
  { queueStore }: { readonly queueStore: QueueStore },
  { name }: { readonly name: string },
): Promise<QueueSettings | null> {
  return (await queueStore.queues()).find(queue => queue.name === name) ?? null
}

/** Rejects with NotFoundError, with the known queues, when one of `names` does not exist. */
export async function mustBeQueues(queueStore: QueueStore, names: readonly string[]): Promise<void> {
  const known = (await queueStore.queues()).map(queue => queue.name).sort()
  const missing = names.find(name => !known.includes(name))
  if (missing !== undefined) throw new NotFoundError('queue', missing, known)
}
