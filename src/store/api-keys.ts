/** Queries of the table `api_keys`: who may use the HTTP API. The secret part of a key is never stored. */
import type { Queries } from './sql.ts'

export interface ApiKeyRow {
  /** The public part of the key. */
  readonly id: string
  /** Who uses it. Of the keys in use each has its own name. */
  readonly name: string
  readonly role: string
  /** Telephone numbers are not masked for it. */
  readonly seesNumbers: boolean
  readonly createdAt: Date
  readonly createdBy: string
  /** Null: it does not expire. */
  readonly expiresAt: Date | null
  readonly revokedAt: Date | null
  /** To the minute. Null: never. */
  readonly lastUsedAt: Date | null
}

const columns = (sql: Queries) =>
  sql`id, name, role, sees_numbers as "seesNumbers", created_at as "createdAt", created_by as "createdBy",
    expires_at as "expiresAt", revoked_at as "revokedAt", last_used_at as "lastUsedAt"`

export type NewApiKey = Omit<ApiKeyRow, 'revokedAt' | 'lastUsedAt'> & { readonly hash: Buffer }

/** Rejects with isDuplicate when a key of this name is in use. */
export async function addApiKey(sql: Queries, key: NewApiKey): Promise<void> {
  const { id, name, hash, role, seesNumbers, createdAt, createdBy, expiresAt } = key
  await sql`
    insert into api_keys (id, name, hash, role, sees_numbers, created_at, created_by, expires_at)
    values (${id}, ${name}, ${hash}, ${role}, ${seesNumbers}, ${createdAt}, ${createdBy}, ${expiresAt})`
}

/** In the order of their names, the newest of a name first. */
export const apiKeys = (sql: Queries): Promise<ApiKeyRow[]> =>
  sql<ApiKeyRow[]>`select ${columns(sql)} from api_keys order by name, created_at desc`

/** The key of this name that is in use; null: there is none. */
export async function apiKeyInUse(sql: Queries, name: string): Promise<ApiKeyRow | null> {
  const [row] = await sql<ApiKeyRow[]>`select ${columns(sql)} from api_keys where name = ${name} and revoked_at is null`
  return row ?? null
}

/** With the hash of its secret part, whether it is in use or not. */
export async function apiKeyById(sql: Queries, id: string): Promise<(ApiKeyRow & { readonly hash: Buffer }) | null> {
  const [row] = await sql<
    (ApiKeyRow & { readonly hash: Buffer })[]
  >`select ${columns(sql)}, hash from api_keys where id = ${id}`
  return row ?? null
}

/** False: no key of this name is in use. */
export async function revokeApiKey(sql: Queries, name: string, now: number): Promise<boolean> {
  const rows = await sql`
    update api_keys set revoked_at = ${new Date(now)} where name = ${name} and revoked_at is null returning id`
  return rows.length > 0
}

export async function noteApiKeyUse(sql: Queries, id: string, now: number): Promise<void> {
  await sql`update api_keys set last_used_at = ${new Date(now)} where id = ${id}`
}
