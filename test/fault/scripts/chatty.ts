// Says something three times a second: a node that may no longer do so is heard at once.
import { flow } from '#flow'

export default flow(async call => {
  await call.answer()
  while (true) await call.play('fault/short')
})
