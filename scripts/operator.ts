// The last choice of every menu: a person, from the queue of operators.
import { flow, type Uses } from '#flow'
import queueEntry from './queue-entry.ts'

export const uses: Uses = { queues: ['operator'], sounds: ['whisper/operator'] }

export default flow(async call => {
  await call.play('ivr/operator')
  return queueEntry(call, { queue: 'operator' })
})
