/** docs/queues.md, the page of supervisors, names every setting of those who wait, and only settings that exist. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { inputName } from '../../src/base/settings.ts'
import { QUEUE_SETTINGS } from '../../src/queue/settings.ts'
import { WAITING_SETTINGS } from '../../src/queue/waiting-settings.ts'

const page = readFileSync(new URL('../../docs/queues.md', import.meta.url), 'utf8')
const option = (name: string) => `--${inputName(name).replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`

test('a supervisor finds every setting about waiting on the page, and no option that does not exist', () => {
  const named = new Set(page.match(/--[a-z][a-z-]*/g))
  assert.deepEqual(
    Object.keys(WAITING_SETTINGS)
      .map(option)
      .filter(name => !named.has(name)),
    [],
  )
  const known = new Set([
    ...Object.keys(QUEUE_SETTINGS).map(option),
    ...['--strategy', '--unset', '--priority', '--note', '--queue', '--blocked'],
  ])
  assert.deepEqual(
    [...named].filter(name => !known.has(name)),
    [],
  )
})
