/** An event as XML (switch_event_xmlize): values stay URL-encoded, an ARRAY:: is one element for each of its values. */
import { urlEncode } from './encoding.ts'

const escaped = (text: string) =>
  text.replace(/[&<>]/g, character => (character === '&' ? '&amp;' : character === '<' ? '&lt;' : '&gt;'))

/** Converts an event from its JSON form. */
export function xmlOf(json: string): string {
  const { _body: body, 'Content-Length': length, ...headers } = JSON.parse(json) as Record<string, string | string[]>
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map(one => `    <${name}>${urlEncode(one)}</${name}>\n`),
  )
  const tail =
    typeof body === 'string'
      ? `  <Content-Length>${String(length)}</Content-Length>\n  <body>${escaped(body)}</body>\n`
      : ''
  return `<event>\n  <headers>\n${lines.join('')}  </headers>\n${tail}</event>\n`
}
