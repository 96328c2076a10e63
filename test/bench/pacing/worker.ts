/** Runs campaigns of the simulator in a thread of its own: a job in, its result out, until there is none. */
import { parentPort } from 'node:worker_threads'
import { contestant } from './contestants.ts'
import { OTHERS, SCENARIOS } from './scenarios.ts'
import { Simulator, type Result } from './simulator.ts'

export interface Job {
  readonly scenario: string
  readonly contestant: string
  readonly seed: number
}

function runJob({ scenario, contestant: name, seed }: Job): Result {
  const of = SCENARIOS[scenario] ?? OTHERS[scenario]
  if (!of) throw new Error(`there is no scenario "${scenario}"`)
  return new Simulator(of, seed, contestant(name, of)).run()
}

const port = parentPort!
const tell = (result: Result): void => port.postMessage(result)
port.on('message', (job: Job | null) => {
  if (job === null) port.close()
  else tell(runJob(job))
})
