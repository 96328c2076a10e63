/** `switchhook freeswitch write`: FreeSWITCH's folders get the missing files, and no existing file is changed. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { writeDialplan, writeSounds } from '../../src/desk/cli/freeswitch.ts'
import { toneFor } from '../../src/desk/tone.ts'

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'switchhook-fs-'))
  t.after(() => rm(path, { recursive: true }))
  return path
}

test('the dialplan comes into the configuration of a FreeSWITCH, and settings that stand there stay', async t => {
  const conf = await folder(t)
  await assert.rejects(writeDialplan(conf), { code: 'BAD_INPUT', message: /it has no freeswitch\.xml/ })
  await writeFile(join(conf, 'freeswitch.xml'), '<document/>')
  await mkdir(join(conf, 'dialplan'))
  await writeFile(join(conf, 'dialplan/switchhook_vars.xml'), 'mine')
  const { written, kept } = await writeDialplan(conf)
  assert.deepEqual([written.length, kept], [4, [join(conf, 'dialplan/switchhook_vars.xml')]])
  assert.equal(await readFile(join(conf, 'dialplan/switchhook_vars.xml'), 'utf8'), 'mine')
  assert.match(await readFile(join(conf, 'dialplan/public/01_switchhook_did.xml'), 'utf8'), /switchhook-welcome/)
  assert.match(await readFile(join(conf, 'dialplan/default/02_switchhook_agents.xml'), 'utf8'), /agent-login/)
  assert.match(await readFile(join(conf, 'dialplan/default/03_switchhook_park.xml'), 'utf8'), /unpark/)
})

test('each sound that the flows name is a tone, unless a recording is there, by rate too', async t => {
  const sounds = await folder(t)
  await mkdir(join(sounds, 'ivr/16000'), { recursive: true })
  await writeFile(join(sounds, 'ivr/16000/welcome.wav'), 'recorded')
  const { written, kept } = await writeSounds(sounds, 'scripts')
  assert.deepEqual(kept, [join(sounds, 'ivr/welcome.wav')])
  for (const name of ['moh/calm', 'whisper/sales', 'dial/busy', 'digits/7'])
    assert.ok(written.includes(join(sounds, `${name}.wav`)), name)
  assert.equal((await writeSounds(sounds, 'scripts')).written.length, 0)
})

test('a tone is a WAV that FreeSWITCH plays, of its own for each name', () => {
  const tone = toneFor('ivr/welcome')
  assert.equal(tone.toString('latin1', 0, 4) + tone.toString('latin1', 8, 12), 'RIFFWAVE')
  assert.equal(tone.readUInt32LE(4), tone.length - 8)
  assert.equal(tone.readUInt32LE(40), tone.length - 44)
  assert.equal((tone.length - 44) / 16_000, 0.9)
  assert.notDeepEqual(tone, toneFor('ivr/operator'))
  assert.deepEqual(tone, toneFor('ivr/welcome'))
})
