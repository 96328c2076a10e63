/**
 * What the doctor reports for the answers it gets: each fault with its repair, and nothing about things that are right.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { SettingError, SwitchError, SwitchhookError } from '../../src/base/errors.ts'
import { diagnose, type DoctorInput } from '../../src/desk/doctor.ts'
import { sayFinding, saySum, type Finding } from '../../src/desk/doctor/finding.ts'
import { checkDialplan } from '../../src/desk/doctor/dialplan.ts'
import { soundsIn } from '../../src/desk/doctor/sounds.ts'
import { isOlder, redisFindings } from '../../src/desk/doctor/stores.ts'
import { checkClosed, checkGateway, checkItself, unreachable } from '../../src/desk/doctor/switch.ts'
import type { Ask } from '../../src/desk/doctor/doctor-queries.ts'
import { SwitchLine } from '../../src/desk/doctor/switch-line.ts'
import { status } from '../../src/esl/api.ts'
import { memoryPair, SimulatedSwitch, VirtualClock } from '../../src/testing/index.ts'

const CLOCK = new VirtualClock()
const GOOD = {
  status: 'UP 0 years\nFreeSWITCH (Version 1.11.3-release git 64bit) is ready',
  strepoch: String(Math.floor(CLOCK.now() / 1_000)),
  'fsctl api_expansion': '+OK api_expansion is off',
  'global_getvar disable_system_api_commands': 'true',
  'global_getvar disable_system_app_commands': 'true',
  'global_getvar switchhook_node_a': '10.0.0.5:8084',
  'global_getvar switchhook_node_b': '10.0.0.6:8084',
  'global_getvar switchhook_key': 'sixteen-letters!',
  'xml_locate dialplan context name switchhook':
    '<condition expression="^switchhook-([a-z0-9-]+)$"><action application="socket" data="${switchhook_home}/$1 async full"></action>' +
    '<action application="socket" data="10.0.0.5:8084/$1|10.0.0.6:8084/$1 async full"></action>',
  'xml_locate dialplan context name public':
    '<action application="transfer" data="switchhook-welcome XML switchhook"></action>',
  'xml_locate configuration configuration name sofia.conf':
    '<profile name="internal"><settings><param name="rtp-timer-name" value="soft"></param></settings></profile>',
  'global_getvar conf_dir': '/etc/freeswitch',
  'file_exists /etc/freeswitch/dialplan/switchhook_vars.xml': 'true',
  'sofia status gateway carrier': '====\nName    \tcarrier\nState   \tNOREG\nStatus  \tUP\n====',
}

/** A FreeSWITCH without faults, except those that are given here. */
function answering(ill: Readonly<Record<string, string>> = {}): Ask {
  const answers = new Map(Object.entries({ ...GOOD, ...ill }))
  return async text => answers.get(text) ?? (text.startsWith('module_exists ') ? 'true' : '-ERR no reply')
}
const faults = (found: readonly Finding[]) =>
  found.filter(one => one.level !== 'ok').map(one => `${one.level}: ${one.says}. ${one.mend}`)

test('a switch that is well gets no advice', async () => {
  const all = [
    ...(await checkItself('fs1', answering(), CLOCK)),
    ...(await checkClosed('fs1', answering())),
    await checkGateway('fs1', 'carrier', answering()),
    ...(await checkDialplan('fs1', 'sixteen-letters!', answering())).findings,
  ]
  assert.deepEqual(faults(all), [])
  assert.equal(all.length, 5)
})

test('an old FreeSWITCH, missing modules and a wrong clock are told with their cure', async () => {
  const ill = answering({
    status: 'FreeSWITCH (Version 1.10.12-release git) is ready',
    'module_exists mod_sndfile': 'false',
    'module_exists mod_say_en': 'false',
    strepoch: String(Math.floor(CLOCK.now() / 1_000) - 60),
  })
  const [version, modules, say, clock, ...rest] = faults(await checkItself('fs1', ill, CLOCK))
  assert.match(version!, /^warning: FreeSWITCH 1\.10\.12 .*1\.11\.3/)
  assert.match(modules!, /^fault: mod_sndfile is not loaded/)
  assert.match(say!, /^warning: mod_say_en is not loaded: numbers cannot be spoken/)
  assert.match(clock!, /^warning: its clock is (59|60) s behind that of this machine/)
  assert.deepEqual(rest, [])
})

