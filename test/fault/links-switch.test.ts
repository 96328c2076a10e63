/** Rows 23 and 29: a thousand calls, and a FreeSWITCH that is unreachable for half a minute, or dead. */
import { flow } from '#flow'
import type { MemoryWire } from '#testing'
import welcome from '../../scripts/welcome.ts'
import type { Person } from '../../src/testing/switch/person.ts'
import { seeded } from './links-chance.ts'
import { inRig, type Rig } from './links-rig.ts'
import { many, row } from './matrix.ts'

const takesCalls = (person: Person) =>
  void person.on('heard', sound => void (sound === 'whisper/press-1' && person.press('1')))
const choosesSupport = (person: Person) =>
  void person.on('heard', sound => void (sound === 'ivr/welcome' && person.press('2')))

interface Crowd {
  readonly callers: Person[]
  arrive(howMany: number): void
}

/** Agents who take every call, and callers: most choose a queue, every fifth stays in an announcement. */
async function crowd({ sim }: Rig, agents: number): Promise<Crowd> {
  for (let number = 0; number < agents; number++) {
    const agent = sim.agent(`agent-${number}`, { wrapUp: '0s' })
    agent.place.behaviour = { answers: '500ms', rings: takesCalls }
    await agent.ready()
  }
  const menu = sim.install('welcome', welcome)
  const talk = sim.install(
    'announcement',
    flow(async call => {
      await call.answer()
      await call.play('long')
    }),
  )
  const callers: Person[] = []
  return {
    callers,
    arrive(howMany) {
      for (let number = 0; number < howMany; number++) {
        const person = sim.switch.world.call({
          from: `+4930${10_000 + callers.length}`,
          to: `switchhook-${callers.length % 5 === 4 ? talk : menu}`,
        })
        choosesSupport(person)
        callers.push(person)
      }
    },
  }
}

const talking = (callers: readonly Person[]) => callers.filter(caller => caller.talksWith !== undefined).length
const there = (callers: readonly Person[]) => callers.filter(caller => caller.state !== 'gone')

/**
 * What Switchhook's state says and is not true. `all`: also ended calls of which FreeSWITCH's last event is still
 * missing.
 */
async function wrong({ sim, node }: Rig, callers: readonly Person[], all = true): Promise<string[]> {
  const found: string[] = []
  const alive = new Map(there(callers).map(caller => [caller.uuid, caller]))
  const talks = new Set(
    sim.agents.filter(agent => agent.place.people.some(person => person.state !== 'gone')).map(agent => agent.name),
  )
  for (const agent of await sim.roster.list(sim.clock.now())) {
    const busy = agent.state === 'talking' || agent.state === 'ringing'
    if (agent.state === 'talking' && !(agent.reservation && alive.get(agent.reservation.for)?.talksWith))
      found.push(`${agent.name} is said to talk`)
    if (!busy && talks.has(agent.name)) found.push(`${agent.name} is on the telephone and said to be ${agent.state}`)
  }
  for (const { name } of await sim.queueStore.queues()) {
    for (const member of await sim.queueStore.members(name))
      if (!alive.has(member.call)) found.push(`${member.call} waits in ${name} and is gone`)
  }
  for (const { uuid, phase } of node.door.legs.values())
    if (!sim.switch.locate(uuid) && (all || phase !== 'ended')) found.push(`${uuid} is ${phase} and gone`)
  if (all)
    for (const uuid of (await sim.callStore.all()).keys())
      if (!alive.has(uuid)) found.push(`${uuid} has a journal and is gone`)
  return found
}

