/** One suite, two worlds: each sentence of the contract is written once, here, and runs in both. */
import type { TestContext } from 'node:test'
import type { World } from './world.ts'

export interface Sentence {
  readonly name: string
  readonly body: (world: World) => Promise<void>
}

export const CONTRACT: Sentence[] = []

export function contract(name: string, body: (world: World) => Promise<void>): void {
  CONTRACT.push({ name, body })
}

/** Runs one sentence and then checks what it leaves: legs, remembered legs, faults that no flow has caught. */
export async function hold(sentence: Sentence, world: World, t: TestContext): Promise<void> {
  const faults: unknown[] = []
  try {
    await sentence.body(world)
  } catch (error) {
    faults.push(error)
  }
  for (const one of world.opened) one[Symbol.dispose]()
  try {
    const left = await world.leftovers()
    if (left.length > 0) faults.push(new Error(`left behind: ${left.join('; ')}`))
    for (const node of world.nodes) faults.push(...node.faults)
  } catch (error) {
    faults.push(error)
  }
  // STORY=1 prints it also for sentences that hold
  if (faults.length > 0 || process.env['STORY']) t.diagnostic(tale(world))
  for (const node of world.nodes) await node.close()
  for (const wire of world.accepted) wire.destroy()
  if (faults.length === 1) throw faults[0]
  if (faults.length > 1) throw new AggregateError(faults, faults.map(fault => (fault as Error).message).join('\n'))
}

function tale(world: World): string {
  const lines = world.nodes.flatMap(node =>
    node.lines.map(([level, message, fields]) => `node ${node.at} ${level}: ${message} ${JSON.stringify(fields)}`),
  )
  return ['what the switch told:', world.observer.story(), ...lines].join('\n')
}
