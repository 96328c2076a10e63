/**
 * Rows about listeners: none reachable, one of two reachable, and listeners that accept the connection and never take
 * the call.
 */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { percentile, spread } from '../../fault/matrix.ts'
import { reset } from '../../reset.ts'
import type { Caller } from './people.ts'
import { eventually, pause, type Rig, type Side } from './rig.ts'
import { PEOPLE, row } from './rows.ts'

const WELCOME = /ivr\/welcome/
const SORRY = /sorry/

/** These wait for three quarters of a minute. */
const FEW = 10
/**
 * A node must have sent something within this time (mod_event_socket.c, listener_run); then the call is torn from the
 * node that drives it by then.
 */
const GIVES_UP_MS = 25_000
/** The watchdog of the dialplan, and a little more. */
const FALLBACK_MS = 17_000

row(1, 'no node runs: everybody hears the apology at once', async (rig, told) => {
  const callers = await rig.people.call(PEOPLE)
  const heard = await rig.people.hear(callers, SORRY, 0, 5_000)
  const waits = after(rig, callers, heard)
  told.is(
    `${heard.size}/${PEOPLE} in the fallback, ${spread(waits)}`,
    heard.size === PEOPLE && percentile(waits, 99) < 500,
  )
})

row(2, 'the first node of the list is down: the other one has everybody, at no cost', async (rig, told) => {
  const [a, b] = await rig.both()
  const before = await rig.people.call(PEOPLE)
  const usual = after(rig, before, await rig.people.hear(before, WELCOME, 0, 10_000))
  told.is(`${began(a.log)} on the first node while it lives`, began(a.log) === PEOPLE && began(b.log) === 0)
  await rig.people.leave()
  a.kill()
  await a.exited
  const callers = await rig.people.call(PEOPLE)
  const waits = after(rig, callers, await rig.people.hear(callers, WELCOME, 0, 10_000))
  told.is(`${began(b.log)}/${PEOPLE} on the second`, began(b.log) === PEOPLE)
  const added = percentile(waits, 99) - percentile(usual, 99)
  told.is(`${spread(waits)} instead of ${spread(usual)}: p99 ${Math.round(added)} ms more`, added < 50)
})

row(
  6,
  'a peer accepts and breaks the connection: the other node has everybody, and without one they hear the apology',
  async (rig, told) => {
    await using _ = await breaking(rig, 'a')
    const b = await rig.node('b')
    const callers = await rig.people.call(PEOPLE)
    const waits = after(rig, callers, await rig.people.hear(callers, WELCOME, 0, 16_000))
    told.is(
      `${waits.length}/${PEOPLE} at the node, ${spread(waits)}`,
      rig.people.apologised(callers).length === 0 && Math.max(...waits) < 10_000,
    )
    await rig.people.leave()
    await b.end()
    await using _also = await breaking(rig, 'b')
    const lost = await rig.people.call(PEOPLE)
    const apologies = after(rig, lost, await rig.people.hear(lost, SORRY, 0, 16_000))
    told.is(
      `two such peers: ${apologies.length}/${PEOPLE} in the fallback, ${spread(apologies)}`,
      Math.max(...apologies) <= 10_000,
    )
  },
)

row(
  7,
  'a node is stopped, and accepts as the kernel does: everybody is with the other one within 16 s, and stays there when it goes on',
  async (rig, told) => {
    const [a, b] = await rig.both()
    a.stop()
    const callers = await rig.people.call(PEOPLE)
    const waits = after(rig, callers, await rig.people.hear(callers, WELCOME, 0, 20_000))
    told.is(`${waits.length}/${PEOPLE} with the other node, ${spread(waits)}`, Math.max(...waits) <= 16_000)
    const moved = Date.now()
    a.cont()
    await pause(3_000)
    const again = rig.ear.heard.filter(heard => heard.app === 'socket' && heard.at > moved).length
    told.is(
      `${again} taken away again when it goes on, ${rig.people.gone(callers).length} gone`,
      again === 0 && rig.people.gone(callers).length === 0,
    )
    await rig.people.press(callers, '1')
    const queued = await rig.people.hear(callers, /moh\/calm/, moved, 5_000)
    told.is(`${queued.size}/${PEOPLE} go on in their flow`, queued.size === PEOPLE)
    await eventually('nobody is with the stopped node', 1_000, () => began(a.log) === 0 && began(b.log) === PEOPLE)
  },
)

row(
  7,
  'a node is stopped and stays so: who is with the other one stays there, also when FreeSWITCH gives up its first attempt after 25 s',
  async (rig, told) => {
    const [a] = await rig.both()
    a.stop()
    const callers = await rig.people.call(FEW)
    const heard = await rig.people.hear(callers, WELCOME, 0, 20_000)
    await rig.people.press(callers, '1')
    await pause(GIVES_UP_MS + FALLBACK_MS - Math.max(...after(rig, callers, heard)))
    const lost = new Set([...rig.people.gone(callers), ...rig.people.apologised(callers)]).size
    told.is(`${lost} of ${FEW} lost`, lost === 0)
    const silent = callers.filter(
      ({ uuid }) => rig.ear.heard.findLast(one => one.uuid === uuid)?.app === 'socket',
    ).length
    told.is(`${silent} of ${FEW} in silence`, silent === 0)
  },
)

/** Milliseconds from the arrival of each caller to the given time. */
export function after(rig: Rig, callers: readonly Caller[], moments: ReadonlyMap<string, number>): number[] {
  const created = new Map(
    rig.ear.heard.filter(({ name }) => name === 'CHANNEL_CREATE').map(({ uuid, at }) => [uuid, at]),
  )
  return callers.map(({ uuid }) => moments.get(uuid)! - created.get(uuid)!)
}

/** Calls that began on this node. */
const began = (log: readonly string[]): number => log.filter(line => line.includes('"msg":"a call began"')).length

/** A proxy without a server behind it. */
async function breaking(rig: Rig, side: Side): Promise<AsyncDisposable> {
  const server = createServer(reset)
  server.listen({ port: rig.portOf(side), host: '127.0.0.1', backlog: 1_024 })
  await once(server, 'listening')
  return { [Symbol.asyncDispose]: () => new Promise<void>(done => server.close(() => done())) }
}
