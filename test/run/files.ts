/**
 * Selects the test files of a run, and their order. A process tests one file after the other, so a file leaves nothing
 * behind in it: no setting, no global, no timer (`leaks` in one-process.ts checks that). A file that opens something
 * outside its tests has its own process, because that is closed only when the process has no more tests.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

/**
 * Files that wait for other processes come first: files that only compute fill the gaps, and the last ones to end are
 * short.
 */
const RINGS = ['test/fault/', 'test/contract/', 'test/flow/', 'test/unit/']
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
  return [...new Set(files.map(file => relative('', file)))].sort((a, b) => ring(a) - ring(b))
}

function inFolder(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.test.ts'))
  const files = names.map(name => join(folder, name)).sort()
  return files.filter(file => !file.startsWith(RINGS[0]!) || readFileSync(file, 'utf8').includes('quick: true'))
}

const ring = (file: string): number => RINGS.findIndex(folder => file.startsWith(folder))

export const needsOwnProcess = (file: string): boolean => OPENS_AT_ITS_TOP.test(readFileSync(file, 'utf8'))

/** Whether the file is tested as it is shipped even when there is a compiled copy. */
export const readsTypeScript = (file: string): boolean => READS_TYPESCRIPT.includes(file)
