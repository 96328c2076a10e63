/** Why a lead is not dialled: every rule by its name, and until when it holds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { campaignFrom, type Campaign } from '../../src/campaign/campaign.ts'
import { whyNotDialled, type LeadFacts } from '../../src/campaign/why-lead.ts'
import type { HeldLead } from '../../src/store/leads.ts'

const NOW = Date.UTC(2026, 10, 30, 15)
const HOUR = 3_600_000
const when = (ms: number) => new Date(NOW + ms)

const CAMPAIGN: Campaign = {
  ...campaignFrom({ name: 'spring', queue: 'sales' }),
  ...{
    id: 'c',
    state: 'running',
    switches: null,
    createdAt: when(0),
    startedAt: when(0),
    endedAt: null,
    gatewayWhy: null,
  },
}
const LEAD: HeldLead = {
  ...{ id: 7, phone: '+12125550100', fields: {}, state: 'ready', attempts: 0, nextAt: when(-1), disposition: null },
  ...{ currentNumber: 0, place: 3, callbackAt: null, callbackFor: null, claimedUntil: null, claimedBy: null, key: '|' },
  ...{ priority: 0, removedAt: null },
}
const FREE: LeadFacts = {
  campaign: CAMPAIGN,
  lead: LEAD,
  number: { position: 0, phone: LEAD.phone, place: 3, attempts: 0, closed: false },
  hours: { open: true, until: null, closedBy: [] },
  calls: [],
  entries: [],
  limits: [],
  abandonedMs: 72 * HOUR,
  preview: null,
  now: NOW,
}
const lead = (more: Partial<HeldLead>) => whyNotDialled({ ...FREE, lead: { ...LEAD, ...more } })
const call = (ago: number, disposition: string | null = 'busy', of = 8) => ({
  ...{ lead: of, state: disposition === null ? ('ringing' as const) : ('ended' as const), disposition },
  ...{ intendedAt: when(-ago), endedAt: disposition === null ? null : when(-ago + 30_000) },
})

test('a lead whom nothing holds back waits for its turn only', () => {
  assert.deepEqual(whyNotDialled(FREE), [])
})

test('each rule that holds a lead back is named, with the moment at which it ends', () => {
  assert.deepEqual(whyNotDialled({ ...FREE, campaign: { ...CAMPAIGN, state: 'paused' } }), [
    { why: 'campaign-state', until: null, what: 'paused' },
  ])
  assert.deepEqual(lead({ state: 'done', disposition: 'talked' }), [{ why: 'done', until: null, what: 'talked' }])
  assert.deepEqual(lead({ state: 'done', removedAt: when(0) }), [{ why: 'removed', until: null, what: '2026-11-30' }])
  assert.deepEqual(lead({ state: 'claimed', claimedUntil: when(60_000), claimedBy: 'node-a' }), [
    { why: 'claimed', until: NOW + 60_000, what: 'node-a' },
  ])
  assert.deepEqual(lead({ nextAt: when(HOUR), disposition: 'busy' }), [
    { why: 'retry', until: NOW + HOUR, what: 'busy' },
  ])
  const hours = { open: false, until: NOW + HOUR, closedBy: ['the hours of us in America/New_York'] }
  assert.deepEqual(whyNotDialled({ ...FREE, hours }), [
    { why: 'hours', until: NOW + HOUR, what: 'the hours of us in America/New_York' },
  ])
  const entries = [{ number: '+1212', prefix: true, campaign: null, source: 'registry', note: 'May', at: when(0) }]
  assert.deepEqual(whyNotDialled({ ...FREE, entries }), [
    { why: 'do-not-call', until: null, what: '+1212* (registry: May)' },
  ])
})

test('a callback waits for its time, then for its agent, then for nobody', () => {
  const at = (ms: number) => lead({ callbackAt: when(ms), nextAt: when(ms), callbackFor: 'bea' })
  assert.deepEqual(at(HOUR), [{ why: 'callback', until: NOW + HOUR, what: 'bea' }])
  assert.deepEqual(at(-60_000), [{ why: 'callback-agent', until: NOW + 840_000, what: 'bea' }])
  assert.deepEqual(at(-900_000), [])
})

test('the calls to a number hold it back: a limit, an abandoned person, a call of another campaign', () => {
  const limits = [{ most: 2, withinMs: 24 * HOUR }]
  const calls = [call(HOUR), call(5 * HOUR), call(30 * HOUR)]
  assert.deepEqual(whyNotDialled({ ...FREE, limits, calls }), [
    { why: 'limit', until: NOW + 19 * HOUR, what: '2 calls to +12125550100' },
  ])
  const refused = { ...call(HOUR), disposition: null }
  assert.deepEqual(whyNotDialled({ ...FREE, limits, calls: [refused, call(5 * HOUR), call(30 * HOUR)] }), [])
  assert.deepEqual(whyNotDialled({ ...FREE, calls: [call(HOUR, 'abandoned')] }), [
    { why: 'abandoned', until: NOW + 71 * HOUR + 30_000, what: LEAD.phone },
  ])
  assert.deepEqual(whyNotDialled({ ...FREE, calls: [call(1_000, null)] }), [
    { why: 'called-now', until: null, what: LEAD.phone },
  ])
  assert.deepEqual(whyNotDialled({ ...FREE, calls: [call(1_000, null, LEAD.id)] }), [], 'its own call is no other')
})

test('several rules at once are all told', () => {
  const reasons = whyNotDialled({
    ...FREE,
    campaign: { ...CAMPAIGN, state: 'stopped' },
    lead: { ...LEAD, nextAt: when(HOUR) },
    number: { ...FREE.number, closed: true },
  })
  assert.deepEqual(
    reasons.map(({ why }) => why),
    ['campaign-state', 'retry', 'number-closed'],
  )
})
