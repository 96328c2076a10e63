/** The webhook that an operation names, its settings as input, and its form in answers. */
import { z } from 'zod'
import { NotFoundError } from '../../base/errors.ts'
import { described } from '../../base/parsed.ts'
import { AllowedTargets } from '../../outbox/allowed-target.ts'
import { targetNamed, targets, type TargetRow } from '../../store/event-targets.ts'
import type { Sql } from '../../store/sql.ts'

/** Names of sinks begin with it: they are made by the setting EVENTS_TO. */
const SINK = /^sink\./

export const urlField = described(z.string().max(2_000), 'where events are posted, https://host/path', '<url>')

/** Throws InputError for a URL to which events are never sent. */
export const readTarget = (url: string, allow: readonly string[]): string => new AllowedTargets(allow).read(url).href
export const seesNumbersField = described(z.boolean(), 'its events show telephone numbers')

export const webhookShape = z.object({
  name: z.string(),
  /** Null: a sink of the setting EVENTS_TO. */
  url: z.string().nullable(),
  types: z.array(z.string()),
  seesNumbers: z.boolean(),
  /** gone: its receiver has answered 410, and wants nothing any more. */
  state: z.string(),
  /** The sequence of the last event that it has, or that waits for it in its deliveries. */
  position: z.number(),
  /** Deliveries that failed one after the other; from five on its receiver is taken for down. */
  failures: z.number(),
  nextAt: z.date(),
  error: z.string().nullable(),
  createdAt: z.date(),
  createdBy: z.string(),
})

/** What an audit row shows of a webhook; null without one. */
export const webhookBefore = ({ sql }: { readonly sql: Sql }, { name }: { readonly name: string }) =>
  targetNamed(sql, name)

/** Rejects with NotFoundError, with the names that exist. A sink is found as well. */
export async function findTarget(sql: Sql, name: string): Promise<TargetRow> {
  const found = await targetNamed(sql, name)
  if (found) return found
  throw new NotFoundError(
    'webhook',
    name,
    (await targets(sql)).map(one => one.name),
  )
}

/** Rejects with NotFoundError also for a sink, which the settings alone change. */
export async function findWebhook(sql: Sql, name: string): Promise<TargetRow & { readonly url: string }> {
  const { url, ...found } = await findTarget(sql, name)
  if (url !== null) return { ...found, url }
  throw new NotFoundError(
    'webhook',
    name,
    (await targets(sql)).filter(one => one.url !== null).map(one => one.name),
  )
}

export const isSinkName = (name: string): boolean => SINK.test(name)
