/** What was given, as an error repeats it. */

/** Characters that are repeated of a long text. */
const LONGEST = 100

/**
 * In quotes; an object or a list as JSON.
 *
 * @example
 * quoted('blue') // "'blue'"
 * quoted({ a: 1 }) // `'{"a":1}'`
 */
export function quoted(given: unknown): string {
  const text = typeof given === 'object' ? JSON.stringify(given) : String(given)
  return `'${text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}'`
}
