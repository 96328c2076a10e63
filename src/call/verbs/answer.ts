/** Picks the call up. Before it, what is played is early media, which costs the caller nothing. */
import type { SwitchEvent } from '../../esl/event.ts'
import { execute } from '../execute.ts'
import { step } from '../journal.ts'
import type { Leg } from '../leg.ts'

export const answer = (leg: Leg): Promise<SwitchEvent> =>
  step(leg, {
    verb: 'answer',
    run() {
      return execute(leg, 'answer')
    },
  })
