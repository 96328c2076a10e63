/** The doctor, on this machine as it is, and (`make contract`) on a real FreeSWITCH with the project's own dialplan. */
import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { after, describe, test } from 'node:test'
import { systemClock as clock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { Door } from '../../src/call/entry.ts'
import { Switchboard } from '../../src/switch/switchboard.ts'
import { diagnose } from '../../src/desk/doctor.ts'
import type { Finding } from '../../src/desk/doctor/finding.ts'
import type { DoctorSettings } from '../../src/desk/doctor/doctor-input.ts'
import { checkSwitch } from '../../src/desk/doctor/switch.ts'
import { SHARED_TIME_KEY } from '../../src/store/redis-time.ts'
import { openListener } from '../../src/esl/listener.ts'
import { Installation, takePort } from './cli-process.ts'
import { MachineClock } from '../../src/testing/index.ts'
import { freePort } from '../free-port.ts'
import { openDatabase, openRedis } from '../open-services.ts'
import { SCRIPTS } from '../program.ts'
import { findFreeSwitch, startFreeSwitch, type FreeSwitch } from './switch/freeswitch.ts'

describe('the doctor at a machine', () => {
  test('a fresh machine is healthy, and what is wrong is told all at once', async t => {
    const rig = await Installation.open(t)
    const { code, out, err } = await rig.types('doctor')
    assert.equal(code, 0, out + err)
    assert.match(
      out,
      // the stores of a test are deleted after it, and the doctor recognises that
      /^ok +settings.*\nok +flows.*\nok +flow types.*\nok +postgres: .*private, all migrations.*\nwarning +redis: .*appendonly no.*\nok +freeswitch: .*simulated/,
    )

    const both = await rig.types('doctor --json', {
      DATABASE_URL: 'postgres://u:hidden@127.0.0.1:1/x',
      REDIS_URL: 'redis://127.0.0.1:1',
    })
    const { healthy, findings } = JSON.parse(both.out) as { healthy: boolean; findings: Finding[] }
    assert.equal(both.code, 1)
    assert.equal(healthy, false)
    assert.deepEqual(
      findings.filter(one => one.level === 'fault').map(one => one.about),
      ['freeswitch', 'postgres', 'redis'], // with stores that belong to an installation, a node needs a FreeSWITCH
      'both at once',
    )
    assert.ok(!both.out.includes('hidden') && both.err === '', both.err)

    const nobody = await takePort()
    await nobody.close()
    const alone = await rig.types('doctor', { FREESWITCH: `127.0.0.1:${nobody.port}`, FREESWITCH_PASSWORD: 'x' })
    assert.equal(alone.code, 1)
    assert.match(alone.out, /^fault +127\.0\.0\.1:\d+: nobody answers: .*ECONNREFUSED.* To fix: start FreeSWITCH/m)
  })

  test('a machine whose clock differs from that of Redis is told so, and one that differs by less than a second is not', async t => {
    const database = await openDatabase(t)
    const redis = await openRedis(t)
    const settings: DoctorSettings = {
      databaseUrl: null,
      redisUrl: null,
      switches: [],
      switchPassword: null,
      listen: { host: '127.0.0.1', port: 0 },
      listenAllow: [],
      doorKey: null,
      scripts: SCRIPTS,
      gateway: 'carrier',
      demo: false,
    }
    const openServices = async () => ({ database: database.address, redis: redis.address, close: async () => {} })
    const said: (string | undefined)[] = []
    for (const aheadMs of [15_000, -2_500, 300]) {
      const found: Finding[] = []
      for await (const one of diagnose({
        settings: () => settings,
        openServices,
        clock: new MachineClock(clock, aheadMs),
      }))
        found.push(one)
      said.push(found.find(one => one.level === 'warning' && one.says.includes('clock'))?.says)
    }
    assert.match(said[0]!, /^the clock of this machine is 15 s ahead of Redis's/)
    assert.match(said[1]!, /^the clock of this machine is 2\.5 s behind Redis's/)
    assert.equal(said[2], undefined)

    await redis.client.hset(SHARED_TIME_KEY, { raw: Date.now(), ahead: 3_600_000 })
    const found: Finding[] = []
    for await (const one of diagnose({ settings: () => settings, openServices, clock })) found.push(one)
    assert.match(
      found.map(one => one.says).join('\n'),
      /^the time of the nodes is 3600 s ahead of Redis's clock, which was set while they ran/m,
    )
  })
})

const asked = process.env['REAL_SWITCH'] === 'yes'
const program = asked ? await findFreeSwitch() : null
const skip = program
  ? false
  : asked
    ? 'no freeswitch on the PATH and no FREESWITCH_BIN'
    : 'only `make contract` asks a real FreeSWITCH'

describe('the doctor at a real FreeSWITCH', () => {
  let running: Promise<FreeSwitch> | undefined
  after(async () => (await running)?.stop())

  async function visit(ill: Partial<DoctorSettings> = {}): Promise<Finding[]> {
    running ??= startFreeSwitch(program!)
    const { ports, password, doorKey } = await running
    const settings: DoctorSettings = {
      databaseUrl: null,
      redisUrl: null,
      demo: false,
      switches: [],
      switchPassword: password,
      listen: { host: '127.0.0.1', port: ports.nodeA },
      listenAllow: ['127.0.0.0/8'],
      doorKey,
      scripts: SCRIPTS,
      gateway: 'carrier',
      ...ill,
    }
    const found: Finding[] = []
    for await (const finding of checkSwitch({ host: '127.0.0.1', port: ports.eventSocket }, settings, clock))
      found.push(finding)
    return found
  }
  const faults = (found: readonly Finding[]) => found.filter(one => one.level === 'fault').map(one => one.says)

  test(
    'where no node runs, a test call comes in all the same, and the doctor says who is missing',
    { skip, timeout: 60_000 },
    async () => {
      const found = await visit()
      const calls = found.filter(one => one.says.includes('test call')).map(one => one.says)
      assert.ok(
        calls.some(one => /^no node runs at 127\.0\.0\.1:\d+, where a test call arrived/.test(one)),
        calls.join('\n'),
      )
      assert.ok(
        calls.some(one => /was taken by nobody/.test(one)),
        calls.join('\n'),
      )
    },
  )

  test('where a node runs, the node takes the test call', { skip, timeout: 60_000 }, async t => {
    const { ports, doorKey } = await (running ??= startFreeSwitch(program!))
    const door = new Door({
      clock,
      log: silentLog,
      switchboard: new Switchboard(),
      key: doorKey,
      start: () => assert.fail('nobody else calls'),
    })
    const node = await openListener({
      host: '127.0.0.1',
      port: ports.nodeA,
      allow: ['127.0.0.0/8'],
      log: silentLog,
      onWire: wire => void door.accept(wire),
    })
    t.after(() => node.close())
    const taken = (await visit()).filter(one => one.says.endsWith('was taken by the node there'))
    assert.deepEqual(
      taken.map(one => one.says),
      [`a test call to 127.0.0.1:${ports.nodeA} was taken by the node there`],
    )
    const elsewhere = await visit({ listen: { host: '127.0.0.1', port: await freePort() } })
    assert.match(elsewhere.at(-1)!.says, /^its dialplan does not name LISTEN/)
  })

  test(
    'a dialplan that leads elsewhere, another key and a wrong password are each told',
    { skip, timeout: 60_000 },
    async t => {
      const lost = faults(await visit({ listen: { host: '127.0.0.1', port: await freePort() } }))
      assert.ok(
        lost.some(one => /was taken by nobody: every caller/.test(one)) &&
          lost.some(one => /does not name LISTEN/.test(one)),
        lost.join('\n'),
      )
      assert.ok(
        faults(await visit({ doorKey: 'another-sixteen-letters' })).includes(
          'its calls carry another key than DOOR_KEY',
        ),
      )
      assert.match(faults(await visit({ switchPassword: 'wrong' }))[0]!, /^it refuses the password/)
      assert.ok(
        faults(await visit({ listenAllow: ['10.0.0.0/8'] })).some(one =>
          /was refused on arrival: LISTEN_ALLOW/.test(one),
        ),
      )
      const { ports } = await running!
      const taken = new Set<Socket>()
      // accepts connections and sends nothing
      const stranger = createServer(socket => void taken.add(socket)).listen(ports.nodeA, '127.0.0.1')
      t.after(() => {
        stranger.close()
        for (const socket of taken) socket.destroy() // nobody has read their end
      })
      assert.ok(faults(await visit()).some(one => one.includes(`to 127.0.0.1:${ports.nodeA} got no answer in 6 s`)))
      const gateway = (await visit({ gateway: 'nix' })).find(one => one.says.includes('gateway'))
      assert.deepEqual(
        [gateway?.level, gateway?.says],
        ['warning', "it has no gateway 'nix': no telephone number can be reached"],
      )
    },
  )
})
