/**
 * Random histories of callbacks: agents come and go, telephones are busy or answer, nodes die, PostgreSQL is away and
 * places get lost. Whatever happens, no attempt is dialled twice, nobody is called by two, and nobody is forgotten.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate, type Simulation } from '#testing'
import callbackScript from '../../scripts/callback.ts'
import { seededRandom } from '../../src/base/seeded-random.ts'
import type { NodeName } from '../../src/testing/simulation.ts'
import type { SimulatedCallback } from '../../src/testing/simulated-callbacks.ts'
import type { Person } from '../../src/testing/switch/person.ts'
import type { Behaviour, Place } from '../../src/testing/switch/world.ts'

const HISTORIES = Number(process.env['HISTORIES'] ?? 8)
const STEPS = 60
const CUSTOMERS = 5
const ANSWERS = ['1s', '4s', 'busy', 'never', 'declined'] as const

type Chance = () => number
const oneOf = <T>(chance: Chance, all: readonly T[]): T => all[Math.floor(chance() * all.length)]!

/** A person who presses 1 when asked, or not, and hangs up after some time. */
function behaviour(chance: Chance, faults: string[], place: () => Place): Behaviour {
  const presses = chance() < 0.8
  return {
    answers: oneOf(chance, ANSWERS),
    speaks: 'human',
    talksFor: oneOf(chance, ['15s', '60s', '90s'] as const),
    rings(person: Person) {
      const others = place().people.filter(other => other !== person && other.state !== 'gone')
      if (others.length > 0) faults.push(`${person.name} is called by two at once`)
      person.on('heard', what => {
        if (presses && what.endsWith('/press-1')) person.press('1')
      })
    },
  }
}

async function play(sim: Simulation, seed: string): Promise<string[]> {
  const chance = seededRandom(seed)
  const faults: string[] = []
  await sim.until('node a opens', sim.ready)
  await sim.until('node b opens', sim.open('b'))
  await sim.queueStore.put({
    name: 'sales',
    strategy: 'longest-idle-agent',
    callbackOrder: chance() < 0.5 ? 'agent-first' : 'customer-first',
    callbackTries: 4,
    callbackRetryAfter: { other: 20_000 },
    callbackExpiresMs: 7_200_000,
  })
  const agents = ['alice', 'bob'].map(name => sim.agent(name, { wrapUp: '2s', ringFor: '10s' }))
  const customers: SimulatedCallback[] = []
  const change = (place: Place) => (place.behaviour = behaviour(chance, faults, () => place))
  for (let step = 0; step < STEPS; step++) {
    const what = chance()
    if (customers.length < CUSTOMERS && sim.database === 'here' && what < 0.3) {
      const customer = sim.callback(callbackScript, { in: oneOf(chance, ['0s', '0s', '2m'] as const) })
      change(customer.place)
      customers.push(customer)
      await sim.until('it is promised', customer.added)
    } else if (what < 0.45) {
      const agent = oneOf(chance, agents)
      await (chance() < 0.7 ? agent.ready() : agent.logsOut())
    } else if (what < 0.6) change(oneOf(chance, [...agents, ...customers]).place)
    else if (what < 0.68) {
      const [name] = [...sim.nodes.keys()] as [NodeName]
      const other = name === 'a' ? 'b' : 'a'
      if (!sim.nodes.has(other)) await sim.until('a node opens', sim.open(other))
      if (chance() < 0.8) sim.kill(name)
      else await sim.until('a node closes', sim.stop(name))
    } else if (what < 0.73) sim.database = sim.database === 'here' ? 'away' : 'here'
    else if (what < 0.78) {
      for (const { call } of await sim.queueStore.members('sales')) await sim.queueStore.forgetCallback('sales', call)
    }
    await sim.advance(`${Math.ceil(chance() * 20)}s`)
  }
  // from now on all goes well
  sim.database = 'here'
  for (const name of ['a', 'b'] as const)
    if (!sim.nodes.has(name)) await sim.until(`node ${name} opens`, sim.open(name))
  for (const { place } of [...agents, ...customers]) {
    const fine = behaviour(
      () => 0,
      faults,
      () => place,
    )
    place.behaviour = { ...fine, talksFor: '30s' }
  }
  for (const agent of agents) await agent.ready()
  for (const customer of customers) {
    const state = await customer.ends('40m')
    if (state === 'waiting' || state === 'calling') faults.push(`${customer.name} is forgotten: ${state}`)
    const { tries } = await customer.row()
    if (customer.place.rang > tries)
      faults.push(`${customer.name} was rung ${customer.place.rang} times for ${tries} tries`)
    const talks = sim.switch.transcript.filter(
      ({ who, what }) => who === customer.name && what.startsWith('talks with'),
    )
    if (state === 'done' && talks.length === 0) faults.push(`${customer.name} is done and has talked with nobody`)
    if (talks.length > 1) faults.push(`${customer.name} has talked ${talks.length} times`)
  }
  for (const agent of agents) await agent.logsOut()
  await sim.advance('3m')
  const dialled = sim.told('callback.attempted').map(({ uuid }) => uuid)
  const twice = dialled.filter((uuid, at) => dialled.indexOf(uuid) !== at)
  if (twice.length > 0) faults.push(`attempts were dialled twice: ${twice.join(', ')}`)
  if ((await sim.queueStore.members('sales')).length > 0) faults.push('a place is left over')
  return faults
}

test(`in ${HISTORIES} histories no attempt is dialled twice, and no customer is forgotten`, async t => {
  for (let history = 0; history < HISTORIES; history++) {
    const sim = simulate(t, { reconciles: true })
    const faults = await play(sim, `history ${history}`)
    assert.deepEqual(faults, [], `history ${history}:\n${sim.transcript()}`)
  }
})
