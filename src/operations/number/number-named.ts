/** The rule for a number that an operation names, and its form in answers. */
import { z } from 'zod'
import { described, parsed } from '../../base/parsed.ts'
import { ruleKey, numberPattern, type NumberKey, type NumberRule } from '../../queue/number-rules.ts'
import type { QueueStore } from '../../queue/store.ts'

export const numberField = described(
  parsed(numberPattern),
  "the caller's number, such as +493012345, or its first digits and a star: '+4930*'",
  '<number>',
)

export const queueField = described(
  z.string(),
  'the queue in which the rule counts; default: in every queue',
  '<queue>',
).default('')

export const ruleShape = z.object({
  number: z.string(),
  /** '': every queue. */
  queue: z.string(),
  priority: z.number(),
  blocked: z.boolean(),
  note: z.string(),
})

/** The rule of this number for this queue; null when there is none. */
export async function numberNamed(
  { queueStore }: { readonly queueStore: QueueStore },
  { number, queue }: NumberKey,
): Promise<NumberRule | null> {
  const key = ruleKey({ number, queue })
  return (await queueStore.numberRules()).find(rule => ruleKey(rule) === key) ?? null
}
