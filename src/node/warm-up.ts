/**
 * Serves warm-up calls, which no caller makes, before the port opens. Code that never ran is interpreted: the first
 * calls of a process cost 5 ms each instead of 0.5 ms (measured), and a node that takes over the calls of a dead node
 * often had no call before.
 *
 * The warm-up calls use real sockets of this process, because the first connections are slow too. This file also holds
 * the other side: as much of FreeSWITCH as a menu needs. No warm-up call reaches a store, a log, a FreeSWITCH or the
 * listener of the node.
 */
import { cpuMs, within, type Clock } from '../base/clock.ts'
import { silentEvents } from '../events/events.ts'
import { silentLog, type Log } from '../base/log.ts'
import { arrivalOfLeg } from '../call/arrival.ts'
import { Door } from '../call/entry.ts'
import { lineOf, beginOf } from '../journal/entries.ts'
import { CallContext } from '../call/call-context.ts'
import { memoryCallStore } from '../journal/memory-call-store.ts'
import { Switchboard } from '../switch/switchboard.ts'
import { Inbox } from '../esl/inbox.ts'
import { openListener } from '../esl/listener.ts'
import { connectTcp } from '../esl/tcp.ts'
import type { Wire } from '../esl/wire.ts'
import { newUuid, type Ident, type Uuid } from '../esl/safe-text.ts'
import { Catalogue } from '../flow/catalogue.ts'
import { flow } from '../flow/define.ts'
import { Flows } from '../flow/run.ts'
import type { Queues } from '../queue/queues.ts'

const AT_ONCE = 20
/** The warm-up ends after this time, however busy the machine is: callers need the node. */
const LONGEST_MS = 2_000
const PATH = 'warm-up'

const menu = flow(async call => {
  await call.answer()
  await call.play('ivr/welcome')
  await call.gather({ prompt: 'ivr/menu', digits: 1 })
})

const noQueues: Queues = {
  enter: () => Promise.reject(new Error('warm-up calls enter no queue')),
  reserve: () => Promise.reject(new Error('warm-up calls reserve no agent')),
  resume: async () => {},
  releaseAgentsOf: async () => {},
  admit: () => Promise.reject(new Error('warm-up calls enter no queue')),
  keepForCallback: async () => {},
  callbackPlaces: async () => [],
  giveUp: async () => {},
  check: async () => [],
  get taking(): never {
    throw new Error('no agent takes callers here')
  },
  async [Symbol.asyncDispose]() {},
}

/**
 * Resolves when `calls` calls were served, or after 2 s. Never rejects: a failure is logged, and the node is slow at
 * first.
 */
export async function warmUp(calls: number, { clock, log }: { clock: Clock; log: Log }): Promise<void> {
  if (calls === 0) return
  const began = clock.monotonic()
  try {
    const { served } = await serveNobody(calls, clock)
    log.info({ calls, served, ms: Math.round(clock.monotonic() - began) }, 'warm-up calls were served')
  } catch (error) {
    log.warn({ error: (error as Error).message }, 'the warm-up failed; the first calls of this node are slow')
  }
}

/**
 * Returns how many calls ended regularly. Half of them are replayed from a journal; `again` counts those whose flow
 * restarted: 0 is right.
 */
