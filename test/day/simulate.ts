/**
 * A day of a call centre in virtual time: this many callers and agents (the arguments), and a file for what was
 * recorded. Callers come in two waves, give up, are put on hold, and are called back; agents take breaks, miss calls
 * and decline them, and dial customers by themselves; a queue is removed in the first wave, and the node is killed in
 * the second. A separate program, because the asynchronous hooks of node:test would cost more than Switchhook.
 */
import { writeFileSync } from 'node:fs'
import { flow, text } from '#flow'
import { seededRandom } from '../../src/base/seeded-random.ts'
import { ClickToDialler } from '../../src/campaign/click-to-dial.ts'
import { SwitchhookError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { dial, ident } from '../../src/esl/safe-text.ts'
import { Simulation } from '../../src/testing/simulation.ts'
import callback from '../../scripts/callback.ts'
import clickToDial from '../../scripts/click-to-dial.ts'
import type { Person } from '../../src/testing/switch/person.ts'

const [CALLERS, AGENTS, FILE] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]!]
const QUEUES = ['sales', 'support', 'old'] as const
/** So that the agents are busy most of the time, and too few in the waves. */
const DAY_MS = (CALLERS / AGENTS) * 280_000
const REMOVED_AT = DAY_MS * 0.34
const SECOND = 1_000

const chance = seededRandom('a day')
const between = (least: number, most: number) => Math.round(least + chance() * (most - least))
/** Most are short, some are long. */
const about = (mean: number) => Math.round(-Math.log(1 - chance()) * mean)

const serve = flow({ queue: text() }, async (call, { queue }) => {
  await call.answer()
  await using place = await call.enqueue(queue)
  await using _music = await call.music('moh/calm')
  while (true) {
    await using agent = await place.agent({ within: '1m' })
    if (place.exit?.why === 'full') return 'full'
    if (!agent) {
      await place.keepForCallback(call.from)
      return 'callback'
    }
    await using party = await call.dial(agent, {
      before: async leg => (await leg.menu('accept', { 1: 'yes' })) === 'yes',
    })
    if (party.leg && (await call.join(party.leg)) === 'talked') return 'talked'
  }
})

const sim = new Simulation({ sounds: { 'moh/calm': '10m', accept: '1s' }, queues: QUEUES })
const { world } = sim.switch
await sim.until('node a opens', sim.ready)
await sim.queueStore.put({ name: 'support', strategy: 'longest-idle-agent', maxLength: Math.ceil(AGENTS / 2) })

/** A talk that one of the two ends, with a hold in every fifth. */
function talk(person: Person, sounds: () => void): void {
  person.on('talking', other => {
    if (!other) return
    const lasts = 5 * SECOND + about(150 * SECOND)
    if (chance() < 0.2) {
      const leg = person.channel
      sim.clock.after(lasts * 0.4, () => person.state === 'up' && sim.switch.fire('CHANNEL_HOLD', leg))
      sim.clock.after(lasts * 0.7, () => person.state === 'up' && sim.switch.fire('CHANNEL_UNHOLD', leg))
    }
    sim.clock.after(lasts, () => person.state !== 'gone' && sounds())
  })
}

const agents = Array.from({ length: AGENTS }, (_, number) => {
  const queues = number % 3 === 0 ? ['sales'] : number % 3 === 1 ? ['support', 'old'] : ['sales', 'support', 'old']
  const agent = sim.agent(`agent-${number}`, { wrapUp: `${between(0, 40)}s`, queues })
  agent.place.behaviour = {
    answers: '3s',
    rings: person => {
      // one in twelve does not want the call, or is not there
      const mood = chance()
      person.on('heard', sound => {
        if (sound !== 'accept' && sound !== 'whisper/press-1') return
        if (mood < 0.05) sim.clock.after(300, () => person.hangUp())
        else if (mood > 0.08) sim.clock.after(300, () => person.press('1'))
      })
      talk(person, () => person.hangUp())
      person.on('talking', other => other && chance() < 0.08 && transfers(other.channel.uuid))
    },
  }
  return agent
})

