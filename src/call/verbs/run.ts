/** Runs any application of FreeSWITCH, for what no verb does. */
import { SwitchEvent } from '../../esl/event.ts'
import { execute } from '../execute.ts'
import type { Leg } from '../leg.ts'
import type { Playback } from '../playback.ts'
import { step } from '../../journal/steps.ts'

/**
 * Resolves with the completion event. Runs again when its node died during it: whether that is harmless depends on the
 * application.
 */
export const run = (leg: Leg, playback: Playback, app: string, argument?: string): Promise<SwitchEvent> =>
  step(leg, {
    verb: 'execute',
    args: [app],
    run() {
      return playback.perform(() => execute(leg, app, argument))
    },
    save(event) {
      return event.text
    },
    load(saved) {
      return new SwitchEvent(saved as string)
    },
  })
