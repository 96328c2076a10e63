/**
 * Performs one operation: checks the role, reads the input, runs it, and writes the audit row of a change. Every door
 * calls this function and nothing else.
 *
 * The audit row is written before the change and completed after it. No transaction could hold both: most changes are
 * also in Redis or on FreeSWITCH. A row without an end tells that the process ended during the change.
 */
import type { z } from 'zod'
import { Refusal, SwitchhookError } from '../base/errors.ts'
import { readInput } from '../base/parsed.ts'
import { auditInput } from './audit.ts'
import { ROLES, type Actor, type Immutable, type Needs, type Operation, type PartsFor } from './operation.ts'

/** Throws Refusal FORBIDDEN when this person or system may not do it, or not by this door. */
export function mustBeAllowed({ name, role, doors }: Pick<Operation, 'name' | 'role' | 'doors'>, actor: Actor): void {
  if (ROLES.indexOf(actor.role) < ROLES.indexOf(role))
    throw new Refusal('FORBIDDEN', `${name} needs the role ${role}; ${actor.who} has the role ${actor.role}`)
  if (doors?.includes(actor.door) === false)
    throw new Refusal('FORBIDDEN', `${name} cannot come by the door ${actor.door}; allowed: ${doors.join(', ')}`)
}

/**
 * Resolves with the output. Rejects with FieldFaults (BAD_INPUT) for an input that cannot be used, with Refusal
 * FORBIDDEN for a role that may not do this, and with the refusals and errors of the operation.
 *
 * @example
 * const ann: Actor = { who: 'ann', door: 'command-line', role: 'administrator' }
 * await perform(queueRemove, parts, { name: 'sales' }, ann)
 */
export async function perform<Input extends z.ZodObject, Output extends z.ZodType, N extends Needs>(
  operation: Operation<Input, Output, N>,
  parts: PartsFor[N],
  given: unknown,
  actor: Actor,
): Promise<z.output<Output>> {
  const { name, changes, output, positional } = operation
  mustBeAllowed(operation, actor)
  const input = readInput(operation.input, given)
  if (!changes) return output.parse(await operation.run(parts, input, actor))
  const thing = async () => (await operation.thing?.(parts, input)) ?? null

  const { audit, clock } = parts
  const [subject] = positional
  const entry = await audit.begin({
    at: clock.now(),
    who: actor.who,
    door: actor.door,
    operation: name,
    subject: subject === undefined ? null : String(input[subject]),
    input: auditInput(given),
    before: await thing(),
  })
  let result: Immutable<z.input<Output>>
  try {
    result = await operation.run(parts, input, actor)
  } catch (error) {
    await entry.end(error instanceof SwitchhookError ? error.code : 'FAILED', null)
    throw error
  }
  await entry.end('DONE', await thing())
  return output.parse(result)
}
