/** A call of a person who dialled the extension `welcome`, as it arrives at the listener. */
import type { Arrival } from '../src/journal/arrival.ts'
import { newUuid } from '../src/esl/safe-text.ts'

/** `given`: what this call has of its own. The default uuid is new for each. */
export const arrivalOf = (given: Partial<Arrival> = {}): Arrival => ({
  uuid: newUuid(),
  path: 'welcome',
  direction: 'in',
  from: '+491',
  fromName: '',
  to: '2000',
  core: '',
  answered: false,
  socketResume: true,
  key: '',
  ...given,
})
