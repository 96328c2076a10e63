/**
 * Starts a server that runs exactly as long as a process uses it, however those processes end, also by kill -9.
 *
 * A shell starts the server and reads from a named pipe. Every process that uses the server keeps the other end open.
 * After the last of them has ended, the kernel ends the pipe, the shell's `read` returns, and the shell stops the
 * server. So after a node is killed, its private PostgreSQL serves the remaining nodes, and stops with the last one.
 * Needs POSIX sh only, no /proc. Used by the other files of services/.
 */
import { execFile, spawn } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { promisify } from 'node:util'
import { sleep, type Clock } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'

export const run = promisify(execFile)

/**
 * $1: a folder to remove at the end, or ''. The rest: the server's command. fd 3: the pipe, which the server itself
 * must not keep open.
 */
const SHELL = `
folder=$1; shift
"$@" 3<&- &
server=$!
{ while read -r line <&3; do :; done; kill -INT "$server"; } 2>/dev/null &
reader=$!
wait "$server"; code=$?
kill "$reader" 2>/dev/null
[ -z "$folder" ] || rm -rf -- "$folder"
exit "$code"`

/** Keeps the server running until it is released. */
export interface Hold {
  release(): void
}

export interface GuardedServer {
  /** Path of the named pipe; its folder must exist. */
  pipe: string
  command: readonly string[]
  /** The server's working directory. */
  cwd: string
  environment: Record<string, string>
  logFile: string
  /** A folder to remove after the server has ended, as the server's user. */
  removeAfter?: string
  /** Set when this process is root and the server must not be. */
  user?: { uid: number; gid: number }
}

export interface Guard {
  readonly hold: Hold
  /** The process group of shell and server, to kill a server that does not stop. */
  readonly group: number
  /** Resolves with the exit code when the server has ended. */
  readonly ended: Promise<number>
}

/**
 * Takes a hold of a running server. Null when none runs (no process reads the pipe). Throws SERVICE when the pipe
 * cannot be opened.
 */
export function takeHold(pipe: string): Hold | null {
  try {
    const fd = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK)
    return holdOf(fd)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENXIO' || code === 'ENOENT') return null
    throw new SwitchhookError('SERVICE', `cannot open ${pipe}: ${(error as Error).message}`, { cause: error })
  }
}

function holdOf(fd: number): Hold {
  let open = true
  return {
    release() {
      if (open) closeSync(fd)
      open = false
    },
  }
}

/** Starts a server in a separate session, so that Ctrl-C in the terminal reaches only this process. */
export async function startGuarded(server: GuardedServer): Promise<Guard> {
  const { pipe, command, cwd, environment, logFile, removeAfter = '', user } = server
  await rm(pipe, { force: true })
  await run('mkfifo', ['-m', '600', pipe])
  // A non-blocking reader lets our writer open without waiting, and that lets the shell's reader (which must block
  // later) open.
  const first = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK)
  const reader = openSync(pipe, constants.O_RDONLY)
  closeSync(first)
  const log = openSync(logFile, 'a', 0o600)
  try {
    const shell = spawn('/bin/sh', ['-c', SHELL, 'switchhook-guard', removeAfter, ...command], {
      cwd,
      env: environment,
      detached: true,
      stdio: ['ignore', log, log, reader],
      ...user,
    })
    const ended = new Promise<number>((resolve, reject) => {
      shell.once('error', reject)
      shell.once('exit', code => resolve(code ?? -1))
    })
    shell.unref()
    return { hold: holdOf(writer), group: shell.pid ?? 0, ended }
  } finally {
    closeSync(reader)
    closeSync(log)
  }
}

/**
 * Polls until `holds`; false after `withinMs`. Node has no event for a pipe without a reader, or for a server of
 * another process.
 */
export async function until(clock: Clock, withinMs: number, holds: () => boolean | Promise<boolean>): Promise<boolean> {
  const deadline = clock.monotonic() + withinMs
  while (!(await holds())) {
    if (clock.monotonic() >= deadline) return false
    await sleep(clock, 10)
  }
  return true
}

/** True when the server ends within 5 s, false when it still runs then. */
export async function isGone(clock: Clock, pipe: string): Promise<boolean> {
  return until(clock, 5_000, () => {
    const still = takeHold(pipe)
    still?.release()
    return still === null
  })
}

/** Waits for the end of a server without holds, and kills it when it has not ended after 5 s. */
export async function stopped(clock: Clock, pipe: string, group: number): Promise<void> {
  if (await isGone(clock, pipe)) return
  if (group > 0) signal(-group, 'SIGKILL') // -0 would be our own group
  await isGone(clock, pipe)
}

/** True when the process runs. A zombie (ended, not reaped; common in containers) counts as ended. */
export function isAlive(pid: number): boolean {
  if (!signal(pid, 0)) return false
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return true // no /proc, or not readable
  }
}

/** Sends a signal. True when the process exists; signal 0 only tests that. */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * Resolves when `ready` holds. Rejects with SERVICE and the last lines of the log when the server ends first, or is not
 * ready after 60 s.
 */
export async function readyOrEnded(
  name: string,
  { clock, guard, logFile }: { clock: Clock; guard: Guard; logFile: string },
  ready: () => Promise<boolean>,
): Promise<void> {
  let code: number | undefined
  void guard.ended.then(
    exit => (code = exit),
    () => (code = -1),
  )
  const isReady = await until(clock, 60_000, async () => code !== undefined || (await ready()))
  if (code === undefined && isReady) return
  const words = (await readFile(logFile, 'utf8')).trim().split('\n').slice(-5).join('\n  ')
  const what = code === undefined ? 'is not ready after 60 s' : `ended during its start (exit code ${code})`
  throw new SwitchhookError('SERVICE', `the private ${name} ${what}; ${logFile} ends with:\n  ${words}`)
}
