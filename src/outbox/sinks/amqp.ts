/**
 * Events to a broker of AMQP 0-9-1, such as RabbitMQ: the topic exchange `switchhook.events`, the name of the event as
 * routing key, the id of the event as message id. Messages are persistent, and the broker confirms each.
 */
import { Connection } from 'rabbitmq-client'
import { within, type Clock } from '../../base/clock.ts'
import { SwitchhookError } from '../../base/errors.ts'
import type { Sink } from '../sink.ts'

const EXCHANGE = 'switchhook.events'
/** Until the broker has confirmed all messages of a turn, with the time to connect. */
const LIMIT_MS = 10_000
const HEARTBEAT_S = 10

export function amqpSink(url: string, clock: Clock): Sink {
  let connection: Connection | null = null
  let publisher: ReturnType<Connection['createPublisher']> | null = null
  const close = async () => {
    const [old, link] = [publisher, connection]
    publisher = connection = null
    if (link) await within(clock, 1_000, Promise.allSettled([old?.close(), link.close()]))
  }
  return {
    name: 'sink.amqp',
    async publish(messages) {
      if (!connection || !publisher) {
        connection = new Connection({
          ...{ url, heartbeat: HEARTBEAT_S, connectionTimeout: LIMIT_MS, acquireTimeout: LIMIT_MS },
          connectionName: 'switchhook',
        })
        connection.on('error', () => {}) // each failure also rejects what is sent
        publisher = connection.createPublisher({
          confirm: true,
          maxAttempts: 1,
          exchanges: [{ exchange: EXCHANGE, type: 'topic', durable: true }],
        })
      }
      const sender = publisher
      // in their order: a channel of AMQP keeps it
      const sent = Promise.all(
        messages.map(({ name, event }) =>
          sender.send(
            {
              ...{ exchange: EXCHANGE, routingKey: name, messageId: event.id, durable: true },
              contentType: 'application/cloudevents+json',
            },
            JSON.stringify(event),
          ),
        ),
      )
      try {
        if (await within(clock, LIMIT_MS, sent)) return void (await sent)
        throw new SwitchhookError('SERVICE', `the broker did not confirm within ${LIMIT_MS / 1_000} s`)
      } catch (error) {
        sent.catch(() => {})
        await close() // what it still holds must not be sent later, out of order
        throw error
      }
    },
    close,
  }
}
