/** docs/operations.md: every operation as a table, made from the operations themselves. A test compares the two. */
import { z } from 'zod'
import { OPERATIONS } from './all.ts'
import type { Operation } from './operation.ts'

interface Field {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
}

/** The tables of docs/operations.md, one for each noun, in Markdown. */
export function describeOperations(): string {
  const nouns = [...new Set(OPERATIONS.map(({ name }) => name.split('.')[0]!))]
  return nouns
    .map(noun => {
      const rows = OPERATIONS.filter(({ name }) => name.startsWith(`${noun}.`)).map(rowOf)
      return `## ${noun}\n\n| operation | what it does | role | input | refusals |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`
    })
    .join('\n')
}

function rowOf({ name, summary, role, input, refusals }: Operation): string {
  const { properties = {}, required = [] } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as {
    properties?: Record<string, Field>
    required?: readonly string[]
  }
  const fields = Object.entries(properties).map(([field, { description, default: standard }]) => {
    const ending = required.includes(field)
      ? ''
      : standard === undefined
        ? ' (optional)'
        : ` (default: ${JSON.stringify(standard)})`
    return `\`${field}\`: ${description ?? ''}${ending}`
  })
  const cells = [`\`${name}\``, summary, role, fields.join('; ') || '–', refusals.join(', ') || '–']
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
}
