/**
 * Message queues that get every event (EVENTS_TO): real ones, started here: Redis, and RabbitMQ and NATS where Debian's
 * packages are installed. Each is closed and comes back, and misses nothing.
 */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { Connection } from 'rabbitmq-client'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import type { CloudEvent } from '../../src/events/envelope.ts'
import { happening } from '../../src/events/happening.ts'
import { addSink, sinkTurn, type Sink } from '../../src/outbox/sink.ts'
import { amqpSink } from '../../src/outbox/sinks/amqp.ts'
import { natsSink } from '../../src/outbox/sinks/nats.ts'
import { redisStream } from '../../src/outbox/sinks/redis-stream.ts'
import { changeTarget, targetNamed } from '../../src/store/event-targets.ts'
import { appendEvents } from '../../src/store/events.ts'
import { openRedisLinks } from '../../src/store/redis.ts'
import { freePort } from '../free-port.ts'
import { openDatabase, openRedis } from '../open-services.ts'
import { says } from '../says.ts'

/** RabbitMQ takes half a minute to start beside other tests: `make brokers`. */
const isAsked = process.env['BROKERS'] === 'yes'
const EPMD = '/usr/bin/epmd'
const RABBIT = '/usr/lib/rabbitmq/bin/rabbitmq-server'
const NATS = ['/usr/sbin/nats-server', '/usr/bin/nats-server', '/usr/local/bin/nats-server'].find(existsSync)

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const over = once(child, 'exit')
  child.kill('SIGTERM')
  await over
}

/** Tells events, and delivers them until the sink has all of them, or its broker is down. */
async function scene(t: TestContext, sink: Sink) {
  const { sql } = await openDatabase(t)
  const parts = { sql, source: '/switchhook', seesNumbers: false, clock: systemClock, log: silentLog }
  await addSink(sink, parts)
  t.after(() => sink.close())
  let told = 0
  return {
    async tells(count: number) {
      const rows = Array.from({ length: count }, () => {
        const call = {
          uuid: `call-${told % 7}`,
          flow: `f${told++}`,
          from: '+49301234567',
          to: '1',
          direction: 'in',
        } as const
        return happening('call.initiated', call, systemClock.now()).row
      })
      await appendEvents(sql, rows, { node: 'a', now: systemClock.now() })
    },
    async delivers() {
      while (await sinkTurn(sink, parts));
      return (await targetNamed(sql, sink.name))!
    },
    /** A broker that was down is tried again at once. */
    triesNow: () => changeTarget(sql, sink.name, { state: 'active' }, systemClock.now() - 1_000),
    again: () => changeTarget(sql, sink.name, { position: 0 }, systemClock.now() - 1_000),
  }
}

function inOrder(events: readonly CloudEvent[], count: number): void {
  assert.deepEqual(
    events.map(({ data }) => (data as { flow: string }).flow),
    Array.from({ length: count }, (_, n) => `f${n}`),
  )
  assert.ok(
    events.every(({ specversion, data }) => specversion === '1.0' && (data as { from: string }).from === '+49…67'),
  )
}

test('a stream of Redis has each event once, in the order of all', async t => {
  const { address } = await openRedis(t)
  const { commands, ...others } = await openRedisLinks(address)
  t.after(() => [commands, ...Object.values(others)].forEach(link => link.disconnect()))
  const { tells, delivers, again } = await scene(t, redisStream(commands))
  await tells(450)
  assert.equal((await delivers()).failures, 0)
  await again()
  await delivers()
  const entries = (await commands.xrange('switchhook:events', '-', '+')) as [string, string[]][]
  inOrder(
    entries.map(([, fields]) => JSON.parse(fields[1]!) as CloudEvent),
    450,
  )
})

