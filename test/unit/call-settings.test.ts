/** The settings of a campaign's calls, as a supervisor writes them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { givenIn, inputFields, sayEach } from '../../src/base/settings.ts'
import { CALL_SETTINGS, callSettingsIn, detectOptions, leadSettings } from '../../src/campaign/call-settings.ts'

const form = z.strictObject(inputFields(CALL_SETTINGS))
const given = (input: Record<string, unknown>) => givenIn(CALL_SETTINGS, form.parse(input))

test('a supervisor writes durations, sounds, columns, tones and keys; the record has milliseconds and names', () => {
  const settings = given({
    detectGreeting: '2s',
    whisper: 'field:product',
    safeHarbour: 'campaign/acme',
    optOutKey: '7',
    beepTones: '1000,1400',
    pressOneTo: '7000',
  })
  assert.deepEqual(settings, {
    detectGreetingMs: 2_000,
    whisper: { field: 'product' },
    safeHarbour: 'campaign/acme',
    optOutKey: '7',
    beepTones: [1_000, 1_400],
    pressOneTo: '7000',
  })
  assert.deepEqual(callSettingsIn(JSON.parse(JSON.stringify(settings)) as Record<string, unknown>), settings)
  const said = Object.fromEntries(sayEach(CALL_SETTINGS, settings).map(({ name, value }) => [name, value]))
  assert.deepEqual(
    [said['detectGreeting'], said['detectInitialSilence'], said['whisper'], said['beepTones']],
    ['2s', 'AMD_MAX_SILENCE', 'field:product', '1000,1400'],
  )
})

for (const [setting, value] of [
  ['detectAfterGreeting', '1900ms'], // nothing would be left of the two seconds of the law
  ['detectGreeting', '100ms'],
  ['whisper', 'campaign/hello'],
  ['whisper', 'sound:../etc/passwd'],
  ['safeHarbour', '${system}'],
  ['optOutKey', '1'], // campaign-press-1 has another meaning for it
  ['optOutKey', '#'],
  ['beepTones', '100'],
  ['beepTones', '1000,'],
  ['pressOneTo', '7000 XML default'],
  ['voicemailWithin', '1s'],
] as const)
  test(`the setting ${setting} cannot be '${value}'`, () => {
    assert.equal(form.safeParse({ [setting]: value }).success, false)
  })

test('a campaign that sets no threshold leaves those of the installation', () => {
  assert.deepEqual(detectOptions({}), {})
  assert.deepEqual(detectOptions({ detectAfterGreetingMs: 400 }), { afterGreeting: '400ms' })
})

test('a flow sees every setting with its value', () => {
  assert.deepEqual(leadSettings({ message: 'campaign/spring' }), {
    safeHarbour: 'campaign/safe-harbour',
    optOutKey: '9',
    message: 'campaign/spring',
    pressOneTo: '',
    voicemailMessage: 'campaign/voicemail',
    voicemailPerson: 'message',
    voicemailWithinMs: 40_000,
    beepTones: [1_000, 1_400, 850, 640],
  })
})
