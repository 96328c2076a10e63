/** One lead who is called, and a switch that does not say everything. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import { Switch } from '../../src/call/switchboard.ts'
import { Attempts } from '../../src/campaign/attempt.ts'
import type { Campaign } from '../../src/campaign/campaign.ts'
import type { LeadDesk } from '../../src/campaign/lead.ts'
import type { ApiText } from '../../src/esl/api.ts'
import type { EventLink } from '../../src/esl/events.ts'
import type { Claimed } from '../../src/store/leads.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { Carrier } from '../contract/campaign-carrier.ts'

test('a lead who was busy while the database was away for some seconds was busy, and is not lost', async () => {
  const [clock, carrier] = [new VirtualClock(), new Carrier()]
  carrier.behaviour = () => 'busy'
  const { commands, core } = carrier
  const events = Object.assign(carrier.events, { ask: (text: ApiText) => commands.run(text) }) as unknown as EventLink
  const home = new Switch({ name: 'fs', commands, events, facts: { core, version: '1.10.12', recordings: '/tmp' }, clock, log: silentLog })
  let away = true
  const settled: unknown[] = []
  const settle = async (_: string, end: string) => {
    if (away) throw new Error('PostgreSQL is away')
    settled.push(end)
  }
  const leads = { settle, sql: () => Promise.resolve([]) } as unknown as LeadDesk
  const attempts = new Attempts({ leads, clock, log: silentLog, gateway: 'carrier' })
  const campaign = { id: '1', name: 'spring', flow: 'campaign-leg', ringForMs: 20_000 } as unknown as Campaign
  const placed = attempts.place(home, campaign, { attempt: randomUUID(), phone: '+4917012345' } as Claimed, () => true)
  await clock.advance(7_000)
  away = false
  await clock.advance(1_000)
  assert.deepEqual([await placed, settled], ['busy', ['busy']])
  assert.deepEqual(clock.pending(), [])
})

test('a lead who answered, and whose end nobody could hear, is settled when the switch is heard again', async () => {
  const [clock, carrier] = [new VirtualClock(), new Carrier()]
  carrier.behaviour = () => 'answers'
  const { commands, core } = carrier
  const events = Object.assign(carrier.events, { ask: (text: ApiText) => commands.run(text) }) as unknown as EventLink
  const facts = { core, version: '1.10.12', recordings: '/tmp' }
  const home = new Switch({ name: 'fs', commands, events, facts, clock, log: silentLog })
  const presumed: unknown[] = []
  const leads = { answered: async () => true, presume: async (...said: unknown[]) => void presumed.push(said), sql: () => Promise.resolve([]) }
  const attempts = new Attempts({ leads: leads as unknown as LeadDesk, clock, log: silentLog, gateway: 'carrier' })
  const attempt = randomUUID()
  const campaign = { id: '1', name: 'spring', flow: 'campaign-leg', ringForMs: 20_000 } as unknown as Campaign
  const placed = attempts.place(home, campaign, { attempt, phone: '+4917012345' } as Claimed, () => true)
  await clock.settle()
  assert.equal(await placed, 'answered')
  carrier.events.emit('down', new Error('gone'))
  carrier.legs.clear()
  carrier.events.emit('up', facts)
  await clock.advance(29_000)
  assert.deepEqual(presumed, [])
  await clock.advance(2_000)
  assert.deepEqual(presumed, [[attempt, 'LOST']])
  assert.deepEqual(clock.pending(), [])
})
