/**
 * Runs test files and folders of them: `node --import tsx test/run.ts [--skipped] [--compiled] [--long] FILE|FOLDER…`.
 * Starts PostgreSQL and Redis once when a ring needs them. Prints each failure with its details, the slowest files and
 * the sum; for a single file also each test. Its last line is `N passed, N failed, N skipped`.
 *
 *   --skipped    names the skipped tests
 *   --compiled   runs tests and programs from a compiled copy (run/compiled.ts)
 *   --long       a file may take an hour instead of ten minutes
 *
 * Fails when a test fails, when a file has no test, hangs or breaks off, and when nothing was tested: a passing run has
 * always proved something.
 */
import { rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { needsOwnProcess, readsTypeScript, testFilesOf } from './run/files.ts'
import { LONG_LIMITS, runProcess, type FileResult, type Listener } from './run/process.ts'
import type { Task, Told } from './run/told.ts'
import { compile } from './run/compiled.ts'
import { dataOfRun, startServices, TOLD } from './servers.ts'

const NEEDS_SERVICES = /(^|\/)test\/(contract|fault|bench)\//
const SLOWEST = 10
const PROGRESS_EVERY_MS = 20_000

const given = process.argv.slice(2)
const OPTIONS = ['--skipped', '--compiled', '--long']
const [namesSkipped, compiled, long] = OPTIONS.map(option => given.includes(option))
/**
 * For `make test`, two more than cores: for half of its time a file waits for processes that it has started. A real
 * FreeSWITCH needs cores of its own.
 */
const CORES = availableParallelism()
const PROCESSES = CORES + (compiled ? 2 : 0)
/** So many of them take the files that only compute, from the end of the list (run/files.ts). */
const FROM_END = compiled ? Math.ceil(CORES / 2) : 0
const files = testFilesOf(given.filter(one => !OPTIONS.includes(one)))
if (files.length === 0) {
  console.error('test/run.ts: no test file was given')
  process.exit(1)
}
const began = performance.now()
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`
const isShipped = (file: string): boolean => !compiled || readsTypeScript(file)
const toCopy = files.filter(file => !isShipped(file))
const [services, copy] = await Promise.all([
  files.some(file => NEEDS_SERVICES.test(file)) ? startServices(console.log) : null,
  compiled ? compile(dataOfRun(), toCopy) : undefined,
])
if (services) {
  const { database, redis, postgresData } = services
  process.env[TOLD] = JSON.stringify({ database, redis, postgresData })
}

const results: FileResult[] = []
const running = new Set<string>()
const listener: Listener = {
  ...(files.length === 1 ? { told: tell } : {}),
  over(result) {
    running.delete(result.file)
    results.push(result)
    for (const { name, story } of result.faults) console.log(`\n✖ ${result.file}: ${name}\n${story}`)
  },
}

function tell(event: Told): void {
  if (event.what === 'passed') console.log(`✔ ${event.test} (${Math.round(event.ms)} ms)`)
  if (event.what === 'diagnostic') console.log(`  ${event.text}`)
}

/** What is left to test in processes of one kind. `from`: the compiled copy that they run from. */
function work(waiting: string[], from?: string): (fromEnd: boolean) => Promise<void> {
  /** The next file for a process; null when there is none, or when the file needs a fresh process. */
  const take = (used: boolean, fromEnd: boolean): Task | null => {
    const next = waiting.at(fromEnd ? -1 : 0)
    if (next === undefined) return null
    const alone = needsOwnProcess(next)
    if (alone && used) return null
    if (fromEnd) waiting.pop()
    else waiting.shift()
    running.add(next)
    return { file: next, last: alone || waiting.length === 0 }
  }
  return async fromEnd => {
    while (waiting.length > 0)
      await runProcess(used => take(used, fromEnd), listener, from, long ? LONG_LIMITS : undefined)
  }
}
const shipped = work(files.filter(isShipped))
const copied = work(toCopy, copy)
const progress = setInterval(
  () => console.log(`… ${results.length} of ${files.length} files; now ${[...running].join(', ')}`),
  PROGRESS_EVERY_MS,
)
await Promise.all(
  Array.from({ length: PROCESSES }, async (_, nth) => {
    const fromEnd = nth < FROM_END
    if (nth === 0 || !compiled) await shipped(fromEnd) // of few files beside a copy: one process loads them all
    await copied(fromEnd)
  }),
)
clearInterval(progress)
await services?.close()
if (compiled) await rm(dataOfRun(), { recursive: true, force: true })

const sum = (of: (result: FileResult) => number): number => results.reduce((total, result) => total + of(result), 0)
const [passed, failed, skipped] = [
  sum(one => one.passed),
  sum(one => one.faults.length),
  sum(one => one.skipped.length),
]
const nothing = passed + failed === 0
const lines: string[] = []
if (files.length > 1) {
  const slowest = [...results].sort((a, b) => b.ms - a.ms).slice(0, SLOWEST)
  lines.push('the slowest files:', ...slowest.map(({ file, ms }) => `${seconds(ms).padStart(8)}  ${file}`))
}
if (namesSkipped)
  for (const { file, skipped: names } of results) lines.push(...names.map(name => `skipped: ${name} (${file})`))
for (const { file, faults } of results) lines.push(...faults.map(({ name }) => `failed: ${name} (${file})`))
if (nothing) lines.push('nothing was tested')
lines.push(
  `${passed} passed in ${seconds(performance.now() - began)}`,
  `${passed} passed, ${failed} failed, ${skipped} skipped`,
)
console.log(`\n${lines.join('\n')}`)
process.exitCode = failed > 0 || nothing ? 1 : 0
