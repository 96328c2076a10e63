/** Who will answer: what a campaign learns of its leads from its own calls, and how far it believes it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../src/base/seeded-random.ts'
import { LeadAnswers, type LeadFacts } from '../../src/campaign/pacing/lead-answers.ts'
import type { PacingState } from '../../src/campaign/pacing/pacer.ts'
import { pacerOf } from '../../src/campaign/pacing/saved-pacer.ts'

const lead = (history: LeadFacts['history'], hour = 18): LeadFacts => ({ hour, weekday: 2, history })

/** `of` calls to such leads, of which every `nth` is answered. */
function call(leads: LeadAnswers, facts: LeadFacts, of: number, nth: number): void {
  for (let n = 0; n < of; n++) {
    leads.dialled(`${n}`, facts, n)
    leads.over(`${n}`, n % nth === 0)
  }
}

const callsWith = (leads: LeadAnswers, history: LeadFacts['history']): number =>
  leads.learned.features.find(({ feature }) => feature === 'history')!.classes.find(({ name }) => name === history)
    ?.calls ?? 0

test('before the first call every lead is as likely to answer as any other', () => {
  const leads = new LeadAnswers()
  assert.equal(leads.chanceOf(lead('answered')), leads.chanceOf(lead('unanswered-often', 9)))
})

test('people who answered before answer more often than those who never do', () => {
  const leads = new LeadAnswers()
  for (let round = 0; round < 40; round++) {
    call(leads, lead('answered'), 10, 2)
    call(leads, lead('unanswered'), 10, 10)
  }
  assert.ok(Math.abs(leads.chanceOf(lead('answered')) - 0.5) < 0.08, `${leads.chanceOf(lead('answered'))}`)
  assert.ok(Math.abs(leads.chanceOf(lead('unanswered')) - 0.1) < 0.05, `${leads.chanceOf(lead('unanswered'))}`)
})

test('refused calls end first: while the others ring, nobody looks worse', () => {
  const leads = new LeadAnswers()
  for (let n = 0; n < 100; n++) leads.dialled(`${n}`, lead(n % 2 === 0 ? 'new' : 'answered'), n)
  const before = leads.chanceOf(lead('new'))
  for (let n = 1; n < 100; n += 2) leads.over(`${n}`, false)
  assert.equal(leads.chanceOf(lead('new')), before)
  for (let n = 0; n < 100; n += 2) leads.over(`${n}`, true)
  assert.ok(leads.chanceOf(lead('new')) > leads.chanceOf(lead('answered')) + 0.2, 'when all are over, it counts')
})

test('ten calls do not make a law: a class with few calls stays near the rate of the campaign', () => {
  const leads = new LeadAnswers()
  call(leads, lead('new'), 400, 4)
  call(leads, lead('answered'), 10, 1)
  const chance = leads.chanceOf(lead('answered'))
  assert.ok(chance > leads.chanceOf(lead('new')) && chance < 0.5, `${chance} after ten answers of ten`)
  assert.ok(callsWith(leads, 'answered') < 15, 'and it says how few they are')
})

test('an hour in which people are at home raises the chance of every kind of lead', () => {
  const leads = new LeadAnswers()
  for (let round = 0; round < 30; round++) {
    call(leads, lead('new', 10), 10, 10)
    call(leads, lead('new', 19), 10, 2)
  }
  assert.ok(leads.chanceOf(lead('machine', 19)) > leads.chanceOf(lead('machine', 10)) + 0.1, 'a history without calls')
})

test('what was learned survives a restart, and a record that cannot be read counts as none', () => {
  const leads = new LeadAnswers()
  call(leads, lead('answered'), 100, 2)
  call(leads, lead('busy'), 100, 5)
  for (const history of ['answered', 'busy', 'new'] as const)
    assert.equal(new LeadAnswers(leads.saved).chanceOf(lead(history)), leads.chanceOf(lead(history)))
  const newer = new LeadAnswers(JSON.stringify({ ...(JSON.parse(leads.saved) as object), v: 99 }))
  assert.equal(newer.chanceOf(lead('busy')), new LeadAnswers().chanceOf(lead('busy')))
})

test('a call that rang nowhere teaches nothing, and the calls behind it are learned', () => {
  const leads = new LeadAnswers()
  leads.dialled('nowhere', lead('busy'), 1)
  leads.dialled('rings', lead('new'), 2)
  leads.over('rings', true)
  assert.equal(leads.learnedTo, 0, 'it waits for the call before it')
  leads.neverMade('nowhere')
  assert.equal(leads.learnedTo, 2)
  assert.deepEqual([callsWith(leads, 'busy') > 0, callsWith(leads, 'new') > 0], [false, true])
})

