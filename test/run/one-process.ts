/**
 * A process of a test run: `node --import tsx --test-reporter=… test/run/one-process.ts` reads a line of JSON for each
 * file, `{file, last}`, and imports it. When its tests are over it reports that and waits for the next line. Before and
 * after the tests of each file there is a marker that node:test reports as a test. By it tell-parent.ts knows to which
 * file a test belongs: tests that a helper declares (`row`, `contract`) carry the helper's place.
 */
import { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { BEGINS, ENDS, told, type Task } from './told.ts'

/**
 * Resources that were open when a file ended are closed within this time; others would run on beside the tests of the
 * next file.
 */
const CLOSES_WITHIN_MS = 20_000

for await (const line of createInterface({ input: process.stdin })) {
  const { file, last } = JSON.parse(line) as Task
  const before = process.getActiveResourcesInfo()
  await test(`${BEGINS}${file}`, () => {})
  try {
    await import(pathToFileURL(resolve(file)).href)
  } catch (error) {
    // a failing test with the name of the file: the other files of this process are tested all the same
    void test('the file is loaded', () => Promise.reject(error as Error))
  }
  await test(`${ENDS}${file}`, async () => {})
  // resources that the last file leaves open keep the process alive, and so are noticed
  const open = last ? [] : await leaks(before)
  told({ what: 'ready', open })
}

/** What keeps this process alive and did not do so before. */
async function leaks(before: readonly string[]): Promise<string[]> {
  for (let waited = 0; ; waited += 20) {
    const now = process.getActiveResourcesInfo()
    for (const known of before) if (now.includes(known)) now.splice(now.indexOf(known), 1)
    if (now.length === 0) return now
    if (waited >= CLOSES_WITHIN_MS) return [...now, ...connections()]
    await pause(20)
  }
}

/**
 * Where the open TCP connections of this process lead: a number of sockets alone does not show which test left them.
 */
function connections(): string[] {
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles(): unknown[] }
  return handles
    .call(process)
    .flatMap(one => (one instanceof Socket && one.remotePort ? [one] : []))
    .map(
      ({ localPort, remoteAddress, remotePort, readyState }) =>
        `${localPort} → ${remoteAddress}:${remotePort} (${readyState})`,
    )
}
