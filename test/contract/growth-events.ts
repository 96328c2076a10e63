/** The queries of events out, for growth.test.ts. */
import { randomUUID } from 'node:crypto'
import { happening } from '../../src/events/happening.ts'
import * as targets from '../../src/store/event-targets.ts'
import * as events from '../../src/store/events.ts'
import type { Sql } from '../../src/store/sql.ts'
import { MANY, NOW } from './large-tables.ts'

const some = () => Array.from({ length: 50 }, () => happening('campaign.started', { campaign: randomUUID() }, NOW).row)
const turn = { from: MANY - 5, position: MANY - 4, failures: 0, nextAt: NOW, error: null, isGone: false, isBack: true }

export const EVENT_QUERIES: Readonly<Record<string, (sql: Sql) => Promise<unknown>>> = {
  withEvents: sql => events.withEvents(sql, [], async tx => events.hasLateEvents(tx, NOW)),
  stageEvents: sql => sql.begin(tx => events.stageEvents(tx, some())),
  appendEvents: sql => events.appendEvents(sql, some(), { node: 'a', now: NOW + 60_000 }),
  hasLateEvents: sql => events.hasLateEvents(sql, NOW),
  eventsAfter: sql => events.eventsAfter(sql, MANY - 100, 500),
  eventsNumbered: sql => events.eventsNumbered(sql, [1, 2, MANY]),
  eventRange: sql => events.eventRange(sql),
  deleteOldEvents: sql => events.deleteOldEvents(sql, NOW - 99_999_000, 500),
  targetNamed: sql => targets.targetNamed(sql, 'crm'),
  targetSecrets: sql => targets.targetSecrets(sql, 'crm'),
  dueTargets: sql => targets.dueTargets(sql, NOW),
  waitingDeliveries: sql => targets.waitingDeliveries(sql, 'crm', 10_000),
  saveTurn: async sql => {
    const [first] = await targets.waitingDeliveries(sql, 'crm', 1)
    await targets.saveTurn(sql, 'crm', { ...turn, rows: [{ ...first!, state: 'delivered', nextAt: null }] })
  },
  skipDeleted: sql => targets.skipDeleted(sql),
  deleteOldDeliveries: sql => targets.deleteOldDeliveries(sql, NOW - 99_999_000, 500),
  addTarget: sql =>
    targets.addTarget(sql, {
      ...{
        name: 'sink.redis',
        url: null,
        types: [],
        seesNumbers: false,
        secret: null,
        createdBy: 'EVENTS_TO',
        now: NOW,
      },
    }),
}

/** By people only. */
export const EVENTS_ON_REQUEST = [
  'listEvents',
  'lastEventBefore',
  'targets',
  'changeTarget',
  'changeSecret',
  'removeTarget',
  'deliveries',
  'redeliver',
]
