// Another version of scripts/queue-entry.ts, as after an upgrade: it begins with an announcement.
import { flow, text } from '#flow'

export default flow({ queue: text() }, async (call, { queue }) => {
  await call.answer()
  await call.play('fault/changed')
  await using _music = await call.music('moh/calm')
  await using place = await call.enqueue(queue)
  while (!(await place.agent({ within: '45s' }))) await call.play('fault/short')
  return 'served'
})
