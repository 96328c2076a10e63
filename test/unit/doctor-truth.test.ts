/**
 * The doctor reports "no faults" only where callers are served: each state in which callers hear the apology has its
 * line, and its repair.
 */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { SettingError } from '../../src/base/errors.ts'
import { diagnose } from '../../src/desk/doctor.ts'
import { checkDialplan, hostsOf } from '../../src/desk/doctor/dialplan.ts'
import type { Finding } from '../../src/desk/doctor/finding.ts'
import { overflowFindings, queueFindings } from '../../src/desk/doctor/queues.ts'
import { checkSounds, soundsNamed } from '../../src/desk/doctor/sounds.ts'
import type { Ask } from '../../src/desk/doctor/doctor-queries.ts'
import { told, type Ending } from '../../src/desk/doctor/test-call.ts'
import { loadFlows } from '../../src/flow/catalogue.ts'
import { VirtualClock } from '../../src/testing/index.ts'

const LISTEN = { listen: { host: '10.0.0.5', port: 8084 } }
const levels = (found: Iterable<Finding>) => [...found].map(one => `${one.level} ${one.says}`)
const calls = (a: Ending, b: Ending, settings = LISTEN) =>
  levels(
    told(
      'fs1',
      new Map([
        ['10.0.0.5:8084', a],
        ['10.0.0.6:8084', b],
      ]),
      settings,
    ),
  )
const node: Ending = { what: 'by-node' }

test('both nodes down is a fault, though the way to them is open', () => {
  const [a, b] = calls({ what: 'arrived' }, { what: 'nobody' })
  assert.match(a!, /^fault no node runs at 10\.0\.0\.5:8084, where a test call arrived: every caller hears the apology/)
  assert.match(b!, /^fault a test call to 10\.0\.0\.6:8084 was taken by nobody/)
})

test('one node down is a warning, and a process that is silent on its port a fault', () => {
  assert.match(
    calls(node, { what: 'nobody' })[1]!,
    /^warning a test call to 10\.0\.0\.6:8084 was taken by nobody: when the other node dies/,
  )
  assert.match(calls(node, { what: 'silence' })[1]!, /^fault .*accepts the connection and does not answer/)
  assert.deepEqual(
    calls(node, node).map(one => one.slice(0, 3)),
    ['ok ', 'ok '],
  )
})

test('a LISTEN to which the dialplan leads nobody is told, whoever else takes calls', () => {
  const elsewhere = { listen: { host: '127.0.0.1', port: 9599 } }
  assert.match(calls(node, node, elsewhere).at(-1)!, /^warning its dialplan does not name LISTEN 127\.0\.0\.1:9599/)
  assert.match(
    calls({ what: 'nobody' }, { what: 'nobody' }, elsewhere).at(-1)!,
    /^fault its dialplan does not name LISTEN/,
  )
  assert.equal(
    calls(node, node, { listen: { host: '0.0.0.0', port: 8084 } }).length,
    2,
    'everywhere, on the port that is named',
  )
})

const socket = (data: string) =>
  `<condition expression="^switchhook-([a-z0-9-]+)$"><action application="socket" data="${data}"></action>`
const answering =
  (answers: Record<string, string>): Ask =>
  async text =>
    answers[text] ?? '-ERR no reply'
const CONTEXT = 'xml_locate dialplan context name switchhook'

test('the hosts of all socket lines are known, but for the one that a call itself names', () => {
  assert.deepEqual(
    hostsOf(
      socket('a:1/$1|b:2/$1 async full') +
        socket('${switchhook_home}/$1 async full') +
        socket('b:2/$1|c:3/$1 async full'),
    ),
    ['a:1', 'b:2', 'c:3'],
  )
})

