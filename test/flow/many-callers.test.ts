import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callersPassThrough } from './passing-through.ts'

test('a thousand callers through menu, queue and agent leave nothing behind', async () => {
  assert.equal(await callersPassThrough(1_000), '')
})
