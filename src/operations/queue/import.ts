import { readFile, stat } from 'node:fs/promises'
import { z } from 'zod'
import { InputError } from '../../base/errors.ts'
import { described } from '../../base/parsed.ts'
import { defineAgent, defineQueue } from '../../recovery/definitions.ts'
import { operation } from '../operation.ts'
import { readCallcenterConfig } from './callcenter-config.ts'

/** A file of ten thousand agents has 2 MB. */
const LARGEST = 10 * 1024 * 1024
const counted = z.object({ name: z.string(), isNew: z.boolean() })

export default operation({
  name: 'queue.import',
  summary: 'reads the queues, agents and tiers of mod_callcenter from its callcenter.conf.xml',
  needs: 'stores',
  role: 'administrator',
  positional: ['file'],
  doors: ['command-line'], // it reads a file of the machine on which it runs
  input: z.strictObject({
    file: described(z.string().min(1), 'the file, such as /etc/freeswitch/autoload_configs/callcenter.conf.xml'),
    dryRun: described(z.boolean(), 'only tells what would be taken over').default(false),
  }),
  output: z.object({
    queues: z.array(counted.extend({ strategy: z.string() })),
    agents: z.array(counted.extend({ endpoint: z.string(), queues: z.array(z.string()) })),
    /** Each parameter that has no place in Switchhook, and each value that cannot be used. */
    notTaken: z.array(z.object({ of: z.string(), parameter: z.string(), value: z.string(), why: z.string() })),
    dryRun: z.boolean(),
  }),
  refusals: [],
  changes: true,
  async run(parts, { file, dryRun }) {
    const { queueStore, roster, clock } = parts
    const { queues, agents, notTaken } = readCallcenterConfig(await textOf(file))
    const known = {
      queues: new Set((await queueStore.queues()).map(({ name }) => name)),
      agents: new Set((await roster.list(clock.now())).map(({ name }) => name)),
    }
    if (!dryRun) {
      for (const queue of queues) await defineQueue(parts, queue, clock.now())
      for (const agent of agents) await defineAgent(parts, agent, clock.now())
    }
    return {
      queues: queues.map(({ name, strategy }) => ({ name, isNew: !known.queues.has(name), strategy })),
      agents: agents.map(({ name, endpoint, queues: tiers }) => ({
        name,
        isNew: !known.agents.has(name),
        endpoint,
        queues: tiers.map(({ queue }) => queue),
      })),
      notTaken,
      dryRun,
    }
  },
})

async function textOf(file: string): Promise<string> {
  try {
    const { size } = await stat(file)
    if (size > LARGEST) throw new InputError(`${file} has ${size} octets; at most ${LARGEST} are read`)
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError(`${file} cannot be read: ${(error as Error).message}`, { cause: error })
  }
}