test('it tells what it has learned, and what it does not use because chance explains it', () => {
  assert.deepEqual(
    new LeadAnswers().learned,
    {
      calls: 0,
      rate: null,
      features: ['hour', 'weekday', 'history'].map(feature => ({ feature, differs: false, classes: [] })),
    },
    'nothing yet',
  )
  const leads = new LeadAnswers()
  for (let round = 0; round < 30; round++) {
    call(leads, lead('new', 10), 10, 10)
    call(leads, lead('new', 19), 10, 2)
  }
  const { calls, rate, features } = leads.learned
  assert.equal(calls, 591, '600, of which the first ones count a little less')
  assert.ok(Math.abs(rate! - 0.3) < 0.01)
  const [hour, weekday, history] = features
  assert.deepEqual([hour!.differs, weekday!.differs, history!.differs], [true, false, false])
  const [morning, evening] = hour!.classes
  assert.deepEqual([morning!.name, evening!.name], ['10', '19'])
  assert.ok(morning!.chance < 0.15 && evening!.chance > 0.4, `${morning!.chance} ${evening!.chance}`)
  assert.ok(Math.abs(history!.classes[0]!.chance - rate!) < 0.02, 'a class of a feature that is not used is as all')
})

test('calls of one moment are learned together: no call is learned twice after a restart, and none is left out', () => {
  const leads = new LeadAnswers()
  for (const name of ['a', 'b', 'c']) leads.dialled(name, lead('new'), name === 'c' ? 2_000 : 1_000)
  leads.over('a', true)
  leads.over('c', true)
  assert.equal(leads.learnedTo, 0)
  assert.deepEqual(leads.openBefore(2_000), ['b'])
  assert.ok(leads.chanceOfCall('b')! > 0 && leads.chanceOfCall('c') === undefined, 'one of them is under way')
  leads.over('b', false)
  assert.equal(leads.learnedTo, 2_000)
  assert.equal(new LeadAnswers(leads.saved).learnedTo, 2_000)
})

test('where nothing tells the leads apart, the model says about the same of all', () => {
  const leads = new LeadAnswers()
  const random = seededRandom('a list of equal people')
  const kinds = ['new', 'answered', 'machine', 'busy', 'unanswered', 'unanswered-often'] as const
  const chances: number[] = []
  for (let n = 0; n < 6_000; n++) {
    const of = { hour: 9 + (n % 3), weekday: n % 5, history: kinds[Math.floor(random() * 6)]! }
    if (n >= 500) chances.push(leads.chanceOf(of))
    leads.dialled(`${n}`, of, n)
    leads.over(`${n}`, random() < 0.3)
  }
  const mean = chances.reduce((sum, chance) => sum + chance, 0) / chances.length
  const spread = Math.sqrt(chances.reduce((sum, chance) => sum + (chance - mean) ** 2, 0) / chances.length)
  assert.ok(spread < 0.02, `a standard deviation of ${spread} around ${mean}`)
})

test('a record of this version has no more than its classes, whatever was written into it', () => {
  const leads = new LeadAnswers()
  call(leads, lead('busy'), 30, 3)
  const record = JSON.parse(leads.saved) as { classes: Record<string, unknown> }
  for (let n = 0; n < 5_000; n++) record.classes[`of a newer node ${n}`] = { expected: 1, answered: 1 }
  const { classes } = JSON.parse(new LeadAnswers(JSON.stringify(record)).saved) as typeof record
  assert.deepEqual(Object.keys(classes).sort(), ['history busy', 'hour 18', 'weekday 2'])
})

test('of leads who are likely to answer, fewer are called', () => {
  const agents = Array.from({ length: 20 }, (_, n) => ({
    id: `a${n}`,
    state: 'free' as const,
    since: 0,
    leaving: false,
  }))
  const wants = (chance: number, first = 0.3) => {
    const pacer = pacerOf({ mode: 'predictive' })
    const known: PacingState = {
      now: 10_000,
      agents: [],
      calls: [],
      policy: { target: 0.03, connectWithinMs: 2_000, clock: 'answer', endsAt: null },
      budget: { live: 0, abandoned: 0 },
    }
    // the first call of the campaign says what an average lead is
    pacer.onEvent({ type: 'dialled', call: 'first', at: 0, pAnswer: first })
    pacer.onEvent({ type: 'ended', call: 'first', at: 9_000 })
    return pacer.decide({ ...known, agents, nextLeads: Array.from({ length: 400 }, () => chance) }).howMany
  }
  assert.ok(wants(0.5) < wants(0.3) && wants(0.3) < wants(0.15), `${wants(0.5)}, ${wants(0.3)}, ${wants(0.15)}`)
  // far too many were dialled when the first lead was one who nearly always answers, and was taken for the average
  assert.ok(wants(0.3, 0.9) < 1.25 * wants(0.3), `${wants(0.3, 0.9)} after a first lead who is sure to answer`)
})
