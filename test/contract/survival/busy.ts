/**
 * Whether other programs use the machine: FreeSWITCH, the people and the nodes share two cores, so other programs
 * change the times of each row.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { cpus, setPriority } from 'node:os'
import type { Told } from '../../fault/matrix.ts'
import { pause } from './rig.ts'

const LOOKS_MS = 1_500
/** Of all cores together. Two FreeSWITCHes without calls, Redis and PostgreSQL take a tenth of a core. */
const BUSY_CORES = 0.4
/** The time within which 95 of 100 callers of a dead node hear something again. */
const HEAR_AGAIN = { idle: 1_000, busy: 5_000 } as const

/** A nice value: a weight of 110 against 1024, sched(7). */
const LESS = 10

/** The cores in use now, before the row begins. */
async function coresInUse(): Promise<number> {
  const worked = () =>
    cpus().map(({ times: { user, nice, sys, irq, idle } }) => ({
      busy: user + nice + sys + irq,
      all: user + nice + sys + irq + idle,
    }))
  const before = worked()
  await pause(LOOKS_MS)
  return worked().reduce(
    (sum, now, core) => sum + (now.busy - before[core]!.busy) / Math.max(1, now.all - before[core]!.all),
    0,
  )
}

/** Measured before a row begins: which of its limits apply. */
export type Load = 'idle' | 'busy'

export async function machineLoad(told: Told): Promise<Load> {
  const cores = await coresInUse()
  const load = cores >= BUSY_CORES ? 'busy' : 'idle'
  told.says(`the machine is ${load} (${cores.toFixed(1)} of ${cpus().length} cores in use before)`)
  return load
}

/** The milliseconds of HEAR_AGAIN that apply to a row. */
export async function patience(told: Told): Promise<number> {
  const limit = HEAR_AGAIN[await machineLoad(told)]
  told.says(`p95 ≤ ${limit} ms`)
  return limit
}

/**
 * Other processes take all cores until disposed, and this process gets a tenth of what each of them gets. (With a
 * priority of 19, a seventieth, it can do nothing at all.)
 */
export async function starve(pid: number): Promise<AsyncDisposable> {
  // Linux keeps a priority for each thread
  for (const thread of await readdir(`/proc/${pid}/task`)) setPriority(Number(thread), LESS)
  const burners = cpus().map(() => spawn(process.execPath, ['-e', 'for(;;);'], { stdio: 'ignore' }))
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(
        burners.map(burner => {
          const ended = once(burner, 'exit')
          burner.kill('SIGKILL')
          return ended
        }),
      )
    },
  }
}
