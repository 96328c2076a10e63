// A caller hears the menu and enters the queue of the choice.
import { flow, type Uses } from '#flow'
import operator from './operator.ts'
import queueEntry from './queue-entry.ts'

export const uses: Uses = { queues: ['sales', 'support'], sounds: ['whisper/sales', 'whisper/support'] }

export default flow(async call => {
  await call.answer()
  const choice = await call.menu('ivr/welcome', { 1: 'sales', 2: 'support', 0: 'operator' })
  switch (choice) {
    case 'sales':
    case 'support':
      return queueEntry(call, { queue: choice })
    case 'operator':
    case null:
      return operator(call) // key 0, or three tries without a valid key
  }
})
