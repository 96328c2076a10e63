/** Gives the listener and the load separate cores, so that neither slows the other. Without `taskset` they share. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { availableParallelism } from 'node:os'

export const LISTENER_CORE = 0
export const LOAD_CORE = 1

/** Whether processes can be given cores here. */
export const canPin = availableParallelism() > 1 && works('taskset', ['--version'])

function works(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false // not on this machine: the figures are noisier, and the report mentions it
  }
}

/** Keeps this process and its threads on one core from now on. */
export function stayOn(core: number): void {
  if (canPin) execFileSync('taskset', ['-a', '-c', '-p', String(core), String(process.pid)], { stdio: 'ignore' })
}

/** Starts node with these arguments on one core. taskset replaces itself by node: the child's pid is node's. */
export function startPinned(core: number, args: readonly string[], env: NodeJS.ProcessEnv = process.env): ChildProcess {
  const [command, ...rest] = canPin
    ? ['taskset', '-c', String(core), process.execPath, ...args]
    : [process.execPath, ...args]
  return spawn(command ?? process.execPath, rest, { stdio: ['ignore', 'pipe', 'inherit'], env })
}

/** Runs node to its end and returns what it printed. Rejects when it fails. */
export function runPinned(core: number, args: readonly string[]): Promise<string> {
  const child = startPinned(core, args)
  let said = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => (code === 0 ? resolve(said) : reject(new Error(`${args.join(' ')} ended with ${code}`))))
  })
}