test(
  'a broker of AMQP gets each event by its name, also those of the time when it was down',
  { skip: !(isAsked && existsSync(RABBIT)) && 'no rabbitmq-server, or not make brokers' },
  async t => {
    const folder = await mkdtemp(join(tmpdir(), 'switchhook-rabbit-'))
    const [port, dist, epmd] = [await freePort(), await freePort(), await freePort()]
    await writeFile(join(folder, 'conf'), `listeners.tcp.1 = 127.0.0.1:${port}\n`)
    const env = {
      ...{
        PATH: process.env['PATH'],
        HOME: folder,
        RABBITMQ_NODENAME: `t${port}@localhost`,
        RABBITMQ_DIST_PORT: String(dist),
      },
      ...{
        RABBITMQ_MNESIA_BASE: join(folder, 'db'),
        RABBITMQ_LOG_BASE: join(folder, 'log'),
        ERL_EPMD_PORT: String(epmd),
      },
      ...{ RABBITMQ_CONFIG_FILE: join(folder, 'conf'), RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins') },
      ERL_EPMD_ADDRESS: '127.0.0.1',
    }
    const start = async () => {
      const child = spawn(RABBIT, { env, stdio: ['ignore', 'pipe', 'pipe'] })
      await says(child, 'completed with')
      return child
    }
    let broker = await start()
    t.after(async () => {
      await ended(broker)
      await once(spawn(EPMD, ['-port', String(epmd), '-kill'], { env, stdio: 'ignore' }), 'exit')
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    })
    const url = `amqp://guest:guest@127.0.0.1:${port}`
    const { tells, delivers, triesNow } = await scene(t, amqpSink(url, systemClock))
    const listen = new Connection({ url, connectionName: 'test' }).on('error', () => {})
    t.after(() => listen.close())
    await listen.exchangeDeclare({ exchange: 'switchhook.events', type: 'topic', durable: true })
    await listen.queueDeclare({ queue: 'crm', durable: true })
    await listen.queueBind({ queue: 'crm', exchange: 'switchhook.events', routingKey: 'call.#' })
    await tells(250)
    assert.equal((await delivers()).failures, 0)
    await ended(broker)
    await tells(100)
    assert.notEqual((await delivers()).error, null, 'it says why nothing arrives')
    broker = await start()
    await triesNow()
    while ((await delivers()).failures > 0) await triesNow()
    const got: CloudEvent[] = []
    const seen = new Set<string>()
    for (;;) {
      const message = await listen.basicGet({ queue: 'crm', noAck: true })
      if (message === undefined) break
      const event = JSON.parse(String(message.body)) as CloudEvent
      assert.deepEqual([message.routingKey, message.messageId, message.durable], ['call.initiated', event.id, true])
      if (!seen.has(event.id)) got.push(event)
      seen.add(event.id)
    }
    inOrder(got, 350)
  },
)

test(
  'a NATS server has each event once, also those of the time when it was down',
  { skip: NATS === undefined && 'no nats-server' },
  async t => {
    const folder = await mkdtemp(join(tmpdir(), 'switchhook-nats-'))
    const port = await freePort()
    const start = async () => {
      const child = spawn(NATS!, ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', folder], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      await says(child, 'Server is ready')
      return child
    }
    let server = await start()
    t.after(async () => {
      await ended(server)
      await rm(folder, { recursive: true, force: true })
    })
    const { tells, delivers, triesNow, again } = await scene(t, natsSink(`nats://127.0.0.1:${port}`, systemClock))
    await tells(250)
    assert.equal((await delivers()).failures, 0)
    await ended(server)
    await tells(100)
    assert.notEqual((await delivers()).error, null)
    server = await start()
    await triesNow()
    while ((await delivers()).failures > 0) await triesNow()
    await again()
    await delivers()
    const connection = await connect({ servers: `127.0.0.1:${port}` })
    t.after(() => connection.close())
    const consumer = await jetstream(connection).consumers.get('SWITCHHOOK')
    const got: CloudEvent[] = []
    for await (const message of await consumer.fetch({ max_messages: 350, expires: 10_000 })) {
      assert.equal(message.subject, 'switchhook.events.call.initiated')
      got.push(message.json<CloudEvent>())
      if (got.length === 350) break
    }
    inOrder(got, 350)
  },
)
