/** Row 22: a link over which nothing arrives any more, although nobody has closed it. */
import { setTimeout as pause } from 'node:timers/promises'
import { memoryPair, VirtualClock } from '#testing'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog, type Log } from '../../src/base/log.ts'
import * as say from '../../src/esl/api.ts'
import { CommandLink } from '../../src/esl/client.ts'
import { EventLink } from '../../src/esl/events.ts'
import { connectTcp } from '../../src/esl/tcp.ts'
import type { Wire } from '../../src/esl/wire.ts'
import { SimulatedSwitch } from '../../src/testing/switch/simulated-switch.ts'
import { many, percentile, row, spread } from './matrix.ts'
import { openProxy } from './proxy.ts'

/** A wire that can lose everything that is sent on it, in both directions, without an error. */
function leaky(wire: Wire): { wire: Wire; hole: { open: boolean } } {
  const hole = { open: false }
  const [ours, theirs] = memoryPair()
  wire.listen({ data: chunk => void (hole.open || theirs.write(chunk)), close: () => hole.open || theirs.end() })
  theirs.listen({ data: chunk => void (hole.open || wire.write(chunk)), close: () => wire.end() })
  return { wire: ours, hole }
}

row(
  22,
  'an event link that has become a hole is noticed within five seconds, whenever that begins',
  { injected: 'a hole in the link', quick: true },
  async (_t, told) => {
    const noticed: number[] = []
    for (let begins = 0; begins < 4_000; begins += many(10, 100)) {
      const clock = new VirtualClock()
      const sim = new SimulatedSwitch({ clock, heartbeat: false })
      let hole = { open: false }
      const link = new EventLink({
        name: 'simulated',
        password: sim.password,
        clock,
        log: silentLog,
        open: async () => {
          const way = leaky(sim.connect())
          hole = way.hole
          return way.wire
        },
      })
      await link.start()
      await clock.advance(begins)
      hole.open = true
      const began = clock.monotonic()
      await clock.runUntil(
        link.next('down').then(() => true),
        60_000,
      )
      noticed.push(clock.monotonic() - began)
      await clock.advance(1_000)
      if (!link.up) told.is(`not back after a hole at ${begins} ms`, false)
      await link.close()
      await sim.close()
    }
    told.trials = noticed.length
    told.is(`noticed after ${spread(noticed)}`, Math.max(...noticed) <= 5_000)
  },
)

row(
  22,
  'both links notice a hole within five seconds over TCP, also when nobody asks anything',
  { injected: 'a proxy that swallows everything' },
  async (t, told) => {
    const sim = new SimulatedSwitch({ clock: systemClock, heartbeat: false })
    t.after(() => sim.close())
    const proxy = await openProxy(t, { port: await sim.listen({ port: 0 }) })
    const at = { host: '127.0.0.1', port: proxy.port }
    const said: string[] = []
    const log = { ...silentLog, warn: (...words: unknown[]) => void said.push(String(words[1])) } as Log
    const events = new EventLink({
      name: 'simulated',
      open: () => connectTcp(at.host, at.port),
      password: sim.password,
      clock: systemClock,
      log,
    })
    t.after(() => events.close())
    await events.start()
    const commands = new CommandLink({ name: 'simulated', ...at, password: sim.password, clock: systemClock, log })
    t.after(() => commands.close())
    await commands.start()
    const until = async (what: string): Promise<number> => {
      const began = performance.now()
      while (!said.includes(what) && performance.now() - began < 15_000) await pause(20)
      return performance.now() - began
    }
    const [eventsAfter, commandsAfter]: [number[], number[]] = [[], []]
    for (let trial = 0; trial < 3; trial++) {
      said.length = 0
      proxy.blackhole()
      const [one, other] = await Promise.all([until('the event link is down'), until('the command link is down')])
      eventsAfter.push(one)
      commandsAfter.push(other)
      proxy.heal()
      const began = performance.now()
      while (
        !(
          events.up &&
          (await commands.run(say.status).then(
            () => true,
            () => false,
          ))
        ) &&
        performance.now() - began < 15_000
      )
        await pause(20)
      told.is(`back ${Math.round(performance.now() - began)} ms after it`, performance.now() - began < 6_000)
      await pause(trial * 700)
    }
    told.trials = eventsAfter.length
    told.is(`events: ${spread(eventsAfter)}`, percentile(eventsAfter, 100) <= 5_000)
    told.is(`commands: ${spread(commandsAfter)}`, percentile(commandsAfter, 100) <= 5_000)
  },
)
