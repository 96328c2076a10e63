/**
 * Row 25: the link dies somewhere between an originate and its result. Nobody's telephone rings twice, and every
 * attempt ends.
 */
import { memoryPair, VirtualClock } from '#testing'
import { silentLog } from '../../src/base/log.ts'
import { originate, type Origination } from '../../src/switch/originate.ts'
import { Switch } from '../../src/switch/switchboard.ts'
import { CommandLink } from '../../src/esl/client.ts'
import { EventLink } from '../../src/esl/events.ts'
import type { Wire } from '../../src/esl/wire.ts'
import { endpoint, newUuid, type Ident } from '../../src/esl/safe-text.ts'
import { SimulatedSwitch } from '../../src/testing/switch/simulated-switch.ts'
import type { Behaviour } from '../../src/testing/switch/world.ts'
import { pick, seeded } from './links-chance.ts'
import { many, row, spread } from './matrix.ts'

/** A wire that breaks when this many octets have passed in one direction; those up to the limit arrive. */
class Fuse {
  left = Infinity
  readonly cut: 'said' | 'heard'
  #wires: Wire[] = []
  constructor(cut: 'said' | 'heard') {
    this.cut = cut
  }

  through(wire: Wire): Wire {
    const [ours, inner] = memoryPair()
    this.#wires = [wire, inner]
    const pass = (to: Wire, counted: boolean) => (chunk: Buffer) => {
      if (!counted || chunk.length <= this.left) {
        if (counted) this.left -= chunk.length
        return to.write(chunk)
      }
      if (this.left > 0) to.write(chunk.subarray(0, this.left))
      this.left = Infinity
      setImmediate(() => this.blow()) // the octets up to the limit arrive first
    }
    wire.listen({ data: pass(inner, this.cut === 'heard'), close: error => (error ? inner.destroy() : inner.end()) })
    inner.listen({ data: pass(wire, this.cut === 'said'), close: error => (error ? wire.destroy() : wire.end()) })
    return ours
  }

  /** Breaks it now, if it has not broken by itself. */
  blow(): void {
    this.left = Infinity
    for (const wire of this.#wires) wire.destroy()
  }
}

const BEHAVIOURS: readonly Behaviour[] = [
  { answers: '1s', talksFor: '3s' },
  { answers: '20ms', talksFor: '1s' },
  { answers: 'busy' },
  { answers: 'declined' },
  { answers: 'never' },
  { answers: 'unallocated' },
]
/** FreeSWITCH's view of an attempt, in the words of a campaign. */
const TRUTH = new Map<Behaviour['answers'], readonly string[]>([
  ['busy', ['busy']],
  ['declined', ['declined']],
  ['never', ['no-answer']],
  ['unallocated', ['invalid']],
])

interface Seen {
  outcomes: Map<string, number>
  doubles: number
  open: number
  ghosts: number
  lies: string[]
  took: number[]
  inDoubt: number
}

/** This many attempts one after the other, over links that break after 0, 1, 2 … octets of each. */
async function attempts(howMany: number, where: 'command' | 'reply' | 'events'): Promise<Seen> {
  const clock = new VirtualClock()
  const random = seeded(25)
  const sim = new SimulatedSwitch({ clock, heartbeat: false })
  sim.dialplan.extension('switchhook-here', [{ application: 'park', data: '' }])
  const said = new Fuse(where === 'command' ? 'said' : 'heard')
  const heard = new Fuse('heard')
  const log = silentLog
  const events = new EventLink({
    name: 'simulated',
    open: async () => heard.through(sim.connect()),
    password: sim.password,
    clock,
    log,
  })
  const facts = await events.start()
  const commands = new CommandLink({
    name: 'simulated',
    host: '',
    port: 0,
    open: async () => said.through(sim.connect()),
    password: sim.password,
    clock,
    log,
  })
  await commands.start()
  const at = new Switch({ name: 'simulated', commands, events, facts, clock, log })
  const created = new Map<string, number>()
  const create = sim.createChannel.bind(sim)
  sim.createChannel = (uuid, ...rest) => {
    created.set(uuid, (created.get(uuid) ?? 0) + 1)
    return create(uuid, ...rest)
  }
  const seen: Seen = { outcomes: new Map(), doubles: 0, open: 0, ghosts: 0, lies: [], took: [], inDoubt: 0 }
  const longest = where === 'events' ? 40_000 : 700
  for (let number = 0; number < howMany; number++) {
    const to = endpoint(`sofia/gateway/carrier/+49405${String(55_000 + number)}`)
    const behaviour = pick(random, BEHAVIOURS)
    sim.world.at(to, behaviour)
    const fuse = where === 'events' ? heard : said
    fuse.left = where === 'events' ? Math.floor(random() * longest) : (number * 7) % longest
    const uuid = newUuid()
    const began = clock.monotonic()
    const placed: Promise<Origination> = originate(at, {
      uuid,
      endpoint: to,
      flow: 'here' as Ident,
      ringForMs: 5_000,
      clock,
      log,
    })
    let result: Origination | undefined
    void placed.then(origination => (result = origination))
    try {
      await clock.runUntil(() => result !== undefined, 90_000)
    } catch {
      seen.open++
    }
    seen.took.push(clock.monotonic() - began)
    const outcome = result?.outcome ?? 'open'
    seen.outcomes.set(outcome, (seen.outcomes.get(outcome) ?? 0) + 1)
    const rang = created.get(uuid) ?? 0
    if (rang > 1) seen.doubles++
    if (result?.cause === 'LOST') seen.inDoubt++
    const true_ = TRUTH.get(behaviour.answers) ?? ['answered']
    if (
      rang === 0
        ? !['refused', 'lost'].includes(outcome)
        : ![...true_, ...(result?.cause === 'LOST' ? ['lost'] : [])].includes(outcome)
    ) {
      seen.lies.push(`${behaviour.answers}: ${outcome} (${result?.cause}), rang ${rang} times`)
    }
    fuse.blow() // or it would break in the next attempt
    await clock.runUntil(() => events.up && sim.channels.size === 0, 20_000).catch(() => void seen.ghosts++)
    while (
      !(await commands.run('status' as never).then(
        () => true,
        () => false,
      ))
    )
      await clock.advance(200)
    sim.transcript.length = 0
  }
  await events.close()
  await commands.close()
  await clock.advance(10_000)
  await sim.close()
  return seen
}

for (const [where, injected] of [
  ['command', 'the command link, after N octets of ours'],
  ['reply', 'the command link, after N octets to us'],
  ['events', 'the event link, after N octets'],
] as const) {
  row(
    25,
    `an originate whose link breaks calls nobody twice and ends (${where})`,
    { injected, quick: true },
    async (_t, told) => {
      const howMany = many(3_400, 100)
      const { outcomes, doubles, open, ghosts, lies, took, inDoubt } = await attempts(howMany, where)
      told.trials = howMany
      told.is(`${doubles} telephones rang twice`, doubles === 0)
      told.is(`${open} without an end after 90 s`, open === 0)
      told.is(`${ghosts} calls that nobody knew of`, ghosts === 0)
      told.is(`${lies.length} wrong ends${lies.length > 0 ? ` (${lies[0]})` : ''}`, lies.length === 0)
      told.says(
        `${spread(took)}, ${inDoubt} in doubt, ${[...outcomes].map(([outcome, n]) => `${n} ${outcome}`).join(' ')}`,
      )
    },
  )
}
