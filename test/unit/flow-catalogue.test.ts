import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InputError, NotFoundError } from '../../src/base/errors.ts'
import { loadFlows } from '../../src/flow/catalogue.ts'
import { choice, integer, optional, readParams, text } from '../../src/flow/params.ts'
import { flowFolder } from './flow-folder.ts'

const DEFINE = new URL('../../src/flow.ts', import.meta.url).href
const GOOD = `import { flow } from '${DEFINE}'\nexport default flow(async call => call.answer())\n`

test('the shipped scripts all load', async () => {
  const catalogue = await loadFlows('scripts')
  assert.deepEqual(catalogue.names, [
    'agent-break',
    'agent-call-lead',
    'agent-hold',
    'agent-login',
    'agent-logout',
    'agent-next',
    'agent-ready',
    'agent-skip-lead',
    'agent-transfer',
    'callback',
    'campaign-leg',
    'campaign-message',
    'campaign-press-1',
    'click-to-dial',
    'operator',
    'park',
    'preview-leg',
    'queue-entry',
    'transfer',
    'unpark',
    'voicemail-drop',
    'welcome',
  ])
})

test('every fault in the folder of flows is reported at start, in one message', async t => {
  const path = await flowFolder(t, {
    'good.ts': GOOD,
    'Welcome.ts': GOOD,
    'leg.ts': GOOD,
    'retry-me.ts': GOOD,
    'home-me.ts': GOOD,
    'home.ts': GOOD,
    'broken.ts': 'export default (',
    'missing.ts': "import './not-there.ts'\n",
    'plain.ts': 'export default async () => 1\n',
    'nothing.ts': 'export const x = 1\n',
    'lib/shared.ts': 'this is not even code',
    'notes.md': 'not a flow',
  })
  await assert.rejects(loadFlows(path), (error: unknown) => {
    assert.ok(error instanceof InputError)
    for (const name of [
      'Welcome.ts',
      'leg.ts',
      'retry-me.ts',
      'home-me.ts',
      'broken.ts',
      'missing.ts',
      'plain.ts',
      'nothing.ts',
    ])
      assert.match(error.message, new RegExp(`${name}: `))
    assert.match(error.message, /^8 faults/)
    assert.doesNotMatch(error.message, /shared|good|notes|home\.ts/)
    return true
  })
})

test('an empty folder and a missing one are said plainly', async t => {
  await assert.rejects(loadFlows(await flowFolder(t, {})), /there is no flow in it/)
  await assert.rejects(loadFlows('/nowhere/at/all'), /cannot be read \(setting SCRIPTS\)/)
})

test('a flow that does not exist is named together with those that do', async t => {
  const catalogue = await loadFlows(await flowFolder(t, { 'a.ts': GOOD, 'b.ts': GOOD }))
  assert.throws(
    () => catalogue.get('c'),
    (error: unknown) => error instanceof NotFoundError && /known: a, b/.test(error.message),
  )
})

test('missing and malformed needs are refused together, with what is needed', () => {
  const needs = {
    queue: text(),
    level: integer({ from: 1, to: 9 }),
    tone: choice('calm', 'loud'),
    note: optional(text()),
  }
  assert.deepEqual(
    readParams(needs, name => ({ queue: 'sales', level: '3', tone: 'loud' })[name]),
    { queue: 'sales', level: 3, tone: 'loud', note: undefined },
  )
  assert.throws(
    () => readParams(needs, name => ({ level: '12', tone: 'quiet' })[name]),
    (error: unknown) => {
      assert.ok(error instanceof InputError)
      assert.match(error.message, /queue: it is not set; needed: text/)
      assert.match(error.message, /level: '12' is not a whole number from 1 to 9/)
      assert.match(error.message, /tone: 'quiet' is not one of calm, loud/)
      return true
    },
  )
})

test('flows in a folder outside the project import #flow and each other, with no package.json beside them', async t => {
  const path = await flowFolder(t, {
    'hello.ts':
      "import { flow, type Uses } from '#flow'\nimport { greeting } from './lib/sounds.ts'\n" +
      'export const uses: Uses = { sounds: [greeting] }\n' +
      'export default flow(async call => {\n  await call.play(greeting)\n})\n',
    'lib/sounds.ts': "export const greeting: string = 'ivr/hello'\n",
  })
  const catalogue = await loadFlows(path)
  assert.deepEqual(catalogue.names, ['hello'])
  assert.deepEqual(catalogue.uses.sounds, ['ivr/hello'])
})
