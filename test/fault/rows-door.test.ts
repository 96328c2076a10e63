/** Rows 1, 2, 6 and 7: no node, one node, and nodes that take a call and send nothing. */
import { PATIENCE_MS } from '../patience.ts'
import { many, percentile, row, spread } from './matrix.ts'
import { Crowd, SORRY } from './people.ts'
import { openProxy } from './proxy.ts'
import { Rig, until } from './rig.ts'
import type { Oracle } from './oracle.ts'

/** Milliseconds from the call until a node had greeted it. */
function attachTimes(oracle: Oracle, called: ReadonlyMap<string, number>): number[] {
  const greeted = new Map<string, number>()
  for (const { text, uuid, at } of oracle.commands)
    if (text === 'connect' && uuid !== undefined && !greeted.has(uuid)) greeted.set(uuid, at)
  return [...called].map(([uuid, at]) => (greeted.get(uuid) ?? Infinity) - at)
}

async function callEvenly(crowd: Crowd, number: number, everyMs: number): Promise<Map<string, number>> {
  const called = new Map<string, number>()
  for (let at = 0; at < number; at++) {
    const before = performance.now()
    const [person] = await crowd.call(1, { flow: 'patient', everyMs })
    called.set(person!.uuid, before)
  }
  return called
}

row(
  1,
  'all nodes are down: every caller hears the apology at once',
  { injected: 'SIGKILL of both nodes', quick: true },
  async (t, told) => {
    const rig = await Rig.open(t, told)
    for (const node of await rig.start()) await node.end()
    told.trials = many(200, 50)
    const crowd = new Crowd(rig)
    await crowd.call(told.trials, { flow: 'patient', everyMs: 10 })
    await crowd.hear(SORRY, many(5_000, PATIENCE_MS)).catch(() => {}) // counted below
    const waited = crowd.people.map(
      person => (person.heard.find(({ what }) => what === SORRY)?.at ?? Infinity) - person.channel.createdAt,
    )
    told.is(`${crowd.apologised.length}/${told.trials} hear it`, crowd.apologised.length === told.trials)
    told.takes(`p99 ${Math.round(percentile(waited, 99))} ms`, percentile(waited, 99) < 500)
    crowd.leave()
  },
)

row(
  2,
  'the first node of the list is down: nobody notices',
  { injected: 'the first of two nodes refuses connections' },
  async (t, told) => {
    const rig = await Rig.open(t, told)
    await rig.start(['b'])
    told.trials = many(200, 50)
    const warm = new Crowd(rig)
    await warm.call(20, { flow: 'patient', everyMs: 20 })
    await warm.hear('fault/menu')

    // the same calls with and without the dead node before the living one, alternately, so that both use the same
    // machine
    const [withDead, without] = [new Map<string, number>(), new Map<string, number>()]
    const crowd = new Crowd(rig)
    for (let done = 0; done < told.trials; done += 10) {
      rig.entry('a', 'b')
      for (const [uuid, at] of await callEvenly(crowd, 10, 20)) withDead.set(uuid, at)
      rig.entry('b')
      for (const [uuid, at] of await callEvenly(crowd, 10, 20)) without.set(uuid, at)
    }
    await crowd.hear('fault/menu')
    await until('every call has been greeted', () => attachTimes(rig.oracle, withDead).every(Number.isFinite), 5_000)
    const [slow, usual] = [attachTimes(rig.oracle, withDead), attachTimes(rig.oracle, without)]
    const added = percentile(slow, 99) - percentile(usual, 99)
    const onB = [...withDead.keys()].filter(uuid => rig.oracle.drivenBy(uuid) === 'b').length
    told.is(`${onB}/${told.trials} with the second node`, onB === told.trials)
    told.is(`added p99 ${added.toFixed(1)} ms (p99 ${percentile(slow, 99).toFixed(1)} ms)`, added < 50)
    told.is(`${crowd.lost.length} lost`, crowd.lost.length === 0)
    crowd.leave()
    warm.leave()
  },
)

row(
  6,
  'something accepts connections and breaks them: every call is with a living node within 16 s',
  { injected: 'RST on every accepted connection', quick: true },
  async (t, told) => {
    const rig = await Rig.open(t, told)
    await rig.start(['b'])
    const broken = await openProxy(t, { port: 1 })
    broken.reset()
    rig.sim.installEntry([`127.0.0.1:${broken.port}`, rig.host('b')])
    told.trials = many(100, 30)
    const crowd = new Crowd(rig)
    const began = performance.now()
    await crowd.call(told.trials, { flow: 'patient' })
    await crowd.at('b', many(16_000, PATIENCE_MS))
    await crowd.hear('fault/menu', many(16_000, PATIENCE_MS))
    told.is(
      `${told.trials}/${told.trials} with the living node after ${Math.round(performance.now() - began)} ms`,
      true,
    )
    told.is(`${crowd.lost.length} lost`, crowd.lost.length === 0)
    crowd.leave()

    // and with no living node behind it
    await rig.node('b').end()
    const late = new Crowd(rig)
    const then = performance.now()
    await late.call(told.trials, { flow: 'patient' })
    await late.hear(SORRY, many(16_000, PATIENCE_MS))
    told.is(
      `with no living node ${late.apologised.length}/${told.trials} in the fallback after ${Math.round(performance.now() - then)} ms`,
      late.apologised.length === told.trials,
    )
    late.leave()
  },
)

row(
  7,
  'a node accepts connections and says nothing: every call is with a living node within 16 s',
  { injected: 'SIGSTOP of the first node before the calls' },
  async (t, told) => {
    const rig = await Rig.open(t, told)
    const [a] = await rig.start()
    const before = new Crowd(rig)
    await before.call(3, { flow: 'patient' })
    await before.at('a')
    a!.stop()
    told.trials = many(100, 30)
    const crowd = new Crowd(rig)
    const called = await callEvenly(crowd, told.trials, 5)
    await crowd.at('b', 18_000)
    const waited = attachTimes(rig.oracle, called)
    told.is(`${told.trials}/${told.trials} with the living node, ${spread(waited)}`, percentile(waited, 100) <= 16_000)
    await crowd.hear('fault/menu')
    const offered = new Set(rig.oracle.brought.filter(({ node }) => node === 'a').map(({ uuid }) => uuid))
    told.is(
      `${crowd.uuids.filter(uuid => offered.has(uuid)).length} were with the silent node first`,
      crowd.uuids.every(uuid => offered.has(uuid)),
    )
    told.is(`${crowd.lost.length} lost`, crowd.lost.length === 0)
    for (const one of [before, crowd]) one.leave()
  },
)
