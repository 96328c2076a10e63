/**
 * Which test files a run takes, and which of them share a process. A file of test/unit or test/flow leaves nothing behind in its process
 * (no setting, no global, no timer: `leaks` in one-process.ts holds it to that), so several of them share one start of Node and one
 * loading of src/. All others have a process of their own.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

const SHARES_A_PROCESS = /(^|\/)test\/(unit|flow)\//
const FAULT_ROW = /(^|\/)test\/fault\//
/** One start of Node for so many files; few enough that all cores are busy until the end. */
const FILES_PER_PROCESS = 9

/** Test files of these files and folders, each once. Of test/fault, a folder gives those with a quick row (matrix.ts). Throws for a path that does not exist. */
export function testFilesOf(paths: readonly string[]): string[] {
  const files = paths.flatMap(path => {
    if (!existsSync(path)) throw new Error(`there is no ${path}`)
    return statSync(path).isDirectory() ? inFolder(path) : [path]
  })
  return [...new Set(files.map(file => relative('', file)))]
}

function inFolder(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.test.ts'))
  const files = names.map(name => join(folder, name)).sort()
  return files.filter(file => !FAULT_ROW.test(file) || readFileSync(file, 'utf8').includes('quick: true'))
}

/** The files of each process, in the order in which they are started: first those that take longest, which are those with a process of their own. */
export function processesOf(files: readonly string[]): string[][] {
  const alone = files.filter(file => !SHARES_A_PROCESS.test(file)).sort((a, b) => Number(FAULT_ROW.test(b)) - Number(FAULT_ROW.test(a)))
  const sharing = files.filter(file => SHARES_A_PROCESS.test(file))
  const count = Math.ceil(sharing.length / FILES_PER_PROCESS)
  // every count-th file, so that one room's files, which take about the same time, are spread over the processes
  const shared = Array.from({ length: count }, (_, at) => sharing.filter((__, index) => index % count === at))
  return [...alone.map(file => [file]), ...shared]
}
