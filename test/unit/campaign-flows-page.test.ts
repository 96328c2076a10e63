/** docs/campaign-flows.md, the page of supervisors, names every setting of a campaign's calls, and no other. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { inputName } from '../../src/base/settings.ts'
import { CALL_SETTINGS } from '../../src/campaign/call-settings.ts'

const page = readFileSync(new URL('../../docs/campaign-flows.md', import.meta.url), 'utf8')
const option = (name: string) => `--${inputName(name).replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`

test('a supervisor finds every setting of the calls on the page, and no option that does not exist', () => {
  const named = new Set(page.match(/--[a-z][a-z-]*/g))
  const all = Object.keys(CALL_SETTINGS).map(option)
  assert.deepEqual(
    all.filter(name => !named.has(name)),
    [],
  )
  const others = ['--leads', '--queue', '--flow', '--unset', '--window', '--takes-leads', '--mode']
  assert.deepEqual(
    [...named].filter(name => !all.includes(name) && !others.includes(name)),
    [],
  )
})

test('a supervisor finds every shipped flow of campaigns on the page', () => {
  const scripts = readdirSync(new URL('../../scripts/', import.meta.url)).filter(name => name.endsWith('.ts'))
  const flows = scripts.filter(name =>
    readFileSync(new URL(`../../scripts/${name}`, import.meta.url), 'utf8').includes('export default campaignFlow('),
  )
  assert.ok(flows.length >= 5, `${flows.length} flows`)
  for (const name of flows) assert.ok(page.includes(`\`${name.slice(0, -3)}\``), name)
})
