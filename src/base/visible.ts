/**
 * Makes text from outside (a cell of a list, a caller's name, an answer of FreeSWITCH) safe for a terminal or a log. It
 * replaces control characters, which would control the terminal, and format characters, which reverse or hide text, by
 * visible ones. The only such filter.
 */

const HIDDEN = /[\p{Cc}\p{Cf}]/gu

/** ESC becomes ␛, a line end ␊; a character without a picture becomes \u{202e}. */
export function visible(text: string): string {
  return text.replace(HIDDEN, picture)
}

/** Like `visible`, but keeps line ends and tabs. */
export function visibleLines(text: string): string {
  return text.replace(HIDDEN, found => (found === '\n' || found === '\t' ? found : picture(found)))
}

/**
 * For JSON text: writes the same characters as JSON escapes, so that programs read the original. JSON itself escapes
 * only those below U+0020.
 */
export function visibleJson(json: string): string {
  return json.replace(HIDDEN, found =>
    found === '\n'
      ? found
      : [...Array(found.length).keys()].map(at => `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  )
}

function picture(character: string): string {
  const code = character.codePointAt(0)!
  if (code < 0x20) return String.fromCodePoint(0x2400 + code)
  return code === 0x7f ? '\u2421' : `\\u{${code.toString(16)}}`
}
