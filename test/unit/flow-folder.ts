/** A folder of flows for one test, outside the project. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** `files`: name → text; `lib/…` is allowed in a name. Returns the folder's path; it is deleted after the test. */
export async function flowFolder(t: TestContext, files: Record<string, string>): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'switchhook-flows-'))
  t.after(() => rm(path, { recursive: true }))
  await mkdir(join(path, 'lib'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text)
  return path
}
