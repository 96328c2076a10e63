/**
 * Rows 9 and 10: more callers than a node accepts. The accepted ones are served as always; the others are transferred
 * and never dropped.
 */
import { connect } from 'node:net'
import { many, percentile, row, spread } from './matrix.ts'
import { Crowd, SORRY } from './people.ts'
import { pause, Rig, until } from './rig.ts'

row(
  9,
  'three times as many callers as a node may have: those who are taken are served at once, all others hear the overflow',
  { injected: '3 × the calls of MAX_CALLS for 60 s' },
  async (t, told) => {
    const soft = many(100, 30)
    const stays = many(5_000, 1_500)
    const rig = await Rig.open(t, told, {
      nodes: ['a'],
      settings: { MAX_CALLS: String(soft) },
      sounds: { [SORRY]: '1s' },
    })
    await rig.start()
    const crowd = new Crowd(rig)
    const everyMs = stays / (3 * soft)
    const called = new Map<string, number>()
    const began = performance.now()
    // by the clock, not by pauses: timers of a machine under load are late
    for (let number = 0; performance.now() - began < many(60_000, 2_500); number++) {
      await pause(Math.max(0, began + number * everyMs - performance.now()))
      const at = performance.now()
      const [person] = await crowd.call(1, { flow: 'patient', everyMs: 0 })
      called.set(person!.uuid, at)
      person!.on('heard', sound => void (sound === 'fault/menu' && setTimeout(() => crowd.leave([person!]), stays)))
    }
    told.trials = crowd.people.length
    await until(
      'everybody is served or sent on',
      () => crowd.people.every(person => person.heard.length > 0),
      10_000,
    ).catch(() => {}) // reported below
    const { oracle } = rig
    const accepted = crowd.people.filter(person => person.heard.some(({ what }) => what === 'fault/menu'))
    const shed = crowd.apologised
    const greeted = new Map<string, number>()
    for (const { text, uuid, at } of oracle.commands)
      if (text === 'connect' && uuid !== undefined && !greeted.has(uuid)) greeted.set(uuid, at)
    const attach = accepted.map(({ uuid }) => (greeted.get(uuid) ?? Infinity) - called.get(uuid)!)
    const opened = new Map(oracle.brought.map(({ uuid, at }) => [uuid, at]))
    const lag = crowd.people.flatMap(({ uuid }) =>
      greeted.has(uuid) && opened.has(uuid) ? [greeted.get(uuid)! - opened.get(uuid)!] : [],
    )
    const transferred = new Set(
      oracle.commands
        .filter(({ text }) => /uuid_transfer .*switchhook-sorry|transfer switchhook-sorry/.test(text))
        .map(({ uuid }) => uuid),
    )
    const dropped = shed.filter(({ uuid }) => !transferred.has(uuid)).length
    told.is(
      `${accepted.length} taken, ${shed.length} sent on, ${told.trials - accepted.length - shed.length} neither`,
      accepted.length + shed.length === told.trials && shed.length > told.trials / 4 && accepted.length >= soft,
    )
    told.is(`attach p99 ${Math.round(percentile(attach, 99))} ms`, percentile(attach, 99) < 200)
    told.is(`greeting p99 ${Math.round(percentile(lag, 99))} ms`, percentile(lag, 99) < 50)
    told.is(`${dropped} accepted and dropped`, dropped === 0)
    crowd.leave()
  },
)

row(
  10,
  'twice as many calls as a node may have: its port is closed, whoever comes then goes to the next host, and it opens again',
  { injected: 'SIGKILL of a neighbour with too many calls' },
  async (t, told) => {
    const soft = many(50, 10)
    const rig = await Rig.open(t, told, { nodes: ['a', 'b', 'c'] })
    await Promise.all([rig.start(['a'], { MAX_CALLS: String(soft) }), rig.start(['b', 'c'])])
    rig.entry('b', 'a', 'c')
    const crowd = new Crowd(rig)
    told.trials = soft * 3
    await crowd.call(told.trials, { flow: 'patient' })
    await crowd.hear('fault/menu')
    await crowd.at('b')

    const killed = rig.node('b').kill()
    const on = (node: string) => crowd.uuids.filter(uuid => rig.oracle.drivenBy(uuid) === node).length
    // reported below
    await until('everybody is driven again', () => on('a') + on('c') === told.trials, 10_000).catch(() => {})
    // all of them come in the same moment, and those that were accepted before the port was closed stay
    told.is(
      `${on('a')} on the full node, ${on('c')} on the next, ${crowd.lost.length} lost`,
      on('a') >= soft * 2 && on('a') + on('c') === told.trials && crowd.lost.length === 0,
    )
    await until(
      'everybody hears something',
      () => rig.oracle.heardAgain(crowd.uuids, killed).every(Number.isFinite),
      10_000,
    ).catch(() => {}) // reported below
    const gaps = rig.oracle.heardAgain(crowd.uuids, killed)
    told.says(`heard again: ${spread(gaps)}`)
    const port = rig.ports.get('a')!
    const refusals: Awaited<ReturnType<typeof knock>>[] = []
    for (let number = 0; number < 20; number++) refusals.push(await knock(port))
    told.is(
      `${refusals.filter(one => one.how === 'refused').length}/20 refused, p95 ${percentile(
        refusals.map(one => one.ms),
        95,
      ).toFixed(1)} ms`,
      refusals.every(one => one.how === 'refused') &&
        percentile(
          refusals.map(one => one.ms),
          95,
        ) < 10,
    )
    const more = new Crowd(rig)
    await more.call(5, { flow: 'patient' })
    await more.at('c').then(
      () => told.says('whoever comes then is on the next'),
      (error: Error) => told.is(error.message, false),
    )

    const fell = performance.now()
    crowd.leave(crowd.people.filter(({ uuid }) => rig.oracle.drivenBy(uuid) === 'a'))
    const opened = await until('its port is open again', async () => (await knock(port)).how === 'taken', 5_000)
    told.is(`open again after ${Math.round(opened - fell)} ms`, opened - fell < 1_000)
    rig.entry('a', 'c')
    const late = new Crowd(rig)
    await late.call(5, { flow: 'patient' })
    await late.at('a')
    for (const one of [crowd, more, late]) one.leave()
  },
)

/** One connection to a port. */
function knock(port: number): Promise<{ how: 'taken' | 'refused'; ms: number }> {
  const began = performance.now()
  return new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port })
    const done = (how: 'taken' | 'refused') => {
      socket.destroy()
      resolve({ how, ms: performance.now() - began })
    }
    socket.once('connect', () => done('taken'))
    socket.once('error', () => done('refused'))
  })
}
