/**
 * Two nodes, agents who look at leads and call or skip them, and a node that dies, or stands still for longer than its
 * lease, at any moment of it: in virtual time, over PostgreSQL, with the composition of production
 * (test/fault/dialling-lab.ts).
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Behaviour } from '#testing'
import { openPreviews, sayPreview } from '../../src/store/previews.ts'
import { DiallingLab, type NodeName } from '../fault/dialling-lab.ts'
import { pick, seeded } from '../fault/links-chance.ts'
import { openDatabase } from '../open-services.ts'

const TRIALS = 8
const AGENTS = 2
const PEOPLE: readonly Behaviour[] = [
  { answers: 'busy' },
  { answers: 'never' },
  { answers: '2s', speaks: 'human', talksFor: '5s' },
  { answers: '1s', speaks: 'machine', talksFor: '20s' },
]
/** A skipped lead is offered again after a minute, and a node starts again within seconds. */
const ENDS_WITHIN_MS = 1_800_000
/** The contacts of a node with the world between its first offer and the end of a short campaign. */
const MOST_CONTACTS = 400

test('whenever the node dies or stands still, every lead at which agents look is called once, and no agent is left waiting', async t => {
  const { address } = await openDatabase(t)
  const random = seeded(7)
  const lab = await DiallingLab.open(address, AGENTS)
  const { clock, agents } = lab.sim
  const seen = { deaths: 0, calls: 0, skips: 0 }
  for (let n = 0; n < TRIALS; n++) {
    const people = Array.from({ length: 3 }, () => pick(random, PEOPLE))
    const campaign = await lab.campaign('preview', people, { calls: { previewTimeMs: 15_000, skipAfterMs: 60_000 } })
    const standsMs = n % 2 === 0 ? null : 7_000 + Math.floor(random() * 60_000)
    const fault = faultAt(lab, 1 + Math.floor(random() * MOST_CONTACTS), standsMs)
    const skipped = new Set<number>()
    const soon = <T>(work: PromiseLike<T>) => clock.runUntil(Promise.resolve(work), 60_000)
    for (const began = clock.now(); !lab.completed.has(campaign.name) || !lab.complete || fault.stands;) {
      assert.ok(clock.now() < began + ENDS_WITHIN_MS, `trial ${n}, contact ${fault.at}: the campaign has no end`)
      await clock.advance(1_000)
      for (const preview of await soon(openPreviews(lab.sql, { campaign: campaign.id }))) {
        if (preview.said !== null || random() < 0.4) continue
        const said = skipped.has(preview.lead) || random() < 0.7 ? 'call' : 'skip'
        if (said === 'skip') skipped.add(preview.lead)
        if (await soon(sayPreview(lab.sql, preview.id, said))) seen[said === 'call' ? 'calls' : 'skips'] += 1
        lab.wakesDialers(campaign.name)
      }
      for (const agent of agents) {
        const { status } = (await lab.sim.roster.get(agent.name, clock.now()))!
        if (status === 'break') await agent.ready()
      }
    }
    fault.over()
    seen.deaths += fault.hasHappened ? 1 : 0
    const where = `trial ${n}, contact ${fault.at}, ${standsMs === null ? 'death' : `stands still for ${standsMs} ms`}`
    const [leads, attempts] = [await lab.leads(campaign.id), await lab.attempts(campaign.id)]
    for (const { phone, state, attempts: counted } of leads) {
      const dials = lab.dials.filter(dial => dial.phone === phone).length
      assert.ok(dials <= 1, `${where}: ${phone} was called ${dials} times`)
      assert.deepEqual([state, counted], ['done', 1], `${where}: ${phone}`)
    }
    for (const { state, phone } of attempts) assert.equal(state, 'ended', `${where}: ${phone}`)
    for (const [uuid, times] of lab.created) assert.equal(times, 1, `${where}: ${uuid}`)
    assert.equal((await soon(openPreviews(lab.sql, { campaign: campaign.id }))).length, 0, where)
    for (const dial of lab.dials)
      assert.ok(
        attempts.some(({ id }) => id === dial.uuid),
        `${where}: a dial without a row`,
      )
  }
  assert.deepEqual(lab.broken, [])
  t.diagnostic(JSON.stringify(seen))
  assert.ok(seen.deaths > TRIALS / 2 && seen.skips > 0, JSON.stringify(seen))
  await lab.close()
})

/** The node that first offers a lead dies at its nth contact after that, or stands still for so long. */
function faultAt(lab: DiallingLab, nth: number, standsMs: number | null) {
  let [victim, contacts, hasHappened, stands]: [string | null, number, boolean, boolean] = [null, 0, false, false]
  lab.tell = contact => {
    if (hasHappened) return 'goes on'
    if (victim === null) {
      const claims = contact.what === 'answered' && /numbered as \(/.test(contact.text)
      if (claims && (contact.value as readonly object[]).length > 0) victim = contact.node
      return 'goes on'
    }
    if (contact.node !== victim || ++contacts < nth) return 'goes on'
    hasHappened = true
    if (standsMs === null) {
      lab.kill(victim)
      return 'lost'
    }
    const node = lab.sim.nodes.get(victim as NodeName)!
    stands = true
    node.suspend()
    lab.sim.clock.after(standsMs, () => {
      stands = false
      node.resume()
    })
    return 'goes on'
  }
  return {
    at: nth,
    get hasHappened() {
      return hasHappened
    },
    get stands() {
      return stands
    },
    over: () => void (lab.tell = () => 'goes on'),
  }
}
