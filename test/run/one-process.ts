/**
 * A process of a test run: `node --import tsx --test-reporter=… test/run/one-process.ts` reads a line of JSON for each
 * file, `{file, last}`, and imports it. When its tests are over it reports that and waits for the next line. Before and
 * after the tests of each file there is a marker that node:test reports as a test. By it tell-parent.ts knows to which
 * file a test belongs: tests that a helper declares (`row`, `contract`) carry the helper's place.
 */
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { runnable } from '../program.ts'
import { leaks } from './leaks.ts'
import { BEGINS, ENDS, told, type Task } from './told.ts'

for await (const line of createInterface({ input: process.stdin })) {
  const { file, last } = JSON.parse(line) as Task
  const before = process.getActiveResourcesInfo()
  await test(`${BEGINS}${file}`, () => {})
  try {
    await import(pathToFileURL(runnable(file)).href)
  } catch (error) {
    // a failing test with the name of the file: the other files of this process are tested all the same
    void test('the file is loaded', () => Promise.reject(error as Error))
  }
  await test(`${ENDS}${file}`, async () => {})
  // resources that the last file leaves open keep the process alive, and so are noticed
  const open = last ? [] : await leaks(before)
  told({ what: 'ready', open })
}
