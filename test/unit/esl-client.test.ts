import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { SwitchError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import * as say from '../../src/esl/api.ts'
import { CommandLink } from '../../src/esl/client.ts'
import { dialString } from '../../src/esl/dialstring.ts'
import { listenTcp } from '../../src/esl/tcp.ts'
import type { Wire } from '../../src/esl/wire.ts'
import { endpoint, newUuid, type Ident } from '../../src/esl/safe-text.ts'
import { readPackets, type Packet } from './freeswitch-rules.ts'

type Fault = 'cut' | 'freeze' | 'none'

/** The inbound port of a FreeSWITCH over real TCP that injects one fault at the first `originate` that it gets. */
class EvilSwitch {
  readonly originates: Packet[] = []
  readonly connections: Wire[] = []
  fault: Fault
  port = 0
  #seen = new Set<() => void>()

  constructor(fault: Fault) {
    this.fault = fault
  }

  accept(wire: Wire): void {
    this.connections.push(wire)
    let rest = ''
    wire.listen({
      data: chunk => {
        rest += chunk.toString('latin1')
        for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
          const [packet] = readPackets(rest.slice(0, end + 2))
          rest = rest.slice(end + 2)
          this.#take(wire, packet!)
        }
      },
      close: () => {},
    })
    wire.write('Content-Type: auth/request\n\n')
  }

  /** Resolves when `done` holds after something has happened. */
  until(done: () => boolean): Promise<void> {
    return new Promise(resolve => {
      const look = () => {
        if (!done()) return
        this.#seen.delete(look)
        resolve()
      }
      this.#seen.add(look)
      look()
    })
  }

  #take(wire: Wire, packet: Packet): void {
    const job = packet.headers.find(([name]) => name === 'job-uuid')?.[1] ?? ''
    if (packet.command.startsWith('bgapi originate')) {
      this.originates.push(packet)
      if (this.originates.length === 1 && this.fault === 'cut') wire.destroy()
      else if (!(this.originates.length === 1 && this.fault === 'freeze'))
        wire.write(`Content-Type: command/reply\nReply-Text: +OK Job-UUID: ${job}\nJob-UUID: ${job}\n\n`)
    } else if (packet.command.startsWith('bgapi')) {
      wire.write(`Content-Type: command/reply\nReply-Text: +OK Job-UUID: ${job}\nJob-UUID: ${job}\n\n`)
      const event = JSON.stringify({ 'Event-Name': 'BACKGROUND_JOB', 'Job-UUID': job, _body: 'core-1' })
      wire.write(`Content-Length: ${event.length}\nContent-Type: text/event-json\n\n${event}`)
    } else {
      wire.write('Content-Type: command/reply\nReply-Text: +OK accepted\n\n')
    }
    for (const look of [...this.#seen]) look()
  }
}

async function open(t: TestContext, fault: Fault, answerMs = 5_000): Promise<{ evil: EvilSwitch; link: CommandLink }> {
  const evil = new EvilSwitch(fault)
  const listener = await listenTcp({ host: '127.0.0.1', port: 0, onWire: wire => evil.accept(wire) })
  const link = new CommandLink({
    name: 'evil',
    host: '127.0.0.1',
    port: listener.port,
    password: 'secret',
    clock: systemClock,
    log: silentLog,
    answerMs,
  })
  t.after(async () => {
    await link.close()
    for (const wire of evil.connections) wire.destroy()
    await listener.close()
  })
  await link.start()
  return { evil, link }
}

const dialling = say.originate(
  dialString(endpoint('sofia/gateway/carrier/2001'), { values: new Map() }),
  'welcome' as Ident,
)

test('a link that is cut while an originate is in flight dials exactly once, and the caller is told that it is unknown', async t => {
  const { evil, link } = await open(t, 'cut')
  await assert.rejects(
    link.submit(dialling, newUuid()),
    (error: unknown) => error instanceof SwitchError && error.code === 'SWITCH_TIMEOUT',
  )
  await evil.until(() => evil.connections.length === 2)
  await commandsAgain(evil, link)
  assert.equal(evil.originates.length, 1)
})

test('a link that freezes during an originate is given up, and the originate is not sent again on the next one', async t => {
  const { evil, link } = await open(t, 'freeze', 300)
  await assert.rejects(
    link.submit(dialling, newUuid()),
    (error: unknown) => error instanceof SwitchError && error.code === 'SWITCH_TIMEOUT',
  )
  await evil.until(() => evil.connections.length === 2)
  await commandsAgain(evil, link)
  assert.equal(evil.originates.length, 1)
})

for (const fault of ['cut', 'freeze'] as const) {
  test(`of three originates only the one on its way is in doubt when the link is lost (${fault}): the others were never said`, async t => {
    const { evil, link } = await open(t, fault, 300)
    const codes = await Promise.all(
      [1, 2, 3].map(() =>
        link.submit(dialling, newUuid()).then(
          () => 'taken',
          (error: unknown) => (error as SwitchError).code,
        ),
      ),
    )
    assert.deepEqual(codes, ['SWITCH_TIMEOUT', 'LINK_DOWN', 'LINK_DOWN'])
    await evil.until(() => evil.connections.length === 2)
    await commandsAgain(evil, link)
    assert.equal(evil.originates.length, 1)
  })
}

test('nothing is sent, now or later, while the link is down', async t => {
  const { evil, link } = await open(t, 'none')
  evil.connections[0]!.destroy()
  let refused: unknown
  while (refused === undefined)
    refused = await link.run(say.status).then(
      () => undefined,
      error => error as unknown,
    )
  // the cut was noticed; every request until the link is back is refused at once
  await assert.rejects(
    link.submit(dialling, newUuid()),
    (error: unknown) => error instanceof SwitchError && error.code === 'LINK_DOWN',
  )
  await evil.until(() => evil.connections.length === 2)
  await commandsAgain(evil, link)
  assert.equal(evil.originates.length, 0)
  await link.submit(dialling, newUuid())
  assert.equal(evil.originates.length, 1)
})

/** The next connection has answered a later command: a repeated one would have come before it. */
async function commandsAgain(evil: EvilSwitch, link: CommandLink): Promise<void> {
  for (;;) {
    const answered = await link.run(say.status).then(
      () => true,
      () => false,
    )
    if (answered) return
    await evil.until(() => true)
    await new Promise(resolve => setImmediate(resolve))
  }
}