for (const seconds of [3, 60]) {
  row(
    29,
    `the switch dies with a thousand calls and is back after ${seconds} s: every call has its record, every agent is free`,
    { injected: 'SIGKILL of the switch, nothing recovered', quick: seconds === 3 },
    async (_t, told) => {
      const howMany = many(1_000, 100)
      let [free, written] = [NaN, NaN]
      let causes = new Map<string, number>()
      let ghosts: string[] = []
      let late = 0
      const left = await inRig({ sounds: { long: '10m' } }, async rig => {
        const { sim } = rig
        const { callers, arrive } = await crowd(rig, howMany / 10)
        arrive(howMany)
        await sim.until('the agents talk', () => talking(callers) === howMany / 10, '60s')
        await sim.advance('2s')
        const before = there(callers).length
        if (before !== howMany) throw new Error(`only ${before} of ${howMany} callers are there`)
        const diedAt = sim.clock.now()
        sim.switch.kill()
        sim.switch.tracking.end() // it has stored no call
        await sim.clock.advance(seconds * 1_000)
        sim.switch.restart()
        const began = sim.clock.monotonic()
        let idle = false
        const look = async () =>
          (idle = (await sim.roster.list(sim.clock.now())).every(
            agent => agent.state === 'idle' && agent.reservation === null,
          ))
        while (!idle && sim.clock.monotonic() - began < 60_000) {
          await sim.clock.advance(50)
          await look()
        }
        free = sim.clock.monotonic() - began
        while (sim.records.length < howMany && sim.clock.monotonic() - began < 120_000) await sim.clock.advance(50)
        written = sim.clock.monotonic() - began
        causes = new Map(
          [...new Set(sim.records.map(record => record.end.cause))].map(cause => [
            cause,
            sim.records.filter(record => record.end.cause === cause).length,
          ]),
        )
        late = Math.max(...sim.records.map(record => record.endedAt - diedAt))
        if (new Set(sim.records.map(record => record.uuid)).size !== sim.records.length)
          throw new Error('a call has two records')
        await sim.advance('15s')
        ghosts = await wrong(rig, callers)
        // and Switchhook continues
        const seen = callers.length
        arrive(2)
        await sim.until('the next caller talks', () => talking(callers.slice(seen)) > 0, '30s')
        for (const caller of callers.slice(seen)) caller.hangUp()
        await sim.advance('5s')
      })
      told.trials = howMany
      told.is(
        `records: ${[...causes].map(([cause, n]) => `${n} ${cause}`).join(', ')}`,
        causes.get('SWITCH_CRASH') === howMany && causes.size === 1,
      )
      told.is(`agents free ${free} ms after its return`, free < 5_000)
      told.is(`no call ended later than ${Math.round(late)} ms after its death`, late <= seconds * 1_000)
      told.says(`records written after ${written} ms`)
      told.is(`${ghosts.length} ghosts${ghosts.length > 0 ? ` (${ghosts[0]})` : ''}`, ghosts.length === 0)
      told.is(`${left.length} faults${left.length > 0 ? ` (${left[0]!.slice(0, 400)})` : ''}`, left.length === 0)
    },
  )
}

row(
  23,
  'half a minute in which nothing is heard of a thousand calls, of which many end and others begin: everything is right again',
  { injected: 'a hole in both links for 30 s', quick: true },
  async (_t, told) => {
    const howMany = many(1_000, 100)
    const random = seeded(23)
    let right = NaN
    let cpu = NaN
    let found: string[] = []
    let changes = 0
    const left = await inRig({ sounds: { long: '10m' } }, async rig => {
      const { sim, node } = rig
      const at = node.switchboard.switches[0]!
      const { callers, arrive } = await crowd(rig, howMany / 10)
      arrive(howMany)
      await sim.until('the agents talk', () => talking(callers) === howMany / 10, '60s')
      await sim.advance('5s')
      const hole = holeIn(rig)
      for (let second = 0; second < 30; second++) {
        const leave = there(callers).filter(() => random() < 0.015)
        for (const caller of leave) caller.hangUp()
        const agents = sim.agents.filter(agent => agent.place.last?.state === 'up' && random() < 0.02)
        for (const agent of agents) agent.place.last!.hangUp()
        const arriving = Math.floor(random() * (howMany / 60))
        arrive(arriving)
        changes += leave.length + agents.length + arriving
        await sim.advance('1s')
      }
      if (at.up) throw new Error('the links were never lost')
      hole.heal()
      await sim.until('the link is back', () => at.up, '20s')
      const began = sim.clock.monotonic()
      const real = performance.now()
      found = await wrong(rig, callers, false)
      while (found.length > 0 && sim.clock.monotonic() - began < 60_000) {
        await sim.clock.advance(50)
        found = await wrong(rig, callers, false)
      }
      right = sim.clock.monotonic() - began
      cpu = performance.now() - real
      await sim.advance('20s')
      for (const caller of there(callers)) caller.hangUp()
      await sim.advance('20s')
      found = await wrong(rig, callers)
      if (sim.records.length !== callers.length)
        throw new Error(`${sim.records.length} records of ${callers.length} calls`)
    })
    told.trials = howMany
    told.says(`${changes} changes meanwhile`)
    told.is(`right again ${right} ms after the link is back`, right < 2_000)
    told.is(`${found.length} wrong afterwards${found.length > 0 ? ` (${found[0]})` : ''}`, found.length === 0)
    told.says(`${Math.round(cpu)} ms of the machine`)
    told.is(`${left.length} faults${left.length > 0 ? ` (${left[0]!.slice(0, 400)})` : ''}`, left.length === 0)
  },
)

/**
 * Nothing passes the inbound connections in either direction, without an error; new ones are accepted and receive
 * nothing.
 */
function holeIn({ sim }: Rig): { heal(): void } {
  const connect = sim.switch.connect.bind(sim.switch)
  const stop = () => {
    for (const { outbound, wire } of sim.switch.listening) {
      if (outbound) continue
      wire.pause()
      ;(wire as MemoryWire).far.pause()
    }
  }
  sim.switch.connect = () => {
    const wire = connect()
    stop()
    return wire
  }
  stop()
  return {
    heal() {
      sim.switch.connect = connect
      for (const { outbound, wire } of [...sim.switch.listening]) if (!outbound) wire.destroy()
    },
  }
}
