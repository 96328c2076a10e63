import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

test('ten thousand callers through menu, queue and agent leave nothing behind', async () => {
  const program = fileURLToPath(new URL('./ten-thousand.ts', import.meta.url))
  const { code, said } = await new Promise<{ code: number | null; said: string }>(resolve => {
    const child = execFile(process.execPath, ['--import', 'tsx', program], (_error, out, err) => resolve({ code: child.exitCode, said: out + err }))
  })
  assert.equal(code, 0, said)
})
