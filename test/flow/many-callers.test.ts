import { test } from 'node:test'
import { ownProgram } from '../own-program.ts'

test('four hundred callers through menu, queue and agent leave nothing behind', async () => {
  await ownProgram('test/flow/many-callers.ts', 400) // `make fault` lets ten thousand through
})
