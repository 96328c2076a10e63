import { strict } from './strict.ts'
import type { LawPolicy } from './policy.ts'

/**
 * The law of another country, in the numbers of the campaign: each may be anything. A number that is not given is that
 * of `strict`.
 */
export const custom: LawPolicy = {
  ...strict,
  name: 'custom',
  means: 'the numbers of the campaign; a number that is not given is the strictest that is known',
  source: 'the settings of the campaign',
}
