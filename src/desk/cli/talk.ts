/** How people read the answers of the operations of talks. */
import { talkHold, talkUnhold } from '../../operations/talk/hold.ts'
import { form } from './operations.ts'

export const talkForms = [
  form(talkHold, {
    help: `
The caller hears HOLD_MUSIC. An agent who hangs up during a hold does not end the call: the caller comes back to
the flow.

Example:
  switchhook talk hold alice`,
    people: ({ call }) => `the caller of call ${call} is on hold\n`,
  }),
  form(talkUnhold, { people: ({ call }) => `the caller of call ${call} is not on hold any more\n` }),
]
