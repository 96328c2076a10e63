// This code must not compile where it says so. `make check` reads this file: an expected error that does not come is an
// error (@ts-expect-error).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { campaignFlow, choice, flow, integer, text, type Duration, type FlowCall } from '#flow'

const queueEntry = flow({ queue: text(), level: integer({ from: 1, to: 9 }) }, async (call, { queue, level }) => {
  const name: string = queue
  const number: number = level
  // @ts-expect-error a need that was not named is not there
  const missing = (params: { queue: string }) => params.level
  return [call.uuid, name, number, missing]
})
const simple = flow(async call => call.answer())

export const callers = flow({ tone: choice('calm', 'loud') }, async (call, { tone }) => {
  await simple(call)
  await queueEntry(call, { queue: 'sales', level: 1 })
  // @ts-expect-error a flow with needs is not called without them
  await queueEntry(call)
  // @ts-expect-error every need must be given
  await queueEntry(call, { queue: 'sales' })
  // @ts-expect-error a need has a type
  await queueEntry(call, { queue: 'sales', level: 'one' })
  // @ts-expect-error only the words of the choice exist
  if (tone === 'quiet') return
  const answer = await call.menu('ivr/welcome', { 1: 'sales', 2: 'support' })
  // @ts-expect-error a menu gives only its own words, or null
  if (answer === 'operator') return
  // @ts-expect-error a key of a telephone is 0 to 9, * or #
  await call.menu('ivr/welcome', { A: 'sales' })
  // @ts-expect-error a duration has a unit
  await call.menu('ivr/welcome', { 1: 'sales' }, { timeout: 5 })
  // @ts-expect-error a unit that does not exist
  const wrong: Duration = '5 minutes'
  await using place = await call.enqueue('sales', { maxWait: '10m', maxLength: 5, exitKeys: '0', priority: 3 })
  // @ts-expect-error an option that is a duration has a unit
  await call.enqueue('sales', { maxWait: 600 })
  // @ts-expect-error an option that does not exist
  await call.enqueue('sales', { maxWaitMs: 600 })
  // @ts-expect-error only the words of the setting exist
  await call.enqueue('sales', { timeBaseScore: 'answer' })
  // @ts-expect-error a caller leaves a queue for one of its reasons
  if (place.exit?.why === 'bored') return
  await using party = await call.dial('user/1001')
  // @ts-expect-error a party may not have been reached: there may be no leg
  await call.join(party.leg)
  if (party.leg) await call.join(party.leg)
  return wrong
})

export const complete = campaignFlow(async (call, lead) => {
  if ((await call.detect()) === 'machine') return 'machine'
  return (await lead.agent()) ? 'talked' : 'abandoned'
})

// @ts-expect-error a path without a disposition: the lead would stay in 'dialling' for ever
export const forgetful = campaignFlow(async call => {
  if ((await call.detect()) === 'machine') return 'machine'
})

// @ts-expect-error a word that is no disposition
export const inventive = campaignFlow(async () => 'sold')

// @ts-expect-error what only the switch can say is not a flow's to return
export const wrong = campaignFlow(async () => 'busy')

test('flows are functions that carry what they need', () => {
  assert.deepEqual(Object.keys(queueEntry.needs), ['queue', 'level'])
  assert.deepEqual(simple.needs, {})
  const typed: (call: FlowCall) => Promise<unknown> = simple
  assert.equal(typeof typed, 'function')
})
