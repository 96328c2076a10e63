/** Settings of queues and agents: what people may write, what records have, and what was not given. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { agentSetting } from '../../src/agent/settings.ts'
import { levelOf, parseNeeds, parseSkills, sayNeeds } from '../../src/agent/skills.ts'
import { said } from '../../src/base/duration.ts'
import { FieldFaults, InputError } from '../../src/base/errors.ts'
import { readInput } from '../../src/base/parsed.ts'
import { choice, givenIn, inputFields, readSettings, sayEach, without } from '../../src/base/settings.ts'
import { parseOverflow, sayOverflow } from '../../src/queue/overflow.ts'
import { queueRecord } from '../../src/queue/queue-records.ts'
import { QUEUE_SETTINGS, settingOf, type QueueSettings } from '../../src/queue/settings.ts'

const queue: QueueSettings = { name: 'sales', strategy: 'random' }
const given = (input: unknown) => givenIn(QUEUE_SETTINGS, readInput(z.strictObject(inputFields(QUEUE_SETTINGS)), input))

test('a supervisor gives durations with their unit, and yes or no; what was not given has its default', () => {
  const settings = given({ tierWait: '45s', tierSkipsEmpty: 'no', weight: 5, skills: 'german:3,billing?,vip/45s' })
  assert.deepEqual(settings, {
    tierWaitMs: 45_000,
    tierSkipsEmpty: false,
    weight: 5,
    skills: [
      { skill: 'german', level: 3 },
      { skill: 'billing', level: 1, requiredMs: 0 },
      { skill: 'vip', level: 1, requiredMs: 45_000 },
    ],
  })
  assert.equal(settingOf({ ...queue, ...settings }, 'tierSkipsEmpty'), false)
  assert.equal(settingOf(queue, 'tierSkipsEmpty'), true)
  assert.deepEqual(agentSetting({}, 'skills'), [])
  assert.deepEqual(given({ tierSkipsEmpty: true }), { tierSkipsEmpty: true })
})

test('a value that cannot be used is refused with its setting and what is allowed', () => {
  const faults = (input: unknown) => {
    try {
      return given(input)
    } catch (error) {
      assert.ok(error instanceof FieldFaults)
      return error.message
    }
  }
  assert.match(String(faults({ tierWait: '2d' })), /tierWait.*'2d' is out of range; allowed: 0s to 1h/)
  assert.match(String(faults({ tierSkipsEmpty: 'maybe' })), /'maybe' cannot be used; allowed: yes, no/)
  assert.match(String(faults({ weight: 101 })), /'101' cannot be used; allowed: a whole number from 0 to 100/)
  assert.match(String(faults({ skills: 'german:12' })), /'german:12' is not a need; allowed: german:3/)
  assert.match(String(faults({ heavy: 1 })), /heavy/)
  const sounds = choice('short', ['short', 'long'], 'how long')
  assert.match(sounds.input.safeParse('wide').error!.message, /'wide' cannot be used; allowed: short, long/)
})

test('a setting that goes back to its default is no longer in the record', () => {
  const record = { ...queue, tierWaitMs: 45_000, weight: 5 }
  assert.deepEqual(without(QUEUE_SETTINGS, record, ['tierWait']), { ...queue, weight: 5 })
  assert.deepEqual(without(QUEUE_SETTINGS, record), record)
})

test('stored settings of a newer version are kept, and a damaged one is refused', () => {
  assert.deepEqual(readSettings(QUEUE_SETTINGS, { weight: 3, mood: 'fine' }), { weight: 3, mood: 'fine' })
  assert.throws(() => readSettings(QUEUE_SETTINGS, { weight: 'heavy' }), InputError)
})

test('every setting is shown as people write it', () => {
  const each = sayEach(QUEUE_SETTINGS, { tierWaitMs: 90_000, skills: parseNeeds('german:3/45s') })
  const shown = (name: string) => each.find(one => one.name === name)
  assert.deepEqual([shown('tierWait')?.value, shown('tierWait')?.given], ['90s', true])
  assert.deepEqual([shown('weight')?.value, shown('weight')?.given], ['0', false])
  assert.equal(shown('skills')?.value, 'german:3/45s')
  assert.deepEqual([0, 500, 90_000, 120_000, 86_400_000].map(said), ['0s', '500ms', '90s', '2m', '1d'])
})

test('skills have levels from 1 to 9, and a skill is named once', () => {
  const skills = parseSkills('german:5, billing')
  assert.deepEqual([levelOf(skills, 'german'), levelOf(skills, 'billing'), levelOf(skills, 'french')], [5, 1, 0])
  assert.equal(sayNeeds(parseNeeds('a?,b:2,c/1m')), 'a:1?,b:2,c:1/1m')
  assert.throws(() => parseSkills('german:5,german'), /the skill german is named twice/)
  assert.throws(() => parseSkills('-x'), /'-x' is not a skill/)
})

test('a supervisor says where callers go, for each reason, and reads it as written', () => {
  for (const written of ['queue:sales', 'extension:7000', 'voicemail:1001', 'callback', 'hangup'])
    assert.equal(sayOverflow(parseOverflow(written)), written)
  assert.deepEqual(parseOverflow(' extension:+493012345 '), { to: 'extension', extension: '493012345' })
  for (const written of [
    '',
    'queue',
    'queue:',
    'extension',
    'extension:70 00',
    'voicemail:$(x)',
    'hangup:now',
    'sales',
  ])
    assert.throws(() => parseOverflow(written), InputError, written)
  assert.deepEqual(
    given({ whenFull: 'queue:sales', maxWait: '10m', exitKeys: '0#', openHours: 'Mon 9:00-17:00 UTC' }),
    {
      whenFull: { to: 'queue', queue: 'sales' },
      maxWaitMs: 600_000,
      exitKeys: '0#',
      openHours: { zone: 'UTC', spans: [{ days: [0], from: 540, until: 1_020 }] },
    },
  )
  assert.throws(() => given({ exitKeys: '0a' }), /'0a' cannot be used; allowed: keys 0 to 9/)
  assert.throws(() => given({ welcomeSound: '/etc/passwd' }), /is not a valid sound/)
  const record = { ...queue, ...given({ whenFull: 'queue:sales', openHours: 'Mon 9:00-17:00 UTC' }) }
  assert.deepEqual(queueRecord.read(queueRecord.write(record), 'queue sales'), record)
})
