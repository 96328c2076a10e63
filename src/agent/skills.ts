/**
 * Skills: what an agent can do, with a level from 1 to 9, and what a caller needs. A need is required (an agent without
 * it gets no such call), preferred (agents with it come first), or required for some time and preferred after that.
 */
import { z } from 'zod'
import { ms, said, type Duration } from '../base/duration.ts'
import { InputError } from '../base/errors.ts'

export interface Skill {
  readonly skill: string
  /** 1 to 9. */
  readonly level: number
}

export interface SkillNeed extends Skill {
  /**
   * How long the caller waits for an agent with this skill at this level or a higher one, in milliseconds; 0: it is
   * preferred from the start. Absent: as long as the caller waits.
   */
  readonly requiredMs?: number
}

export const storedSkills: z.ZodType<readonly Skill[]> = z.array(
  z.looseObject({ skill: z.string(), level: z.number() }),
)
export const storedNeeds: z.ZodType<readonly SkillNeed[]> = z.array(
  z.looseObject({ skill: z.string(), level: z.number(), requiredMs: z.number().optional() }),
) as never

const NAME = '[A-Za-z0-9][\\w.-]{0,31}'
const MOST = 20

/** Reads 'german:5,billing': the skills of an agent, level 1 where none is given. */
export function parseSkills(text: string): readonly Skill[] {
  return each(text, part => {
    const match = new RegExp(`^(${NAME})(?::([1-9]))?$`).exec(part)
    if (!match)
      throw new InputError(`'${part}' is not a skill; allowed: a name, then a level from 1 to 9, such as german:5`)
    return { skill: match[1]!, level: Number(match[2] ?? 1) }
  })
}

/**
 * Reads the needs of a caller: 'german:3' is required, 'billing?' is preferred, and 'vip/45s' is required for the first
 * 45 s and preferred after that.
 */
export function parseNeeds(text: string): readonly SkillNeed[] {
  return each(text, part => {
    const match = new RegExp(`^(${NAME})(?::([1-9]))?(\\?|/(.+))?$`).exec(part)
    if (!match)
      throw new InputError(
        `'${part}' is not a need; allowed: german:3 (required), german:3? (preferred), german:3/45s (required for 45 s)`,
      )
    const [, skill = '', level = '1', ending, wait] = match
    const requiredMs = ending === undefined ? undefined : wait === undefined ? 0 : ms(wait as Duration)
    return { skill, level: Number(level), ...(requiredMs !== undefined && { requiredMs }) }
  })
}

function each<T extends Skill>(text: string, read: (part: string) => T): readonly T[] {
  const parts = text.split(',').map(part => part.trim())
  const all = parts.filter(part => part !== '').map(read)
  const twice = all.find((one, at) => all.findIndex(other => other.skill === one.skill) !== at)
  if (twice) throw new InputError(`the skill ${twice.skill} is named twice`)
  if (all.length > MOST) throw new InputError(`${all.length} skills are named; at most ${MOST} are allowed`)
  return all
}

export const saySkills = (skills: readonly Skill[]): string =>
  skills.map(({ skill, level }) => `${skill}:${level}`).join(',')

export const sayNeeds = (needs: readonly SkillNeed[]): string =>
  needs
    .map(({ skill, level, requiredMs }) => {
      const ending = requiredMs === undefined ? '' : requiredMs === 0 ? '?' : `/${said(requiredMs)}`
      return `${skill}:${level}${ending}`
    })
    .join(',')

/** The level of this skill; 0 for an agent who does not have it. */
export const levelOf = (skills: readonly Skill[], skill: string): number =>
  skills.find(one => one.skill === skill)?.level ?? 0
