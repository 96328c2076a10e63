/**
 * A leg that is driven here is joined with a caller whose flow runs elsewhere (connect.ts sends the commands there).
 * This node sees the talk begin in the events of the caller, and closes the leg's connection, as connect.ts does for
 * its own: a connection that stays open tears the leg from its next node later. Used by flow/take-caller.ts.
 */
import { SwitchError } from '../base/errors.ts'
import type { Uuid } from '../esl/safe-text.ts'
import type { Leg } from './leg.ts'

/** Calls `joined` when the two talk, also when they do already. Until the result is disposed. */
export function joinedBy(leg: Leg, caller: Uuid, joined: () => void): Disposable {
  const { home } = leg
  const talks = () => {
    joined()
    leg.letTalk()
  }
  const watch = home?.watch(caller, event => {
    if (event.name === 'CHANNEL_BRIDGE' && event.get('Bridge-B-Unique-ID') === leg.uuid) talks()
  })
  let over = false
  home?.joinedWith(caller).then(
    other => void (!over && other === leg.uuid && talks()),
    (error: unknown) => {
      if (!(error instanceof SwitchError)) throw error // the caller has hung up
    },
  )
  return {
    [Symbol.dispose]() {
      over = true
      watch?.[Symbol.dispose]()
    },
  }
}
