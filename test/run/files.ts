/**
 * Selects the test files of a run, and their order. A process tests one file after the other, so a file leaves nothing
 * behind in it: no setting, no global, no timer (`leaks` in one-process.ts checks that). A file that opens something
 * outside its tests has its own process, because that is closed only when the process has no more tests.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

/**
 * Files that wait for other processes come first, files that only compute come last. A run takes from both ends at the
 * same time, so the two kinds share the cores, and the last files to end are short ones from the middle.
 */
const RINGS = ['test/fault/', 'test/contract/', 'test/unit/', 'test/flow/']
/** The longest files that wait (ten seconds and more), the longest one first. */
const LONG_WAITS = [
  'test/contract/roles.test.ts',
  'test/contract/services.test.ts',
  'test/contract/drain.test.ts',
  'test/contract/cli.test.ts',
  'test/contract/leads.test.ts',
  'test/contract/lease-thread.test.ts',
  'test/contract/campaign.test.ts',
]
/** The longest files that only compute (three seconds and more), the longest one last. */
const LONG_COMPUTATIONS = [
  'test/flow/callback-nodes.test.ts',
  'test/contract/day.test.ts',
  'test/flow/callback-histories.test.ts',
  'test/unit/queue-property.test.ts',
  'test/flow/talk-deaths.test.ts',
  'test/flow/takeover.test.ts',
  'test/flow/many-callers.test.ts',
  'test/flow/feature-code-deaths.test.ts',
]
const OPENS_AT_ITS_TOP = /^(const .*= )?await |^after\(/m

/** What they test is the TypeScript on the disk: how Node loads it, and what it says. */
const READS_TYPESCRIPT = [
  'test/contract/growth.test.ts',
  'test/unit/doctor-flow-types.test.ts',
  'test/unit/doctor-truth.test.ts',
  'test/unit/flow-catalogue.test.ts',
  'test/unit/freeswitch-write.test.ts',
]

/**
 * The test files of these files and folders, each once. For test/fault, a folder gives those with a quick row
 * (matrix.ts). Throws for a path that does not exist.
 */
export function testFilesOf(paths: readonly string[]): string[] {
  const files = paths.flatMap(path => {
    if (!existsSync(path)) throw new Error(`there is no ${path}`)
    return statSync(path).isDirectory() ? inFolder(path) : [path]
  })
  return [...new Set(files.map(file => relative('', file)))].sort((a, b) => place(a) - place(b))
}

function inFolder(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.test.ts'))
  const files = names.map(name => join(folder, name)).sort()
  return files.filter(file => !file.startsWith(RINGS[0]!) || readFileSync(file, 'utf8').includes('quick: true'))
}

function place(file: string): number {
  if (LONG_WAITS.includes(file)) return LONG_WAITS.indexOf(file) - LONG_WAITS.length
  if (LONG_COMPUTATIONS.includes(file)) return RINGS.length + LONG_COMPUTATIONS.indexOf(file)
  return RINGS.findIndex(folder => file.startsWith(folder))
}

export const needsOwnProcess = (file: string): boolean => OPENS_AT_ITS_TOP.test(readFileSync(file, 'utf8'))

/** Whether the file is tested as it is shipped even when there is a compiled copy. */
export const readsTypeScript = (file: string): boolean => READS_TYPESCRIPT.includes(file)
