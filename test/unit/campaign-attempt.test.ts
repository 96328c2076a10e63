/** One lead who is called, and a FreeSWITCH that does not send every event. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { SwitchError } from '../../src/base/errors.ts'
import { Emitter } from '../../src/base/emitter.ts'
import { silentLog } from '../../src/base/log.ts'
import { silentEvents } from '../../src/events/events.ts'
import { Switch } from '../../src/switch/switchboard.ts'
import { Attempts } from '../../src/campaign/attempt.ts'
import type { Campaign } from '../../src/campaign/campaign.ts'
import type { Leads } from '../../src/campaign/leads.ts'
import type { ApiText } from '../../src/esl/api.ts'
import type { SwitchEvent } from '../../src/esl/event.ts'
import type { EventLink, LinkFacts } from '../../src/esl/events.ts'
import type { Claimed } from '../../src/store/claims.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { Carrier } from '../contract/campaign-carrier.ts'

test('a lead who was busy while the database was away for some seconds was busy, and is not lost', async () => {
  const [clock, carrier] = [new VirtualClock(), new Carrier()]
  carrier.behaviour = () => 'busy'
  const { commands, core } = carrier
  const events = Object.assign(carrier.events, { ask: (text: ApiText) => commands.run(text) }) as unknown as EventLink
  const home = new Switch({
    name: 'fs',
    commands,
    events,
    facts: { core, version: '1.10.12', recordings: '/tmp' },
    clock,
    log: silentLog,
  })
  let away = true
  const settled: unknown[] = []
  const settle = async (_: string, end: string) => {
    if (away) throw new Error('PostgreSQL is away')
    settled.push(end)
  }
  const leads = { settle, sql: () => Promise.resolve([]) } as unknown as Leads
  const attempts = new Attempts({ leads, clock, log: silentLog, events: silentEvents, gateway: 'carrier' })
  const campaign = { id: '1', name: 'spring', flow: 'campaign-leg', ringForMs: 20_000 } as unknown as Campaign
  const placed = attempts.place(home, campaign, { attempt: randomUUID(), phone: '+4917012345' } as Claimed, {
    may: () => true,
  })
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
  const leads = {
    answered: async () => true,
    presume: async (...said: unknown[]) => void presumed.push(said),
    sql: () => Promise.resolve([]),
  }
  const attempts = new Attempts({
    leads: leads as unknown as Leads,
    clock,
    log: silentLog,
    events: silentEvents,
    gateway: 'carrier',
  })
  const attempt = randomUUID()
  const campaign = { id: '1', name: 'spring', flow: 'campaign-leg', ringForMs: 20_000 } as unknown as Campaign
  const placed = attempts.place(home, campaign, { attempt, phone: '+4917012345' } as Claimed, { may: () => true })
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

/** A lead who rings for 15 s at most, and both links to FreeSWITCH, which are cut one second after the dial. */
async function cutOff() {
  const [clock, carrier] = [new VirtualClock(), new Carrier()]
  carrier.behaviour = () => 'rings'
  const { core } = carrier
  let cut = false
  const run = async (text: ApiText) => {
    if (cut) throw new SwitchError('LINK_DOWN', 'no link')
    return carrier.commands.run(text)
  }
  const events = Object.assign(new Emitter<{ event: SwitchEvent; up: LinkFacts; down: Error }>(), { ask: run })
  carrier.events.on('event', event => cut || events.emit('event', event)) // the events of this time never arrive
  const facts = { core, version: '1.10.12', recordings: '/tmp' }
  const home = new Switch({
    name: 'fs',
    commands: { ...carrier.commands, run },
    events: events as unknown as EventLink,
    facts,
    clock,
    log: silentLog,
  })
  const did: unknown[] = []
  const leads = {
    answered: async () => did.push('answered') > 0,
    wasAnswered: async () => row.answered,
    presume: async (...said: unknown[]) => void did.push(['presume', ...said]),
    settle: async (...said: unknown[]) => void did.push(['settle', ...said]),
    sql: () => Promise.resolve([]),
  }
  const row = { answered: false }
  const attempts = new Attempts({
    leads: leads as unknown as Leads,
    clock,
    log: silentLog,
    events: silentEvents,
    gateway: 'carrier',
  })
  const attempt = randomUUID()
  const campaign = { id: '1', name: 'spring', flow: 'campaign-leg', ringForMs: 15_000 } as unknown as Campaign
  const placed = attempts.place(home, campaign, { attempt, phone: '+4917012345' } as Claimed, { may: () => true })
  await clock.advance(1_000)
  cut = true
  events.emit('down', new Error('gone'))
  await clock.advance(4_000)
  const back = async () => {
    cut = false
    events.emit('up', facts)
    await clock.settle()
  }
  return { clock, carrier, attempt, attempts, placed, did, row, back }
}

test("a lead who answered while the switch could not be asked is nobody's to settle: the flow says how it was", async () => {
  const { clock, carrier, attempt, attempts, placed, did, row, back } = await cutOff()
  carrier.answer(attempt)
  row.answered = true // by the flow, on any node
  await clock.advance(35_000)
  assert.deepEqual([did, attempts.drives(attempt), carrier.legs.has(attempt)], [[], true, true])
  await back()
  assert.equal(await placed, 'answered')
  await clock.advance(300_000)
  assert.deepEqual(did, ['answered'])
  carrier.hangUp(attempt)
  await clock.advance(31_000)
  assert.deepEqual(did, ['answered', ['presume', attempt, 'NORMAL_CLEARING']]) // the flow has had its time
  assert.deepEqual(clock.pending(), [])
})

test('a lead whose call was answered and ended while the switch could not be asked is left to the flow first', async () => {
  const { clock, carrier, attempt, placed, did, row, back } = await cutOff()
  row.answered = true
  carrier.hangUp(attempt)
  await clock.advance(35_000)
  await back()
  assert.equal(await placed, 'answered')
  await clock.advance(29_000)
  assert.deepEqual(did, [])
  await clock.advance(2_000)
  assert.deepEqual(did, [['presume', attempt, 'LOST']])
  assert.deepEqual(clock.pending(), [])
})

test('a lead who never answered while the switch could not be asked is settled when it can be, and not before', async () => {
  const { clock, carrier, attempt, placed, did, back } = await cutOff()
  await clock.advance(20_000)
  carrier.hangUp(attempt, 'NO_ANSWER')
  await clock.advance(15_000)
  assert.deepEqual(did, [])
  await back()
  assert.equal(await placed, 'lost')
  assert.deepEqual(did, [['presume', attempt, 'LOST']])
  assert.deepEqual(clock.pending(), [])
})
