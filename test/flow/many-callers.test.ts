import { test } from 'node:test'
import { ownProgram } from '../own-program.ts'

test('a thousand callers through menu, queue and agent leave nothing behind', async () => {
  await ownProgram('test/flow/many-callers.ts', 1_000)
})