export async function serveNobody(calls: number, clock: Clock): Promise<{ served: number; again: number }> {
  const log = silentLog
  const store = memoryCallStore()
  const switchboard = new Switchboard()
  const door: Door = new Door({
    clock,
    log,
    switchboard,
    calls: store,
    node: PATH,
    start: (leg, taken) => flows.start(leg, taken),
  })
  const context = new CallContext({
    clock,
    log,
    events: silentEvents,
    door,
    switchboard,
    settings: { ringForMs: 20_000, gateway: 'none' as Ident, detect: {} },
  })
  const flows: Flows = new Flows({
    catalogue: new Catalogue(new Map([[PATH, menu]])),
    context,
    queues: noQueues,
    records: { ended: async () => {} },
    calls: store,
    node: PATH,
  })
  const inbox = new Inbox(clock, cpuMs)
  const listener = await openListener({
    host: '127.0.0.1',
    port: 0,
    allow: ['127.0.0.0/8'],
    log,
    inbox,
    onWire: wire => void door.accept(wire),
  })
  const until = clock.monotonic() + LONGEST_MS
  let [begun, served] = [0, 0]
  const wires = new Set<Wire>()
  const oneAfterTheOther = async () => {
    while (begun < calls && clock.monotonic() < until) {
      const uuid = newUuid()
      if (begun++ % 2 === 1) await drivenBefore(uuid)
      const wire = await connectTcp('127.0.0.1', listener.port)
      wires.add(wire)
      if (await isServed(uuid, wire)) served++
      wires.delete(wire)
    }
  }
  /** Writes a journal as if another node had driven the call up to the answer. */
  const drivenBefore = async (uuid: Uuid) => {
    const [node, at] = ['before', clock.now()]
    const { epoch } = await store.take(uuid, node, lineOf(beginOf(at, { ...arrivalOfLeg(uuid, ''), path: PATH })))
    await store.append(uuid, { node, epoch }, [lineOf({ k: 'done', n: '1', verb: 'answer', at })])
  }
  try {
    const all = Promise.all(Array.from({ length: AT_ONCE }, oneAfterTheOther))
    await within(
      clock,
      LONGEST_MS,
      all.then(() => flows.settled()),
    )
  } finally {
    for (const wire of wires) wire.destroy() // there are none, unless the time was over
    await listener.close()
  }
  return { served, again: flows.restarts }
}

/** Filler: with it an event is as long as one that FreeSWITCH sends for a leg. */
const REST = Array.from({ length: 150 }, (_, at) => `variable_of_nobody_${at}: %2Fa%20value%20${at}\n`).join('')
const OK = 'Content-Type: command/reply\nReply-Text: +OK\n\n'
const API_OK = 'Content-Type: api/response\nContent-Length: 4\n\n+OK\n'

const dataOf = (uuid: Uuid) =>
  `Event-Name: CHANNEL_DATA\nCore-UUID: none\nCall-Direction: inbound\nAnswer-State: ringing\nUnique-ID: ${uuid}\nCaller-Caller-ID-Number: 1000\n` +
  `${REST}variable_socket_path: ${PATH}\nvariable_switchhook_offer: 2\nContent-Type: command/reply\nReply-Text: %2BOK%0A\nSocket-Mode: async\nControl: full\n\n`

function event(name: string, last = ''): string {
  const body = `Event-Name: ${name}\nHangup-Cause: NORMAL_CLEARING\nAnswer-State: answered\n${REST}${last}\n`
  return `Content-Length: ${body.length}\nContent-Type: text/event-plain\n\n${body}`
}

/** Plays FreeSWITCH for one call. Resolves when the connection is closed; true when the flow hung the call up. */
async function isServed(uuid: Uuid, wire: Wire): Promise<boolean> {
  let [unread, hungUp] = ['', false]
  const data = (chunk: Buffer) => {
    unread += chunk.toString('latin1')
    for (let length = lengthOf(unread); length > 0; length = lengthOf(unread)) {
      const command = unread.slice(0, length)
      unread = unread.slice(length)
      hungUp ||= command.includes('call-command: hangup')
      wire.write(answerTo(command, uuid))
    }
  }
  await new Promise<void>(resolve => wire.listen({ data, close: () => resolve() }))
  return hungUp
}

/** The length of the first complete command; 0: none is complete. */
function lengthOf(text: string): number {
  const end = text.indexOf('\n\n') + 2
  if (end < 2) return 0
  const length = end + Number(/content-length: (\d+)/.exec(text.slice(0, end))?.[1] ?? 0)
  return length <= text.length ? length : 0
}

function answerTo(command: string, uuid: Uuid): string {
  if (command.startsWith('connect')) return dataOf(uuid)
  if (command.startsWith('api')) return API_OK
  if (command.includes('call-command: hangup')) return OK + event('CHANNEL_HANGUP') + event('CHANNEL_HANGUP_COMPLETE')
  const id = /event-uuid: (\S+)/.exec(command)?.[1]
  return id === undefined
    ? OK
    : OK +
        event(
          'CHANNEL_EXECUTE_COMPLETE',
          `variable_read_result: success\nvariable_switchhook_digits: 1\nApplication-UUID: ${id}\n`,
        )
}