test('a switch that runs programs for strangers is told to stop', async () => {
  const open = answering({
    'global_getvar disable_system_api_commands': '-ERR no reply',
    'fsctl api_expansion': '+OK api_expansion is on',
  })
  const [api, expansion, ...rest] = faults(await checkClosed('fs1', open))
  assert.match(api!, /disable_system_api_commands=true/)
  assert.match(expansion!, /api-expansion/)
  assert.deepEqual(rest, [])
})

test('a gateway that is not there or down is a warning: calls can come in all the same', async () => {
  const gone = await checkGateway('fs1', 'carrier', answering({ 'sofia status gateway carrier': 'Invalid Gateway!' }))
  const down = await checkGateway('fs1', 'carrier', answering({ 'sofia status gateway carrier': 'Status  \tDOWN\n' }))
  assert.match(faults([gone])[0]!, /^warning: it has no gateway 'carrier'.*set GATEWAY/)
  assert.match(faults([down])[0]!, /^warning: the gateway 'carrier' is DOWN/)
})

test('a dialplan without us is a fault, and so is another key, which is never shown', async () => {
  const none = (
    await checkDialplan(
      'fs1',
      null,
      answering({ 'xml_locate dialplan context name switchhook': "can't find anything" }),
    )
  ).findings
  assert.match(faults(none)[0]!, /^fault: its dialplan has no context 'switchhook'.*reloadxml/)
  const sync = (
    await checkDialplan(
      'fs1',
      null,
      answering({
        'xml_locate dialplan context name switchhook': '^switchhook-( application="socket" data="a/$1 full"',
      }),
    )
  ).findings
  assert.equal(faults(sync).length, 1, 'a socket line without async')
  const other = (await checkDialplan('fs1', 'another-sixteen-letters', answering())).findings
  assert.match(faults(other)[0]!, /another key than DOOR_KEY/)
  assert.ok(!JSON.stringify(other).includes('sixteen-letters'))
  assert.match(
    faults(
      (await checkDialplan('fs1', 'x'.repeat(16), answering({ 'global_getvar switchhook_key': '-ERR no reply' })))
        .findings,
    )[0]!,
    /carry no key/,
  )
})

test('Redis must keep every key, and should keep them on disk', () => {
  const good = 'redis_version:7.0.15\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n'
  assert.deepEqual(redisFindings(good, false), [
    { level: 'ok', about: 'redis', says: '7.0.15, keeps every key, appends to disk' },
  ])
  const elsewhere = redisFindings(
    'redis_version:7.2.4\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\nrole:slave\r\ncluster_enabled:1\r\n',
    false,
  )
  assert.deepEqual(
    elsewhere.map(({ level, says }) => `${level}: ${says.split(/[,:]/)[0]}`),
    ['fault: it is a Redis Cluster', 'fault: it is a replica'],
  )
  const bad = redisFindings('redis_version:5.0.1\r\nmaxmemory_policy:allkeys-lru\r\naof_enabled:0\r\n', false)
  assert.deepEqual(
    bad.map(one => one.level),
    ['fault', 'warning', 'warning'],
  )
  assert.match(
    redisFindings(
      'redis_version:7.2.4\r\nvalkey_version:8.1.0\r\nmaxmemory_policy:noeviction\r\naof_enabled:1',
      true,
    )[0]!.says,
    /^8\.1\.0, private/,
  )
})

test('versions are compared as numbers', () => {
  for (const old of ['1.10.12', '1.9', '1.11.2', '0.99.99', '1']) assert.ok(isOlder(old, '1.11.3'), old)
  for (const fresh of ['1.11.3', '1.11.10', '1.12', '2', '1.11.3-release']) assert.ok(!isOlder(fresh, '1.11.3'), fresh)
})

test('the sounds of a script are found, not its imports, endpoints and comments', () => {
  const script = [
    "import { x } from './lib/talk.ts'",
    "await call.play(['queue/position', number(1)]) // 'not/this'",
    "await call.dial('user/1001')",
    'await call.play(`whisper/${topic}`)',
  ].join('\n')
  assert.deepEqual(soundsIn(script), ['queue/position'])
})

