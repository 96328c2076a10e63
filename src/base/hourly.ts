/** Work that a process does once an hour, in the background, such as the deletion of old rows. */
import type { Clock, Timer } from './clock.ts'
import type { Log } from './log.ts'

const HOUR_MS = 3_600_000

interface Hourly {
  /** What failed, in a line of the log: 'old events could not be deleted'. */
  readonly failed: string
  readonly clock: Clock
  readonly log: Log
}

/** Begins an hour after the start. `stopped()`: true since the result was disposed: then `work` ends early. */
export function hourly({ failed, clock, log }: Hourly, work: (stopped: () => boolean) => Promise<void>): Disposable {
  let isOver = false
  let timer: Timer = clock.after(HOUR_MS, () => void turn())
  const turn = async () => {
    try {
      await work(() => isOver)
    } catch (error) {
      log.info({ error: (error as Error).message }, `${failed}; the next hour tries again`)
    }
    if (!isOver) timer = clock.after(HOUR_MS, () => void turn())
  }
  return {
    [Symbol.dispose]() {
      isOver = true
      timer.cancel()
    },
  }
}
