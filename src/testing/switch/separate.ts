/** FreeSWITCH's splitting of arguments (switch_separate_string), with its quotes and backslashes. */

const ESCAPED = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['s', ' '],
])

/**
 * cleanup_separated_string: removes quotes, resolves escapes, and removes surrounding spaces (not those inside quotes).
 */
function clean(piece: string, delimiter: string): string {
  if (!piece.includes('\\') && !piece.includes("'"))
    return piece.trim() === piece ? piece : piece.replace(/^ +| +$/g, '')
  let text = ''
  let end = 0
  let quoted = false
  let at = 0
  while (piece[at] === ' ') at++
  for (; at < piece.length; at++) {
    const char = piece[at]!
    const next = piece[at + 1] ?? ''
    if (
      char === '\\' &&
      (`'"\\`.includes(next || ' ') || (delimiter !== '' && next === delimiter) || ESCAPED.has(next))
    ) {
      text += ESCAPED.get(next) ?? next
      end = text.length
      at++
    } else if (char === "'" && (quoted || piece.includes("'", at + 1))) {
      quoted = !quoted
      if (quoted) end = text.length
    } else {
      text += char
      if (char !== ' ' || quoted) end = text.length
    }
  }
  return text.slice(0, end)
}

/**
 * Splits at a delimiter outside quotes, into at most `max` pieces; the last one contains the rest. `^^:` at the start
 * sets another delimiter.
 */
export function separate(text: string, delimiter: string, max: number): string[] {
  if (text.startsWith('^^') && text.length > 3) return separate(text.slice(3), text[2]!, max)
  const pieces: string[] = []
  const blank = delimiter === ' '
  let start = 0
  let quoted = false
  let at = 0
  if (blank) while (text[at] === ' ') at++
  start = at
  while (at < text.length && pieces.length < max - 1) {
    const char = text[at]!
    if (char === '\\') at++
    else if (char === "'" && (blank || quoted || text.includes("'", at + 1))) quoted = !quoted
    else if (char === delimiter && !quoted) {
      pieces.push(text.slice(start, at))
      if (blank) while (text[at + 1] === ' ') at++
      start = at + 1
    }
    at++
  }
  if (start < text.length) pieces.push(text.slice(start))
  return pieces.map(piece => clean(piece, blank ? '' : delimiter))
}

/** Splits an argument at its spaces. */
export const words = (text: string, max: number): string[] => separate(text, ' ', max)

/** The position of the bracket that closes the one at the beginning, or -1. */
export function closing(text: string, open: string, close: string): number {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === open) depth++
    else if (text[at] === close && --depth === 0) return at
  }
  return -1
}

/**
 * Parses `{a=1,b=2}rest` into the variables and the rest. Several brackets in a row count as one. Returns undefined for
 * an unclosed bracket.
 */
export function bracketed(
  text: string,
  open: string,
  close: string,
): { variables: [string, string][]; rest: string } | undefined {
  const variables: [string, string][] = []
  let rest = text.trimStart()
  while (rest.startsWith(open)) {
    const end = closing(rest, open, close)
    if (end < 0) return undefined
    for (const pair of separate(rest.slice(1, end), ',', 1024)) {
      const [name, value] = separate(pair, '=', 2)
      if (name !== undefined && value !== undefined) variables.push([name, value])
    }
    rest = rest.slice(end + 1).trimStart()
  }
  return { variables, rest }
}
