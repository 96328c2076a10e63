/** The queries of gateways and of the routes of attempts, for growth.test.ts. */
import { randomUUID } from 'node:crypto'
import * as gateways from '../../src/store/gateways.ts'
import type { Sql } from '../../src/store/sql.ts'

const NOW = Date.UTC(2026, 2, 2, 9)

export const GATEWAY_QUERIES: Readonly<Record<string, (sql: Sql, campaign: string) => Promise<unknown>>> = {
  gatewayRows: sql => gateways.gatewayRows(sql),
  gatewayNamed: sql => gateways.gatewayNamed(sql, 'carrier'),
  saveGateway: sql => gateways.saveGateway(sql, { name: 'carrier', lines: 9, cps: 9, enabled: true }, NOW),
  deleteGateway: sql => gateways.deleteGateway(sql, 'nothing'),
  campaignsOver: sql => gateways.campaignsOver(sql, 'carrier'),
  leadSoFar: sql => gateways.leadSoFar(sql, 7, NOW),
  routeAttempt: sql => gateways.routeAttempt(sql, randomUUID(), { gateway: 'carrier', callerId: '+4930' }),
  writeGatewayWhy: (sql, campaign) => gateways.writeGatewayWhy(sql, campaign, { words: 'carrier is down', at: NOW }),
}
