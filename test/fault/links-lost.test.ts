/**
 * Row 21: the links to FreeSWITCH break every few seconds. Nobody is stuck, nobody is called twice, and the links are
 * back at once.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { VirtualClock } from '#testing'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import * as say from '../../src/esl/api.ts'
import { CommandLink } from '../../src/esl/client.ts'
import { EventLink } from '../../src/esl/events.ts'
import { connectTcp } from '../../src/esl/tcp.ts'
import { SimulatedSwitch } from '../../src/testing/switch/simulated-switch.ts'
import { seeded } from './links-chance.ts'
import { many, percentile, row, spread } from './matrix.ts'
import { openProxy } from './proxy.ts'

row(
  21,
  'the event link is back within a second after each loss, and no two nodes come back in step',
  { injected: 'RST every 1 to 5 s', quick: true },
  async (_t, told) => {
    const clock = new VirtualClock()
    const random = seeded(21)
    const sim = new SimulatedSwitch({ clock, heartbeat: false })
    const nodes = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const link = new EventLink({
          name: 'simulated',
          open: async () => sim.connect(),
          password: sim.password,
          clock,
          log: silentLog,
        })
        await link.start()
        const away: number[] = []
        let lostAt = 0
        link.on('down', () => void (lostAt = clock.monotonic()))
        link.on('up', () => void away.push(clock.monotonic() - lostAt))
        return { link, away }
      }),
    )
    let losses = 0
    const seconds = many(300, 60)
    for (let at = 0; at < seconds;) {
      const next = 1 + random() * 4
      at += next
      await clock.advance(next * 1_000)
      losses += sim.dropConnections()
    }
    await clock.advance(10_000)
    const away = nodes.flatMap(node => node.away)
    told.trials = losses
    told.is(`${away.length} of ${losses} times back`, away.length === losses && nodes.every(node => node.link.up))
    told.is(`back after ${spread(away)}`, percentile(away, 95) < 1_000)
    // ten nodes that lose their links in one moment must not reconnect in one moment
    const first = nodes.map(node => Math.round(node.away[0]!))
    told.is(`the first time after ${Math.min(...first)} to ${Math.max(...first)} ms`, new Set(first).size > 5)
    await Promise.all(nodes.map(node => node.link.close()))
    await sim.close()
    told.is(`${clock.pending().length} timers left`, clock.pending().length === 0)
  },
)

row(
  21,
  'both links are back within a second over TCP, and commands work again',
  { injected: 'RST by a proxy every 1 to 2 s' },
  async (t, told) => {
    const random = seeded(2_121)
    const sim = new SimulatedSwitch({ clock: systemClock, heartbeat: false })
    t.after(() => sim.close())
    const proxy = await openProxy(t, { port: await sim.listen({ port: 0 }) })
    const at = { host: '127.0.0.1', port: proxy.port }
    const events = new EventLink({
      name: 'simulated',
      open: () => connectTcp(at.host, at.port),
      password: sim.password,
      clock: systemClock,
      log: silentLog,
    })
    t.after(() => events.close())
    await events.start()
    const commands = new CommandLink({
      name: 'simulated',
      ...at,
      password: sim.password,
      clock: systemClock,
      log: silentLog,
    })
    t.after(() => commands.close())
    await commands.start()
    const eventsAway: number[] = []
    const commandsAway: number[] = []
    const losses = 12
    for (let loss = 0; loss < losses; loss++) {
      await pause(1_000 + random() * 1_000)
      const began = performance.now()
      const up = events.next('up').then(() => eventsAway.push(performance.now() - began))
      proxy.break()
      // the loss is noticed at the first refusal or failure; from then on a command must work again
      while (
        performance.now() - began < 5_000 &&
        (await commands.run(say.status).then(
          () => true,
          () => false,
        )) &&
        performance.now() - began < 100
      )
        await pause(5)
      while (
        !(await commands.run(say.status).then(
          () => true,
          () => false,
        ))
      )
        await pause(10)
      commandsAway.push(performance.now() - began)
      await up
    }
    told.trials = losses
    told.is(`events back after ${spread(eventsAway)}`, percentile(eventsAway, 95) < 1_000)
    told.is(`commands back after ${spread(commandsAway)}`, percentile(commandsAway, 95) < 1_000)
  },
)

row(
  21,
  'the links are back less than five seconds after a switch that was away for minutes',
  { injected: 'the switch is away for 5 s to 5 min', quick: true },
  async (_t, told) => {
    const random = seeded(29)
    const back: number[] = []
    for (let trial = 0; trial < many(200, 30); trial++) {
      const clock = new VirtualClock()
      const sim = new SimulatedSwitch({ clock, heartbeat: false })
      let away = false
      const link = new EventLink({
        name: 'simulated',
        password: sim.password,
        clock,
        log: silentLog,
        open: async () => {
          if (!away) return sim.connect()
          const wire = sim.connect()
          wire.destroy() // nobody accepts it
          return wire
        },
      })
      await link.start()
      away = true
      sim.dropConnections()
      await clock.advance(5_000 + random() * 295_000)
      away = false
      const began = clock.monotonic()
      await clock.runUntil(() => link.up, 60_000)
      back.push(clock.monotonic() - began)
      await link.close()
      await sim.close()
    }
    told.trials = back.length
    told.is(`back after ${spread(back)}`, Math.max(...back) < 5_000)
  },
)
