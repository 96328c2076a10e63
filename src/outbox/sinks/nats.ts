/**
 * Events to NATS JetStream: the subject `switchhook.events.` and the name of the event, the id of the event as
 * Nats-Msg-Id, so that JetStream drops one that it has. Makes the stream SWITCHHOOK when there is none.
 */
import { jetstream, jetstreamManager, type JetStreamClient } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { within, type Clock } from '../../base/clock.ts'
import { SwitchhookError } from '../../base/errors.ts'
import type { Sink } from '../sink.ts'

const STREAM = 'SWITCHHOOK'
const SUBJECT = 'switchhook.events'
/** Until the server has confirmed all messages of a turn, with the time to connect. */
const LIMIT_MS = 10_000
const PING_MS = 5_000

interface Open {
  readonly connection: NatsConnection
  readonly client: JetStreamClient
}

export function natsSink(url: string, clock: Clock): Sink {
  let open: Open | null = null
  const close = async () => {
    const old = open
    open = null
    if (old) await within(clock, 1_000, old.connection.close())
  }
  const opened = async (): Promise<Open> => {
    if (open && !open.connection.isClosed()) return open
    const { hostname, port, username, password } = new URL(url)
    const connection = await connect({
      servers: `${hostname}:${port === '' ? 4222 : port}`,
      ...(username !== '' && { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
      ...{ name: 'switchhook', timeout: LIMIT_MS / 2, reconnect: false, pingInterval: PING_MS, maxPingOut: 2 },
    })
    open = { connection, client: jetstream(connection, { timeout: LIMIT_MS / 2 }) }
    const manager = await jetstreamManager(connection, { timeout: LIMIT_MS / 2 })
    const isThere = await manager.streams.info(STREAM).then(
      () => true,
      () => false,
    )
    if (!isThere) await manager.streams.add({ name: STREAM, subjects: [`${SUBJECT}.>`] })
    return open
  }
  return {
    name: 'sink.nats',
    async publish(messages) {
      const work = (async () => {
        const { client } = await opened()
        const acks = messages.map(({ name, event }) =>
          client.publish(`${SUBJECT}.${name}`, JSON.stringify(event), { msgID: event.id }),
        )
        await Promise.all(acks)
      })()
      try {
        if (await within(clock, LIMIT_MS, work)) return await work
        throw new SwitchhookError('SERVICE', `the server did not confirm within ${LIMIT_MS / 1_000} s`)
      } catch (error) {
        work.catch(() => {})
        await close()
        throw error
      }
    },
    close,
  }
}
