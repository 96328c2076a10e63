/** Rows 17, 18 and 34: ends without an event, legs that are connected twice, and channels that do not exist. */
import { flow } from '#flow'
import { memoryPair } from '#testing'
import queueEntry from '../../scripts/queue-entry.ts'
import welcome from '../../scripts/welcome.ts'
import type { AnyFlow } from '../../src/flow/catalogue.ts'
import { Listener } from '../../src/testing/switch/listener.ts'
import type { Person } from '../../src/testing/switch/person.ts'
import { seeded } from './links-chance.ts'
import { inRig, type Rig } from './links-rig.ts'
import { many, percentile, row, spread } from './matrix.ts'

const takesCalls = (person: Person) =>
  void person.on('heard', sound => void (sound === 'whisper/press-1' && person.press('1')))
const choosesSupport = (person: Person) =>
  void person.on('heard', sound => void (sound === 'ivr/welcome' && person.press('2')))

/** This many agents who take every call. */
async function agents(sim: Rig['sim'], howMany: number): Promise<void> {
  for (let number = 0; number < howMany; number++) {
    const agent = sim.agent(`agent-${number}`, { wrapUp: '0s', answers: '500ms' })
    agent.place.behaviour = { answers: '500ms', rings: takesCalls }
    await agent.ready()
  }
}

/**
 * Callers who hang up anywhere between the menu and the end of the talk, while FreeSWITCH withholds such events.
 * Milliseconds until each record.
 */
async function unheard(howMany: number, withheld: readonly string[]): Promise<{ took: number[]; left: string[] }> {
  const took: number[] = []
  const left = await inRig({}, async ({ sim }) => {
    await agents(sim, 6)
    sim.switch.faults.withhold(event => withheld.includes(event.name))
    const random = seeded(17)
    const name = sim.install('welcome', welcome)
    for (let number = 0; number < howMany; number++) {
      const person = sim.switch.world.call({ from: `+4930123${5_000 + number}`, to: `switchhook-${name}` })
      choosesSupport(person)
      await sim.clock.advance(Math.floor(random() * 12_000)) // in the menu, in the queue, while it rings, in the talk
      person.hangUp()
      const began = sim.clock.monotonic()
      await sim.until('the record of the call', () => sim.records.some(record => record.uuid === person.uuid), '60s')
      took.push(sim.clock.monotonic() - began)
    }
    await sim.advance('15s')
    if (sim.records.length !== howMany) throw new Error(`${sim.records.length} records of ${howMany} calls`)
  })
  return { took, left }
}

row(
  17,
  'a call whose HANGUP_COMPLETE never comes is over and written down',
  { injected: 'no CHANNEL_HANGUP_COMPLETE', quick: true },
  async (_t, told) => {
    told.trials = many(200, 24)
    const { took, left } = await unheard(told.trials, ['CHANNEL_HANGUP_COMPLETE'])
    told.is(`${took.length} records, ${spread(took)}`, took.length === told.trials && percentile(took, 100) <= 15_000)
    told.is(`${left.length} faults${left.length > 0 ? ` (${left[0]})` : ''}`, left.length === 0)
  },
)

row(
  null,
  'a call whose end is told by no event at all is found to be over',
  { injected: 'no CHANNEL_HANGUP, no CHANNEL_HANGUP_COMPLETE', quick: true },
  async (_t, told) => {
    told.trials = many(200, 12)
    const { took, left } = await unheard(told.trials, ['CHANNEL_HANGUP', 'CHANNEL_HANGUP_COMPLETE'])
    // reconciliation runs every 30 s
    told.is(`${took.length} records, ${spread(took)}`, took.length === told.trials && percentile(took, 100) <= 45_000)
    told.is(`${left.length} faults${left.length > 0 ? ` (${left[0]})` : ''}`, left.length === 0)
  },
)

