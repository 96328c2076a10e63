// Preloaded into a node (NODE_OPTIONS=--import): its wall clock is ahead of this machine's by as many milliseconds as the file that
// WALL_CLOCK names says, now. Its monotonic clock and its timers are as they were: so it is when somebody sets a clock.
import { readFileSync } from 'node:fs'

const read = () => Number(readFileSync(process.env.WALL_CLOCK, 'utf8'))
const RealDate = Date
let ahead = read()
setInterval(() => (ahead = read()), 20).unref()

const now = () => RealDate.now() + ahead
globalThis.Date = new Proxy(RealDate, {
  get: (real, name) => (name === 'now' ? now : Reflect.get(real, name)),
  construct: (real, given, asked) => Reflect.construct(real, given.length === 0 ? [now()] : given, asked),
  apply: () => new RealDate(now()).toString(),
})
