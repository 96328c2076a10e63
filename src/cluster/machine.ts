/** The machine and process of a node. The lease uses them to distinguish two processes with the same node name. */
import { hostname } from 'node:os'

/** The machine of this process, with a check whether a process runs on it. */
export interface Machine {
  readonly host: string
  readonly pid: number
  isRunning(pid: number): boolean
}

export const thisMachine: Machine = {
  host: hostname(),
  pid: process.pid,
  isRunning(pid) {
    try {
      return process.kill(pid, 0)
    } catch (error) {
      return (error as NodeJS.ErrnoException).code !== 'ESRCH'
    }
  },
}

/**
 * True when the process is known to have ended. False for a process of another machine, which cannot be checked here.
 */
export const isDead = (
  { host, pid }: { readonly host: string; readonly pid: number },
  machine: Machine = thisMachine,
): boolean => host === machine.host && !machine.isRunning(pid)
