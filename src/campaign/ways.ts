/** The gateways that a campaign names, with their weights: of each 10 calls, carrier:9 takes 9 and backup:1 takes 1. */
import { InputError } from '../base/errors.ts'
import { ident } from '../esl/safe-text.ts'

export interface Way {
  /** The name of the gateway. */
  readonly name: string
  /** Its part of the calls, 1 to 100. */
  readonly weight: number
}

/**
 * Reads 'carrier', or 'carrier:9' with a weight.
 *
 * @throws InputError
 */
export function parseWay(text: string): Way {
  const [name = '', weight = '1', ...more] = text.split(':')
  if (more.length > 0 || !/^([1-9]\d?|100)$/.test(weight))
    throw new InputError(`'${text}' is no gateway with its weight; allowed: a name, or a name and 1 to 100 (carrier:9)`)
  return { name: ident(name), weight: Number(weight) }
}

export const sayWay = ({ name, weight }: Way): string => (weight === 1 ? name : `${name}:${weight}`)

/** The first fault of a list, in words; null: it can be used. */
export function faultOfWays(ways: readonly Way[]): string | null {
  if (ways.length > 20) return `${ways.length} gateways; at most 20 are allowed`
  const twice = ways.find(({ name }, at) => ways.findIndex(other => other.name === name) !== at)
  return twice ? `${twice.name} is there twice` : null
}
