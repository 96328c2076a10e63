/**
 * Calls in which a person hangs up after the k-th command to FreeSWITCH, for every k, in every scene. A separate
 * program, because the asynchronous hooks of node:test would cost more than Switchhook.
 * `hang-up-everywhere.run.ts FIRST STEP CALLS EVERY SECONDS` takes every STEP-th scene from FIRST on, in rounds, until
 * this number of calls is over or this number of seconds has passed; in the first round only every EVERY-th k. Prints
 * its findings as JSON.
 */
import type { SimulatedAgent } from '../../src/testing/simulated-agent.ts'
import { Simulation } from '../../src/testing/simulation.ts'
import type { Flow } from '../../src/flow/define.ts'
import type { Person } from '../../src/testing/switch/person.ts'
import { SCENES, type Scene } from './hang-up-everywhere.flows.ts'
import { seeded } from './links-chance.ts'

/** Nothing may be left this long after the last person has hung up. */
const AFTER_MS = 1_000
/** A call that nobody ends is over after this. */
const LONGEST_MS = 15_000
/** The query that the event link sends every two seconds. */
const PING = 'api global_getvar core_uuid\n\n'
/** A fresh simulation now and then: names of flows and numbers of leads accumulate in one. */
const CALLS_OF_A_RUN = 400

const [first = 0, step = 1, most = 100, every = 1, seconds = Infinity] = process.argv.slice(2).map(Number)
const timeIsUp = () => performance.now() > seconds * 1_000
const random = seeded(1_000 + first)
const faults: string[] = []
let calls = 0
let moments = 0

/** The end of the k-th command in one write. */
function* commandsOf(chunk: Buffer): Generator<Buffer> {
  for (let at = 0; at < chunk.length;) {
    const end = chunk.indexOf('\n\n', at)
    if (end < 0) return void (yield chunk.subarray(at))
    const body = Number(/^content-length: (\d+)$/im.exec(chunk.toString('latin1', at, end))?.[1] ?? 0)
    yield chunk.subarray(at, end + 2 + body)
    at = end + 2 + body
  }
}

class Stand {
  readonly sim = new Simulation({ queues: ['sales', 'support', 'operator', 'empty', 'waiting'] })
  readonly scene: Scene
  said = 0
  atCommand = Infinity
  strike: () => void = () => {}
  calls = 0
  #timers = 0

  constructor(scene: Scene) {
    this.scene = scene
    const { network, world } = this.sim.switch
    const pair = network.pair.bind(network)
    network.pair = () => {
      const [ours, theirs] = pair()
      const listen = ours.listen.bind(ours)
      ours.listen = handlers =>
        listen({
          close: error => handlers.close(error),
          data: chunk => {
            for (const command of commandsOf(chunk)) {
              handlers.data(command)
              if (command.toString('latin1') === PING || ++this.said !== this.atCommand) continue
              this.strike()
            }
          },
        })
      return [ours, theirs]
    }
    world.at('sofia/gateway/carrier/+4940555001', {
      answers: '300ms',
      speaks: 'human',
      talksFor: '2s',
      rings: takesCalls,
    })
    world.at('sofia/gateway/carrier/+4940555002', { answers: 'busy' })
    world.at('sofia/gateway/carrier/+4940555003', { answers: 'never' })
    world.at('sofia/gateway/carrier/+4940555004', { answers: 'declined' })
  }

  async open(): Promise<void> {
    const { sim, scene } = this
    await sim.until('node a opens', sim.ready)
    for (const name of ['alice', 'bob']) {
      const agent = sim.agent(name, { answers: '300ms', wrapUp: '0s', queues: ['sales', 'support', 'operator'] })
      if (scene.campaign && scene.agents) await this.#nail(agent)
      else agent.place.behaviour = { answers: '300ms', talksFor: '4s', rings: takesCalls }
      if (scene.agents) await agent.ready()
    }
    await sim.advance('3s')
    this.#timers = sim.clock.pending().length
  }

