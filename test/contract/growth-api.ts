/** The queries of the HTTP API, for growth.test.ts. */
import { randomUUID } from 'node:crypto'
import * as keys from '../../src/store/api-keys.ts'
import * as requests from '../../src/store/idempotency-keys.ts'
import { askDatabase } from '../../src/store/installation.ts'
import * as past from '../../src/store/past-floor.ts'
import type { Sql } from '../../src/store/sql.ts'
import { NOW } from './large-tables.ts'

export const API_QUERIES: Readonly<Record<string, (sql: Sql) => Promise<unknown>>> = {
  apiKeyById: sql => keys.apiKeyById(sql, '0123456789abcdef'),
  noteApiKeyUse: sql => keys.noteApiKeyUse(sql, '0123456789abcdef', NOW),
  beginRequest: async sql => {
    const one = { caller: 'crm', key: randomUUID(), request: Buffer.alloc(32), now: NOW }
    await requests.beginRequest(sql, one)
    await requests.beginRequest(sql, one)
  },
  endRequest: sql => requests.endRequest(sql, { caller: 'crm', key: '7' }, { status: 200, answer: {} }),
  forgetRequest: sql => requests.forgetRequest(sql, { caller: 'crm', key: '8' }),
  deleteOldRequests: sql => requests.deleteOldRequests(sql, NOW - 86_400_000),
  askDatabase,
  agentsAt: sql => past.agentsAt(sql, ['a1', 'a2', 'a7'], new Date(NOW - 86_400_000)),
  queuesAt: sql => past.queuesAt(sql, new Date(NOW - 86_400_000)),
}

/** By people only: a key is made, listed and revoked. */
export const API_ON_REQUEST = ['addApiKey', 'apiKeys', 'apiKeyInUse', 'revokeApiKey']