test('whoever cannot be reached is told apart: nobody, a stranger, a closed list, a wrong password', () => {
  const says = (code: ConstructorParameters<typeof SwitchError>[0], message: string) =>
    faults([unreachable('fs1:8021', new SwitchError(code, message))])[0]
  assert.match(
    says('LINK_DOWN', 'cannot connect to fs1:8021: connect ECONNREFUSED')!,
    /nobody answers: connect ECONNREFUSED.*start FreeSWITCH/,
  )
  assert.match(says('LINK_DOWN', 'it closed the connection')!, /apply-inbound-acl/)
  assert.match(says('SWITCH_TIMEOUT', 'it has not answered for 5 s')!, /does not speak event socket/)
  assert.match(says('SWITCH_REFUSED', '-ERR invalid')!, /refuses the password.*FREESWITCH_PASSWORD/)
})

test('the doctor logs in once, and a switch that falls silent is given up after five seconds', async () => {
  const clock = new VirtualClock()
  const sim = new SimulatedSwitch({ clock, password: 'horse-battery', heartbeat: false })
  const open = (password: string) => SwitchLine.open(sim.connect(), password, clock)
  const line = await clock.runUntil(open('horse-battery'), 1_000)
  assert.match(await clock.runUntil(line.ask(status), 1_000), /is ready/)
  await assert.rejects(clock.runUntil(open('wrong'), 1_000), { code: 'SWITCH_REFUSED' })
  const [ours] = memoryPair()
  const silent = SwitchLine.open(ours, 'x', clock)
  await assert.rejects(clock.runUntil(silent, 10_000), {
    code: 'SWITCH_TIMEOUT',
    message: 'it has not answered for 5 s',
  })
  line.close()
  await assert.rejects(clock.runUntil(line.ask(status), 1_000), { code: 'LINK_DOWN' })
  sim.kill()
})

const SETTINGS = {
  databaseUrl: null,
  redisUrl: null,
  demo: false,
  switches: [],
  switchPassword: null,
  listen: { host: '127.0.0.1', port: 0 },
  listenAllow: [],
  doorKey: null,
  scripts: 'scripts',
  gateway: 'carrier',
}
async function findings(rig: Partial<DoctorInput>): Promise<Finding[]> {
  const whole = {
    settings: () => SETTINGS,
    clock: CLOCK,
    openServices: () => Promise.reject(new SwitchhookError('SERVICE', 'there is no Redis')),
    ...rig,
  }
  const list: Finding[] = []
  for await (const one of diagnose(whole)) list.push(one)
  return list
}

test('every setting that cannot be used is a fault of its own, and then nothing else is asked', async () => {
  const broken = await findings({
    settings: () => {
      throw new SettingError(['CPS=0: allowed: …', 'LISTEN=x: allowed: …'])
    },
  })
  assert.deepEqual(
    broken.map(one => `${one.level} ${one.says}`),
    ['fault CPS=0: allowed: …', 'fault LISTEN=x: allowed: …'],
  )
})

test('a script that cannot be loaded and stores that cannot be had are both told', async (t: TestContext) => {
  const scripts = await mkdtemp(join(tmpdir(), 'switchhook-doctor-'))
  t.after(() => rm(scripts, { recursive: true }))
  await writeFile(join(scripts, 'welcome.mjs'), 'export default 1')
  const ill = await findings({ settings: () => ({ ...SETTINGS, scripts }) })
  const [flows, stores, ...rest] = faults(ill)
  assert.match(flows!, /^fault: .*welcome\.mjs: its default export is not a flow/)
  assert.match(stores!, /^fault: there is no Redis/)
  assert.deepEqual(rest, [])
})

test('a finding is one line, whatever a switch has answered', () => {
  const line = sayFinding({ level: 'fault', about: 'fs1', says: 'it said\n\x1b[2J', mend: 'ask again' }, false)
  assert.equal(line, 'fault    fs1: it said␊␛[2J. To fix: ask again\n')
  assert.equal(saySum([]), '\nno faults, no warnings, 0 ok\n')
})
