/** The table of FreeSWITCH runs for an installation of one process, in memory: for tests. */
import type { SwitchRun, SwitchRunTable } from './switch-runs.ts'

export function memorySwitchRuns(): SwitchRunTable {
  const known = new Map<string, SwitchRun>()
  return {
    async note(runs) {
      for (const run of runs) known.set(run.core, run)
    },
    async all(since) {
      for (const { core, heard } of known.values()) if (heard <= since) known.delete(core)
      return [...known.values()]
    },
  }
}
