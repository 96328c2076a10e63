// Sends something three times a second: a node that does so when it may not is noticed at once.
import { flow } from '#flow'

export default flow(async call => {
  await call.answer()
  while (true) await call.play('fault/short')
})
