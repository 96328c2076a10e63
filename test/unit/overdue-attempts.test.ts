/** Attempts whose node has died, as the next node finds them: whose lead is called again, and whose is not. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import type { Attempts } from '../../src/campaign/attempt.ts'
import type { Campaign } from '../../src/campaign/campaign.ts'
import type { Leads } from '../../src/campaign/leads.ts'
import { OverdueAttempts } from '../../src/campaign/overdue-attempts.ts'
import type { ApiText } from '../../src/esl/api.ts'
import type { EventLink } from '../../src/esl/events.ts'
import type { AttemptRow } from '../../src/store/attempts.ts'
import { Switch, Switchboard } from '../../src/switch/switchboard.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { Carrier } from '../contract/campaign-carrier.ts'

/** A node that has heard of every leg for ten seconds, and these attempts, claimed then by a node that died. */
function rig(states: readonly string[], earlier: readonly object[] = []) {
  const [clock, carrier] = [new VirtualClock(), new Carrier()]
  const events = Object.assign(carrier.events, { ask: (text: ApiText) => carrier.commands.run(text) })
  const home = new Switch({
    ...{ name: 'fs', commands: carrier.commands, events: events as unknown as EventLink, clock, log: silentLog },
    facts: { core: carrier.core, version: '1.10.12', recordings: '/tmp' },
  })
  const switchboard = new Switchboard()
  switchboard.add(home)
  const open: { id: string; row: AttemptRow }[] = []
  const did: (readonly [what: string, id: string, with_: unknown])[] = []
  const says = (what: string) => async (id: string, with_: unknown) => void did.push([what, id, with_])
  const leads = {
    sql: (text: TemplateStringsArray) =>
      Promise.resolve(text.join('').includes('claimed_until <=') ? open.map(({ row }) => row) : earlier),
    ...{ refuse: says('refuse'), presume: says('presume'), stillThere: says('stillThere') },
  }
  const overdue = new OverdueAttempts({
    leads: leads as unknown as Leads,
    attempts: { drives: () => false } as unknown as Attempts,
    switchboard,
    log: silentLog,
  })
  const claim = () => {
    for (const state of states) {
      const id = randomUUID()
      const row = {
        id,
        lead: 1,
        campaign: '1',
        state,
        node: 'dead',
        core: carrier.core,
        intendedAt: new Date(clock.now()),
      }
      open.push({ id, row: row as unknown as AttemptRow })
    }
  }
  const look = () => overdue.run({ id: '1' } as unknown as Campaign, clock.now())
  return { clock, carrier, leads, open, did, claim, look }
}

test('a lead whose node died before it dialled is called again, and the attempt does not count', async () => {
  const { clock, open, did, claim, look } = rig(['intended', 'sent'])
  await clock.advance(10_000)
  claim()
  await clock.advance(60_000)
  await look()
  await look()
  const [never, rang] = open.map(({ id }) => id)
  assert.deepEqual(did.slice(2), [
    ['refuse', never, 'NOT_SENT'],
    ['presume', rang, 'LOST'],
  ])
})

test('a lead whose telephone may have rung is not called again: the node has not heard of every leg, or of this one', async () => {
  const young = rig(['intended'])
  await young.clock.advance(2_000)
  young.claim()
  const rang = rig(['intended'])
  await rang.clock.advance(10_000)
  rang.claim()
  rang.carrier.legs.add(rang.open[0]!.id)
  rang.carrier.hangUp(rang.open[0]!.id, 'USER_BUSY')
  for (const one of [young, rang]) {
    await one.clock.advance(60_000)
    await one.look()
    await one.look()
    assert.deepEqual(one.did.at(-1), ['presume', one.open[0]!.id, 'LOST'])
  }
})

test('a lead whose dial ends the node each time is not dialled for ever', async () => {
  const notSent = { disposition: null, cause: 'NOT_SENT' }
  const { clock, open, did, claim, look } = rig(['intended'], [notSent, notSent, notSent])
  await clock.advance(10_000)
  claim()
  await clock.advance(60_000)
  await look()
  await look()
  assert.deepEqual(did.at(-1), ['presume', open[0]!.id, 'LOST'])
})

test('an attempt that cannot be settled delays no other one, and is looked at once an hour after the third time', async () => {
  const { clock, leads, open, did, claim, look } = rig(['sent', 'sent'])
  const presume = leads.presume
  claim()
  leads.presume = async (id, cause) => {
    if (id === open[0]!.id) throw new Error('PostgreSQL refuses this row')
    await presume(id, cause)
  }
  await clock.advance(60_000)
  for (let n = 0; n < 6; n++) await look()
  const pauses = did.filter(([what, id, forMs]) => what === 'stillThere' && id === open[0]!.id && forMs !== undefined)
  assert.equal(did.filter(([what]) => what === 'presume').length, 3)
  assert.deepEqual(
    pauses.map(([, , forMs]) => forMs),
    [15_000, 15_000, 15_000, 3_600_000, 3_600_000, 3_600_000],
  )
})
