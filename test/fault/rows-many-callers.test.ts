import { callersPassThrough } from '../flow/passing-through.ts'
import { row } from './matrix.ts'

row(null, 'ten thousand callers pass through menu, queue and agent: no leg, timer, place or reservation remains', { injected: 'callers who give up at any point, agents who want none' }, async (_t, told) => {
  told.trials = 10_000
  const left = await callersPassThrough(10_000)
  told.whenMissed(() => left)
  told.is(left === '' ? 'nothing is left behind' : 'something is left behind', left === '')
})
