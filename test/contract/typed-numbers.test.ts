/** Numbers that people type, and numbers of lists that were imported before anybody told the country. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { country } from '../../src/base/country.ts'
import { silentLog } from '../../src/base/log.ts'
import { CampaignOwner } from '../../src/campaign/campaign-owner.ts'
import { commandCampaign } from '../../src/campaign/campaign-commands.ts'
import type { CallAct } from '../../src/operations/call-act.ts'
import callDial from '../../src/operations/call/dial.ts'
import callList from '../../src/operations/call/list.ts'
import callTransfer from '../../src/operations/call/transfer.ts'
import type { Actor } from '../../src/operations/operation.ts'
import { perform } from '../../src/operations/perform.ts'
import { talkInvite, talkRemove } from '../../src/operations/talk/conference.ts'
import { talkConsult } from '../../src/operations/talk/consult.ts'
import { talkAdd } from '../../src/operations/talk/third-party.ts'
import { openCall } from '../../src/store/calls.ts'
import { leadsOf } from '../../src/store/leads.ts'
import { addLead } from '../add-lead.ts'
import { openDatabase } from '../open-services.ts'
import { openCampaignRig, until } from './campaign-rig.ts'

const NOW = Date.UTC(2026, 2, 2, 9)
const DE = country('DE')
const ann: Actor = { who: 'ann', door: 'command-line', role: 'supervisor' }

test('click-to-dial reaches the number that somebody types as people of the country write it, and the extension 201', async () => {
  const dialled: string[] = []
  const parts = {
    ...{ country: DE, clock: { now: () => NOW }, log: silentLog },
    audit: { begin: async () => ({ end: async () => {} }) },
    node: { dial: async ({ customer }: { customer: string }) => (dialled.push(customer), { uuid: 'x' }) },
  }
  for (const customer of ['030 999888', '+49 (0)30 999888', '201'])
    await perform(callDial, parts as never, { extension: '1001', customer }, ann)
  assert.deepEqual(dialled, ['+4930999888', '+4930999888', '201'])
  await assert.rejects(
    perform(callDial, parts as never, { extension: '1001', customer: '4.9E+11' }, ann),
    /has rounded/,
  )
})

test('a caller is sent to the number that somebody types, and so is whoever joins a talk or is asked about it', async () => {
  const reached: string[] = []
  const reaches = async (_call: string, to: string) => (reached.push(to), 'leg')
  const parts = {
    ...{ country: DE, clock: { now: () => NOW }, log: silentLog },
    audit: { begin: async () => ({ end: async () => {} }) },
    node: {
      act: async (act: CallAct) => (
        reached.push(act.what === 'to-number' || act.what === 'consult-number' ? act.number : act.what),
        true
      ),
      beside: { add: reaches, invite: reaches, remove: reaches },
    },
  }
  const talk = '00000000-0000-4000-8000-000000000001'
  const does = [
    (number: string) => perform(callTransfer, parts as never, { call: talk, number }, ann),
    (number: string) => perform(talkConsult, parts as never, { talk, number }, ann),
    (to: string) => perform(talkAdd, parts as never, { talk, to }, ann),
    (to: string) => perform(talkInvite, parts as never, { talk, to }, ann),
    (to: string) => perform(talkRemove, parts as never, { talk, to }, ann),
  ]
  for (const act of does) for (const typed of ['030/999888', '+49 (0)30 999888', '201']) await act(typed)
  assert.deepEqual(
    reached,
    does.flatMap(() => ['+4930999888', '+4930999888', '201']),
  )
  for (const act of does)
    await assert.rejects(act('030 1234567 / 030 7654321'), { code: 'BAD_INPUT', message: /two numbers/ })
  await perform(talkAdd, parts as never, { talk, to: 'user/1001' }, ann)
  assert.equal(reached.at(-1), 'user/1001')
})

test('the calls of a number are found however it is typed, and however the carrier has sent it', async t => {
  const { sql } = await openDatabase(t)
  const ids = ['+4930999888', '4930999888', '030999888', '+4930999777'].map((from, n) => ({
    ...{ id: `00000000-0000-4000-8000-00000000000${n}`, from, to: '2000', flow: 'welcome', node: 'a', core: null },
    ...{ direction: 'inbound' as const, startedAt: NOW + n },
  }))
  for (const call of ids) await openCall(sql, call)
  const parts = { sql, country: DE, log: silentLog, clock: { now: () => NOW }, audit: null }
  const found = await perform(callList, parts as never, { number: '030 / 999 888' }, ann)
  assert.deepEqual(found.map(call => call.from).toSorted(), ['+4930999888', '030999888', '4930999888'])
})

test('a node that begins to dial a campaign first reads its numbers in the country of the installation', async t => {
  const { sql, node, campaign, carrier, agents } = await openCampaignRig(t)
  await agents(1)
  carrier.behaviour = () => 'rings'
  const spring = await campaign({}, 0)
  await addLead(sql, spring.id, '030999888', NOW)
  const context = await node('a')
  const owner = new CampaignOwner({
    ...{ redis: context.home, context: { ...context, country: DE } },
    nailed: { need: () => ({ [Symbol.dispose]() {} }) },
  })
  t.after(() => owner.close())
  owner.start()
  await until(() => carrier.dialled.length === 1)
  assert.equal(carrier.dialled[0]!.phone, '+4930999888')
  assert.deepEqual(
    (await leadsOf(sql, spring.id, 9)).map(lead => lead.phone),
    ['+4930999888'],
  )
  await commandCampaign({ sql, wakeup: context.wakeup, events: context.events }, 'spring', 'pause', NOW)
  carrier.hangUp(carrier.dialled[0]!.uuid, 'USER_BUSY')
})
