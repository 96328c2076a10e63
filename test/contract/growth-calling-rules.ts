/** The queries of the calling rules that a node asks by itself, for growth.test.ts. */
import { randomUUID } from 'node:crypto'
import * as claims from '../../src/store/claims.ts'
import * as doNotCall from '../../src/store/do-not-call.ts'
import * as holidays from '../../src/store/holidays.ts'
import * as leadNumbers from '../../src/store/lead-numbers.ts'
import * as leads from '../../src/store/leads.ts'
import * as waiting from '../../src/store/waiting-leads.ts'
import type { Sql } from '../../src/store/sql.ts'
import { claimDue } from '../claim-due.ts'

/** Ten minutes after the first lead of the large campaign is due. */
const LATER = Date.UTC(2026, 2, 2, 9, 10)

const NOW = Date.UTC(2026, 2, 2, 8)

export const claimOf = (campaign: string, count: number, now: number) => ({
  campaign,
  node: 'a',
  gateway: 'carrier',
  core: randomUUID(),
  now,
  until: now + 60_000,
  ids: Array.from({ length: count }, () => randomUUID()),
})

export const CALLING_RULES = {
  claimLeads: async (sql, campaign) => {
    await claimDue(sql, claimOf(campaign, 10, LATER))
    const limits = [
      { most: 3, withinMs: 86_400_000 },
      { most: 7, withinMs: 604_800_000 },
    ]
    const dayLimits = [{ place: 1, most: 3 }]
    const given = { ...claimOf(campaign, 10, LATER), limits, dayLimits, abandonedMs: 259_200_000, roundMs: 7_200_000 }
    const promised = [{ lead: 7, id: randomUUID() }]
    await claims.claimLeads(sql, {
      ...given,
      looked: 200,
      places: [0, 1, 2],
      priority: 0,
      order: 'newest',
      callbacks: promised,
    })
    const looks = claimOf(campaign, 5, LATER)
    const agents = new Map(looks.ids.map((id, n) => [id, `b${n}`]))
    const all = { ...given, looked: 10, places: [0], priority: 0, order: 'oldest', callbacks: [] } as const
    await claims.claimLeads(sql, { ...all, ...looks, preview: { agents, until: LATER + 30_000 } })
    await claims.claimLeads(sql, { ...all, ids: [], previewed: looks.ids })
  },
  readyLines: (sql, campaign) => claims.readyLines(sql, campaign),
  readyCallbacks: (sql, campaign) => claims.readyCallbacks(sql, campaign, 500),
  countDue: async (sql, campaign) => {
    const lines = [0, 1, 2].map(place => ({ place, priority: 0 }))
    await claims.countDue(sql, campaign, lines, LATER, 5)
  },
  countDone: (sql, campaign) => leads.countDone(sql, campaign),
  countWaiting: (sql, campaign) => waiting.countWaiting(sql, campaign, NOW, 1_000),
  waitingLeads: async (sql, campaign) => {
    const limits = [{ most: 3, withinMs: 86_400_000 }]
    const rules = { now: NOW, limits, dayLimits: [{ place: 1, most: 3 }], abandonedMs: 259_200_000 }
    await waiting.waitingLeads(sql, campaign, rules, 100)
  },
  nextExpiry: (sql, campaign) => leads.nextExpiry(sql, campaign),
  unplacedLeads: (sql, campaign) => leads.unplacedLeads(sql, campaign, 500),
  placeLeads: sql =>
    sql.begin(tx =>
      leads.placeLeads(
        tx,
        Array.from({ length: 500 }, (_, n) => ({ id: n + 1, place: 'US-NY|America/New_York', otherNumbers: [] })),
      ),
    ),
  numbersOf: sql => leadNumbers.numbersOf(sql, { id: 7, phone: '+491708', place: 0, attempts: 1, currentNumber: 0 }),
  saveNumber: sql =>
    leadNumbers.saveNumber(sql, 7, { position: 1, phone: '+491709', place: 0, attempts: 0, closed: false }),
  countEnds: sql => leadNumbers.countEnds(sql, 7, '+491708', 'busy'),
  holidaysFrom: sql => holidays.holidaysFrom(sql, '2026-01-01'),
  mustNotBeCalled: (sql, campaign) => doNotCall.mustNotBeCalled(sql, campaign, '+491708'),
} satisfies Readonly<Record<string, (sql: Sql, campaign: string) => Promise<unknown>>>
