/** Rows 75, 80 and 81: receivers of events that are down, that nobody may reach, and deliveries that are forged. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { systemClock } from '../../src/base/clock.ts'
import { AllowedTargets } from '../../src/outbox/allowed-target.ts'
import { Poster } from '../../src/outbox/post.ts'
import { newSecret, signedHeaders } from '../../src/outbox/signature.ts'
import { targetNamed } from '../../src/store/event-targets.ts'
import { callsNamed, MINUTE, WebhookRig } from '../contract/webhook-rig.ts'
import { seeded } from './links-chance.ts'
import { many, row } from './matrix.ts'

row(
  75,
  'the receiver of a webhook hangs, or answers 500, for an hour: every event arrives afterwards, those of a call in their order',
  { injected: 'a receiver that is down for an hour of virtual time', quick: true },
  async (t, told) => {
    const rig = await WebhookRig.open(t)
    const random = seeded(75)
    const calls = callsNamed(many(3_334, 100))
    const each = 30
    rig.answer = () => (random() < 0.5 ? null : 500)
    for (let part = 0; part < 6; part++) {
      await rig.tells(calls, each / 6)
      await rig.runs(10 * MINUTE)
    }
    const events = calls.length * each
    told.trials = events
    told.is(`nothing arrived meanwhile, and the receiver was asked ${rig.asked} times`, rig.asked < 300)
    rig.answer = () => 204
    const began = rig.clock.now()
    for (let minute = 0; minute < 30 && rig.taken.length < events; minute++) await rig.runs(MINUTE)
    const minutes = (rig.clock.now() - began) / MINUTE
    rig.inOrder(calls, each)
    told.is(`${events - new Set(rig.taken.map(({ id }) => id)).size} of ${events} lost`, rig.taken.length >= events)
    told.is(`the backlog was gone after ${minutes.toFixed(0)} min (10 at most)`, minutes <= 10)
    told.is('in their order per call', true)
    told.is('the receiver counts as up', (await targetNamed(rig.sql, 'crm'))!.failures === 0)
  },
)

/** Spellings of addresses that no webhook may reach. */
function insideAddresses(port: number): string[] {
  const bare = [
    ...[
      '127.0.0.1',
      '127.1',
      '127.0.1',
      '127.255.255.254',
      '2130706433',
      '0x7f000001',
      '0x7f.1',
      '0177.0.0.1',
      '017700000001',
    ],
    ...['0.0.0.0', '0', '10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', '192.168.255.255'],
    ...[
      '169.254.169.254',
      '169.254.170.2',
      '100.64.0.1',
      '100.127.255.254',
      '198.18.0.1',
      '224.0.0.1',
      '255.255.255.255',
    ],
    ...['192.0.0.1', '192.0.2.1', '198.51.100.1', '203.0.113.1', '240.0.0.1', '192.88.99.1'],
    ...[
      '[::1]',
      '[::]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[::ffff:a9fe:a9fe]',
      '[64:ff9b::7f00:1]',
      '[fe80::1]',
    ],
    ...[
      '[fc00::1]',
      '[fd00:ec2::254]',
      '[ff02::1]',
      '[2001:db8::1]',
      '[2002:7f00:1::]',
      '[2001::1]',
      '[::7f00:1]',
      '[100::1]',
    ],
  ]
  const names = ['localhost', 'localhost.', 'inside.test', 'rebinds.test', 'both.test', 'mapped.test']
  return [...bare, ...names].flatMap(host => [
    `http://${host}:${port}/`,
    `https://${host}:${port}/hook`,
    `https://user@${host}:${port}/`,
    `https://${host}/latest/meta-data`,
  ])
}

