/**
 * How much memory strangers can make a node use before they have identified a leg: over TCP, through the port itself.
 */
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { silentLog, type Log } from '../../src/base/log.ts'
import { Door } from '../../src/call/entry.ts'
import type { Leg } from '../../src/call/leg.ts'
import { Switchboard } from '../../src/switch/switchboard.ts'
import { openListener } from '../../src/esl/listener.ts'
import type { Wire } from '../../src/esl/wire.ts'
import { VirtualClock } from '../../src/testing/index.ts'

const MIB = 1 << 20
const UUID = '00000000-0000-4000-8000-00000000abcd'

test('thirty strangers who send three megabytes each and never finish hold 64 MiB together, and a caller is served meanwhile', async t => {
  const refused: string[] = []
  let taken: (uuid: string) => void = () => {}
  const arrived = new Promise<string>(resolve => (taken = resolve))
  const log: Log = {
    ...silentLog,
    warn: ((fields: { error?: string }) => void refused.push(fields.error ?? '')) as Log['warn'],
  }
  const start = (leg: Leg) => {
    leg.giveAway('taken')
    taken(leg.uuid)
  }
  // no time passes: on a busy machine ninety megabytes take longer than a node waits for the rest of a frame
  const door = new Door({ clock: new VirtualClock(), log, switchboard: new Switchboard(), start })
  const wires: Wire[] = []
  const knocked: Promise<void>[] = []
  const onWire = (wire: Wire) => {
    wires.push(wire)
    knocked.push(door.accept(wire))
  }
  const listener = await openListener({ host: '127.0.0.1', port: 0, allow: ['127.0.0.0/8'], log, onWire })
  const sockets: Socket[] = []
  const open = (): Socket => {
    const socket = connect({ host: '127.0.0.1', port: listener.port })
    sockets.push(socket)
    socket.on('error', () => {}) // refused: RST
    return socket
  }
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    for (const wire of wires) wire.destroy()
    await listener.close()
  })

  const letter = Buffer.concat([Buffer.from(`Content-Length: ${4 * MIB - 1_000}\n\n`), Buffer.alloc(3 * MIB, 'y')])
  let closed = 0
  const enough = new Promise<void>(resolve => {
    for (let stranger = 0; stranger < 30; stranger++) {
      const socket = open()
      // without resume() the end of an unread connection is not noticed
      socket.on('close', () => ++closed === 14 && resolve()).resume()
      socket.write(letter)
    }
  })
  await enough // no more than 16 of them fit into 64 MiB
  assert.ok(
    refused.some(error => /may hold 67108864 octets together/.test(error)),
    refused.join('; '),
  )

  const data = `Event-Name: CHANNEL_DATA\nUnique-ID: ${UUID}\nvariable_socket_path: welcome\nSocket-Mode: async\nControl: full\nvariable_a: ${'z'.repeat(20_000)}\nContent-Type: command/reply\nReply-Text: +OK\n\n`
  const caller = open()
  caller.write(data.slice(0, 9_000))
  caller.once('data', () => caller.write(data.slice(9_000)))
  assert.equal(await arrived, UUID)

  for (const socket of sockets) socket.destroy()
  await Promise.all(knocked)
  assert.equal(wires[0]!.budget!.left, 64 * MIB, 'who is gone holds nothing')
})
