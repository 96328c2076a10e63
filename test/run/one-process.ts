/**
 * A process of a test run: `node --import tsx --test-reporter=… test/run/one-process.ts FILE…` imports the files one after the other, the
 * next one when the tests of the last are over. A marker that node:test reports as a test stands before and behind the tests of each file,
 * so that tell-parent.ts knows to which file a test belongs: tests that a helper declares (`row`, `contract`) carry the helper's place.
 */
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BEGINS, ENDS, told } from './told.ts'

/** What was open when a file ended is closed by then; what is not would run on beside the tests of the next file. */
const CLOSES_WITHIN_MS = 20_000

const files = process.argv.slice(2)
for (const [at, file] of files.entries()) {
  const before = process.getActiveResourcesInfo()
  await test(`${BEGINS}${file}`, () => {})
  try {
    await import(pathToFileURL(resolve(file)).href)
  } catch (error) {
    // a failing test with the name of the file: the others of this process are tested all the same
    void test('the file is loaded', () => Promise.reject(error as Error))
  }
  const last = at === files.length - 1
  let open: string[] = []
  await test(`${ENDS}${file}`, async () => {})
  if (!last) open = await leaks(before)
  if (open.length > 0) told({ what: 'open', file, resources: open })
}

/** What keeps this process alive and did not do so before. */
async function leaks(before: readonly string[]): Promise<string[]> {
  for (let waited = 0; ; waited += 20) {
    const now = process.getActiveResourcesInfo()
    for (const known of before) if (now.includes(known)) now.splice(now.indexOf(known), 1)
    if (now.length === 0 || waited >= CLOSES_WITHIN_MS) return now
    await pause(20)
  }
}
