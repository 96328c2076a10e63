/**
 * A server that lives exactly as long as somebody uses it, however its users end: also by kill -9.
 *
 * A shell stands between us and the server and reads from a named pipe. Every process that uses the server holds the other end open.
 * When the last one is gone the kernel ends the pipe, the shell's `read` returns, and it stops the server. So a node that is killed
 * leaves its private PostgreSQL to the nodes that remain, and nothing at all when none remains. Works without /proc: POSIX sh only.
 */
import { execFile, spawn } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { promisify } from 'node:util'
import { sleep, type Clock } from '../base/clock.ts'
import { SwitchhookError } from '../base/errors.ts'

export const run = promisify(execFile)

/** $1: a folder to remove at the end, or ''. The rest: the server. fd 3: the pipe, which the server itself must not hold. */
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

/** While it is held, the server stays. */
export interface Hold {
  release(): void
}

export interface GuardedServer {
  /** The named pipe; its folder exists. */
  pipe: string
  command: readonly string[]
  /** The server works in this folder. */
  cwd: string
  environment: Record<string, string>
  logFile: string
  /** Removed after the server has ended, by its own user. */
  removeAfter?: string
  /** Given when we are root and the server must not be. */
  user?: { uid: number; gid: number }
}

export interface Guard {
  readonly hold: Hold
  /** The process group of shell and server, for the case that a server does not obey. */
  readonly group: number
  /** Resolves with the exit code when the server has ended. */
  readonly ended: Promise<number>
}

/** Takes hold of a server that runs. Null when there is none (nobody reads the pipe). */
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

/** Starts a server in a session of its own (a Ctrl-C in the terminal is ours to answer, not the server's). */
export async function startGuarded(server: GuardedServer): Promise<Guard> {
  const { pipe, command, cwd, environment, logFile, removeAfter = '', user } = server
  await rm(pipe, { force: true })
  await run('mkfifo', ['-m', '600', pipe])
  // A first reader that does not wait, so that our writer does not wait, so that the shell's reader (which must block later) does not.
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

/** Polls, because nothing in Node tells that the reader of a pipe is gone or that a server of another process is ready. */
export async function until(clock: Clock, withinMs: number, holds: () => boolean | Promise<boolean>): Promise<boolean> {
  const deadline = clock.monotonic() + withinMs
  while (!(await holds())) {
    if (clock.monotonic() >= deadline) return false
    await sleep(clock, 10)
  }
  return true
}

/** True when the server ends within 5 s, false when somebody still holds it then. */
export async function isGone(clock: Clock, pipe: string): Promise<boolean> {
  return until(clock, 5_000, () => {
    const still = takeHold(pipe)
    still?.release()
    return still === null
  })
}

/** Waits for the end of a server that nobody holds any more; one that does not obey is killed. */
export async function stopped(clock: Clock, pipe: string, group: number): Promise<void> {
  if (await isGone(clock, pipe)) return
  if (group > 0) signal(-group, 'SIGKILL') // -0 would be ourselves
  await isGone(clock, pipe)
}

/** A process that has ended but that nobody has collected (in a container often nobody ever does) is not alive. */
export function isAlive(pid: number): boolean {
  if (!signal(pid, 0)) return false
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return true // no /proc here, or not for us
  }
}

/** True when a process was there to take the signal. 0 only asks. */
export function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Resolves when `ready` holds; rejects with the last lines of the log when the server ends before that, or is not ready in time. */
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
  const what = code === undefined ? 'is not ready after 60 s' : `ended at once (exit ${code})`
  throw new SwitchhookError('SERVICE', `the private ${name} ${what}; ${logFile} ends with:\n  ${words}`)
}
