/** The queries of outcomes that a node asks by itself or for an agent, for growth.test.ts. */
import { randomUUID } from 'node:crypto'
import { disposeAttempt } from '../../src/campaign/agent-disposition.ts'
import { refuseAttempt, settleAttempt } from '../../src/campaign/settle-attempt.ts'
import * as answered from '../../src/store/answered-calls.ts'
import * as attempts from '../../src/store/attempts.ts'
import * as campaignSums from '../../src/store/campaign-sums.ts'
import * as campaigns from '../../src/store/campaigns.ts'
import * as dispositions from '../../src/store/dispositions.ts'
import { dialRatio } from '../../src/store/dial-ratio.ts'
import { hangupCauses } from '../../src/store/hangup-causes.ts'
import type { Sql } from '../../src/store/sql.ts'
import { claimDue } from '../claim-due.ts'
import { claimOf } from './growth-calling-rules.ts'
import { NOW } from './large-tables.ts'

const LATER = NOW + 600_000

async function claimed(sql: Sql, campaign: string): Promise<string> {
  return (await claimDue(sql, claimOf(campaign, 1, LATER)))[0]!.attempt
}

export const OUTCOMES = {
  lockAttempt: sql => sql.begin(tx => attempts.lockAttempt(tx, randomUUID())),
  setAgentDisposition: async (sql, campaign) => {
    const attempt = await claimed(sql, campaign)
    await settleAttempt(sql, attempt, 'talked', { agent: 'alice', answeredAt: NOW }, NOW)
    await disposeAttempt(sql, attempt, { disposition: 'callback', agent: 'alice' }, NOW)
  },
  isNewestAttempt: sql => sql.begin(tx => attempts.isNewestAttempt(tx, { id: randomUUID(), lead: 7 })),
  answeredSums: async (sql, campaign) => {
    await answered.answeredSums(sql, campaign, { from: NOW - 30 * 86_400_000 + 1, to: NOW })
    await answered.answeredSums(sql, campaign, { from: NOW - 86_400_000 + 1, to: NOW + 1 })
  },
  answeredEver: (sql, campaign) => answered.answeredEver(sql, campaign),
  ownDispositions: (sql, campaign) => dispositions.ownDispositions(sql, campaign),
  givenDispositions: sql => dispositions.givenDispositions(sql, randomUUID()),
  addGivenDisposition: async (sql, campaign) => {
    const attempt = await claimed(sql, campaign)
    const given = { disposition: 'sale', agent: 'alice', at: new Date(NOW), callAt: null }
    await sql.begin(tx => dispositions.addGivenDisposition(tx, attempt, given))
    await refuseAttempt(sql, attempt, 'GATEWAY_DOWN', LATER, NOW)
  },
  holdCampaign: (sql, campaign) => sql.begin(tx => campaigns.holdCampaign(tx, campaign)),
  resumeCampaign: (sql, campaign) => campaigns.resumeCampaign(sql, campaign),
  campaignNow: (sql, campaign) => campaignSums.campaignNow(sql, campaign, LATER),
  dialRatio: (sql, campaign) => dialRatio(sql, campaign, ['a1', 'a2'], { from: NOW + 1, to: NOW + 3_600_000 }),
  hangupCauses: sql => hangupCauses(sql, NOW + 3_700_000, undefined),
  campaignSums: (sql, campaign) =>
    campaignSums.campaignSums(
      sql,
      campaign,
      { from: NOW + 1, to: NOW + 3_600_000, stepMs: 900_000, now: NOW },
      { connectWithinMs: 2_000, deadlineFrom: 'greeting' },
    ),
} satisfies Readonly<Record<string, (sql: Sql, campaign: string) => Promise<unknown>>>

/** Queries of a person, who waits for the answer. */
export const OUTCOMES_ON_REQUEST = [
  'triesOf',
  'answeredByHour',
  'answeredCalls',
  'treatmentIn',
  'saveOwnDisposition',
  'deleteOwnDisposition',
]