/** The agent sends the caller to another extension in the talk, unless it is over by then. */
const transfers = (call: string): void =>
  void sim.clock.after(4 * SECOND, () => {
    const { acts } = sim.nodes.get('a') ?? sim.nodes.get('b')!
    acts.perform({ what: 'transfer', call, extension: 'overflow' }).catch((error: unknown) => {
      if (!(error instanceof SwitchhookError)) throw error
    })
  })

/** Statuses over the day: agents come late, take breaks and go. Written as the command line does. */
const LIMITS_MS = new Map([['coffee', 300 * SECOND]])
const sets = (at: number, name: string, status: 'ready' | 'break' | 'logged-out', reason?: string) =>
  sim.clock.after(
    at,
    () => void sim.roster.setStatus(name, status, sim.clock.now(), reason, LIMITS_MS.get(reason ?? '')),
  )
for (const { name } of agents) {
  const comes = between(0, DAY_MS * 0.05)
  sets(comes, name, 'ready')
  for (const part of [0.3, 0.5, 0.8]) {
    const leaves = comes + DAY_MS * part + between(0, DAY_MS * 0.08)
    sets(leaves, name, 'break', part === 0.5 ? 'lunch' : 'coffee')
    sets(leaves + between(60, 900) * SECOND, name, 'ready')
  }
  sets(DAY_MS + between(600, 1_800) * SECOND, name, 'logged-out')
}

/** An agent presses the button of the CRM. */
async function dials(agent: string, customer: string): Promise<void> {
  const node = sim.nodes.get('a') ?? sim.nodes.get('b')!
  world.at(`sofia/gateway/carrier/${customer}`, { answers: chance() < 0.8 ? '4s' : 'busy', talksFor: '90s' })
  const rows = { open: async () => {}, close: async () => {} }
  const { switchboard, telephones } = node
  const dialler = new ClickToDialler({
    ...{ switchboard, telephones, rows, ringForMs: 20_000, clock: sim.clock, log: silentLog },
  })
  try {
    await dialler.dial({ extension: ident(agent), customer: dial(customer) })
  } catch (error) {
    if (!(error instanceof SwitchhookError) || error.code !== 'NOT_REACHED') throw error
  }
}
sim.install('click-to-dial', clickToDial as never)
sim.install('callback', callback as never)
for (let number = 0; number < CALLERS / 20; number++)
  sim.clock.after(DAY_MS * (0.1 + 0.8 * chance()), () => {
    void dials(agents[Math.floor(chance() * AGENTS)]!.name, `+49401${String(100_000 + number)}`)
  })

const name = sim.install('serve', serve as never)
let gone = 0
for (let number = 0; number < CALLERS; number++) {
  // many at once just before a queue is removed; else in two waves, at a third and at two thirds of the day, or evenly
  const wave = chance() < 0.6 ? (chance() < 0.5 ? 1 / 3 : 2 / 3) : null
  const part = wave === null ? chance() : wave + (chance() + chance() - 1) * 0.2
  const isEarly = number < AGENTS * 2
  sim.clock.after(isEarly ? REMOVED_AT - 2 * SECOND : DAY_MS * part, () => {
    const person = world.call({
      from: `+49301${String(100_000 + (number % Math.ceil(CALLERS * 0.8)))}`, // some call again
      to: `switchhook-${name}`,
      variables: { queue: isEarly ? 'old' : QUEUES[number % QUEUES.length]! },
    })
    person.on('ended', () => gone++)
    let talks = false
    person.on('talking', () => (talks = true))
    talk(person, () => chance() < 0.6 && person.hangUp())
    sim.clock.after(2 * SECOND + about(90 * SECOND), () => !talks && person.state !== 'gone' && person.hangUp())
  })
}
sim.clock.after(REMOVED_AT, () => {
  void sim.queueStore.put({ name: 'old', strategy: 'longest-idle-agent', movedTo: 'support' })
})
sim.clock.after(DAY_MS * 0.65, () => void sim.open('b'))
sim.clock.after(DAY_MS * 0.66, () => sim.kill('a'))
const began = sim.clock.now()
await sim.until('everybody is gone', () => gone === CALLERS, `${DAY_MS + 3 * 3_600_000}ms`)
await sim.advance('1h')
const records = sim.records.map(record => ({ ...record, tags: [] }))
const now = sim.clock.now()
writeFileSync(FILE, JSON.stringify({ began, now, records, states: sim.agentStates }))
await sim.close()