row(
  80,
  'a webhook names an address behind the firewall, in every spelling, by a name that changes, or by a redirect: nothing is connected',
  { injected: 'URLs of webhooks, and a resolver that lies', quick: true },
  async (t, told) => {
    let connected = 0
    const server = createServer((_request, answer) => answer.end()).on('connection', () => connected++)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    let asked = 0
    const outside = { address: '8.8.8.8', family: 4 }
    const inside = { address: '127.0.0.1', family: 4 }
    const resolve = async (host: string) => {
      if (host === 'rebinds.test') return [asked++ === 0 ? outside : inside]
      if (host === 'both.test') return [outside, inside]
      if (host === 'mapped.test') return [{ address: '::ffff:127.0.0.1', family: 6 }]
      return [inside]
    }
    const guarded = new AllowedTargets([], resolve)
    await guarded.addressesOf('rebinds.test') // as when the webhook was added
    const poster = new Poster(guarded, systemClock)
    t.after(() => poster[Symbol.dispose]())
    const urls = insideAddresses(port)
    const answers = await Promise.all(urls.map(url => poster.post(url, {}, '{}')))
    told.trials = urls.length
    told.is(`${connected} of ${urls.length} connected`, connected === 0 && urls.length >= 180)
    told.is(
      'each is refused in words',
      answers.every(({ status, error }) => status === null && error !== null),
    )

    let reached = 0
    const secret = createServer((_request, answer) => answer.end()).on('connection', () => reached++)
    await new Promise<void>(done => secret.listen(0, '127.0.0.1', done))
    t.after(() => secret.close())
    const to = `http://127.0.0.1:${(secret.address() as AddressInfo).port}/`
    const redirects = createServer((request, answer) =>
      answer.writeHead(Number(request.url?.slice(1)), { location: to }).end(),
    )
    await new Promise<void>(done => redirects.listen(0, '127.0.0.1', done))
    t.after(() => redirects.close())
    const own = new Poster(new AllowedTargets(['127.0.0.1']), systemClock)
    t.after(() => own[Symbol.dispose]())
    const from = `http://127.0.0.1:${(redirects.address() as AddressInfo).port}`
    for (const status of [301, 302, 303, 307, 308]) {
      const answer = await own.post(`${from}/${status}`, {}, '{}')
      told.is(`${status} is not followed`, answer.status === status && answer.error !== null)
    }
    told.is('no redirect was followed', reached === 0)
  },
)

row(
  81,
  'somebody forges a delivery, changes one, or sends an old one again: the receiver refuses each',
  { injected: 'deliveries with wrong signatures and times', quick: true },
  async (t, told) => {
    const random = seeded(81)
    const secret = newSecret()
    const now = Date.UTC(2026, 2, 2, 9)
    t.mock.timers.enable({ apis: ['Date'], now })
    const library = new Webhook(secret)
    const takes = (body: string, headers: Record<string, string>) => {
      try {
        library.verify(body, headers)
        return true
      } catch {
        return false
      }
    }
    let refused = 0
    let good = 0
    const trials = many(1_000, 100)
    for (let n = 0; n < trials; n++) {
      const body = JSON.stringify({ n, text: 'ä'.repeat(Math.floor(random() * 50)) })
      const id = `call.${n}`
      const sign = (minutes: number, with_ = secret) => signedHeaders({ id, at: now + minutes * 60_000, body }, [with_])
      const headers = sign(0)
      const signature = headers['webhook-signature']!
      if (takes(body, headers) && takes(body, sign(-4)) && takes(body, sign(4))) good++
      const forged = [
        takes(`${body} `, headers),
        takes(body, { ...headers, 'webhook-id': `${id}x` }),
        takes(body, { ...headers, 'webhook-timestamp': String(now / 1_000 + 1) }),
        takes(body, { ...headers, 'webhook-signature': signature.slice(0, -1) }),
        takes(body, { ...headers, 'webhook-signature': `${signature}A` }),
        takes(body, { ...headers, 'webhook-signature': signature.replace('v1,', 'v2,') }),
        takes(body, { ...headers, 'webhook-signature': '' }),
        takes(body, sign(0, newSecret())),
        takes(body, sign(-6)),
        takes(body, sign(6)),
      ]
      refused += forged.filter(one => !one).length
    }
    told.trials = trials * 10
    told.is(`${refused} of ${trials * 10} refused`, refused === trials * 10)
    told.is('every right one is taken', good === trials)
  },
)
