/** Yields every key that the caller presses, until the call ends or the flow leaves the loop. */
import type { CallEnded } from '../../base/errors.ts'
import type { Leg } from '../leg.ts'
import { step } from '../../journal/steps.ts'

/**
 * `for await (const key of call.keys())`. Keys that come while the loop is busy wait. Rejects with CallEnded when the
 * caller hangs up.
 */
export async function* keys(leg: Leg): AsyncGenerator<string, void, undefined> {
  const pressed: string[] = []
  let wake = () => {}
  using _listening = leg.onKey(key => {
    pressed.push(key)
    wake()
  })
  const ended = () => wake()
  leg.signal.addEventListener('abort', ended, { once: true })
  try {
    while (true) {
      yield await step(leg, {
        verb: 'key',
        async run() {
          for (;;) {
            const key = pressed.shift()
            if (key !== undefined) return key
            if (leg.signal.aborted) throw leg.signal.reason as CallEnded
            await new Promise<void>(resolve => (wake = resolve))
          }
        },
      })
    }
  } finally {
    leg.signal.removeEventListener('abort', ended)
  }
}