  /** One call in which `who` hangs up `delay` ms after the k-th command. False when the call was over before. */
  async call(k: number, delay: number, who: 'caller' | 'others'): Promise<boolean> {
    const { sim, scene } = this
    this.said = 0
    this.calls++
    calls++
    let struck = false
    const own = new Set(sim.switch.world.people)
    const people = () => [...sim.switch.world.people].filter(person => !own.has(person))
    this.atCommand = k
    this.strike = () => {
      struck = true
      const leave = () => {
        for (const person of sim.switch.world.people) {
          const isCaller =
            !own.has(person) &&
            person.channel.variables.get('switchhook_parent') === undefined &&
            !person.name.match(/^(alice|bob)$/)
          if (isCaller === (who === 'caller')) person.hangUp()
        }
      }
      if (delay === 0) leave()
      else sim.clock.after(delay, leave)
    }
    const actor = scene.campaign
      ? sim.lead(scene.flow, {})
      : sim.call(scene.flow as Flow, { params: scene.params as never, speaks: 'human' })
    const began = sim.clock.monotonic()
    const presses = (person: Person) =>
      person.on('heard', sound => {
        const keys = scene.presses[sound]
        if (keys !== undefined) sim.clock.after(200, () => person.press(keys))
      })
    let caller: Person | undefined
    const over = () => {
      caller ??= people()[0]
      return caller !== undefined && caller.state === 'gone'
    }
    await sim.clock.settle()
    while (caller === undefined && sim.clock.monotonic() - began < LONGEST_MS && !over()) await sim.advance('10ms')
    if (caller) {
      presses(caller)
      await sim.clock.runUntil(over, LONGEST_MS).catch(() => {})
      if (!over()) caller.hangUp() // nobody waits for ever
    }
    void actor
    this.atCommand = Infinity
    await sim.clock.advance(delay + AFTER_MS)
    await this.#look(`${scene.name}, ${who} left ${delay} ms after command ${k}`)
    return struck
  }

  /**
   * As the dialler does, this notices the end of the leg: no node watches the legs that a test has nailed up, and
   * reconciliation would correct the agent's record.
   */
  async #nail(agent: SimulatedAgent): Promise<void> {
    const { roster, clock } = this.sim
    await agent.isNailedUp()
    agent.place.last!.on('ended', () => void roster.nail(agent.name, null, clock.now()))
  }

  async #look(what: string): Promise<void> {
    const { sim, scene } = this
    const found = await this.#left()
    if (found.length > 0) {
      const story = sim.transcript()
      let late = AFTER_MS
      while (late < 60_000 && (await this.#left()).length > 0) {
        await sim.advance('1s')
        late += 1_000
      }
      faults.push(
        `${what}: ${found.join(', ')}; ${late < 60_000 ? `gone after ${late / 1_000} s` : 'for ever'}${faults.length < 3 ? `\n${story}` : ''}`,
      )
    }
    // nailed-up agents who have hung up are called again
    if (scene.campaign && scene.agents)
      for (const agent of sim.agents) if (agent.place.last?.state === 'gone') await this.#nail(agent)
    sim.switch.transcript.length = 0
    sim.records.length = 0
    await sim.advance('1s')
  }

  async #left(): Promise<string[]> {
    const { sim } = this
    const node = await sim.ready
    const agents = await sim.roster.list(sim.clock.now())
    const left: string[] = []
    const count = (n: number, what: string) => void (n > 0 && left.push(`${n} ${what}`))
    count(node.flows.running, 'flows')
    count(node.door.legs.size, 'legs of the node')
    count(
      [...sim.switch.channels.values()].filter(channel => !channel.down).length -
        agents.filter(agent => agent.nailed).length,
      'channels',
    )
    count((await sim.callStore.all()).size, 'journals')
    for (const agent of agents)
      if (agent.state !== 'idle' || agent.reservation !== null) left.push(`${agent.name} ${agent.state}`)
    for (const { name } of await sim.queueStore.queues()) {
      const members = await sim.queueStore.members(name)
      if (members.length > 0) left.push(`${members.length} in the queue ${name}`)
    }
    const resting = agents.filter(agent => agent.restUntil > sim.clock.now()).length
    count(sim.clock.pending().length - this.#timers - (resting > 0 ? 1 : 0), 'timers')
    return left
  }

  async close(): Promise<void> {
    for (const person of this.sim.switch.world.people) person.hangUp()
    try {
      await this.sim.close()
    } catch (error) {
      faults.push(`${this.scene.name}, at the end: ${(error as Error).message.split('\n').slice(0, 3).join(' ')}`)
    }
  }
}

function takesCalls(person: Person): void {
  person.on('heard', sound => {
    if (sound === 'whisper/press-1') person.press('1')
  })
}

const mine = SCENES.filter((_, at) => at % step === first)
for (let round = 0; calls < most && round < 1_000 && faults.length < 20 && !timeIsUp(); round++) {
  for (const scene of mine) {
    if (calls >= most || faults.length >= 20 || timeIsUp()) break
    let stand = new Stand(scene)
    await stand.open()
    for (let k = round === 0 ? 1 + Math.floor(random() * every) : 1; faults.length < 20; k += round === 0 ? every : 1) {
      const delay = round === 0 ? 0 : Math.floor(random() * 10 ** (random() * 3.3))
      if (!(await stand.call(k, delay, round % 3 === 2 ? 'others' : 'caller'))) break
      if (round === 0) moments++
      if (stand.calls < CALLS_OF_A_RUN) continue
      await stand.close()
      stand = new Stand(scene)
      await stand.open()
    }
    await stand.close()
  }
  if (round === 0 && every > 1) break
}
console.log(JSON.stringify({ calls, moments, scenes: mine.length, faults }))