test('a missing switchhook_vars.xml is told before the restart that loses its values, and after', async () => {
  const before = await checkDialplan(
    'fs1',
    null,
    answering({ [CONTEXT]: socket('a:1/$1|b:2/$1 async full'), 'global_getvar conf_dir': '/etc/freeswitch' }),
  )
  assert.ok(before.findings.some(one => one.level === 'warning' && /lost when FreeSWITCH restarts/.test(one.says)))
  const after = await checkDialplan('fs1', 'sixteen-letters!', answering({ [CONTEXT]: socket('/$1|/$1 async full') }))
  assert.deepEqual(
    levels(after.findings).map(one => one.slice(0, 33)),
    ['fault its dialplan names no node:'],
    'and the key is not blamed',
  )
})

test('no number that leads to a flow, and a profile without a timer, are told', async () => {
  const sofia =
    '<profile name="internal"><settings><param name="x" value="y"></param></settings></profile><profile name="external"><param name="rtp-timer-name" value="soft"></param></profile>'
  const ask = answering({
    [CONTEXT]: socket('a:1/$1 async full'),
    'xml_locate configuration configuration name sofia.conf': sofia,
  })
  const found = levels((await checkDialplan('fs1', null, ask)).findings)
  assert.ok(
    found.some(one => /^warning no number in its context 'public'.*NO_ROUTE_DESTINATION/.test(one)),
    found.join(),
  )
  assert.ok(
    found.some(one => one.startsWith('warning the SIP profile internal has no rtp-timer-name')),
    found.join(),
  )
})

test('the queues and sounds that the shipped flows need are known, spoken digits too', async () => {
  const { uses } = await loadFlows('scripts')
  assert.deepEqual(uses.queues, ['operator', 'sales', 'support'])
  const sounds = await soundsNamed('scripts', uses)
  for (const sound of [
    'ivr/welcome',
    'whisper/sales',
    'whisper/operator',
    'dial/busy',
    'dial/no-answer',
    'digits/7',
    'digits/90',
    'queue/position',
    'moh/calm',
  ])
    assert.ok(sounds.includes(sound), sound)
  const [missing] = queueFindings(uses.queues, ['sales'])
  assert.deepEqual(
    [missing!.level, missing!.mend],
    ['fault', 'switchhook queue add operator; switchhook queue add support'],
  )
})

test('a queue that sends its callers to a queue that does not exist is a fault', () => {
  const sales = { name: 'sales', strategy: 'random', whenFull: { to: 'queue', queue: 'gone' } } as const
  const support = { name: 'support', strategy: 'random', whenFull: { to: 'queue', queue: 'sales' } } as const
  assert.deepEqual(
    [...overflowFindings([sales, support])].map(({ level, mend }) => [level, mend]),
    [['fault', 'switchhook queue add gone']],
  )
})

test('a sound that is missing or has no content is a fault', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'switchhook-sounds-'))
  t.after(() => rm(folder, { recursive: true }))
  const put = async (file: string, text: string) => {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), text)
  }
  await put(
    'scripts/hello.ts',
    "await call.play('ivr/good')\nawait call.play('ivr/empty')\nawait call.play('ivr/gone')\n",
  )
  await put('sounds/ivr/good.wav', 'RIFF')
  await put('sounds/ivr/empty.wav', '')
  const ask = answering({
    'global_getvar sound_prefix': `${folder}/sounds`,
    [`file_exists ${folder}/sounds/ivr/good.wav`]: 'true',
    [`file_exists ${folder}/sounds/ivr/empty.wav`]: 'true',
  })
  const found = levels(await checkSounds({ host: '127.0.0.1', port: 8021 }, join(folder, 'scripts'), {}, ask))
  assert.deepEqual(found, [
    'fault 1 of the 3 sounds that the flows name are missing: ivr/gone',
    'fault 1 of the 3 sounds that the flows name are empty files: ivr/empty',
  ])
})

test('who took the password of the manuals is told where it is changed', async () => {
  const fault =
    'FREESWITCH_PASSWORD=…: ClueCon is the default password in every manual; choose another one in event_socket.conf.xml'
  const rig = {
    settings: () => {
      throw new SettingError([fault])
    },
    clock: new VirtualClock(),
    openServices: () => Promise.reject(new Error('not asked')),
  }
  for await (const finding of diagnose(rig))
    assert.match(finding.mend!, /event_socket\.conf\.xml.*reload mod_event_socket/)
})
