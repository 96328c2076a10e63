/** Rows 19 and 20: a node is drained. */
import { systemClock, within } from '../../src/base/clock.ts'
import { PATIENCE_MS } from '../patience.ts'
import { many, row } from './matrix.ts'
import { Crowd, seat, SORRY } from './people.ts'
import { Proxy } from './proxy.ts'
import { pause, Rig, until } from './rig.ts'

row(
  19,
  'SIGTERM with 200 calls, a hundred of them talking: nobody notices, and nothing new is dialled',
  { injected: 'SIGTERM of one of two nodes under load', quick: true },
  async (t, told) => {
    const rig = await Rig.open(t, told, { queues: ['support'] })
    told.trials = many(20, 1)
    const [talking, waiting, inMenus] = [many(100, 15), many(60, 15), many(40, 10)]
    await seat(rig, { queue: 'sales', number: talking + 20, wrapUpMs: 0 })
    await rig.start()
    let [lost, cut, dialled, slowest, badExits] = [0, 0, 0, 0, 0]
    for (let trial = 0; trial < told.trials; trial++) {
      const [leaving, staying] = trial % 2 === 0 ? ['a', 'b'] : ['b', 'a']
      rig.entry(leaving!, staying!)
      const [talkers, menus, waiters, late] = [new Crowd(rig), new Crowd(rig), new Crowd(rig), new Crowd(rig)]
      await talkers.call(talking, { flow: 'queue-entry', variables: { queue: 'sales' }, everyMs: 10 })
      await waiters.call(waiting, { flow: 'queue-entry', variables: { queue: 'support' } })
      await menus.call(inMenus, { flow: 'patient' })
      await Promise.all([talkers.talk(), waiters.hear('moh/calm'), menus.hear('fault/menu')])
      await Promise.all([waiters.at(leaving!), menus.at(leaving!)])

      // callers come and agents are dialled while the node is drained
      const load = late.call(20, { flow: 'queue-entry', variables: { queue: 'sales' }, everyMs: 40 })
      await pause(300)
      const node = rig.node(leaving!)
      const termed = node.term()
      await within(systemClock, PATIENCE_MS, node.exited)
      const { exit } = node
      await load
      await Promise.all([
        menus.at(staying!, many(20_000, PATIENCE_MS)),
        waiters.at(staying!, many(20_000, PATIENCE_MS)),
      ]).catch(error => told.is(String((error as Error).message), false))
      await late.talk(many(10_000, PATIENCE_MS)).catch(() => {}) // lost callers are counted
      slowest = Math.max(slowest, exit === null ? Infinity : exit.at - termed)
      if (exit?.code !== 0) badExits += 1
      lost += [...talkers.lost, ...menus.lost, ...waiters.lost, ...late.lost].length
      cut += rig.oracle.cut(termed, performance.now()).length
      dialled += rig.oracle.commands.filter(
        one => one.node === leaving && one.at > termed + 100 && one.text.includes('originate '),
      ).length
      for (const crowd of [talkers, menus, waiters, late]) crowd.leave()
      await until(
        'all agents are free',
        async () => (await rig.roster.list(Date.now())).every(agent => agent.state === 'idle'),
        PATIENCE_MS,
      )
      if (exit === null) await node.end()
      if (trial + 1 < told.trials) await rig.start([leaving!])
    }
    const calls = told.trials * (talking + waiting + inMenus + 20)
    told.is(`${lost} of ${calls} calls lost`, lost === 0)
    told.is(`${cut} talks cut`, cut === 0)
    told.takes(`gone after ${Math.round(slowest)} ms at most`, slowest <= 10_000)
    told.is(`${badExits} did not end well`, badExits === 0)
    told.takes(`${dialled} originates later than 100 ms after it`, dialled === 0)
  },
)

row(
  20,
  'SIGTERM with a flow that never ends: the node goes all the same, its caller gets the apology',
  { injected: 'SIGTERM of the only node', quick: true },
  async (t, told) => {
    const rig = await Rig.open(t, told, { nodes: ['a'] })
    const [a] = await rig.start()
    const crowd = new Crowd(rig)
    await crowd.call(3, { flow: 'stuck' })
    await crowd.at('a')
    await pause(200)
    const termed = a!.term()
    await within(systemClock, PATIENCE_MS, a!.exited)
    const { exit } = a!
    told.is(`gone after ${Math.round((exit?.at ?? Infinity) - termed)} ms`, exit !== null)
    await crowd.hear(SORRY, many(16_000, PATIENCE_MS))
    told.is(`${crowd.apologised.length}/3 stuck calls in the fallback`, crowd.apologised.length === 3)
    crowd.leave()
  },
)

row(
  20,
  'a second SIGTERM: the node goes at once, whatever holds it',
  { injected: 'SIGTERM twice, Redis silent', quick: true },
  async (t, told) => {
    const rig = await Rig.open(t, told, { nodes: ['a'], queues: ['support'] })
    const { REDIS_URL = '' } = await rig.settings()
    const url = new URL(REDIS_URL)
    const proxy = await Proxy.open({ port: Number(url.port) })
    t.after(() => proxy.close())
    url.port = String(proxy.port)
    const [a] = await rig.start(['a'], { REDIS_URL: url.href })
    const crowd = new Crowd(rig)
    await crowd.call(5, { flow: 'queue-entry', variables: { queue: 'support' } })
    await crowd.hear('moh/calm')
    proxy.blackhole()
    a!.term()
    await pause(150)
    const held = a!.exit === null
    const again = a!.term()
    const exit = await a!.exited
    told.takes(
      `${held ? 'held up, then' : 'not held up,'} gone ${Math.max(0, Math.round(exit.at - again))} ms after the second`,
      exit.at - again < 500,
    )
    told.is(`exit code ${exit.code}`, exit.code === (held ? 130 : 0))
    await crowd.hear(SORRY, many(16_000, PATIENCE_MS))
    told.is(`${crowd.apologised.length}/5 callers in the fallback`, crowd.apologised.length === 5)
    crowd.leave()
  },
)
