/** The callback that an operation names, and its form in answers. */
import { z } from 'zod'
import { described } from '../../base/parsed.ts'
import { FieldFaults, NotFoundError, Refusal } from '../../base/errors.ts'
import { sqlCallbacks } from '../../queue/callbacks/callback-table.ts'
import { Callbacks } from '../../queue/callbacks/callbacks.ts'
import type { Callback } from '../../queue/callbacks/callback.ts'
import { CALLBACK_STATES } from '../../store/callbacks.ts'
import type { Sql } from '../../store/sql.ts'
import type { StoreParts } from '../operation.ts'

export const callbackShape = z.object({
  id: z.string(),
  queue: z.string(),
  number: z.string(),
  agent: z.string().nullable(),
  state: z.enum(CALLBACK_STATES),
  /** Since when it has its place in the queue, or for when it is scheduled. All times: ms since the epoch. */
  joinedAt: z.number(),
  dueAt: z.number(),
  expiresAt: z.number(),
  tries: z.number(),
  outcome: z.string().nullable(),
  answeredBy: z.string().nullable(),
  createdAt: z.number(),
  endedAt: z.number().nullable(),
})

export const callbackId = described(z.uuid(), 'the id of the callback: switchhook callback list')

/** For `thing` of an operation: the callback in the form of answers; null when there is none. */
export async function callbackNamed(
  { sql }: { readonly sql: Sql },
  { id }: { readonly id: string },
): Promise<Callback | null> {
  return sqlCallbacks(sql).withId(id)
}

export const callbacksOf = ({ sql, queueStore, clock, events, country }: StoreParts): Callbacks =>
  new Callbacks({ table: sqlCallbacks(sql), queueStore, clock, events, country })

/** The callbacks of a queue that are not over; requests that have no row yet, because no node runs, get it here. */
export async function openCallbacksIn(parts: StoreParts, queue: string): Promise<Callback[]> {
  const callbacks = callbacksOf(parts)
  await callbacks.adopt([await callbacks.queueOf({ queue })])
  return callbacks.table.openOf(queue)
}

/** Rejects with NotFoundError. */
export async function mustBeCallback(callbacks: Callbacks, id: string): Promise<Callback> {
  const found = await callbacks.table.withId(id)
  if (!found) throw new NotFoundError('callback', id, null)
  return found
}

/** Only one that waits can be changed. Rejects with NotFoundError or with the refusal IN_USE. */
export async function mustWait(callbacks: Callbacks, id: string): Promise<never> {
  const { state } = await mustBeCallback(callbacks, id)
  const why = state === 'calling' ? 'is being called now' : `is over: ${state}`
  throw new Refusal('IN_USE', `the callback ${id} ${why}; only one that waits can be changed`)
}

type Cursor = Pick<Callback, 'createdAt' | 'id'>

export const writeCursor = ({ createdAt, id }: Cursor): string => `${createdAt}.${id}`

/** Throws FieldFaults for a text that is no cursor of ours. */
export function readCursor(text: string | undefined): Cursor | undefined {
  if (text === undefined) return undefined
  const [, createdAt, id] = /^(\d{1,15})\.([0-9a-f-]{36})$/.exec(text) ?? []
  if (createdAt !== undefined && id !== undefined) return { createdAt: Number(createdAt), id }
  throw new FieldFaults([{ field: 'after', message: `'${text}' is no cursor; give \`next\` of the page before` }])
}
