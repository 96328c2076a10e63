/** Ends the call from our side. */
import { ident } from '../../esl/words.ts'
import { step } from '../journal.ts'
import type { Leg } from '../leg.ts'

/** Resolves when the switch has hung up. The flow goes on behind it, but with no caller: every later verb rejects with CallEnded. */
export function hangup(leg: Leg, cause = 'NORMAL_CLEARING'): Promise<void> {
  const checked = ident(cause)
  return step(leg, {
    verb: 'hangup',
    run: async () => {
      const conversation = await leg.driven()
      conversation.hangup(checked)
      await new Promise<void>(resolve => {
        if (leg.signal.aborted) return resolve()
        leg.signal.addEventListener('abort', () => resolve(), { once: true })
      })
    },
  })
}