row(
  18,
  'a leg that comes to the door twice has one flow',
  { injected: 'a second connection for the same uuid', quick: true },
  async (_t, told) => {
    let trials = 0
    const flows: number[] = []
    const left = await inRig({}, async ({ sim, node }) => {
      let begun = 0
      const name = sim.install(
        'counted',
        flow(async call => {
          begun++
          await call.answer()
          for (let sound = 0; sound < 5; sound++) await call.play(`sound-${sound}`)
          return 'through'
        }),
      )
      for (let at = 0; at < 12_000; at += many(50, 1_000)) {
        trials++
        begun = 0
        const person = sim.switch.world.call({ from: '+49301234', to: `switchhook-${name}` })
        await sim.clock.advance(at)
        const again = at % 3 // once more, twice more in one moment, or while the first is being accepted
        for (let copy = 0; copy <= again; copy++) attach(sim, person)
        await sim.until('the call ends', () => person.state === 'gone', '60s')
        await sim.advance('8s')
        flows.push(begun)
        const records = sim.records.filter(record => record.uuid === person.uuid)
        if (records.length !== 1) throw new Error(`${records.length} records after a second connection at ${at} ms`)
        if (node.flows.running > 0)
          throw new Error(`${node.flows.running} flows still run after a second connection at ${at} ms`)
      }
    })
    told.trials = trials
    told.is(
      `${flows.filter(begun => begun !== 1).length} calls with another number of flows than one`,
      flows.length === trials && flows.every(begun => begun === 1),
    )
    told.is(`${left.length} faults${left.length > 0 ? ` (${left[0]!.slice(0, 300)})` : ''}`, left.length === 0)
  },
)

/** FreeSWITCH connects once more for a leg that is already driven. */
function attach(sim: Rig['sim'], person: Person): void {
  if (person.channel.down) return
  const [ours, theirs] = memoryPair()
  void new Listener(sim.switch, ours, '127.0.0.1:8084', person.channel, true)
  sim.switch.listeners.get('127.0.0.1:8084')!(theirs)
}

for (const who of ['agent', 'caller'] as const) {
  row(
    34,
    `the ${who}'s leg becomes a channel that is listed and does not exist: the agent is free again`,
    { injected: 'a zombie, while it rings, in the whisper, in the talk', quick: true },
    async (_t, told) => {
      const freed: number[] = []
      let warnings = 0
      const howMany = many(48, 4)
      const left = await inRig({}, async ({ sim, warned }) => {
        const alice = sim.agent('alice', { wrapUp: '0s' })
        alice.place.behaviour = {
          answers: '2s',
          rings: person =>
            void person.on(
              'heard',
              sound => void (sound === 'whisper/press-1' && sim.clock.after(2_000, () => person.press('1'))),
            ),
        }
        await alice.ready()
        const name = sim.install('entry', queueEntry as unknown as AnyFlow)
        for (let number = 0; number < howMany; number++) {
          const caller = sim.switch.world.call({
            from: '+49301234',
            to: `switchhook-${name}`,
            variables: { queue: 'support' },
          })
          await alice.rings()
          await sim.clock.advance((number * many(250, 2_900)) % 12_000) // rings 2 s, hears the whisper for 6 s, talks
          const zombie = who === 'agent' ? alice.place.last!.uuid : caller.uuid
          sim.switch.zombify(zombie)
          const began = sim.clock.monotonic()
          // else she is offered to the same caller at once
          const logsOut = who === 'agent' ? alice.logsOut() : undefined
          await logsOut
          await alice.becomes('idle', '10m')
          freed.push(sim.clock.monotonic() - began)
          caller.hangUp()
          await sim.until('the record of the call', () => sim.records.some(record => record.uuid === caller.uuid), '5m')
          await sim.advance('3m')
          sim.switch.channels.delete(zombie)
          await sim.advance('70s')
          await alice.ready()
        }
        warnings = warned.filter(text => text.includes('channels that do not exist')).length
        await alice.logsOut()
      })
      told.trials = howMany
      told.is(`agent free after ${spread(freed)}`, freed.length === howMany && percentile(freed, 100) <= 90_000)
      told.is(`${warnings} warnings`, warnings === howMany)
      told.is(`${left.length} faults${left.length > 0 ? ` (${left[0]!.slice(0, 400)})` : ''}`, left.length === 0)
    },
  )
}
