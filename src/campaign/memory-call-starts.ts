/** The calls that start at each FreeSWITCH, in memory, for tests: as DialCapacity.start, for calls of no campaign. */
import { windowOf } from './dial-capacity.ts'

/** `cps`: calls per second at each FreeSWITCH. */
export function memoryCallStarts(cps: number, time: () => number): { start(at: string): Promise<number> } {
  const { most, ms } = windowOf(cps)
  const starts = new Map<string, readonly number[]>()
  return {
    start: at => {
      const now = time()
      const made = (starts.get(at) ?? []).filter(start => start > now - ms)
      if (made.length < most) starts.set(at, [...made, now])
      return Promise.resolve(made.length < most ? 0 : made.at(-most)! + ms - now + 1)
    },
  }
}
