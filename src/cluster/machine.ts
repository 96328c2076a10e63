/** The machine that a node runs on: two processes with one name are told apart by it. */
import { hostname } from 'node:os'

/** This process's machine, and which of its processes run. */
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

/** Is this process known to have ended? False for a process of another machine: that cannot be seen from here. */
export const isDead = (
  { host, pid }: { readonly host: string; readonly pid: number },
  machine: Machine = thisMachine,
): boolean => host === machine.host && !machine.isRunning(pid)
