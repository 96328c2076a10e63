/**
 * Text from outside (a list's cell, a caller's name, a switch's answer) on its way to a terminal or a log: control characters, which would
 * steer the terminal, and format characters, which turn or hide text, become something to be seen. The one filter for both ways.
 */

const HIDDEN = /[\p{Cc}\p{Cf}]/gu

/** ESC as ␛, a line end as ␊; what has no picture as \u{202e}. */
export function visible(text: string): string {
  return text.replace(HIDDEN, picture)
}

/** As `visible`, of a text that has lines and tabs of its own. */
export function visibleLines(text: string): string {
  return text.replace(HIDDEN, found => (found === '\n' || found === '\t' ? found : picture(found)))
}

/** Of JSON text: the same characters as JSON escapes, so that programs read what there was. JSON itself escapes only those below U+0020. */
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
