/** A port that is closed while a node is overrun, and opened again: over TCP. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, Server, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { silentLog, type Log } from '../../src/base/log.ts'
import { openListener } from '../../src/esl/listener.ts'
import type { Wire } from '../../src/esl/wire.ts'

async function open(t: TestContext, log: Log = silentLog) {
  const wires: Wire[] = []
  const waiting: ((wire: Wire) => void)[] = []
  const onWire = (wire: Wire) => {
    wire.listen({ data: chunk => wire.write(chunk), close() {} }) // prints the log
    wires.push(wire)
    waiting.shift()?.(wire)
  }
  const listener = await openListener({ host: '127.0.0.1', port: 0, allow: ['127.0.0.0/8'], log, onWire })
  const sockets: Socket[] = []
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    for (const wire of wires) wire.destroy()
    await listener.close()
    assert.ok(!listener.listening)
  })
  /** FreeSWITCH connects a call: 'taken', or how it was refused. */
  async function bring(): Promise<'taken' | string> {
    const taken = new Promise<'taken'>(resolve => waiting.push(() => resolve('taken')))
    const socket = connect({ host: '127.0.0.1', port: listener.port })
    sockets.push(socket)
    const refused = once(socket, 'connect').then(
      () => new Promise<never>(() => {}),
      (error: NodeJS.ErrnoException) => error.code ?? error.message,
    )
    const outcome = await Promise.race([taken, refused])
    if (outcome !== 'taken') waiting.pop()
    return outcome
  }
  async function talks(): Promise<boolean> {
    sockets[0]!.write('still there?')
    const [heard] = (await once(sockets[0]!, 'data')) as [Buffer]
    return heard.toString() === 'still there?'
  }
  return { listener, bring, talks }
}

test('a closed port refuses at once, keeps the calls that it has, and opens again on the same port', async t => {
  const { listener, bring, talks } = await open(t)
  const { port } = listener
  assert.equal(await bring(), 'taken')
  for (let round = 0; round < 3; round++) {
    listener.pause()
    assert.ok(!listener.listening)
    assert.equal(await bring(), 'ECONNREFUSED')
    assert.ok(await talks(), 'who is connected notices nothing')
    await listener.resume()
    assert.equal(await bring(), 'taken')
  }
  assert.equal(listener.port, port)
})

test('a port that is closed again while it is being opened is closed', async t => {
  const { listener, bring } = await open(t)
  listener.pause()
  const opening = listener.resume()
  listener.pause()
  await opening
  assert.equal(await bring(), 'ECONNREFUSED')
  await Promise.all([listener.resume(), listener.resume()])
  assert.equal(await bring(), 'taken')
})

test('a port that is closed for good stays closed', async t => {
  const { listener, bring } = await open(t)
  listener.stopListening()
  await listener.resume()
  assert.equal(await bring(), 'ECONNREFUSED')
})

test('connections that cannot be accepted are told of, each of them, and the next call is taken', async t => {
  const servers: Server[] = []
  const listen = Server.prototype.listen
  t.mock.method(Server.prototype, 'listen', function (this: Server, ...how: Parameters<typeof listen>) {
    servers.push(this)
    return listen.apply(this, how)
  })
  const faults: unknown[] = []
  const { bring } = await open(t, { ...silentLog, error: (fault: unknown) => void faults.push(fault) })
  for (let n = 0; n < 2; n++) servers[0]!.emit('error', new Error('accept EMFILE'))
  assert.deepEqual(faults, [{ error: 'accept EMFILE' }, { error: 'accept EMFILE' }])
  assert.equal(await bring(), 'taken')
})
