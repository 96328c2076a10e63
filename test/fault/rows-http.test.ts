/** Rows 82 and 83: the HTTP API under people who try keys, and under requests that are slow, huge or deep. */
import { connect, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { systemClock } from '../../src/base/clock.ts'
import { Api } from '../contract/http-rig.ts'
import { seeded } from './links-chance.ts'
import { many, percentile, row } from './matrix.ts'

/** A key as they look: sixteen hexadecimal digits and a secret. */
const keyLike = (id: string, random: () => number): string => {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
  return `shk_${id}_${Array.from({ length: 43 }, () => letters[Math.floor(random() * letters.length)]).join('')}`
}
const hex = (random: () => number) => Array.from({ length: 16 }, () => Math.floor(random() * 16).toString(16)).join('')

/** The chance that two samples of one source differ so much in their means (Welch's t, as normal). */
function chanceOfDifference(a: readonly number[], b: readonly number[]): number {
  const of = (values: readonly number[]) => {
    const mean = values.reduce((sum, one) => sum + one, 0) / values.length
    const variance = values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (values.length - 1)
    return { mean, error: variance / values.length }
  }
  const [first, second] = [of(a), of(b)]
  const z = Math.abs(first.mean - second.mean) / Math.sqrt(first.error + second.error)
  // twice the tail of the normal distribution (Abramowitz and Stegun 26.2.17)
  const t = 1 / (1 + 0.2316419 * z)
  const tail = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return (2 * Math.exp((-z * z) / 2) * tail) / Math.sqrt(2 * Math.PI)
}

row(
  82,
  'somebody tries one API key after the other, and measures how long each answer takes: ten tries a minute, and the time tells nothing',
  { injected: 'wrong API keys' },
  async (t, told) => {
    const api = await Api.open(t, { clock: systemClock })
    const random = seeded(82)
    const ids = (await api.does('key.list')) as { id: string }[]
    const existing = ids[0]!.id
    await api.asks('GET /v1/queues')
    const tries = many(100_000, 1_000)
    const statuses = new Map<number, number>()
    const began = performance.now()
    for (let n = 0; n < tries; n += 100) {
      const asked = Array.from({ length: 100 }, () =>
        api.asks('GET /v1/queues', { key: keyLike(random() < 0.5 ? existing : hex(random), random) }),
      )
      for (const { status } of await Promise.all(asked)) statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
    const minutes = Math.ceil((performance.now() - began) / 60_000)
    told.trials = tries
    const seen = statuses.get(401) ?? 0
    told.is(`${seen} keys looked at in ${minutes} min (10 a minute at most)`, seen <= 10 * minutes)
    told.is('all others 429', (statuses.get(429) ?? 0) === tries - seen)
    told.is('whoever has the key goes on', (await api.asks('GET /v1/queues')).status === 200)

    const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] }
    for (let n = 0; n < many(20_000, 200); n++) {
      const which = random() < 0.5 ? 'known' : 'unknown'
      const key = keyLike(which === 'known' ? existing : hex(random), random)
      const at = performance.now()
      await api.asks('GET /v1/queues', { key })
      times[which].push(performance.now() - at)
    }
    const usual = (values: readonly number[]) => values.filter(one => one <= percentile(values, 95))
    const chance = chanceOfDifference(usual(times.known), usual(times.unknown))
    told.takes(
      `${times.known.length + times.unknown.length} timings, p ${chance.toFixed(3)} (more than 0.01)`,
      chance > 0.01,
    )
  },
)

/** Sends the text and resolves with the first line of the answer; '' when the connection ends without one. */
function statusLine(port: number, text: string, then: (socket: Socket) => void = () => {}): Promise<string> {
  return new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port })
    let said = ''
    socket.on('data', chunk => (said += String(chunk)))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve(said.split('\r\n')[0]!))
    socket.write(text)
    then(socket)
  })
}

row(
  83,
  'requests that are slow, huge, deep or poisoned come together: each is refused, and nobody else waits',
  { injected: 'slow headers, slow bodies, 100 MB, 10 000 headers, depth 100 000, __proto__' },
  async (t, told) => {
    const api = await Api.open(t, { clock: systemClock })
    const { port } = new URL(api.opened.desk.url!)
    await api.does('queue.add', { name: 'sales' })
    const head = `POST /v1/queues HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.opened.key}\r\nContent-Type: application/json\r\n`
    let attacks = true
    const others: number[] = []
    const asking = (async () => {
      while (attacks) {
        const at = performance.now()
        const { status } = await api.asks('GET /v1/queues')
        if (status !== 200) told.is(`another one got ${status}`, false)
        others.push(performance.now() - at)
      }
    })()

    const slowly = (text: string) =>
      statusLine(Number(port), text, socket => {
        const drip = setInterval(() => socket.write('x'), 500)
        socket.on('close', () => clearInterval(drip))
      })
    const crowd = many(200, 5)
    const slow = Array.from({ length: crowd }, () => slowly('GET /v1/queues HTTP/1.1\r\nHost: x\r\nX-Slow: '))
    const slowBodies = Array.from({ length: crowd }, () => slowly(`${head}Content-Length: 1000\r\n\r\n{"name":"`))
    const megabyte = 'x'.repeat(1_048_576)
    const [huge, chunked, headers, deep, poisoned] = await Promise.all([
      api.asks('POST /v1/queues', { body: `{"name":"${'x'.repeat(100_000_000)}"}` }).catch(() => null),
      statusLine(Number(port), `${head}Transfer-Encoding: chunked\r\n\r\n`, socket => {
        for (let n = 0; n < 100; n++) socket.write(`100000\r\n${megabyte}\r\n`)
        socket.end('0\r\n\r\n')
      }),
      statusLine(Number(port), `${head}${Array.from({ length: 10_000 }, (_, n) => `X-${n}: 1\r\n`).join('')}\r\n`),
      api.asks('POST /v1/queues', { body: '{"a":'.repeat(100_000) }),
      api.asks('POST /v1/queues', {
        body: '{"name":"x","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
      }),
    ])
    const [answers, bodies] = [await Promise.all(slow), await Promise.all(slowBodies)]
    attacks = false
    await asking

    told.trials = 2 * crowd + 5
    const late = (lines: readonly string[]) => lines.filter(one => one.startsWith('HTTP/1.1 408')).length
    told.is(`slow headers: ${late(answers)}/${crowd} got 408`, late(answers) === crowd)
    told.is(`slow bodies: ${late(bodies)}/${crowd} got 408`, late(bodies) === crowd)
    told.is(`100 MB: ${huge?.status ?? 'closed'}`, huge === null || huge.status === 413)
    told.is(`100 MB in chunks: ${chunked || 'closed'}`, chunked === '' || chunked.startsWith('HTTP/1.1 413'))
    told.is(`10 000 headers: ${headers}`, headers.startsWith('HTTP/1.1 431'))
    told.is(`depth 100 000: ${deep.status}`, deep.status === 400)
    told.is(
      `__proto__: ${poisoned.status}`,
      poisoned.status === 400 && ({} as { polluted?: unknown }).polluted === undefined,
    )
    told.takes(
      `${others.length} requests of others, p99 ${percentile(others, 99).toFixed(1)} ms (100 at most)`,
      percentile(others, 99) < 100,
    )
  },
)
