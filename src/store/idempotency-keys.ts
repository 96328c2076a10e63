/** Queries of the table `idempotency_keys`: requests of the HTTP API that must be done once. */
import type { Json, Queries } from './sql.ts'

export interface KeptRequest {
  readonly request: Buffer
  /** Null: under way, or its node has died during it. */
  readonly status: number | null
  readonly answer: unknown
}

interface KeyOf {
  readonly caller: string
  readonly key: string
}

/** Null: this is the first request with this key, and it is kept now. Else what is known of the first one. */
export async function beginRequest(
  sql: Queries,
  { caller, key, request, now }: KeyOf & { readonly request: Buffer; readonly now: number },
): Promise<KeptRequest | null> {
  const begun = await sql`
    insert into idempotency_keys (caller, key, request, begun_at) values (${caller}, ${key}, ${request}, ${new Date(now)})
    on conflict do nothing returning key`
  if (begun.length > 0) return null
  const [first] = await sql<KeptRequest[]>`
    select request, status, answer from idempotency_keys where caller = ${caller} and key = ${key}`
  return first ?? { request, status: null, answer: null } // deleted in this moment
}

export async function endRequest(
  sql: Queries,
  { caller, key }: KeyOf,
  { status, answer }: { readonly status: number; readonly answer: unknown },
): Promise<void> {
  await sql`
    update idempotency_keys set status = ${status}, answer = ${sql.json(answer as Json)} where caller = ${caller} and key = ${key}`
}

/** Nothing was done: the client may send the request again with the same key. */
export async function forgetRequest(sql: Queries, { caller, key }: KeyOf): Promise<void> {
  await sql`delete from idempotency_keys where caller = ${caller} and key = ${key}`
}

/** Deletes those that began before this time, the oldest 1 000 at most; true: there may be more. */
export async function deleteOldRequests(sql: Queries, before: number): Promise<boolean> {
  const deleted = await sql`
    delete from idempotency_keys where ctid = any(array(
      select ctid from idempotency_keys where begun_at < ${new Date(before)} order by begun_at limit 1000))`
  return deleted.count === 1_000
}
