/** The queries of previews, for growth.test.ts. */
import { randomUUID } from 'node:crypto'
import * as previews from '../../src/store/previews.ts'
import type { Sql } from '../../src/store/sql.ts'
import { NOW } from './large-tables.ts'

const BACK = { how: 'withdrawn', again: null } as const

export const PREVIEW_QUERIES: Readonly<Record<string, (sql: Sql, campaign: string) => Promise<unknown>>> = {
  openPreviews: async (sql, campaign) => {
    await previews.openPreviews(sql, { campaign })
    await previews.openPreviews(sql, { agent: 'a7' })
  },
  sayPreview: sql => previews.sayPreview(sql, randomUUID(), 'call'),
  endPreviews: async sql => {
    await previews.endPreviews(sql, { id: randomUUID(), unsaid: true }, BACK, NOW)
    await previews.endPreviews(sql, { agents: ['a7', 'a8'] }, BACK, NOW)
  },
  whoLooks: sql => previews.whoLooks(sql, 7),
  calledPreviews: sql => previews.calledPreviews(sql, [randomUUID()]),
  previewSums: (sql, campaign) => previews.previewSums(sql, campaign, { from: NOW + 1, to: NOW + 3_600_000 }),
  countPreviews: (sql, campaign) => previews.countPreviews(sql, campaign),
}
