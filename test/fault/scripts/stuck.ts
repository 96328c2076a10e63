// A flow that waits for something that never comes.
import { flow } from '#flow'

export default flow(async call => {
  await call.answer()
  await call.once('a database that never answers', () => new Promise<null>(() => {}))
})
