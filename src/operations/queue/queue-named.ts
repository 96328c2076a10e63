/** The queue that an operation names, and its form in answers. */
import { z } from 'zod'
import { described } from '../../base/parsed.ts'
import { FieldFaults, NotFoundError } from '../../base/errors.ts'
import { inputFields, storedFields } from '../../base/settings.ts'
import { QUEUE_SETTINGS } from '../../queue/settings.ts'
import type { QueueSettings, QueueStore } from '../../queue/store.ts'
import { noStrategy, strategyNames } from '../../queue/strategies.ts'

const strategy = described(
  z.string(),
  `which free agent gets a call first: ${strategyNames().join(', ')}, or one of QUEUE_STRATEGIES`,
  '<strategy>',
)

/** The settings that may be given; those that are not given stay. */
export const queueSettings = { strategy: strategy.optional(), ...inputFields(QUEUE_SETTINGS) }

/** A setting that was not given is absent: it has its default. */
export const queueShape = z.object({ name: z.string(), strategy: z.string(), ...storedFields(QUEUE_SETTINGS) })

/** A team may have strategies of its own, so the names are known only when the settings were read. */
export function mustBeStrategy(name: string): void {
  if (!strategyNames().includes(name)) throw new FieldFaults([{ field: 'strategy', message: noStrategy(name) }])
}

/** The settings of a queue; null when there is none of this name. */
export async function queueNamed(
  { queueStore }: { readonly queueStore: QueueStore },
  { name }: { readonly name: string },
): Promise<QueueSettings | null> {
  return (await queueStore.queues()).find(queue => queue.name === name) ?? null
}

/** The queues of these names, in this order. Rejects with NotFoundError, with the known queues, when one is missing. */
export async function mustBeQueues<Names extends readonly string[]>(
  queueStore: QueueStore,
  names: readonly [...Names],
): Promise<{ [At in keyof Names]: QueueSettings }> {
  const known = new Map((await queueStore.queues()).map(queue => [queue.name, queue]))
  const found = names.map(name => {
    const queue = known.get(name)
    if (!queue) throw new NotFoundError('queue', name, [...known.keys()].sort())
    return queue
  })
  return found as { [At in keyof Names]: QueueSettings }
}
