/**
 * One process of a test run and its result. A file that hangs, breaks off, has no test or leaves something open is a
 * fault with the name of the file. When a file has ended its process, the remaining files get another process.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { COMPILED, runnable } from '../program.ts'
import type { Task, Told } from './told.ts'

/**
 * `fileMs`: no test file takes this long (the sentences on a real FreeSWITCH take two minutes): one that does hangs.
 * `endMs`: a process may run for this long after its last test; anything that keeps it alive then is a leak.
 */
const LIMITS = { fileMs: 600_000, endMs: 60_000 }
/** For `make property`: a hundred thousand callers. */
export const LONG_LIMITS = { ...LIMITS, fileMs: 3_600_000 }
/** The end of a file's output is kept: it is shown when a test of the file fails. */
const KEPT_OUTPUT = 65_536

export interface FileResult {
  readonly file: string
  passed: number
  readonly skipped: string[]
  readonly faults: Fault[]
  ms: number
}

export interface Fault {
  /** The test has this name. */
  readonly name: string
  readonly story: string
}

export interface Listener {
  /** A test is over, or has printed something. */
  told?(event: Told): void
  over(result: FileResult): void
}

/**
 * Tests file after file in one process, until `take` returns none for it or the process ends. `take` gets whether the
 * process has tested a file before. `copy`: the compiled copy that it runs from.
 */
export async function runProcess(
  take: (used: boolean) => Task | null,
  listener: Listener,
  copy?: string,
  limits = LIMITS,
): Promise<void> {
  const first = take(false)
  if (first === null) return
  const args = [
    ...(copy ? ['--import', runnable('test/run/without-hooks.ts', copy)] : process.execArgv),
    `--test-reporter=${runnable('test/run/tell-parent.ts', copy)}`,
    '--test-reporter-destination=stdout',
    runnable('test/run/one-process.ts', copy),
  ]
  const env = copy ? { ...process.env, [COMPILED]: copy } : process.env
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe', 'pipe'], env })
  const exited = once(child, 'exit')
  child.stdin!.on('error', () => {}) // it has ended, and `exited` reports that
  let [output, test, began, hung, failed] = ['', '', 0, false, false]
  let limit: NodeJS.Timeout | undefined
  /** The file that it tests now, and the last one that is over. */
  let current = null as FileResult | null
  let last: FileResult
  /** The tests of the current file are over; the process is ready for the next file. */
  let [over, ready] = [false, false]
  last = give(first)

  function give(task: Task): FileResult {
    clearTimeout(limit)
    limit = setTimeout(stop, limits.fileMs)
    ;[output, test, began, over, ready] = ['', '', performance.now(), false, false]
    child.stdin!.write(`${JSON.stringify(task)}\n`)
    if (task.last) child.stdin!.end()
    return (current = { file: task.file, passed: 0, skipped: [], faults: [], ms: 0 })
  }

  function stop(): void {
    hung = true
    child.kill('SIGTERM')
    limit = setTimeout(() => child.kill('SIGKILL'), 5_000)
  }

  function next(): void {
    if (!over || !ready) return
    last.ms = performance.now() - began
    current = null
    clearTimeout(limit)
    limit = setTimeout(stop, limits.endMs)
    const task = child.stdin!.writableEnded ? null : take(true)
    if (task === null) return void child.stdin!.end() // it may still fail at its end
    failed ||= last.faults.length > 0
    listener.over(last)
    last = give(task)
  }

  function heard(line: string): void {
    const event = JSON.parse(line) as Told
    if (event.what === 'begins') test = event.test
    else if (event.what === 'passed') last.passed++
    else if (event.what === 'skipped') last.skipped.push(event.test)
    else if (event.what === 'failed') last.faults.push({ name: event.test, story: `${event.error}${printed()}` })
    else if (event.what === 'file over') {
      if (event.tests === 0) last.faults.push({ name: 'the file holds no test', story: '' })
      over = true
    } else if (event.what === 'ready') {
      if (event.open.length > 0)
        last.faults.push({ name: 'the file leaves something open', story: event.open.join(', ') })
      ready = true
    }
    listener.told?.(event)
    next()
  }

  const printed = (): string => (output.trim() ? `\nprinted by this file until then:\n${output.trimEnd()}` : '')

  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-KEPT_OUTPUT)))
  const lines = createInterface({ input: child.stdio[3] as Readable })
  lines.on('line', heard)
  const [[code, signal]] = (await Promise.all([exited, once(lines, 'close')])) as [
    [number | null, string | null],
    unknown,
  ]
  clearTimeout(limit)

  const cutShort = current !== null
  if (cutShort) last.ms = performance.now() - began
  const how = signal ?? `exit code ${code}`
  const where = test && cutShort ? ` in "${test}"` : ''
  if (hung)
    last.faults.push({
      name: cutShort
        ? `the file hangs${where}`
        : 'the process does not end after its last test: something is left open',
      story: printed(),
    })
  else if (cutShort) last.faults.push({ name: `the process ended (${how})${where}`, story: printed() })
  else if (code !== 0 && !failed && last.faults.length === 0)
    last.faults.push({ name: `the process ended with ${how}`, story: printed() })
  listener.over(last)
}
