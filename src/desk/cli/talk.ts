/** How people read the answers of the operations of talks. */
import { talkHold, talkUnhold } from '../../operations/talk/hold.ts'
import { recordingPause, recordingResume } from '../../operations/recording/mask.ts'
import { talkCancel, talkComplete, talkConsult } from '../../operations/talk/consult.ts'
import talkTakeOver from '../../operations/talk/take-over.ts'
import talkSupervise from '../../operations/talk/supervise.ts'
import { talkInvite, talkRemove } from '../../operations/talk/conference.ts'
import { talkAdd, talkDrop } from '../../operations/talk/third-party.ts'
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
  form(talkSupervise, {
    help: `
The first time --at names the supervisor's telephone, which rings. After that the mode can be changed without it.

Examples:
  switchhook talk supervise alice listen --at user/900
  switchhook talk supervise alice whisper
  switchhook talk supervise alice stop`,
    people: ({ call, mode }) => (mode === 'stop' ? `nobody supervises call ${call} now\n` : `call ${call}: ${mode}\n`),
  }),
  form(talkConsult, {
    help: `
The telephone rings, and the two talk on until it is answered. Then the caller waits. When the agent hangs up, the
transfer is complete; when the colleague does, the caller talks with the agent again.

Examples:
  switchhook talk consult alice --agent bob
  switchhook talk complete alice`,
    people: ({ call, rings }) => `${rings} is called about call ${call}\n`,
  }),
  form(talkComplete, { people: ({ call }) => `the caller of call ${call} was transferred\n` }),
  form(talkCancel, { people: ({ call }) => `the caller of call ${call} talks with the agent again\n` }),
  form(talkTakeOver, { people: ({ call }) => `the supervisor has the caller of call ${call}\n` }),
  form(talkAdd, {
    help: '\nWhen the agent hangs up, the third person leaves too.\n\nExample:\n  switchhook talk add alice +493012345',
    people: ({ call, to }) => `${to} talks in call ${call}\n`,
  }),
  form(talkDrop, { people: ({ call }) => `two people talk in call ${call}\n` }),
  form(talkInvite, {
    help: `
The telephone rings, and the others talk on until it is answered. The caller comes back to the flow when nobody else is
left; the agent may leave before.

Examples:
  switchhook talk invite alice +493012345
  switchhook talk invite alice --agent bob`,
    people: ({ call, name }) => `${name} is in the conference of call ${call}\n`,
  }),
  form(talkRemove, {
    help: '\nExample:\n  switchhook talk remove alice +493012345',
    people: ({ call, name }) => `${name} has left the conference of call ${call}\n`,
  }),
  form(recordingPause, {
    help: '\nExample:\n  switchhook recording pause alice',
    people: ({ call }) => `the recording of call ${call} is paused\n`,
  }),
  form(recordingResume, { people: ({ call }) => `the recording of call ${call} goes on\n` }),
  form(talkUnhold, { people: ({ call }) => `the caller of call ${call} is not on hold any more\n` }),
]
