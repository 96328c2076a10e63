/**
 * One process of a test run and what became of it. A file that hangs, breaks off, holds no test or leaves something open is a fault with
 * the name of the file; the files behind one that ended its process are given back as `rest`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Told } from './told.ts'

/** No file of ours takes that long (the sentences on a real switch take two minutes): one that does hangs. */
const FILE_LIMIT_MS = 600_000
/** So long may a process go on after its last test; what keeps it alive then is a leak. */
const END_LIMIT_MS = 60_000
/** Of what a file prints, the end is kept: it is shown when something in the file fails. */
const KEPT_OUTPUT = 65_536
const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

export interface FileResult {
  readonly file: string
  passed: number
  readonly skipped: string[]
  readonly faults: Fault[]
  ms: number
}

export interface Fault {
  /** 'the test is called so'. */
  readonly name: string
  readonly story: string
}

export interface Listener {
  /** A test is over, or said something. */
  told?(event: Told): void
  over(result: FileResult): void
}

/** Runs the files in one process. Resolves with the files that the process never began. */
export async function runProcess(files: readonly string[], listener: Listener, limits = { fileMs: FILE_LIMIT_MS, endMs: END_LIMIT_MS }): Promise<string[]> {
  const args = [...process.execArgv, `--test-reporter=${path('./tell-parent.ts')}`, '--test-reporter-destination=stdout', path('./one-process.ts')]
  const child = spawn(process.execPath, [...args, ...files], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')
  const rest = [...files]
  const ended: FileResult[] = []
  let output = ''
  let test = ''
  let began = performance.now()
  let limit: NodeJS.Timeout
  let hung = false
  let current = begin()

  function begin(): FileResult {
    clearTimeout(limit)
    limit = setTimeout(stop, rest.length > 0 ? limits.fileMs : limits.endMs)
    ;[output, test, began] = ['', '', performance.now()]
    return { file: rest[0] ?? '', passed: 0, skipped: [], faults: [], ms: 0 }
  }

  function stop(): void {
    hung = true
    child.kill('SIGTERM')
    limit = setTimeout(() => child.kill('SIGKILL'), 5_000)
  }

  function end(): void {
    rest.shift()
    current.ms = performance.now() - began
    ended.push(current)
    if (rest.length > 0) listener.over(current) // the last one may still fail at its end
    current = begin()
  }

  function heard(line: string): void {
    const event = JSON.parse(line) as Told
    if (event.what === 'begins') test = event.test
    else if (event.what === 'passed') current.passed++
    else if (event.what === 'skipped') current.skipped.push(event.test)
    else if (event.what === 'failed') current.faults.push({ name: event.test, story: `${event.error}${printed()}` })
    else if (event.what === 'open') current.faults.push({ name: 'the file leaves something open', story: event.resources.join(', ') })
    else if (event.what === 'file over') {
      if (event.tests === 0) current.faults.push({ name: 'the file holds no test', story: '' })
      if (rest.length === 1) end()
    } else if (event.what === 'file' && event.file !== rest[0]) end()
    listener.told?.(event)
  }

  const printed = (): string => (output.trim() ? `\nprinted by this file until then:\n${output.trimEnd()}` : '')

  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-KEPT_OUTPUT)))
  const lines = createInterface({ input: child.stdio[3] as Readable })
  lines.on('line', heard)
  const [[code, signal]] = (await Promise.all([exited, once(lines, 'close')])) as [[number | null, string | null], unknown]
  clearTimeout(limit!)

  const cutShort = rest.length > 0
  const last = cutShort ? current : ended.at(-1)!
  if (cutShort) {
    rest.shift()
    last.ms = performance.now() - began
  }
  const where = test && cutShort ? ` in "${test}"` : ''
  if (hung) last.faults.push({ name: cutShort ? `the file hangs${where}` : 'the process does not end after its last test: something is left open', story: printed() })
  else if (cutShort) last.faults.push({ name: `the process ended (${signal ?? `exit code ${code}`})${where}`, story: printed() })
  else if (code !== 0 && ended.every(({ faults }) => faults.length === 0)) last.faults.push({ name: `the process ended with ${signal ?? `exit code ${code}`}`, story: printed() })
  listener.over(last)
  return rest
}
