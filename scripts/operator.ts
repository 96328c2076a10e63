// The last resort of every menu: a person.
import { flow } from '#flow'
import queueEntry from './queue-entry.ts'

export default flow(async call => {
  await call.play('ivr/operator')
  return queueEntry(call, { queue: 'operator' })
})
