/** Ends the call from Switchhook's side. */
import { CallMoved } from '../../base/errors.ts'
import { ident } from '../../esl/safe-text.ts'
import { step } from '../../journal/steps.ts'
import type { Leg } from '../leg.ts'
import type { Playback } from '../playback.ts'

/**
 * Resolves when FreeSWITCH has hung up. The flow goes on without a caller: every later verb rejects with CallEnded.
 * InputError for a bad cause.
 */
export function hangup(leg: Leg, playback: Playback, cause = 'NORMAL_CLEARING'): Promise<void> {
  const checked = ident(cause)
  return step(leg, {
    verb: 'hangup',
    later: true,
    run() {
      // no sound may play: this command waits behind an application that runs
      return playback.perform(async () => {
        const conversation = await leg.driven()
        if (leg.uuid === leg.steps.journal.uuid) leg.steps.journal.note({ kind: 'hung-up' })
        await new Promise<void>((resolve, reject) => {
          const listening = leg.on('phase', phase => {
            listening[Symbol.dispose]()
            if (phase === 'ended') resolve()
            else reject(new CallMoved('the connection to this node closed before the hang-up'))
          })
          conversation.hangup(checked)
        })
      })
    },
  })
}
